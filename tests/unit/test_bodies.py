"""The bounds of a request's body, without a server."""

import asyncio

import pytest
from starlette.types import Message

from seasoned.errors import TooLarge, TooSlow
from seasoned.http.bodies import THROWN_AWAY_TIMES, RequestBody

SECONDS = 0.05
SCOPE = {"headers": [(b"host", b"x"), (b"content-length", b"2")]}


class Stream:
    """What a server would hand over: the pieces, then nothing until the client leaves."""

    def __init__(self, *pieces: bytes, open_end: bool = False) -> None:
        last = len(pieces) - 1
        self._messages: list[Message] = [
            {"type": "http.request", "body": piece, "more_body": open_end or place < last}
            for place, piece in enumerate(pieces)
        ]
        self.left = asyncio.Event()

    async def receive(self) -> Message:
        if self._messages:
            return self._messages.pop(0)
        await self.left.wait()
        return {"type": "http.disconnect"}


def test_waiting_for_a_client_to_leave_takes_any_time() -> None:
    async def run() -> None:
        stream = Stream(b"a", b"b")
        body = RequestBody(SCOPE, stream.receive, 10, SECONDS)
        assert [(await body.receive())["body"] for _ in range(2)] == [b"a", b"b"]
        assert body.is_complete
        waiting = asyncio.create_task(body.receive())
        assert not (await asyncio.wait({waiting}, timeout=4 * SECONDS))[0]
        stream.left.set()
        assert (await waiting)["type"] == "http.disconnect"

    asyncio.run(run())


def test_a_body_that_does_not_end_is_too_slow_also_for_who_throws_it_away() -> None:
    async def run() -> None:
        body = RequestBody(SCOPE, Stream(b"a", open_end=True).receive, 10, SECONDS)
        await body.receive()
        with pytest.raises(TooSlow, match=str(SECONDS)):
            await body.receive()
        assert not await body.throw_away()

    asyncio.run(run())


def test_a_body_that_is_too_large_is_thrown_away_up_to_a_bound() -> None:
    async def run(pieces: int) -> bool:
        body = RequestBody(SCOPE, Stream(*[b"x" * 10] * pieces).receive, 10, SECONDS)
        await body.receive()
        with pytest.raises(TooLarge, match="10 bytes"):
            await body.receive()
        return await body.throw_away()

    assert asyncio.run(run(THROWN_AWAY_TIMES))
    assert not asyncio.run(run(THROWN_AWAY_TIMES + 2))


def test_a_request_that_announces_no_body_has_none() -> None:
    async def run() -> None:
        assert RequestBody({"headers": [(b"host", b"x")]}, Stream(b"").receive, 10, SECONDS).is_complete

    asyncio.run(run())
