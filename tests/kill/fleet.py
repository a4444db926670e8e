"""`python -m tests.kill.fleet`: one server and several workers on PostgreSQL and S3, one of them killed every second.

Each session teaches one journal entry and one lesson, as in the harness; one of its messages is a stored file. At the
end both must be there once, the messages must be there in order, and the rows must say that each space was written by
one run after the other.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import msgspec
import sqlalchemy as sa

from seasoned.store import Connection
from seasoned.store.schema import lessons
from tests.kill import harness
from tests.kill.harness import SETTINGS, Load, Outcome, served
from tests.support.databases import homes_on, opened, postgres_with_template
from tests.support.s3 import s3_server
from tests.support.server import environment, wait_until

WORKERS = 4
CLIENTS = 8
KILL_SECONDS = 1.0


class Worker:
    """A `seasoned worker` that is started again whenever it was killed."""

    def __init__(self, home: Path, log: Path, settings: Mapping[str, str]) -> None:
        self._home = home
        self._log = log
        self._settings = settings
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "seasoned", "worker", "--home", str(self._home)],
                env=environment(self._home, {**SETTINGS, **self._settings}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def said(self) -> str:
        return self._log.read_text(errors="replace")


def run(
    folder: Path,
    *,
    spaces: int,
    sessions: int,
    seconds: float,
    seed: int,
    settings: Mapping[str, str] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Load the fleet, kill one process a second for `seconds`, and count what is lost or doubled.

    Homes must be on PostgreSQL already (`homes_on`).
    """
    dice = random.Random(seed)  # noqa: S311 - dice, not secrets
    own = dict(settings or {})
    with ExitStack() as stack:
        server = stack.enter_context(served(folder, settings={**own, "SEASONED_WORKER": "none"}))
        wait_until(server.is_up, "the server is up", harness.START_SECONDS_MAX)
        workers = [Worker(server.home, folder / f"worker{n}.log", own) for n in range(WORKERS)]
        for worker in workers:
            stack.callback(worker.kill)
        load = Load(server.url, spaces=spaces, clients=CLIENTS, sessions_max=sessions)
        load.start()
        processes: list[harness.Process | Worker] = [server, *workers]
        kills, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(dice.uniform(0.5, 1.5) * KILL_SECONDS)
            victim = dice.choice(processes)
            victim.kill()
            victim.start()
            kills += 1
            if kills % 20 == 0:
                say(f"{kills} kills, {len(load.sessions)} sessions")
        ended = time.monotonic()
        wait_until(server.is_up, "the server is up after the last kill", harness.START_SECONDS_MAX)
        load.join()
        say(f"{len(load.sessions)} sessions are told {time.monotonic() - ended:.1f} s after the last kill")
        harness.settle(load)
        logs = [process.said() for process in processes]
        outcome = harness.judged(server, load, kills, time.monotonic() - ended, logs)
        return msgspec.structs.replace(outcome, faults=[*outcome.faults, *out_of_order(server.home)])


def out_of_order(home: Path) -> list[str]:
    """Spaces whose lessons were not settled one after the other: numbers without gaps, times that never go back."""

    def look(connection: Connection) -> list[str]:
        statement = (
            sa.select(lessons.c.space_id, lessons.c.space_number, lessons.c.settled_at)
            .where(lessons.c.space_id.is_not(None))
            .order_by(lessons.c.space_id, lessons.c.space_number)
        )
        found, space, number, at = [], "", 0, 0
        for space_id, space_number, settled_at in connection.execute(statement):
            if space_id != space:
                space, number, at = space_id, 0, 0
            if space_number != number + 1 or settled_at < at:
                found.append(f"lesson {space_number} of space {space_id} was settled out of order")
            number, at = space_number, settled_at
        return found

    with opened(home) as store:
        return store.read_now(look)


def main(options: argparse.Namespace, folder: Path, stack: ExitStack) -> Outcome:
    """A run on a database and a bucket of its own."""
    stack.enter_context(homes_on(stack.enter_context(postgres_with_template())))
    s3 = stack.enter_context(s3_server())
    os.environ.update(s3.environment())
    return run(folder, settings={"SEASONED_BLOBS": s3.address()}, **vars(options), say=print)


if __name__ == "__main__":
    defaults = {"spaces": 200, "sessions": 2_000, "seconds": 120.0, "seed": 1}
    sys.exit(harness.command("tests.kill.fleet", __doc__, defaults, main))
