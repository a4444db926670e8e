"""Connections to PostgreSQL that end, whichever way a read or a write came: made good, or answered 503."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors
from sqlalchemy import PoolProxiedConnection

from seasoned.errors import Busy, SeasonedError
from seasoned.store import Connection, Store, projects
from seasoned.store.postgres import libpq_url
from seasoned.store.writer import translated
from seasoned.testing.faults import Trap, armed
from tests.conformance.test_writer import add
from tests.support.databases import database_of, homes_on, opened
from tests.support.postgres import Postgres
from tests.support.server import wait_until

PID = sa.text("SELECT pg_backend_pid()")
CUT_ITSELF = sa.text("SELECT pg_terminate_backend(pg_backend_pid())")
CUT: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND (%(pid)s::int IS NULL OR pid = %(pid)s)
    """


@pytest.fixture(autouse=True)
def _on_postgres(postgres_server: Postgres) -> Iterator[None]:
    with homes_on(postgres_server):
        yield


def cut(url: str, pid: int | None = None) -> None:
    """End one session of a database, or all; back once they have ended."""
    with psycopg.connect(url, autocommit=True) as connection:
        wait_until(lambda: not connection.execute(CUT, {"pid": pid}).fetchone(), "the sessions have ended")


def group(connection: Connection, names: Sequence[str]) -> list[str | SeasonedError]:
    """Adds a project by each name."""
    for name in names:
        connection.execute(add(name))
    return list(names)


async def names(store: Store) -> list[str]:
    return sorted(row.name for row in await store.read(projects.every))


Way = Callable[[Store], "list[asyncio.Future[object]]"]


def alone(store: Store) -> "list[asyncio.Future[object]]":
    return [asyncio.ensure_future(store.write(lambda c: c.execute(add("a")).rowcount))]


def grouped(store: Store) -> "list[asyncio.Future[object]]":
    return [asyncio.ensure_future(store.write_grouped(group, name)) for name in "abc"]


def mixed(store: Store) -> "list[asyncio.Future[object]]":
    return alone(store) + [asyncio.ensure_future(store.write_grouped(group, name)) for name in "bc"]


@pytest.mark.parametrize(("way", "written"), [(alone, ["a"]), (grouped, ["a", "b", "c"]), (mixed, ["a", "b", "c"])])
def test_what_finds_its_connection_ended_is_done_on_a_fresh_one(tmp_path: Path, way: Way, written: list[str]) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:
            await store.write(lambda c: c.execute(PID).scalar_one())
            assert await names(store) == []
            cut(database_of(tmp_path))
            assert await names(store) == []
            cut(database_of(tmp_path))
            await asyncio.gather(*way(store))
            assert await names(store) == written
            cut(database_of(tmp_path))
            assert store.write_now(lambda c: c.execute(add("beside")).rowcount) == 1
            assert await names(store) == sorted([*written, "beside"])

    asyncio.run(run())


def test_a_write_whose_connection_ends_each_time_is_to_be_tried_again_and_fails_alone(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:

            def ends_it(connection: Connection) -> None:
                connection.execute(add("half"))
                connection.execute(CUT_ITSELF)

            def ends_it_and_goes_on(connection: Connection) -> None:
                try:
                    ends_it(connection)
                except sa.exc.DBAPIError:
                    connection.execute(add("other half"))

            for bad in (ends_it, ends_it_and_goes_on):
                tries = [
                    asyncio.ensure_future(store.write(lambda c: c.execute(add("before")).rowcount)),
                    asyncio.ensure_future(store.write(bad)),
                    asyncio.ensure_future(store.write_grouped(group, "behind")),
                ]
                results = await asyncio.gather(*tries, return_exceptions=True)
                assert [type(one) for one in results] == [int, Busy, Busy]
                assert "nothing was written" in str(results[1])
                assert await names(store) == ["before"]
                await store.write(lambda c: c.execute(sa.text("DELETE FROM projects")).rowcount)
                with pytest.raises(Busy, match="is unreachable"):
                    await store.read(bad)
                with pytest.raises(Busy, match="nothing was written"):
                    store.write_now(bad)
            assert await names(store) == []

    asyncio.run(run())


@pytest.mark.parametrize("way", [alone, grouped, mixed])
def test_a_connection_that_ends_before_the_commit_arrives_leaves_the_caller_in_doubt(tmp_path: Path, way: Way) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:
            pid = await store.write(lambda c: c.execute(PID).scalar_one())
            with armed({"commit.before": Trap(lambda: cut(database_of(tmp_path), pid), on=1)}) as passed:
                results = await asyncio.gather(*way(store), return_exceptions=True)
            assert {type(one) for one in results} == {Busy}
            assert all("may or may not have been written" in str(one) for one in results)
            assert passed["commit.before"] == 1
            assert await names(store) == []
            await asyncio.gather(*way(store))

    asyncio.run(run())


@pytest.mark.parametrize(("way", "written"), [(alone, ["a"]), (grouped, ["a", "b", "c"]), (mixed, ["a", "b", "c"])])
def test_what_was_committed_though_the_answer_got_lost_is_not_written_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Way, written: list[str]
) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:
            await store.write(lambda c: c.execute(PID).scalar_one())
            dialect = store._writing.dialect
            commit = dialect.do_commit

            def deaf(connection: PoolProxiedConnection) -> None:
                monkeypatch.undo()
                commit(connection)
                assert connection.driver_connection is not None
                connection.driver_connection.close()
                raise psycopg.OperationalError("the connection is lost")

            monkeypatch.setattr(dialect, "do_commit", deaf)
            results = await asyncio.gather(*way(store), return_exceptions=True)
            assert {type(one) for one in results} == {Busy}
            assert await names(store) == written

    asyncio.run(run())


