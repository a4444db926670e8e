"""Computes what is due from the rows, so that a wake-up may be lost or delivered twice."""

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.clock import SECOND
from seasoned.config import Config
from seasoned.learning.accounting import Stage
from seasoned.store import lessons as lessons_store
from seasoned.store import spaces as spaces_store
from seasoned.store.schema import lessons, sessions, space_sessions, spaces, tasks
from seasoned.store.sessions import SessionRow
from seasoned.store.tasks import is_due


class Due(msgspec.Struct, frozen=True):
    """A piece of work and when it may start: a session to read, a task to distill or a space to write."""

    stage: Stage
    key: str
    at: int


def readable_at(row: SessionRow, config: Config) -> int | None:
    """When a session's unread messages are due; None if there are none or it is parked."""
    if row.last_number <= row.extracted_to or row.extract_parked:
        return None
    waiting = row.last_number - row.extracted_to
    full = waiting >= config.batch_messages or row.chars_waiting >= config.batch_chars
    if row.flush_to > row.extracted_to or full:
        return row.extract_retry_at
    patience = config.stalled_seconds if row.turn_open else config.quiet_seconds
    return max(row.extract_retry_at, (row.last_message_at or 0) + int(patience * SECOND))


_UNREAD = (
    sa.select(*(sessions.c[name] for name in SessionRow.__struct_fields__))
    .where(sessions.c.last_number > sessions.c.extracted_to, ~sessions.c.extract_parked)
    .order_by(sessions.c.created_at, sessions.c.id)
)
_UNDISTILLED = (
    sa.select(tasks.c.id, tasks.c.distill_retry_at)
    .join(space_sessions, space_sessions.c.session_id == tasks.c.session_id)
    .where(is_due(), ~tasks.c.distill_parked)
    .order_by(space_sessions.c.space_id, space_sessions.c.position, tasks.c.position)
)


def piece(connection: Connection, stage: Stage, key: str, config: Config) -> list[Due]:
    """Whether one piece of work is due, now or later."""
    if stage == "write":
        return space_work(connection, key)
    if stage == "distill":
        return _distilling(connection, tasks.c.id == key)
    return _reading(connection, config, sessions.c.id == key)


def session_work(connection: Connection, session_id: str, config: Config) -> list[Due]:
    """What is due for one session: reading it, distilling its tasks."""
    return [
        *_reading(connection, config, sessions.c.id == session_id),
        *_distilling(connection, tasks.c.session_id == session_id),
    ]


def space_work(connection: Connection, space_id: str) -> list[Due]:
    """Whether a space has lessons that may be written now, in their order."""
    row = spaces_store.by_id(connection, space_id)
    if row is None or not lessons_store.next_in_space(connection, space_id, 1):
        return []
    return [Due("write", space_id, row.write_retry_at)]


def all_work(connection: Connection, config: Config, limit: int) -> list[Due]:
    """All due work of every project, at most `limit` pieces per stage; the rest follows when these are done."""
    return [
        *_reading(connection, config, sa.true(), limit),
        *_distilling(connection, sa.true(), limit),
        *_writing(connection, limit),
    ]


def _reading(
    connection: Connection, config: Config, where: sa.ColumnElement[bool], limit: int | None = None
) -> list[Due]:
    due = []
    for found in connection.execute(_UNREAD.where(where).limit(limit)):
        row = SessionRow(*found)
        at = readable_at(row, config)
        if at is not None:
            due.append(Due("extract", row.id, at))
    return due


def _distilling(connection: Connection, where: sa.ColumnElement[bool], limit: int | None = None) -> list[Due]:
    return [Due("distill", row[0], row[1]) for row in connection.execute(_UNDISTILLED.where(where).limit(limit))]


def _writing(connection: Connection, limit: int) -> list[Due]:
    statement = (
        sa.select(spaces.c.id, sa.func.max(spaces.c.write_retry_at))
        .join(space_sessions, space_sessions.c.space_id == spaces.c.id)
        .join(lessons, lessons.c.session_id == space_sessions.c.session_id)
        .where(lessons.c.status == "pending")
        .group_by(spaces.c.id)
        .limit(limit)
    )
    return [Due("write", row[0], row[1]) for row in connection.execute(statement)]
