"""A memory budget shared by all responses in progress, in bytes."""

import asyncio
from collections import deque
from types import TracebackType

from seasoned.errors import Busy

# How long a response waits for memory: before it starts, and in the middle.
WAIT_SECONDS = 20.0
GO_ON_SECONDS = 120.0


class Share:
    """The part of a budget that one response holds; leaving a `with` block releases it."""

    __slots__ = ("_budget", "weight")

    def __init__(self, budget: "MemoryBudget", weight: int) -> None:
        self._budget = budget
        self.weight = weight

    def keep(self, weight: int) -> None:
        """Release what exceeds `weight`."""
        if weight < self.weight:
            over, self.weight = self.weight - weight, weight
            self._budget.give_back(over)

    def release(self) -> None:
        """Release everything; idempotent."""
        self.keep(0)

    def __enter__(self) -> "Share":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class MemoryBudget:
    """Bytes that are reserved before use, first come, first served. For one event loop."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.free = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, weight: int, seconds: float) -> Share:
        """Reserve bytes, at most the whole budget. Raises Busy if they do not become free in time."""
        weight = min(weight, self.size)
        if self._waiting or weight > self.free:
            await self._wait(weight, seconds)
        else:
            self.free -= weight
        return Share(self, weight)

    def give_back(self, weight: int) -> None:
        """Release bytes to the waiters."""
        self.free += weight
        self._serve()

    async def _wait(self, weight: int, seconds: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((weight, turn))
        taken = False
        try:
            async with asyncio.timeout(seconds):
                await turn
            taken = True
        except TimeoutError:
            raise Busy("The server has too many large responses in progress; try again in a few seconds.") from None
        finally:
            if not taken:
                if turn.done() and not turn.cancelled():
                    # It got its share just when it timed out.
                    self.give_back(weight)
                turn.cancel()
                self._serve()

    def _serve(self) -> None:
        while self._waiting:
            weight, turn = self._waiting[0]
            if not turn.done():
                if weight > self.free:
                    return
                self.free -= weight
                turn.set_result(None)
            self._waiting.popleft()


NOTHING = Share(MemoryBudget(0), 0)
"""The share of a response too small to count."""
