"""Which workers on PostgreSQL are alive, and which jobs are abandoned.

A worker has a row in Procrastinate's table, and its session holds an advisory lock, which is released when its process
ends; a slow worker keeps it. A worker that lost its connection has lost the lock but is alive, so its last heartbeat
counts until it has reconnected. If its row was deleted, its running jobs are orphaned: it inserts the row again and
reclaims them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, LiteralString

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.store.postgres import libpq_url
from seasoned.store.wakeups import QUEUE

if TYPE_CHECKING:
    from collections.abc import Collection

    from seasoned.store.slow_poll import SlowPollConnection

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2.0
# After this long without a heartbeat, a worker without its lock is dead, and one with it hangs.
STALLED_SECONDS = 10.0
HUNG_SECONDS = 300.0
ANSWER_SECONDS = 10.0
RETRY_SECONDS = (0.1, 2.0)
# Any number, always the same: with the worker's id beside it, which is another kind of lock than one number alone.
_WORKERS = 7_275_733

# So that the server soon ends the session of a machine that has vanished.
_KEEPALIVE: tuple[LiteralString, ...] = (
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 2",
    "SET tcp_keepalives_count = 3",
)
_REGISTER: LiteralString = "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id"
_LOCK: LiteralString = "SELECT pg_try_advisory_lock(%(space)s, CAST(%(id)s %% 2147483647 AS int))"
_BEAT: LiteralString = """
    WITH me AS (
        INSERT INTO procrastinate_workers (id, last_heartbeat) OVERRIDING SYSTEM VALUE VALUES (%(id)s, now())
        ON CONFLICT (id) DO UPDATE SET last_heartbeat = EXCLUDED.last_heartbeat
        RETURNING id
    )
    UPDATE procrastinate_jobs SET worker_id = me.id FROM me
    WHERE procrastinate_jobs.id = ANY(%(running)s) AND status = 'doing' AND worker_id IS NULL
    """
_END: LiteralString = "DELETE FROM procrastinate_jobs WHERE id = ANY(%(ended)s) AND status = 'doing'"
_LEAVE: LiteralString = "DELETE FROM procrastinate_workers WHERE id = %(id)s"

_LIVES = f"""(
    worker.last_heartbeat > now() - interval '{STALLED_SECONDS} s'
    OR (worker.last_heartbeat > now() - interval '{HUNG_SECONDS} s' AND EXISTS (
        SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE datname = current_database() AND locktype = 'advisory' AND granted
        AND classid = {_WORKERS} AND objid = worker.id % 2147483647 AND objsubid = 2
    )))"""
_HEARTBEAT = sa.text(
    f"""
    SELECT CAST(extract(epoch FROM now() - max(last_heartbeat)) * 1000000 AS bigint), coalesce(bool_or({_LIVES}), false)
    FROM procrastinate_workers AS worker
    """  # noqa: S608 - only our own constants are put in
)
_ABANDONED = sa.text(
    f"""
    SELECT job.id, job.args ->> 'stage' AS stage, job.args ->> 'key' AS key,
        CASE WHEN worker.id IS NULL THEN 'orphan' WHEN worker.id = :me THEN 'lost' ELSE 'dead' END AS why
    FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
    WHERE job.status = 'doing' AND job.queue_name = '{QUEUE}' AND job.id <> ALL(:running)
    AND (worker.id IS NULL OR worker.id = :me OR NOT {_LIVES})
    """  # noqa: S608 - only our own constants are put in
).columns(sa.column("id", sa.BigInteger), sa.column("stage"), sa.column("key"), sa.column("why"))
_TAKE = sa.text("DELETE FROM procrastinate_jobs WHERE id = ANY(:ids) AND status = 'doing' RETURNING id")
_BURY = sa.text(
    f"""
    DELETE FROM procrastinate_workers AS worker WHERE NOT {_LIVES}
    AND NOT EXISTS (SELECT FROM procrastinate_jobs AS job WHERE job.worker_id = worker.id AND job.status = 'doing')
    """  # noqa: S608 - only our own constants are put in
)


class AbandonedJob(msgspec.Struct, frozen=True):
    """A job marked as running that no worker runs: its worker is dead or missing (`orphan`), or it is this worker,
    which does not run it (`lost`).
    """

    id: int
    stage: str
    key: str
    why: str


def heartbeat(connection: Connection) -> tuple[int | None, bool]:
    """The age of the last heartbeat of any worker, in microseconds, and whether one is alive."""
    age, lives = connection.execute(_HEARTBEAT).one()
    return age, lives


def abandoned_jobs(connection: Connection, me: int, running: Collection[int]) -> list[AbandonedJob]:
    """The jobs that seem abandoned now. `running` are those of the calling worker.

    Wait before taking one over: its worker may reclaim an orphan, and a lost one may still be on its way here.
    """
    return [AbandonedJob(*row) for row in connection.execute(_ABANDONED, {"me": me, "running": list(running)})]


def take_back(connection: Connection, me: int, running: Collection[int], ids: Collection[int]) -> list[AbandonedJob]:
    """Delete those of some jobs that are still abandoned; the deleted jobs."""
    wanted = [job for job in abandoned_jobs(connection, me, running) if job.id in ids]
    gone = set(connection.execute(_TAKE, {"ids": [job.id for job in wanted]}).scalars())
    return [job for job in wanted if job.id in gone]


def forget_the_dead(connection: Connection) -> None:
    """Delete the rows of dead workers whose jobs have been taken back."""
    connection.execute(_BURY)


class Registration:
    """This process's worker in the table of workers: kept there, with the jobs that it runs.

    `running` are the jobs that it has fetched; `ended` those whose end could not be told yet. `returned` is set
    whenever a lost connection is there again.
    """

    def __init__(self, url: str, returned: asyncio.Event) -> None:
        self.id = 0
        self.running: set[int] = set()
        self.ended: set[int] = set()
        self._url = libpq_url(url)
        self._returned = returned
        self._registered = asyncio.Event()

    async def registered(self) -> int:
        """The worker's id, once it has one."""
        await self._registered.wait()
        return self.id

    async def keep(self) -> None:
        """Register, and send heartbeats until cancelled; reconnects if needed."""
        from psycopg import Error  # noqa: PLC0415 - an extra

        wait, away = RETRY_SECONDS[0], False
        while True:
            beats = 0
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    session = await self._connected()
                async with session:
                    locked = False
                    while True:
                        async with asyncio.timeout(ANSWER_SECONDS):
                            locked = await self._beat(session, locked=locked)
                        beats += 1
                        if away:
                            self._returned.set()
                            away = False
                        await asyncio.sleep(HEARTBEAT_SECONDS)
            except (Error, OSError, TimeoutError) as error:
                log.warning("the worker cannot say now that it lives", extra={"error": type(error).__name__})
            away = True
            wait = RETRY_SECONDS[0] if beats else min(wait * 2, RETRY_SECONDS[1])
            await asyncio.sleep(wait)

    async def leave(self) -> None:
        """Delete its row, after `keep` has ended. If the database is unavailable, others do it later."""
        from psycopg import Error  # noqa: PLC0415 - an extra

        if not self.id:
            return
        with contextlib.suppress(Error, OSError, TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS), await self._connected() as session:
                await session.execute(_END, {"ended": list(self.ended)})
                await session.execute(_LEAVE, {"id": self.id})

    async def _connected(self) -> SlowPollConnection:
        from seasoned.store.slow_poll import SlowPollConnection  # noqa: PLC0415 - needs the extra

        session = await SlowPollConnection.connect(self._url, autocommit=True, connect_timeout=int(ANSWER_SECONDS))
        async with contextlib.AsyncExitStack() as closing:
            # Also when this is cancelled in between.
            await closing.enter_async_context(session)
            for statement in _KEEPALIVE:
                await session.execute(statement)
            closing.pop_all()
        return session

    async def _beat(self, session: SlowPollConnection, *, locked: bool) -> bool:
        """Send a heartbeat; whether this session holds the worker's lock, which its previous session may still hold."""
        if not self.id:
            row = await (await session.execute(_REGISTER)).fetchone()
            self.id = int(row[0]) if row else 0
        ended = list(self.ended)
        await session.execute(_BEAT, {"id": self.id, "running": list(self.running)})
        if ended:
            await session.execute(_END, {"ended": ended})
            self.ended.difference_update(ended)
        if not locked:
            row = await (await session.execute(_LOCK, {"space": _WORKERS, "id": self.id})).fetchone()
            locked = bool(row and row[0])
        self._registered.set()
        return locked
