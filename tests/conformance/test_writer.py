"""The group-commit writer on every database."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from seasoned.errors import Busy, Conflict, NotFound, SeasonedError
from seasoned.ids import new_id
from seasoned.store import Connection, messages, projects, sessions
from seasoned.store.messages import NewMessage
from seasoned.store.sessions import NewSession
from seasoned.store.writer import GATHER_ROUNDS_MAX
from seasoned.testing.faults import armed
from tests.support.databases import opened


def add(name: str) -> "sa.TextClause":
    return sa.text(
        "INSERT INTO projects (id, name, key_hmac, created_at, updated_at) VALUES (:id, :id, :id, 1, 1)"
    ).bindparams(id=name)


def test_writes_that_wait_together_share_a_commit_and_one_bad_write_fails_alone(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:

            def good(name: str) -> "asyncio.Task[object]":
                return asyncio.create_task(store.write(lambda c: c.execute(add(name)).rowcount))

            async def twice() -> None:
                await store.write(lambda c: (c.execute(add("half")), c.execute(add("half"))))

            async def refused() -> None:
                def work(connection: Connection) -> None:
                    connection.execute(add("undone"))
                    raise Conflict("no")

                await store.write(work)

            tasks = [good("one"), asyncio.create_task(twice()), asyncio.create_task(refused()), good("two")]
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(one) for one in results] == [int, IntegrityError, Conflict, int]
            names = await store.read(lambda c: [row.name for row in projects.every(c)])
            assert sorted(names) == ["one", "two"]

    asyncio.run(run())


def test_a_batch_waits_for_the_writes_that_follow_at_once_and_ends_all_the_same(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:

            async def later(rounds: int) -> None:
                for _ in range(rounds):
                    await asyncio.sleep(0)
                await store.write(lambda c: c.execute(add(f"r{rounds}")))

            with armed({}) as passed:
                await asyncio.gather(*(later(rounds) for rounds in range(GATHER_ROUNDS_MAX)))
                assert passed["commit.before"] == 1
                endless = [asyncio.create_task(later(rounds)) for rounds in range(100, 100 + 4 * GATHER_ROUNDS_MAX)]
                await asyncio.wait(endless)
                assert passed["commit.before"] > 2
            assert await store.read(lambda c: len(projects.every(c))) == 5 * GATHER_ROUNDS_MAX

    asyncio.run(run())


def test_a_full_queue_turns_writes_away_and_loses_none_that_it_took(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path, write_queue=10) as store:
            tries = [asyncio.create_task(store.write(lambda c, n=n: c.execute(add(f"p{n}")))) for n in range(50)]  # type: ignore[misc]
            results = await asyncio.gather(*tries, return_exceptions=True)
            refused = [one for one in results if isinstance(one, Busy)]
            stored = await store.read(lambda c: len(projects.every(c)))
            assert refused
            assert stored == 50 - len(refused)

    asyncio.run(run())


def test_messages_of_one_batch_keep_their_order_and_an_unknown_session_fails_alone(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:
            project = await store.write(lambda c: projects.create(c, "p", "h", store.clock.now()))
            ids = [new_id() for _ in range(3)]
            for one in ids:
                new = NewSession(id=one, project_id=project.id)
                await store.write(lambda c, new=new: sessions.create(c, new, store.clock.now()))  # type: ignore[misc]
            append = messages.appender(store.clock, store.wakeups)

            def store_one(session_id: str, text: str) -> "asyncio.Task[object]":
                new = NewMessage(project_id=project.id, session_id=session_id, role="user", parts=text)
                return asyncio.create_task(store.write_grouped(append, new))

            work = [store_one(ids[n % 3], f"[{n}]") for n in range(90)] + [store_one(new_id(), "[]")]
            results = await asyncio.gather(*work, return_exceptions=True)
            assert isinstance(results[-1], NotFound)
            for place, session_id in enumerate(ids):
                rows = await store.read(lambda c, s=session_id: messages.waiting(c, s, 0, 100))  # type: ignore[misc]
                assert [row.number for row in rows] == list(range(1, 31))
                assert [row.parts for row in rows] == [f"[{n}]" for n in range(place, 90, 3)]
                assert [row.parent_id for row in rows] == [None, *(row.id for row in rows[:-1])]

    asyncio.run(run())


def test_when_a_group_fails_its_members_are_written_one_by_one(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:

            def group(connection: Connection, names: Sequence[str]) -> list[str | SeasonedError]:
                for name in names:
                    connection.execute(add(name))
                return list(names)

            work = [asyncio.create_task(store.write_grouped(group, name)) for name in ("a", "b", "a", "c")]
            results = await asyncio.gather(*work, return_exceptions=True)
            assert [one if isinstance(one, str) else type(one) for one in results] == ["a", "b", IntegrityError, "c"]

    asyncio.run(run())


def test_an_acknowledged_write_is_on_the_disk_for_another_process_to_see(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:
            await store.write(lambda c: c.execute(add("seen")))
            with opened(tmp_path) as other:
                assert [row.name for row in other.read_now(projects.every)] == ["seen"]

    asyncio.run(run())


def test_a_closed_store_refuses_writes(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:
            store.close()
            with pytest.raises(Busy):
                await store.write(lambda c: c.execute(add("late")))

    asyncio.run(run())
