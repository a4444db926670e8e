"""Simulated processes over one home: each is an engine that may die at any moment and starts again without memory."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError

from seasoned.config import Config
from seasoned.engine import Engine
from seasoned.engine.model_calls import ModelCalls
from seasoned.errors import SeasonedError
from seasoned.learning.accounting import Stage
from seasoned.scheduling.local import LocalScheduler
from seasoned.scheduling.scheduler import Heartbeat
from seasoned.testing.simulation.database import Database
from seasoned.testing.simulation.loop import OWNER, Owner
from seasoned.testing.simulation.model import SimulatedModel
from seasoned.testing.simulation.world import World

T = TypeVar("T")

DOWN_SECONDS_MAX = 20.0
DRAIN_SECONDS = 0.01
HINT_SECONDS_MAX = 0.2
# How often one process learns for all.
APART = 0.25


class Lost(Exception):
    """The process died before it answered: whether it did what was asked is unknown."""


class HintScheduler:
    """A server's scheduler where another process learns: hints to that one, which are lost while it is down."""

    has_child = False

    def __init__(self, world: World, learner: "Callable[[], Life | None]") -> None:
        self._world = world
        self._learner = learner

    async def start(self) -> None:
        """Nothing to begin."""

    async def close(self) -> None:
        """Nothing is held."""

    def wake(self, stage: Stage, key: str) -> None:
        """Tell the learner."""
        self._tell(lambda there: there.wake(stage, key))

    async def look_at(self, session_id: str) -> None:
        """Tell the learner."""
        self._tell(lambda there: self._world.loop.create_task(there.look_at(session_id)))

    def message_arrived(self, session_id: str) -> None:
        """Tell the learner."""
        self._tell(lambda there: there.message_arrived(session_id))

    def next_change(self) -> asyncio.Event:
        """An event that is set when the learner has next committed."""
        there = self._learner()
        return asyncio.Event() if there is None else there.engine.scheduler.next_change()

    async def heartbeat(self) -> Heartbeat:
        """Whether the learner is there."""
        return Heartbeat(ok=self._learner() is not None, here=True, beat_at=None)

    def _tell(self, hint: Callable[[LocalScheduler], object]) -> None:
        there = self._learner()
        if there is None or there.scheduler is None:
            return
        scheduler, context = there.scheduler, there.context.copy()
        self._world.loop.call_later(self._world.shape.uniform(0, HINT_SECONDS_MAX), hint, scheduler, context=context)


class Life(Owner):
    """One run of a process, from its start to its death or end. `scheduler` runs its stages, None where another
    process does.
    """

    def __init__(self, name: str, engine: Engine, scheduler: LocalScheduler | None) -> None:
        super().__init__(name)
        self.engine = engine
        self.scheduler = scheduler
        self.ready = False
        self.calls: list[asyncio.Future[Any]] = []
        self.context = contextvars.copy_context()
        self.context.run(OWNER.set, self)


