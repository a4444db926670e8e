"""Pictures, audio and files in messages: a part's media in any format, and where its bytes are."""

import base64
import binascii
import mimetypes
from typing import Protocol

import msgspec

from seasoned.message import Asset, Part

_STANDARD = str.maketrans("-_", "+/")
_FAMILIES = ("image", "audio", "video")


class Files(Protocol):
    """Access to uploaded files, for formats that embed or link them in messages."""

    def url(self, asset: Asset, filename: str) -> str:
        """A URL that opens the file without a key; empty if none was requested."""

    def data(self, asset: Asset) -> bytes | None:
        """The file's bytes, or MISSING_FILE if they are lost; None if they are not to be shown.

        Raises TooLarge if the response would become too large.
        """


MISSING_FILE = b"[This file is missing from the server's storage.]"
"""The placeholder for a lost file."""


class NoFiles:
    """Neither URLs nor bytes of uploaded files."""

    def url(self, asset: Asset, filename: str) -> str:  # noqa: ARG002 - the protocol's
        """No address."""
        return ""

    def data(self, asset: Asset) -> bytes | None:  # noqa: ARG002 - the protocol's
        """No bytes."""
        return None


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What rendering may need besides the message: uploaded files, and tool names by call id."""

    files: Files = NoFiles()
    tools: dict[str, str] = {}


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """One picture, audio or file: its MIME type (empty if unknown), and its bytes (base64), text or URL."""

    mime: str
    data: str | None = None
    text: str | None = None
    url: str = ""
    filename: str = ""

    def family(self, part: Part) -> str:
        """`image`, `audio`, `video` or `file`: by the MIME type, else by the part's type."""
        if self.mime:
            family = self.mime.split("/", 1)[0]
            return family if family in _FAMILIES else "file"
        return part.type if part.type in _FAMILIES else "file"

    def data_url(self) -> str | None:
        """The bytes as a `data:` URL; None when there are none."""
        return None if self.data is None else f"data:{self.mime or 'application/octet-stream'};base64,{self.data}"


def media_of(part: Part, files: Files) -> Media | None:
    """The media of a part of type image, audio, video or file; None if there is nothing to show."""
    filename = part.filename or _string(part, "filename")
    if part.asset is not None:
        data = files.data(part.asset)
        if data is None:
            return None
        # A lost file is shown as a text; with the original type, a provider would refuse the request.
        mime = "text/plain" if data is MISSING_FILE else part.asset.mime
        return Media(mime=mime_type(mime), data=base64.b64encode(data).decode(), filename=filename)
    mime, data_text = _string(part, "media_type"), part.meta.get("data")
    if isinstance(data_text, str):
        if part.meta.get("type") == "text":
            return Media(mime=mime or "text/plain", text=data_text, filename=filename)
        return Media(mime=mime or _audio_mime(part), data=data_text.translate(_STANDARD), filename=filename)
    for address in (_string(part, "url"), _string(part, "file_data")):
        if address.startswith("data:"):
            head, mark, data_text = address.removeprefix("data:").partition(";base64,")
            return Media(mime=mime_type(head), data=data_text, filename=filename) if mark else None
        if address.startswith(("http://", "https://")):
            return Media(mime=mime or _guessed(address), url=address, filename=filename)
    return _bare(_string(part, "file_data"), filename)


def _bare(data: str, filename: str) -> Media | None:
    """A file whose bytes were sent as base64 without saying what they are."""
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
    return Media(mime=_guessed(filename), data=data, filename=filename) if data else None


def mime_type(text: str) -> str:
    """A MIME type without its parameters."""
    return text.split(";", 1)[0].strip().lower()


def decoded(data: str) -> str | None:
    """Base64 of UTF-8 text as that text; None when it is none."""
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _audio_mime(part: Part) -> str:
    encoding = _string(part, "format")
    return f"audio/{encoding}" if encoding else ""


def _guessed(address: str) -> str:
    try:
        return mimetypes.guess_type(address.split("?", 1)[0].split("#", 1)[0])[0] or ""
    except ValueError:
        return ""


def _string(part: Part, key: str) -> str:
    value = part.meta.get(key)
    return value if isinstance(value, str) else ""
