"""What a server that stops tells the requests that are still under way: those that wait for their client end soon."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

from seasoned.errors import Busy

# What is nearly here may still come.
GRACE_SECONDS = 1.0


class _State:
    """Since when the server stops, and what waits for clients."""

    until = inf
    limits: set[asyncio.Timeout] = set()  # noqa: RUF012 - one process stops once


_state = _State()


def begin() -> None:
    """The server stops. To be called in the event loop; more than once does no harm."""
    if has_begun():
        return
    _state.until = asyncio.get_running_loop().time() + GRACE_SECONDS
    for one in _state.limits:
        # One whose time has just come cannot be moved any more.
        if not one.expired():
            one.reschedule(min(one.when() or inf, _state.until))


def has_begun() -> bool:
    """Whether the server stops."""
    return _state.until < inf


def refusal() -> Busy:
    """What to tell who cannot be served any more."""
    return Busy("The server is shutting down; retry when it is back.")


@asynccontextmanager
async def limit(deadline: float = inf) -> AsyncIterator[None]:
    """Raise TimeoutError at a moment of the event loop's clock; Busy when the server stops before that."""
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
