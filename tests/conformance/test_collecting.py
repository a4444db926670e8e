"""Blobs that nothing names are deleted; what something names, or is about to name, never is."""

import asyncio
import hashlib
import itertools
import os
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
import sqlalchemy as sa

from seasoned import faults
from seasoned.clock import Clock
from seasoned.engine import Engine
from seasoned.engine.disks import DiskPath
from seasoned.engine.sessions import NewSessionRequest
from seasoned.engine.uploads import File, describe
from seasoned.errors import BlobsAway, Busy, Conflict, NotFound, Tombstoned
from seasoned.message import Message, Part
from seasoned.store import Connection, disks
from seasoned.store.gc import blobs, marks
from seasoned.store.gc.collector import Collected, Collector
from seasoned.store.rows import PageQuery
from seasoned.store.schema import message_files, messages
from seasoned.testing import ManualClock
from seasoned.testing.faults import SimulatedCrash, armed, crash
from tests.support.databases import database_of
from tests.support.home import opened, page_of, project
from tests.support.parts import a_few
from tests.support.zips import skill_md, zip_of

BIG = b"big enough to be a blob " * 50
SHA256 = hashlib.sha256(BIG).hexdigest()
GRACE_SECONDS = 3_600.0
WHERE = DiskPath("/", "a.bin")
TURNS = 12
# Which of them come between an upload and its removal is chance: it goes on until some have.
TURNS_MAX = 20 * TURNS
# What a collector passes on its way, in order: it marks, tombstones, deletes, and notes that.
POINTS = ["commit.after:1", "commit.after:2", "gc.tombstoned:1", "gc.deleted:1", "commit.after:3"]


def run(
    home: Path,
    body: Callable[[Engine, str], Coroutine[None, None, None]],
    clock: Clock | None = None,
    **settings: float,
) -> None:
    """Run a test on an engine where what has over 800 bytes is a blob and nothing is collected by itself."""

    async def main() -> None:
        # A worker of its own would pass fault points that are meant for the collector.
        alone = {"worker": "none"} if database_of(home) else {}
        given: dict[str, object] = {"inline_bytes_max": 800, "collect_seconds": 0, **alone, **settings}
        async with opened(home, None, clock, **given) as engine:
            await body(engine, await project(engine))

    asyncio.run(main())


async def collect(engine: Engine, grace_seconds: float = 0.0, steps: int = 2) -> Collected:
    """Make passes with small pages; all that was done."""
    done = Collected()
    for _ in range(steps):
        collector, seen_all = Collector(engine.store, grace_seconds), False
        while not seen_all:
            found, seen_all = await collector.step(3)
            done.add(found)
    return done


def is_there(engine: Engine, sha256: str = SHA256) -> bool:
    try:
        engine.store.blobs.get_now(sha256)
    except NotFound:
        return False
    return True


def picture(project_id: str, data: bytes, text: str = "") -> tuple[Message, list[File]]:
    file = describe(project_id, "dot.bin", data)
    parts = [Part("image", asset=file.upload.asset, filename="dot.bin")] + ([Part("text", text=text)] if text else [])
    return Message(role="user", parts=tuple(parts)), [file]


async def session_with(engine: Engine, project_id: str, data: bytes, text: str = "") -> str:
    row, _ = await engine.sessions.create(project_id, NewSessionRequest(disable_task_tracking=True))
    message, files = picture(project_id, data, text)
    await engine.messages.store(project_id, row.id, message, None, files)
    return row.id


@pytest.mark.parametrize("text", ["", "long enough to make the parts a blob too " * 30], ids=["small", "large"])
def test_a_messages_file_stays_with_the_message_and_goes_after_it(tmp_path: Path, text: str) -> None:
    async def body(engine: Engine, project_id: str) -> None:
        session_id = await session_with(engine, project_id, BIG, text)
        assert (await collect(engine)).deleted == 0
        copied = await engine.sessions.copy(project_id, session_id)
        await engine.sessions.delete(project_id, session_id)
        assert (await collect(engine)).deleted == 0
        assert is_there(engine)
        await engine.sessions.delete(project_id, copied)
        done = await collect(engine)
        assert done.deleted == (2 if text else 1)
        assert done.deleted_bytes >= len(BIG)
        assert not is_there(engine)
        assert engine.store.blobs.place.listed("", 10) == []

    run(tmp_path, body)


