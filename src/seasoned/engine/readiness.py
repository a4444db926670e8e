"""Readiness: whether the components of the running system respond, and what is queued.

The check needs no key, so it must be cheap: results are cached for a second, and only one probe waits for a component
that does not respond.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Coroutine

import msgspec

from seasoned import __version__
from seasoned.clock import SECOND
from seasoned.config import Config
from seasoned.errors import NotFound, SeasonedError
from seasoned.scheduling.scheduler import Heartbeat, Scheduler
from seasoned.store import Connection, Store, backlog, damage, health
from seasoned.store.backlog import Backlog

FRESH_SECONDS = 1.0
ANSWER_SECONDS = 2.0
# Stored to test the object store.
BLOB = b"Seasoned looks whether this can be read.\n"


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a component works, details, and its response time in seconds."""

    ok: bool
    detail: str
    seconds: float


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a worker is alive; `here` says whether this process should run one.

    `beat_seconds` is the age of the last heartbeat; None if there was none. `pid` is the process that works for this
    server: its own, or the learning process.
    """

    ok: bool
    here: bool
    beat_seconds: float | None
    pid: int | None
    detail: str


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """The number of due pieces of work, the age of the oldest, and the number of parked ones; None if unknown."""

    due: int | None = None
    oldest_due_seconds: float | None = None
    parked: int | None = None


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """Queued writes, and the limit."""

    waiting: int
    limit: int


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """`ready` says whether requests can be served: database and blobs respond, and this process's worker is alive.

    Due or parked work and other processes' workers are reported but do not count: taking this server out of service
    would not help them.
    """

    ready: bool
    version: str
    database: Component
    blobs: Component
    worker: Worker
    work: Waiting
    queue: Queue


class ReadinessProbe:
    """Probes the components of a running system."""

    def __init__(self, store: Store, config: Config, scheduler: Scheduler) -> None:
        self._store = store
        self._config = config
        self._scheduler = scheduler
        self._probes = {
            "read": _Probe("a read of the database", self._read),
            "write": _Probe("a write to the database", lambda: store.write(health.touch)),
            "blobs": _Probe("the object store", self._blobs),
            "worker": _Probe("the worker", self._life),
        }
        self._backlog: Backlog | None = None
        self._worker: Heartbeat | None = None
        self._looking: asyncio.Task[Readiness] | None = None
        self._seen: Readiness | None = None
        self._seen_at = 0.0

    async def look(self) -> Readiness:
        """The readiness, at most a second old."""
        if self._seen is not None and time.monotonic() - self._seen_at < FRESH_SECONDS:
            return self._seen
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def backlog(self) -> Backlog | None:
        """Due and parked work by stage, at most a second old; None if the database does not respond."""
        await self.look()
        return self._backlog

    async def skills(self) -> tuple[int, int] | None:
        """The counts of skills and versions; None if the database does not respond."""
        if not (await self.look()).database.ok:
            return None
        return await self._store.read(health.skill_counts)

    async def close(self) -> None:
        """Cancel the probes that still wait."""
        tasks = [task for task in (self._looking, *(probe.task for probe in self._probes.values())) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> Readiness:
        self._backlog = self._worker = None
        read, write, blobs, worker = await asyncio.gather(*(probe.answer() for probe in self._probes.values()))
        wrong = [part.detail for part in (read, write) if not part.ok]
        if self._store.has_met_damage and not wrong:
            wrong = [str(damage.damaged())]
        database = Component(
            ok=not wrong, detail="; ".join(wrong) or "reads and writes", seconds=max(read.seconds, write.seconds)
        )
        alive = _worker(self._worker, worker, self._store.clock.now())
        self._seen = Readiness(
            ready=database.ok and blobs.ok and (alive.ok or not alive.here),
            version=__version__,
            database=database,
            blobs=blobs,
            worker=alive,
            work=_waiting(self._backlog, self._store.clock.now()),
            queue=Queue(waiting=self._store.writes_waiting, limit=self._config.write_queue),
        )
        self._seen_at = time.monotonic()
        return self._seen

    async def _read(self) -> None:
        now = self._store.clock.now()

        def look(connection: Connection) -> Backlog:
            damage.probe(connection)
            return backlog.backlog(connection, self._config, now)

        self._backlog = await self._store.read(look)

    async def _blobs(self) -> None:
        try:
            kept = await self._store.blobs.get(hashlib.sha256(BLOB).hexdigest())
        except NotFound:
            kept = await self._store.blobs.get(await self._store.blobs.put(BLOB))
        if kept != BLOB:
            raise NotFound("The stored bytes do not match what was written.")

    async def _life(self) -> None:
        self._worker = await self._scheduler.heartbeat()


class _Probe:
    """Probes a component, one probe at a time."""

    def __init__(self, what: str, ask: Callable[[], Coroutine[None, None, None]]) -> None:
        self._what = what
        self._ask = ask
        self._since = 0.0
        self.task: asyncio.Task[None] | None = None

    async def answer(self) -> Component:
        """Whether the component responds in time. While a probe is pending, no other is started."""
        if self.task is None or self.task.done():
            self._since = time.monotonic()
            self.task = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait([self.task], timeout=ANSWER_SECONDS)
        seconds = round(time.monotonic() - self._since, 4)
        if not done:
            return Component(ok=False, detail=f"{self._what} has not answered for {seconds:.1f} s", seconds=seconds)
        error = self.task.exception()
        if error is None:
            return Component(ok=True, detail="answers", seconds=seconds)
        # Only the messages of our own errors may be shown to clients.
        why = str(error) if isinstance(error, SeasonedError) else type(error).__name__
        return Component(ok=False, detail=f"{self._what} failed: {why}", seconds=seconds)


def _worker(heartbeat: Heartbeat | None, part: Component, now: int) -> Worker:
    if heartbeat is None:
        return Worker(ok=False, here=True, beat_seconds=None, pid=None, detail=part.detail)
    seconds = None if heartbeat.beat_at is None else max(0.0, round((now - heartbeat.beat_at) / SECOND, 1))
    detail = "works" if heartbeat.ok else "no worker runs" if seconds is None else "has sent no heartbeat lately"
    return Worker(ok=heartbeat.ok, here=heartbeat.here, beat_seconds=seconds, pid=heartbeat.pid, detail=detail)


def _waiting(found: Backlog | None, now: int) -> Waiting:
    if found is None:
        return Waiting()
    oldest = 0.0 if found.oldest_at is None else round((now - found.oldest_at) / SECOND, 1)
    return Waiting(due=sum(found.due.values()), oldest_due_seconds=oldest, parked=sum(found.parked.values()))
