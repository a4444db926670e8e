"""A scheduler that runs due stages in this process, a few at a time.

Wake-ups are hints; the rows are the truth. A sweep at the start and each minute finds due work, and every stage checks
again before it works and commits by compare-and-swap. So a wake-up may be lost or delivered twice, and several
processes may work on the same store.
"""

import asyncio
import logging
import os

from seasoned import faults
from seasoned.clock import SECOND
from seasoned.config import Config
from seasoned.learning.accounting import Stage
from seasoned.learning.questions import Model
from seasoned.scheduling.runner import RUNS_MAX, Outcome, StageRunner
from seasoned.scheduling.scheduler import Heartbeat
from seasoned.store import Connection, Store, spaces, tasks
from seasoned.store.due import Due, all_work, session_work, space_work

log = logging.getLogger(__name__)

SWEEP_MAX = 1_000
# A sweep that is this late has stopped.
LATE_SECONDS = 30
Key = tuple[Stage, str]


class LocalScheduler:
    """Runs due work until it is closed. All methods belong to the event loop that called `start`."""

    has_child = False

    def __init__(self, store: Store, model: Model, config: Config) -> None:
        self._store = store
        self._config = config
        self._attempts = StageRunner(store, model, config)
        self._slots = asyncio.Semaphore(config.concurrency)
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._again: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._changed = asyncio.Event()
        self._sweeper: asyncio.Task[None] | None = None
        self._swept_at: int | None = None
        self._closing = False

    async def start(self) -> None:
        """Sweep now, and again every `sweep_seconds`."""
        await self._sweep()
        self._sweeper = asyncio.create_task(self._sweep_for_ever())

    async def close(self) -> None:
        """Stop; running work is cancelled, and due again at the next start."""
        self._closing = True
        for timer in self._timers.values():
            timer.cancel()
        pending = [*self._running.values(), *([self._sweeper] if self._sweeper else [])]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    def wake(self, stage: Stage, key: str) -> None:
        """Check soon whether this piece of work is due."""
        if self._closing:
            return
        faults.point("wake.before")
        name = (stage, key)
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()
        if name in self._running:
            self._again.add(name)
        else:
            self._running[name] = asyncio.create_task(self._run(stage, key))
        faults.point("wake.after")

    async def look_at(self, session_id: str) -> None:
        """Start what is due for a session: reading it, distilling its tasks, writing to its space."""
        self._schedule(await self._store.read(lambda connection: self._related(connection, "extract", session_id)))

    def message_arrived(self, session_id: str) -> None:
        """A session was written to: look at it once it has been quiet, or full.

        Cheap, since it runs for every message: one timer per session, which checks again when it fires.
        """
        self._set_timer(("extract", session_id), self._store.clock.now() + int(self._config.quiet_seconds * SECOND))

    def next_change(self) -> asyncio.Event:
        """An event that is set when a stage of this process has next committed. Take it before looking at the rows."""
        return self._changed

    async def heartbeat(self) -> Heartbeat:
        """Whether the sweeps still run, on which everything depends."""
        now, beat = self._store.clock.now(), self._swept_at
        patience = int((2 * self._config.sweep_seconds + LATE_SECONDS) * SECOND)
        sweeping = self._sweeper is not None and not self._sweeper.done()
        ok = sweeping and not self._closing and beat is not None and now - beat < patience
        return Heartbeat(ok=ok, here=True, beat_at=beat, pid=os.getpid())

    def is_idle(self) -> bool:
        """Whether no stage runs now."""
        return not self._running

    def _set_timer(self, name: Key, at: int) -> None:
        """Wake a piece of work at a time, unless an earlier timer does."""
        loop = asyncio.get_running_loop()
        when = loop.time() + max(0.0, (at - self._store.clock.now()) / SECOND)
        old = self._timers.get(name)
        if self._closing or (old is not None and old.when() <= when):
            return
        if old is not None:
            old.cancel()
        self._timers[name] = loop.call_at(when, self.wake, *name)

    def _schedule(self, due: list[Due]) -> None:
        now = self._store.clock.now()
        for one in due:
            if one.at <= now:
                self.wake(one.stage, one.key)
            else:
                self._set_timer((one.stage, one.key), one.at)

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                await self._store.index.sweep()
            except Exception:
                log.exception("the search index could not catch up")
            await asyncio.sleep(self._config.sweep_seconds)
            try:
                await self._sweep()
            except Exception:
                # Retries and lost wake-ups depend on the sweep, so no error may stop it.
                log.exception("a sweep failed")

    async def _sweep(self) -> None:
        self._schedule(await self._store.read(lambda c: all_work(c, self._config, SWEEP_MAX)))
        self._swept_at = self._store.clock.now()

    async def _run(self, stage: Stage, key: str) -> None:
        name = (stage, key)
        outcome: Outcome = "idle"
        try:
            async with self._slots:
                for _ in range(RUNS_MAX):
                    self._again.discard(name)
                    outcome = await self._attempts.one(stage, key)
                    if outcome == "worked":
                        await self._look_around(stage, key)
                    elif name not in self._again:
                        break
        finally:
            del self._running[name]
        if outcome == "blocked":
            self._set_timer(name, self._store.clock.now() + self._attempts.patience())
        else:
            await self._look_around(stage, key)

    async def _look_around(self, stage: Stage, key: str) -> None:
        """Schedule what the committed rows make due now, and tell those who wait for a change."""
        due = await self._store.read(lambda connection: self._related(connection, stage, key))
        self._schedule([one for one in due if (one.stage, one.key) not in self._running])
        told, self._changed = self._changed, asyncio.Event()
        told.set()

    def _related(self, connection: Connection, stage: Stage, key: str) -> list[Due]:
        if stage == "write":
            return space_work(connection, key)
        session_id: str | None = key
        if stage == "distill":
            row = tasks.by_id(connection, key)
            session_id = row.session_id if row else None
        if session_id is None:
            return []
        space_id = spaces.space_of_session(connection, session_id)
        written = space_work(connection, space_id) if space_id else []
        return [*session_work(connection, session_id, self._config), *written]
