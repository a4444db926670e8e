"""A provider of language models on loopback that plays a script, so that tests go the true way of a client.

It speaks the APIs of `shapes`. A script is a function from the messages of a request to the text of the answer, or to a
`Fault`.
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

from seasoned.message import JsonObject
from seasoned.testing.shapes import Asked, Reply, Shape, encode, shape_of

BODY_BYTES_MAX = 16 * 1024 * 1024
HOLD_SECONDS_MAX = 30.0


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that goes wrong instead of a good answer.

    `status` answers an HTTP error, with `retry_after` seconds when given. `cut_off` closes the connection before an
    answer, `cut_short` in the middle of one; `malformed` answers a body that is no JSON. When none of these is set
    `text` is answered; `truncated` says that it was cut at the limit of tokens. `hold` keeps it back until it is set.
    """

    status: int = 0
    cut_off: bool = False
    cut_short: bool = False
    malformed: bool = False
    says: str = "scripted fault"
    retry_after: float | None = None
    text: str = ""
    truncated: bool = False
    hold: threading.Event | None = None


Script = Callable[[Sequence[Asked]], str | Fault]


class Provider:
    """A running server, with what it was asked, in order, and how many requests were under way at once at most.

    `url` is the base for OpenAI's APIs (`OPENAI_BASE_URL`), `root` for the others' (`ANTHROPIC_BASE_URL`,
    `GOOGLE_GEMINI_BASE_URL`).
    """

    def __init__(self, script: Script, cached_tokens: int) -> None:
        self._script = script
        self._cached_tokens = cached_tokens
        self._lock = threading.Lock()
        self._under_way = 0
        self.requests: list[list[Asked]] = []
        self.most_at_once = 0
        self.root = ""
        self.url = ""

    def listen(self, port: int) -> None:
        """Remember where the server is."""
        self.root = f"http://127.0.0.1:{port}"
        self.url = f"{self.root}/v1"

    def answer(self, model: str, asked: list[Asked]) -> Reply | Fault:
        """What the script says to a request. Scripts run one at a time; what they hold back does not hold up others."""
        with self._lock:
            self.requests.append(asked)
            try:
                reply = self._script(asked)
            except Exception as error:  # noqa: BLE001 - a fault of the script itself is told to the model's client
                return Fault(status=400, says=f"the script failed: {type(error).__name__}: {error}")
        if isinstance(reply, str):
            return Reply(model=model, asked=asked, text=reply, cached_tokens=self._cached_tokens)
        if reply.hold is not None:
            reply.hold.wait(HOLD_SECONDS_MAX)
        broken = reply.status or reply.cut_off or reply.malformed
        return (
            reply
            if broken or reply.cut_short
            else Reply(model=model, asked=asked, text=reply.text, truncated=reply.truncated)
        )

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a request as under way."""
        with self._lock:
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1


@contextmanager
def provider(script: Script, *, cached_tokens: int = 0) -> Iterator[Provider]:
    """A server that answers by a script, ended with the block; each answer says that `cached_tokens` were cached."""
    running = Provider(script, cached_tokens)

    class Handler(_Handler):
        provider = running

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running.listen(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider: Provider

    def do_POST(self) -> None:
        shape = shape_of(self.path)
        length = int(self.headers.get("Content-Length", "0"))
        if shape is None or length > BODY_BYTES_MAX:
            self.close_connection = True
            self._send(404 if shape is None else 413, b"{}")
            return
        body: JsonObject = json.loads(self.rfile.read(length))
        with self.provider.counted():
            reply = self.provider.answer(str(body.get("model") or self.path.rsplit("/", 1)[-1]), shape.read(body))
            if isinstance(reply, Fault):
                self._fail(shape, reply)
            else:
                self._send(200, encode(shape.write(reply)))

    def _fail(self, shape: Shape, fault: Fault) -> None:
        if fault.cut_off:
            self.close_connection = True
            self.connection.close()
        elif fault.cut_short:
            whole = encode(shape.write(Reply(model="scripted", asked=(), text=fault.text or "{" * 100)))
            self.close_connection = True
            self._send(200, whole[: len(whole) // 2], length=len(whole))
        elif fault.malformed:
            self._send(200, b'{"choices": [')
        else:
            self._send(fault.status, encode(shape.error(fault.status, fault.says)), retry_after=fault.retry_after)

    def _send(self, status: int, body: bytes, *, length: int | None = None, retry_after: float | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
        """Say nothing."""
