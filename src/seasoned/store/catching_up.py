"""Indexes what is marked as unindexed (`store.indexing`), in bounded transactions.

Other writes run between them. If a process dies, its mark remains and the next one resumes, since the remaining work is
always computed from the rows.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import Damaged, NotFound, SeasonedError
from seasoned.skill import SKILL_FILE
from seasoned.store import files, indexing, skills
from seasoned.store.indexing import IndexedEntry, SpaceLink
from seasoned.store.rows import to_rows
from seasoned.store.schema import entries, space_skills, unindexed
from seasoned.store.schema import files as file_rows
from seasoned.store.schema import skills as skill_rows
from seasoned.store.skills import FileRow

if TYPE_CHECKING:
    from seasoned.store.database import Store

log = logging.getLogger(__name__)

# How long a client waits for indexing.
MOMENT_SECONDS = 1.0
# Of how many links one transaction looks whether their words are there.
LINKS_AT_ONCE = 16


class _Mark(msgspec.Struct, frozen=True):
    """A mark of unindexed content."""

    id: int
    skill_id: str
    path: str | None
    link_id: str | None


class _Head(msgspec.Struct, frozen=True):
    """A skill and a file of it as they were read; `skill` is None when it is gone."""

    skill: tuple[str, str, str, int] | None
    file: FileRow | None
    since: int | None


class Indexer:
    """Indexes a store's skills, one at a time: otherwise many bounded steps would share a transaction."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def settle(self, skill_id: str) -> None:
        """Index a skill; after a short wait it continues in the background."""
        if await self._store.read(partial(_next, skill_id=skill_id)) is not None:
            await asyncio.wait({self._begin(self._one(skill_id))}, timeout=MOMENT_SECONDS)

    def soon(self) -> None:
        """Remove deleted content from the index, in the background, since searches no longer find it."""
        self._begin(self.sweep())

    async def settle_space(self, space_id: str) -> None:
        """Index every skill of a space and wait for it. Raises Busy, StorageFull."""
        for skill_id in await self._store.read(partial(_behind, space_id=space_id)):
            await self._one(skill_id)

    async def sweep(self) -> None:
        """Index everything that is left. Raises Busy, StorageFull."""
        while (mark := await self._store.read(partial(_next, skill_id=""))) is not None:
            await self._one(mark.skill_id)

    async def close(self) -> None:
        """Stop; the next sweep of any process does the rest."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(_tried(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _one(self, skill_id: str) -> None:
        async with self._turn:
            await catch_up(self._store, skill_id)


async def _tried(work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except (SeasonedError, sa.exc.DBAPIError) as error:
        log.warning("the index is behind, a sweep will go on", extra={"error": type(error).__name__})


def is_behind(connection: Connection) -> bool:
    """Whether anything is unindexed."""
    return connection.execute(sa.select(unindexed.c.id).limit(1)).first() is not None


def _behind(connection: Connection, *, space_id: str) -> list[str]:
    statement = (
        sa.select(unindexed.c.skill_id)
        .join(space_skills, space_skills.c.skill_id == unindexed.c.skill_id)
        .where(space_skills.c.space_id == space_id)
        .distinct()
    )
    return sorted(connection.execute(statement).scalars())


async def catch_up(store: "Store", skill_id: str) -> None:
    """Bring a skill's part of the index in line with the rows.

    Raises Busy, StorageFull; then it must be repeated.
    """
    while (mark := await store.read(partial(_next, skill_id=skill_id))) is not None:
        seen = await store.read(partial(_same, mark=mark))
        if mark.link_id is not None:
            done = await _link(store, mark.skill_id, mark.link_id)
        elif mark.path is not None:
            done = await _file(store, mark.skill_id, mark.path)
        else:
            paths = await store.read(partial(_paths, skill_id=mark.skill_id))
            done = all([await _file(store, mark.skill_id, path) for path in paths])
        if done:
            await store.write(partial(_unmark, ids=seen))


def _next(connection: Connection, *, skill_id: str) -> _Mark | None:
    statement = sa.select(unindexed.c.id, unindexed.c.skill_id, unindexed.c.path, unindexed.c.link_id)
    if skill_id:
        statement = statement.where(unindexed.c.skill_id == skill_id)
    found = to_rows(_Mark, connection.execute(statement.order_by(unindexed.c.id).limit(1)).all())
    return found[0] if found else None


def _same(connection: Connection, *, mark: _Mark) -> list[int]:
    """The marks that are settled with this one."""
    where = unindexed.c.skill_id == mark.skill_id
    where &= unindexed.c.path.is_not_distinct_from(mark.path) & unindexed.c.link_id.is_not_distinct_from(mark.link_id)
    statement = sa.select(unindexed.c.id).where(where).order_by(unindexed.c.id)
    return list(connection.execute(statement.limit(indexing.ROWS_MAX)).scalars())


def _unmark(connection: Connection, *, ids: list[int]) -> None:
    connection.execute(sa.delete(unindexed).where(unindexed.c.id.in_(ids)))


def _paths(connection: Connection, *, skill_id: str) -> list[str]:
    """The files of a skill that have entries, or may have some."""
    indexed = sa.select(entries.c.path).where(entries.c.skill_id == skill_id).distinct()
    where = (file_rows.c.skill_id == skill_id) & file_rows.c.until.is_(None) & file_rows.c.path.endswith(".md")
    heads = connection.execute(sa.select(file_rows.c.path).where(where)).scalars()
    return sorted({*connection.execute(indexed).scalars(), *heads})


async def _file(store: "Store", skill_id: str, path: str) -> bool:
    """Let the index hold the entries of a file; False when the file has changed meanwhile."""
    head = await store.read(partial(_head, skill_id=skill_id, path=path))
    found = await asyncio.to_thread(_wanted, store, head, path)

    def step(connection: Connection) -> bool | None:
        indexing.touch(connection, skill_id)
        if _head(connection, skill_id=skill_id, path=path, bare=True) != _bare(head):
            return None
        return indexing.step(connection, skill_id, path, found)

    while more := await store.write(step):
        pass
    if more is None:
        return False
    links = await store.read(partial(indexing.links_of, skill_id=skill_id))
    for start in range(0, len(links), LINKS_AT_ONCE):
        some = [(link, indexing.START) for link in links[start : start + LINKS_AT_ONCE]]
        while some:
            some = await store.write(partial(_step_words, skill_id=skill_id, path=path, links=some))
    return True


def _step_words(
    connection: Connection, *, skill_id: str, path: str, links: list[tuple[SpaceLink, indexing.Position]]
) -> list[tuple[SpaceLink, indexing.Position]]:
    """Keep some words of a file for the first of some links; the links that are left, and from where on."""
    if not indexing.touch(connection, skill_id):
        return []
    room = indexing.ROWS_MAX
    while links and room > 0:
        link, after = links[0]
        count, place = 0, None
        if _found_link(connection, link_id=link.id) is not None:
            # What a transaction does at most it does for one link, or a little for each of several.
            count, place = indexing.step_words(connection, skill_id, link, after, path, room)
        room -= count
        links = [(link, place), *links[1:]] if place is not None else links[1:]
    return links


async def _link(store: "Store", skill_id: str, link_id: str) -> bool:
    """Let a skill's entries be found in a space, or in no way when it has left it."""
    link = await store.read(partial(_found_link, link_id=link_id))
    if link is None:
        while await store.write(partial(indexing.step_out, link_id=link_id)):
            pass
        return True
    after: indexing.Position | None = indexing.START
    while after is not None:
        after = await store.write(partial(_step_in, skill_id=skill_id, link=link, after=after))
    return await store.read(partial(_found_link, link_id=link_id)) is not None


