"""Workers on PostgreSQL: as processes, and two that do the same at once."""

import asyncio
import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from seasoned import config
from seasoned.learning.accounting import Stage
from seasoned.scheduling import procrastinate
from seasoned.scheduling.procrastinate import ProcrastinateScheduler
from seasoned.scheduling.runner import Outcome, StageRunner
from seasoned.store import Connection, workers
from seasoned.store.due import Due
from seasoned.store.wakeups import QUEUE, TASK
from seasoned.testing import ScriptedModel
from tests.support.command import command, environment
from tests.support.databases import database_of, homes_on, opened
from tests.support.parts import a_few
from tests.support.patience import PATIENCE_SECONDS
from tests.support.postgres import Postgres

OF_A_DEAD_WORKER = sa.text(
    "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id)"
    " INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, worker_id)"
    " SELECT :queue, :task, 'extract', CAST(:args AS jsonb), 'doing', id FROM dead"
).bindparams(queue=QUEUE, task=TASK, args='{"stage": "extract", "key": "any"}')
JOBS = sa.text("SELECT count(*) FROM procrastinate_jobs")


@pytest.fixture(autouse=True)
def _on_postgres(postgres_server: Postgres) -> Iterator[None]:
    with homes_on(postgres_server):
        yield


@pytest.mark.parametrize("milliseconds", a_few([0, 30, 60, 120, 300], 2))
def test_a_worker_that_is_told_to_end_while_it_begins_ends_and_says_nothing(tmp_path: Path, milliseconds: int) -> None:
    """Its libraries connect in those moments, and may lose what they are told."""
    with (tmp_path / "err.log").open("wb") as errors:
        process = subprocess.Popen(
            command("worker", "--home", str(tmp_path / "home")),
            env=environment(tmp_path / "home", SEASONED_DRAIN_SECONDS="30", SEASONED_SECRET="worker-tests"),
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.readline()
        # Not to wait for something, but to end it at this very moment.
        time.sleep(milliseconds / 1000)
        process.terminate()
        try:
            code = process.wait(PATIENCE_SECONDS)
        finally:
            process.kill()
            process.wait()
    assert said.startswith(b"The worker runs")
    assert code == os.EX_OK
    assert (tmp_path / "err.log").read_text() == ""


def test_a_worker_that_did_not_hear_that_it_shall_end_is_told_again_and_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        works = asyncio.Event()

        async def deaf(_self: ProcrastinateScheduler) -> None:
            with contextlib.suppress(asyncio.CancelledError):
                works.set()
                await asyncio.Event().wait()
            await asyncio.Event().wait()

        monkeypatch.setattr(ProcrastinateScheduler, "_work", deaf)
        with opened(tmp_path) as store:
            settings = {"home": tmp_path, "database": database_of(tmp_path), "drain_seconds": "600"}
            worker = ProcrastinateScheduler(store, ScriptedModel(), config.load({}, **settings))
            await worker.start()
            await works.wait()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await worker.close()

    asyncio.run(run())


def test_a_stage_that_runs_when_the_worker_is_told_to_end_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        runs, may_end, seen = asyncio.Event(), asyncio.Event(), []

        async def slow(_self: StageRunner, stage: Stage, key: str) -> Outcome:
            runs.set()
            await may_end.wait()
            seen.append((stage, key))
            return "idle"

        monkeypatch.setattr(StageRunner, "one", slow)
        monkeypatch.setattr(procrastinate, "CANCEL_SECONDS", 0.05)
        with opened(tmp_path) as store:
            worker = ProcrastinateScheduler(
                store, ScriptedModel(), config.load({}, home=tmp_path, database=database_of(tmp_path))
            )
            due = [Due("extract", "any", store.clock.now())]
            await store.write(lambda connection: store.wakeups.give(connection, due))
            await worker.start()
            await runs.wait()
            closing = asyncio.create_task(worker.close())
            # Many times as long as a task may take that was told to end and has nothing to finish.
            ended, _ = await asyncio.wait({closing}, timeout=1.0)
            assert not ended
            may_end.set()
            await closing
        assert seen == [("extract", "any")]

    asyncio.run(run())


def test_two_that_take_the_same_work_back_at_once_do_not_fail(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as first, opened(tmp_path) as second:
            await first.write(lambda connection: connection.execute(OF_A_DEAD_WORKER))
            [dead] = await first.read(lambda connection: workers.abandoned_jobs(connection, 0, ()))
            both_have_found_it = threading.Barrier(2)

            def take_back(connection: Connection) -> int:
                with contextlib.suppress(threading.BrokenBarrierError):
                    workers.abandoned_jobs(connection, 0, ())
                    both_have_found_it.wait(PATIENCE_SECONDS)
                taken = len(workers.take_back(connection, 0, (), {dead.id}))
                both_have_found_it.abort()
                return taken

            assert sorted(await asyncio.gather(first.write(take_back), second.write(take_back))) == [0, 1]
            assert await first.read(lambda connection: connection.execute(JOBS).scalar_one()) == 0

    asyncio.run(run())
