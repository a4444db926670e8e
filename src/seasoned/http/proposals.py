"""Review: what waits for a person, and what a person decides."""

from collections.abc import Sequence
from typing import Annotated, get_args

import msgspec
from msgspec import UNSET, UnsetType

from seasoned.engine.proposals import REASON_CHARS_MAX, TOGETHER_MAX, Proposal, ShownProposal, texts_of
from seasoned.errors import Invalid
from seasoned.http.fields import CreatedAt, UpdatedAt, about, count, one_of, uuid
from seasoned.http.history import NUMBER_MAX, ChangedFile
from seasoned.http.request import Answer, ApiRequest, Page, answer, page_of, timestamps
from seasoned.http.spaces import LearningSpace
from seasoned.ids import parse_id
from seasoned.lesson import Evidence, LessonKind, evidence_of
from seasoned.space import Policy
from seasoned.store.proposals import ProposalStatus

STATUSES = get_args(ProposalStatus)

_Heads = Annotated[
    dict[str, Annotated[int, count("A version.", 0, NUMBER_MAX)]],
    about("Each skill that it changes by name, with a version; 0 for a skill that it creates."),
]


class ProposedLesson(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson behind a proposal."""

    id: Annotated[str, uuid("The lesson's id.")]
    kind: Annotated[str, one_of(get_args(LessonKind), "What kind of lesson it is.")]
    title: Annotated[str, about("Its title.")]
    text: Annotated[str, about("What it says.")]
    evidence: Annotated[str, one_of(get_args(Evidence), "`suspected` when nothing but a told failure speaks for it.")]
    quotes: Annotated[list[str], about("The words of messages that it rests on.")]
    session_id: Annotated[str, uuid("The session that taught it.")]
    task_id: Annotated[str | None, uuid("The task that taught it; null for what the user said outside tasks.")]


class MadeVersion(msgspec.Struct, frozen=True):
    """A version that an approval made."""

    skill_id: Annotated[str, uuid("The skill.")]
    version: Annotated[int, count("The version's number.", 1)]


class ProposalHead(msgspec.Struct, frozen=True, kw_only=True):
    """A version of skills that waits for a person, or on which one decided."""

    id: Annotated[str, uuid("The proposal's id.")]
    space_id: Annotated[str, uuid("The learning space.")]
    status: Annotated[str, one_of(STATUSES, "How it stands.")]
    reason: Annotated[str, about("Why it was rejected; else empty.")]
    why: Annotated[str, about("Why it is proposed, where the health of skills and no lesson says so; else empty.")]
    findings: Annotated[list[str], about("What the safety checks said; empty when they flagged nothing.")]
    is_stale: Annotated[bool, about("Whether a skill has a newer version than the one that it was made on.")]
    made_on: Annotated[_Heads, about("The versions that it was made on.")]
    heads: Annotated[_Heads, about("The versions that these skills have now.")]
    lessons: Annotated[list[ProposedLesson], about("The lessons behind it.")]
    made: Annotated[list[MadeVersion], about("Once it is approved: the versions that were made.")]
    created_at: CreatedAt
    updated_at: UpdatedAt

    @classmethod
    def head(cls, one: Proposal) -> "ProposalHead":
        """A proposal as lists show it."""
        row = one.row
        lessons = [
            ProposedLesson(
                id=lesson.id,
                kind=lesson.kind,
                title=lesson.title,
                text=lesson.text,
                evidence=evidence_of(lesson.basis),
                quotes=[quote.text for quote in lesson.value().quotes if quote.verified],
                session_id=lesson.session_id,
                task_id=lesson.task_id,
            )
            for lesson in one.lessons
        ]
        return ProposalHead(
            id=row.id,
            space_id=row.space_id,
            status=row.status,
            reason=row.reason,
            why=row.why,
            findings=row.finding_list(),
            is_stale=one.is_stale,
            made_on=row.head_of(),
            heads=one.heads,
            lessons=lessons,
            made=[MadeVersion(made.skill_id, made.version) for made in row.made_list()],
            **timestamps(row.created_at, row.updated_at),
        )


class ProposedFile(ChangedFile, frozen=True):
    """What would be different in a file."""

    skill: Annotated[str, about("The skill's name.")] = ""


class WholeProposal(ProposalHead, frozen=True, kw_only=True):
    """A proposal with what it would change now."""

    files: Annotated[list[ProposedFile], about("What would be different, on the skills as they are now.")]
    texts: Annotated[list[str], about("Its texts that can be edited before it is approved, in order.")]
    conflict: Annotated[str, about("Why it cannot be approved as it is; empty when it can.")]

    @classmethod
    def of(cls, shown: ShownProposal) -> "WholeProposal":
        """A proposal as the wire shows it."""
        head = ProposalHead.head(shown.proposal)
        files = [
            ProposedFile(one.path, one.change, one.text, skill)
            for skill, found in sorted(shown.files.items())
            for one in found
        ]
        return WholeProposal(
            files=files,
            texts=texts_of(shown.proposal.row),
            conflict=shown.conflict,
            **{name: getattr(head, name) for name in head.__struct_fields__},
        )


class PolicyRequest(msgspec.Struct, frozen=True):
    """The policy."""

    policy: Annotated[Policy, one_of(get_args(Policy), "`auto`: write at once; `review`: wait for a person.")]


_Reason = Annotated[str, about("Why.", minLength=1, maxLength=REASON_CHARS_MAX, pattern=r"\S")]
_Ids = Annotated[
    list[Annotated[str, uuid("A proposal's id.")]], about("The proposals' ids.", minItems=1, maxItems=TOGETHER_MAX)
]


class ApprovalRequest(msgspec.Struct, frozen=True):
    """What the person has seen and changed; may be empty."""

    heads: Annotated[_Heads | UnsetType | None, about("The `heads` that were shown, when the proposal is stale.")] = (
        UNSET
    )
    texts: Annotated[list[str] | UnsetType | None, about("All of its `texts`, as they shall be written.")] = UNSET


class RejectionRequest(msgspec.Struct, frozen=True):
    """The reason."""

    reason: _Reason


class ApprovalsRequest(msgspec.Struct, frozen=True):
    """The proposals."""

    ids: _Ids


class RejectionsRequest(msgspec.Struct, frozen=True):
    """The proposals and the reason."""

    ids: _Ids
    reason: _Reason


class _Decided(msgspec.Struct, frozen=True):
    """The proposals."""

    items: Annotated[list[ProposalHead], about("The proposals as they stand now.")]


async def page(call: ApiRequest) -> Answer[Page[ProposalHead]]:
    """GET /proposals."""
    space, status = call.text("space_id"), call.text("status")
    if status and status not in STATUSES:
        raise Invalid(f"The query parameter 'status' must be one of {', '.join(STATUSES)}.")
    space_id = parse_id(space, "space_id") if space else ""
    found, cursor = await call.engine.proposals.page(call.project_id, call.page(), space_id=space_id, status=status)
    return answer(page_of([ProposalHead.head(one) for one in found], cursor))


async def get(call: ApiRequest) -> Answer[WholeProposal]:
    """GET /proposals/{proposal_id}."""
    return answer(WholeProposal.of(await call.engine.proposals.show(call.project_id, _proposal_id(call))))


async def approve(call: ApiRequest) -> Answer[ProposalHead]:
    """POST /proposals/{proposal_id}/approve."""
    body = await call.body(ApprovalRequest, optional=True)
    heads, texts = body.heads or None, body.texts if isinstance(body.texts, list) else None
    found = await call.engine.proposals.approve(call.project_id, [_proposal_id(call)], texts=texts, heads=heads)
    return answer(ProposalHead.head(found[0]))


async def reject(call: ApiRequest) -> Answer[ProposalHead]:
    """POST /proposals/{proposal_id}/reject."""
    body = await call.body(RejectionRequest)
    found = await call.engine.proposals.reject(call.project_id, [_proposal_id(call)], body.reason)
    return answer(ProposalHead.head(found[0]))


async def undo(call: ApiRequest) -> Answer[ProposalHead]:
    """POST /proposals/{proposal_id}/undo."""
    return answer(ProposalHead.head(await call.engine.proposals.undo(call.project_id, _proposal_id(call))))


async def approve_several(call: ApiRequest) -> Answer[_Decided]:
    """POST /proposals/approve: all of them or none."""
    body = await call.body(ApprovalsRequest)
    return _decided(await call.engine.proposals.approve(call.project_id, _ids(body.ids)))


async def reject_several(call: ApiRequest) -> Answer[_Decided]:
    """POST /proposals/reject: all of them or none."""
    body = await call.body(RejectionsRequest)
    return _decided(await call.engine.proposals.reject(call.project_id, _ids(body.ids), body.reason))


async def set_policy(call: ApiRequest) -> Answer[LearningSpace]:
    """PUT /learning_spaces/{space_id}/policy."""
    body, space_id = await call.body(PolicyRequest), call.id("space_id", "The learning space id")
    return answer(LearningSpace.of(await call.engine.spaces.set_policy(call.project_id, space_id, body.policy)))


def _decided(found: Sequence[Proposal]) -> Answer[_Decided]:
    return answer(_Decided([ProposalHead.head(one) for one in found]))


def _ids(texts: Sequence[str]) -> list[str]:
    return [parse_id(text, "ids") for text in texts[: TOGETHER_MAX + 1]]


def _proposal_id(call: ApiRequest) -> str:
    return call.id("proposal_id", "The proposal id")
