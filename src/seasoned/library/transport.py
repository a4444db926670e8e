"""How the library reaches an engine: in this process, or over HTTP. Both speak the API, so both answer alike."""

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from seasoned import config
from seasoned.errors import (
    Busy,
    Conflict,
    HeadMoved,
    Invalid,
    NotFound,
    SeasonedError,
    StorageFull,
    TooLarge,
    Unauthorized,
)

if TYPE_CHECKING:
    import httpx2
    from starlette.types import ASGIApp, Message

    from seasoned.engine import Engine

T = TypeVar("T")

PREFIX: Final = "/api/v1"
# A request may wait for learning, and for a large answer.
TIMEOUT_SECONDS: Final = 90.0
ANSWER_BYTES_MAX: Final = 256 * 1024 * 1024
ERRORS: Final[Mapping[int, type[SeasonedError]]] = {
    401: Unauthorized,
    404: NotFound,
    409: Conflict,
    412: HeadMoved,
    413: TooLarge,
    503: Busy,
    507: StorageFull,
}

# Numbers and texts; what is empty or None is left out.
Query = Mapping[str, object]


class Reply(msgspec.Struct, frozen=True):
    """An answer: its status and its bytes."""

    status: int
    body: bytes


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A question: the path is behind the prefix, with its query."""

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class Transport(Protocol):
    """Something that answers requests."""

    async def send(self, request: Request) -> Reply:
        """The answer. Raises Busy when there is none."""
        ...

    async def close(self) -> None:
        """Let go of connections or of the home."""
        ...


class _Envelope(msgspec.Struct, Generic[T], frozen=True):
    data: T


class _Failure(msgspec.Struct, frozen=True):
    error: str = ""


class InProcess:
    """An engine of this process, asked through the API's application but no network."""

    def __init__(self, engine: "Engine", app: "ASGIApp", key: str) -> None:
        self._engine = engine
        self._app = app
        self._key = key

    @classmethod
    async def open(cls, home: Path | str, settings: Mapping[str, object]) -> "InProcess":
        """Open a home, making it if there is none, and learn in the background. Raises Invalid."""
        from seasoned.engine import Engine  # noqa: PLC0415 - `import seasoned` stays light
        from seasoned.http.app import App  # noqa: PLC0415 - see above

        engine = Engine.open(config.load(None, home=Path(home), **settings), serves=True)
        try:
            _, key, _ = await engine.projects.ensure_default()
            await engine.start()
        except SeasonedError:
            await engine.close()
            raise
        return cls(engine, App(engine), key)

    async def send(self, request: Request) -> Reply:
        """The application's answer."""
        path, _, query = request.path.partition("?")
        headers = (("authorization", f"Bearer {self._key}"), ("host", "localhost"), *request.headers)
        scope: dict[str, object] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": PREFIX + path,
            "raw_path": (PREFIX + path).encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                *((name.lower().encode(), value.encode()) for name, value in headers),
                (b"content-length", str(len(request.body)).encode()),
            ],
            "server": ("localhost", 80),
            "client": ("localhost", 0),
        }
        exchange = _Exchange(request.body)
        await self._app(scope, exchange.receive, exchange.send)
        return Reply(exchange.status, b"".join(exchange.chunks))

    async def close(self) -> None:
        """Stop learning, and close the home; unfinished work goes on at the next opening."""
        await self._engine.close()


