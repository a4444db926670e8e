"""A client that sends exactly the bytes it is given, well-formed or not, and reads one answer.

HTTP libraries tidy up what they send; here nothing is tidied.
"""

import http.client
import select
import socket
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from seasoned.message import Json, JsonObject
from tests.support.patience import PATIENCE_SECONDS

JSON: Final = {"Content-Type": "application/json"}


class RawResponse(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    kind: str
    body: bytes

    def envelope(self) -> JsonObject:
        """The JSON object of the wire contract. Raises AssertionError when it is none, or its code is another."""
        assert self.kind.startswith("application/json"), f"{self.status} {self.kind}: {self.body[:300]!r}"
        value: Json = msgspec.json.decode(self.body)
        assert isinstance(value, dict), self.body[:300]
        assert value["code"] == (0 if self.status < 400 else self.status)
        return value

    def sentence(self) -> str:
        """What a refusal says; more than a word."""
        said = self.envelope()["error"]
        assert isinstance(said, str)
        assert " " in said.strip(), f"{self.status} says only {said!r}"
        return said


def request(
    method: str,
    path: str,
    key: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str | bytes] | None = None,
    length: bool = True,
) -> bytes:
    """The bytes of a request with a project's key; `length` adds the Content-Length of the body."""
    lines: dict[str, str | bytes] = {"Host": "127.0.0.1", "Authorization": f"Bearer {key}", **(headers or {})}
    if length and (body or method not in {"GET", "DELETE"}):
        lines["Content-Length"] = str(len(body))
    said = b"".join(name.encode() + b": " + _bytes(value) + b"\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n".encode() + said + b"\r\n" + body


def chunked(pieces: Iterable[bytes]) -> bytes:
    """A body in chunks, with its end."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def send(url: str, data: bytes) -> RawResponse | None:
    """Send bytes and read the first answer; None when the server closes without one."""
    with opened(url) as wire:
        return exchange(wire, data)


def opened(url: str) -> socket.socket:
    """A connection to a server."""
    where = urlsplit(url)
    return socket.create_connection((where.hostname or "", where.port or 0), PATIENCE_SECONDS)


def exchange(wire: socket.socket, data: bytes) -> RawResponse | None:
    """Send bytes on a connection, as long as the server has not answered, and read its answer."""
    left = memoryview(data)
    wire.setblocking(False)
    while left:
        readable, writable, _ = select.select([wire], [wire], [], PATIENCE_SECONDS)
        assert readable or writable, "the server neither reads nor answers"
        if readable:
            break
        try:
            left = left[wire.send(left) :]
        except (BrokenPipeError, ConnectionResetError):
            break
    wire.settimeout(PATIENCE_SECONDS)
    answer = http.client.HTTPResponse(wire)
    try:
        answer.begin()
    except http.client.RemoteDisconnected:
        return None
    return RawResponse(answer.status, answer.headers.get("content-type", ""), answer.read())


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
