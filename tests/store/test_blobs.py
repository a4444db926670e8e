"""What every place for blobs promises: a folder and S3 run the same tests."""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seasoned.errors import BlobsAway, Damaged, Invalid, NotFound
from seasoned.store.blob_store import BlobStore, path_of
from seasoned.store.blobs import FolderBlobs, blobs_at
from tests.support.ports import free_port
from tests.support.s3 import BUCKET, S3

MIB = 1024 * 1024
SIZES = [0, 1, 64 * 1024, 8 * MIB, 8 * MIB + 1, 21 * MIB]


class Place:
    """A place for blobs, and a way to look behind it."""

    def __init__(self, blobs: BlobStore, names: Callable[[], list[str]], overwrite: Callable[[str, bytes], None]):
        self.blobs = blobs
        self.names = names
        self.overwrite = overwrite


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        root = tmp_path / "blobs"

        def overwrite(sha256: str, data: bytes) -> None:
            (root / path_of(sha256)).parent.mkdir(parents=True, exist_ok=True)
            (root / path_of(sha256)).write_bytes(data)

        return Place(
            blobs_at(str(root), tmp_path),
            lambda: sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()),
            overwrite,
        )
    s3: S3 = request.getfixturevalue("s3")
    address = s3.address()
    prefix = address.removeprefix(f"s3://{BUCKET}/")
    return Place(
        blobs_at(address, tmp_path),
        lambda: [key.removeprefix(f"{prefix}/") for key in s3.keys(address)],
        lambda sha256, data: s3.put(f"{prefix}/{path_of(sha256)}", data),
    )


@pytest.mark.parametrize("size", SIZES)
def test_bytes_come_back_under_their_hash_and_nothing_else_is_left(place: Place, size: int) -> None:
    data = hashlib.shake_128(b"seed").digest(size)
    sha256 = place.blobs.put_now(data)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert place.blobs.put_now(data) == sha256
    assert place.blobs.get_now(sha256) == data
    assert place.names() == [path_of(sha256)]


def test_what_was_never_stored_is_not_found(place: Place) -> None:
    with pytest.raises(NotFound):
        place.blobs.get_now("0" * 64)
    place.blobs.put_now(b"something")
    with pytest.raises(NotFound):
        place.blobs.get_now("0" * 64)


def test_bytes_that_are_not_those_that_were_stored_are_damaged(place: Place) -> None:
    sha256 = place.blobs.put_now(b"the truth")
    place.overwrite(sha256, b"something else")
    with pytest.raises(Damaged):
        place.blobs.get_now(sha256)


@pytest.mark.parametrize("size", [0, 100, 9 * 1024 * 1024])
def test_what_was_damaged_is_whole_once_the_same_bytes_are_stored_again(place: Place, size: int) -> None:
    data = hashlib.shake_128(b"heals").digest(size)
    sha256 = place.blobs.put_now(data)
    for damage in (data[:-1], data + b"x", bytes(size)):
        place.overwrite(sha256, damage)
        assert place.blobs.put_now(data) == sha256
        assert place.blobs.get_now(sha256) == data
    assert place.names() == [path_of(sha256)]


