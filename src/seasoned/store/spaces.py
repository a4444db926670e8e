"""Learning spaces: which sessions teach which skills, and their progress."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import AlreadyLearned, Conflict, NotFound
from seasoned.ids import new_id
from seasoned.message import JsonObject
from seasoned.space import Policy, Progress
from seasoned.store import forgotten, indexing
from seasoned.store.rows import (
    PageQuery,
    after_newest,
    columns,
    contains,
    dump_bounded,
    load_object,
    page_of,
    to_rows,
)
from seasoned.store.schema import lessons, sessions, skills, space_sessions, space_skills, spaces, tasks
from seasoned.store.sessions import user_subquery
from seasoned.store.tasks import is_due

Row = TypeVar("Row", bound=msgspec.Struct)


class SpaceRow(msgspec.Struct, frozen=True):
    """A learning space. `written_to` is the number of its last settled lesson."""

    id: str
    project_id: str
    user_id: str | None
    name: str
    meta: str | None
    policy: Policy
    written_to: int
    linked: int
    write_attempts: int
    write_retry_at: int
    write_error: str
    created_at: int
    updated_at: int


class LinkRow(msgspec.Struct, frozen=True):
    """A session that teaches a space."""

    id: str
    space_id: str
    session_id: str
    position: int
    created_at: int
    updated_at: int


class SkillLinkRow(msgspec.Struct, frozen=True):
    """A skill that a space's lessons may change."""

    id: str
    space_id: str
    skill_id: str
    created_at: int


def create(
    connection: Connection, project_id: str, user_id: str | None, meta: str | None, now: int, name: str = ""
) -> SpaceRow:
    """A new space, without skills yet."""
    space_id = new_id()
    now = after_newest(connection, spaces.c.project_id, project_id, now)
    connection.execute(
        sa.insert(spaces).values(
            id=space_id, project_id=project_id, user_id=user_id, name=name, meta=meta, created_at=now, updated_at=now
        )
    )
    return get(connection, project_id, space_id)


def get(connection: Connection, project_id: str, space_id: str) -> SpaceRow:
    """A space of the project. Raises NotFound."""
    where = (spaces.c.id == space_id) & (spaces.c.project_id == project_id)
    found = to_rows(SpaceRow, connection.execute(sa.select(*columns(SpaceRow, spaces)).where(where)).all())
    if not found:
        raise NotFound(f"There is no learning space {space_id} in this project.")
    return found[0]


def by_id(connection: Connection, space_id: str) -> SpaceRow | None:
    """The space of any project, for the stages."""
    found = to_rows(SpaceRow, connection.execute(sa.select(*columns(SpaceRow, spaces)).where(spaces.c.id == space_id)))
    return found[0] if found else None


def by_name(connection: Connection, project_id: str, name: str) -> SpaceRow | None:
    """The oldest space with a name; names are given on the command line."""
    if not name:
        return None  # spaces made over HTTP have no name
    where = (spaces.c.name == name) & (spaces.c.project_id == project_id)
    statement = sa.select(*columns(SpaceRow, spaces)).where(where).order_by(spaces.c.created_at, spaces.c.id).limit(1)
    found = to_rows(SpaceRow, connection.execute(statement).all())
    return found[0] if found else None


def called(connection: Connection, project_id: str, wanted: str) -> list[SpaceRow]:
    """The project's spaces that a name or an id calls, oldest first."""
    where = (spaces.c.project_id == project_id) & ((spaces.c.id == wanted.lower()) | (spaces.c.name == wanted))
    statement = sa.select(*columns(SpaceRow, spaces)).where(where).order_by(spaces.c.created_at, spaces.c.id)
    return to_rows(SpaceRow, connection.execute(statement).all()) if wanted else []


def of_skills(connection: Connection, project_id: str) -> list[tuple[str, str]]:
    """(skill id, space id) for each skill of each of the project's spaces, the oldest space first."""
    statement = (
        sa.select(space_skills.c.skill_id, space_skills.c.space_id)
        .join(spaces, spaces.c.id == space_skills.c.space_id)
        .where(spaces.c.project_id == project_id)
        .order_by(spaces.c.created_at, spaces.c.id, space_skills.c.created_at, space_skills.c.id)
    )
    return [(row[0], row[1]) for row in connection.execute(statement)]


def of_sessions(connection: Connection, session_ids: Sequence[str]) -> dict[str, str]:
    """The space that each session teaches, for those that teach one."""
    where = space_sessions.c.session_id.in_(session_ids)
    statement = sa.select(space_sessions.c.session_id, space_sessions.c.space_id).where(where)
    return {row[0]: row[1] for row in connection.execute(statement)}


