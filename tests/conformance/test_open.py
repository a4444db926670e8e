"""Opening a home on every database: the schema, several processes at once, other releases."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from seasoned import config
from seasoned.errors import Invalid
from seasoned.store import Connection, Store
from seasoned.store.schema import metadata
from seasoned.store.search import TABLES
from tests.support.databases import opened
from tests.support.patience import PATIENCE_SECONDS
from tests.support.postgres import Postgres


def difference(connection: Connection) -> list[object]:
    """How a database differs from the schema."""

    def ours(_object: object, name: str | None, kind: str, _found: bool, _other: object) -> bool:
        # Each database has an index of words of its own, beside the schema, and PostgreSQL the jobs of Procrastinate.
        if kind == "table":
            return not str(name).startswith((*(f"{table}_fts" for table in TABLES), "procrastinate_"))
        return (kind, name) not in (("column", "stems"), *(("index", f"ix_{table}_stems") for table in TABLES))

    return list(compare_metadata(MigrationContext.configure(connection, opts={"include_object": ours}), metadata))


def test_a_new_home_has_exactly_the_schema(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert store.read_now(difference) == []


def test_a_database_of_a_newer_release_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with opened(tmp_path) as store, store._writing.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Invalid, match="upgrade Seasoned"), opened(tmp_path):
        pass


# Nothing is imported twice, and all begin at the same moment.
TEN_AT_ONCE = """
import multiprocessing, sys
from pathlib import Path
import alembic.command, procrastinate, psycopg
from seasoned import config
from seasoned.store import Store

fork = multiprocessing.get_context("fork")
barrier = fork.Barrier(10)

def enter():
    barrier.wait()
    Store.open(config.load({}, home=Path(sys.argv[1]), database=sys.argv[2])).close()

processes = [fork.Process(target=enter) for _ in range(10)]
for process in processes:
    process.start()
for process in processes:
    process.join()
print([process.exitcode for process in processes], end="")
"""


def test_ten_processes_open_a_new_home_at_once(tmp_path: Path, store_kind: str, request: pytest.FixtureRequest) -> None:
    database = ""
    if store_kind == "postgres":
        server: Postgres = request.getfixturevalue("postgres_server")
        database = server.database()
    done = subprocess.run(
        [sys.executable, "-c", TEN_AT_ONCE, str(tmp_path / "home"), database],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == str([0] * 10), done.stderr
    Store.open(config.load({}, home=tmp_path / "home", database=database)).close()
