"""Storing blobs and then the rows that name them."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from seasoned.errors import Condemned

T = TypeVar("T")

TRIES_MAX = 4


async def kept(attempt: Callable[[], Awaitable[T]]) -> T:
    """What `attempt` answers, which stores blobs and then rows that name them; made again when one was just given up
    for deletion in between. Raises Condemned when that happens every time.
    """
    for _ in range(TRIES_MAX - 1):
        try:
            return await attempt()
        except Condemned:
            continue
    return await attempt()
