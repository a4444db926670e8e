"""What goes wrong in a simulation, and when: chosen at random at fault points and wake-ups."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import msgspec

from seasoned import faults, ids
from seasoned.learning.accounting import Stage
from seasoned.scheduling.local import LocalScheduler
from seasoned.testing.faults import STATEMENT, SimulatedCrash, database_full, disk_full
from seasoned.testing.simulation.cluster import Cluster, Life
from seasoned.testing.simulation.loop import OWNER
from seasoned.testing.simulation.world import World

DEATHS_MAX = 12
# Statements are passed a hundred times as often as other points.
RARELY = 0.03
FREEZE_SECONDS_MAX = 60.0


class Weather(msgspec.Struct, frozen=True, kw_only=True):
    """How much goes wrong: probabilities at each point or wake-up, seconds between pauses and restarts (0: none)."""

    crash: float = 0.0
    io_error: float = 0.0
    lost_wakeup: float = 0.0
    doubled_wakeup: float = 0.0
    pause_every: float = 0.0
    restart_every: float = 0.0


def weather_of(dice: random.Random) -> Weather:
    """The faults of a run: some runs have few, most have some of each kind."""

    def sometimes(chance: float, highest: float) -> float:
        return dice.uniform(0, highest) if dice.random() < chance else 0.0

    return Weather(
        crash=sometimes(0.8, 0.03),
        io_error=sometimes(0.5, 0.05),
        lost_wakeup=sometimes(0.6, 0.5),
        doubled_wakeup=sometimes(0.7, 0.6),
        pause_every=sometimes(0.4, 300.0),
        restart_every=sometimes(0.3, 400.0),
    )


class Chaos:
    """Makes things go wrong until the world is calm."""

    def __init__(self, world: World, cluster: Cluster, weather: Weather) -> None:
        self._world = world
        self._cluster = cluster
        self._weather = weather

    @contextmanager
    def reigns(self) -> Iterator[None]:
        """Listen at the points, and carry the wake-ups, until the block ends."""
        true_wake = LocalScheduler.wake

        def wake(scheduler: LocalScheduler, stage: Stage, key: str) -> None:
            if self._is_lost(stage):
                return
            true_wake(scheduler, stage, key)
            other = self._echo(stage)
            if other is not None and other.scheduler is not None:
                # In the other process's own name and time.
                there, context = other.scheduler, other.context.copy()
                self._world.loop.call_soon(true_wake, there, stage, key, context=context)

        listened, taken = faults.listen(self._at), ids.take_from(self._world.new_id)
        try:
            with patch.object(LocalScheduler, "wake", wake):
                yield
        finally:
            faults.listen(listened)
            ids.take_from(taken)

    def _at(self, name: str) -> None:
        life = OWNER.get()
        if not isinstance(life, Life) or not life.alive:
            return
        if name != STATEMENT:
            self._world.note(name)
        if self._world.calm:
            return
        dice, rarity = self._world.faults, RARELY if name == STATEMENT else 1.0
        if dice.random() < self._weather.crash * rarity and self._cluster.deaths < DEATHS_MAX:
            self._world.note(f"crashes at {name}")
            self._cluster.die(life)
            raise SimulatedCrash
        if dice.random() < self._weather.io_error * rarity:
            self._fail(name)

    def _fail(self, name: str) -> None:
        if name in ("blob.written", "blob.renamed"):
            self._world.note(f"disk is full at {name}")
            raise disk_full()
        if name in ("commit.before", STATEMENT):
            self._world.note(f"database fails at {name}")
            raise database_full()

    def _is_lost(self, stage: Stage) -> bool:
        lost = not self._world.calm and self._world.faults.random() < self._weather.lost_wakeup
        if lost:
            self._world.note(f"a wake-up to {stage} gets lost")
        return lost

    def _echo(self, stage: Stage) -> Life | None:
        """Deliver a wake-up a second time, to any process that learns."""
        alive = self._cluster.learning()
        if self._world.calm or not alive or self._world.faults.random() >= self._weather.doubled_wakeup:
            return None
        self._world.note(f"a wake-up to {stage} comes twice")
        return self._world.faults.choice(alive)

    async def pause_now_and_then(self) -> None:
        """Freeze a process for a while, repeatedly."""
        while self._weather.pause_every and not self._world.calm:
            await asyncio.sleep(self._world.faults.uniform(1.0, 5.0 + self._weather.pause_every))
            alive = self._cluster.ready()
            if alive and not self._world.calm:
                self._cluster.freeze(
                    self._world.faults.choice(alive), self._world.faults.uniform(1, FREEZE_SECONDS_MAX)
                )

    async def restart_now_and_then(self) -> None:
        """Shut a process down cleanly and restart it, repeatedly."""
        while self._weather.restart_every and not self._world.calm:
            await asyncio.sleep(self._world.faults.uniform(1.0, 5.0 + self._weather.restart_every))
            alive = self._cluster.ready()
            if alive and not self._world.calm:
                await self._cluster.restart(self._world.faults.choice(alive))
