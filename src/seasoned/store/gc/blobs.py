"""A store's blobs as the use cases see them: what is stored here stays, whatever a collector was about to do."""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from seasoned.clock import SECOND, Clock
from seasoned.errors import Busy
from seasoned.store.blobs import BlobStore
from seasoned.store.gc import marks
from seasoned.store.gc.lock import CollectorLock

T = TypeVar("T")

# A place that hangs must not take the threads that everything else needs.
THREADS = 16
# How long somebody waits for a collector to be through with its batch.
GUARD_SECONDS = 10.0


class Rows(Protocol):
    """The rows that belong to the blobs."""

    clock: Clock

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on what is committed."""
        ...

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction of its own."""
        ...


class ManagedBlobs:
    """Blobs in a place, for an event loop and for threads. Not for the thread that writes: see `put_now`."""

    def __init__(self, place: BlobStore, rows: Rows, guard: CollectorLock) -> None:
        self.place = place
        self.guard = guard
        self._rows = rows
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="seasoned-blobs")

    async def put(self, data: bytes) -> str:
        """Store bytes; their SHA-256 in hex. Raises StorageFull, BlobsAway, Busy."""
        return await self.run(lambda: self.put_now(data))

    async def get(self, sha256: str) -> bytes:
        """The bytes stored under a SHA-256. Raises NotFound, Damaged, BlobsAway."""
        return await self.run(lambda: self.get_now(sha256))

    def put_now(self, data: bytes) -> str:
        """Like put, in the calling thread; not inside a transaction that writes, as reviving a blob takes one."""
        sha256 = hashlib.sha256(data).hexdigest()
        found = self._rows.read_now(lambda connection: marks.find(connection, [sha256]))
        if found and found[sha256].tombstoned_at is not None:
            return self._save(sha256, data)
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

    def _save(self, sha256: str, data: bytes) -> str:
        """Store a tombstoned blob, then remove its tombstone so that nobody deletes it. Raises Busy.

        In this order: somebody else may have stored it just before it was deleted, and still be about to reference it.
        Once the tombstone is removed, nothing tells them that it was deleted meanwhile; so then it has to be there.
        """
        with self.guard.held(GUARD_SECONDS):
            found = self._rows.read_now(lambda connection: marks.find(connection, [sha256])).get(sha256)
            if found is not None and found.tombstoned_at is not None and found.swept_at is None:
                # Nobody deletes now; but what somebody sent before they died may still arrive.
                ago = self._rows.clock.now() - found.tombstoned_at
                if ago < self.place.late_seconds * SECOND:
                    raise Busy("This file was unreferenced and is being deleted; send it again in two minutes.")
            self.place.put_now(data)
            self._rows.write_now(lambda connection: marks.revive(connection, sha256))
        return sha256
