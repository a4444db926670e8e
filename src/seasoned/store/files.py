"""Prepares a version's files: hashes and types them, and stores large ones in the object store."""

import hashlib
import mimetypes
from collections.abc import Collection, Mapping

from seasoned.errors import NotFound
from seasoned.paths import check_path
from seasoned.skill import FILE_BYTES_MAX, Searched, about_text, rule_of, searched
from seasoned.store.blame import Blamed, Origin, Run, blame, fill_in, follow_moves, lines_of, origins_of, runs_of
from seasoned.store.blob_store import Blobs
from seasoned.store.rows import dump, load_as
from seasoned.store.skills import About, FileRow, NewFile

# Of small files together, what one version brings into the database itself; the rest goes into the object store, as no
# transaction shall write megabytes.
INLINE_BYTES_AT_ONCE = 256 * 1024
# Python's built-in types, so that a machine's configuration does not decide which files are searched.
_TYPES = mimetypes.MimeTypes()
_RIFF = {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"OggS", "application/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\x1f\x8b\x08", "application/gzip"),
)
# Brands of ISO 14496-12 files; all others are videos.
_BRANDS = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    **dict.fromkeys((b"mif1", b"msf1"), "image/heif"),
}
_NOTHING = Blamed((), [])
_ZIP = b"PK\x03\x04"
_OFFICE = "application/vnd.openxmlformats-officedocument."
# What those types lack in some release.
_MIME = {
    ".md": "text/markdown",
    ".yml": "text/yaml",
    ".yaml": "text/yaml",
    ".toml": "text/plain",
    ".sh": "text/x-sh",
    ".docx": f"{_OFFICE}wordprocessingml.document",
    ".xlsx": f"{_OFFICE}spreadsheetml.sheet",
    ".pptx": f"{_OFFICE}presentationml.presentation",
}


def mime_of(path: str, data: bytes) -> str:
    """A file's MIME type: from its first bytes, else from its name where those do not contradict it."""
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12], "application/octet-stream")
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "video/mp4")
    for beginning, mime in _BEGINNINGS:
        if data.startswith(beginning):
            return mime
    named = _named(path)
    if data.startswith(_ZIP):
        return named if named.startswith(_OFFICE) else "application/zip"
    if as_text(data) is not None:
        return named if _is_text(named) else "text/plain"
    # Binary content is never served as text, whatever its name.
    return "application/octet-stream" if _is_text(named) or not named else named


def _named(path: str) -> str:
    suffix = "." + path.rsplit(".", 1)[-1].lower() if "." in path.rsplit("/", 1)[-1] else ""
    return _MIME.get(suffix) or _TYPES.guess_type(path, strict=False)[0] or ""


def _is_text(mime: str) -> bool:
    return mime.startswith("text/") or mime in ("application/json", "application/xml", "image/svg+xml")


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
    removed: Collection[str] = (),
    number: int = 1,
    known: Mapping[str, list[Origin]] | None = None,
    earlier: Mapping[str, Blamed] | None = None,
    is_searched: bool = True,
) -> dict[str, NewFile]:
    """Files for version `number`; `before` has the rows of the same paths, and of the `removed` ones, in the previous
    version, `known` the origins of the lines of files for which they are known already, `earlier` the files of an older
    version on which the change was made.

    Slow for large texts, so call it in a thread. Files that are not searched, as those of journals, take less time.
    Raises Invalid when a path is not allowed.
    """
    rows, room = before or {}, INLINE_BYTES_AT_ONCE
    old = {path: found for path in (*files, *removed) if (found := _blamed_row(rows.get(path), blobs)) is not None}
    new = {}
    for path, data in sorted(files.items()):
        if (text := _text(data)) is not None:
            lines = lines_of(text)
            origins = (known or {}).get(path)
            new[path] = Blamed(
                lines, blame(old.get(path, _NOTHING), lines, Origin(number)) if origins is None else origins
            )
    follow_moves(old, new, number)
    fill_in(earlier or {}, new, number)
    packed = {}
    for path, data in sorted(files.items()):
        origins = new[path].origins if path in new else None
        room_inline = min(inline_bytes_max, room)
        packed[check_path(path)] = one = pack_one(path, data, blobs, room_inline, origins, is_searched=is_searched)
        room -= 0 if one.body is None else one.size
    return packed


def pack_one(
    path: str,
    data: bytes,
    blobs: Blobs,
    inline_bytes_max: int,
    origins: list[Origin] | None = None,
    *,
    is_searched: bool = True,
) -> NewFile:
    """A file, hashed and typed; its bytes are in the object store already when they are large."""
    inline = len(data) <= inline_bytes_max
    sha256 = hashlib.sha256(data).hexdigest() if inline else blobs.put_now(data)
    text = _text(data)
    return NewFile(
        sha256=sha256,
        size=len(data),
        mime=mime_of(path, data),
        body=data if inline else None,
        blame=None if origins is None else dump(runs_of(origins)),
        searched=searched(path, text) if is_searched and text is not None else Searched(),
    )


def _text(data: bytes) -> str | None:
    """The text of a file that is not too large to be read line by line."""
    return as_text(data) if len(data) <= FILE_BYTES_MAX else None


def blamed(row: FileRow, text: str) -> Blamed:
    """The lines of a stored file with their origins."""
    lines = lines_of(text)
    return Blamed(lines, origins_of(load_as(row.blame, list[Run]), len(lines), row.since))


def _blamed_row(row: FileRow | None, blobs: Blobs) -> Blamed | None:
    """The same of a file whose bytes may be lost, so that new ones can still be written."""
    if row is None or row.blame is None:
        return None
    try:
        data = unpack(row, blobs)
    except NotFound:
        return None
    return blamed(row, data.decode(errors="replace"))


def searched_of(path: str, data: bytes) -> Searched:
    """What a search finds of a file."""
    text = _text(data)
    return Searched() if text is None else searched(path, text)


def unpack(row: FileRow, blobs: Blobs) -> bytes:
    """A stored file's bytes. Raises NotFound when the object store has lost them."""
    return row.body if row.body is not None else blobs.get_now(row.sha256)


def about(name: str, description: str, skill_file: bytes) -> About:
    """What a version stores of a skill's SKILL.md."""
    text = skill_file.decode(errors="replace")
    return About(description=description, rule=rule_of(text), text=about_text(name, description, text))
