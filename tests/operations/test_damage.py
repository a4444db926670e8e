"""A database whose file is damaged: `/ready`, `doctor` and every request say so, each in a sentence."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from seasoned.errors import DatabaseDamaged
from seasoned.store.rows import PageQuery
from tests.conftest import StartServer
from tests.support import home
from tests.support.command import seasoned
from tests.support.home import linked_session, opened, project, until
from tests.support.server import wait_until

pytestmark = pytest.mark.sqlite

# The first byte of a table's page whose rows are on other pages (SQLite's file format, section 1.6).
INTERIOR = 5
SAID = "The database is damaged; run `seasoned doctor`, and restore it from a backup."


def settled_file(path: Path) -> tuple[int, dict[str, int]]:
    """Everything in the database's own file; its pages' size and where each table and index begins."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not busy
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        return size, dict(connection.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0"))


def overwrite(path: Path, first: int, last: int) -> None:
    """Damage bytes of a file in place."""
    with path.open("r+b") as file:
        file.seek(first)
        file.write(b"\xa5" * (last - first))


def page_of(name: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        size, pages = settled_file(path)
        overwrite(path, (pages[name] - 1) * size, pages[name] * size)

    return damage


def header(path: Path) -> None:
    settled_file(path)
    overwrite(path, 0, 100)


def all_but_the_first_page(path: Path) -> None:
    size, _ = settled_file(path)
    overwrite(path, size, path.stat().st_size)


def shortened(path: Path) -> None:
    size, _ = settled_file(path)
    with path.open("r+b") as file:
        file.truncate(3 * size)


DAMAGE = {
    "a table": page_of("lessons"),
    "a table that is read for every key": page_of("projects"),
    "an index": page_of("sqlite_autoindex_skills_1"),
    "the header": header,
    "nearly all": all_but_the_first_page,
    "shortened": shortened,
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_damaged_is_not_ready_and_doctor_says_so(tmp_path: Path, name: str) -> None:
    async def run() -> None:
        async with opened(tmp_path) as engine:
            owner = await project(engine)
            space = await engine.spaces.create(owner)
            await linked_session(engine, owner, space.id, "Deploy the shop with helm")
            assert (await engine.conditions.look()).ready
            DAMAGE[name](tmp_path / "seasoned.db")

            async def not_ready() -> str | None:
                found = await engine.conditions.look()
                return None if found.ready else found.database.detail

            assert SAID in await until(engine, not_ready)

    asyncio.run(run())
    done = seasoned(tmp_path, "doctor")
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert "restore it from a backup" in done.out + done.err
    assert len(done.err.splitlines()) <= 1


def last_page_of(name: str, path: Path) -> None:
    """Damage the end of a table that has more than one page: only who reads that far meets it."""
    size, pages = settled_file(path)
    with path.open("rb") as file:
        file.seek((pages[name] - 1) * size)
        head = file.read(12)
    assert head[0] == INTERIOR
    last = int.from_bytes(head[8:12], "big")
    overwrite(path, (last - 1) * size, last * size)


def test_damage_that_only_a_request_meets_is_remembered(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path, quiet_seconds=600) as engine:
            owner = await project(engine)
            space = await engine.spaces.create(owner)
            texts = [f"Deploy shop {number}. {'a word and another ' * 200}" for number in range(100)]
            session_id = await linked_session(engine, owner, space.id, *texts)
            last_page_of("messages", tmp_path / "seasoned.db")

            async def ready_until_met() -> bool | None:
                assert (await engine.conditions.look()).ready
                try:
                    await home.page_of(engine, owner, session_id, PageQuery(limit=0))
                except DatabaseDamaged as error:
                    return str(error) == SAID
                return None

            assert await until(engine, ready_until_met)

            async def not_ready() -> str | None:
                found = await engine.conditions.look()
                return None if found.ready else found.database.detail

            assert await until(engine, not_ready) == SAID

    asyncio.run(run())


def test_a_server_says_it_to_clients_and_probes(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(SEASONED_QUIET_SECONDS="3600")
    with server.http() as http:
        session = http.post("/session", json={}).json()["data"]["id"]
        blob = {"format": "openai", "blob": {"role": "user", "content": "Deploy the shop"}}
        assert http.post(f"/session/{session}/messages", json=blob).status_code == 201
        page_of("messages")(server.home / "seasoned.db")
        wait_until(lambda: httpx.get(f"{server.url}/ready", timeout=20.0).status_code == 503, "it is not ready")
        ready = httpx.get(f"{server.url}/ready", timeout=20.0).json()["data"]
        assert (ready["database"]["ok"], SAID in ready["database"]["detail"]) == (False, True)

        def refused() -> str:
            httpx.get(f"{server.url}/ready", timeout=20.0)  # its write has others read anew what they remember
            return str(http.get(f"/session/{session}/messages").json().get("error"))

        wait_until(lambda: refused() == SAID, "readers are told")
    done = seasoned(tmp_path, "doctor", "--url", server.url, "--json")
    checks = {one["name"]: one for one in json.loads(done.out)}
    assert (done.code, checks["database"]["ok"], checks["ready"]["ok"]) == (1, False, False)
    done = seasoned(server.home, "doctor")
    assert (done.code, "BAD database" in done.out, "Traceback" in done.err) == (1, True, False)
