"""Bugs as they are made, put into the code while a block runs: a simulation that misses them is worth nothing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from unittest.mock import patch

import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.store import forgetting, lessons, sessions, skills, writer
from seasoned.store.lessons import Settled
from seasoned.store.schema import lessons as lessons_table
from seasoned.store.schema import skills as skills_table
from seasoned.store.schema import spaces as spaces_table
from seasoned.store.sessions import SessionRow
from seasoned.store.skills import NewVersion
from seasoned.testing.simulation import Database, Report, simulate

Bug = Callable[[], AbstractContextManager[None]]

SEEDS_TO_CATCH = 60


@contextmanager
def no_compare_and_swap_on_the_head() -> Iterator[None]:
    """A version is made on whatever head there is: what somebody else wrote meanwhile is overwritten."""
    true_commit = skills.commit

    def commit(connection: Connection, skill_id: str, _head: int, version: NewVersion, now: int) -> int:
        statement = sa.select(skills_table.c.head).where(skills_table.c.id == skill_id)
        return true_commit(connection, skill_id, connection.execute(statement).scalar_one(), version, now)

    with patch.object(skills, "commit", commit):
        yield


@contextmanager
def no_compare_and_swap_on_the_extractor() -> Iterator[None]:
    """A session's cursor moves wherever it stood: two runs may read the same messages."""
    true_advance = sessions.advance

    def advance(connection: Connection, row: SessionRow, to: int, chars: int, now: int) -> None:
        now_row = sessions.by_id(connection, row.id)
        if now_row is not None:
            true_advance(connection, now_row, max(to, now_row.extracted_to), chars, now)

    with patch.object(sessions, "advance", advance):
        yield


@contextmanager
def answered_before_the_commit() -> Iterator[None]:
    """The writer tells its callers that all is on the disk, and commits then."""
    true_run_batch = writer._run_batch

    def run_batch(connection: Connection, batch: writer.Requests) -> None:
        true_run_batch(connection, batch)
        for request in batch:
            if request.error is not None:
                request.future.set_exception(request.error)
            else:
                request.future.set_result(request.result)

    def commit_group(_self: writer.Writer, _group: object, _batch: writer.Requests) -> bool:
        """Groups go the common way."""
        return False

    with patch.object(writer, "_run_batch", run_batch), patch.object(writer.Writer, "_commit_group", commit_group):
        yield


@contextmanager
def lock_released_early() -> Iterator[None]:
    """The lessons of a run are settled in a transaction of their own; the versions follow in the next."""
    true_settle = lessons.settle

    def settle(connection: Connection, space_id: str, written_to: int, settled: Sequence[Settled], now: int) -> None:
        true_settle(connection, space_id, written_to, settled, now)
        savepoint = connection.get_nested_transaction()
        assert savepoint is not None
        name = savepoint._savepoint
        for statement in (f"RELEASE {name}", "COMMIT", "BEGIN IMMEDIATE", f"SAVEPOINT {name}"):
            connection.exec_driver_sql(statement)

    with patch.object(lessons, "settle", settle):
        yield


@contextmanager
def two_writers_in_a_space() -> Iterator[None]:
    """Nobody asks whether another run wrote to the space, or to its skills, meanwhile."""

    def settle(connection: Connection, space_id: str, _written_to: int, settled: Sequence[Settled], now: int) -> None:
        where = spaces_table.c.id == space_id
        written_to = connection.execute(sa.select(spaces_table.c.written_to).where(where)).scalar_one()
        connection.execute(sa.update(spaces_table).where(where).values(written_to=written_to + len(settled)))
        for number, one in enumerate(settled, start=written_to + 1):
            connection.execute(
                sa.update(lessons_table)
                .where(lessons_table.c.id == one.lesson_id)
                .values(status=one.status, reason=one.reason, space_id=space_id, space_number=number, settled_at=now)
            )

    with patch.object(lessons, "settle", settle), no_compare_and_swap_on_the_head():
        yield


@contextmanager
def forgets_what_was_seen_first() -> Iterator[None]:
    """What a session taught is looked up when somebody first asks, and not again when it is forgotten."""
    true_target, seen = forgetting.target, dict[tuple[str, str], forgetting.Target]()

    def target(connection: Connection, project_id: str, kind: forgetting.Kind, wanted: str) -> forgetting.Target:
        if (kind, wanted) not in seen:
            seen[kind, wanted] = true_target(connection, project_id, kind, wanted)
        return seen[kind, wanted]

    with patch.object(forgetting, "target", target):
        yield


# Each bug with a seed that has shown it: tried first, since looking for one takes a minute. Others follow.
ALL: dict[Bug, int] = {
    no_compare_and_swap_on_the_head: 36,
    no_compare_and_swap_on_the_extractor: 5,
    answered_before_the_commit: 2,
    lock_released_early: 14,
    two_writers_in_a_space: 5,
    forgets_what_was_seen_first: 8,
}


def catch(bug: Bug, database: Database) -> Report | None:
    """The first run with the bug that breaks a promise, of `SEEDS_TO_CATCH`; None when none does."""
    seeds = dict.fromkeys([ALL[bug], *range(1, SEEDS_TO_CATCH + 1)])
    with bug():
        reports = (simulate(seed, database) for seed in seeds)
        return next((report for report in reports if report.violations), None)
