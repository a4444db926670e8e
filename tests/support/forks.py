"""Processes of Seasoned that begin with its modules already imported.

Nearly all that a command costs is importing: over a second, against a tenth for what it does. A nursery, one for a
test process, imports once and forks for each command. What it forks is a process like any other: its own pid,
environment, files, signals, event loop and exit. What the imports do is the one thing that such a process does not
show, and it shares its parent's seed of hashes; tests about either start a fresh interpreter.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

WORKS: Final = sys.platform == "linux"
"""Elsewhere the systems' own libraries may not stand a fork."""

# What commands import only when they run.
LATE: Final = (
    "alembic.command",
    "alembic.config",
    "markdown_it",
    "prometheus_client",
    "pydantic",
    "rich._emoji_codes",
    "seasoned.cli.backups",
    "seasoned.cli.gc",
    "seasoned.cli.commands",
    "seasoned.cli.doctor",
    "seasoned.cli.learn",
    "seasoned.cli.lists",
    "seasoned.cli.move",
    "seasoned.cli.projects",
    "seasoned.cli.serve",
    "seasoned.cli.skills",
    "seasoned.http.protocol",
    "seasoned.http.server",
    "seasoned.rules.extract",
    "seasoned.rules.distill",
    "seasoned.rules.write",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
    "typer._adapters",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
)
_NUMBER: Final = struct.Struct("!q")
_LENGTH: Final = struct.Struct("!I")


class _Order(msgspec.Struct, frozen=True):
    """What a process is to be."""

    words: list[str]
    environment: dict[str, str]


class Forked:
    """A running command; speaks as `subprocess.Popen` does, as far as tests need it."""

    def __init__(self, pid: int, ending: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ending = ending

    def poll(self) -> int | None:
        """Its exit code, or minus the signal that ended it; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code once it has ended. Raises subprocess.TimeoutExpired when that takes longer."""
        if self.returncode is None:
            if not select.select([self._ending], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("seasoned", timeout or 0)
            self.returncode = _NUMBER.unpack(_received(self._ending, _NUMBER.size))[0]
            self._ending.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


Process = subprocess.Popen[bytes] | Forked


def run(
    words: Sequence[str], environment: Mapping[str, str], seconds: float, *, fresh: bool = False
) -> tuple[int, bytes, bytes]:
    """Run a command to its end: its exit code and what it wrote to its two outputs.

    Raises subprocess.TimeoutExpired when it takes longer than so many seconds; it is ended then.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = started(words, environment, out.fileno(), err.fileno(), fresh=fresh)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def started(
    words: Sequence[str], environment: Mapping[str, str], stdout: int, stderr: int, *, fresh: bool = False
) -> Process:
    """A command of Seasoned, running; its output goes to open files, its input is empty.

    It is a fresh interpreter when that is asked for, and when its PYTHONPATH decides what is imported.
    """
    if WORKS and not fresh and environment.get("PYTHONPATH") == os.environ.get("PYTHONPATH"):
        return _nursery().start(words, environment, stdout, stderr)
    command = [sys.executable, "-m", "seasoned", *words]
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)


class _Nursery:
    """The other process, which forks."""

    def __init__(self) -> None:
        self._wire, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forks", str(theirs.fileno())],
                cwd=Path(__file__).parents[2],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        atexit.register(self._end)

    def _end(self) -> None:
        # It ends when our end of the socket is closed, so with our process at the latest.
        self._wire.close()
        self._process.wait()

    def start(self, words: Sequence[str], environment: Mapping[str, str], stdout: int, stderr: int) -> Forked:
        """A forked process that runs a command."""
        order = msgspec.json.encode(_Order(list(words), dict(environment)))
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._wire, [_LENGTH.pack(len(order))], [stdout, stderr, theirs.fileno()])
            self._wire.sendall(order)
        return Forked(_NUMBER.unpack(_received(ours, _NUMBER.size))[0], ours)


@functools.cache
def _nursery() -> _Nursery:
    return _Nursery()


def _received(wire: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = wire.recv(size - len(data))
        assert piece, "the process that forks has ended"
        data += piece
    return data


def _serve(wire: socket.socket) -> bool:
    """Fork for each order until nobody can give any more: False. In a forked process: True, at once."""
    ended, tell = socket.socketpair()
    tell.setblocking(False)
    signal.set_wakeup_fd(tell.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, socket.socket] = {}
    while True:
        ready = select.select([wire, ended], [], [])[0]
        if ended in ready:
            ended.recv(4_096)
            _bury(running)
        if wire not in ready:
            continue
        head, descriptors, _, _ = socket.recv_fds(wire, _LENGTH.size, 3)
        if not head:
            return False
        order = msgspec.json.decode(_received(wire, _LENGTH.unpack(head)[0]), type=_Order)
        ending = socket.socket(fileno=descriptors.pop())
        pid = os.fork()
        if pid == 0:
            for one in (wire, ended, ending, *running.values()):
                one.close()
            _become(order, *descriptors)
            tell.close()
            return True
        for descriptor in descriptors:
            os.close(descriptor)
        running[pid] = ending
        ending.sendall(_NUMBER.pack(pid))


def _bury(running: dict[int, socket.socket]) -> None:
    """Tell of each process that has ended how it did."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with running.pop(pid) as ending, contextlib.suppress(BrokenPipeError):
            ending.sendall(_NUMBER.pack(os.waitstatus_to_exitcode(status)))


def _become(order: _Order, stdout: int, stderr: int) -> None:
    """Make of this process what was ordered."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(stdout, sys.stdout.fileno())
    os.dup2(stderr, sys.stderr.fileno())
    os.close(stdout)
    os.close(stderr)
    os.environ.clear()
    os.environ.update(order.environment)
    sys.argv[:] = ["seasoned", *order.words]


def _main() -> None:
    for name in LATE:
        importlib.import_module(name)
    # A fork copies the calling thread only.
    assert threading.active_count() == 1
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as wire:
        if not _serve(wire):
            return
    importlib.import_module("seasoned.cli").main()


if __name__ == "__main__":
    _main()
