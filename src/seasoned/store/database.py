"""Opening a home's database, reading from it, and writing through its one writer thread."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import AdaptedConnection, DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from seasoned import faults
from seasoned.clock import Clock, SystemClock
from seasoned.config import Config
from seasoned.errors import Busy, Invalid, NoHome, SeasonedError
from seasoned.store import damage, search
from seasoned.store.blob_store import BlobStore
from seasoned.store.blobs import blobs_at
from seasoned.store.catching_up import Indexer
from seasoned.store.gc.blobs import ManagedBlobs
from seasoned.store.gc.lock import CollectorLock
from seasoned.store.migrate import upgrade
from seasoned.store.postgres import (
    DATABASE_ERRORS,
    CommitInDoubt,
    is_away,
    lost_a_race,
    lost_connection,
    postgres_engine,
    shown,
    transaction,
)
from seasoned.store.rows import json_contains
from seasoned.store.turns import TurnConnection
from seasoned.store.wakeups import Jobs, Wakeups
from seasoned.store.writer import Writer, translated

T = TypeVar("T")
Item = TypeVar("Item")

DATABASE_FILE = "seasoned.db"
BUSY_SECONDS = 60
READERS = 8
RACES_MAX = 8


class Store:
    """A home's database and blobs. Open it with `Store.open`, close it when done."""

    def __init__(
        self, engine: Engine, blobs: BlobStore, clock: Clock, write_queue: int, wakeups: Wakeups | None = None
    ) -> None:
        self.clock = clock
        self.blobs = ManagedBlobs(blobs, self, CollectorLock(engine))
        self.wakeups = wakeups or Wakeups()
        # On SQLite, `begin` is ours and says what a transaction is for; only PostgreSQL has a name for it.
        self._readers = engine.execution_options(postgresql_readonly=True)
        self._writing = engine.execution_options(seasoned_write=True)
        self._damage = damage.Watch(engine)
        self._reading = ThreadPoolExecutor(READERS, thread_name_prefix="seasoned-reader")
        self._writer = Writer(self._writing, write_queue)
        self.index = Indexer(self)

    @classmethod
    def open(cls, config: Config, clock: Clock | None = None, *, make: bool = True) -> "Store":
        """Open the home folder's store, making or migrating it when needed.

        Several processes may open one home at the same time; the first migrates, the others wait for it. Raises NoHome
        where there is none, unless one is to be made.
        """
        home = config.home_path
        if not make and not config.database and not (home / DATABASE_FILE).exists():
            raise no_home(config)
        try:
            if make:
                home.mkdir(parents=True, exist_ok=True, mode=0o700)
            engine = postgres_engine(config.database) if config.database else sqlite_engine(home / DATABASE_FILE)
        except OSError as error:
            raise Invalid(f"The home {home} cannot be used ({error.strerror}); choose another with --home.") from None
        try:
            blobs = blobs_at(config.blobs, home)
            if not upgrade(engine.execution_options(seasoned_write=True), make=make):
                raise no_home(config)
            moments = clock or SystemClock()
            wakeups = Jobs(config, moments) if config.database else Wakeups()
            return cls(engine, blobs, moments, config.write_queue, wakeups)
        except sa.exc.DatabaseError as error:
            engine.dispose()
            raise _cannot_be_opened(config, error) from None
        except (Invalid, NoHome):
            engine.dispose()
            raise

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction; its result once that is durable."""
        return await self._writer.submit(work)

    async def write_grouped(
        self, group: Callable[[Connection, Sequence[Item]], Sequence[T | SeasonedError]], item: Item
    ) -> T:
        """Write an item together with others of its kind that wait; its result, or the error answered for it."""
        return await self._writer.submit_to_group(group, item)  # type: ignore[arg-type]

    @property
    def writes_waiting(self) -> int:
        """How many writes are queued."""
        return self._writer.waiting

    @property
    def has_met_damage(self) -> bool:
        """Whether any statement has found damage since the database was opened."""
        return self._damage.has_met

    @property
    def longest_write_seconds(self) -> float:
        """The longest transaction of this process's writer."""
        return self._writer.longest_seconds

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a consistent snapshot."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, self.read_now, work)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection with one snapshot until the block ends; for long work in a separate thread.

        Raises DatabaseDamaged.
        """
        try:
            with self._readers.connect() as connection, connection.begin():
                yield connection
        except sa.exc.DBAPIError as error:
            if damage.is_met(error):
                raise damage.damaged() from error
            raise

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction outside the writer, committed at the end; for commands that run alone."""
        with self._writing.connect() as connection, transaction(connection):
            yield connection

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction beside the writer's, from any thread but the writer's; its result once that is on
        the disk. Like the writer it is run again when it lost a race, or its connection before it was committed.
        Raises Busy, StorageFull.
        """
        tries = 0
        while True:
            tries += 1
            try:
                with self.writing() as connection:
                    result = work(connection)
                    faults.point("commit.before")
            except (*DATABASE_ERRORS, CommitInDoubt) as error:
                if tries < RACES_MAX and (lost_a_race(error) or lost_connection(error)):
                    continue
                if lost_a_race(error):
                    raise Busy("Too much contention on these rows; try again in a second.") from error
                raise translated(error) from error
            faults.point("commit.after")
            return result

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """Like read, in the calling thread. On a connection that turns out to have ended it is run once more, on a
        fresh one. Raises Busy when a database server cannot be reached.
        """
        try:
            return self._read_once(work)
        except Busy as error:
            if error.__cause__ is None or not lost_connection(error.__cause__):
                raise
        return self._read_once(work)

    def _read_once(self, work: Callable[[Connection], T]) -> T:
        try:
            with self.reading() as connection:
                return work(connection)
        except DATABASE_ERRORS as error:
            if is_away(error):
                raise Busy("The database is unreachable or too busy; try again.") from error
            raise

    def scrub(self) -> None:
        """Rewrite SQLite's file without the space of what was deleted, and its log; slow. PostgreSQL does the like on
        its own. Raises Busy, StorageFull.
        """
        if self._writing.dialect.name != "sqlite":
            return
        raw = self._writing.raw_connection()
        try:
            cursor = raw.cursor()
            # The index keeps what was deleted until its parts are merged.
            for table in search.TABLES:
                cursor.execute(f"INSERT INTO {table}_fts ({table}_fts) VALUES ('optimize')")  # noqa: S608 - names of ours
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.close()
        except sqlite3.OperationalError as error:
            raise translated(error) from error
        finally:
            raw.close()

    def close(self) -> None:
        """Finish the writes and reads under way and close every connection."""
        # What runs there reads and writes rows.
        self.blobs.close()
        self._writer.close()
        self._reading.shutdown(wait=True, cancel_futures=True)
        self._readers.dispose()


def no_home(config: Config) -> NoHome:
    """The error for reading a home that does not exist."""
    if config.database:
        return NoHome(f"{shown(config.database)} holds nothing of Seasoned yet; `seasoned serve` makes its tables.")
    where = f"There is no home in {config.home_path} yet"
    return NoHome(f"{where}; name another with --home, or make one with `seasoned learn PATH`.")


def _cannot_be_opened(config: Config, error: sa.exc.DatabaseError) -> Invalid:
    if config.database:
        return Invalid(f"{shown(config.database)} cannot be opened ({error.orig}); look at SEASONED_DATABASE.")
    return Invalid(f"{config.home_path / DATABASE_FILE} cannot be opened ({error.orig}); restore it from a backup.")


def sqlite_engine(path: Path) -> Engine:
    # The database contains private data: only its owner may read it.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        # Message text is private: it must not appear in errors and logs.
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "factory": TurnConnection},
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
    if not connection.get_execution_options().get("seasoned_write", False):
        connection.exec_driver_sql("BEGIN")
        return
    driver = connection.connection.driver_connection
    if not isinstance(driver, TurnConnection):
        raise TypeError(driver)
    driver.turn.take()
    try:
        # A writer takes the lock at once: a transaction that began as a reader could not wait for it.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except sa.exc.DBAPIError:
        driver.turn.give()
        raise


def _add_function(connection: DBAPIConnection) -> None:
    driver = connection.driver_connection if isinstance(connection, AdaptedConnection) else connection
    if isinstance(driver, sqlite3.Connection):
        driver.create_function("seasoned_contains", 2, json_contains, deterministic=True)
