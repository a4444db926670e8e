"""Wake-ups that commit with the rows that call for them, for a database that several processes work on.

On SQLite there is nothing to do: the one process that works looks at the rows after each commit. On PostgreSQL a
wake-up is a job of Procrastinate, put into its table in the rows' own transaction: at most one waits for each piece of
work (`queueing_lock`), and one runs at a time (`lock`). A job says nothing but where to look; what is due is in the
rows.

A job that waits already is not doubled but moved to the earlier moment, which also locks it: no worker can take it, and
look too early, before this transaction commits.
"""

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned import faults
from seasoned.clock import SECOND, Clock
from seasoned.config import Config
from seasoned.store import spaces
from seasoned.store.due import Due, session_work
from seasoned.store.rows import dump

QUEUE = "seasoned"
TASK = "seasoned.run"
CHANGED = "seasoned_changed"
# What Procrastinate's workers listen to.
_INSERTED = f"procrastinate_queue_v1#{QUEUE}"
_LOOK = '{"type": "job_inserted", "job_id": 0}'

_GIVE = sa.text(
    f"""
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
    SELECT '{QUEUE}', '{TASK}', 0, job ->> 0, job ->> 0, job -> 1, to_timestamp(CAST(job ->> 2 AS bigint) / 1000000.0)
    FROM jsonb_array_elements(CAST(:jobs AS jsonb)) AS job
    ON CONFLICT (queueing_lock) WHERE status = 'todo'
    DO UPDATE SET scheduled_at = EXCLUDED.scheduled_at
    WHERE procrastinate_jobs.scheduled_at > EXCLUDED.scheduled_at
    """  # noqa: S608 - only our own constants are put in
)
_NOTIFY = sa.text("SELECT pg_notify(:channel, :payload)")


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """Messages that a transaction appends to a session: what waited to be read before and after, in messages and
    characters.
    """

    session_id: str
    before: int
    after: int
    chars_before: int
    chars_after: int


class Wakeups:
    """Carries nothing: for a database whose only process looks at the rows itself."""

    def arrived(self, connection: Connection, arrivals: Iterable[Arrival]) -> None:
        """Messages were appended to sessions; SQLite never iterates over `arrivals`, so they cost nothing."""

    def session_changed(self, connection: Connection, session_id: str) -> None:
        """Something was committed that may make work of a session, its tasks or its space due, or not due any more."""

    def space_changed(self, connection: Connection, space_id: str) -> None:
        """Something was committed that may make writing to a space due."""

    def give(self, connection: Connection, due: Sequence[Due]) -> None:
        """Have these pieces of work looked at, each at its moment."""


class Jobs(Wakeups):
    """Puts wake-ups into Procrastinate's table, and tells the servers which wait for a change."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock

    def arrived(self, connection: Connection, arrivals: Iterable[Arrival]) -> None:
        quiet = self._clock.now() + int(self._config.quiet_seconds * SECOND)
        due = []
        for one in arrivals:
            if self._fills(one):
                due.append(Due("extract", one.session_id, 0))
            elif not one.before:
                due.append(Due("extract", one.session_id, quiet))
        self.give(connection, due)

    def _fills(self, one: Arrival) -> bool:
        """Whether a session has become full: later messages find it waking already."""
        config = self._config
        return (
            one.before < config.batch_messages <= one.after or one.chars_before < config.batch_chars <= one.chars_after
        )

    def session_changed(self, connection: Connection, session_id: str) -> None:
        due = session_work(connection, session_id, self._config)
        space_id = spaces.space_of_session(connection, session_id)
        if space_id is not None:
            due += self._writing(connection, space_id)
        self._tell(connection, due, space_id or session_id)

    def space_changed(self, connection: Connection, space_id: str) -> None:
        self._tell(connection, self._writing(connection, space_id), space_id)

    def _writing(self, connection: Connection, space_id: str) -> list[Due]:
        """The writer is always woken: what a transaction that commits now adds may be hidden from this one."""
        row = spaces.by_id(connection, space_id)
        return [] if row is None else [Due("write", space_id, row.write_retry_at)]

    def _tell(self, connection: Connection, due: Sequence[Due], changed: str) -> None:
        self.give(connection, due)
        connection.execute(_NOTIFY, {"channel": CHANGED, "payload": changed})

    def give(self, connection: Connection, due: Sequence[Due]) -> None:
        if not due:
            return
        faults.point("wake.before")
        # Always in one order, so that two transactions do not wait for each other; what is due now has moment 0.
        now = self._clock.now()
        earliest: dict[tuple[str, str], int] = {}
        for one in due:
            at = 0 if one.at <= now else one.at
            earliest[one.stage, one.key] = min(at, earliest.get((one.stage, one.key), at))
        jobs = [[f"{stage}:{key}", {"stage": stage, "key": key}, at] for (stage, key), at in sorted(earliest.items())]
        connection.execute(_GIVE, {"jobs": dump(jobs)})
        if 0 in earliest.values():
            connection.execute(_NOTIFY, {"channel": _INSERTED, "payload": _LOOK})
        faults.point("wake.after")
