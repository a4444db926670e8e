"""A SQLite file that cannot grow."""

import asyncio
from pathlib import Path

import pytest

from seasoned.errors import StorageFull
from seasoned.store import Connection, projects
from tests.conformance.test_writer import add
from tests.support.databases import opened


def test_a_full_disk_writes_nothing_says_so_and_work_goes_on_once_there_is_room(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:

            def limit(pages: int) -> "asyncio.Future[object]":
                return asyncio.ensure_future(
                    store.write(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={pages}").scalar())
                )

            def fill(connection: Connection) -> None:
                connection.execute(add("small"))
                connection.exec_driver_sql("INSERT INTO contents VALUES ('x', zeroblob(3000000))")

            await limit(100)
            with pytest.raises(StorageFull, match="disk is full"):
                await store.write(fill)
            assert await store.read(projects.every) == []
            await limit(1_000_000)
            await store.write(fill)
            assert [row.name for row in await store.read(projects.every)] == ["small"]

    asyncio.run(run())
