"""The worker on PostgreSQL: Procrastinate hands over the wake-ups that committed with the rows.

Any number of processes may run it. Of one session, task or space only one wake-up runs at a time, whatever the number
of workers; a stage goes on until nothing is due for its key, so that the next wake-up finds nothing left. A worker that
dies stops its heartbeat: the others take back what it had, and what is due is in the rows anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from seasoned.clock import SECOND
from seasoned.errors import Busy, StorageFull
from seasoned.pipeline.attempt import RUNS_MAX, Attempts, Outcome
from seasoned.pipeline.life import Life
from seasoned.store import backlog, listen, work
from seasoned.store.postgres import libpq_url, sqlstate
from seasoned.store.wakeups import QUEUE, TASK
from seasoned.store.work import Due, Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence

    from procrastinate import App
    from procrastinate.jobs import Job

    from seasoned.config import Config
    from seasoned.llm.model import Model
    from seasoned.store import Connection, Store

log = logging.getLogger(__name__)

SWEEP_MAX = 1_000
POLL_SECONDS = 0.5
# A waiting wake-up whose key is free again is seen at the next poll only; heartbeats say who is alive.
HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 10.0
RESTART_SECONDS = (0.5, 30.0)
CONNECTIONS = 4
# How long a task that was told to end may take before it is told again.
CANCEL_SECONDS = 3.0
CANCELS_MAX = 10
# PostgreSQL's code of what a function of Procrastinate refuses.
RAISED = "P0001"


class JobWorker:
    """Hears of changes, and works when this process is to (`worker`). Belongs to the event loop that called `start`."""

    def __init__(self, store: Store, model: Model, config: Config) -> None:
        self._store = store
        self._config = config
        self._attempts = Attempts(store, model, config)
        self._changes = listen.Changes(config.database)
        self._background: list[asyncio.Task[None]] = []
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Listen for changes, and begin to work if this process does."""
        self._background.append(asyncio.create_task(self._changes.listen_for_ever()))
        if self._config.worker:
            self._background.append(asyncio.create_task(self._work_for_ever()))
            sweeps = _repeated(self._sweep, self._config.sweep_seconds, "sweep")
            self._background.append(asyncio.create_task(sweeps))

    async def close(self) -> None:
        """Take nothing new, give what runs `drain_seconds` to end, and stop."""
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

    async def life(self) -> Life:
        """Whether a worker of whatever process has said lately that it lives."""
        beat = await self._store.read(backlog.worker_beat)
        ok = beat is not None and self._store.clock.now() - beat < STALLED_SECONDS * SECOND
        return Life(ok=ok, here=self._config.worker, beat_at=beat)

    async def _work_for_ever(self) -> None:
        """Run Procrastinate's worker; when the database goes away, wait for it."""
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
        app = _app(self._config.database)

        @app.task(name=TASK, queue=QUEUE)
        async def run(stage: Stage, key: str) -> None:
            await self._run(stage, key)

        def rescue() -> Coroutine[None, None, None]:
            return _repeated(lambda: self._take_back(app), STALLED_SECONDS / 4, "rescue")

        async with _opened(app), _alongside(rescue):
            await app.run_worker_async(
                queues=[QUEUE],
                concurrency=self._config.concurrency,
                fetch_job_polling_interval=POLL_SECONDS,
                shutdown_graceful_timeout=self._config.drain_seconds,
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
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
        if outcome != "blocked":
            # Due later, such as a session that is not quiet yet: this wake-up is used up, so another has to come.
            again = await self._store.read(lambda connection: work.piece(connection, stage, key, self._config))
        if again:
            await self._give(again)

    async def _give(self, due: list[Due]) -> None:
        try:
            await self._store.write(lambda connection: self._store.wakeups.give(connection, due))
        except (Busy, StorageFull) as error:
            log.warning("a wake-up could not be given, the sweep will find it", extra={"error": type(error).__name__})

    async def _sweep(self) -> None:
        def sweep(connection: Connection) -> None:
            # One process at a time is enough.
            if listen.alone(connection):
                due = work.all_work(connection, self._config, SWEEP_MAX)
                self._store.wakeups.give(connection, due)

        await self._store.write(sweep)
        await self._store.index.sweep()

    async def _take_back(self, app: App) -> None:
        """Replace the jobs of workers without a heartbeat by fresh ones."""
        from procrastinate.exceptions import ConnectorException  # noqa: PLC0415 - an extra
        from procrastinate.jobs import Status  # noqa: PLC0415 - an extra

        stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS))
        for job in stalled:
            stage, key = _named(job)
            log.warning("work is taken back from a worker that died", extra={"stage": stage, "key": key})
            # First the new one: it waits until the old one is gone.
            await self._give([Due(stage, key, self._store.clock.now())])
            try:
                await app.job_manager.finish_job_by_id_async(job.id or 0, Status.FAILED, delete_job=True)
            except ConnectorException as error:
                # Another worker took it back at the same moment, or the one that was taken for dead has ended it.
                if error.__cause__ is None or sqlstate(error.__cause__) != RAISED:
                    raise


async def _repeated(work: Callable[[], Awaitable[None]], seconds: float, what: str) -> None:
    """Do something again and again; when it fails, say so and go on, since lost wake-ups rest on it."""
    while True:
        try:
            await work()
        except Exception:
            if _is_cancelled():
                return
            # Whatever went wrong, the next time comes.
            log.exception("what is done again and again has failed once", extra={"what": what})
        await asyncio.sleep(seconds)


@contextlib.asynccontextmanager
async def _opened(app: App) -> AsyncIterator[None]:
    """Its connections; its own context leaves tasks behind that never end when it is cancelled while it connects."""
    try:
        await app.open_async()
        yield
    finally:
        await app.close_async()


@contextlib.asynccontextmanager
async def _alongside(work: Callable[[], Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """Something that runs until the block ends."""
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


def _named(job: Job) -> tuple[Stage, str]:
    stage, key = job.task_kwargs.get("stage"), job.task_kwargs.get("key")
    return ("distill" if stage == "distill" else "write" if stage == "write" else "extract"), str(key)


def _app(url: str) -> App:
    # Importing it takes a while, and only this process's worker needs it.
    from procrastinate import App, PsycopgConnector  # noqa: PLC0415 - an extra

    from seasoned.store.patient import PatientConnection  # noqa: PLC0415 - needs the extra

    connector = PsycopgConnector(
        conninfo=libpq_url(url), connection_class=PatientConnection, min_size=1, max_size=CONNECTIONS
    )
    return App(connector=connector)
