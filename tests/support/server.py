"""A real server for tests: its own process, its own home, a free port, and its log at hand when a test fails.

Nothing here knows how the server is built. It is started by its command line and spoken to over HTTP, as a user would.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import httpx
import msgspec
from acontext import AcontextClient

from tests.support import forks
from tests.support.databases import database_of, prepare
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import free_port

KEY: Final = "sk-ac-acceptance-tests"
QUIET_SECONDS: Final = 0.3
START_SECONDS_MAX: Final = PATIENCE_SECONDS
STOP_SECONDS_MAX: Final = PATIENCE_SECONDS
WAIT_SECONDS_MAX: Final = PATIENCE_SECONDS
POLL_SECONDS: Final = 0.05
PORT_TRIES: Final = 3
LOG_CHARS_SHOWN: Final = 8_000

RUNNING: Final[list["Server"]] = []
"""The servers that are up now, so that a failing test can show what they said."""


class Project(msgspec.Struct, frozen=True):
    """A project (tenant) of a server, with its key."""

    id: str
    api_key: str


class Server:
    """A running server process."""

    def __init__(self, process: forks.Process, port: int, home: Path, log: Path) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.api = f"{self.url}/api/v1"
        self.home = home
        self.log = log

    @contextmanager
    def client(self, key: str = KEY) -> Iterator[AcontextClient]:
        """The published SDK's client with a project's key."""
        with closing(AcontextClient(api_key=key, base_url=self.api)) as client:
            yield client

    @contextmanager
    def http(self, key: str | None = KEY) -> Iterator[httpx.Client]:
        """A plain HTTP client under the API's prefix, for what the SDK cannot send; None leaves the key out."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=self.api, headers=headers, timeout=WAIT_SECONDS_MAX) as client:
            yield client

    def create_project(self, name: str) -> Project:
        """Another project in this server's home, made by the command line while the server runs."""
        words = ("projects", "create", name, "--json", "--home", str(self.home))
        code, out, err = forks.run(words, environment(self.home), START_SECONDS_MAX)
        assert code == 0, err.decode(errors="replace")
        return msgspec.json.decode(out, type=Project)

    def said(self) -> str:
        """The end of what the server wrote to its standard error."""
        return self.log.read_text(errors="replace")[-LOG_CHARS_SHOWN:]


def environment(home: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a process of Seasoned; the caller's own settings of it and of the SDK do not leak in."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SEASONED_", "ACONTEXT_"))}
    return {
        **inherited,
        "SEASONED_HOME": str(home),
        "SEASONED_API_KEY": KEY,
        "SEASONED_QUIET_SECONDS": str(QUIET_SECONDS),
        "SEASONED_DATABASE": database_of(home),
        # A learning process takes a second of a processor to start; who tests that shape asks for it.
        "SEASONED_WORKER": "inline",
        **(settings or {}),
    }


@contextmanager
def running(folder: Path, settings: Mapping[str, str] | None = None, *, fresh: bool = False) -> Iterator[Server]:
    """A server with its home in `folder`, up when the block begins and ended with it.

    A fresh one holds nothing that only tests have imported (see `forks`): for who looks at its memory.
    Raises AssertionError with the server's log when it does not come up, or when it logged a traceback.
    """
    server = _start(folder, settings, fresh=fresh)
    RUNNING.append(server)
    try:
        yield server
    finally:
        RUNNING.remove(server)
        _stop(server.process)
    assert "Traceback" not in server.said(), f"the server logged a traceback:\n{server.said()}"


def _start(folder: Path, settings: Mapping[str, str] | None, *, fresh: bool) -> Server:
    home = folder / "home"
    # A fresh server makes its home from nothing.
    if not fresh:
        prepare(home)
    for _ in range(PORT_TRIES):
        port = free_port()
        log = folder / f"server-{port}.log"
        words = ("serve", "--home", str(home), "--host", "127.0.0.1", "--port", str(port))
        with log.open("wb") as stderr, Path(os.devnull).open("wb") as nowhere:
            outputs = (nowhere.fileno(), stderr.fileno())
            process = forks.started(words, environment(home, settings), *outputs, fresh=fresh)
        server = Server(process, port, home, log)
        try:
            wait_until(partial(_is_up, server), "the server is up", START_SECONDS_MAX)
        except AssertionError:
            _stop(process)
            raise
        if process.poll() is None:
            return server
    raise AssertionError(f"the server ended while it started:\n{server.said()}")


def _is_up(server: Server) -> bool:
    """Whether there is nothing left to wait for: the server answers, or it has ended."""
    if server.process.poll() is not None:
        return True
    try:
        return httpx.get(f"{server.url}/health", timeout=5.0).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _stop(process: forks.Process) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS_MAX)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS_MAX) -> None:
    """Look again and again until a condition holds. Raises AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"
        pause.wait(POLL_SECONDS)
