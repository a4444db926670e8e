"""A store's blobs as the use cases see them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from seasoned.store.blobs import BlobStore

T = TypeVar("T")

# A place that hangs must not take the threads that everything else needs.
THREADS = 16


class KeptBlobs:
    """Blobs in a place, for an event loop and for threads."""

    def __init__(self, place: BlobStore) -> None:
        self.place = place
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="seasoned-blobs")

    async def put(self, data: bytes) -> str:
        """Store bytes; their SHA-256 in hex. Raises StorageFull, BlobsAway."""
        return await self.run(lambda: self.put_now(data))

    async def get(self, sha256: str) -> bytes:
        """The bytes stored under a SHA-256. Raises NotFound, Damaged, BlobsAway."""
        return await self.run(lambda: self.get_now(sha256))

    def put_now(self, data: bytes) -> str:
        """Like put, in the calling thread."""
        return self.place.put_now(data)

    def get_now(self, sha256: str) -> bytes:
        """Like get, in the calling thread."""
        return self.place.get_now(sha256)

    async def run(self, work: Callable[[], T]) -> T:
        """What blocking work with blobs answers, from one of the threads that are there for it."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Wait for what runs, and give up what waits."""
        self._threads.shutdown(wait=True, cancel_futures=True)
