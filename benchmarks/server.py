"""Starting real servers and workers for a benchmark."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import psycopg

KEY = "sk-ac-benchmark"
STOP_SECONDS_MAX = 30.0


class Server(msgspec.Struct, frozen=True):
    """A running server."""

    url: str
    port: int
    key: str
    pid: int
    home: Path


def environment_of(home: Path, **settings: str) -> dict[str, str]:
    """The environment of a process of Seasoned with these settings, named as in `config`, in lower case."""
    given = {f"SEASONED_{name.upper()}": value for name, value in settings.items()}
    return {**os.environ, "SEASONED_HOME": str(home), "SEASONED_API_KEY": KEY, **given}


@contextmanager
def started(*words: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process of the command line, ended with the block."""
    command = [sys.executable, "-m", "seasoned", *words]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def first_line(process: subprocess.Popen[str]) -> str:
    """The first thing that a process says, which is that it is up."""
    assert process.stdout is not None
    return process.stdout.readline()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(**settings: str) -> Iterator[Server]:
    """A server on a free port of this machine, ended with the block."""
    with tempfile.TemporaryDirectory(prefix="seasoned-bench-") as folder:
        environment = environment_of(Path(folder), **settings)
        with started("serve", "--port", "0", environment=environment) as process:
            line = first_line(process)
            port = int(line.split("http://", 1)[1].split(" ", 1)[0].rsplit(":", 1)[1])
            url = f"http://127.0.0.1:{port}"
            _wait(url)
            yield Server(url, port, KEY, process.pid, Path(folder))


@contextmanager
def workers(count: int, home: Path, **settings: str) -> Iterator[Sequence[int]]:
    """Processes of `seasoned worker`, all of them ready, ended with the block; their process ids."""
    with ExitStack() as stack:
        environment = environment_of(home, **settings)
        every = [stack.enter_context(started("worker", environment=environment)) for _ in range(count)]
        for process in every:
            assert "learns" in first_line(process), "a worker did not start"
        yield [process.pid for process in every]


@contextmanager
def fresh_database(beside: str) -> Iterator[str]:
    """The address of an empty database on the PostgreSQL server of another one, dropped with the block."""
    server, name = beside.rsplit("/", 1)[0], f"seasoned_bench_{uuid.uuid4().hex}"
    with psycopg.connect(beside, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def _wait(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):  # noqa: S310 - our own address
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
