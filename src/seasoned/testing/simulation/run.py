"""One simulation: everything that happens follows from its seed."""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec

from seasoned.config import Config
from seasoned.engine.keys import HASHING_FILE
from seasoned.store import Connection, catching_up, due
from seasoned.testing.simulation import invariants
from seasoned.testing.simulation.chaos import Chaos, weather_of
from seasoned.testing.simulation.clients import Clients
from seasoned.testing.simulation.cluster import Cluster
from seasoned.testing.simulation.database import Database
from seasoned.testing.simulation.ledger import Ledger
from seasoned.testing.simulation.loop import Endless
from seasoned.testing.simulation.world import LogLine, World

SETTLE_SECONDS_MAX = 7_200.0
LOOK_SECONDS = 10.0
CLIENTS_SECONDS_MAX = 50_000.0
IMPORTS_EVERY = 4


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How a simulation ended. `violations` is empty when every promise was kept."""

    seed: int
    violations: list[str]
    log: list[LogLine]
    log_digest: str
    data_digest: str
    deaths: int
    steps: int
    seconds: float
    counts: dict[str, int]


def simulate(seed: int, database: Database) -> Report:
    """Run a seed on an empty database and check what came out."""
    home = database.prepare()
    (home / HASHING_FILE).write_text("0" * 64)
    world = World(seed)
    run = _Run(world, database, home)
    # A fresh context: what the caller has set does not leak in.
    return contextvars.Context().run(run.whole)


class _Run:
    """The parts of a run."""

    def __init__(self, world: World, database: Database, home: Path) -> None:
        dice = world.plans
        self.world = world
        self.config = Config(
            home=home,
            api_key="sk-ac-simulation",
            quiet_seconds=4.0,
            stalled_seconds=30.0,
            batch_messages=dice.choice([3, 6, 50]),
            concurrency=dice.randint(1, 4),
            sweep_seconds=20.0,
            attempts=3,
            retry_seconds=1.0,
            retry_seconds_max=20.0,
            flush_wait_seconds=dice.choice([1.0, 25.0]),
            lessons_per_write=dice.choice([1, 3, 20]),
            write_queue=dice.choice([4, 4_096]),
            inline_bytes_max=1_024,
            # So short that collectors and uploads meet.
            blob_grace_seconds=dice.choice([0.0, 5.0]),
            collect_seconds=5.0,
        )
        self.imports = dice.randrange(IMPORTS_EVERY) == 0
        self.observer = database.open(self.config, world)
        self.ledger = Ledger()
        self.cluster = Cluster(world, database, self.config, dice.randint(2, 4))
        self.chaos = Chaos(world, self.cluster, weather_of(dice))
        self.clients = Clients(world, self.cluster, self.ledger, self.config)

    def whole(self) -> Report:
        """Run, settle, check."""
        logging.disable(logging.CRITICAL)  # what fails on purpose is in the run's own log
        try:
            with self.chaos.reigns():
                violations = self._main_to_its_end()
                self.world.loop.close()
                self.cluster.close()
        finally:
            logging.disable(logging.NOTSET)
        violations += [f"nobody caught {error!r}" for error in self.world.loop.uncaught()]
        digest = self.observer.read_now(invariants.digest)
        counts = self.observer.read_now(invariants.counts)
        self.observer.close()
        return Report(
            seed=self.world.seed,
            violations=violations,
            log=self.world.log,
            log_digest=self.world.digest(),
            data_digest=digest,
            deaths=self.cluster.deaths,
            steps=self.world.loop.steps,
            seconds=self.world.loop.time(),
            counts=counts,
        )

    def _main_to_its_end(self) -> list[str]:
        try:
            return self.world.loop.run_until_complete(self._main())
        except Endless as error:
            return [str(error)]

    async def _main(self) -> list[str]:
        self.cluster.start()
        dice = self.world.plans
        background = [
            asyncio.ensure_future(self.chaos.pause_now_and_then()),
            asyncio.ensure_future(self.chaos.restart_now_and_then()),
        ]
        await self.clients.prepare(dice.randint(1, 2))
        async with asyncio.timeout(CLIENTS_SECONDS_MAX):
            ended = await asyncio.gather(*self._cast(), return_exceptions=True)
        self.world.note("all clients are done; nothing fails from here on")
        self.world.calm = True
        self.world.moods.heal()
        await asyncio.gather(*background)
        await self._settle()
        violations = [f"a client got {type(one).__name__}: {one}" for one in ended if one is not None]
        violations += self._check(invariants.unexplained)
        parked = self.observer.read_now(invariants.parked_sessions)
        if parked:
            self.world.note(f"retries what is parked in {len(parked)} sessions")
            await self.clients.retry_parked(parked)
            await self._settle()
        violations += self._check(lambda c: invariants.unsound(c, self.observer.blobs))
        violations += self._check(lambda c: invariants.broken(c, self.ledger, self.observer.blobs))
        await self.cluster.stop()
        return violations

    def _cast(self) -> list[Coroutine[Any, Any, None]]:
        """The clients of this run."""
        dice, clients, moods = self.world.plans, self.clients, self.world.moods
        moods.unavailable = dice.choice([0.0, 0.0, 0.1, 0.3])
        moods.seconds = dice.choice([0.2, 2.0, 10.0])
        moods.slow = dice.choice([0.0, 0.1, 0.4])
        if self.imports:
            return [clients.importer(dice.randint(2, 5))]
        moods.fails = dice.choice([0.0, 0.1, 0.4])
        moods.nonsense = dice.choice([0.0, 0.2, 0.5])
        agents = [clients.agent() for _ in range(dice.randint(1, 4))]
        return [*agents, clients.editor(dice.randint(0, 9)), clients.librarian(dice.randint(0, 3))]

    async def _settle(self) -> None:
        """Wait until nothing is due any more, or long enough to call it stuck."""
        until = self.world.loop.time() + SETTLE_SECONDS_MAX
        while self.world.loop.time() < until:
            await asyncio.sleep(LOOK_SECONDS)
            if self.cluster.is_idle() and not self.observer.read_now(self._is_due):
                return

    def _is_due(self, connection: Connection) -> bool:
        return bool(due.all_work(connection, self.config, 1)) or catching_up.is_behind(connection)

    def _check(self, check: Callable[[Connection], list[str]]) -> list[str]:
        return self.observer.read_now(check)
