"""Skill files on their way into a version: hashed, typed, and put into the object store when they are large."""

import hashlib
import mimetypes
from collections.abc import Mapping

from seasoned.skill import FILE_BYTES_MAX, about_text, check_path, entry_texts, rule_of
from seasoned.store.blame import blame
from seasoned.store.blobs import Blobs
from seasoned.store.rows import dump, load_as
from seasoned.store.skills import About, FileRow, NewFile

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


def pack(
    files: Mapping[str, bytes],
    blobs: Blobs,
    inline_bytes_max: int,
    *,
    before: Mapping[str, FileRow] | None = None,
    number: int = 1,
) -> dict[str, NewFile]:
    """Files as version `number` takes them; `before` are the same paths' rows in the version before it.

    Slow for large texts, so it belongs into a thread. Raises Invalid when a path is not allowed.
    """
    old = before or {}
    return {
        check_path(path): pack_one(path, data, blobs, inline_bytes_max, old.get(path), number)
        for path, data in sorted(files.items())
    }


def pack_one(
    path: str, data: bytes, blobs: Blobs, inline_bytes_max: int, old: FileRow | None = None, number: int = 1
) -> NewFile:
    """A file, hashed and typed; its bytes are in the object store already when they are large."""
    inline = len(data) <= inline_bytes_max
    sha256 = hashlib.sha256(data).hexdigest() if inline else blobs.put_now(data)
    text = as_text(data) if len(data) <= FILE_BYTES_MAX else None
    return NewFile(
        sha256=sha256,
        size=len(data),
        mime=mime_of(path, data),
        body=data if inline else None,
        blame=None if text is None else dump(_blame(old, blobs, text, number)),
        entries=() if text is None else entry_texts(path, data),
    )


def _blame(old: FileRow | None, blobs: Blobs, text: str, number: int) -> list[tuple[int, int]]:
    """Runs of (version, count of lines): kept lines keep the version that brought them."""
    lines = text.splitlines()
    if old is None or old.blame is None:
        return [(number, len(lines))] if lines else []
    before = load_as(old.blame, list[tuple[int, int]])
    return blame(unpack(old, blobs).decode(errors="replace").splitlines(), before, lines, number)


def unpack(row: FileRow, blobs: Blobs) -> bytes:
    """A stored file's bytes. Raises NotFound when the object store has lost them."""
    return row.body if row.body is not None else blobs.get_now(row.sha256)


def about(name: str, description: str, skill_file: bytes) -> About:
    """What a skill's SKILL.md says, as its versions keep it."""
    text = skill_file.decode(errors="replace")
    return About(description=description, rule=rule_of(text), text=about_text(name, description, text))
