"""Starting a real server on a fresh home for a benchmark."""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

KEY = "sk-ac-benchmark"


class Server(msgspec.Struct, frozen=True):
    """A running server."""

    url: str
    port: int
    key: str
    pid: int
    home: Path


@contextmanager
def running(**settings: str) -> Iterator[Server]:
    """A server on a free port of this machine, ended with the block."""
    with tempfile.TemporaryDirectory(prefix="seasoned-bench-") as folder:
        given = {f"SEASONED_{name.upper()}": value for name, value in settings.items()}
        environment = {**os.environ, "SEASONED_HOME": folder, "SEASONED_API_KEY": KEY, **given}
        command = [sys.executable, "-m", "seasoned", "serve", "--port", "0"]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            port = int(line.split("http://", 1)[1].split(" ", 1)[0].rsplit(":", 1)[1])
            url = f"http://127.0.0.1:{port}"
            _wait(url)
            yield Server(url, port, KEY, process.pid, Path(folder))
        finally:
            process.terminate()
            process.wait(30)


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