def test_files_of_disks_and_skills_stay_while_any_version_has_them(tmp_path: Path) -> None:
    async def body(engine: Engine, project_id: str) -> None:
        disk = await engine.disks.create(project_id, None)
        await engine.disks.put(project_id, disk.id, WHERE, BIG, None)
        archive = zip_of({"big/SKILL.md": skill_md("big"), "big/big.txt": BIG})
        state, _ = await engine.skills.upload(project_id, archive, user=None, meta=None)
        await engine.disks.remove(project_id, state.row.disk_id, DiskPath("/", "big.txt"))
        await engine.disks.remove(project_id, disk.id, WHERE)
        assert (await collect(engine)).deleted == 0
        assert is_there(engine)
        await engine.skills.delete(project_id, state.row.id)
        assert (await collect(engine)).deleted == 1
        assert not is_there(engine)

    run(tmp_path, body)


def test_nothing_goes_before_the_grace_and_being_named_starts_it_anew(tmp_path: Path) -> None:
    clock = ManualClock()

    async def body(engine: Engine, project_id: str) -> None:
        disk = await engine.disks.create(project_id, None)
        await engine.store.blobs.put(BIG)
        assert (await collect(engine, GRACE_SECONDS)).deleted == 0
        clock.advance(GRACE_SECONDS - 60)
        assert (await collect(engine, GRACE_SECONDS)).deleted == 0
        await engine.disks.put(project_id, disk.id, WHERE, BIG, None)
        await engine.disks.remove(project_id, disk.id, WHERE)
        assert (await collect(engine, GRACE_SECONDS)).deleted == 0
        clock.advance(120)
        assert (await collect(engine, GRACE_SECONDS)).deleted == 0
        clock.advance(GRACE_SECONDS)
        assert (await collect(engine, GRACE_SECONDS)).deleted == 1
        assert not is_there(engine)

    run(tmp_path, body, clock)


def test_a_preview_says_what_a_run_does_and_changes_nothing(tmp_path: Path) -> None:
    async def body(engine: Engine, _project_id: str) -> None:
        stored = [await engine.store.blobs.put(BIG + bytes([n])) for n in range(7)]
        preview = await engine.collecting.preview()
        assert (preview.seen, preview.unnamed, preview.deleted) == (7, 7, 0)
        assert engine.store.read_now(lambda c: marks.find(c, stored)) == {}
        engine.store.write_now(lambda c: marks.mark(c, stored, 1))
        preview = await engine.collecting.preview()
        assert (preview.seen, preview.unnamed, preview.deleted) == (7, 7, 7)
        assert all(is_there(engine, sha256) for sha256 in stored)
        await engine.collecting.run()
        await engine.collecting.run()
        preview = await engine.collecting.preview()
        assert (preview.seen, preview.unnamed, preview.deleted) == (0, 0, 0)
        assert len(engine.store.read_now(lambda c: marks.find(c, stored))) == 7

    run(tmp_path, body, blob_grace_seconds=0.0)


@pytest.mark.parametrize("point", POINTS)
def test_a_collector_that_dies_anywhere_leaves_what_the_next_one_collects(tmp_path: Path, point: str) -> None:
    name, _, hit = point.partition(":")

    async def body(engine: Engine, project_id: str) -> None:
        await engine.store.blobs.put(BIG)
        with armed({name: crash(on=int(hit))}), pytest.raises(SimulatedCrash):
            await collect(engine, steps=1)
        await collect(engine)
        assert not is_there(engine)
        await session_with(engine, project_id, BIG)
        await collect(engine)
        assert is_there(engine)

    run(tmp_path, body)


@pytest.mark.parametrize("point", POINTS)
def test_what_is_stored_after_a_collector_died_stays(tmp_path: Path, point: str) -> None:
    name, _, hit = point.partition(":")

    async def body(engine: Engine, project_id: str) -> None:
        await engine.store.blobs.put(BIG)
        with armed({name: crash(on=int(hit))}), pytest.raises(SimulatedCrash):
            await collect(engine, steps=1)
        await session_with(engine, project_id, BIG)
        assert is_there(engine)
        await collect(engine)
        assert is_there(engine)

    run(tmp_path, body)


