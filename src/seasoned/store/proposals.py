"""Proposals: edits of the learner that wait for a person, or that a person decided on."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import Conflict, NotFound
from seasoned.ids import new_id
from seasoned.learning.questions import Edit, HealthEdit
from seasoned.lesson import SUSPICION, LessonStatus
from seasoned.store.gc.marks import chunks
from seasoned.store.lessons import taught
from seasoned.store.rows import PageQuery, after_newest, columns, dump, load_as, page_of, to_rows
from seasoned.store.schema import lessons, proposal_lessons, proposals

ProposalStatus = Literal["pending", "approved", "rejected"]
# How many proposals of a space, the newest ones, a lesson is compared with.
COMPARED_MAX = 1_000
# The finding of what a person wrote, which may change what people wrote, and say what a learner must not.
BY_PERSON = "A person edited it in a folder, and others changed the same lines."


class Made(msgspec.Struct, frozen=True):
    """A skill with the version that an approval made; `before` is the head then, 0 for a new skill."""

    skill_id: str
    before: int
    version: int


class ProposalRow(msgspec.Struct, frozen=True):
    """A proposal; JSON in `edits`, `heads`, `findings`, `said` and `made`."""

    id: str
    project_id: str
    space_id: str
    edits: str
    heads: str
    findings: str
    said: str
    why: str
    status: ProposalStatus
    reason: str
    made: str
    created_at: int
    updated_at: int

    def edit_list(self) -> list[Edit | HealthEdit]:
        """The edits in the order of their application."""
        return load_as(self.edits, list[Edit | HealthEdit])

    def head_of(self) -> dict[str, int]:
        """The skills that it changes by name, each with the head that it was made on; 0 for a new one."""
        return msgspec.json.decode(self.heads or "{}", type=dict[str, int])

    def finding_list(self) -> list[str]:
        """Why the safety checks flagged it."""
        return load_as(self.findings, list[str])

    def made_list(self) -> list[Made]:
        """The versions that its approval made."""
        return load_as(self.made, list[Made])


class NewProposal(msgspec.Struct, frozen=True, kw_only=True):
    """Edits that shall wait, for some lessons; `said` is what they say, in the lessons' words and their own. Without
    lessons, `why` says why.
    """

    edits: tuple[Edit | HealthEdit, ...]
    lessons: tuple[str, ...]
    heads: Mapping[str, int]
    said: tuple[str, ...]
    findings: tuple[str, ...] = ()
    why: str = ""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a known proposal says, and which lessons of which sessions stand behind it.

    One `is_suspicion` when it waits for a second piece of evidence.
    """

    id: str
    status: ProposalStatus
    said: tuple[str, ...]
    reason: str
    is_suspicion: bool
    lessons: tuple[str, ...]
    sessions: frozenset[str]


def add(connection: Connection, project_id: str, space_id: str, new: NewProposal, now: int) -> str:
    """Store a proposal that waits; its id."""
    proposal_id, now = new_id(), after_newest(connection, proposals.c.project_id, project_id, now)
    connection.execute(
        sa.insert(proposals).values(
            id=proposal_id,
            project_id=project_id,
            space_id=space_id,
            **{name: dump(getattr(new, name)) for name in ("edits", "heads", "findings", "said")},
            why=new.why,
            status="pending",
            created_at=now,
            updated_at=now,
        )
    )
    _link(connection, proposal_id, new.lessons)
    return proposal_id


def has_been(connection: Connection, space_id: str, new: NewProposal) -> bool:
    """Whether the same edits wait already, or were rejected."""
    where = (proposals.c.space_id == space_id) & (proposals.c.edits == dump(new.edits))
    known = where & proposals.c.status.in_(["pending", "rejected"])
    return connection.execute(sa.select(proposals.c.id).where(known).limit(1)).first() is not None


def waits(connection: Connection, space_id: str, edits: Sequence[Edit]) -> bool:
    """Whether a proposal with just these edits waits in a space."""
    where = (proposals.c.space_id == space_id) & (proposals.c.status == "pending")
    same = where & (proposals.c.edits == dump(edits))
    return connection.execute(sa.select(proposals.c.id).where(same).limit(1)).first() is not None


def join(connection: Connection, proposal_id: str, lesson_ids: Sequence[str]) -> bool:
    """Let further lessons stand behind a proposal; false when it does not wait any more."""
    where = (proposals.c.id == proposal_id) & (proposals.c.status == "pending")
    # Written, so that an approval at the same time sees it, or is seen.
    if connection.execute(sa.update(proposals).where(where).values(status="pending")).rowcount != 1:
        return False
    _link(connection, proposal_id, lesson_ids)
    return True


