"""A store's blobs as the use cases see them: a stored blob stays, even if a collector was about to delete it."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from seasoned.clock import SECOND, Clock
from seasoned.errors import Busy, Tombstoned
from seasoned.store.blob_store import BlobStore
from seasoned.store.gc import marks
from seasoned.store.gc.lock import CollectorLock

T = TypeVar("T")

# Own threads, so that an object store that hangs does not block anything else.
THREADS = 16
# How long a writer waits for a collector to finish its batch.
LOCK_SECONDS = 10.0
TRIES_MAX = 4


class Rows(Protocol):
    """The database that belongs to the blobs."""

    clock: Clock

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on what is committed."""
        ...

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction of its own."""
        ...


class ManagedBlobs:
    """Blobs for an event loop and for threads. Not for the writer thread: see `put_now`."""

    def __init__(self, place: BlobStore, rows: Rows, lock: CollectorLock) -> None:
        self.place = place
        self.lock = lock
        self._rows = rows
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="seasoned-blobs")

    async def put(self, data: bytes) -> str:
        """Store bytes; their SHA-256 in hex. Raises StorageFull, BlobsAway, Busy."""
        return await self.run(lambda: self.put_now(data))

    async def get(self, sha256: str) -> bytes:
        """The bytes stored under a SHA-256. Raises NotFound, Damaged, BlobsAway."""
        return await self.run(lambda: self.get_now(sha256))

    def put_now(self, data: bytes) -> str:
        """Like put, in the calling thread. Not inside a write transaction, which reviving a blob needs itself."""
        sha256 = hashlib.sha256(data).hexdigest()
        found = self._rows.read_now(lambda connection: marks.find(connection, [sha256]))
        if found and found[sha256].tombstoned_at is not None:
            return self._save(sha256, data)
        return self.place.put_now(data)

    def get_now(self, sha256: str) -> bytes:
        """Like get, in the calling thread."""
        return self.place.get_now(sha256)

    async def run(self, work: Callable[[], T]) -> T:
        """Run blocking work with blobs in one of the blob threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Wait for running work and cancel what is queued."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _save(self, sha256: str, data: bytes) -> str:
        """Store a tombstoned blob, then remove its tombstone so that nobody deletes it. Raises Busy.

        In this order: another writer may have stored it just before it was deleted and be about to reference it. Once
        the tombstone is gone, that writer cannot notice the deletion, so by then the blob has to be there.
        """
        with self.lock.held(LOCK_SECONDS):
            found = self._rows.read_now(lambda connection: marks.find(connection, [sha256])).get(sha256)
            if found is not None and found.tombstoned_at is not None and found.swept_at is None:
                # The lock is ours, but a delete request sent by a collector that died may still arrive.
                ago = self._rows.clock.now() - found.tombstoned_at
                if ago < self.place.late_seconds * SECOND:
                    raise Busy("This file was unreferenced and is being deleted; send it again in two minutes.")
            self.place.put_now(data)
            self._rows.write_now(lambda connection: marks.revive(connection, sha256))
        return sha256


async def retry_tombstoned(attempt: Callable[[], Awaitable[T]]) -> T:
    """Run `attempt`, which stores blobs and then rows that reference them; again if one was tombstoned in between.

    Raises Tombstoned when that happens every time.
    """
    for _ in range(TRIES_MAX - 1):
        try:
            return await attempt()
        except Tombstoned:
            continue
    return await attempt()
