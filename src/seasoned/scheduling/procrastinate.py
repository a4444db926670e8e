"""The scheduler on PostgreSQL: Procrastinate delivers the wake-ups that were committed with the rows.

Any number of processes may run it. For each session, task or space one job runs at a time; a stage continues until
nothing is due for its key. Other workers take over the jobs of a dead one (`store.workers` decides which are dead), and
due work is in the rows anyway. Workers survive outages of the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from typing import TYPE_CHECKING

from seasoned.errors import Busy, StorageFull
from seasoned.learning.accounting import Stage
from seasoned.scheduling.runner import RUNS_MAX, Outcome, StageRunner
from seasoned.scheduling.scheduler import Heartbeat
from seasoned.store import listen, workers
from seasoned.store.due import Due, all_work, piece
from seasoned.store.postgres import libpq_url
from seasoned.store.wakeups import QUEUE, TASK
from seasoned.store.workers import STALLED_SECONDS, AbandonedJob, Registration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence

    from procrastinate import App

    from seasoned.config import Config
    from seasoned.learning.questions import Model
    from seasoned.store import Connection, Store

log = logging.getLogger(__name__)

SWEEP_MAX = 1_000
# A waiting wake-up whose key is free again is seen at the next poll only.
POLL_SECONDS = 0.5
RESTART_SECONDS = (0.5, 5.0)
CONNECTIONS = 4
# How long a query waits for a connection, and how long the pool goes on with an attempt that grows rarer and rarer.
CONNECTION_SECONDS = 3.0
ATTEMPT_SECONDS = 1.0
# How long a task that was told to end may take before it is told again.
CANCEL_SECONDS = 3.0
CANCELS_MAX = 10


class ProcrastinateScheduler:
    """Hears of changes, and works when this process is to (`worker`). Belongs to the event loop that called `start`."""

    has_child = False

    def __init__(self, store: Store, model: Model, config: Config) -> None:
        self._store = store
        self._config = config
        self._attempts = StageRunner(store, model, config)
        self._changes = listen.Changes(config.database)
        self._background: list[asyncio.Task[None]] = []
        self._works = config.worker != "none"
        # Set when a worker's connection is there again: what was due meanwhile may have lost its wake-up.
        self._returned = asyncio.Event()
        # Jobs that seem abandoned, and since when.
        self._suspects: dict[int, float] = {}
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Listen for changes, and begin to work if this process does."""
        self._background.append(asyncio.create_task(self._changes.listen_for_ever()))
        if self._works:
            self._background.append(asyncio.create_task(self._work_for_ever()))
            sweeps = _repeated(self._sweep, self._config.sweep_seconds, "sweep", self._returned)
            self._background.append(asyncio.create_task(sweeps))

    async def close(self) -> None:
        """Fetch no more jobs, give running ones `drain_seconds` to finish, and stop."""
        for task in self._background:
            task.cancel()
        # Nobody is told twice while stages run: the second time, Procrastinate would break them off.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._config.drain_seconds):
                await self._idle.wait()
        await _ended(self._background)
        self._background = []

    def wake(self, stage: Stage, key: str) -> None:
        """Nothing to do: the wake-up has committed with the rows."""

    async def look_at(self, session_id: str) -> None:
        """Nothing to do: the wake-ups have committed with the rows."""

    def message_arrived(self, session_id: str) -> None:
        """Nothing to do: the wake-up has committed with the message."""

    def next_change(self) -> asyncio.Event:
        """An event that is set when a stage of any process has next committed."""
        return self._changes.next()

    async def heartbeat(self) -> Heartbeat:
        """Whether a worker of any process is alive."""
        age, lives = await self._store.read(workers.heartbeat)
        beat = None if age is None else self._store.clock.now() - age
        return Heartbeat(ok=lives, here=self._works, beat_at=beat, pid=os.getpid() if self._works else None)

    async def _work_for_ever(self) -> None:
        """Run Procrastinate's worker, and restart it if it fails."""
        wait = RESTART_SECONDS[0]
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await self._work()
                log.warning("the worker has stopped by itself; it starts again")
            except Exception:
                if _is_cancelled():
                    return
                # Whatever its library trips over, learning goes on once the database is back.
                log.exception("the worker has failed; it starts again")
            lived = asyncio.get_running_loop().time() - started
            wait = RESTART_SECONDS[0] if lived > RESTART_SECONDS[1] else min(wait * 2, RESTART_SECONDS[1])
            await asyncio.sleep(wait)

    async def _work(self) -> None:
        registration = Registration(self._config.database, self._returned)

        def heartbeat() -> Coroutine[None, None, None]:
            return _repeated(registration.keep, RESTART_SECONDS[0], "heartbeat")

        def rescue() -> Coroutine[None, None, None]:
            return _repeated(lambda: self._take_back(registration), STALLED_SECONDS / 4, "rescue")

        try:
            # It says that it lives until the last stage has ended.
            async with _alongside(heartbeat):
                await registration.registered()
                async with _opened(self._config.database, registration) as app, _alongside(rescue):
                    await self._work_with(app)
        finally:
            await registration.leave()

    async def _work_with(self, app: App) -> None:
        @app.task(name=TASK, queue=QUEUE)
        async def run(stage: Stage, key: str) -> None:
            await self._run(stage, key)

        await app.run_worker_async(
            queues=[QUEUE],
            concurrency=self._config.concurrency,
            fetch_job_polling_interval=POLL_SECONDS,
            shutdown_graceful_timeout=self._config.drain_seconds,
            delete_jobs="always",
            install_signal_handlers=False,
        )

    async def _run(self, stage: Stage, key: str) -> None:
        """Work until nothing is due for the key."""
        self._running += 1
        self._idle.clear()
        try:
            await self._run_until_done(stage, key)
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def _run_until_done(self, stage: Stage, key: str) -> None:
        outcome: Outcome = "worked"
        for _ in range(RUNS_MAX):
            outcome = await self._attempts.one(stage, key)
            if outcome != "worked":
                break
        now = self._store.clock.now()
        again = [Due(stage, key, now + self._attempts.patience())]
        try:
            if outcome != "blocked":
                # Due later, such as a session that is not quiet yet: this wake-up is used up, so another has to come.
                again = await self._store.read(lambda connection: piece(connection, stage, key, self._config))
            if again:
                await self._store.write(lambda connection: self._store.wakeups.give(connection, again))
        except (Busy, StorageFull) as error:
            log.warning("a wake-up could not be given, the sweep will find it", extra={"error": type(error).__name__})

    async def _sweep(self) -> None:
        def sweep(connection: Connection) -> None:
            # One process at a time is enough.
            if listen.alone(connection):
                due = all_work(connection, self._config, SWEEP_MAX)
                self._store.wakeups.give(connection, due)
                workers.forget_the_dead(connection)

        await self._store.write(sweep)
        await self._store.index.sweep()

    async def _take_back(self, registration: Registration) -> None:
        """Replace abandoned jobs by new ones."""
        me, running = registration.id, registration.running | registration.ended
        found = await self._store.read(lambda connection: workers.abandoned_jobs(connection, me, running))
        now = time.monotonic()
        self._suspects = {job.id: self._suspects.get(job.id, now) for job in found}
        ripe = {job.id for job in found if job.why == "dead" or now - self._suspects[job.id] >= STALLED_SECONDS}
        if not ripe:
            return

        def take_back(connection: Connection) -> list[AbandonedJob]:
            taken = workers.take_back(connection, me, running, ripe)
            due = [Due(_stage(job.stage), job.key, self._store.clock.now()) for job in taken]
            self._store.wakeups.give(connection, due)
            return taken

        for job in await self._store.write(take_back):
            log.warning(
                "work is taken back that nobody does", extra={"why": job.why, "stage": job.stage, "key": job.key}
            )