class _Exchange:
    """One request to an application and its answer."""

    def __init__(self, body: bytes) -> None:
        self.status = 0
        self.chunks: list[bytes] = []
        self._body: bytes | None = body
        self._size = 0

    async def receive(self) -> "Message":
        """The body, once; then nothing until the answer is complete."""
        body, self._body = self._body, None
        if body is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": body or b"", "more_body": False}

    async def send(self, message: "Message") -> None:
        """Take a piece of the answer. Raises TooLarge."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        chunk: bytes = message.get("body", b"")
        self._size += len(chunk)
        if self._size > ANSWER_BYTES_MAX:
            raise TooLarge(f"The answer has more than {ANSWER_BYTES_MAX} bytes; ask for less at a time.")
        self.chunks.append(chunk)


class OverHttp:
    """A server."""

    def __init__(self, client: "httpx2.AsyncClient") -> None:
        self._client = client

    @classmethod
    def open(cls, url: str, key: str) -> "OverHttp":
        """A server at a URL such as `http://127.0.0.1:8029`. Nothing is sent yet. Raises Invalid."""
        import httpx2  # noqa: PLC0415 - `import seasoned` stays light

        if not url.startswith(("http://", "https://")):
            raise Invalid("The server's URL must begin with http:// or https://.")
        return cls(
            httpx2.AsyncClient(
                base_url=url.rstrip("/").removesuffix(PREFIX) + PREFIX,
                headers={"Authorization": f"Bearer {key}"},
                timeout=TIMEOUT_SECONDS,
            )
        )

    async def send(self, request: Request) -> Reply:
        """The server's answer. Raises Busy when there is none."""
        import httpx2  # noqa: PLC0415 - `open` has loaded it

        try:
            reply = await self._client.request(
                request.method, request.path, content=request.body or None, headers=request.headers
            )
        except httpx2.TransportError as error:
            raise Busy(f"The server at {self._client.base_url} does not answer; is it running?") from error
        return Reply(reply.status_code, reply.content)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class AsyncCaller:
    """Calls the API, and reads its answers as values."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def call(
        self,
        kind: type[T],
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        file: tuple[str, bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """The data of an answer. Raises the error that it tells."""
        given = {name: str(value) for name, value in (query or {}).items() if value not in (None, "")}
        sent, types = b"", dict(headers or {})
        if file is not None:
            sent, types["content-type"] = _form(*file)
        elif body is not None:
            sent, types["content-type"] = msgspec.json.encode(body), "application/json"
        request = Request(
            method=method,
            path=path + (f"?{urlencode(given)}" if given else ""),
            body=sent,
            headers=tuple(types.items()),
        )
        reply = await self._transport.send(request)
        if reply.status >= 400:  # noqa: PLR2004 - from there on it is an error
            raise _error(reply)
        if kind is bytes:
            return reply.body  # type: ignore[return-value]
        if kind is type(None):
            return None
        return msgspec.json.decode(reply.body, type=_Envelope[kind]).data  # type: ignore[valid-type]

    async def close(self) -> None:
        """Let go of the transport."""
        await self._transport.close()


class Caller:
    """The same for a program without an event loop: one runs in a thread of its own."""

    def __init__(self, opening: Coroutine[None, None, AsyncCaller]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="seasoned", daemon=True)
        self._thread.start()
        try:
            self._caller = self._run(opening)
        except BaseException:
            self._stop()
            raise

    def call(
        self,
        kind: type[T],
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        file: tuple[str, bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """The data of an answer. Raises the error that it tells."""
        return self._run(self._caller.call(kind, method, path, query=query, body=body, file=file, headers=headers))

    def close(self) -> None:
        """Let go of the transport, and end the thread."""
        if self._loop.is_closed():
            return
        try:
            self._run(self._caller.close())
        finally:
            self._stop()

    def _run(self, work: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def in_process(home: Path | str, settings: Mapping[str, object]) -> AsyncCaller:
    """A caller of an engine in this process."""
    return AsyncCaller(await InProcess.open(home, settings))


async def over_http(url: str, key: str) -> AsyncCaller:
    """A caller of a server."""
    return AsyncCaller(OverHttp.open(url, key))


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="")


def _error(reply: Reply) -> SeasonedError:
    try:
        said = msgspec.json.decode(reply.body, type=_Failure).error
    except msgspec.DecodeError:
        said = ""
    kind = ERRORS.get(reply.status, Invalid if reply.status < 500 else SeasonedError)  # noqa: PLR2004 - HTTP's classes
    return kind(said or f"The server answered {reply.status} and no reason; is the URL that of a Seasoned server?")


def _form(name: str, data: bytes) -> tuple[bytes, str]:
    """A multipart body with one file, and its type."""
    boundary = "seasoned-7d1f"
    while boundary.encode() in data:
        boundary += "0"
    shown = quote(name, safe=" ()+,-.@_")
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{shown}"\r\n\r\n'
    return head.encode() + data + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