def sizes(connection: Connection, space_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many sessions teach each space, and how many skills it has."""

    def counted(table: sa.Table) -> dict[str, int]:
        where = table.c.space_id.in_(space_ids)
        statement = sa.select(table.c.space_id, sa.func.count()).where(where).group_by(table.c.space_id)
        return {row[0]: row[1] for row in connection.execute(statement)}

    taught, held = counted(space_sessions), counted(space_skills)
    return {one: (taught.get(one, 0), held.get(one, 0)) for one in space_ids}


def page(
    connection: Connection, project_id: str, query: PageQuery, *, user: str = "", meta: JsonObject | None = None
) -> tuple[list[SpaceRow], str | None]:
    """A page of the project's spaces, of one user or with some meta when asked."""
    where: list[sa.ColumnElement[bool]] = [spaces.c.project_id == project_id]
    if user:
        where.append(spaces.c.user_id == user_subquery(project_id, user))
    if meta:
        where.append(contains(connection, spaces.c.meta, meta))
    return page_of(connection, SpaceRow, spaces, where, query)


def merge_meta(connection: Connection, project_id: str, space_id: str, changes: JsonObject, now: int) -> SpaceRow:
    """Merge keys into a space's meta; null is stored as null. Raises NotFound, Invalid."""
    row = get(connection, project_id, space_id)
    merged = dump_bounded(load_object(row.meta) | changes, "The learning space's meta")
    connection.execute(sa.update(spaces).where(spaces.c.id == space_id).values(meta=merged, updated_at=now))
    return get(connection, project_id, space_id)


def set_policy(connection: Connection, project_id: str, space_id: str, policy: Policy, now: int) -> SpaceRow:
    """Let what a space learns be written at once, or wait for a person. Raises NotFound."""
    get(connection, project_id, space_id)
    connection.execute(sa.update(spaces).where(spaces.c.id == space_id).values(policy=policy, updated_at=now))
    return get(connection, project_id, space_id)


def delete(connection: Connection, project_id: str, space_id: str) -> None:
    """Remove a space and its links; sessions and skills stay. Raises NotFound."""
    get(connection, project_id, space_id)
    indexing.leave(connection, space_skills.c.space_id == space_id)
    connection.execute(sa.delete(spaces).where(spaces.c.id == space_id))


def link_session(connection: Connection, project_id: str, space_id: str, session_id: str, now: int) -> LinkRow:
    """Let a session teach a space. Raises NotFound, or AlreadyLearned when it teaches one already."""
    space = get(connection, project_id, space_id)
    owned = (sessions.c.id == session_id) & (sessions.c.project_id == project_id)
    # Locked, so that an extraction which ends now sees the link, or is seen by it.
    if connection.execute(sa.select(sessions.c.id).where(owned).with_for_update()).first() is None:
        raise NotFound(f"There is no session {session_id} in this project.")
    if connection.execute(sa.select(space_sessions.c.id).where(space_sessions.c.session_id == session_id)).first():
        # Published plugins look for the words "already learned".
        raise AlreadyLearned(f"Session {session_id} is already learned: it teaches a space, and can teach only one.")
    if forgotten.some(connection, project_id, [session_id]):
        raise Conflict(f"Session {session_id} was forgotten, so it is not learned again.")
    _unsettle(connection, session_id)
    row = LinkRow(new_id(), space_id, session_id, space.linked + 1, now, now)
    connection.execute(sa.insert(space_sessions).values(msgspec.structs.asdict(row)))
    connection.execute(sa.update(spaces).where(spaces.c.id == space_id).values(linked=row.position))
    return row


def _unsettle(connection: Connection, session_id: str) -> None:
    """Let a session's lessons be written again: they were settled in a space that it no longer teaches."""
    ended = ["declined", "parked", "rejected"]
    connection.execute(
        sa.update(lessons)
        .where(lessons.c.session_id == session_id, lessons.c.status.not_in(["pending", "forgotten"]))
        .values(
            status="pending",
            # That of a skip or of a flagged lesson is its own.
            reason=sa.case((lessons.c.status.in_(ended), ""), else_=lessons.c.reason),
            space_id=None,
            space_number=None,
            settled_at=None,
        )
    )


def space_of_session(connection: Connection, session_id: str) -> str | None:
    """The space that a session teaches."""
    where = space_sessions.c.session_id == session_id
    found = connection.execute(sa.select(space_sessions.c.space_id).where(where)).first()
    return None if found is None else str(found[0])


def link_skill(connection: Connection, project_id: str, space_id: str, skill_id: str, now: int) -> SkillLinkRow:
    """Let a space's lessons change a skill. Raises NotFound, or Conflict when the space has it or one of its name."""
    get(connection, project_id, space_id)
    wanted = sa.select(skills.c.name).where(skills.c.id == skill_id, skills.c.project_id == project_id)
    found = connection.execute(wanted).first()
    if found is None:
        raise NotFound(f"There is no skill {skill_id} in this project.")
    linked = (
        sa.select(skills.c.id, skills.c.name)
        .join(space_skills, space_skills.c.skill_id == skills.c.id)
        .where(space_skills.c.space_id == space_id, sa.or_(skills.c.id == skill_id, skills.c.name == found[0]))
    )
    taken = connection.execute(linked).scalars().all()
    if skill_id in taken:
        raise Conflict(f"The skill {found[0]!r} is already in this learning space.")
    if taken:
        raise Conflict(f"This learning space already has another skill named {found[0]!r}; exclude it first.")
    row = SkillLinkRow(new_id(), space_id, skill_id, now)
    connection.execute(sa.insert(space_skills).values(msgspec.structs.asdict(row)))
    indexing.include(connection, skill_id, indexing.SpaceLink(row.id, space_id))
    return row


def unlink_skill(connection: Connection, project_id: str, space_id: str, skill_id: str) -> None:
    """Take a skill out of a space; nothing happens when it is not in it. Raises NotFound for the space."""
    get(connection, project_id, space_id)
    link = (space_skills.c.space_id == space_id) & (space_skills.c.skill_id == skill_id)
    indexing.leave(connection, link)
    connection.execute(sa.delete(space_skills).where(link))


def note_write_waiting(connection: Connection, space_id: str, reason: str, retry_at: int) -> None:
    """Record why writing waits, and until when; it does not count as a failure."""
    values = {"write_error": reason, "write_retry_at": retry_at}
    connection.execute(sa.update(spaces).where(spaces.c.id == space_id).values(**values))


def note_write_failure(connection: Connection, row: SpaceRow, reason: str, retry_at: int) -> None:
    """Record that a run of the write stage failed, unless the space has advanced since."""
    where = (spaces.c.id == row.id) & (spaces.c.written_to == row.written_to)
    values = {"write_attempts": spaces.c.write_attempts + 1, "write_retry_at": retry_at, "write_error": reason}
    connection.execute(sa.update(spaces).where(where).values(**values))


def progress(connection: Connection, space_id: str, session_id: str | None = None) -> list[tuple[LinkRow, Progress]]:
    """How far each session of a space is, in the order of their links; of one session when asked."""
    statement = (
        sa.select(
            *columns(LinkRow, space_sessions), *(one.label(f"progress_{name}") for name, one in _counted().items())
        )
        .join(spaces, spaces.c.id == space_sessions.c.space_id)
        .join(sessions, sessions.c.id == space_sessions.c.session_id)
        .where(space_sessions.c.space_id == space_id)
        .order_by(space_sessions.c.position)
    )
    if session_id is not None:
        statement = statement.where(space_sessions.c.session_id == session_id)
    return [
        (_from(LinkRow, row), _from(Progress, row, "progress_")) for row in connection.execute(statement).mappings()
    ]


def _from(kind: type[Row], row: sa.RowMapping, prefix: str = "") -> Row:
    return kind(**{name: row[prefix + name] for name in kind.__struct_fields__})


def _counted() -> dict[str, sa.ColumnElement[object]]:
    """A Progress by its fields, for a link's session."""
    own_tasks = tasks.c.session_id == space_sessions.c.session_id
    own_lessons = lessons.c.session_id == space_sessions.c.session_id
    due = is_due()

    def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return sa.select(sa.func.count()).select_from(table).where(*where).correlate(space_sessions).scalar_subquery()

    def greatest(column: sa.ColumnElement[str], *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[str]:
        return sa.select(sa.func.max(column)).where(*where).scalar_subquery()

    lessons_due = count(lessons, own_lessons, lessons.c.status == "pending")
    return {
        "last_number": sessions.c.last_number,
        "extracted_to": sessions.c.extracted_to,
        "extracted_at": sessions.c.extracted_at,
        "extract_parked": sessions.c.extract_parked,
        "extract_error": sessions.c.extract_error,
        "session_created_at": sessions.c.created_at,
        "tasks_due": count(tasks, own_tasks, due, ~tasks.c.distill_parked),
        "tasks_parked": count(tasks, own_tasks, due, tasks.c.distill_parked),
        "lessons_due": lessons_due,
        "lessons_parked": count(lessons, own_lessons, lessons.c.status == "parked"),
        "lessons_settled": count(lessons, own_lessons, lessons.c.status != "pending"),
        "distill_error": greatest(tasks.c.distill_error, own_tasks, tasks.c.distill_parked),
        "write_error": greatest(lessons.c.reason, own_lessons, lessons.c.status == "parked"),
        "waits_because": sa.func.coalesce(
            greatest(tasks.c.distill_error, own_tasks, due, ~tasks.c.distill_parked),
            sa.case((lessons_due > 0, spaces.c.write_error)),
        ),
    }
