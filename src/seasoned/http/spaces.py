"""Learning spaces (wire contract, B.7)."""

from contextlib import nullcontext
from typing import Annotated, get_args

import msgspec
from msgspec import UNSET, UnsetType

from seasoned.clock import to_rfc3339
from seasoned.engine.catalogue import Catalogue
from seasoned.engine.spaces import LearningState
from seasoned.errors import Invalid
from seasoned.http import stopping
from seasoned.http.fields import CreatedAt, Keys, Stored, UpdatedAt, UserId, about, moment, one_of, uuid
from seasoned.http.request import Answer, ApiRequest, Page, answer, done, page_of, raw_json, timestamps
from seasoned.http.skills import Skill
from seasoned.http.stream import WAIT_SECONDS_MAX, waiting
from seasoned.ids import parse_id
from seasoned.message import JsonObject
from seasoned.space import LearningStatus, Policy
from seasoned.store.spaces import SkillLinkRow, SpaceRow


class NewSpace(msgspec.Struct, frozen=True):
    """What is known of the space; may be empty."""

    user: Annotated[str | None, about("Whose space it is; the user is created with the first mention.")] = None
    meta: Keys = None
    name: Annotated[
        str | None, about("The space of this name, or a new one; only without `user` and `meta`.", minLength=1)
    ] = None


class MetaChanges(msgspec.Struct, frozen=True):
    """The changes."""

    meta: Annotated[JsonObject, about("The keys to change.")]


class TeachingSession(msgspec.Struct, frozen=True):
    """The session."""

    session_id: Annotated[str, uuid("Its id.")]


class IncludedSkill(msgspec.Struct, frozen=True):
    """The skill."""

    skill_id: Annotated[str, uuid("Its id.")]


class LearningSpace(msgspec.Struct, frozen=True, kw_only=True):
    """A learning space."""

    id: Annotated[str, uuid("The space's id.")]
    user_id: UserId
    meta: Annotated[Stored | None, about("What the caller keeps beside it.")]
    policy: Annotated[str, one_of(get_args(Policy), "Whether what is learned is written at once or waits.")]
    created_at: CreatedAt
    updated_at: UpdatedAt

    @classmethod
    def of(cls, row: SpaceRow) -> "LearningSpace":
        """A learning space as the wire shows it."""
        times = timestamps(row.created_at, row.updated_at)
        return cls(id=row.id, user_id=row.user_id, meta=raw_json(row.meta), policy=row.policy, **times)


class LearningSpaceSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that teaches a space."""

    id: Annotated[str, uuid("The link's id.")]
    learning_space_id: Annotated[str, uuid("The space.")]
    session_id: Annotated[str, uuid("The session.")]
    status: Annotated[str, one_of(get_args(LearningStatus), "How far the learning is.")]
    reason: Annotated[str | UnsetType, about("Why the learning failed, or what it waits for.")] = UNSET
    created_at: Annotated[str, moment("When the link was created.")]
    updated_at: Annotated[str, moment("When the link last changed.")]

    @classmethod
    def of(cls, state: LearningState) -> "LearningSpaceSession":
        """A session that teaches a space as the wire shows it."""
        link = state.link
        times = timestamps(link.created_at, link.updated_at)
        return cls(
            id=link.id,
            learning_space_id=link.space_id,
            session_id=link.session_id,
            status=state.status,
            reason=state.reason or UNSET,
            created_at=times["created_at"],
            updated_at=times["updated_at"],
        )


class LearningSpaceSkill(msgspec.Struct, frozen=True, kw_only=True):
    """A skill that is in a space."""

    id: Annotated[str, uuid("The link's id.")]
    learning_space_id: Annotated[str, uuid("The space.")]
    skill_id: Annotated[str, uuid("The skill.")]
    created_at: Annotated[str, moment("When the skill came into the space.")]

    @classmethod
    def of(cls, link: SkillLinkRow) -> "LearningSpaceSkill":
        """A skill's link as the wire shows it."""
        created = to_rfc3339(link.created_at)
        return cls(id=link.id, learning_space_id=link.space_id, skill_id=link.skill_id, created_at=created)


class CataloguedSkill(msgspec.Struct, frozen=True, kw_only=True):
    """A skill in a catalogue."""

    id: Annotated[str, uuid("The skill's id.")]
    name: Annotated[str, about("What the skill is called.")]
    description: Annotated[str, about("When to use it; shortened where the catalogue has no room for all of it.")]


