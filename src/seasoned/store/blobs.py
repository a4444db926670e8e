"""Large bytes by their SHA-256, in a folder.

A blob is written to a temporary file, flushed, renamed to its name, and its folder flushed: a row that names a blob is
only committed after that, so no row ever names a blob that is not there. The same bytes are stored once.
"""

import asyncio
import contextlib
import hashlib
import os
from pathlib import Path

from seasoned import faults
from seasoned.errors import NotFound, StorageFull
from seasoned.ids import new_id


class FolderBlobs:
    """Content-addressed files under `root/ab/cd…`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, data: bytes) -> str:
        """Store bytes; their SHA-256 in hex. Raises StorageFull when there is no room."""
        return await asyncio.to_thread(self.put_now, data)

    def put_now(self, data: bytes) -> str:
        """Like put, in the calling thread."""
        sha256 = hashlib.sha256(data).hexdigest()
        target = self._path(sha256)
        if target.exists():
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
            raise StorageFull(
                f"A file could not be stored ({error.strerror}); free some space and try again."
            ) from error
        return sha256

    async def get(self, sha256: str) -> bytes:
        """The bytes stored under a SHA-256. Raises NotFound."""
        return await asyncio.to_thread(self.get_now, sha256)

    def get_now(self, sha256: str) -> bytes:
        """Like get, in the calling thread."""
        try:
            return self._path(sha256).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"The stored file {sha256[:12]} is missing from {self._root}.") from None

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256


def paths_of(root: Path) -> list[Path]:
    """The files of all blobs in a folder, by their names, without those that are being written."""
    return sorted(path for path in root.glob("*/*") if path.is_file() and not path.name.startswith("."))


def flush(path: Path) -> None:
    """Have a file or folder on the disk, with what was written to it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