def test_what_is_whole_is_not_written_again(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    path = tmp_path / path_of(blobs.put_now(b"kept as it is"))
    before = path.stat()
    blobs.put_now(b"kept as it is")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_is_deleted_is_gone_and_can_be_deleted_again_and_stored_again(place: Place) -> None:
    sha256 = place.blobs.put_now(b"short-lived")
    place.blobs.delete_now(sha256)
    place.blobs.delete_now(sha256)
    assert place.names() == []
    with pytest.raises(NotFound):
        place.blobs.get_now(sha256)
    assert place.blobs.put_now(b"short-lived") == sha256
    assert place.blobs.get_now(sha256) == b"short-lived"


def test_blobs_are_listed_in_the_order_of_their_names_a_page_at_a_time(place: Place) -> None:
    assert place.blobs.listed("", 5) == []
    stored = {place.blobs.put_now(b"x" * size): size for size in range(1, 13)}
    place.overwrite("no-hash-at-all", b"somebody's own file")
    seen: list[tuple[str, int]] = []
    after = ""
    while page := place.blobs.listed(after, 5):
        assert len(page) <= 5
        seen += [(blob.sha256, blob.size) for blob in page]
        after = page[-1].sha256
    assert seen == sorted(stored.items())


def test_databases_that_keep_blobs_in_one_place_see_each_other(place: Place) -> None:
    sha256 = place.blobs.put_now(b"mine")
    assert place.blobs.claim("first") == ["first"]
    assert place.blobs.claim("first") == ["first"]
    assert place.blobs.claim("second") == ["first", "second"]
    assert [blob.sha256 for blob in place.blobs.listed("", 10)] == [sha256]


def test_only_an_object_store_signs(place: Place) -> None:
    signed = place.blobs.sign(place.blobs.put_now(b"for a visitor"), 60)
    assert (signed == "") == isinstance(place.blobs, FolderBlobs)


def test_a_folder_has_no_leftovers_of_its_own_listed(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    sha256 = blobs.put_now(b"whole")
    (tmp_path / sha256[:2] / f".{sha256[:8]}-half.part").write_bytes(b"wh")
    assert [blob.sha256 for blob in blobs.listed("", 10)] == [sha256]


def test_what_a_dead_writer_left_in_a_folder_is_deleted_and_what_one_writes_now_is_not(tmp_path: Path) -> None:
    FolderBlobs(tmp_path / "never-made").tidy()
    blobs = FolderBlobs(tmp_path)
    sha256 = blobs.put_now(b"whole")
    whole = tmp_path / path_of(sha256)
    left, written, foreign = (whole.with_name(name) for name in (".0-left.part", ".1-new.part", "somebody's.part"))
    for path in (left, written, foreign):
        path.write_bytes(b"wh")
    for path in (whole, left, foreign):
        os.utime(path, (0, 0))
    blobs.tidy()
    assert {path.name for path in whole.parent.iterdir()} == {sha256, written.name, foreign.name}


@pytest.mark.parametrize("folder", ["{}", "file://{}"])
def test_a_folder_is_named_by_its_path_or_address(tmp_path: Path, folder: str) -> None:
    sha256 = blobs_at(folder.format(tmp_path / "els where"), tmp_path / "home").put_now(b"data")
    assert (tmp_path / "els where" / path_of(sha256)).read_bytes() == b"data"


@pytest.mark.parametrize("address", ["ftp://host/x", "http://host/x", "file://host/x", "file:///", "s3://", "://"])
def test_an_address_of_nothing_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(Invalid, match="SEASONED_BLOBS"):
        blobs_at(address, tmp_path)


@pytest.mark.parametrize("scheme", ["gs", "az"])
def test_the_other_clouds_are_chosen_by_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    monkeypatch.setenv("GOOGLE_SKIP_SIGNATURE", "true")
    blobs = blobs_at(f"{scheme}://somewhere/prefix", tmp_path)
    assert not isinstance(blobs, FolderBlobs)


def test_a_bucket_that_is_not_there_says_so(s3: S3, tmp_path: Path) -> None:
    blobs = blobs_at("s3://no-such-bucket/prefix", tmp_path)
    for call in (
        lambda: blobs.put_now(b"data"),
        lambda: blobs.get_now("0" * 64),
        lambda: blobs.listed("", 5),
    ):
        with pytest.raises(BlobsAway, match="The bucket in SEASONED_BLOBS does not exist"):
            call()


def test_a_store_that_cannot_be_reached_says_so_in_bounded_time(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(BlobsAway, match="is unreachable"):
        blobs_at("s3://bucket/prefix", tmp_path).put_now(b"data")


def test_an_object_store_without_the_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "seasoned.store.cloud", raising=False)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(Invalid, match=r"'\.\[s3\]'"):
        blobs_at("s3://bucket/prefix", tmp_path)
