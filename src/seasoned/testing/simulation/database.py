"""Where a simulation keeps its rows: a database that is empty at the start of each run.

SQLite comes from a template that is migrated once; PostgreSQL gets a database of its own, emptied before each run. All
simulated processes share one pool, so that statements are compiled once for all runs. Nothing is flushed to the disk:
what a power cut would lose is not what is looked for here.
"""

import shutil
import uuid
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from seasoned.clock import Clock
from seasoned.config import Config
from seasoned.store import Store
from seasoned.store.blobs import BLOBS_FOLDER, FolderBlobs
from seasoned.store.database import DATABASE_FILE, sqlite_engine
from seasoned.store.postgres import postgres_engine
from seasoned.store.schema import metadata
from seasoned.testing.faults import watch_statements


class Database(Protocol):
    """A kind of database that simulations run on."""

    def prepare(self) -> Path:
        """An empty database and the home folder that goes with it."""
        ...

    def open(self, config: Config, clock: Clock) -> Store:
        """The store of one simulated process on what was prepared."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


class Sqlite:
    """A SQLite file in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.db"
        self._home = folder / "home"
        self._file = self._home / DATABASE_FILE
        Store.open(Config(home=folder / "template")).close()
        (folder / "template" / DATABASE_FILE).rename(self._template)
        self._home.mkdir()
        self._engine = sqlite_engine(self._file)
        event.listen(self._engine, "connect", _without_flushes)
        watch_statements(self._engine)

    def prepare(self) -> Path:
        """An empty database in the same place as the one before, which is gone."""
        self._engine.dispose()
        shutil.rmtree(self._home)
        self._home.mkdir()
        shutil.copyfile(self._template, self._file)
        return self._home

    def open(self, config: Config, clock: Clock) -> Store:
        """A store of its own writer on the shared pool."""
        return Store(self._engine, FolderBlobs(config.home_path / BLOBS_FOLDER), clock, config.write_queue)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


class Postgres:
    """A database of its own on a PostgreSQL server, gone at the end. The wake-ups are the simulation's, not jobs."""

    def __init__(self, url: str, folder: Path) -> None:
        self._server = sa.create_engine(postgres_engine(url).url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        self._name = f"simulation_{uuid.uuid4().hex}"
        self._home = folder / "home"
        with self._server.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE "{self._name}"'))
        own = self._server.url.set(database=self._name).render_as_string(hide_password=False)
        Store.open(Config(home=folder / "first", database=own)).close()
        self._engine = postgres_engine(own)
        event.listen(self._engine, "connect", _without_waiting)
        # A process that dies lets go of its connections without closing them; here they are closed in its stead.
        self._made: list[DBAPIConnection] = []
        event.listen(self._engine, "connect", lambda connection, _entry: self._made.append(connection))
        watch_statements(self._engine)
        self._empty = sa.text(f"TRUNCATE {', '.join(table.name for table in metadata.sorted_tables)}")

    def prepare(self) -> Path:
        """The database without rows, and a fresh home."""
        self._let_go()
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir()
        with self._engine.begin() as connection:
            connection.execute(self._empty)
        return self._home

    def open(self, config: Config, clock: Clock) -> Store:
        """A store of its own writer on the shared pool."""
        return Store(self._engine, FolderBlobs(config.home_path / BLOBS_FOLDER), clock, config.write_queue)

    def _let_go(self) -> None:
        self._engine.dispose()
        for connection in self._made:
            connection.close()
        self._made.clear()

    def close(self) -> None:
        """Drop the database."""
        self._let_go()
        with self._server.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE "{self._name}" WITH (FORCE)'))


def _without_waiting(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("SET synchronous_commit = off")
    connection.commit()
    cursor.close()


def _without_flushes(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()
