"""A home that an earlier schema wrote opens, migrates, and keeps every skill byte for byte."""

import asyncio
import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from seasoned import config
from seasoned.engine import Engine
from seasoned.engine.disks import DiskPath
from seasoned.message import Part
from seasoned.skill import SKILL_FILE
from seasoned.store import Connection, Store, search, skills, spaces
from seasoned.store.blobs import FolderBlobs
from seasoned.store.files import as_text
from seasoned.store.gc import marks
from seasoned.store.migrate import migrate
from seasoned.store.rows import PageQuery
from seasoned.store.schema import versions
from tests.conformance.test_open import difference
from tests.conformance.test_search import space_with
from tests.support.databases import TEMPLATE
from tests.support.databases import opened as a_store
from tests.support.home import opened, page_of, project
from tests.support.postgres import Postgres

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
                f"{state.row.name}/{path}": data
                for state in (await engine.skills.page(project_id, PageQuery(limit=200)))[0]
                for path, data in (await engine.skills.content(project_id, state.row.id)).files.items()
            }
            assert found == before
            await _searchable(engine, project_id)

    asyncio.run(run())
    assert len(before) > 4


def test_a_new_home_is_what_all_the_steps_make(tmp_path: Path) -> None:
    """A home is made at once, not step by step, and nobody can tell."""
    with closing(Store.open(config.load({}, home=tmp_path))) as store:
        made = store.read_now(_shape)
    with sa.create_engine("sqlite://").begin() as connection:
        migrate(connection)
        migrated = _shape(connection)
    assert made == migrated
    assert len(made) > 30


def _shape(connection: Connection) -> dict[str, object]:
    """All that a database is made of, whatever the order and the words in which it was made."""

    def rows(pragma: str, name: str) -> list[tuple[object, ...]]:
        # The first column is the place among its like, which differs where a step has changed a table.
        return [tuple(row)[1:] for row in connection.exec_driver_sql(f"PRAGMA {pragma}({name})")]

    shape: dict[str, object] = {}
    for kind, name, sql in connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master").all():
        if kind == "table":
            uniques = sorted(
                str([one[1] for one in rows("index_info", str(row[0]))]) for row in rows("index_list", name)
            )
            shape[name] = (
                sorted(rows("table_xinfo", name)),
                sorted(row[1:] for row in rows("foreign_key_list", name)),
                uniques,
            )
        elif kind == "trigger" or (sql and " WHERE " in sql):
            shape[name] = " ".join(sql.split())
        elif sql:
            shape[name] = [row[1:] for row in rows("index_xinfo", name)]
    return shape


# What makes a database of PostgreSQL one of the sixth schema again; its entries had their index beside them.
TO_0006 = """
DROP TABLE entry_words;
DROP TABLE unindexed;
ALTER TABLE entries DROP COLUMN whole;
ALTER TABLE entries ADD FOREIGN KEY (skill_id) REFERENCES skills (id) ON DELETE CASCADE;
DROP TABLE pins;
DROP TABLE skill_reads;
ALTER TABLE skills DROP COLUMN archived_at;
DROP TABLE task_messages;
CREATE INDEX ix_messages_task ON messages (task_id, number) WHERE task_id IS NOT NULL;
DROP INDEX ix_sessions_attempt_of;
ALTER TABLE sessions DROP COLUMN attempt_of;
ALTER TABLE tasks DROP COLUMN is_told;
ALTER TABLE lessons DROP COLUMN basis;
ALTER TABLE spaces DROP COLUMN policy;
DROP TABLE proposal_lessons;
DROP TABLE proposals;
DROP TABLE forgotten;
UPDATE versions SET author = 'api';
DROP TABLE inline_blob_marks;
DROP TABLE blob_marks;
CREATE TABLE doomed_blobs (
  sha256 varchar(64) PRIMARY KEY, seen_at bigint NOT NULL, condemned_at bigint, gone_at bigint
);
CREATE INDEX ix_doomed_blobs_due ON doomed_blobs (condemned_at, seen_at);
INSERT INTO doomed_blobs VALUES ('00ff', 1, 2, NULL);
DROP INDEX ix_space_skills_page;
DROP TABLE imported_files;
DROP INDEX ix_sessions_opening;
ALTER TABLE sessions DROP COLUMN opening;
DROP TABLE documents;
ALTER TABLE entries DROP COLUMN stems;
ALTER TABLE entries DROP COLUMN words;
ALTER TABLE entries ADD COLUMN words tsvector
  GENERATED ALWAYS AS (to_tsvector('english', left(text, 100000))) STORED;
CREATE INDEX ix_entries_words ON entries USING gin (words);
UPDATE alembic_version SET version_num = '0006'
"""


