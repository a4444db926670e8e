"""Blobs in a folder, and the factory for the store that SEASONED_BLOBS selects."""

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from seasoned import faults
from seasoned.errors import BlobsAway, Invalid, StorageFull
from seasoned.ids import new_id
from seasoned.store.blob_store import Blob, BlobStore, checked, is_name, missing, path_of

BLOBS_FOLDER = "blobs"
SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss")
OWNER = "owner-"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# Temporary files exist for seconds; one this old was left by a process that died.
LEFT_SECONDS = 24 * 3_600.0


def blobs_at(address: str, home: Path) -> BlobStore:
    """The blobs at an address (`SEASONED_BLOBS`); empty means a folder in the home. Raises Invalid."""
    scheme = urlsplit(address).scheme.lower() if "://" in address else ""
    if scheme in SCHEMES:
        # Not every user has the extra, and importing it takes a while.
        from seasoned.store.cloud import ObjectBlobs  # noqa: PLC0415

        return ObjectBlobs(address)
    return FolderBlobs(folder_of(address, home))


def folder_of(address: str, home: Path) -> Path:
    """The folder of an address. Raises Invalid if it has none."""
    if not address:
        return home / BLOBS_FOLDER
    if "://" not in address:
        return Path(address).expanduser().absolute()
    parts = urlsplit(address)
    folder = Path(unquote(parts.path))
    if parts.scheme.lower() != "file" or parts.netloc not in ("", "localhost") or folder == Path("/"):
        raise Invalid(
            "SEASONED_BLOBS must be a folder, file:///folder, s3://bucket/prefix, gs://bucket/prefix or "
            f"az://container/prefix, not {address.split('?', 1)[0][:80]!r}."
        )
    return folder


class FolderBlobs:
    """Content-addressed files under `root/ab/abcd…`.

    A file is written under a temporary name, flushed, renamed, and its folder flushed.
    """

    late_seconds = 0.0
    signs = False

    def __init__(self, root: Path) -> None:
        self._root = root

    def put_now(self, data: bytes) -> str:
        """Store bytes; their SHA-256 in hex. Raises StorageFull."""
        sha256 = hashlib.sha256(data).hexdigest()
        target = self._root / path_of(sha256)
        # An existing file may be damaged, and this is the only way to repair it.
        if _is_whole(target, sha256, len(data)):
            return sha256
        temporary = target.with_name(f".{sha256[:8]}-{new_id()}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            faults.point("blob.written")
            temporary.replace(target)
            flush(target.parent)
            faults.point("blob.renamed")
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            if error.errno in FULL:
                raise StorageFull("No space left to store a file; free some and try again.") from error
            raise _away() from error
        return sha256

    def get_now(self, sha256: str) -> bytes:
        """The bytes stored under a SHA-256. Raises NotFound, Damaged."""
        try:
            data = (self._root / path_of(sha256)).read_bytes()
        except FileNotFoundError as error:
            raise missing(sha256) from error
        except OSError as error:
            raise _away() from error
        return checked(data, sha256)

    def delete_now(self, sha256: str) -> None:
        """Delete a blob; idempotent."""
        try:
            (self._root / path_of(sha256)).unlink(missing_ok=True)
        except OSError as error:
            raise _away() from error

    def listed(self, after: str, limit: int) -> list[Blob]:
        """The blobs after a name, in order of their names, at most `limit`."""
        found: list[Blob] = []
        for path in self._after(after):
            with contextlib.suppress(FileNotFoundError):  # deleted by another process while we look
                found.append(Blob(path.name, path.stat().st_size))
            if len(found) >= limit:
                break
        return found

    def sign(self, sha256: str, seconds: int) -> str:  # noqa: ARG002 - the protocol's
        """Empty: a folder has no signed URLs."""
        return ""

    def claim(self, owner: str) -> list[str]:
        """Write a database's owner file; the ids of all owners."""
        try:
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self._root / f"{OWNER}{owner}").touch(0o600)
        except OSError as error:
            raise _away() from error
        return [name.removeprefix(OWNER) for name in self._names(self._root) if name.startswith(OWNER)]

    def tidy(self) -> None:
        """Delete temporary files of processes that died."""
        # By the machine's clock, like the files' times.
        old = time.time() - LEFT_SECONDS
        try:
            for path in self._root.glob("*/.*.part"):
                with contextlib.suppress(FileNotFoundError):  # another collector was faster
                    if path.stat().st_mtime < old:
                        path.unlink()
        except OSError as error:
            raise _away() from error

    def _after(self, after: str) -> Iterator[Path]:
        for folder in self._names(self._root):
            if folder >= after[:2]:
                names = self._names(self._root / folder)
                yield from (self._root / folder / name for name in names if name > after and is_name(name))

    def _names(self, folder: Path) -> list[str]:
        try:
            return sorted(path.name for path in folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise _away() from error


def _away() -> BlobsAway:
    # The path and the system's message are for the operator only: they are in the error's cause.
    return BlobsAway("The folder of stored files is unavailable; try again.")


def _is_whole(path: Path, sha256: str, size: int) -> bool:
    """Whether a file is readable and matches its hash."""
    try:
        with path.open("rb") as file:
            return os.fstat(file.fileno()).st_size == size and hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def paths_of(root: Path) -> list[Path]:
    """The files of all blobs in a folder, by their names, without those that are being written."""
    return sorted(path for path in root.glob("*/*") if path.is_file() and not path.name.startswith("."))


def flush(path: Path) -> None:
    """Flush a file or folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
