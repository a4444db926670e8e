"""Who lives among the workers on PostgreSQL: nobody takes work from one that does, and its row comes back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa

from seasoned import config
from seasoned.learning.accounting import Stage
from seasoned.scheduling import procrastinate
from seasoned.scheduling.procrastinate import ProcrastinateScheduler
from seasoned.scheduling.runner import Outcome, StageRunner
from seasoned.store import Store, workers
from seasoned.store.due import Due
from seasoned.store.wakeups import QUEUE, TASK
from seasoned.store.workers import Registration
from seasoned.testing import ScriptedModel
from tests.support.databases import database_of, homes_on, opened
from tests.support.postgres import Postgres

WAIT_SECONDS_MAX: Final = 30.0
FETCHED: Final = sa.text(
    "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, worker_id)"
    " VALUES (:queue, :task, :lock, CAST(:args AS jsonb), 'doing', :worker) RETURNING id"
)
AGED: Final = sa.text("UPDATE procrastinate_workers SET last_heartbeat = now() - CAST(:age AS interval)")
NO_ROWS: Final = sa.text("DELETE FROM procrastinate_workers")
ROWS: Final = sa.text("SELECT count(*) FROM procrastinate_workers")
JOBS: Final = sa.text("SELECT count(*) FROM procrastinate_jobs")
BEATS: Final = sa.text("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'")
CUT: Final = sa.text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)
HELD: Final = sa.text(
    "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
    " WHERE datname = current_database() AND locktype = 'advisory' AND objsubid = 2"
)


@pytest.fixture(autouse=True)
def _on_postgres(postgres_server: Postgres) -> Iterator[None]:
    with homes_on(postgres_server):
        yield


async def until(condition: Callable[[], bool]) -> None:
    """Look again and again, in a thread: the workers in this event loop go on meanwhile."""
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while True:
            if await asyncio.to_thread(condition):
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def registered(home: Path) -> AsyncIterator[Registration]:
    """A worker that says that it lives until the block ends; without leaving, as if it had been killed."""
    registration = Registration(database_of(home), asyncio.Event())
    keeping = asyncio.create_task(registration.keep())
    try:
        await registration.registered()
        yield registration
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping


def number(store: Store, statement: sa.TextClause) -> int:
    return store.read_now(lambda connection: int(connection.execute(statement).scalar_one()))


def change(store: Store, statement: sa.TextClause) -> None:
    store.write_now(lambda connection: connection.execute(statement).rowcount)


def fetched(store: Store, worker: int) -> int:
    """A job that a worker has fetched."""
    statement = FETCHED.bindparams(queue=QUEUE, task=TASK, lock="any", args='{"stage": "extract", "key": "k"}')
    return store.write_now(lambda c: int(c.execute(statement.bindparams(worker=worker)).scalar_one()))


def why(store: Store, me: int = 0, *running: int) -> list[str]:
    """Why jobs are nobody's, as another worker sees it."""
    return [job.why for job in store.read_now(lambda connection: workers.abandoned_jobs(connection, me, running))]


def test_a_worker_that_has_no_time_to_say_so_lives_and_one_that_hangs_or_has_died_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "HEARTBEAT_SECONDS", 3600.0)

    async def run() -> None:
        with opened(tmp_path) as store:
            async with registered(tmp_path) as registration:
                registration.running.add(fetched(store, registration.id))
                await until(lambda: number(store, HELD) == 1)
                for age, lives in (("1 second", True), ("1 minute", True), ("1 hour", False)):
                    change(store, AGED.bindparams(age=age))
                    assert why(store) == ([] if lives else ["dead"])
                    assert store.read_now(workers.heartbeat)[1] is lives
                change(store, AGED.bindparams(age="1 minute"))
                assert why(store) == []
            # Its process has ended, and the lock with it.
            await until(lambda: number(store, HELD) == 0)
            assert why(store) == ["dead"]
            change(store, AGED.bindparams(age="1 second"))
            assert why(store) == []  # for its connection may just have been cut

    asyncio.run(run())


