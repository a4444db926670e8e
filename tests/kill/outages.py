"""`python -m tests.kill.outages`: PostgreSQL is stopped and its sessions are ended while a server and workers are busy.

None of our own processes dies. So nothing that was acknowledged may be lost or doubled, no answer may be a 500, nobody
may take back the work of a worker, and the server must be ready again soon after the last outage.
"""

import argparse
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import msgspec

from tests.kill import harness
from tests.kill.fleet import Worker
from tests.kill.harness import Load, Outcome, served
from tests.support.databases import homes_on, postgres_with_template
from tests.support.postgres import LASTING, Mode, Postgres
from tests.support.server import wait_until

SPACES = 4
CLIENTS = 4
READY_SECONDS_MAX = 60.0
# How long the database works between two outages, and how long it is away.
UP_SECONDS = (0.3, 1.5)
DOWN_SECONDS = (0.0, 0.5)
# As the worker's log says it; what is lost was fetched over a connection that ended before its answer came.
TAKEN_BACK = re.compile(r"work is taken back (?!.*why=lost)")


class Weathered(Outcome, frozen=True, kw_only=True):
    """`taken_back` counts work of workers that live; `ready_seconds` is how long it took after the last outage."""

    taken_back: int
    ready_seconds: float
    statuses: dict[str, int]

    @property
    def is_bad(self) -> bool:
        return bool(self.faults or self.taken_back or "500" in self.statuses)


def run(
    folder: Path,
    database: Postgres,
    *,
    stops: int,
    workers: int,
    seed: int,
    clients: int = CLIENTS,
    linger: float = 0.0,
    say: Callable[[str], None] = lambda _: None,
) -> Weathered:
    """Stop the database `stops` times, fast and immediately in turns, ending its sessions once between two stops.

    The load goes on for `linger` seconds after the last outage: what is wrong then may show late.
    Homes must be on it already (`homes_on`).
    """
    dice = random.Random(seed)  # noqa: S311 - dice, not secrets
    with ExitStack() as stack:
        server = stack.enter_context(served(folder))
        wait_until(server.is_up, "the server is up", harness.START_SECONDS_MAX)
        others = [Worker(server.home, folder / f"worker{n}.log", {}) for n in range(workers)]
        for worker in others:
            stack.callback(worker.kill)
        load = Load(server.url, spaces=SPACES, clients=clients)
        load.start()
        for number in range(stops):
            time.sleep(dice.uniform(*UP_SECONDS))
            database.terminate()
            time.sleep(dice.uniform(*UP_SECONDS))
            mode: Mode = "immediate" if number % 2 else "fast"
            database.stop(mode)
            time.sleep(dice.uniform(*DOWN_SECONDS))
            database.start()
            say(f"{mode} stop {number + 1}, {len(load.sessions)} sessions, {dict(load.statuses)}")
        ended = time.monotonic()
        with _noted(load.faults):
            wait_until(lambda: _is_ready(server.url, ended), "the server is ready again", READY_SECONDS_MAX)
        ready_seconds = time.monotonic() - ended
        say(f"ready {ready_seconds:.1f} s after the last outage")
        time.sleep(linger)
        with _noted(load.faults):
            wait_until(lambda: _is_ready(server.url, ended), "the server is still ready", READY_SECONDS_MAX)
        load.finish()
        with _noted(load.faults):
            harness.settle(load)
        statuses = {str(status): count for status, count in sorted(load.statuses.items())}
        logs = [server.said(), *(worker.said() for worker in others)]
        outcome = harness.judged(server, load, stops, time.monotonic() - ended, logs)
        return Weathered(
            **msgspec.structs.asdict(outcome),
            taken_back=sum(len(TAKEN_BACK.findall(log)) for log in logs),
            ready_seconds=round(ready_seconds, 1),
            statuses=statuses,
        )


@contextmanager
def _noted(faults: list[str]) -> Iterator[None]:
    """What is waited for in vain becomes a fault."""
    try:
        yield
    except AssertionError as error:
        faults.append(str(error))


def _is_ready(url: str, since: float) -> bool:
    """Whether it is ready and a worker has said so after a moment, not only before the outage."""
    try:
        answer = httpx.get(f"{url}/ready", timeout=20.0)
    except httpx.TransportError:
        return False
    if answer.status_code != httpx.codes.OK:
        return False
    beat = answer.json()["data"]["worker"]["beat_seconds"]
    return float(beat) < time.monotonic() - since


def main(options: argparse.Namespace, folder: Path, stack: ExitStack) -> Weathered:
    """A run on a database of its own."""
    database = stack.enter_context(postgres_with_template(LASTING))
    stack.enter_context(homes_on(database))
    return run(folder, database, **vars(options), say=print)


if __name__ == "__main__":
    defaults = {"stops": 20, "workers": 1, "linger": 20.0, "seed": 1}
    sys.exit(harness.command("tests.kill.outages", __doc__, defaults, main))
