"""Large answers and the memory that they share, without a server."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest
from starlette.types import Message

from seasoned.engine.budget import MemoryBudget
from seasoned.errors import Busy, NotFound, TooSlow
from seasoned.http import answers
from seasoned.http.answers import Chunk, Streamed
from seasoned.http.bodies import SLICE_BYTES

SCOPE = {"type": "http", "method": "GET"}
LONG_SECONDS = 60.0


class Reader:
    """A client that takes what it is sent as long as it is let."""

    def __init__(self) -> None:
        self.got: list[Message] = []
        self.may_read = asyncio.Event()
        self.stalled = asyncio.Event()
        self.left = asyncio.Event()
        self.came = asyncio.Event()

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.got)

    @property
    def is_complete(self) -> bool:
        return self.got[-1]["type"] == "http.response.body" and not self.got[-1].get("more_body", False)

    async def send(self, message: Message) -> None:
        if not self.may_read.is_set():
            self.stalled.set()
            await self.may_read.wait()
        self.got.append(message)
        self.came.set()

    async def has(self, count: int) -> None:
        """Wait until so many pieces have come."""
        while len(self.got) < count:
            self.came.clear()
            await self.came.wait()

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}


def chunks_of(budget: MemoryBudget, *sizes: int) -> AsyncGenerator[Chunk]:
    async def made() -> AsyncGenerator[Chunk]:
        for place, size in enumerate(sizes):
            with await budget.take(size, LONG_SECONDS) as share:
                yield Chunk(bytes([place]) * size, share)

    return made()


def expected(*sizes: int) -> bytes:
    return b"".join(bytes([place]) * size for place, size in enumerate(sizes))


def test_an_answer_of_chunks_is_whole_and_gives_its_memory_back(tmp_path: Path) -> None:
    async def run() -> None:
        budget, reader = MemoryBudget(1_000_000), Reader()
        reader.may_read.set()
        sizes = (10, SLICE_BYTES, 5 * SLICE_BYTES + 7)
        await Streamed(chunks_of(budget, *sizes), tmp_path)(SCOPE, reader.receive, reader.send)
        assert reader.body == expected(*sizes)
        assert reader.is_complete
        assert max(len(message.get("body", b"")) for message in reader.got) <= SLICE_BYTES
        assert budget.free == budget.size

    asyncio.run(run())


def test_what_a_reader_does_not_take_soon_leaves_the_memory_and_comes_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "PATIENCE_SECONDS", 0.01)

    async def run() -> None:
        size = 10 * SLICE_BYTES
        budget, reader = MemoryBudget(size), Reader()
        reader.may_read.set()
        answering = asyncio.create_task(Streamed(chunks_of(budget, size), tmp_path)(SCOPE, reader.receive, reader.send))
        await reader.has(3)
        reader.may_read.clear()
        # All of the memory is free again although nobody reads.
        (await asyncio.wait_for(budget.take(size, LONG_SECONDS), LONG_SECONDS)).release()
        assert not answering.done()
        reader.may_read.set()
        await answering
        assert reader.body == expected(size)

    asyncio.run(run())


def test_what_was_taken_late_is_not_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PATIENCE_SECONDS", 0.01)

    class Late(Reader):
        """It reads on just when a slice has waited for too long."""

        async def send(self, message: Message) -> None:
            go_on = asyncio.Event()

            def later() -> None:
                time.sleep(0.02)
                go_on.set()

            asyncio.get_running_loop().call_soon(later)
            await go_on.wait()
            await super().send(message)

    async def run() -> None:
        size = 4 * SLICE_BYTES
        budget, reader = MemoryBudget(size), Late()
        reader.may_read.set()
        await Streamed(chunks_of(budget, size), tmp_path)(SCOPE, reader.receive, reader.send)
        assert reader.body == expected(size)

    asyncio.run(run())


@pytest.mark.parametrize("why", ["no room", "no folder"])
def test_where_there_is_no_room_for_a_file_it_waits_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    monkeypatch.setattr(answers, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(answers, "SPILLED_BYTES_MAX", 0 if why == "no room" else 10**9)

    async def run() -> None:
        size = 4 * SLICE_BYTES
        budget, reader = MemoryBudget(size), Reader()
        folder = tmp_path if why == "no room" else tmp_path / "not there"
        reader.may_read.set()
        answering = asyncio.create_task(Streamed(chunks_of(budget, size), folder)(SCOPE, reader.receive, reader.send))
        await reader.has(2)
        reader.may_read.clear()
        await reader.stalled.wait()
        assert budget.free < size
        reader.may_read.set()
        await answering
        assert reader.body == expected(size)
        assert budget.free == size

    asyncio.run(run())


def failing(budget: MemoryBudget, after: int) -> AsyncGenerator[Chunk]:
    async def made() -> AsyncGenerator[Chunk]:
        async with aclosing(chunks_of(budget, *[10] * after)) as chunks:
            async for chunk in chunks:
                yield chunk
        raise NotFound("It is gone.")

    return made()


@pytest.mark.parametrize("after", [0, 2])
def test_an_error_before_the_first_chunk_is_one_and_after_it_the_body_does_not_end(tmp_path: Path, after: int) -> None:
    async def run() -> None:
        budget, reader = MemoryBudget(100), Reader()
        reader.may_read.set()
        with pytest.raises(NotFound):
            await Streamed(failing(budget, after), tmp_path)(SCOPE, reader.receive, reader.send)
        assert bool(reader.got) == bool(after)
        assert not reader.got or not reader.is_complete
        assert budget.free == budget.size

    asyncio.run(run())


def test_who_has_gone_is_not_answered_further(tmp_path: Path) -> None:
    async def run() -> None:
        budget, reader = MemoryBudget(100), Reader()
        reader.may_read.set()
        reader.left.set()
        await Streamed(chunks_of(budget, *[10] * 100), tmp_path)(SCOPE, reader.receive, reader.send)
        assert len(reader.body) < 100
        assert budget.free == budget.size

    asyncio.run(run())


def test_who_does_not_end_the_request_has_not_gone(tmp_path: Path) -> None:
    async def run() -> None:
        budget, reader = MemoryBudget(1_000), Reader()
        reader.may_read.set()

        async def receive() -> Message:
            raise TooSlow("The request's body was not complete.")

        await Streamed(chunks_of(budget, *[10] * 100), tmp_path)(SCOPE, receive, reader.send)
        assert len(reader.body) == 1_000
        assert reader.is_complete

    asyncio.run(run())


def test_memory_is_given_in_the_order_in_which_it_was_asked_for() -> None:
    async def run() -> None:
        budget, served = MemoryBudget(10), list[str]()

        async def ask(name: str, weight: int) -> None:
            with await budget.take(weight, LONG_SECONDS):
                served.append(name)
                await asyncio.sleep(0)

        first = await budget.take(8, LONG_SECONDS)
        tasks = [asyncio.create_task(ask(name, weight)) for name, weight in (("all", 99), ("two", 2), ("one", 1))]
        await asyncio.sleep(0)
        # There would be room for the last two, but they came later.
        assert served == []
        first.release()
        await asyncio.gather(*tasks)
        assert served == ["all", "two", "one"]
        assert budget.free == 10

    asyncio.run(run())


def test_who_waits_in_vain_is_told_and_who_gives_up_leaves_nothing_behind() -> None:
    async def run() -> None:
        budget = MemoryBudget(10)
        held = await budget.take(10, LONG_SECONDS)
        with pytest.raises(Busy):
            await budget.take(1, 0.01)
        waiting = [asyncio.create_task(budget.take(5, LONG_SECONDS)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        held.release()
        # Served and given up in the same turn.
        waiting[1].cancel()
        await asyncio.wait(waiting)
        share = waiting[2].result()
        assert budget.free == 5
        share.keep(2)
        share.keep(4)
        assert budget.free == 8
        share.release()
        share.release()
        assert budget.free == 10

    asyncio.run(run())