async def _repeated(
    work: Callable[[], Awaitable[None]], seconds: float, what: str, sooner: asyncio.Event | None = None
) -> None:
    """Repeat something periodically or when an event is set; failures are logged and it continues, since lost wake-ups
    depend on it.
    """
    sooner = sooner or asyncio.Event()
    while True:
        sooner.clear()
        try:
            await work()
        except (Busy, StorageFull) as error:
            log.warning("the database is away", extra={"what": what, "error": type(error).__name__})
        except Exception:
            if _is_cancelled():
                return
            # Whatever went wrong, the next time comes.
            log.exception("what is done again and again has failed once", extra={"what": what})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await sooner.wait()


@contextlib.asynccontextmanager
async def _opened(url: str, registration: Registration) -> AsyncIterator[App]:
    """Procrastinate with its connections. The database need not be reachable yet."""
    # Importing it takes a while, and only this process's worker needs it.
    from procrastinate import App, PsycopgConnector  # noqa: PLC0415 - an extra
    from psycopg_pool import AsyncConnectionPool  # noqa: PLC0415 - an extra

    from seasoned.scheduling.job_manager import ResilientJobManager  # noqa: PLC0415 - needs the extra
    from seasoned.store.slow_poll import SlowPollConnection  # noqa: PLC0415 - needs the extra

    app = App(connector=PsycopgConnector())
    app.job_manager = ResilientJobManager(app.connector, registration)
    pool = AsyncConnectionPool(
        libpq_url(url),
        connection_class=SlowPollConnection,
        min_size=1,
        max_size=CONNECTIONS,
        timeout=CONNECTION_SECONDS,
        reconnect_timeout=ATTEMPT_SECONDS,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )
    try:
        await pool.open()
        await app.open_async(pool)
        yield app
    finally:
        await pool.close()


@contextlib.asynccontextmanager
async def _alongside(work: Callable[[], Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """Run something until the block ends."""
    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        await _ended([task])


def _is_cancelled() -> bool:
    """Whether this task was told to end. A library may make an error of its own of that while it connects."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until cancelled tasks have ended; those that have not are cancelled again.

    Once is not always heard: up to Python 3.11 `asyncio.wait_for`, which the database's driver waits with, loses a
    cancellation that comes together with what it waits for.
    """
    waiting = set(tasks)
    for _ in range(CANCELS_MAX):
        if not waiting:
            break
        _, waiting = await asyncio.wait(waiting, timeout=CANCEL_SECONDS)
        for task in waiting:
            task.cancel()
    await asyncio.gather(*(task for task in tasks if task.done()), return_exceptions=True)


def _stage(text: str) -> Stage:
    return "distill" if text == "distill" else "write" if text == "write" else "extract"
