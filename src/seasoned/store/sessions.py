"""Sessions: one agent run or conversation each, with the extractor's cursor."""

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import Conflict, NotFound, Superseded
from seasoned.ids import new_id
from seasoned.message import JsonObject
from seasoned.store import forgotten
from seasoned.store.gc import marks
from seasoned.store.rows import PageQuery, after_newest, columns, contains, page_of, to_rows
from seasoned.store.schema import lessons, messages, sessions, space_sessions, task_messages, tasks, users
from seasoned.task import FINISHED, TaskStatus

# From so many users on, and with so many of them for each session, the user changes from session to session.
CHANGING_USERS_MIN = 8
CHANGING_SHARE_MIN = 0.9


class SessionRow(msgspec.Struct, frozen=True, kw_only=False):
    """A session. `last_number` counts its messages; those after `extracted_to` wait to be read."""

    id: str
    project_id: str
    user_id: str | None
    configs: str | None
    disable_task_tracking: bool
    source: str
    outcome: str
    attempt_of: str | None
    last_number: int
    last_message_at: int | None
    turn_open: bool
    chars_waiting: int
    extracted_to: int
    extracted_at: int | None
    flush_to: int
    extract_attempts: int
    extract_retry_at: int
    extract_error: str
    extract_parked: bool
    created_at: int
    updated_at: int


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """What a session is created with."""

    id: str
    project_id: str
    user_id: str | None = None
    configs: str | None = None
    disable_task_tracking: bool = False
    import_key: str | None = None
    opening: str | None = None
    attempt_of: str | None = None
    source: str = ""
    outcome: str = ""


def create(connection: Connection, new: NewSession, now: int) -> SessionRow:
    """A new session. Raises Conflict when its id is taken."""
    if forgotten.some(connection, new.project_id, [new.id, new.import_key or ""]):
        raise Conflict("This session was forgotten, so it is not learned again; use another id.")
    if connection.execute(sa.select(sessions.c.id).where(sessions.c.id == new.id)).first():
        raise Conflict(f"The session id {new.id} is already in use; omit use_uuid to get a new one.")
    now = _next_time(connection, new.project_id, now)
    connection.execute(sa.insert(sessions).values(**msgspec.structs.asdict(new), created_at=now, updated_at=now))
    return get(connection, new.project_id, new.id)


def _next_time(connection: Connection, project_id: str, now: int) -> int:
    return after_newest(connection, sessions.c.project_id, project_id, now)


def find(connection: Connection, project_id: str, session_id: str) -> SessionRow | None:
    """The session, if the project has it."""
    where = (sessions.c.id == session_id) & (sessions.c.project_id == project_id)
    found = connection.execute(sa.select(*columns(SessionRow, sessions)).where(where)).all()
    return to_rows(SessionRow, found)[0] if found else None


def get(connection: Connection, project_id: str, session_id: str) -> SessionRow:
    """The session. Raises NotFound."""
    row = find(connection, project_id, session_id)
    if row is None:
        raise NotFound(f"There is no session {session_id} in this project.")
    return row


def by_id(connection: Connection, session_id: str) -> SessionRow | None:
    """The session of any project, for the stages, which work for all of them."""
    found = connection.execute(sa.select(*columns(SessionRow, sessions)).where(sessions.c.id == session_id)).all()
    return to_rows(SessionRow, found)[0] if found else None


def taken(connection: Connection, session_id: str) -> bool:
    """Whether any project has a session of this id."""
    return connection.execute(sa.select(sessions.c.id).where(sessions.c.id == session_id)).first() is not None


def by_import_key(connection: Connection, project_id: str, import_key: str) -> SessionRow | None:
    """The session that a transcript was imported into before."""
    where = (sessions.c.project_id == project_id) & (sessions.c.import_key == import_key)
    found = connection.execute(sa.select(*columns(SessionRow, sessions)).where(where)).all()
    return to_rows(SessionRow, found)[0] if found else None


def page(
    connection: Connection,
    project_id: str,
    query: PageQuery,
    *,
    user: str = "",
    configs: JsonObject | None = None,
    space: str = "",
) -> tuple[list[SessionRow], str | None]:
    """A page of the project's sessions, of one user, with some configs or of one space when asked."""
    where: list[sa.ColumnElement[bool]] = [sessions.c.project_id == project_id]
    if user:
        where.append(sessions.c.user_id == user_subquery(project_id, user))
    if configs:
        where.append(contains(connection, sessions.c.configs, configs))
    if space:
        where.append(
            sessions.c.id.in_(sa.select(space_sessions.c.session_id).where(space_sessions.c.space_id == space))
        )
    return page_of(connection, SessionRow, sessions, where, query)


def user_subquery(project_id: str, identifier: str) -> sa.ScalarSelect[str]:
    """The id of a user by identifier, inside another statement; NULL (which equals nothing) when unknown."""
    where = (users.c.project_id == project_id) & (users.c.identifier == identifier)
    return sa.select(users.c.id).where(where).scalar_subquery()