@pytest.mark.parametrize(
    ("first", "second"), a_few(itertools.combinations_with_replacement(["before", *POINTS, "after"], 2), 9)
)
def test_whenever_a_blob_is_stored_and_named_while_a_collector_works_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    """The blob is stored when the collector is at one point, its row written at another; or both are refused."""
    monkeypatch.setattr(blobs, "LOCK_SECONDS", 0.05)

    async def body(engine: Engine, project_id: str) -> None:
        disk = await engine.disks.create(project_id, None)
        upload = _Upload(engine, project_id, disk.id)
        await engine.store.blobs.put(BIG)
        steps = {first: upload.store, second: upload.name} if first != second else {first: upload.both}
        _at(steps, "before")
        with _listening(steps):
            await collect(engine, steps=1)
        _at(steps, "after")
        if not upload.named:
            # It was refused, as a client is: it sends all of it again.
            await engine.disks.put(project_id, disk.id, WHERE, BIG, None)
        assert is_there(engine)
        await collect(engine)
        assert is_there(engine)

    run(tmp_path, body)


def _at(steps: dict[str, Callable[[], None]], point: str) -> None:
    if point in steps:
        steps[point]()


class _listening:  # noqa: N801 - a context manager
    """Runs steps at the points of a collector, in its thread."""

    def __init__(self, steps: dict[str, Callable[[], None]]) -> None:
        self._steps = dict(steps)
        self._hits: dict[str, int] = {}

    def __enter__(self) -> None:
        self._before = faults.listen(self._hear)

    def __exit__(self, *_error: object) -> None:
        faults.listen(self._before)

    def _hear(self, name: str) -> None:
        self._hits[name] = self._hits.get(name, 0) + 1
        step = self._steps.pop(f"{name}:{self._hits[name]}", None)
        if step is not None:
            faults.listen(None)
            step()
            faults.listen(self._hear)


class _Upload:
    """A file of a disk on its way in, one step at a time; a step that is refused ends it."""

    def __init__(self, engine: Engine, project_id: str, disk_id: str) -> None:
        self._engine, self._project_id, self._disk_id = engine, project_id, disk_id
        self._stored = False
        self.named = False

    def store(self) -> None:
        try:
            self._engine.store.blobs.put_now(BIG)
            self._stored = True
        except Busy:
            self._stored = False

    def name(self) -> None:
        if not self._stored:
            return
        try:
            self._engine.store.write_now(self._write)
            self.named = True
        except Tombstoned:
            self.named = False

    def both(self) -> None:
        self.store()
        self.name()

    def _write(self, connection: Connection) -> None:
        row = disks.ArtifactRow(self._disk_id, "/", "a.bin", SHA256, len(BIG), "text/plain", None, 1, 1)
        disks.put(connection, row, None)


def test_a_blob_that_was_deleted_is_stored_again_before_it_is_spared(tmp_path: Path) -> None:
    """Else somebody who found it there before it was deleted could name it while it is not."""

    async def body(engine: Engine, _project_id: str) -> None:
        engine.store.blobs.put_now(BIG)
        assert (await collect(engine)).deleted == 1
        with armed({"blob.written": crash()}), pytest.raises(SimulatedCrash):
            engine.store.blobs.put_now(BIG)
        found = engine.store.read_now(lambda connection: marks.find(connection, [SHA256]))
        assert found[SHA256].tombstoned_at is not None
        engine.store.blobs.put_now(BIG)
        found = engine.store.read_now(lambda connection: marks.find(connection, [SHA256]))
        assert SHA256 not in found or found[SHA256].tombstoned_at is None
        assert is_there(engine)

    run(tmp_path, body)


def test_what_a_death_in_the_middle_of_storing_left_is_deleted_a_day_later(tmp_path: Path) -> None:
    async def body(engine: Engine, _project_id: str) -> None:
        with armed({"blob.written": crash()}), pytest.raises(SimulatedCrash):
            engine.store.blobs.put_now(BIG)
        (left,) = (tmp_path / "blobs").glob("*/.*")
        await collect(engine)
        assert left.exists()
        os.utime(left, (0, 0))
        await collect(engine)
        assert not left.exists()

    run(tmp_path, body)


def test_files_of_messages_from_before_they_were_noted_are_looked_up_first(tmp_path: Path) -> None:
    async def body(engine: Engine, project_id: str) -> None:
        large = "long enough to make the parts a blob too " * 30
        sessions = [
            await session_with(engine, project_id, BIG),
            await session_with(engine, project_id, BIG + b"2", large),
        ]
        lost = await session_with(engine, project_id, BIG + b"3", large + "3")
        engine.store.write_now(_as_after_the_migration)
        (row,), _, _ = await page_of(engine, project_id, lost, PageQuery(limit=1))
        engine.store.blobs.place.delete_now(row.parts_sha256 or "")
        done = await collect(engine)
        assert done.looked_into == 3
        # Only what the lost parts named is named by nothing.
        assert done.deleted == 1
        for session_id, data in zip(sessions, (BIG, BIG + b"2"), strict=True):
            _, (message,), _ = await page_of(engine, project_id, session_id, PageQuery(limit=1))
            assert message.parts[0].asset is not None
            assert is_there(engine, hashlib.sha256(data).hexdigest())

    run(tmp_path, body)


