"""What people look at first: what was learned lately, what is under way, what is parked, and where lessons went.

Every question is bounded, so that a page costs about the same in a large store as in a small one.
"""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import NotFound
from seasoned.learning.accounting import Stage
from seasoned.lesson import LessonKind, LessonStatus
from seasoned.store.gc.marks import chunks
from seasoned.store.model_calls import DAY
from seasoned.store.rows import PageQuery, columns, page_of, to_rows
from seasoned.store.schema import (
    entry_lessons,
    files,
    lessons,
    model_calls,
    proposals,
    sessions,
    skills,
    space_sessions,
    space_skills,
    spaces,
    tasks,
)
from seasoned.store.spaces import SpaceRow
from seasoned.store.tasks import is_due

# How many rows are counted before a count is told as "this many or more".
COUNTED_MAX: Final = 1_000
LESSONS_COUNTED_MAX: Final = 5_000
PLACES_MAX: Final = 2_000
FILES_TOLD: Final = 12


class LearnedRow(msgspec.Struct, frozen=True):
    """A settled lesson as lists show it; `space_number` is its place among those of its space."""

    id: str
    space_id: str
    space_number: int
    kind: LessonKind
    status: LessonStatus
    title: str
    text: str
    reason: str
    session_id: str
    number: int
    settled_at: int

    @property
    def says(self) -> str:
        """What it is called: preferences have no title, and of a skip only its reason is known."""
        return self.title or self.text or self.reason


class WorkRow(msgspec.Struct, frozen=True):
    """A piece of work: a session to read, a task to distill or a lesson to write, with what went wrong so far.

    `key` orders them; `retry_at` is 0 when it never failed.
    """

    key: str
    session_id: str
    source: str
    title: str
    attempts: int
    retry_at: int
    reason: str


class DayRow(msgspec.Struct, frozen=True):
    """How many lessons of a kind that ended in one way a day (UTC, counted from 1970) brought."""

    day: int
    kind: LessonKind
    status: LessonStatus
    count: int


class PlaceRow(msgspec.Struct, frozen=True):
    """An entry of a skill behind which a lesson stands."""

    lesson_id: str
    skill_id: str
    skill: str
    path: str
    entry_key: str


class EvidenceRow(msgspec.Struct, frozen=True):
    """How many lessons of how many sessions support an entry, and when the newest of them was learned."""

    entry_key: str
    lessons: int
    sessions: int
    newest_at: int


class CallRow(msgspec.Struct, frozen=True):
    """A stored model call."""

    id: str
    space_id: str | None
    session_id: str | None
    task_id: str | None
    stage: Stage
    model: str
    prompt_sha256: str
    question_sha256: str
    answer: str | None
    error: str
    requests: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    price_micros: int | None
    latency_ms: int
    created_at: int


class Pulse(msgspec.Struct, frozen=True):
    """Numbers of a project that change when something is learned, read or decided; each is cheap to ask for."""

    settled: int
    changed_at: int
    unread: int
    undistilled: int
    unwritten: int
    waiting_for_review: int


class HeldSkill(msgspec.Struct, frozen=True):
    """A skill as lists of a space show it, with the first of its files and one more, if there are more."""

    id: str
    name: str
    description: str
    head: int
    updated_at: int
    all_files: list[str]

    @property
    def files(self) -> list[str]:
        """The files that are told."""
        return self.all_files[:FILES_TOLD]

    @property
    def has_more(self) -> bool:
        """Whether there are more."""
        return len(self.all_files) > FILES_TOLD


class HeldFile(msgspec.Struct, frozen=True):
    """A file of a skill."""

    path: str
    size: int


def pulse(connection: Connection, project_id: str) -> Pulse:
    """How a project stands now."""
    own = spaces.c.project_id == project_id
    sums = sa.select(sa.func.coalesce(sa.func.sum(spaces.c.written_to), 0), sa.func.max(spaces.c.updated_at)).where(own)
    settled, changed_at = connection.execute(sums).one()
    return Pulse(
        settled=int(settled),
        changed_at=int(changed_at or 0),
        unread=_counted(connection, _unread(project_id)),
        undistilled=_counted(connection, _undistilled(project_id)),
        unwritten=_counted(connection, _unwritten(project_id, "pending")),
        waiting_for_review=_counted(
            connection, sa.select(proposals.c.id).where(proposals.c.project_id == project_id, _waits())
        ),
    )


