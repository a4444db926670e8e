"""Streamed responses, which are too large to be built or buffered in memory.

A response is a series of chunks. Each reserves memory from the shared budget (`engine.budget`) before it is built and
releases it when the connection has taken it. If the reader is slow, the chunk is spilled to a file; a reader that reads
nothing is disconnected (`writes.TimedWrites`).
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from seasoned.engine import Engine
from seasoned.engine.budget import GO_ON_SECONDS, WAIT_SECONDS, Share
from seasoned.errors import SeasonedError
from seasoned.http.bodies import SLICE_BYTES

# Bodies from this size on are large.
LARGE_BYTES = 256 * 1024
# How long a slice waits for its reader before the rest of the chunk is spilled to a file, and the limit of spilled
# bytes.
PATIENCE_SECONDS = 0.5
SPILLED_BYTES_MAX = 1024 * 1024 * 1024


class Chunk:
    """Some bytes of a response, with their share of the memory budget."""

    __slots__ = ("data", "share")

    def __init__(self, data: bytes | bytearray, share: Share) -> None:
        self.data = data
        self.share = share
        share.keep(len(data))


class _Spilled:
    """How many bytes are spilled to files now."""

    count = 0


_spilled = _Spilled()


class Streamed(Response):
    """A response whose body is sent in chunks. A failure before the first is an ordinary error; after it, the
    connection is closed in the middle of the body, so that the client notices.
    """

    def __init__(
        self,
        chunks: AsyncGenerator[Chunk],
        folder: Path,
        *,
        media_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(None, 200, headers, media_type)
        if headers is None or "Content-Length" not in headers:
            del self.headers["content-length"]
        self._chunks = chunks
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begin = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        async with aclosing(self._chunks) as chunks:
            if scope["method"] == "HEAD":
                await send(begin)
                await send({"type": "http.response.body"})
                return
            chunk = await anext(chunks, None)
            gone: asyncio.Task[None] | None = None
            try:
                await send(begin)
                # The rest of the request's body has been read now.
                gone = asyncio.create_task(_gone(receive))
                while chunk is not None and not gone.done():
                    await self._hand_over(chunk, send)
                    chunk = await anext(chunks, None)
                if chunk is None:
                    await send({"type": "http.response.body"})
            finally:
                if chunk is not None:
                    chunk.share.release()
                if gone is not None:
                    gone.cancel()

    async def _hand_over(self, chunk: Chunk, send: Send) -> None:
        """Send a chunk; if the reader is slow, spill it to a file, so that only a slice is in memory."""
        left = memoryview(chunk.data)
        with chunk.share:
            while left:
                try:
                    # The connection waits before it takes the slice and never after, so on a timeout nothing of it was
                    # taken.
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        await send(_piece(left[:SLICE_BYTES]))
                except TimeoutError:
                    break
                left = left[SLICE_BYTES:]
                await asyncio.sleep(0)
            size = len(left)
            file = await asyncio.to_thread(self._spill, left) if size > SLICE_BYTES else None
            if file is None:
                while left:
                    await _send(left[:SLICE_BYTES], send)
                    left = left[SLICE_BYTES:]
            chunk.data, left = b"", memoryview(b"")
        if file is not None:
            await _send_file(file, size, send)

    def _spill(self, data: memoryview) -> BinaryIO | None:
        """The bytes in an unlinked temporary file; None if there is no space."""
        if _spilled.count + len(data) > SPILLED_BYTES_MAX:
            return None
        try:
            file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - it is closed when it was sent
        except OSError:
            return None
        try:
            file.write(data)
            file.seek(0)
        except OSError:
            file.close()
            return None
        _spilled.count += len(data)
        return file


async def _send_file(file: BinaryIO, size: int, send: Send) -> None:
    try:
        while data := await asyncio.to_thread(file.read, SLICE_BYTES):
            await _send(data, send)
    finally:
        _spilled.count -= size
        file.close()


async def _send(data: bytes | memoryview, send: Send) -> None:
    await send(_piece(data))
    # The connection signals backpressure only after a turn of the event loop.
    await asyncio.sleep(0)


def _piece(data: bytes | memoryview) -> Message:
    return {"type": "http.response.body", "body": bytes(data), "more_body": True}


async def _gone(receive: Receive) -> None:
    """Returns when the client has disconnected; never for a client that does not finish its request."""
    with contextlib.suppress(SeasonedError):
        while (await receive())["type"] != "http.disconnect":
            continue
        return
    await asyncio.Event().wait()


async def held(response: Response, engine: Engine) -> Response:
    """A large complete response that reserves memory while it is sent. Raises Busy."""
    if isinstance(response, StreamingResponse) or len(response.body) < LARGE_BYTES:
        return response
    return _holding(response, await engine.answers.take(len(response.body), WAIT_SECONDS), engine)


async def weighed(engine: Engine, weight: int, make: Callable[[], Awaitable[Response]]) -> Response:
    """Build a response, reserving its estimated memory first if it is large. Raises Busy."""
    if weight < LARGE_BYTES:
        return await make()
    share = await engine.answers.take(weight, WAIT_SECONDS)
    with contextlib.ExitStack() as failing:
        failing.callback(share.release)
        response = await make()
        failing.pop_all()
    return _holding(response, share, engine)


def _holding(response: Response, share: Share, engine: Engine) -> Response:
    async def one() -> AsyncGenerator[Chunk]:
        yield chunk

    chunk = Chunk(bytes(response.body), share)
    streamed = Streamed(one(), engine.home)
    streamed.status_code, streamed.raw_headers = response.status_code, response.raw_headers
    response.body = b""
    return streamed


async def of_file(file: BinaryIO, engine: Engine) -> AsyncGenerator[Chunk]:
    """The chunks of an open file, which is closed at the end. Raises Busy."""
    with file:
        while True:
            with await engine.answers.take(LARGE_BYTES, GO_ON_SECONDS) as share:
                data = await asyncio.to_thread(file.read, LARGE_BYTES)
                if not data:
                    return
                yield Chunk(data, share)