def test_a_database_of_the_sixth_schema_is_migrated_and_searched(tmp_path: Path, postgres_server: Postgres) -> None:
    database = postgres_server.database(template=TEMPLATE)
    texts = [f"entry number {number}" for number in range(900)]
    with a_store(tmp_path, database=database) as store, store.writing() as connection:
        space_id = space_with(connection, [*texts, "the vault is sealed at night"])
        for statement in TO_0006.split(";"):
            connection.execute(sa.text(statement))
    with a_store(tmp_path, database=database) as store:
        assert store.read_now(difference) == []
        assert set(
            store.read_now(lambda connection: connection.execute(sa.select(versions.c.author)).scalars().all())
        ) == {"user"}
        assert store.read_now(lambda connection: marks.find(connection, ["00ff"]))["00ff"].tombstoned_at == 2
        (hit,) = store.read_now(lambda connection: search.near(connection, space_id, "sealed vaults", 5))
        assert hit.text == "the vault is sealed at night"
        assert (
            store.read_now(lambda connection: search.near(connection, space_id, "entry 899", 5))[0].text == texts[899]
        )


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


# What the third schema's home was given beside texts; its database names the bytes by their hashes.
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
LONG = "Read this log again. " * 4_000
NOTES = b"Large. " * 20_000
HEADS_0003 = (
    "SELECT s.name || '/' || f.path, c.body FROM skills s JOIN files f ON f.skill_id = s.id AND f.until IS NULL"
    " JOIN contents c ON c.sha256 = f.sha256"
)


def test_a_home_of_the_third_schema_keeps_its_skills_messages_and_files_which_are_not_collected(tmp_path: Path) -> None:
    packed = Path(__file__).parents[1] / "data" / "home-0003.db.gz"
    (tmp_path / "seasoned.db").write_bytes(gzip.decompress(packed.read_bytes()))
    with closing(sqlite3.connect(tmp_path / "seasoned.db")) as old:
        assert old.execute("SELECT version_num FROM alembic_version").fetchone() == ("0003",)
        before = {str(path): bytes(body) for path, body in old.execute(HEADS_0003)}
        project_id = old.execute("SELECT id FROM projects").fetchone()[0]
        session_id = old.execute("SELECT session_id FROM messages WHERE parts_sha256 IS NOT NULL").fetchone()[0]
        disk_id = old.execute("SELECT disk_id FROM artifacts").fetchone()[0]
    folder = FolderBlobs(tmp_path / "blobs")
    parts = msgspec.json.encode((Part("text", text=LONG),))
    kept = [folder.put_now(data) for data in (PICTURE, NOTES, parts)]
    abandoned_jobs = folder.put_now(b"Nothing names this.")

    async def run() -> None:
        async with opened(tmp_path, blob_grace_seconds=0) as engine:
            states, _ = await engine.skills.page(project_id, PageQuery(limit=200))
            found = {
                f"{state.row.name}/{path}": data
                for state in states
                for path, data in (await engine.skills.content(project_id, state.row.id)).files.items()
            }
            assert found == before
            for _ in range(2):
                await engine.collecting.run()
            assert [blob.sha256 for blob in folder.listed("", 10)] == sorted(kept)
            _, messages, _ = await page_of(engine, project_id, session_id, PageQuery(limit=0))
            assert messages[-1].parts[0].text == LONG
            asset = messages[-2].parts[0].asset
            assert asset is not None
            assert await engine.store.blobs.get(asset.sha256) == PICTURE
            notes = await engine.disks.get(project_id, disk_id, DiskPath("/a/", "notes.txt"))
            assert await engine.disks.data(notes) == NOTES

    asyncio.run(run())
    assert not (tmp_path / "blobs" / abandoned_jobs[:2] / abandoned_jobs).exists()
    assert len(before) >= 3
