"""Moving a home from SQLite to PostgreSQL and back: everything is there, keys go on working, a copy may be resumed."""

import shutil
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from seasoned.store import transfer
from seasoned.store.schema import messages
from tests.cli.test_learn import AIRLINE
from tests.support.command import exported, seasoned
from tests.support.databases import database_of, homes_on, migrate, opened
from tests.support.postgres import Postgres
from tests.support.server import running

KEPT = ("api-key", "secret")


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has learned, with files in its object store."""
    home = tmp_path_factory.mktemp("learned") / "home"
    done = seasoned(home, "learn", AIRLINE, settings={"SEASONED_INLINE_BYTES_MAX": "2000"})
    assert done.code == 0, done.err
    assert list((home / "blobs").glob("*/*"))
    return home


@pytest.fixture
def database(postgres_server: Postgres) -> str:
    """An empty PostgreSQL database."""
    return postgres_server.database()


@pytest.mark.sqlite
def test_a_home_moves_to_postgresql_and_back_with_every_skill_byte_for_byte(
    learned: Path, database: str, tmp_path: Path
) -> None:
    before = exported(learned, tmp_path / "before")
    there = tmp_path / "there"
    done = seasoned(there, "copy", str(learned), database, "--json")
    assert done.code == 0, done.err
    assert done.json()["verified"] is True
    on_postgres = {"SEASONED_DATABASE": database}
    assert seasoned(there, "skills", "export", str(tmp_path / "after"), settings=on_postgres).code == 0
    assert files_of(tmp_path / "after") == before
    assert [(there / name).read_bytes() for name in KEPT] == [(learned / name).read_bytes() for name in KEPT]
    back = tmp_path / "back"
    assert seasoned(there, "copy", database, str(back)).code == 0
    assert exported(back, tmp_path / "again") == before


@pytest.mark.sqlite
def test_a_copy_that_was_interrupted_goes_on(
    learned: Path, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(Exception):
        pass

    def stop(table: str, rows: int) -> None:
        if table == messages.name:
            raise Interrupted

    monkeypatch.setattr(transfer, "BATCH_ROWS", 10)
    with opened(learned) as source, opened(tmp_path, database=database) as target:
        with pytest.raises(Interrupted):
            transfer.copy_rows(source, target, stop)
        copied = transfer.copy_rows(source, target)
        assert copied.rows[messages.name] > 10
        assert copied.added < sum(copied.rows.values())
        assert transfer.copy_rows(source, target).added == 0


@pytest.mark.sqlite
def test_a_source_that_has_changed_meanwhile_is_noticed(learned: Path, database: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(learned, source)
    assert seasoned(tmp_path / "there", "copy", str(source), database).code == 0
    with opened(source) as store, store.writing() as connection:
        connection.execute(sa.update(messages).values(status="failed"))
    done = seasoned(tmp_path / "there", "copy", str(source), database)
    assert done.code == 1
    assert "messages differs" in done.err


@pytest.mark.sqlite
def test_a_target_with_data_of_its_own_and_a_source_that_is_none_are_refused(
    learned: Path, database: str, tmp_path: Path
) -> None:
    migrate(database)
    other = {"SEASONED_DATABASE": database}
    assert seasoned(tmp_path / "other", "projects", "create", "own", settings=other).code == 0
    done = seasoned(tmp_path / "there", "copy", str(learned), database)
    assert (done.code, "already has projects" in done.err) == (1, True)
    done = seasoned(tmp_path / "there", "copy", str(tmp_path / "nowhere"), database)
    assert (done.code, "no home" in done.err) == (1, True)


@pytest.mark.sqlite
def test_the_copy_learns_on_and_its_keys_work(learned: Path, postgres_server: Postgres, tmp_path: Path) -> None:
    with homes_on(postgres_server):
        database = database_of(tmp_path / "home")
        assert seasoned(tmp_path / "home", "copy", str(learned), database).code == 0
        key = (learned / "api-key").read_text().strip()
        with running(tmp_path, {"SEASONED_API_KEY": ""}) as server, server.http(key) as http:
            assert http.get("/ping").status_code == httpx.codes.OK
            space = http.get("/learning_spaces").json()["data"]["items"][0]["id"]
            assert http.get(f"/learning_spaces/{space}/sessions").json()["data"]


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file of the skills in a folder."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".seasoned.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
