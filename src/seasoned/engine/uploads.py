"""Files that come with messages: what they are, told from their bytes."""

import hashlib
import re
import time

import msgspec

from seasoned.formats import Upload
from seasoned.message import Asset
from seasoned.store.files import as_text, mime_of

FILENAME_CHARS_MAX = 255
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}$")
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
_ZIP = b"PK\x03\x04"
_OFFICE = "application/vnd.openxmlformats-officedocument."


class File(msgspec.Struct, frozen=True):
    """An uploaded file with its bytes."""

    upload: Upload
    data: bytes


def describe(project_id: str, filename: str, data: bytes) -> File:
    """An uploaded file as a message's part will name it. Nothing is stored yet."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1].encode(errors="replace").decode()[-FILENAME_CHARS_MAX:]
    sha256 = hashlib.sha256(data).hexdigest()
    extension = _EXTENSION.search(name)
    day = time.strftime("%Y/%m/%d", time.gmtime())
    key = f"assets/{project_id}/{day}/{sha256}{extension.group().lower() if extension else ''}"
    asset = Asset(sha256=sha256, mime=sniff(name, data), size_b=len(data), s3_key=key)
    return File(Upload(asset, name), data)


def sniff(filename: str, data: bytes) -> str:
    """A file's MIME type: from its first bytes, else from its name where those do not contradict it."""
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12], "application/octet-stream")
    if data[4:8] == b"ftyp":
        return "audio/mp4" if data[8:11] == b"M4A" else "image/avif" if data[8:12] == b"avif" else "video/mp4"
    for beginning, mime in _BEGINNINGS:
        if data.startswith(beginning):
            return mime
    named = mime_of(filename, data)
    if data.startswith(_ZIP):
        return named if named.startswith(_OFFICE) else "application/zip"
    if as_text(data) is not None:
        return named if _is_text(named) else "text/plain"
    # What is no text is not shown as one, whatever its name says.
    return "application/octet-stream" if _is_text(named) else named


def _is_text(mime: str) -> bool:
    return mime.startswith("text/") or mime in ("application/json", "application/xml", "image/svg+xml")