class SpaceCatalogue(msgspec.Struct, frozen=True, kw_only=True):
    """The catalogue of a space."""

    text: Annotated[str, about("A line for each skill, for a prompt.")]
    items: Annotated[list[CataloguedSkill], about("The same skills, by name.")]
    left_out: Annotated[int, about("How many skills it has no room for: those that did not change for longest.")]

    @classmethod
    def of(cls, found: Catalogue) -> "SpaceCatalogue":
        """A catalogue as the wire shows it."""
        items = [CataloguedSkill(id=one.id, name=one.name, description=one.description) for one in found.skills]
        return cls(text=found.text, items=items, left_out=found.left_out)


async def create(call: ApiRequest) -> Answer[LearningSpace]:
    """POST /learning_spaces: 201, with its default skills; by its name also one that is there."""
    body = await call.body(NewSpace)
    if body.name is not None:
        if body.user is not None or body.meta is not None:
            raise Invalid("A learning space is made by its name, or with `user` and `meta`; leave out one of them.")
        named = await call.engine.learning.space_named(call.project_id, body.name)
        return answer(LearningSpace.of(named), status=201)
    row = await call.engine.spaces.create(call.project_id, user=body.user, meta=body.meta)
    return answer(LearningSpace.of(row), status=201)


async def page(call: ApiRequest) -> Answer[Page[LearningSpace]]:
    """GET /learning_spaces."""
    rows, cursor = await call.engine.spaces.page(
        call.project_id, call.page(), user=call.text("user"), meta=call.filter("filter_by_meta")
    )
    return answer(page_of([LearningSpace.of(row) for row in rows], cursor))


async def get(call: ApiRequest) -> Answer[LearningSpace]:
    """GET /learning_spaces/{space_id}."""
    return answer(LearningSpace.of(await call.engine.spaces.get(call.project_id, _space_id(call))))


async def update(call: ApiRequest) -> Answer[LearningSpace]:
    """PATCH /learning_spaces/{space_id}: the given meta keys are merged, null is stored."""
    body = await call.body(MetaChanges)
    return answer(LearningSpace.of(await call.engine.spaces.update_meta(call.project_id, _space_id(call), body.meta)))


async def delete(call: ApiRequest) -> Answer[None]:
    """DELETE /learning_spaces/{space_id}: sessions and skills stay."""
    await call.engine.spaces.delete(call.project_id, _space_id(call))
    return done()


async def learn(call: ApiRequest) -> Answer[LearningSpaceSession]:
    """POST /learning_spaces/{space_id}/learn: 201; 409 when the session teaches a space already."""
    body = await call.body(TeachingSession)
    session_id = parse_id(body.session_id, "session_id")
    state = await call.engine.spaces.learn(call.project_id, _space_id(call), session_id)
    return answer(LearningSpaceSession.of(state), status=201)


async def list_sessions(call: ApiRequest) -> Answer[list[LearningSpaceSession]]:
    """GET /learning_spaces/{space_id}/sessions: a plain list, oldest first."""
    states = await call.engine.spaces.states(call.project_id, _space_id(call))
    return answer([LearningSpaceSession.of(state) for state in states])


async def get_session(call: ApiRequest) -> Answer[LearningSpaceSession]:
    """GET /learning_spaces/{space_id}/sessions/{session_id}: at once, or with `wait` once the learning has settled."""
    session_id, seconds = call.id("session_id", "The session id"), call.number("wait", 0, 0, WAIT_SECONDS_MAX)
    with waiting() if seconds else nullcontext():
        async with stopping.limit():
            state = await call.engine.spaces.settled(call.project_id, _space_id(call), session_id, seconds)
    return answer(LearningSpaceSession.of(state))


async def include_skill(call: ApiRequest) -> Answer[LearningSpaceSkill]:
    """POST /learning_spaces/{space_id}/skills: 201; 409 when the space has it or one of its name."""
    body = await call.body(IncludedSkill)
    skill_id = parse_id(body.skill_id, "skill_id")
    link = await call.engine.spaces.include_skill(call.project_id, _space_id(call), skill_id)
    return answer(LearningSpaceSkill.of(link), status=201)


async def list_skills(call: ApiRequest) -> Answer[list[Skill]]:
    """GET /learning_spaces/{space_id}/skills: a plain list of full skills."""
    return answer([Skill.of(state) for state in await call.engine.skills.of_space(call.project_id, _space_id(call))])


async def catalogue(call: ApiRequest) -> Answer[SpaceCatalogue]:
    """GET /learning_spaces/{space_id}/catalogue: an extension of ours."""
    return answer(SpaceCatalogue.of(await call.engine.spaces.catalogue(call.project_id, _space_id(call))))


async def exclude_skill(call: ApiRequest) -> Answer[None]:
    """DELETE /learning_spaces/{space_id}/skills/{skill_id}: idempotent."""
    await call.engine.spaces.exclude_skill(call.project_id, _space_id(call), call.id("skill_id", "The skill id"))
    return done()


def _space_id(call: ApiRequest) -> str:
    return call.id("space_id", "The learning space id")
