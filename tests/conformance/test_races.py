"""Two processes that write to one database at the same time, as two stores on one home."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

from seasoned.errors import AlreadyLearned, SeasonedError
from seasoned.ids import new_id
from seasoned.message import Json
from seasoned.store import Connection, Store, messages, projects, sessions, spaces
from seasoned.store.messages import NewMessage
from seasoned.store.projects import ProjectRow
from seasoned.store.rows import PageQuery, load_object
from seasoned.store.sessions import NewSession
from tests.support.databases import opened

Body = Callable[[Store, Store, ProjectRow], Awaitable[None]]


def with_two(home: Path, body: Body) -> None:
    """Run a test with two stores on one home, and a project."""

    async def run() -> None:
        with opened(home) as first, opened(home) as second:
            project = await first.write(lambda c: projects.create(c, "p", "h", first.clock.now()))
            await body(first, second, project)

    asyncio.run(run())


def test_no_change_of_two_to_the_same_row_is_lost(tmp_path: Path) -> None:
    async def body(first: Store, second: Store, project: ProjectRow) -> None:
        def change(store: Store, key: str) -> Awaitable[object]:
            values: dict[str, Json] = {key: True}
            return store.write(lambda c: projects.merge_configs(c, project.id, values, 1))

        await asyncio.gather(*(change((first, second)[n % 2], f"key{n}") for n in range(60)))
        row = await first.read(lambda c: projects.by_id(c, project.id))
        assert row is not None
        assert set(load_object(row.configs)) == {f"key{n}" for n in range(60)}

    with_two(tmp_path, body)


def test_messages_of_two_to_one_session_are_numbered_without_gaps(tmp_path: Path) -> None:
    async def body(first: Store, second: Store, project: ProjectRow) -> None:
        session_id = new_id()
        await first.write(lambda c: sessions.create(c, NewSession(id=session_id, project_id=project.id), 1))
        stores = [(store, messages.appender(store.clock, store.wakeups)) for store in (first, second)]
        new = NewMessage(project_id=project.id, session_id=session_id, role="user", parts="[]")
        await asyncio.gather(*(stores[n % 2][0].write_grouped(stores[n % 2][1], new) for n in range(200)))
        rows = await first.read(lambda c: messages.waiting(c, session_id, 0, 300))
        assert [row.number for row in rows] == list(range(1, 201))
        assert [row.parent_id for row in rows[1:]] == [row.id for row in rows[:-1]]

    with_two(tmp_path, body)


def test_what_two_make_at_once_is_made_once_and_the_other_finds_it(tmp_path: Path) -> None:
    async def body(first: Store, second: Store, project: ProjectRow) -> None:
        def ensure(store: Store, name: str) -> Awaitable[str | None]:
            return store.write(lambda c: projects.ensure_user(c, project.id, name, 1))

        for number in range(30):
            made = await asyncio.gather(ensure(first, f"u{number}"), ensure(second, f"u{number}"))
            assert made[0] == made[1]

    with_two(tmp_path, body)


def test_a_session_that_two_link_at_once_teaches_one_space(tmp_path: Path) -> None:
    async def body(first: Store, second: Store, project: ProjectRow) -> None:
        def create(connection: Connection) -> str:
            return spaces.create(connection, project.id, None, None, 1).id

        both = [await first.write(create), await first.write(create)]
        for _ in range(20):
            session_id = new_id()
            new = NewSession(id=session_id, project_id=project.id)
            await first.write(lambda c, new=new: sessions.create(c, new, 1))  # type: ignore[misc]

            def link(store: Store, space_id: str, session_id: str = session_id) -> Awaitable[object]:
                return store.write(lambda c: spaces.link_session(c, project.id, space_id, session_id, 1))

            results = await asyncio.gather(link(first, both[0]), link(second, both[1]), return_exceptions=True)
            refused = [one for one in results if isinstance(one, SeasonedError)]
            assert [type(one) for one in refused] == [AlreadyLearned]

    with_two(tmp_path, body)


def test_links_of_two_to_one_space_have_places_of_their_own(tmp_path: Path) -> None:
    async def body(first: Store, second: Store, project: ProjectRow) -> None:
        space = await first.write(lambda c: spaces.create(c, project.id, None, None, 1))
        ids = [new_id() for _ in range(40)]
        for one in ids:
            new = NewSession(id=one, project_id=project.id)
            await first.write(lambda c, new=new: sessions.create(c, new, 1))  # type: ignore[misc]

        def link(store: Store, session_id: str) -> Awaitable[spaces.LinkRow]:
            return store.write(lambda c: spaces.link_session(c, project.id, space.id, session_id, 1))

        rows = await asyncio.gather(*(link((first, second)[n % 2], one) for n, one in enumerate(ids)))
        assert sorted(row.position for row in rows) == list(range(1, 41))

    with_two(tmp_path, body)


def test_a_page_misses_no_row_whose_transaction_began_earlier_and_ended_later(tmp_path: Path) -> None:
    async def body(first: Store, second: Store, project: ProjectRow) -> None:
        ids = [new_id() for _ in range(3)]
        written, may_commit = threading.Event(), threading.Event()

        def slow(connection: Connection) -> None:
            sessions.create(connection, NewSession(id=ids[0], project_id=project.id), 1_000)
            written.set()
            may_commit.wait(10)

        def fast(connection: Connection) -> None:
            for number, one in enumerate(ids[1:]):
                sessions.create(connection, NewSession(id=one, project_id=project.id), 2_000 + number)

        def page(cursor: str, limit: int) -> Awaitable[tuple[list[sessions.SessionRow], str | None]]:
            query = PageQuery(limit=limit, cursor=cursor)
            return first.read(lambda c: sessions.page(c, project.id, query))

        slower = asyncio.create_task(first.write(slow))
        await asyncio.to_thread(written.wait, 10)
        faster = asyncio.create_task(second.write(fast))
        await asyncio.wait({faster}, timeout=0.3)  # it ends here, or waits for the slower one
        seen, cursor = await page("", 1)
        may_commit.set()
        await asyncio.gather(slower, faster)
        rest, _ = await page(cursor or "", 10)
        assert sorted(row.id for row in [*seen, *rest]) == sorted(ids)

    with_two(tmp_path, body)


def test_four_that_add_to_one_list_all_the_time_all_get_in(tmp_path: Path) -> None:
    async def run() -> None:
        with ExitStack() as stack:
            stores = [stack.enter_context(opened(tmp_path)) for _ in range(4)]
            project = await stores[0].write(lambda c: projects.create(c, "p", "h", 1))

            async def add(store: Store) -> None:
                for _ in range(25):
                    new = NewSession(id=new_id(), project_id=project.id)
                    await store.write(lambda c, new=new: sessions.create(c, new, 1))  # type: ignore[misc]

            await asyncio.gather(*(add(store) for store in stores for _ in range(2)))
            rows, _ = await stores[0].read(lambda c: sessions.page(c, project.id, PageQuery(limit=200)))
            assert len({row.created_at for row in rows}) == len(rows) == 200

    asyncio.run(run())
