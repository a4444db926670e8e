"""Fair turns for the processes that write to one SQLite file.

SQLite's own lock has no queue: a process that commits without a pause starves one that polls the lock. So a writer
first locks a file, and while it waits for that lock it holds a second one, which every writer needs before it may wait:
a writer that has just finished cannot overtake one that is already waiting.
"""

import contextlib
import os
import sqlite3
import sys
import time

from seasoned.errors import Busy

if sys.platform != "win32":  # there SQLite's own lock has to do
    import fcntl

LOOK_SECONDS = 0.0005
TURN_SECONDS_MAX = 60.0


class WriteTurn:
    """A place in the queue of a file's writers; each connection has its own."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._files: tuple[int, int] | None = None
        self._taken = False

    def take(self) -> None:
        """Wait until it is this connection's turn. Raises Busy when that takes too long."""
        if sys.platform == "win32" or self._taken:
            return
        if self._files is None:
            flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC
            self._files = (os.open(f"{self._path}-next", flags, 0o600), os.open(f"{self._path}-turn", flags, 0o600))
        following, writing = self._files
        deadline = time.monotonic() + TURN_SECONDS_MAX
        _lock(following, deadline)
        try:
            _lock(writing, deadline)
        finally:
            fcntl.flock(following, fcntl.LOCK_UN)
        self._taken = True

    def give(self) -> None:
        """Let the next one write."""
        if sys.platform != "win32" and self._taken and self._files is not None:
            self._taken = False
            fcntl.flock(self._files[1], fcntl.LOCK_UN)

    def close(self) -> None:
        """Leave the queue."""
        files, self._files, self._taken = self._files, None, False
        for file in files or ():
            os.close(file)


def _lock(file: int, deadline: float) -> None:
    while True:
        with contextlib.suppress(BlockingIOError):
            if sys.platform != "win32":
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() > deadline:
            raise Busy("Another process kept the database locked for too long; try again.")
        time.sleep(LOOK_SECONDS)


class TurnConnection(sqlite3.Connection):
    """A connection that takes its turn before it writes and gives it back when the transaction ends."""

    def __init__(self, database: str, *args: object, **kwargs: object) -> None:
        super().__init__(database, *args, **kwargs)  # type: ignore[arg-type]
        self.turn = WriteTurn(database)

    def commit(self) -> None:
        super().commit()
        self.turn.give()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self.turn.give()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self.turn.close()
