"""Opening a home: rights, migrations, several processes at once."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from seasoned import config
from seasoned.errors import Invalid, NotFound
from seasoned.store import Store
from seasoned.store.blobs import FolderBlobs
from seasoned.store.schema import metadata


def open_store(home: Path) -> Store:
    return Store.open(config.load({}, home=home))


def test_the_migrations_make_exactly_the_schema(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'seasoned.db'}")
    with engine.connect() as connection:
        # The full-text index is SQLite's own, beside the schema.
        def ours(_object: object, name: str | None, kind: str, _found: bool, _other: object) -> bool:
            return kind != "table" or not str(name).startswith("entries_fts")

        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_database_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    open_store(tmp_path / "home").close()
    for path in (tmp_path / "home").glob("seasoned.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_database_of_a_newer_release_is_refused_with_a_sentence(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.close()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'seasoned.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(Invalid, match="upgrade Seasoned"):
        open_store(tmp_path)


def test_ten_processes_open_a_new_home_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from seasoned import config; from seasoned.store import Store\n"
        "Store.open(config.load({}, home=Path(sys.argv[1]))).close()"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "home")], stderr=subprocess.PIPE, text=True)
        for _ in range(10)
    ]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 10, "\n".join(errors)


def test_a_blob_is_stored_once_whole_and_without_leftovers(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    first, second = blobs.put_now(b"x" * 100_000), blobs.put_now(b"x" * 100_000)
    assert first == second
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [first]
    assert blobs.get_now(first) == b"x" * 100_000
    with pytest.raises(NotFound):
        blobs.get_now("0" * 64)
