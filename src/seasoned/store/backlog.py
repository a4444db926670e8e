"""The backlog: what is due and since when, and what is parked. Read from the rows, within limits."""

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Select

from seasoned.clock import SECOND
from seasoned.config import Config
from seasoned.learning.accounting import Stage
from seasoned.store.schema import lessons, sessions, space_sessions, tasks
from seasoned.store.tasks import is_due

# The most rows counted per stage, oldest first, so that the count stays cheap.
LOOKED_AT_MAX = 10_000
# In the statement's text: SQLite does not see that a parameter fits a partial index.
_PENDING: sa.ColumnClause[str] = sa.literal_column("'pending'")
_PARKED: sa.ColumnClause[str] = sa.literal_column("'parked'")


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """Due work by stage, each counted up to LOOKED_AT_MAX. `oldest_at` is when the oldest became due, in microseconds;
    None if nothing is due. Work that waits for a retry is included, so an unavailable model shows here.
    """

    due: dict[Stage, int]
    parked: dict[Stage, int]
    oldest_at: int | None


def backlog(connection: Connection, config: Config, now: int) -> Backlog:
    """What is due at a moment, and what is parked."""
    since: dict[Stage, Select[int]] = {
        "extract": _reading(config),
        "distill": _distilling(),
        "write": _writing(),
    }
    due: dict[Stage, int] = {}
    oldest: list[int] = []
    for stage, found in since.items():
        waiting = found.limit(LOOKED_AT_MAX).subquery()
        count, first = connection.execute(
            sa.select(sa.func.count(), sa.func.min(waiting.c.since)).where(waiting.c.since <= now)
        ).one()
        due[stage] = count
        oldest += [first] if first is not None else []
    return Backlog(due=due, parked=_parked(connection), oldest_at=min(oldest, default=None))


def _reading(config: Config) -> Select[int]:
    """Since when sessions are due to be read, as in `due.readable_at`."""
    waiting = sessions.c.last_number - sessions.c.extracted_to
    at_once = sa.or_(
        sessions.c.flush_to > sessions.c.extracted_to,
        waiting >= config.batch_messages,
        sessions.c.chars_waiting >= config.batch_chars,
    )
    patience = sa.case(
        (at_once, 0),
        (sessions.c.turn_open, int(config.stalled_seconds * SECOND)),
        else_=int(config.quiet_seconds * SECOND),
    )
    ready = sa.func.coalesce(sessions.c.last_message_at, 0) + patience
    return (
        sa.select(ready.label("since"))
        .where(sessions.c.last_number > sessions.c.extracted_to, ~sessions.c.extract_parked)
        .order_by(sessions.c.id)
    )


def _distilling() -> Select[int]:
    ready = _later(tasks.c.ended_at, space_sessions.c.created_at)
    return (
        sa.select(ready.label("since"))
        .join(space_sessions, space_sessions.c.session_id == tasks.c.session_id)
        .where(is_due(), ~tasks.c.distill_parked)
        .order_by(tasks.c.session_id)
    )


def _writing() -> Select[int]:
    ready = _later(lessons.c.created_at, space_sessions.c.created_at)
    return (
        sa.select(ready.label("since"))
        .join(space_sessions, space_sessions.c.session_id == lessons.c.session_id)
        .where(lessons.c.status == _PENDING)
        # In the order of its index: SQLite would take another one for the order's sake.
    )


def _later(one: sa.ColumnElement[int], other: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.case((one > other, one), else_=other)


def _parked(connection: Connection) -> dict[Stage, int]:
    where: dict[Stage, tuple[sa.Table, sa.ColumnElement[bool]]] = {
        "extract": (sessions, sessions.c.extract_parked),
        "distill": (tasks, tasks.c.distill_parked),
        "write": (lessons, lessons.c.status == _PARKED),
    }
    return {
        stage: connection.execute(sa.select(sa.func.count()).select_from(table).where(condition)).scalar_one()
        for stage, (table, condition) in where.items()
    }
