"""Where a simulation keeps its rows: a database that is empty at the start of each run.

SQLite comes from a template that is migrated once, and all simulated processes share one pool, so that statements are
compiled once for all runs. Nothing is flushed to the disk: what a power cut would lose is not what is looked for here.
"""

import shutil
from pathlib import Path
from typing import Protocol

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from seasoned.clock import Clock
from seasoned.config import Config
from seasoned.store import Store
from seasoned.store.blobs import FolderBlobs
from seasoned.store.database import DATABASE_FILE, sqlite_engine
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
        return Store(self._engine, FolderBlobs(config.home_path / "blobs"), clock, config.write_queue)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


def _without_flushes(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()