def _waits() -> sa.ColumnElement[bool]:
    return proposals.c.status == "pending"


def _counted(connection: Connection, statement: sa.Select[*tuple[object, ...]]) -> int:
    some = statement.limit(COUNTED_MAX).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def changed_spaces(connection: Connection, project_id: str, limit: int) -> list[SpaceRow]:
    """The spaces that changed last."""
    statement = sa.select(*columns(SpaceRow, spaces)).where(spaces.c.project_id == project_id)
    newest = statement.order_by(spaces.c.updated_at.desc(), spaces.c.id.desc()).limit(limit)
    return to_rows(SpaceRow, connection.execute(newest).all())


def skills_page(
    connection: Connection, space_id: str, query: PageQuery, wanted: str
) -> tuple[list[HeldSkill], str | None]:
    """A page of a space's skills in the order of their names, of those whose name or description has a text; each with
    the first of its files. The cursor is the last name.
    """
    statement = (
        sa.select(skills.c.id, skills.c.name, skills.c.description, skills.c.head, skills.c.updated_at)
        .join(space_skills, space_skills.c.skill_id == skills.c.id)
        .where(space_skills.c.space_id == space_id)
        .order_by(skills.c.name)
        .limit(query.limit + 1)
    )
    if wanted:
        said = sa.func.lower(skills.c.name + " " + skills.c.description)
        statement = statement.where(said.contains(wanted.lower(), autoescape=True))
    if query.cursor:
        statement = statement.where(skills.c.name > query.cursor)
    rows = connection.execute(statement).all()
    found = [HeldSkill(*row, all_files=_first_files(connection, row[0])) for row in rows[: query.limit]]
    return found, found[-1].name if len(rows) > query.limit else None


def _first_files(connection: Connection, skill_id: str) -> list[str]:
    where = (files.c.skill_id == skill_id) & files.c.until.is_(None)
    statement = sa.select(files.c.path).where(where).order_by(files.c.path).limit(FILES_TOLD + 1)
    return list(connection.execute(statement).scalars())


def files_page(connection: Connection, skill_id: str, number: int, after: str, limit: int) -> list[HeldFile]:
    """The files of a version by path, from the path after `after` on."""
    at = (files.c.since <= number) & (files.c.until.is_(None) | (files.c.until > number))
    statement = sa.select(files.c.path, files.c.size).where(files.c.skill_id == skill_id, at, files.c.path > after)
    return to_rows(HeldFile, connection.execute(statement.order_by(files.c.path).limit(limit)).all())


def spaces_of_skill(connection: Connection, skill_id: str) -> list[SpaceRow]:
    """The spaces that have a skill, the oldest first; some of them if there are many."""
    statement = (
        sa.select(*columns(SpaceRow, spaces))
        .join(space_skills, space_skills.c.space_id == spaces.c.id)
        .where(space_skills.c.skill_id == skill_id)
        .order_by(spaces.c.created_at, spaces.c.id)
        .limit(FILES_TOLD)
    )
    return to_rows(SpaceRow, connection.execute(statement).all())


def learned(connection: Connection, space_id: str, before: int, limit: int) -> list[LearnedRow]:
    """The lessons that a space settled last, before a number of its (0: the end), the newest first."""
    statement = sa.select(*columns(LearnedRow, lessons)).where(lessons.c.space_id == space_id)
    if before:
        statement = statement.where(lessons.c.space_number < before)
    return to_rows(LearnedRow, connection.execute(statement.order_by(lessons.c.space_number.desc()).limit(limit)).all())


