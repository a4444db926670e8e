"""What waits and what is parked, on every database."""

import asyncio
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from seasoned.clock import SECOND
from seasoned.config import Config
from seasoned.engine.readiness import Readiness
from seasoned.store import Connection, backlog, health
from seasoned.store.schema import sessions
from tests.support.databases import opened
from tests.support.home import linked_session, project
from tests.support.home import opened as engine_of
from tests.support.patience import PATIENCE_SECONDS

WAITING = re.compile(r"ix_\w+_(parked|unread|undistilled|pending)|space_sessions")


def test_a_session_is_due_when_it_has_been_quiet_and_is_counted_as_parked_once_it_is(tmp_path: Path) -> None:
    async def run() -> None:
        async with engine_of(tmp_path, quiet_seconds=3_600, worker="none") as engine:
            project_id = await project(engine)
            space = await engine.learning.space_named(project_id, "space")
            session = await linked_session(engine, project_id, space.id, "Deploy the shop")
            now, config = engine.store.clock.now(), engine.config
            later = now + 7_200 * SECOND
            assert (await engine.store.read(lambda c: backlog.backlog(c, config, now))).oldest_at is None
            found = await engine.store.read(lambda c: backlog.backlog(c, config, later))
            assert found.due == {"extract": 1, "distill": 0, "write": 0}
            assert found.oldest_at is not None
            assert 3_600 * SECOND - SECOND < later - found.oldest_at < 3_610 * SECOND
            park = sa.update(sessions).where(sessions.c.id == session).values(extract_parked=True)
            await engine.store.write(lambda c: c.execute(park).rowcount)
            found = await engine.store.read(lambda c: backlog.backlog(c, config, later))
            assert (found.due["extract"], found.parked) == (0, {"extract": 1, "distill": 0, "write": 0})

    asyncio.run(run())


def test_a_running_engine_is_ready_and_one_without_a_worker_says_so(tmp_path: Path, store_kind: str) -> None:
    async def ready(worker: str) -> Readiness:
        async with engine_of(tmp_path, worker=worker) as engine, asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = await engine.conditions.look()
                if found.worker.ok or engine.config.worker == "none":
                    return found
                await asyncio.sleep(0.1)

    found = asyncio.run(ready("inline"))
    assert (found.ready, found.worker.ok, found.worker.here) == (True, True, True)
    if store_kind == "postgres":
        found = asyncio.run(ready("none"))
        assert (found.ready, found.worker.here) == (True, False)


def test_looking_whether_writing_works_changes_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:
            await store.write(health.touch)

    asyncio.run(run())
    with opened(tmp_path):
        pass


@pytest.mark.sqlite
def test_what_is_asked_each_second_reads_indexes_of_what_waits_only(tmp_path: Path, store_kind: str) -> None:
    if store_kind != "sqlite":
        pytest.skip("PostgreSQL's planner decides by the number of rows")
    asked: list[tuple[str, tuple[object, ...]]] = []
    with opened(tmp_path) as store:
        sa.event.listen(
            store._readers, "before_cursor_execute", lambda _c, _k, text, given, *_: asked.append((text, given))
        )
        store.read_now(lambda c: backlog.backlog(c, Config(), 0))
        questions = [one for one in asked if "SELECT" in one[0]]
        assert len(questions) == 6
        for text, given in questions:
            steps = store.read_now(lambda c, t=text, g=given: plan(c, t, g))  # type: ignore[misc]
            scans = [step for step in steps if step.startswith("SCAN") and "anon" not in step]
            assert all(WAITING.search(step) for step in scans), (text, steps)


def plan(connection: Connection, text: str, given: tuple[object, ...]) -> list[str]:
    return [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given)]
