"""What is on the disk of a home."""

import stat
from pathlib import Path

import pytest

from seasoned import config
from seasoned.errors import NotFound
from seasoned.store import Store
from seasoned.store.blobs import FolderBlobs


def open_store(home: Path) -> Store:
    return Store.open(config.load({}, home=home))


def test_the_database_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    open_store(tmp_path / "home").close()
    for path in (tmp_path / "home").glob("seasoned.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_blob_is_stored_once_whole_and_without_leftovers(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    first, second = blobs.put_now(b"x" * 100_000), blobs.put_now(b"x" * 100_000)
    assert first == second
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [first]
    assert blobs.get_now(first) == b"x" * 100_000
    with pytest.raises(NotFound):
        blobs.get_now("0" * 64)
