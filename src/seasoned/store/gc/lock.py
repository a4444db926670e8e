"""Keeps collectors and those who revive blobs apart, across processes.

The lock ends with its holder's process: on SQLite it is a lock on a file beside the database, on PostgreSQL one of the
session. So a holder that is merely slow keeps it, and one that died does not.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from seasoned.errors import Busy
from seasoned.store.postgres import DATABASE_ERRORS

# Any number, always the same, and not that of the migrations.
_LOCK = 7_275_733_262
_LOOK_SECONDS = 0.05

LockCheck = Callable[[], None]


class CollectorLock:
    """A lock that one holder in all processes of a database has at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextlib.contextmanager
    def held(self, seconds: float) -> Iterator[LockCheck]:
        """Hold it until the block ends; the value raises Busy once it is lost. Raises Busy when others hold it longer
        than `seconds`.
        """
        on_postgres = self._engine.dialect.name == "postgresql"
        with self._on_postgres(seconds) if on_postgres else self._on_sqlite(seconds) as check:
            yield check

    @contextlib.contextmanager
    def _on_sqlite(self, seconds: float) -> Iterator[LockCheck]:
        path = f"{self._engine.url.database}-collecting"
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(path, timeout=seconds, isolation_level=None, check_same_thread=False)) as held:
            try:
                held.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                raise _busy() from None
            yield lambda: None

    @contextlib.contextmanager
    def _on_postgres(self, seconds: float) -> Iterator[LockCheck]:
        deadline = time.monotonic() + seconds
        try:
            with self._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as held:

                def check() -> None:
                    held.execute(sa.select(1))

                while not held.execute(sa.select(sa.func.pg_try_advisory_lock(_LOCK))).scalar_one():
                    if time.monotonic() >= deadline:
                        raise _busy()
                    time.sleep(_LOOK_SECONDS)
                try:
                    yield check
                finally:
                    _let_go(held)
        except DATABASE_ERRORS as error:
            raise Busy("The database is unreachable; try again.") from error


def _let_go(held: Connection) -> None:
    # The lock belongs to the session: a connection that still has it must not go back to the pool.
    try:
        held.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))
    except DATABASE_ERRORS:
        held.invalidate()


def _busy() -> Busy:
    return Busy("Unreferenced files are being deleted; try again in a few seconds.")
