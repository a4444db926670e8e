"""What a test can make happen at a fault point: a crash, a delay, a disk that fails, the end of the process.

    with armed({"commit.after": crash(on=2)}) as hits:
        ...

The points are named in `seasoned.faults`; `statement` is one more, before each statement of a writing transaction, so
that a crash can also fall between the statements of a stage's commit. It needs `watch_statements`.
"""

import errno
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from seasoned import faults
from seasoned.errors import Invalid

STATEMENT = "statement"
NAMES = frozenset({*faults.POINTS, STATEMENT})


class SimulatedCrash(BaseException):
    """The process died here. Not an Exception, because nothing in the product may catch it, just like a kill."""


class Trap(msgspec.Struct, frozen=True):
    """What happens at a point: `act` runs at hit number `on` (counted from 1), or at every hit when that is 0."""

    act: Callable[[], None]
    on: int = 1


def crash(on: int = 1) -> Trap:
    """Raise SimulatedCrash."""

    def act() -> None:
        raise SimulatedCrash

    return Trap(act, on)


def fail(error: Callable[[], Exception], on: int = 1) -> Trap:
    """Raise an error: `disk_full` for a point of a file, `database_full` for one of the database."""

    def act() -> None:
        raise error()

    return Trap(act, on)


def delay(seconds: float, on: int = 0) -> Trap:
    """Block the thread for a while."""
    return Trap(lambda: time.sleep(seconds), on)


def kill(on: int = 1) -> Trap:
    """End the process as `kill -9` does. For processes of their own only."""
    return Trap(lambda: os.kill(os.getpid(), signal.SIGKILL), on)


def disk_full() -> OSError:
    """The error of a full file system."""
    return OSError(errno.ENOSPC, "No space left on device")


def database_full() -> OperationalError:
    """The error of a database whose disk fails."""
    return OperationalError("COMMIT", None, sqlite3.OperationalError("disk I/O error"))


@contextmanager
def armed(traps: Mapping[str, Trap]) -> Iterator[Counter[str]]:
    """Spring the traps at their points until the block ends; how often each point was passed.

    Raises Invalid for a name that is no point.
    """
    unknown = sorted(set(traps) - NAMES)
    if unknown:
        raise Invalid(f"There is no fault point {unknown[0]!r}; there are {', '.join(sorted(NAMES))}.")
    hits: Counter[str] = Counter()

    def listen(name: str) -> None:
        hits[name] += 1
        trap = traps.get(name)
        if trap is not None and trap.on in (0, hits[name]):
            trap.act()

    before = faults.listen(listen)
    try:
        yield hits
    finally:
        faults.listen(before)


def watch_statements(engine: sa.Engine | type[sa.Engine] = sa.Engine) -> None:
    """Let every statement of a writing transaction pass the point `statement`: of one engine, or of all there are and
    will be in this process, which is for processes of their own: a simulation would count its statements twice.
    """
    if not event.contains(engine, "before_cursor_execute", _on_statement):
        event.listen(engine, "before_cursor_execute", _on_statement)


def _on_statement(
    connection: Connection, _cursor: object, _statement: str, _parameters: object, _context: object, _many: bool
) -> None:
    if connection.get_execution_options().get("seasoned_write", False):
        faults.point(STATEMENT)