class Cluster:
    """The processes of a simulation, numbered from 1.

    Each serves and learns, or the last one learns and the others serve, as the seed wants it.
    """

    def __init__(self, world: World, database: Database, config: Config, size: int) -> None:
        self._apart = world.shape.random() < APART
        self._world = world
        self._database = database
        self._config = config
        self._lives: list[Life | None] = [None] * size
        self._born: list[Life] = []
        self.deaths = 0

    def start(self) -> None:
        """Start every process."""
        for place in range(len(self._lives)):
            self._bear(place)

    def ready(self) -> list[Life]:
        """The processes that are up now."""
        return [life for life in self._lives if life is not None and life.alive and life.ready]

    def learning(self) -> list[Life]:
        """Those of them that run stages."""
        return [life for life in self.ready() if life.scheduler is not None]

    def is_idle(self) -> bool:
        """Whether every process is up and none runs a stage."""
        running = [one for one in self.learning() if one.scheduler and not one.scheduler.is_idle()]
        return len(self.ready()) == len(self._lives) and not running

    async def call(self, use: Callable[[Engine], Coroutine[Any, Any, T]]) -> T:
        """Call one of the processes. Raises Lost if it dies meanwhile, or if none is up."""
        alive = [life for life in self.ready() if not self._apart or life.scheduler is None]
        if not alive:
            raise Lost
        life = self._world.plans.choice(alive)
        answer: asyncio.Future[T] = self._world.loop.create_future()

        async def run() -> None:
            try:
                result = await use(life.engine)
            except Exception as error:  # noqa: BLE001 - handed to the caller
                if not answer.done():
                    answer.set_exception(error)
            else:
                if not answer.done():
                    answer.set_result(result)

        life.calls.append(answer)
        self._world.loop.create_task(run(), context=life.context.copy())
        try:
            return await answer
        finally:
            life.calls.remove(answer)

    def die(self, life: Life) -> None:
        """End a process as `kill -9` does, and let it start again later."""
        life.alive = False
        self.deaths += 1
        self._world.note("dies")
        down = self._world.faults.uniform(0.1, DOWN_SECONDS_MAX)
        # Not in its own name: the dead do nothing.
        context = contextvars.copy_context()
        context.run(OWNER.set, None)
        self._world.loop.call_soon(self._clear, life, context=context)
        self._world.loop.call_later(down, self._bear, self._lives.index(life), context=context)

    def freeze(self, life: Life, seconds: float) -> None:
        """Stop a process for a while without ending it."""
        self._world.note(f"freezes {life.name} for {seconds:.1f} s")
        life.frozen_until = self._world.loop.time() + seconds

    async def restart(self, life: Life) -> None:
        """Shut a process down cleanly, and restart it."""
        self._world.note(f"restarts {life.name}")
        life.ready = False
        place = self._lives.index(life)
        ended = self._world.loop.create_task(self._end(life), context=life.context.copy())
        while life.alive and not ended.done():  # noqa: ASYNC110 - a death tells nobody
            # One that is frozen is not asked: each look is a step, and they are counted.
            await asyncio.sleep(max(DRAIN_SECONDS, life.frozen_until - self._world.loop.time()))
        if life.alive:
            life.alive = False
            self._clear(life)
            self._bear(place)

    async def stop(self) -> None:
        """Shut every process down cleanly."""
        for life in [one for one in self._lives if one is not None]:
            if life.alive:
                await self._world.loop.create_task(self._end(life), context=life.context.copy())
                life.alive = False
                self._clear(life)

    def close(self) -> None:
        """Close the connections of all processes, dead ones too, however the run ended."""
        for life in self._born:
            life.engine.store.close()

    async def _end(self, life: Life) -> None:
        await life.engine.scheduler.close()
        # A real pool of threads is joined here: what was begun ends before the connections are closed.
        while life.jobs:  # noqa: ASYNC110 - threads tell nobody
            await asyncio.sleep(DRAIN_SECONDS)
        await life.engine.close()

    def _bear(self, place: int) -> None:
        store = self._database.open(self._config, self._world)
        world = self._world
        model = SimulatedModel(ModelCalls(store, self._config), world.moods, world.faults, world.note)
        learns = not self._apart or place == len(self._lives) - 1
        scheduler = LocalScheduler(store, model, self._config) if learns else None
        engine = Engine(self._config, store, model, scheduler or HintScheduler(world, self._learner))
        life = Life(f"process{place + 1}", engine, scheduler)
        self._lives[place] = life
        self._born.append(life)
        world.loop.create_task(self._begin(life), context=life.context.copy())

    def _learner(self) -> Life | None:
        return next(iter(self.learning()), None)

    async def _begin(self, life: Life) -> None:
        self._world.note("starts")
        try:
            await life.engine.start()
        except (SeasonedError, DBAPIError) as error:
            self._world.note(f"cannot start: {type(error).__name__}")
            self.die(life)
        else:
            life.ready = True

    def _clear(self, life: Life) -> None:
        """What the operating system does when a process has died: its connections end, its callers are cut off."""
        life.engine.store.close()
        for answer in life.calls:
            if not answer.done():
                answer.set_exception(Lost())
        self._world.loop.bury(life)
