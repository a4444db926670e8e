"""Skill files on their way into a version: hashed, typed, and put into the object store when they are large."""

import hashlib
import mimetypes
from collections.abc import Mapping

from seasoned.skill import FILE_BYTES_MAX, check_files, check_path
from seasoned.store.blobs import FolderBlobs
from seasoned.store.skills import FileRow, NewFile

# What mimetypes does not know on every system.
_MIME = {".md": "text/markdown", ".yml": "text/yaml", ".yaml": "text/yaml", ".toml": "text/plain", ".sh": "text/x-sh"}


def mime_of(path: str, data: bytes) -> str:
    """The MIME type of a file, from its name, else from whether its bytes are text."""
    suffix = "." + path.rsplit(".", 1)[-1].lower() if "." in path.rsplit("/", 1)[-1] else ""
    known = _MIME.get(suffix) or mimetypes.guess_type(path, strict=False)[0]
    return known or ("application/octet-stream" if as_text(data) is None else "text/plain")


def as_text(data: bytes) -> str | None:
    """The bytes as text when they are UTF-8 without NUL, else None."""
    if b"\x00" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def pack(files: Mapping[str, bytes], blobs: FolderBlobs, inline_bytes_max: int) -> dict[str, NewFile]:
    """Files as a version takes them. Raises Invalid or TooLarge when paths or sizes are not allowed."""
    check_files(files)
    return {check_path(path): _pack_one(path, data, blobs, inline_bytes_max) for path, data in sorted(files.items())}


def _pack_one(path: str, data: bytes, blobs: FolderBlobs, inline_bytes_max: int) -> NewFile:
    inline = len(data) <= inline_bytes_max
    sha256 = hashlib.sha256(data).hexdigest() if inline else blobs.put_now(data)
    text = as_text(data) if len(data) <= FILE_BYTES_MAX else None
    return NewFile(sha256=sha256, size=len(data), mime=mime_of(path, data), body=data if inline else None, text=text)


def unpack(row: FileRow, blobs: FolderBlobs) -> bytes:
    """A stored file's bytes. Raises NotFound when the object store has lost them."""
    return row.body if row.body is not None else blobs.get_now(row.sha256)