def _as_after_the_migration(connection: Connection) -> None:
    connection.execute(sa.delete(message_files))
    found = connection.execute(sa.select(messages.c.id)).scalars().all()
    connection.execute(sa.insert(message_files), [{"message_id": one, "sha256": ""} for one in found])


def test_a_deletion_that_may_still_come_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()

    async def body(engine: Engine, project_id: str) -> None:
        place = engine.store.blobs.place
        late: list[str] = []

        def lost_on_the_way(sha256: str) -> None:
            late.append(sha256)
            raise BlobsAway("The object store is unreachable; try again.")

        await engine.store.blobs.put(BIG)
        monkeypatch.setattr(place, "late_seconds", 60.0)
        with monkeypatch.context() as broken:
            broken.setattr(place, "delete_now", lost_on_the_way)
            with pytest.raises(BlobsAway):
                await collect(engine)
        with pytest.raises(Busy, match="send it again"):
            await engine.store.blobs.put(BIG)
        await collect(engine)
        assert late == [SHA256]
        place.delete_now(SHA256)
        clock.advance(61)
        session_id = await session_with(engine, project_id, BIG)
        await collect(engine)
        assert is_there(engine)
        await engine.sessions.delete(project_id, session_id)
        await collect(engine)
        assert not is_there(engine)

    run(tmp_path, body, clock)


def test_a_database_deletes_nothing_where_another_one_has_its_files(tmp_path: Path) -> None:
    place = str(tmp_path / "shared")

    async def main() -> None:
        one, two = tmp_path / "one", tmp_path / "two"
        async with opened(one, inline_bytes_max=800, collect_seconds=0, blobs=place) as first:
            await session_with(first, await project(first), BIG)
            await collect(first)
            async with opened(two, inline_bytes_max=800, collect_seconds=0, blobs=place) as second:
                await project(second)
                with pytest.raises(Conflict, match="Another database"):
                    await collect(second)
                assert is_there(first)
                other = await project(second)
                with pytest.raises(Conflict, match=other):
                    await collect(first)
            (tmp_path / "shared" / f"owner-{other}").unlink()
            await first.store.blobs.put(BIG + b"2")
            assert (await collect(first)).deleted == 1

    asyncio.run(main())


def test_two_that_upload_delete_and_collect_without_pause_never_lose_a_file(tmp_path: Path) -> None:
    """Two processes as two stores; with no grace at all, every collection races every upload."""
    files = [BIG + bytes([n]) for n in range(3)]
    hashes = [hashlib.sha256(data).hexdigest() for data in files]
    seen = {"uploads": 0, "busy": 0, "deleted": 0}

    async def upload(engine: Engine, project_id: str, disk_id: str, number: int) -> None:
        for turn in range(TURNS_MAX):
            if turn >= TURNS and seen["deleted"] > TURNS // 4:
                break
            which = (number + turn) % len(files)
            where = DiskPath("/", f"{number}.bin")
            try:
                await engine.disks.put(project_id, disk_id, where, files[which], None)
            except Busy:
                seen["busy"] += 1
                continue
            seen["uploads"] += 1
            assert await engine.store.blobs.get(hashes[which]) == files[which]
            await engine.disks.remove(project_id, disk_id, where)

    async def main() -> None:
        async with opened(tmp_path, inline_bytes_max=800, collect_seconds=0) as first:
            project_id = await project(first)
            disk = await first.disks.create(project_id, None)
            async with opened(tmp_path, inline_bytes_max=800, collect_seconds=0) as second:
                engines = [first, second]
                done = asyncio.Event()

                async def collecting(engine: Engine) -> None:
                    while not done.is_set():
                        try:
                            done_now = await collect(engine, steps=1)
                            # Not in one line: the old count would be read before the wait, and the other's be lost.
                            seen["deleted"] += done_now.deleted
                        except Busy:
                            seen["busy"] += 1

                collectors = [asyncio.create_task(collecting(engine)) for engine in engines]
                await asyncio.gather(*(upload(engines[n % 2], project_id, disk.id, n) for n in range(4)))
                done.set()
                await asyncio.gather(*collectors)

    asyncio.run(main())
    assert seen["uploads"] > TURNS
    assert seen["deleted"] > TURNS // 4, seen
