"""Forgetting what a session, a user, a task or a lesson taught."""

from typing import Annotated, get_args

import msgspec
from msgspec import UNSET, UnsetType

from seasoned.engine.forgetting import Place
from seasoned.errors import Invalid
from seasoned.http.fields import about, count, one_of
from seasoned.http.request import Answer, ApiRequest, answer
from seasoned.store.forgetting import Kind

KINDS = get_args(Kind)


class ForgetRequest(msgspec.Struct, frozen=True):
    """What is to be forgotten."""

    kind: Annotated[Kind, one_of(KINDS, "What it is.")]
    id: Annotated[str, about("Its id; a user's identifier.", minLength=1)]
    dry_run: Annotated[bool | UnsetType | None, about("Only tell what would be forgotten.")] = UNSET
    purge: Annotated[
        bool | UnsetType | None,
        about("Then delete it: messages, stored files, models' answers, and its text in old versions."),
    ] = UNSET


class ForgottenPlace(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a skill."""

    skill: Annotated[str, about("The skill's name.")]
    path: Annotated[str, about("The file.")]
    says: Annotated[str, about("The entry's first line.")]
    evidence: Annotated[int, count("How many lessons still support it.")]

    @classmethod
    def of(cls, one: Place) -> "ForgottenPlace":
        """An entry as the wire shows it."""
        return cls(skill=one.skill, path=one.path, says=one.says, evidence=one.evidence)


class _Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """What was, or would be, forgotten."""

    lessons: Annotated[list[str], about("The ids of its lessons.")]
    removed: Annotated[list[ForgottenPlace], about("Entries that nothing else taught.")]
    kept: Annotated[list[ForgottenPlace], about("Entries with other evidence, or that a person changed.")]
    versions: Annotated[
        dict[str, Annotated[int, count("The version.", 1)]], about("The versions without them, by the skill's name.")
    ]


async def forget(call: ApiRequest) -> Answer[_Forgotten]:
    """POST /forget."""
    body = await call.body(ForgetRequest)
    if not body.id:
        raise Invalid("Say by `id` what is to be forgotten.")
    wanted = body.id if body.kind == "user" else body.id.lower()
    use = call.engine.forgetting
    if body.dry_run is True:
        found = await use.preview(call.project_id, body.kind, wanted)
    else:
        found = await use.forget(call.project_id, body.kind, wanted, purge=body.purge is True)
    return answer(
        _Forgotten(
            lessons=found.lessons,
            removed=[ForgottenPlace.of(one) for one in found.removed],
            kept=[ForgottenPlace.of(one) for one in found.kept],
            versions=found.versions,
        )
    )