def _link(connection: Connection, proposal_id: str, lesson_ids: Sequence[str]) -> None:
    rows = [{"proposal_id": proposal_id, "lesson_id": key} for key in dict.fromkeys(lesson_ids)]
    if rows:
        connection.execute(sa.insert(proposal_lessons), rows)


def get(connection: Connection, project_id: str, proposal_id: str) -> ProposalRow:
    """A proposal of the project. Raises NotFound."""
    where = (proposals.c.id == proposal_id) & (proposals.c.project_id == project_id)
    found = to_rows(ProposalRow, connection.execute(sa.select(*columns(ProposalRow, proposals)).where(where)))
    if not found:
        raise NotFound(f"There is no proposal {proposal_id} in this project.")
    return found[0]


def page(
    connection: Connection, project_id: str, query: PageQuery, *, space_id: str = "", status: str = ""
) -> tuple[list[ProposalRow], str | None]:
    """A page of the project's proposals, of one space or with one status when asked."""
    where: list[sa.ColumnElement[bool]] = [proposals.c.project_id == project_id]
    if space_id:
        where.append(proposals.c.space_id == space_id)
    if status:
        where.append(proposals.c.status == status)
    return page_of(connection, ProposalRow, proposals, where, query)


def lessons_of(connection: Connection, proposal_ids: Collection[str]) -> dict[str, list[str]]:
    """The lessons behind some proposals, oldest first, without those that are gone."""
    found: dict[str, list[str]] = {key: [] for key in proposal_ids}
    for some in chunks(sorted(proposal_ids)):
        statement = sa.select(proposal_lessons).where(proposal_lessons.c.proposal_id.in_(some))
        for proposal_id, lesson_id in connection.execute(statement.order_by(proposal_lessons.c.lesson_id)):
            found[proposal_id].append(lesson_id)
    return found


def known(connection: Connection, space_id: str) -> list[Known]:
    """The newest proposals of a space that wait or were rejected, to compare lessons with."""
    where = (proposals.c.space_id == space_id) & proposals.c.status.in_(["pending", "rejected"])
    statement = sa.select(*columns(ProposalRow, proposals)).where(where)
    newest = connection.execute(statement.order_by(proposals.c.created_at.desc()).limit(COMPARED_MAX))
    rows = to_rows(ProposalRow, newest.all())
    behind = lessons_of(connection, [row.id for row in rows])
    teach = taught(connection, {key for keys in behind.values() for key in keys})
    return [
        Known(
            id=row.id,
            status=row.status,
            said=load_as(row.said, tuple[str, ...]),
            reason=row.reason,
            is_suspicion=row.finding_list() == [SUSPICION],
            lessons=tuple(behind[row.id]),
            sessions=frozenset(teach[key].session_id for key in behind[row.id] if key in teach),
        )
        for row in rows
    ]


def end_suspicion(connection: Connection, one: Known, *, is_true: bool, reason: str, now: int) -> bool:
    """Let what was found out decide on a suspicion that waits; false when a person was faster."""
    where = (proposals.c.id == one.id) & (proposals.c.status == "pending")
    values = {"status": "approved" if is_true else "rejected", "reason": reason, "updated_at": now}
    if connection.execute(sa.update(proposals).where(where).values(**values)).rowcount != 1:
        return False
    settle_lessons(connection, one.lessons, "reinforced" if is_true else "rejected", now, reason=reason)
    return True


def decide(
    connection: Connection,
    row: ProposalRow,
    status: ProposalStatus,
    now: int,
    *,
    reason: str = "",
    made: Sequence[Made] = (),
    heads: Mapping[str, int] | None = None,
) -> None:
    """Move a proposal to another status, made on other heads if given. Raises Conflict when somebody was faster."""
    where = (proposals.c.id == row.id) & (proposals.c.status == row.status)
    values = {"status": status, "reason": reason, "made": dump(list(made)), "updated_at": now}
    if heads is not None:
        values["heads"] = dump(heads)
    if connection.execute(sa.update(proposals).where(where).values(**values)).rowcount != 1:
        raise Conflict(f"Somebody else has decided on proposal {row.id} meanwhile; look at it again.")


def settle_lessons(
    connection: Connection, lesson_ids: Collection[str], status: LessonStatus, now: int, *, reason: str = ""
) -> None:
    """Move lessons of a proposal to the status that its decision gives them, but not forgotten or pending ones."""
    ends: list[LessonStatus] = ["proposed", "rejected", "written", "reinforced"]
    for some in chunks(sorted(lesson_ids)):
        where = lessons.c.id.in_(some) & lessons.c.status.in_(ends)
        connection.execute(sa.update(lessons).where(where).values(status=status, reason=reason, updated_at=now))


def drop(connection: Connection, proposal_ids: Collection[str]) -> None:
    """Delete proposals."""
    for some in chunks(sorted(proposal_ids)):
        connection.execute(sa.delete(proposals).where(proposals.c.id.in_(some)))
