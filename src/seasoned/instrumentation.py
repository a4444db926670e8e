"""What operators may want to hear of: requests, stages' runs and models' calls as they begin and end.

Metrics, traces and logs listen (`seasoned.telemetry`). While nobody does, a signal costs one comparison. Signals say
which, how long and how it ended; they carry no text of messages, answers, skills or errors.
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Protocol, TypeVar

import msgspec


class HttpRequest(msgspec.Struct, kw_only=True, eq=False):
    """A request over HTTP. `route` is the pattern that its path fits, empty when none does; a `status` of 0 means that
    nothing was answered. `traceparent` and `tracestate` are the caller's trace, as W3C Trace Context has them.
    """

    method: str
    route: str = ""
    status: int = 0
    traceparent: str = ""
    tracestate: str = ""
    error: str = ""


class StageRun(msgspec.Struct, kw_only=True, eq=False, tag="stage_run"):
    """One run of a stage for a session, task or space (`key`).

    `outcome` is `worked`, `idle` (nothing was due), `superseded` (somebody else did it), `waits` (for the database or a
    model) or `failed`; `error` is the name of the error's class.
    """

    stage: str
    key: str
    outcome: str = ""
    error: str = ""


class ModelCall(msgspec.Struct, kw_only=True, eq=False, tag="model_call"):
    """One question to a model, with the corrections that it took (`requests`), for the stage and ids that asked.

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
    """Hears of work in the task or thread that does it."""

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
        """A client did not read its answer and was let go."""
        ...


_listeners: list[Listener] = []
_counting: list[Listener] = []


def listen(listener: Listener, *, counts: bool = False) -> Callable[[], None]:
    """Tell `listener` from now on, until what is returned is called.

    One that counts is also told how work of the server's learning process has ended (`relay`).
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
    """Tell those who count of work that another process of the same server has done."""
    for listener in _counting:
        listener.end(work, seconds)


def heard() -> bool:
    """Whether anybody listens."""
    return bool(_listeners)


def stored(messages: int) -> None:
    """Say that messages were stored."""
    for listener in _listeners:
        listener.stored(messages)


def cut_off() -> None:
    """Say that a client did not read its answer and was let go."""
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
        # The last that heard the beginning hears the end first, so that what one opens around another closes so too.
        for listener in reversed(self._listeners):
            listener.end(self._work, seconds)
