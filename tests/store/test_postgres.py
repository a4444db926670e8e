"""What only PostgreSQL does: races that are lost, a server that is away, characters that it refuses."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from seasoned import config
from seasoned.errors import Busy, Invalid
from seasoned.store import Connection, Store, projects
from seasoned.store.rows import load_object
from seasoned.store.writer import TURN_RACES_MAX
from tests.support.databases import homes_on, opened
from tests.support.ports import free_port
from tests.support.postgres import Postgres


@pytest.fixture
def _on_postgres(postgres_server: Postgres) -> Iterator[None]:
    with homes_on(postgres_server):
        yield


@pytest.mark.usefixtures("_on_postgres")
def test_a_write_that_loses_every_race_is_to_be_tried_again_and_has_changed_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store, opened(tmp_path) as faster:
            made = await store.write(lambda c: projects.create(c, "p", "h", 1))
            wins = 0

            def always_second(connection: Connection) -> None:
                nonlocal wins
                projects.by_id(connection, made.id)  # from here on it sees what is there now
                wins += 1
                faster.write_now(lambda c: projects.merge_configs(c, made.id, {f"win{wins}": True}, 1))
                projects.merge_configs(connection, made.id, {"loss": True}, 1)

            with pytest.raises(Busy, match="Too much contention on these rows"):
                await store.write(always_second)
            assert wins > TURN_RACES_MAX
            row = await store.read(lambda c: projects.by_id(c, made.id))
            assert row is not None
            assert set(load_object(row.configs)) == {f"win{number}" for number in range(1, wins + 1)}

    asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://someone:hush@127.0.0.1:{port}/nowhere", "cannot be opened"),
        ("mysql://127.0.0.1/x", "postgresql://user@host"),
        ("nonsense", "postgresql://user@host"),
    ],
)
def test_a_database_that_cannot_be_opened_is_named_without_its_password(
    tmp_path: Path, url: str, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence) as caught:
        Store.open(config.load({}, home=tmp_path, database=url.format(port=free_port())))
    assert "hush" not in str(caught.value)


@pytest.mark.usefixtures("_on_postgres")
def test_text_with_a_nul_is_stored_with_the_sign_for_an_unreadable_character(tmp_path: Path) -> None:
    async def run() -> None:
        with opened(tmp_path) as store:
            project = await store.write(lambda c: projects.create(c, "p", "h", 1))
            first = await store.write(lambda c: projects.ensure_user(c, project.id, "a\x00b", 1))
            assert await store.write(lambda c: projects.ensure_user(c, project.id, "a\x00b", 1)) == first
            assert await store.read(lambda c: projects.identifier(c, first)) == "a\ufffdb"

    asyncio.run(run())