@pytest.mark.parametrize("harm", [NO_ROWS, CUT, AGED.bindparams(age="1 hour")], ids=["no row", "no connection", "old"])
def test_whatever_happens_to_its_row_or_connection_a_worker_is_soon_there_again_with_its_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: sa.TextClause
) -> None:
    monkeypatch.setattr(workers, "HEARTBEAT_SECONDS", 0.05)

    async def run() -> None:
        with opened(tmp_path) as store:
            async with registered(tmp_path) as registration:
                registration.running.add(fetched(store, registration.id))
                for _ in range(2):
                    change(store, harm)
                    await until(lambda: number(store, BEATS) == 1 and number(store, HELD) == 1 and why(store) == [])
                    assert number(store, ROWS) == 1
                assert number(store, JOBS) == 1

    asyncio.run(run())


def test_what_was_fetched_and_never_arrived_is_known_by_its_worker_alone(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:
            async with registered(tmp_path) as registration:
                job = fetched(store, registration.id)
                assert why(store) == []
                assert why(store, registration.id) == ["lost"]
                assert why(store, registration.id, job) == []
                me = registration.id
                taken = store.write_now(lambda c: workers.take_back(c, me, (), {job, 0}))
                assert [(one.id, one.stage, one.key) for one in taken] == [(job, "extract", "k")]
                assert number(store, JOBS) == 0

    asyncio.run(run())


def test_an_end_that_could_not_be_told_is_told_with_the_next_sign_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "HEARTBEAT_SECONDS", 0.05)

    async def run() -> None:
        with opened(tmp_path) as store:
            async with registered(tmp_path) as registration:
                registration.ended.add(fetched(store, registration.id))
                await until(lambda: number(store, JOBS) == 0)
                await until(lambda: not registration.ended)
            await registration.leave()
            assert number(store, ROWS) == 0

    asyncio.run(run())


def test_a_stage_that_runs_through_an_outage_runs_once_and_its_wake_up_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers: one runs it, and both would take it back."""
    for module, name, seconds in ((workers, "HEARTBEAT_SECONDS", 0.05), (procrastinate, "STALLED_SECONDS", 2.0)):
        monkeypatch.setattr(module, name, seconds)
    runs: list[tuple[Stage, str]] = []
    looks = 0
    abandoned_jobs = workers.abandoned_jobs

    async def run() -> None:
        may_end = asyncio.Event()

        async def slow(_self: StageRunner, stage: Stage, key: str) -> Outcome:
            runs.append((stage, key))
            await may_end.wait()
            return "idle"

        def look(connection: sa.Connection, me: int, running: set[int]) -> list[workers.AbandonedJob]:
            nonlocal looks
            looks += 1
            return abandoned_jobs(connection, me, running)

        monkeypatch.setattr(StageRunner, "one", slow)
        monkeypatch.setattr(workers, "abandoned_jobs", look)
        with opened(tmp_path) as store, opened(tmp_path) as other:
            settings = config.load({}, home=tmp_path, database=database_of(tmp_path))
            both = [ProcrastinateScheduler(one, ScriptedModel(), settings) for one in (store, other)]
            due = [Due("extract", "any", store.clock.now())]
            await store.write(lambda connection: store.wakeups.give(connection, due))
            for worker in both:
                await worker.start()
            await until(lambda: len(runs) == 1)
            for harm in (NO_ROWS, CUT):
                await asyncio.to_thread(change, store, harm)
                before = looks
                # Longer than it takes to believe that nobody runs it: each looks four times in that.
                await until(lambda before=before: looks >= before + 10)  # type: ignore[misc]
            assert runs == [("extract", "any")]
            assert await asyncio.to_thread(number, store, ROWS) == 2
            may_end.set()
            await until(lambda: number(store, JOBS) == 0)
            for worker in both:
                assert (await worker.heartbeat()).ok
                await worker.close()
            assert number(store, ROWS) == 0
        assert runs == [("extract", "any")]

    asyncio.run(run())


def test_the_dead_are_forgotten_once_their_work_is_taken_back(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:
            async with registered(tmp_path) as registration:
                job = fetched(store, registration.id)
            change(store, AGED.bindparams(age="1 minute"))
            store.write_now(workers.forget_the_dead)
            assert number(store, ROWS) == 1
            assert store.write_now(lambda c: len(workers.take_back(c, 0, (), {job}))) == 1
            store.write_now(workers.forget_the_dead)
            assert number(store, ROWS) == 0

    asyncio.run(run())
