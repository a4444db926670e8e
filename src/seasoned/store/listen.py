"""Notifications of other processes' commits, through PostgreSQL's LISTEN and NOTIFY."""

from __future__ import annotations

import asyncio
import logging

import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.store.postgres import libpq_url
from seasoned.store.wakeups import CHANGED

log = logging.getLogger(__name__)

RETRY_SECONDS = (0.2, 10.0)
# An arbitrary constant: the holder of this lock sweeps.
_SWEEP_LOCK = 7_275_733_262


class Changes:
    """Sets an event at each change. While the database is unavailable there are no events, so waiters also poll."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._changed = asyncio.Event()

    def next(self) -> asyncio.Event:
        """An event that is set at the next change. Take it before looking at the rows."""
        return self._changed

    async def listen_for_ever(self) -> None:
        """Listen until cancelled; a lost connection is made again."""
        from psycopg import Error  # noqa: PLC0415 - an extra

        from seasoned.store.slow_poll import SlowPollConnection  # noqa: PLC0415 - needs the extra

        wait = RETRY_SECONDS[0]
        while True:
            try:
                async with await SlowPollConnection.connect(libpq_url(self._url), autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANGED}")
                    wait = RETRY_SECONDS[0]
                    self._tell()
                    async for _ in connection.notifies():
                        self._tell()
            except (Error, OSError) as error:
                log.warning("changes of other processes are not heard now", extra={"error": type(error).__name__})
            await asyncio.sleep(wait)
            wait = min(wait * 2, RETRY_SECONDS[1])

    def _tell(self) -> None:
        told, self._changed = self._changed, asyncio.Event()
        told.set()


def alone(connection: Connection) -> bool:
    """Whether no other transaction sweeps now; the lock is kept until this one ends."""
    return bool(connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_SWEEP_LOCK))).scalar())
