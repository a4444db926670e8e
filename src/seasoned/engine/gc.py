"""Deletes unreferenced stored files, on demand or step by step in a server's background."""

import asyncio
import hashlib
import logging

from seasoned.config import Config
from seasoned.engine.readiness import BLOB
from seasoned.errors import Busy, Conflict, SeasonedError, StorageFull
from seasoned.store import Store
from seasoned.store.gc.collector import Collected, Collector

log = logging.getLogger(__name__)

STEP_MAX = 500
KEPT = frozenset({hashlib.sha256(BLOB).hexdigest()})


class GarbageCollection:
    """Use cases of collection. Any number of processes may collect in one store; they take turns."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Collect a bounded step every `collect_seconds` from now on; 0 means never."""
        if self._config.collect_seconds:
            self._task = asyncio.create_task(self._run_for_ever())

    async def close(self) -> None:
        """Stop. The next step of any process finishes what was begun."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def run(self) -> Collected:
        """Go through all stored files once, and delete what can be deleted now.

        Raises Busy, Conflict, StorageFull.
        """
        collector, found, done = self._collector(), Collected(), False
        while not done:
            step, done = await collector.step(STEP_MAX)
            found.add(step)
        return found

    async def preview(self) -> Collected:
        """What `run` would do now. Raises Busy."""
        return await self._collector().preview(STEP_MAX)

    def _collector(self) -> Collector:
        return Collector(self._store, self._config.blob_grace_seconds, KEPT)

    async def _run_for_ever(self) -> None:
        collector = self._collector()
        waits_for: type[SeasonedError] | None = None
        while True:
            await asyncio.sleep(self._config.collect_seconds)
            try:
                found, _ = await collector.step(STEP_MAX)
            except (Busy, Conflict, StorageFull) as error:
                if waits_for is not type(error):
                    _say_what_hinders(error)
                waits_for = type(error)
            except Exception:
                # An unexpected error must not stop collection until the server restarts.
                log.exception("a step of collecting failed")
            else:
                waits_for = None
                count, size = found.total("deleted")
                if count:
                    log.info("files that nothing names were deleted", extra={"files": count, "bytes": size})


def _say_what_hinders(error: SeasonedError) -> None:
    if isinstance(error, Conflict):
        log.warning("another database keeps its files in the same place, so none are deleted")
    else:
        log.warning("files that nothing names cannot be deleted now", extra={"error": type(error).__name__})
