"""An event loop without threads and without waiting: time jumps to whatever is due next.

All that runs belongs to an owner (one life of a simulated process), told by a context variable that tasks, callbacks
and thread jobs inherit. When the owner dies, nothing of it runs any more, as after `kill -9`: no handler, no `finally`.
Work that would go to a thread runs in this one, after a delay, and its result arrives after another: these delays are
where other owners get their turn, and they come from the seed. So a run depends on nothing else.
"""

import asyncio
import contextvars
import heapq
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any, TypeVar, TypeVarTuple, Unpack

from seasoned.errors import Busy
from seasoned.testing.faults import SimulatedCrash

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Callback = Callable[..., object]

STEPS_MAX = 30_000


class Endless(Exception):
    """The run does not end."""


class Owner:
    """Whom handles belong to. It may die, or be frozen until a moment (a stopped machine, a long pause)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.frozen_until = 0.0
        self.jobs = 0
        self.tasks: list[asyncio.Task[Any]] = []


OWNER: contextvars.ContextVar[Owner | None] = contextvars.ContextVar("owner", default=None)


class _Handle(asyncio.TimerHandle):
    """A callback at a moment, with its owner."""

    def __init__(
        self,
        when: float,
        callback: Callback,
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: contextvars.Context | None,
    ) -> None:
        super().__init__(when, callback, args, loop, context)
        self.owner = OWNER.get() if context is None else context.get(OWNER)


class SimulatedLoop(asyncio.AbstractEventLoop):
    """Runs callbacks in the order of their moments, and of their making within a moment."""

    def __init__(self, latency: Callable[[], float]) -> None:
        self._latency = latency
        self._now = 0.0
        self._made = 0
        self._queue: list[tuple[float, int, _Handle]] = []
        self._running = False
        self._closed = False
        self._tasks: list[asyncio.Task[Any]] = []
        self.steps = 0
        self._troubles: list[dict[str, Any]] = []

    def time(self) -> float:
        return self._now

    def call_soon(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        return self._schedule(self._now, callback, args, context)

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        return self._schedule(self._now + delay, callback, args, context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        return self._schedule(when, callback, args, context)

    def _schedule(
        self, when: float, callback: Callback, args: tuple[Any, ...], context: contextvars.Context | None
    ) -> _Handle:
        handle = _Handle(when, callback, args, self, context)
        self._made += 1
        heapq.heappush(self._queue, (when, self._made, handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is skipped when its time comes."""

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: contextvars.Context | None = None,
    ) -> asyncio.Task[T]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        owner = OWNER.get() if context is None else context.get(OWNER)
        (self._tasks if owner is None else owner.tasks).append(task)
        return task

    def run_in_executor(self, _executor: object, func: Callable[[Unpack[Ts]], T], *args: *Ts) -> asyncio.Future[T]:
        """Run a thread's work in this one, between two delays."""
        future = self.create_future()
        owner = OWNER.get()
        if owner is not None:
            owner.jobs += 1
        self.call_later(self._latency(), self._run_job, future, func, args, owner)
        return future

    def _run_job(
        self, future: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...], owner: Owner | None
    ) -> None:
        result: object = None
        failure: Exception | None = None
        try:
            result = func(*args)
        except Exception as error:  # noqa: BLE001 - handed to the one who awaits the future
            failure = error
        self.call_later(self._latency(), _deliver, future, result, failure, owner)

    def run_until_complete(self, future: Generator[Any, None, T] | Coroutine[Any, Any, T]) -> T:  # type: ignore[override]
        """Run until a coroutine has ended; its result."""
        task = self.create_task(future)
        asyncio._set_running_loop(self)
        self._running = True
        try:
            while not task.done():
                self._step()
        finally:
            self._running = False
            asyncio._set_running_loop(None)
        return task.result()

    def _step(self) -> None:
        if not self._queue:
            raise Endless("The simulation waits for something that will never come.")
        if self.steps >= STEPS_MAX:
            raise Endless(f"The simulation has not ended after {STEPS_MAX} steps.")
        when, number, handle = heapq.heappop(self._queue)
        self._now = max(self._now, when)
        owner = handle.owner
        if handle.cancelled() or (owner is not None and not owner.alive):
            return
        if owner is not None and owner.frozen_until > self._now:
            heapq.heappush(self._queue, (owner.frozen_until, number, handle))
            return
        self.steps += 1
        handle._run()

    def bury(self, owner: Owner) -> None:
        """Drop a dead owner's tasks without finishing them."""
        # In the dead owner's name, so that whatever a handler starts on the way out never runs.
        context = contextvars.copy_context()
        context.run(OWNER.set, owner)
        context.run(_abandon, owner.tasks)
        owner.tasks = []

    def close(self) -> None:
        """Let go of everything that is left."""
        _abandon(self._tasks)
        self._closed = True
        self._queue.clear()

    def is_running(self) -> bool:
        return self._running

    def is_closed(self) -> bool:
        return self._closed

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Record an uncaught error for `uncaught`."""
        self._troubles.append(context)

    def uncaught(self) -> list[BaseException]:
        """The errors that nobody caught. Crashes, and calls whose caller has died, are none."""
        errors = [one["exception"] for one in self._troubles if "exception" in one]
        return [error for error in errors if not isinstance(error, (SimulatedCrash, Busy))]


def _deliver(future: asyncio.Future[Any], result: object, failure: Exception | None, owner: Owner | None) -> None:
    if owner is not None:
        owner.jobs -= 1
    if future.done():
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)


def _abandon(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        if task.done():
            continue
        # A task that was killed is no mistake of its maker, so it needs no warning when it is collected.
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # there is no public way
        coroutine = task.get_coro()
        # What its handlers do on the way out leads nowhere: the owner is dead.
        with suppress(BaseException):
            coroutine.close()
