"""Fault points, and what the test kit can make happen there."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from seasoned import config, faults
from seasoned.errors import Invalid, StorageFull
from seasoned.store import Store, projects
from seasoned.testing.faults import (
    SimulatedCrash,
    Trap,
    armed,
    crash,
    database_full,
    delay,
    disk_full,
    fail,
    watch_statements,
)
from tests.support.home import linked_session, opened, project, settled


def opened_store(home: Path) -> Store:
    return Store.open(config.load({}, home=home))


def test_every_point_is_passed_while_a_session_is_learned(tmp_path: Path) -> None:
    async def run() -> None:
        with armed({}) as hits:
            async with opened(tmp_path, inline_bytes_max=100) as engine:
                # This engine alone: a simulation counts its own statements, and nothing else may.
                watch_statements(engine.store._writing)
                project_id = await project(engine)
                space = await engine.spaces.create(project_id)
                session_id = await linked_session(engine, project_id, space.id, "Deploy the API " * 20, "Done.")
                assert (await settled(engine, project_id, space.id, session_id)).status == "completed"
        # The scripted model keeps no calls, nothing is deleted, and no folder is synced.
        others = {"answer.received", "answer.stored", "gc.tombstoned", "gc.deleted"}
        others |= {"folder.noted", "folder.file", "folder.taken"}
        assert set(hits) == {*faults.POINTS, "statement"} - others
        assert hits["commit.before"] == hits["commit.after"]
        assert hits["statement"] > hits["commit.before"]

    asyncio.run(run())


def test_nobody_in_the_product_catches_a_crash() -> None:
    assert not issubclass(SimulatedCrash, Exception)
    with armed({"commit.after": crash(on=2)}) as hits:
        faults.point("commit.after")
        with pytest.raises(SimulatedCrash):
            faults.point("commit.after")
        faults.point("commit.after")
    assert hits["commit.after"] == 3
    faults.point("commit.after")


def test_a_blob_on_a_full_disk_is_told_as_such_and_leaves_nothing(tmp_path: Path) -> None:
    store = opened_store(tmp_path)
    try:
        with armed({"blob.written": fail(disk_full)}), pytest.raises(StorageFull):
            store.blobs.put_now(b"bytes")
        assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []
        assert store.blobs.get_now(store.blobs.put_now(b"bytes")) == b"bytes"
    finally:
        store.close()


def test_a_commit_that_fails_takes_nothing_and_the_next_one_does(tmp_path: Path) -> None:
    async def run() -> None:
        store = opened_store(tmp_path)
        try:
            with armed({"commit.before": fail(database_full)}), pytest.raises(StorageFull):
                await store.write(lambda c: projects.create(c, "lost", "a", 1))
            assert await store.read(projects.every) == []
            await store.write(lambda c: projects.create(c, "kept", "b", 1))
            assert [row.name for row in await store.read(projects.every)] == ["kept"]
        finally:
            store.close()

    asyncio.run(run())


def test_a_delay_holds_a_point_up_and_a_trap_may_do_anything() -> None:
    seen: list[str] = []
    with armed({"wake.before": delay(0.0), "wake.after": Trap(lambda: seen.append("here"), on=0)}) as hits:
        for _ in range(2):
            faults.point("wake.before")
            faults.point("wake.after")
    assert seen == ["here", "here"]
    assert hits == {"wake.before": 2, "wake.after": 2}


def test_a_name_that_is_no_point_is_refused() -> None:
    with pytest.raises(Invalid, match="There is no fault point"), armed({"commit.during": crash()}):
        pass


def test_the_injected_errors_are_those_of_a_full_disk() -> None:
    assert isinstance(database_full(), OperationalError)
    assert disk_full().strerror == "No space left on device"
