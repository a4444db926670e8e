"""The HTTP/1.1 parser's side of a connection: malformed requests get the API's error format."""

import asyncio
import re
from collections import deque

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from seasoned.errors import Invalid
from seasoned.http.bodies import ENDLESS
from seasoned.http.request import envelope
from seasoned.http.writes import TimedWrites

# The limit of a request line and headers. A single read may exceed it somewhat.
HEAD_BYTES_MAX = 128 * 1024
_UNREADABLE = "Malformed HTTP request; check its request line, headers and chunks."
_HOST = re.compile(rb"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]*")
# With an Upgrade header the parser would treat the body as another protocol; RFC 9110, section 7.8, lets a server
# ignore the header.
_UPGRADE = re.compile(rb"\r\nupgrade:", re.IGNORECASE)


class Protocol(TimedWrites, HttpToolsProtocol):
    """uvicorn's protocol with limits on a request head's time and size, and on how long a response stays unread."""

    head_seconds = 30.0

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._in_head = self._in_body = self._body_came = False
        self._head_bytes = 0
        self._wrong = ""
        # The unanswered requests in order, and perhaps some answered ones.
        self._cycles: deque[RequestResponseCycle] = deque()
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)
        # uvicorn notifies only the last pipelined request; the others would write to a closed connection.
        for cycle in self._cycles:
            cycle.disconnected = not cycle.response_complete
            cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        self._body_came = False
        super().data_received(data if self._in_body else _without_upgrade(data))
        if not (self._in_head or self._in_body) or self.transport.is_closing():
            return
        # A client may send as much framing data between and after the pieces of a body.
        self._head_bytes = 0 if self._body_came else self._head_bytes + len(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(431, f"A request's line and headers hold at most {HEAD_BYTES_MAX} bytes; send less.")
        elif self._in_head and self._head_timer is None:
            self._start_timer()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client half-closed. Complete requests are still answered; then the connection is closed."""
        last: RequestResponseCycle | None = self.cycle
        if self._in_body or last is None or last.response_complete or ENDLESS in last.scope:
            return False
        last.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers could pass for unchecked headers, even an API key.
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._check_host()
        self._in_head, self._in_body, self._head_bytes = False, True, 0
        self._stop_timer()
        super().on_headers_complete()
        while self._cycles and self._cycles[0].response_complete:
            self._cycles.popleft()
        self._cycles.append(self.cycle)

    def on_body(self, body: bytes) -> None:
        self._body_came = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()

    def _check_host(self) -> None:
        """A proxy and this server must agree on the host (RFC 9112, section 3.2)."""
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            self._wrong = "A request needs exactly one Host header."
        elif hosts and not _HOST.fullmatch(hosts[0]):
            self._wrong = "The Host header must be a host name with an optional port."
        if self._wrong:
            raise Invalid(self._wrong)  # makes the parser fail with 400

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the parser's words
        self._refuse(400, self._wrong or _UNREADABLE)

    def _start_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self._head_is_late)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if not self._in_head:
            # No request began, so there is nothing to answer.
            self.transport.close()
            return
        self._refuse(408, f"The request headers were incomplete after {self.head_seconds:g} seconds.")

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer and close; only close if the client could take it for the response to an earlier request."""
        if self.transport.is_closing():
            return
        earlier: RequestResponseCycle | None = self.cycle
        if earlier is None or earlier.response_complete or not (self._in_head or earlier.response_started):
            body = msgspec.json.encode(envelope(status, sentence))
            head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.close()


def _without_upgrade(data: bytes) -> bytes:
    """A request's start without its Upgrade header."""
    if b"pgrade:" not in data and b"PGRADE:" not in data:
        return data
    head, end, rest = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"\r\nx-upgrade:", head) + end + rest