def delete(connection: Connection, project_id: str, session_id: str) -> None:
    """Remove a session with its messages, tasks, lessons and link. Raises NotFound."""
    where = (sessions.c.id == session_id) & (sessions.c.project_id == project_id)
    if connection.execute(sa.delete(sessions).where(where)).rowcount != 1:
        raise NotFound(f"There is no session {session_id} in this project.")


def set_configs(connection: Connection, project_id: str, session_id: str, configs: str | None, now: int) -> None:
    """Give a session other configs. Raises NotFound."""
    where = (sessions.c.id == session_id) & (sessions.c.project_id == project_id)
    if connection.execute(sa.update(sessions).where(where).values(configs=configs, updated_at=now)).rowcount != 1:
        raise NotFound(f"There is no session {session_id} in this project.")


def counts_by_status(connection: Connection, session_id: str) -> dict[str, int]:
    """How many messages of a session are in each state."""
    statement = (
        sa.select(messages.c.status, sa.func.count())
        .where(messages.c.session_id == session_id)
        .group_by(messages.c.status)
    )
    return {row[0]: int(row[1]) for row in connection.execute(statement)}


def copy(connection: Connection, row: SessionRow, now: int) -> str:
    """A session like another, with its messages and tasks in their order; the id of the copy.

    Nothing of the copy is due: its messages are learned from where they were said first. Only when no learning space
    has that session, the copy's finished tasks wait for a space of its own.
    """
    copy_id, now = new_id(), _next_time(connection, row.project_id, now)
    kept = {
        name: getattr(row, name) for name in ("project_id", "user_id", "configs", "disable_task_tracking", "source")
    }
    connection.execute(
        sa.insert(sessions).values(
            id=copy_id,
            **kept,
            outcome=row.outcome,
            last_number=row.last_number,
            last_message_at=row.last_message_at,
            turn_open=row.turn_open,
            extracted_to=row.last_number,
            created_at=now,
            updated_at=now,
        )
    )
    copied = _copy_messages(connection, row.id, copy_id, now)
    last = next(reversed(copied.values()), None)
    connection.execute(sa.update(sessions).where(sessions.c.id == copy_id).values(last_message_id=last))
    linked = sa.select(space_sessions.c.id).where(space_sessions.c.session_id == row.id)
    made = _copy_tasks(connection, row.id, copy_id, now, learned=connection.execute(linked).first() is not None)
    links = connection.execute(sa.select(task_messages).where(task_messages.c.task_id.in_(list(made)))).all()
    rows = [{"task_id": made[task], "message_id": copied[message], "number": n} for task, message, n in links]
    if rows:
        connection.execute(sa.insert(task_messages), rows)
    return copy_id


def _copy_messages(connection: Connection, from_id: str, to_id: str, now: int) -> dict[str, str]:
    """Copy a session's messages; the id of each copy in order, by that of what it copies."""
    statement = sa.select(messages).where(messages.c.session_id == from_id).order_by(messages.c.number)
    new: dict[str, str] = {}
    rows = []
    for place, found in enumerate(connection.execute(statement).mappings()):
        new[found["id"]] = new_id()
        moved = {"id": new[found["id"]], "session_id": to_id, "parent_id": new.get(found["parent_id"] or "")}
        status = "disable_tracking" if found["status"] == "disable_tracking" else "pending"
        times = {"created_at": now + place, "updated_at": now + place}
        rows.append({**found, **moved, **times, "task_id": None, "status": status})
    if rows:
        connection.execute(sa.insert(messages), rows)
        marks.copy_names(connection, new)
    return new


def _copy_tasks(connection: Connection, from_id: str, to_id: str, now: int, *, learned: bool) -> dict[str, str]:
    """Copy a session's tasks; the id of each copy by that of what it copies."""
    statement = sa.select(tasks).where(tasks.c.session_id == from_id).order_by(tasks.c.position)
    every = connection.execute(statement).mappings().all()
    new = {found["id"]: new_id() for found in every}
    rows = [
        {**found, "id": new[found["id"]], "session_id": to_id}
        | {"distilled_revision": found["revision" if learned else "distilled_revision"]}
        | {"created_at": now + found["position"], "updated_at": now}
        for found in every
    ]
    if rows:
        connection.execute(sa.insert(tasks), rows)
    return new


def attempts_before(connection: Connection, space_id: str, row: SessionRow, limit: int) -> list[tuple[str, TaskStatus]]:
    """The newest sessions of a space before this one that attempted the same and ended, with their told outcomes."""
    place = sa.select(space_sessions.c.position).where(
        space_sessions.c.space_id == space_id, space_sessions.c.session_id == row.id
    )
    statement = (
        sa.select(sessions.c.id, sessions.c.outcome)
        .join(space_sessions, space_sessions.c.session_id == sessions.c.id)
        .where(space_sessions.c.space_id == space_id, space_sessions.c.position < place.scalar_subquery())
        .where(sessions.c.attempt_of == row.attempt_of, sessions.c.outcome.in_(sorted(FINISHED)))
        .order_by(space_sessions.c.position.desc())
        .limit(limit)
    )
    return [(key, "success" if outcome == "success" else "failed") for key, outcome in connection.execute(statement)]


