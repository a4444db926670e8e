"""Ends open requests that wait for their client when the server shuts down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

from seasoned.errors import Busy

# Data that is nearly here may still arrive.
GRACE_SECONDS = 1.0


class _State:
    """When the server shuts down, and what waits for clients."""

    until = inf
    limits: set[asyncio.Timeout] = set()  # noqa: RUF012 - one process stops once


_state = _State()


def begin() -> None:
    """Start the shutdown. Call it in the event loop; idempotent."""
    if has_begun():
        return
    _state.until = asyncio.get_running_loop().time() + GRACE_SECONDS
    for one in _state.limits:
        # An expired timeout cannot be rescheduled.
        if not one.expired():
            one.reschedule(min(one.when() or inf, _state.until))


def has_begun() -> bool:
    """Whether the server is shutting down."""
    return _state.until < inf


def refusal() -> Busy:
    """The error for requests that cannot be served any more."""
    return Busy("The server is shutting down; retry when it is back.")


@asynccontextmanager
async def limit(deadline: float = inf) -> AsyncIterator[None]:
    """Raise TimeoutError at a time of the event loop's clock, or Busy if the server shuts down before."""
    try:
        async with asyncio.timeout_at(min(deadline, _state.until)) as timeout:
            _state.limits.add(timeout)
            try:
                yield
            finally:
                _state.limits.discard(timeout)
    except TimeoutError:
        if has_begun():
            raise refusal() from None
        raise