def _step_in(
    connection: Connection, *, skill_id: str, link: SpaceLink, after: indexing.Position
) -> indexing.Position | None:
    if not indexing.touch(connection, skill_id) or _found_link(connection, link_id=link.id) is None:
        return None
    return indexing.step_words(connection, skill_id, link, after)[1]


def _found_link(connection: Connection, *, link_id: str) -> SpaceLink | None:
    where = space_skills.c.id == link_id
    found = to_rows(
        SpaceLink, connection.execute(sa.select(space_skills.c.id, space_skills.c.space_id).where(where)).all()
    )
    return found[0] if found else None


def _head(connection: Connection, *, skill_id: str, path: str, bare: bool = False) -> _Head:
    columns = (skill_rows.c.name, skill_rows.c.description, skill_rows.c.rule, skill_rows.c.head)
    row = connection.execute(sa.select(*columns).where(skill_rows.c.id == skill_id)).first()
    if row is None:
        return _Head(None, None, None)
    name = path or SKILL_FILE
    where = (file_rows.c.skill_id == skill_id) & (file_rows.c.path == name) & file_rows.c.until.is_(None)
    since = connection.execute(sa.select(file_rows.c.since).where(where)).scalar()
    found = [] if bare else skills.head_files(connection, skill_id, [name])
    # Only what a skill says of itself changes with other versions than those of the file.
    return _Head((row[0], row[1], row[2], 0 if path else row[3]), found[0] if found else None, since)


def _bare(head: _Head) -> _Head:
    return msgspec.structs.replace(head, file=None)


def _wanted(store: "Store", head: _Head, path: str) -> Counter[IndexedEntry]:
    """The index entries of a file. Reads blobs, so it belongs into a thread."""
    if head.skill is None:
        return Counter()
    data = b""
    if head.file is not None:
        try:
            data = files.unpack(head.file, store.blobs)
        except (Damaged, NotFound):
            data = b""  # what is lost cannot be found
    name, description, rule, _ = head.skill
    if not path:
        return Counter([IndexedEntry(files.about(name, description, data).text)])
    return Counter() if rule else indexing.wanted(files.searched_of(path, data))