def test_a_database_that_only_reads_now_is_to_be_tried_again_and_then_writes(tmp_path: Path) -> None:
    def only_reads(value: str) -> None:
        url = database_of(tmp_path)
        with psycopg.connect(url, autocommit=True) as connection:
            statement = f'ALTER DATABASE "{url.rsplit("/", 1)[1]}" SET default_transaction_read_only = {value}'
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(statement.encode())

    async def run() -> None:
        with opened(tmp_path) as store:
            only_reads("on")
            cut(database_of(tmp_path))
            for way in (alone, grouped, mixed):
                results = await asyncio.gather(*way(store), return_exceptions=True)
                assert {type(one) for one in results} == {Busy}
            only_reads("off")
            await asyncio.gather(*mixed(store))
            assert await names(store) == ["a", "b", "c"]

    asyncio.run(run())


def test_who_has_lost_the_collectors_lock_with_its_connection_is_told_so(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:
            with pytest.raises(Busy, match="is unreachable"), store.blobs.lock.held(5.0) as check:
                check()
                cut(database_of(tmp_path))
                for _ in range(2):
                    with pytest.raises(sa.exc.SQLAlchemyError):
                        check()
                check()
            with store.blobs.lock.held(5.0) as check:
                check()

    asyncio.run(run())


@pytest.mark.parametrize(
    "kind",
    [
        errors.AdminShutdown,
        errors.CrashShutdown,
        errors.CannotConnectNow,
        errors.DatabaseDropped,
        errors.IdleSessionTimeout,
        errors.IdleInTransactionSessionTimeout,
        errors.QueryCanceled,
        errors.LockNotAvailable,
        errors.TooManyConnections,
        errors.OutOfMemory,
        errors.ReadOnlySqlTransaction,
        errors.ConnectionFailure,
        errors.SqlclientUnableToEstablishSqlconnection,
        psycopg.OperationalError,
        psycopg.InterfaceError,
    ],
)
def test_what_a_database_says_that_is_away_is_to_be_tried_again(kind: type[psycopg.Error]) -> None:
    wrapped = sa.exc.DBAPIError.instance("COMMIT", None, kind("no"), psycopg.Error)
    assert isinstance(wrapped, sa.exc.DBAPIError)
    assert isinstance(translated(wrapped), Busy)


@pytest.mark.parametrize("error", [sa.exc.PendingRollbackError(), sa.exc.ResourceClosedError(), sa.exc.TimeoutError()])
def test_what_the_library_says_of_a_connection_that_has_gone_is_to_be_tried_again(
    error: sa.exc.SQLAlchemyError,
) -> None:
    assert isinstance(translated(error), Busy)


@pytest.mark.parametrize("kind", [errors.UniqueViolation, errors.UndefinedTable, errors.SyntaxError])
def test_a_mistake_is_not_taken_for_a_database_that_is_away(kind: type[psycopg.Error]) -> None:
    wrapped = sa.exc.DBAPIError.instance("SELECT", None, kind("no"), psycopg.Error)
    assert wrapped is not None
    assert translated(wrapped) is wrapped
    ours = sa.exc.DBAPIError.instance("SELECT", None, sqlite3.OperationalError("no such table"), sqlite3.Error)
    assert ours is not None
    assert translated(ours) is ours


def test_a_machine_that_has_vanished_is_noticed_soon_unless_the_address_says_otherwise() -> None:
    for given, expected in (("", "5"), ("?keepalives_idle=77", "77")):
        url = f"postgresql://someone@nowhere/name{given}"
        assert sa.make_url(libpq_url(url)).query["keepalives_idle"] == expected
