"""What clients that read much, or never read, cost a server and its other clients.

A session of messages that are made of empty arrays is read whole by several clients at once; then others ask for it and
never read the answer. Printed are the server's memory (RSS) and how long a ping of another client takes, beside a calm
run: while they read, while they do not, and after they have gone.
"""

import argparse
import http.client
import multiprocessing
import selectors
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from server import Server, running

MESSAGES = 72
ARRAYS = 99_000
PAUSE_SECONDS = 0.01
READ_BYTES = 1024 * 1024


class Seen(msgspec.Struct):
    """What was measured in one phase."""

    pings: list[float] = []
    rss: list[float] = []

    def told(self, name: str) -> str:
        """One line of the table."""
        taken = sorted(self.pings)
        p50, p99 = statistics.median(taken), taken[min(len(taken) - 1, int(len(taken) * 0.99))]
        return (
            f"{name:28} {max(self.rss):7.0f} MB at most {self.rss[-1]:7.0f} MB at the end   "
            f"ping p50 {p50 * 1000:7.1f} ms  p99 {p99 * 1000:7.1f} ms  of {len(taken)}"
        )


def main() -> None:
    """Fill a session, then measure phase by phase."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--sleepers", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each calm phase lasts")
    parser.add_argument("--sleep", type=float, default=75.0, help="how long those wait that never read")
    options = parser.parse_args()
    with running(quiet_seconds="3600", stalled_seconds="7200") as server:
        path = _filled(server)
        print(_watched(server, _for(options.seconds)).told("calm"), flush=True)
        began = time.perf_counter()
        with _reading(server, path, options.readers) as busy:
            print(_watched(server, busy).told(f"{options.readers} readers"), flush=True)
        print(f"{'':28} read whole in {time.perf_counter() - began:.1f} s")
        print(_watched(server, _for(options.seconds)).told("after them"), flush=True)
        with _asleep(server, path, options.sleepers) as left:
            print(_watched(server, _for(options.sleep)).told(f"{options.sleepers} that never read"), flush=True)
            print(f"{'':28} {left()} of them still connected")
        print(_watched(server, _for(options.seconds)).told("after them"), flush=True)


def _filled(server: Server) -> str:
    """The path of the page of all messages of a session full of arrays."""
    client = http.client.HTTPConnection("127.0.0.1", server.port)
    made = _asked(client, server, "POST", "/session", b'{"disable_task_tracking": true}')
    path = f"/session/{msgspec.json.decode(made)['data']['id']}/messages"
    many = b",".join([b"[]"] * ARRAYS)
    for _ in range(MESSAGES):
        blob = b'{"blob": {"role": "user", "content": "x", "z": [%b]}}' % many
        _asked(client, server, "POST", path, blob)
    client.close()
    return path


def _asked(client: http.client.HTTPConnection, server: Server, method: str, path: str, body: bytes = b"") -> bytes:
    client.request(method, "/api/v1" + path, body or None, {"Authorization": f"Bearer {server.key}"})
    answer = client.getresponse()
    data = answer.read()
    assert answer.status < 300, data[:300]
    return data


def _for(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() < until


def _watched(server: Server, going_on: Callable[[], bool]) -> Seen:
    """Ping again and again as long as a phase goes on."""
    client, seen = http.client.HTTPConnection("127.0.0.1", server.port), Seen()
    while going_on():
        began = time.perf_counter()
        _asked(client, server, "GET", "/ping")
        seen.pings.append(time.perf_counter() - began)
        seen.rss.append(_rss(server.pid))
        time.sleep(PAUSE_SECONDS)
    client.close()
    return seen


def _rss(pid: int) -> float:
    """Resident memory in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmRSS"))


@contextmanager
def _reading(server: Server, path: str, count: int) -> Iterator[Callable[[], bool]]:
    """A process that reads the session by several connections at once; whether it still does."""
    spawning = multiprocessing.get_context("spawn")
    process = spawning.Process(target=_read_all, args=(server.port, server.key, path, count))
    process.start()
    yield process.is_alive
    process.join()
    assert process.exitcode == 0, "the readers did not get everything"


def _read_all(port: int, key: str, path: str, count: int) -> None:
    """Read the same page by several connections to their ends."""
    with selectors.DefaultSelector() as ready:
        for _ in range(count):
            ready.register(_request(port, key, path), selectors.EVENT_READ)
        got, whole = 0, 0
        while ready.get_map():
            for chosen, _ in ready.select():
                assert isinstance(chosen.fileobj, socket.socket)
                data = chosen.fileobj.recv(READ_BYTES)
                got += len(data)
                if not data:
                    ready.unregister(chosen.fileobj)
                    chosen.fileobj.close()
                    whole += 1
    assert got > count * MESSAGES * ARRAYS * 3, f"only {got} bytes came"


def _request(port: int, key: str, path: str) -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", port))
    said = f"GET /api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
    wire.sendall(said.encode())
    return wire


@contextmanager
def _asleep(server: Server, path: str, count: int) -> Iterator[Callable[[], int]]:
    """Connections that ask for the page and never read it; how many of them the server still holds."""
    wires = [_request(server.port, server.key, path) for _ in range(count)]
    yield lambda: sum(_is_open(server.port, wire.getsockname()[1]) for wire in wires)
    for wire in wires:
        wire.close()


def _is_open(port: int, other: int) -> bool:
    """Whether the server's end of a connection is established, by the system's table."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    ends = (line.split()[1:4] for line in lines)
    return any(
        ours.endswith(f":{port:04X}") and theirs.endswith(f":{other:04X}") and state == "01"
        for ours, theirs, state in ends
    )


if __name__ == "__main__":
    main()
