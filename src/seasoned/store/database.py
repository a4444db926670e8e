"""Opening a home's database, reading from it, and writing through its one writer thread."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import AdaptedConnection, DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from seasoned.clock import Clock, SystemClock
from seasoned.config import Config
from seasoned.errors import Invalid, SeasonedError
from seasoned.store.blobs import FolderBlobs
from seasoned.store.migrate import upgrade
from seasoned.store.rows import json_contains
from seasoned.store.writer import Writer

T = TypeVar("T")
Item = TypeVar("Item")

DATABASE_FILE = "seasoned.db"
BUSY_SECONDS = 60
READERS = 4


class Store:
    """A home's database and blobs. Open it with `Store.open`, close it when done."""

    def __init__(self, engine: Engine, blobs: FolderBlobs, clock: Clock, write_queue: int) -> None:
        self.clock = clock
        self.blobs = blobs
        self._readers = engine
        self._writing = engine.execution_options(seasoned_write=True)
        self._writer = Writer(self._writing, write_queue)

    @classmethod
    def open(cls, config: Config, clock: Clock | None = None) -> "Store":
        """Open the home folder's store, making or migrating it when needed.

        Several processes may open one home at the same time; the first migrates, the others wait for it.
        """
        home = config.home_path
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            engine = sqlite_engine(home / DATABASE_FILE)
        except OSError as error:
            raise Invalid(f"The home {home} cannot be used ({error.strerror}); choose another with --home.") from None
        try:
            upgrade(engine.execution_options(seasoned_write=True))
        except sa.exc.DatabaseError as error:
            engine.dispose()
            reason = str(error.orig)
            raise Invalid(f"{home / DATABASE_FILE} cannot be opened ({reason}); restore it from a backup.") from None
        return cls(engine, FolderBlobs(home / "blobs"), clock or SystemClock(), config.write_queue)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction; its result once that is on the disk."""
        return await self._writer.submit(work)

    async def write_grouped(
        self, group: Callable[[Connection, Sequence[Item]], Sequence[T | SeasonedError]], item: Item
    ) -> T:
        """Write an item together with others of its kind that wait; its result, or the error answered for it."""
        return await self._writer.submit_to_group(group, item)  # type: ignore[arg-type]

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a consistent view of what is committed."""
        return await asyncio.to_thread(self.read_now, work)

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """Like read, in the calling thread."""
        with self._readers.connect() as connection, connection.begin():
            return work(connection)

    def close(self) -> None:
        """Finish the waiting writes and close every connection."""
        self._writer.close()
        self._readers.dispose()


def sqlite_engine(path: Path) -> Engine:
    # The database holds people's histories: only its owner may read it.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        # Messages are people's words: they do not belong into errors and logs.
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        poolclass=sa.QueuePool,
        pool_size=READERS + 1,
        max_overflow=READERS,
    )
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_connection(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # sqlite3's own transaction handling would commit before DDL; we say BEGIN ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "wal_autocheckpoint=4000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    _add_function(connection)


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: a transaction that began as a reader could not wait for it.
    writes = connection.get_execution_options().get("seasoned_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _add_function(connection: DBAPIConnection) -> None:
    driver = connection.driver_connection if isinstance(connection, AdaptedConnection) else connection
    if isinstance(driver, sqlite3.Connection):
        driver.create_function("seasoned_contains", 2, json_contains, deterministic=True)