def lessons_by_day(connection: Connection, project_id: str, since: int) -> list[DayRow]:
    """The newest lessons of a project since a moment, counted by day, kind and how they ended."""
    # Ids begin with their milliseconds, and the primary key is in their order.
    first = f"{since // 1000:012x}"
    newest = (
        sa.select(lessons.c.created_at, lessons.c.kind, lessons.c.status)
        .join(sessions, sessions.c.id == lessons.c.session_id)
        .where(lessons.c.id >= f"{first[:8]}-{first[8:]}", _is_of(project_id))
        .order_by(lessons.c.id.desc())
        .limit(LESSONS_COUNTED_MAX)
        .subquery()
    )
    day = newest.c.created_at // DAY
    keys = [day, newest.c.kind, newest.c.status]
    statement = sa.select(*keys, sa.func.count()).group_by(*keys).order_by(*keys)
    return to_rows(DayRow, connection.execute(statement).all())


def _is_of(project_id: str) -> sa.ColumnElement[bool]:
    """Whether a session is of a project, in words that no index answers: work under way is found by the small indexes
    of what is unread, pending or parked, and not by looking through all of a project's sessions.
    """
    return sa.func.coalesce(sessions.c.project_id, "") == project_id


def _unread(project_id: str) -> sa.Select[*tuple[object, ...]]:
    nothing = sa.literal("")
    return sa.select(
        sessions.c.id.label("key"),
        sessions.c.id,
        sessions.c.source,
        nothing,
        sessions.c.extract_attempts,
        sessions.c.extract_retry_at,
        sessions.c.extract_error,
    ).where(
        sessions.c.last_number > sessions.c.extracted_to,
        ~sessions.c.extract_parked,
        _is_of(project_id),
    )


def _tasks(project_id: str) -> sa.Select[*tuple[object, ...]]:
    return (
        sa.select(
            tasks.c.id.label("key"),
            sessions.c.id,
            sessions.c.source,
            tasks.c.title,
            tasks.c.distill_attempts,
            tasks.c.distill_retry_at,
            tasks.c.distill_error,
        )
        .join(sessions, sessions.c.id == tasks.c.session_id)
        .where(tasks.c.project_id == project_id)
    )


def _undistilled(project_id: str) -> sa.Select[*tuple[object, ...]]:
    linked = sa.select(sa.literal(1)).where(space_sessions.c.session_id == tasks.c.session_id).exists()
    return _tasks(project_id).where(is_due(), ~tasks.c.distill_parked, linked)


def _unwritten(project_id: str, status: LessonStatus) -> sa.Select[*tuple[object, ...]]:
    # In the statement's text, so that SQLite sees that the partial index fits.
    wanted: sa.ColumnClause[str] = sa.literal_column(f"'{status}'")
    return (
        sa.select(
            lessons.c.id.label("key"),
            sessions.c.id,
            sessions.c.source,
            lessons.c.title,
            spaces.c.write_attempts,
            spaces.c.write_retry_at,
            sa.case((lessons.c.reason != "", lessons.c.reason), else_=spaces.c.write_error),
        )
        .join(sessions, sessions.c.id == lessons.c.session_id)
        .join(space_sessions, space_sessions.c.session_id == sessions.c.id)
        .join(spaces, spaces.c.id == space_sessions.c.space_id)
        .where(lessons.c.status == wanted, _is_of(project_id))
    )


def underway(connection: Connection, project_id: str, stage: Stage, limit: int) -> list[WorkRow]:
    """What waits for a stage or is in it, some of it."""
    statement = (
        _unread(project_id)
        if stage == "extract"
        else _undistilled(project_id)
        if stage == "distill"
        else _unwritten(project_id, "pending")
    )
    return to_rows(WorkRow, connection.execute(statement.limit(limit)).all())


def parked(connection: Connection, project_id: str, stage: Stage, after: str, limit: int) -> list[WorkRow]:
    """What a stage gave up on, in the order of its keys, from the key after `after` on."""
    if stage == "extract":
        found, key = _unread_parked(project_id), sessions.c.id
    elif stage == "distill":
        found, key = _tasks(project_id).where(tasks.c.distill_parked == sa.true()), tasks.c.id
    else:
        found, key = _unwritten(project_id, "parked"), lessons.c.id
    return to_rows(WorkRow, connection.execute(found.where(key > after).order_by(key).limit(limit)).all())


