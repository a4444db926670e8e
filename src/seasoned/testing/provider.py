"""A provider of language models on loopback that plays a script, so that tests go the true way of a client.

It speaks the APIs in `wire_formats`. A script is a function from a request's messages to the answer's text or a
`Fault`. Bodies, concurrent requests and delays are bounded.
"""

import json
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from seasoned.errors import Invalid
from seasoned.message import JsonObject
from seasoned.testing.wire_formats import CHAT, Asked, Reply, Said, WireFormat, encode, shape_of, spent_on

BODY_BYTES_MAX = 16 * 1024 * 1024
REQUESTS_AT_ONCE_MAX = 64
HOLD_SECONDS_MAX = 30.0
IDLE_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.02


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that goes wrong instead of a good answer.

    `status` answers an HTTP error, with `retry_after` seconds when given. `cut_off` closes the connection before an
    answer, `cut_short` in the middle of one; `malformed` answers a body that is no JSON, `body` these very bytes.
    `refused` answers that the model refuses, the way each API says so. When none of these is set `text` is answered;
    `truncated` says that it was cut at the limit of tokens. `hold` keeps all of it back until it is set, or the client
    gives up.
    """

    status: int = 0
    cut_off: bool = False
    cut_short: bool = False
    malformed: bool = False
    body: bytes = b""
    refused: bool = False
    says: str = "scripted fault"
    retry_after: float | None = None
    text: str = ""
    truncated: bool = False
    hold: threading.Event | None = None


Script = Callable[[Sequence[Asked]], str | Said | Fault]


class ProviderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it came: its API, its path, its headers, its body raw and read."""

    shape: WireFormat
    path: str
    headers: Mapping[str, str]
    raw: bytes
    body: JsonObject

    @property
    def model(self) -> str:
        """The model that is asked; Google names it in the path."""
        named = self.body.get("model")
        return named if isinstance(named, str) else self.path.rsplit("/", 1)[-1].split(":", 1)[0]


class ProviderResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What goes back. Of the body only the first `sent` bytes do when it is set, then the connection is cut.

    `phrase` takes the place of the status's usual words.
    """

    status: int = 200
    body: bytes = b""
    sent: int | None = None
    retry_after: str = ""
    media: str = "application/json"
    phrase: str | None = None


class Provider:
    """A running server, with what it was asked, in order, and how many requests were under way at once at most.

    `url` is the base for OpenAI's APIs (`OPENAI_BASE_URL`), `root` for the others' (`ANTHROPIC_BASE_URL`,
    `GOOGLE_GEMINI_BASE_URL`). `bodies` are the requests as they came over the wire.
    """

    def __init__(self, script: Script, cached_tokens: int = 0) -> None:
        self._script = script
        self._cached_tokens = cached_tokens
        self._lock = threading.Condition()
        self._turn = threading.Lock()
        self._under_way = 0
        self.ended = threading.Event()
        self.requests: list[list[Asked]] = []
        self.bodies: list[JsonObject] = []
        self.most_at_once = 0
        self.root = ""
        self.url = ""

    def listen(self, port: int) -> None:
        """Store the server's address."""
        self.root = f"http://127.0.0.1:{port}"
        self.url = f"{self.root}/v1"

    def take(self, request: ProviderRequest, gone: Callable[[], bool]) -> ProviderResponse:
        """Answer a request; `gone` tells whether its client has left."""
        asked = request.shape.read(request.body)
        with self._lock:
            if self._under_way >= REQUESTS_AT_ONCE_MAX:
                return refusal(request.shape, 503, f"more than {REQUESTS_AT_ONCE_MAX} requests at once")
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
            self.requests.append(asked)
            self.bodies.append(request.body)
            self._lock.notify_all()
        try:
            return self.answer(request, asked, gone)
        finally:
            with self._lock:
                self._under_way -= 1
                self._lock.notify_all()

    def asked(self, count: int, seconds: float) -> bool:
        """Wait for a number of requests; returns whether they came in time."""
        with self._lock:
            return self._lock.wait_for(lambda: len(self.requests) >= count, seconds)

    def idle(self, seconds: float) -> bool:
        """Wait until no request is in progress; returns whether that happened in time."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._under_way, seconds)

    def answer(self, request: ProviderRequest, asked: Sequence[Asked], gone: Callable[[], bool]) -> ProviderResponse:
        """What the script says. Scripts run one at a time; what they hold back does not hold up others."""
        with self._turn:
            try:
                reply = self._script(asked)
            except Exception as error:  # noqa: BLE001 - a fault of the script itself is told to the model's client
                return refusal(request.shape, 400, f"the script failed: {type(error).__name__}: {error}")
        if isinstance(reply, Fault):
            self._hold(reply.hold, gone)
            return self._fail(request, asked, reply)
        said = Said(text=reply) if isinstance(reply, str) else reply
        spent = said.spent or spent_on(asked, said.text, self._cached_tokens)
        whole = Reply(model=request.model, text=said.text, truncated=said.truncated, spent=spent)
        return ProviderResponse(body=encode(request.shape.write(whole)))

    def _hold(self, hold: threading.Event | None, gone: Callable[[], bool]) -> None:
        deadline = time.monotonic() + HOLD_SECONDS_MAX
        while hold is not None and not hold.wait(LOOK_SECONDS):
            if gone() or self.ended.is_set() or time.monotonic() > deadline:
                return

    def _fail(self, request: ProviderRequest, asked: Sequence[Asked], fault: Fault) -> ProviderResponse:
        if fault.cut_off:
            return ProviderResponse(sent=0)
        if fault.status:
            told = refusal(request.shape, fault.status, fault.says, fault.retry_after)
            return msgspec.structs.replace(told, body=fault.body or told.body)
        if fault.body or fault.malformed:
            return ProviderResponse(body=fault.body or b'{"choices": [oops')
        text = fault.says if fault.refused else fault.text
        spent = spent_on(asked, text, self._cached_tokens)
        reply = Reply(model=request.model, text=text, truncated=fault.truncated, refused=fault.refused, spent=spent)
        body = encode(request.shape.write(reply))
        return ProviderResponse(body=body, sent=len(body) // 2 if fault.cut_short else None)


def refusal(shape: WireFormat, status: int, says: str, retry_after: float | None = None) -> ProviderResponse:
    """An HTTP error in the form of an API."""
    waits = "" if retry_after is None else str(retry_after)
    return ProviderResponse(status=status, body=encode(shape.error(status, says)), retry_after=waits)


@contextmanager
def provider(script: Script, *, cached_tokens: int = 0, port: int = 0) -> Iterator[Provider]:
    """A server that answers by a script, ended with the block; each answer says that `cached_tokens` were cached.

    `port` 0 takes a free one. At the end every connection is cut, as when a provider goes away.
    """
    with serving(Provider(script, cached_tokens), port) as running:
        yield running


@contextmanager
def serving(running: Provider, port: int = 0) -> Iterator[Provider]:
    """A provider on loopback, ended with the block."""

    class Handler(_Handler):
        provider = running

    server = _Server(("127.0.0.1", port), Handler)
    running.listen(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": LOOK_SECONDS}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.ended.set()
        server.shutdown()
        server.server_close()
        server.cut_all()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = REQUESTS_AT_ONCE_MAX

    def __init__(self, address: tuple[str, int], handler: type["_Handler"]) -> None:
        super().__init__(address, handler)
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:  # as socketserver types them
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def cut_all(self) -> None:
        """Cut the connections that clients keep open."""
        for one in list(self._connections):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tests let clients disconnect before they are answered; any other error is reported."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS_MAX
    provider: Provider

    def do_POST(self) -> None:
        shape = shape_of(self.path)
        if shape is None:
            self._refuse(refusal(CHAT, 404, f"there is no API at {self.path}"))
            return
        try:
            raw = self._body()
            request = ProviderRequest(shape=shape, path=self.path, headers=dict(self.headers), raw=raw, body=_json(raw))
        except Invalid as error:
            self._refuse(refusal(shape, 400, str(error)))
            return
        self._send(self.provider.take(request, self._gone))

    def _refuse(self, answer: ProviderResponse) -> None:
        # What is left of the body would be read as the next request.
        self.close_connection = True
        self._send(answer)

    def _body(self) -> bytes:
        told = self.headers.get("Content-Length", "")
        if not told.isdecimal() or int(told) > BODY_BYTES_MAX:
            raise Invalid(f"a request needs a Content-Length of at most {BODY_BYTES_MAX}")
        return self.rfile.read(int(told))

    def _gone(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    def _send(self, answer: ProviderResponse) -> None:
        if answer.sent is not None:
            self.close_connection = True
        if answer.sent == 0:
            return
        self.send_response(answer.status, answer.phrase)
        self.send_header("Content-Type", answer.media)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.retry_after:
            self.send_header("Retry-After", answer.retry_after)
        self.end_headers()
        self.wfile.write(answer.body[: answer.sent])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
        """Say nothing."""


def _json(raw: bytes) -> JsonObject:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Invalid(f"the request is no JSON: {error}") from None
    if not isinstance(body, dict):
        raise Invalid("the request is no JSON object")
    if body.get("stream"):
        raise Invalid("answers are not streamed here; ask without `stream`")
    return body
