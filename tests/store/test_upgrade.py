"""A home that an earlier schema wrote opens, migrates, and keeps every skill byte for byte."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from seasoned.engine import Engine
from seasoned.skill import SKILL_FILE
from seasoned.store import Connection, search, skills, spaces
from seasoned.store.files import as_text
from seasoned.store.rows import PageQuery
from tests.support.home import opened, project

DUMPS = sorted((Path(__file__).parents[1] / "data").glob("home-*.sql"))
HEADS = (
    "SELECT s.name || '/' || f.path, c.body FROM skills s JOIN versions v ON v.skill_id = s.id AND v.number = s.head"
    " JOIN files f ON f.version_id = v.id JOIN contents c ON c.sha256 = f.sha256"
)


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
def test_every_skill_of_an_older_home_is_kept_and_can_be_found(tmp_path: Path, dump: Path) -> None:
    with sqlite3.connect(tmp_path / "seasoned.db") as old:
        old.executescript(dump.read_text())
        before = {str(path): bytes(body) for path, body in old.execute(HEADS)}
    old.close()

    async def run() -> None:
        async with opened(tmp_path) as engine:
            project_id = await project(engine)
            found = {
                f"{state.row.name}/{file.path}": file.data
                for state in (await engine.skills.page(project_id, PageQuery(limit=200)))[0]
                for file in await engine.skills.all_files(project_id, state.row.id)
            }
            assert found == before
            await _searchable(engine, project_id)

    asyncio.run(run())
    assert len(before) > 4


async def _searchable(engine: Engine, project_id: str) -> None:
    """What was learned before the upgrade is found, and history reaches back to the first version."""

    def look(connection: Connection) -> None:
        space = spaces.by_name(connection, project_id, "default")
        assert space is not None
        hits = search.near(connection, space.id, "helm upgrade timed out waiting", 5)
        assert any("timed out" in hit.text for hit in hits)
        journal = next(row for row in skills.of_space(connection, space.id) if row.name == "daily-logs")
        assert journal.rule == "journal"
        assert all(hit.skill_id != journal.id for hit in hits if hit.path)
        for row in skills.of_space(connection, space.id):
            head = skills.head_files(connection, row.id)
            assert any(file.path == SKILL_FILE for file in head)
            assert all(file.body is None or as_text(file.body) is None or file.blame for file in head)

    await engine.store.read(look)
