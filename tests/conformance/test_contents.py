"""Small files, which the database keeps itself, are deleted when nothing names them any more, and not before."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from seasoned.engine import Engine
from seasoned.engine.disks import DiskPath
from seasoned.store import Connection, disks, inline_blobs
from seasoned.store.disks import ArtifactRow
from seasoned.store.gc.collector import Collected, Collector
from seasoned.testing import ManualClock
from tests.conformance.test_collecting import GRACE_SECONDS, WHERE, collect, run
from tests.support.overlap import overtaken
from tests.support.zips import skill_md, zip_of


def test_many_small_files_go_in_one_run_whatever_the_pages(tmp_path: Path) -> None:
    clock = ManualClock()

    async def body(engine: Engine, project_id: str) -> None:
        disk = await engine.disks.create(project_id, None)
        for number in range(11):
            await engine.disks.put(project_id, disk.id, WHERE, str(number).encode(), None)
        noted = await collect(engine, GRACE_SECONDS, steps=1)
        assert (noted.small_seen, noted.small_unnamed) == (11, 10)
        clock.advance(GRACE_SECONDS + 1)
        assert (await collect(engine, GRACE_SECONDS, steps=1)).small_deleted == 10
        assert len(small_files(engine)) == 1

    run(tmp_path, body, clock)


def small_files(engine: Engine) -> set[str]:
    """The hashes of the files that the database keeps."""
    page = engine.store.read_now(lambda connection: inline_blobs.page(connection, "", 1_000))
    return {one.sha256 for one in page.small}


def test_a_small_file_goes_a_while_after_the_last_that_names_it(tmp_path: Path) -> None:
    clock = ManualClock()
    text, other = b"what a person said", b"another version of it"
    sha256, newer = (hashlib.sha256(one).hexdigest() for one in (text, other))

    async def later(engine: Engine) -> Collected:
        clock.advance(GRACE_SECONDS + 1)
        return await collect(engine, GRACE_SECONDS, steps=1)

    async def body(engine: Engine, project_id: str) -> None:
        disk = await engine.disks.create(project_id, None)
        await engine.disks.put(project_id, disk.id, WHERE, text, None)
        archive = zip_of({"small/SKILL.md": skill_md("small"), "small/notes.md": text})
        state, _ = await engine.skills.upload(project_id, archive, user=None, meta=None)
        await engine.disks.put(project_id, state.row.disk_id, DiskPath("/", "notes.md"), other, None)
        await engine.disks.remove(project_id, disk.id, WHERE)
        assert (await later(engine)).small_unnamed == 0
        await engine.skills.delete(project_id, state.row.id)
        noted = await later(engine)
        assert (noted.small_seen, noted.small_unnamed, noted.small_deleted) == (3, 3, 0)
        preview = await Collector(engine.store, GRACE_SECONDS).preview(2)
        assert (preview.small_unnamed, preview.small_deleted) == (3, 0)
        # Whoever names it again saves it; the others go.
        await engine.disks.put(project_id, disk.id, WHERE, text, None)
        clock.advance(GRACE_SECONDS + 1)
        assert (await Collector(engine.store, GRACE_SECONDS).preview(2)).small_deleted == 2
        assert (await collect(engine, GRACE_SECONDS, steps=1)).small_deleted == 2
        assert small_files(engine) == {sha256}
        row = await engine.disks.get(project_id, disk.id, WHERE)
        assert await engine.disks.data(row) == text
        # What was deleted may come again.
        await engine.disks.put(project_id, disk.id, WHERE, other, None)
        assert small_files(engine) == {sha256, newer}

    run(tmp_path, body, clock)


@pytest.mark.parametrize("first", ["put", "delete"])
def test_a_small_file_named_while_it_is_deleted_is_there_afterwards(
    tmp_path: Path, store_kind: str, first: str
) -> None:
    """Two transactions that cannot see each other, in both orders: the second notices the first, and runs again."""
    clock = ManualClock()
    text = b"small and named again"
    sha256 = hashlib.sha256(text).hexdigest()

    async def body(engine: Engine, project_id: str) -> None:
        disk = await engine.disks.create(project_id, None)
        store = engine.store
        row = ArtifactRow(disk.id, WHERE.path, WHERE.filename, sha256, len(text), "text/plain", None, 1, 1)

        def put(connection: Connection) -> None:
            disks.put(connection, row, text)

        def delete(connection: Connection) -> None:
            inline_blobs.delete_ripe(connection, clock.now(), 0, 10)

        store.write_now(lambda connection: inline_blobs.put(connection, {sha256: text}))
        store.write_now(lambda connection: inline_blobs.note(connection, [sha256], clock.now()))
        clock.advance(inline_blobs.NOTED_SECONDS_MIN + 1)
        one, other = (put, delete) if first == "put" else (delete, put)
        runs = await asyncio.to_thread(overtaken, store, one, other, alone=store_kind == "sqlite")
        assert runs == (1 if store_kind == "sqlite" else 2)
        assert await engine.disks.data(await engine.disks.get(project_id, disk.id, WHERE)) == text

    run(tmp_path, body, clock)
