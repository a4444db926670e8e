"""Pages of a list neither skip nor repeat a row while others are added, whatever the clock does meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from seasoned.clock import SECOND
from seasoned.engine import Engine
from seasoned.engine.sessions import NewSessionRequest
from seasoned.store import Connection, tasks
from seasoned.store.rows import PageQuery
from seasoned.task import Task
from tests.support.home import opened, page_of, said
from tests.support.zips import skill_md, zip_of

ROWS_BEFORE = 4
ROWS_MEANWHILE = 7
LIMIT = 3
NOON = 1_750_000_000 * SECOND


class Still:
    """A clock that always shows the same."""

    def now(self) -> int:
        return NOON


class JumpingBack:
    """A clock that is set back by an hour again and again, and runs a little between."""

    def __init__(self) -> None:
        self._asked = 0

    def now(self) -> int:
        self._asked += 1
        return NOON + self._asked * 7 - (self._asked // 3) * 3_600 * SECOND


class Place:
    """Where the rows of a test go."""

    def __init__(self, engine: Engine, project_id: str, session_id: str) -> None:
        self.engine = engine
        self.project_id = project_id
        self.session_id = session_id
        self._named = 0

    def name(self) -> str:
        """A fresh name."""
        self._named += 1
        return f"name-{self._named}"


Add = Callable[[Place], Awaitable[object]]
List = Callable[[Place, PageQuery], Awaitable[tuple[list[str], str | None]]]


async def add_session(place: Place) -> None:
    await place.engine.sessions.create(place.project_id, NewSessionRequest())


async def add_copy(place: Place) -> None:
    await place.engine.sessions.copy(place.project_id, place.session_id)


async def list_sessions(place: Place, query: PageQuery) -> tuple[list[str], str | None]:
    rows, cursor = await place.engine.sessions.page(place.project_id, query)
    return [row.id for row in rows], cursor


async def add_message(place: Place) -> None:
    await place.engine.messages.store(place.project_id, place.session_id, said(place.name()))


async def list_messages(place: Place, query: PageQuery) -> tuple[list[str], str | None]:
    rows, _, page = await page_of(place.engine, place.project_id, place.session_id, query)
    return [row.id for row in (rows[::-1] if query.newest_first else rows)], page.cursor


async def add_task(place: Place) -> None:
    def save(connection: Connection) -> None:
        order = len(tasks.of_session(connection, place.session_id)) + 1
        now = place.engine.store.clock.now()
        tasks.save(
            connection,
            place.project_id,
            place.session_id,
            Task(order=order, title="a task", status="running", first=1, last=1),
            [],
            now,
        )

    await place.engine.store.write(save)


async def list_tasks(place: Place, query: PageQuery) -> tuple[list[str], str | None]:
    rows, cursor = await place.engine.sessions.tasks(place.project_id, place.session_id, query)
    return [row.id for row in rows], cursor


async def add_event(place: Place) -> None:
    await place.engine.sessions.add_event(place.project_id, place.session_id, "text_event", {"text": place.name()})


async def list_events(place: Place, query: PageQuery) -> tuple[list[str], str | None]:
    rows, cursor = await place.engine.sessions.events(place.project_id, place.session_id, query)
    return [row.id for row in rows], cursor


async def add_user(place: Place) -> None:
    await place.engine.sessions.create(place.project_id, NewSessionRequest(user=place.name()))


async def list_users(place: Place, query: PageQuery) -> tuple[list[str], str | None]:
    rows, cursor = await place.engine.users.page(place.project_id, query)
    return [row.id for row in rows], cursor


async def add_skill(place: Place) -> None:
    await place.engine.skills.upload(
        place.project_id, zip_of({"SKILL.md": skill_md(place.name())}), user=None, meta=None
    )


async def list_skills(place: Place, query: PageQuery) -> tuple[list[str], str | None]:
    states, cursor = await place.engine.skills.page(place.project_id, query)
    return [state.row.id for state in states], cursor


async def add_space(place: Place) -> None:
    await place.engine.spaces.create(place.project_id)


async def list_spaces(place: Place, query: PageQuery) -> tuple[list[str], str | None]:
    rows, cursor = await place.engine.spaces.page(place.project_id, query)
    return [row.id for row in rows], cursor


async def add_disk(place: Place) -> None:
    await place.engine.disks.create(place.project_id, None)


async def list_disks(place: Place, query: PageQuery) -> tuple[list[str], str | None]:
    rows, cursor = await place.engine.disks.page(place.project_id, query)
    return [row.id for row in rows], cursor


LISTS: dict[str, tuple[Add, List]] = {
    "sessions": (add_session, list_sessions),
    "copies of sessions": (add_copy, list_sessions),
    "messages": (add_message, list_messages),
    "tasks": (add_task, list_tasks),
    "events": (add_event, list_events),
    "users": (add_user, list_users),
    "skills": (add_skill, list_skills),
    "skills of new spaces": (add_space, list_skills),
    "spaces": (add_space, list_spaces),
    "disks": (add_disk, list_disks),
    "disks of skills": (add_skill, list_disks),
}


async def walk(place: Place, add: Add, listed: List, newest_first: bool) -> tuple[list[str], list[str], list[str]]:
    """All ids before, those seen on a walk through the pages while rows are added, and all ids after."""
    for _ in range(ROWS_BEFORE):
        await add(place)
    before, _ = await listed(place, PageQuery(limit=1_000))
    seen: list[str] = []
    query, left = PageQuery(limit=LIMIT, newest_first=newest_first), ROWS_MEANWHILE
    while True:
        adding = min(left, 2)
        left -= adding
        (found, cursor), _ = await asyncio.gather(listed(place, query), add_some(place, add, adding))
        seen += found
        after, _ = await listed(place, PageQuery(limit=1_000))
        if cursor is None and (newest_first or (not left and after[-1] == seen[-1])):
            return before, seen, after
        if cursor is None and after[-1] == seen[-1]:
            left -= 1
            await add(place)
        # Who has reached the end of what there was goes on from the last row, as a client that polls does.
        cursor = cursor or await cursor_behind(place, listed, seen[-1])
        query = PageQuery(limit=LIMIT, newest_first=newest_first, cursor=cursor)


async def add_some(place: Place, add: Add, count: int) -> None:
    """Add rows, all at once."""
    await asyncio.gather(*(add(place) for _ in range(count)))


async def cursor_behind(place: Place, listed: List, last: str) -> str:
    """The cursor behind a row: that of the page which ends with it."""
    after, _ = await listed(place, PageQuery(limit=1_000))
    _, cursor = await listed(place, PageQuery(limit=after.index(last) + 1))
    assert cursor is not None, "a row was put in before the last one"
    return cursor


@pytest.mark.parametrize("newest_first", [False, True], ids=["oldest first", "newest first"])
@pytest.mark.parametrize("clock", [Still, JumpingBack])
def test_pages_neither_skip_nor_repeat(
    tmp_path: Path, clock: type[Still] | type[JumpingBack], newest_first: bool
) -> None:
    async def run() -> None:
        async with opened(tmp_path, clock=clock(), quiet_seconds=3_600) as engine:
            for name, (add, listed) in LISTS.items():
                project, _ = await engine.projects.create(name)
                row, _ = await engine.sessions.create(project.id, NewSessionRequest())
                before, seen, after = await walk(Place(engine, project.id, row.id), add, listed, newest_first)
                assert after[: len(before)] == before, f"{name}: a row was put in between those that were there"
                # From the newest on, what comes later is not looked for; from the oldest on, all of it is met.
                assert seen == (after[after.index(seen[0]) :: -1] if newest_first else after), name
                assert len(seen) >= len(before), name

    asyncio.run(run())
