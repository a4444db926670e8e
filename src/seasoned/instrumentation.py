"""Instrumentation: requests, stage runs and model calls, reported as they begin and end.

Metrics, traces and logs listen (`seasoned.telemetry`). Without a listener a report costs one comparison. Reports
contain ids, durations and outcomes, but no text of messages, answers, skills or errors.
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Protocol, TypeVar

import msgspec


class HttpRequest(msgspec.Struct, kw_only=True, eq=False):
    """An HTTP request. `route` is the pattern that its path matches, empty if none; a `status` of 0 means that there
    was no response. `traceparent` and `tracestate` are the caller's trace, as W3C Trace Context has them.
    """

    method: str
    route: str = ""
    status: int = 0
    traceparent: str = ""
    tracestate: str = ""
    error: str = ""


class StageRun(msgspec.Struct, kw_only=True, eq=False, tag="stage_run"):
    """One run of a stage for a session, task or space (`key`).

    `outcome` is `worked`, `idle` (nothing was due), `superseded` (another run did it), `waits` (for the database or a
    model) or `failed`; `error` is the name of the error's class.
    """

    stage: str
    key: str
    outcome: str = ""
    error: str = ""


class ModelCall(msgspec.Struct, kw_only=True, eq=False, tag="model_call"):
    """One call of a model, including its corrections (`requests`), for a stage and ids.

    Tokens are counts, the price is in millionths of a dollar, None when it is not known; `error` is the name of the
    error's class when there was no usable answer.
    """

    stage: str
    model: str
    project_id: str = ""
    session_id: str = ""
    space_id: str = ""
    task_id: str = ""
    output_tokens_max: int = 0
    requests: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    price_micros: int | None = None
    error: str = ""


Operation = HttpRequest | StageRun | ModelCall
W = TypeVar("W", bound=Operation)


class Listener(Protocol):
    """Is called in the task or thread that does the work."""

    def begin(self, work: Operation) -> None:
        """Work begins."""
        ...

    def end(self, work: Operation, seconds: float) -> None:
        """Work has ended, well or not, after so many seconds."""
        ...

    def stored(self, messages: int) -> None:
        """So many messages were stored."""
        ...

    def cut_off(self) -> None:
        """A client did not read its response and was disconnected."""
        ...


_listeners: list[Listener] = []
_counting: list[Listener] = []


def listen(listener: Listener, *, counts: bool = False) -> Callable[[], None]:
    """Attach `listener`; call the result to detach it.

    With `counts` it also gets the finished work of the server's learning process (`relay`).
    """
    _listeners.append(listener)
    if counts:
        _counting.append(listener)

    def stop() -> None:
        _listeners.remove(listener)
        if counts:
            _counting.remove(listener)

    return stop


def relay(work: Operation, seconds: float) -> None:
    """Report finished work of another process of the same server to counting listeners."""
    for listener in _counting:
        listener.end(work, seconds)


def heard() -> bool:
    """Whether any listener is attached."""
    return bool(_listeners)


def stored(messages: int) -> None:
    """Report stored messages."""
    for listener in _listeners:
        listener.stored(messages)


def cut_off() -> None:
    """Report a client that was disconnected for not reading its response."""
    for listener in _listeners:
        listener.cut_off()


class watch(Generic[W]):  # noqa: N801 - used like a function
    """A block that does a piece of work: `with signals.watch(StageRun(...)) as run:`. An error that leaves the block is
    named in `error`, unless the block has named one.
    """

    __slots__ = ("_listeners", "_started", "_work")

    def __init__(self, work: W) -> None:
        self._work: W = work

    def __enter__(self) -> W:
        self._listeners = tuple(_listeners)
        for listener in self._listeners:
            listener.begin(self._work)
        self._started = time.perf_counter()
        return self._work

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if not self._listeners:
            return
        seconds = time.perf_counter() - self._started
        if kind is not None and not self._work.error:
            self._work.error = kind.__name__
        # In reverse order, so that what listeners open closes like a stack.
        for listener in reversed(self._listeners):
            listener.end(self._work, seconds)
