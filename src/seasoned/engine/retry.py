"""Storing blobs and then the rows that name them."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from seasoned.errors import Tombstoned

T = TypeVar("T")

TRIES_MAX = 4


async def kept(attempt: Callable[[], Awaitable[T]]) -> T:
    """What `attempt` answers, which stores blobs and then rows that name them; made again when one was just given up
    for deletion in between. Raises Tombstoned when that happens every time.
    """
    for _ in range(TRIES_MAX - 1):
        try:
            return await attempt()
        except Tombstoned:
            continue
    return await attempt()