def request_flush(connection: Connection, project_id: str, session_id: str) -> SessionRow:
    """Have all messages so far read at once; retries a parked session. Raises NotFound."""
    row = get(connection, project_id, session_id)
    _unpark(connection, session_id)
    _pass_copied(connection, row)
    if row.last_number > row.extracted_to:
        values: dict[str, object] = {"flush_to": sessions.c.last_number}
        if row.extract_parked:
            values |= {"extract_parked": False, "extract_attempts": 0}
        connection.execute(sa.update(sessions).where(sessions.c.id == session_id).values(**values, extract_retry_at=0))
    return get(connection, project_id, session_id)


def mark_copied(connection: Connection, session_id: str, count: int, chars: int) -> None:
    """The first messages of a new session count as read: they are learned from where they were said first."""
    values = {"extracted_to": count, "chars_waiting": sessions.c.chars_waiting - chars}
    connection.execute(sa.update(sessions).where(sessions.c.id == session_id).values(**values))


def _pass_copied(connection: Connection, row: SessionRow) -> None:
    """When a copy is read for the first time, the messages that it came with count as read: they never are."""
    if row.extracted_to and row.extracted_at is None:
        copied = (messages.c.session_id == row.id) & (messages.c.number <= row.extracted_to)
        connection.execute(sa.update(messages).where(copied, messages.c.status == "pending").values(status="success"))


def _unpark(connection: Connection, session_id: str) -> None:
    """Retry what is parked in a session."""
    again = {"distill_parked": False, "distill_attempts": 0, "distill_retry_at": 0}
    connection.execute(sa.update(tasks).where(tasks.c.session_id == session_id, tasks.c.distill_parked).values(**again))
    parked = (lessons.c.session_id == session_id) & (lessons.c.status == "parked")
    once_more = {"status": "pending", "reason": "", "space_id": None, "space_number": None, "settled_at": None}
    connection.execute(sa.update(lessons).where(parked).values(**once_more))


def advance(connection: Connection, row: SessionRow, to: int, chars: int, now: int) -> None:
    """Move the extractor's cursor from where `row` saw it. Raises Superseded when another run moved it first."""
    _pass_copied(connection, row)
    where = (sessions.c.id == row.id) & (sessions.c.extracted_to == row.extracted_to)
    changed = connection.execute(
        sa.update(sessions)
        .where(where)
        .values(
            extracted_to=to,
            extracted_at=now,
            chars_waiting=sa.case((sessions.c.chars_waiting > chars, sessions.c.chars_waiting - chars), else_=0),
            extract_attempts=0,
            extract_retry_at=0,
            extract_error="",
            # Another run may have given up on it meanwhile.
            extract_parked=False,
            updated_at=now,
        )
    )
    if changed.rowcount != 1:
        raise Superseded(f"Session {row.id} was already read by another run.")
    connection.execute(
        sa.update(messages)
        .where(messages.c.session_id == row.id, messages.c.number > row.extracted_to, messages.c.number <= to)
        .values(status="success", updated_at=now)
    )


def change_users(connection: Connection, space_id: str) -> bool:
    """Whether nearly each of a space's sessions is of another user, as where an agent serves customers."""
    statement = (
        sa.select(sa.func.count(), sa.func.count(sa.distinct(sessions.c.user_id)))
        .select_from(space_sessions.join(sessions, sessions.c.id == space_sessions.c.session_id))
        .where(space_sessions.c.space_id == space_id, sessions.c.user_id.is_not(None))
    )
    every, users_of_them = connection.execute(statement).one()
    return users_of_them >= CHANGING_USERS_MIN and users_of_them >= CHANGING_SHARE_MIN * every


def note_waiting(connection: Connection, session_id: str, reason: str, retry_at: int) -> None:
    """Record why reading waits, and until when; it does not count as a failure."""
    where = (sessions.c.id == session_id) & (sessions.c.last_number > sessions.c.extracted_to)
    connection.execute(sa.update(sessions).where(where).values(extract_error=reason, extract_retry_at=retry_at))


def note_failure(connection: Connection, row: SessionRow, reason: str, retry_at: int, parked: bool) -> None:
    """Record that reading failed, unless the session has advanced since."""
    where = (sessions.c.id == row.id) & (sessions.c.extracted_to == row.extracted_to)
    connection.execute(
        sa.update(sessions)
        .where(where)
        .values(
            extract_attempts=sessions.c.extract_attempts + 1,
            extract_retry_at=retry_at,
            extract_error=reason,
            extract_parked=parked,
        )
    )
