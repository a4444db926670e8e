"""Two processes that write to one SQLite file without a pause come in turns."""

import multiprocessing
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path

import sqlalchemy as sa

from seasoned.store.database import sqlite_engine

COMMITS = 20
# Between two commits the other commits once, and may be about to count the one before.
BETWEEN_MAX = 3


def _engine(path: Path) -> sa.Engine:
    return sqlite_engine(path).execution_options(seasoned_write=True)


def _commit_on_and_on(path: Path, begun: Event, enough: Event, count: "Synchronized[int]") -> None:
    with _engine(path).connect() as connection:
        while not enough.is_set():
            with connection.begin():
                connection.execute(sa.text("INSERT INTO t VALUES (1)"))
            count.value += 1
            begun.set()


def test_a_writer_waits_for_no_more_than_one_commit_of_another_process(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    engine = _engine(path)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (x INTEGER)"))
    start = multiprocessing.get_context("spawn")
    begun, enough, count = start.Event(), start.Event(), start.Value("i", 0)
    other = start.Process(target=_commit_on_and_on, args=(path, begun, enough, count))
    other.start()
    try:
        assert begun.wait(60)
        between = []
        with engine.connect() as connection:
            for _ in range(COMMITS):
                before = count.value
                with connection.begin():
                    connection.execute(sa.text("INSERT INTO t VALUES (2)"))
                between.append(count.value - before)
    finally:
        enough.set()
        other.join(60)
        engine.dispose()
    assert other.exitcode == 0
    assert max(between) <= BETWEEN_MAX
