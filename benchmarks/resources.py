"""What the processes take from the machine: time to start, memory and processor while they idle, memory after a burst.

- Start: from starting `seasoned serve` on SQLite to its first answer to a request that reads the database, on a home of
  an earlier run and on a new one, whose database is made first; asked again every few milliseconds. Medians.
- Idle: a server on SQLite and, with `--database`, a server and a `seasoned worker` on PostgreSQL, with nothing to do.
  Memory is the resident set (VmRSS), which counts libraries that several processes share in each of them; PSS, where
  the kernel tells it, counts each process's part. Processor time is user and system time of all threads in
  `/proc/PID/stat`, in per cent of one core, over `--seconds`; it is counted in hundredths of a second.
- Burst: resident memory of the server on SQLite after 64 clients stored 2 KB messages as fast as they could, at once
  and a while later; Python and its allocator give memory back late or not at all.

PostgreSQL's own processes are not counted. Reads `/proc`, so it needs Linux. The targets are printed, not asserted.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import msgspec

from load import post, request
from server import KEY, Server, environment_of, free_port, fresh_database, running, started, workers

START_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.002
SETTLE_SECONDS = 5.0
CLIENTS = 64
TEXT = "The deploy to staging failed because the health check timed out after ten seconds. " * 24
SECRET = "benchmark"
TARGETS = {"s": 1.5, "MB": 150.0, "% CPU": 1.0}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure: what of whom, in `s`, `MB` (10^6 bytes) or `% CPU` of one core, and the target it has, if any."""

    of: str
    what: str
    value: float
    unit: str
    target: float | None = None


def figure(of: str, what: str, value: float, unit: str, *, aimed_at: bool = True) -> Figure:
    """A figure with the target of its unit."""
    return Figure(of=of, what=what, value=round(value, 2), unit=unit, target=TARGETS[unit] if aimed_at else None)


def start_seconds(home: Path) -> float:
    """How long a server takes from its start to its first answer from the database."""
    port = free_port()
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/session", headers={"Authorization": f"Bearer {KEY}"}
    )
    begun = time.perf_counter()
    with started("serve", "--port", str(port), environment=environment_of(home)):
        while True:
            try:
                with urllib.request.urlopen(asked, timeout=5):  # noqa: S310
                    return time.perf_counter() - begun
            except OSError:
                assert time.perf_counter() - begun < START_SECONDS_MAX, "the server does not start"
                time.sleep(LOOK_SECONDS)


def starts(times: int) -> Iterator[Figure]:
    """The medians of some starts on a new home each, and on one home again and again."""
    with tempfile.TemporaryDirectory(prefix="seasoned-bench-") as folder:
        fresh = [start_seconds(Path(folder) / str(number)) for number in range(times)]
        again = [start_seconds(Path(folder) / "0") for _ in range(times)]
    yield figure("server, SQLite", f"start, median of {times}", statistics.median(again), "s")
    yield figure("server, SQLite", f"start on a new home, median of {times}", statistics.median(fresh), "s")


def memory(pid: int, name: str = "Rss") -> float:
    """The resident (`Rss`) or proportional (`Pss`) memory of a process in MB; 0 where the kernel does not tell."""
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        told = Path(f"/proc/{pid}/status").read_text().replace("VmRSS", "Rss")
    found = re.search(rf"^{name}:\s+(\d+) kB", told, re.MULTILINE)
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used, in all its threads."""
    # What follows the name, which may hold spaces: utime and stime are the 14th and 15th field of all.
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(pids: dict[str, int], seconds: float) -> Iterator[Figure]:
    """Memory and processor time of processes that have nothing to do."""
    time.sleep(SETTLE_SECONDS)
    before, begun = {of: cpu_seconds(pid) for of, pid in pids.items()}, time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - begun
    for of, pid in pids.items():
        yield figure(of, "idle", memory(pid), "MB")
        yield figure(of, "idle, its own part (PSS)", memory(pid, "Pss"), "MB", aimed_at=False)
        yield figure(of, f"idle for {seconds:g} s", 100 * (cpu_seconds(pid) - before[of]) / took, "% CPU")


async def burst(server: Server, seconds: float) -> float:
    """Messages a second that a server took in a burst. Raises AssertionError when one failed."""
    headers = {"Authorization": f"Bearer {server.key}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        ids = [(await client.post("/api/v1/session")).json()["data"]["id"] for _ in range(CLIENTS)]
    body = {"blob": {"role": "user", "content": TEXT[:2_000]}, "format": "openai"}
    requests = [[request(f"/api/v1/session/{one}/messages", server.key, body)] for one in ids]
    result = await post("127.0.0.1", server.port, requests, seconds)
    assert not result.failures, f"{result.failures} messages were refused"
    return result.per_second


def on_sqlite(options: argparse.Namespace) -> Iterator[Figure]:
    """A server on SQLite: idle, then after a burst that it only stores."""
    of = "server, SQLite"
    with running(quiet_seconds="3600", batch_messages="1000000", batch_chars="1000000000") as server:
        yield from idle({of: server.pid}, options.seconds)
        rate = asyncio.run(burst(server, options.burst_seconds))
        what = f"after {options.burst_seconds:g} s of {rate:.0f} messages/s"
        yield figure(of, what, memory(server.pid), "MB", aimed_at=False)
        time.sleep(SETTLE_SECONDS)
        yield figure(of, f"{SETTLE_SECONDS:g} s later", memory(server.pid), "MB", aimed_at=False)


def on_postgres(beside: str, options: argparse.Namespace) -> Iterator[Figure]:
    """A server that only serves, one that learns too, and a worker, all idle at the same time."""
    with ExitStack() as stack:
        own = {"database": stack.enter_context(fresh_database(beside)), "secret": SECRET}
        serving = stack.enter_context(running(**own, worker="none"))
        learning = stack.enter_context(running(**own))
        (worker,) = stack.enter_context(workers(1, serving.home, **own))
        pids = {"server --worker=none, PostgreSQL": serving.pid, "server, PostgreSQL": learning.pid}
        yield from idle({**pids, "worker, PostgreSQL": worker}, options.seconds)


def shown(one: Figure) -> str:
    """A line of the table."""
    aim = "" if one.target is None else f"  (target < {one.target:g}{'' if one.value < one.target else ', MISSED'})"
    return f"{one.of:<31} {one.what:<40} {one.value:>8.2f} {one.unit}{aim}"


def main() -> None:
    """Measure one process after the other and print what each takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="", help="any database of a PostgreSQL server that lets us make others")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long processes idle")
    parser.add_argument("--burst-seconds", type=float, default=8.0)
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    options = parser.parse_args()

    def figures() -> Iterator[Figure]:
        yield from starts(options.starts)
        yield from on_sqlite(options)
        if options.database:
            yield from on_postgres(options.database, options)

    for one in figures():
        print(json.dumps(msgspec.to_builtins(one)) if options.json else shown(one), flush=True)


if __name__ == "__main__":
    main()