def _unread_parked(project_id: str) -> sa.Select[*tuple[object, ...]]:
    names = ("extract_attempts", "extract_retry_at", "extract_error")
    return sa.select(
        sessions.c.id.label("key"), sessions.c.id, sessions.c.source, sa.literal(""), *(sessions.c[n] for n in names)
    ).where(sessions.c.extract_parked == sa.true(), _is_of(project_id))


def places(connection: Connection, lesson_ids: Collection[str]) -> list[PlaceRow]:
    """The entries behind which some lessons stand."""
    found: list[PlaceRow] = []
    for some in chunks(sorted(lesson_ids)):
        statement = (
            sa.select(
                entry_lessons.c.lesson_id,
                skills.c.id,
                skills.c.name,
                entry_lessons.c.path,
                entry_lessons.c.entry_key,
            )
            .join(skills, skills.c.id == entry_lessons.c.skill_id)
            .where(entry_lessons.c.lesson_id.in_(some))
            .order_by(skills.c.name, entry_lessons.c.path, entry_lessons.c.entry_key)
            .limit(PLACES_MAX)
        )
        found += to_rows(PlaceRow, connection.execute(statement).all())
    return found


def evidence(connection: Connection, skill_id: str, path: str) -> dict[str, EvidenceRow]:
    """What supports the entries of a file, by their keys."""
    statement = (
        sa.select(
            entry_lessons.c.entry_key,
            sa.func.count(),
            sa.func.count(sa.distinct(lessons.c.session_id)),
            sa.func.max(lessons.c.created_at),
        )
        .join(lessons, lessons.c.id == entry_lessons.c.lesson_id)
        .where(entry_lessons.c.skill_id == skill_id, entry_lessons.c.path == path)
        .group_by(entry_lessons.c.entry_key)
    )
    return {row.entry_key: row for row in to_rows(EvidenceRow, connection.execute(statement).all())}


def names_of_sessions(connection: Connection, session_ids: Sequence[str]) -> dict[str, str]:
    """What each session was imported from, where it was."""
    statement = sa.select(sessions.c.id, sessions.c.source).where(sessions.c.id.in_(list(session_ids)))
    return {row[0]: row[1] for row in connection.execute(statement)} if session_ids else {}


def first_titles(connection: Connection, session_ids: Sequence[str]) -> dict[str, str]:
    """The title of the first task of each session that has one."""
    where = tasks.c.session_id.in_(list(session_ids)) & (tasks.c.position == 1)
    statement = sa.select(tasks.c.session_id, tasks.c.title).where(where)
    return {row[0]: row[1] for row in connection.execute(statement)} if session_ids else {}


def counts(connection: Connection, session_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many tasks and lessons each of some sessions has; what taught nothing is no lesson."""

    def counted(table: sa.Table, *where: sa.ColumnElement[bool]) -> dict[str, int]:
        statement = sa.select(table.c.session_id, sa.func.count()).where(
            table.c.session_id.in_(list(session_ids)), *where
        )
        return {row[0]: row[1] for row in connection.execute(statement.group_by(table.c.session_id))}

    found, taught = counted(tasks), counted(lessons, lessons.c.kind != "skip")
    return {one: (found.get(one, 0), taught.get(one, 0)) for one in session_ids}


def calls(connection: Connection, project_id: str, query: PageQuery) -> tuple[list[CallRow], str | None]:
    """A page of a project's model calls and the cursor of the next one."""
    return page_of(connection, CallRow, model_calls, [model_calls.c.project_id == project_id], query)


def call(connection: Connection, project_id: str, call_id: str) -> CallRow:
    """A model call. Raises NotFound."""
    where = (model_calls.c.id == call_id) & (model_calls.c.project_id == project_id)
    found = to_rows(CallRow, connection.execute(sa.select(*columns(CallRow, model_calls)).where(where)).all())
    if not found:
        raise NotFound(f"There is no model call {call_id} in this project.")
    return found[0]
