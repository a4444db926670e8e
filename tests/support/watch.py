"""How a server fares while others ask much of it: what another client gets through meanwhile, and its memory."""

import subprocess
import time
from collections.abc import Callable
from typing import Final

from tests.support.server import Server

KIB: Final = 1024
LOOK_EVERY: Final = 5


def seconds_of(work: Callable[[], object]) -> float:
    """How long it takes, to be compared with what took place in the same run only."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


class Watch:
    """Another client that pings again and again, and the server's memory meanwhile."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.pings = 0
        self.seconds = 0.0
        self.most_kib = 0

    @property
    def rate(self) -> float:
        return self.pings / self.seconds

    def go_on(self, while_true: Callable[[], bool]) -> "Watch":
        began = time.monotonic()
        with self._server.http() as client:
            while self.pings % LOOK_EVERY or while_true():
                assert client.get("/ping").status_code == 200
                self.pings += 1
                if not self.pings % LOOK_EVERY:
                    self.most_kib = max(self.most_kib, resident(self._server))
        self.seconds = time.monotonic() - began
        return self


def resident(server: Server) -> int:
    """The server's memory, in KiB."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(server.process.pid)], capture_output=True, check=True)
    return int(told.stdout)
