"""Durable `POST messages`: 2 KB each, 64 clients, SQLite with synchronous FULL, while the server learns from them.

Each session teaches a space, and the learning process of the default settings reads it. In turns with it, the same load
runs with learning held back: nothing is read, so that the ratio says what learning costs the clients. With
`--database postgresql://…` the rows are there, and `--servers` processes share the load. Every acknowledged message is
counted again in the database at the end. Servers, learners and load share the cores of the machine, so the figures are
lower bounds.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import sqlalchemy as sa

from load import Result, post, request
from resources import cpu_seconds
from seasoned import config
from seasoned.store import Store
from seasoned.store.schema import messages, sessions
from server import Server, running

CLIENTS = 64
READ_MIN = 1_000
READ_SECONDS_MAX = 60.0
FILL = "The health check timed out after ten seconds, so the old pods kept the traffic. "
TURN = (
    ("user", "Please deploy the shop to staging and tell me what you ran."),
    ("assistant", "I ran `helm upgrade shop`. The deploy failed: the chart needs `--wait`. With `--wait` it worked."),
    ("user", "Good. From now on always pass `--wait` when you deploy to staging."),
    ("assistant", "I will. The shop runs on staging now."),
)
HELD_BACK = {"quiet_seconds": "3600", "batch_messages": "1000000", "batch_chars": "1000000000"}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One run: the load, how many of its messages were not read at its end, and how many of them a second of the
    learners' processor time reads.
    """

    load: Result
    behind: int
    learned_per_core: float


async def create_sessions(server: Server, count: int) -> list[str]:
    """Fresh sessions that teach a space, one for each client."""
    import httpx  # noqa: PLC0415 - only the set-up needs it

    headers = {"Authorization": f"Bearer {server.key}"}
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", headers=headers) as client:
        space = (await client.post("/learning_spaces", json={})).json()["data"]["id"]
        ids = [(await client.post("/session")).json()["data"]["id"] for _ in range(count)]
        for one in ids:
            (await client.post(f"/learning_spaces/{space}/learn", json={"session_id": one})).raise_for_status()
    return ids


async def measure(servers: Sequence[Server], seconds: float) -> Result:
    """The load of all clients, shared by the servers."""
    bodies = [
        {"blob": {"role": role, "content": f"{text} {FILL * 24}"[:2_000]}, "format": "openai"} for role, text in TURN
    ]
    loads = []
    for server in servers:
        ids = await create_sessions(server, CLIENTS // len(servers))
        requests = [[request(f"/api/v1/session/{one}/messages", server.key, body) for body in bodies] for one in ids]
        loads.append(post("127.0.0.1", server.port, requests, seconds))
    return together(await asyncio.gather(*loads))


def together(results: Sequence[Result]) -> Result:
    """What several servers did at the same time; the latencies are those of the slowest."""
    return Result(
        requests=sum(one.requests for one in results),
        failures=sum(one.failures for one in results),
        seconds=max(one.seconds for one in results),
        per_second=sum(one.per_second for one in results),
        p50_ms=max(one.p50_ms for one in results),
        p99_ms=max(one.p99_ms for one in results),
        max_ms=max(one.max_ms for one in results),
    )


def counted(server: Server, database: str) -> tuple[int, int]:
    """How many messages the database has, and how many of them the learners have read."""
    store = Store.open(config.load({}, home=server.home, database=database))
    try:
        return store.read_now(
            lambda connection: (
                connection.execute(sa.select(sa.func.count()).select_from(messages)).scalar_one(),
                int(connection.execute(sa.select(sa.func.sum(sessions.c.extracted_to))).scalar_one() or 0),
            )
        )
    finally:
        store.close()


def learners_seconds(servers: Sequence[Server]) -> float:
    """The processor time of the servers' learning processes so far."""
    children = [Path(f"/proc/{one.pid}/task/{one.pid}/children").read_text().split() for one in servers]
    return sum(cpu_seconds(int(pid)) for pids in children for pid in pids)


def run(options: argparse.Namespace, held_back: dict[str, str]) -> Figure:
    """One run on fresh servers."""
    own = {"database": options.database, "secret": "benchmark" if options.database else "", **held_back}
    with ExitStack() as stack:
        servers = [stack.enter_context(running(**own)) for _ in range(options.servers)]
        asyncio.run(measure(servers, 1.0))
        (before, _), used = counted(servers[0], options.database), learners_seconds(servers)
        load = asyncio.run(measure(servers, options.seconds))
        stored, read = counted(servers[0], options.database)
        assert stored - before == load.requests - load.failures, "an acknowledged message is missing"
        behind, until = stored - read, time.monotonic() + READ_SECONDS_MAX
        # Batches are read as a whole, so that a few of them say little.
        while not held_back and read < min(READ_MIN, stored) and time.monotonic() < until:
            time.sleep(0.2)
            _, read = counted(servers[0], options.database)
        seconds = learners_seconds(servers) - used
    return Figure(load=load, behind=behind, learned_per_core=round(read / seconds, 1) if seconds else 0.0)


def main() -> None:
    """Run both in turns and print how the slowest run with learning compares with its neighbour."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--database", default="")
    parser.add_argument("--servers", type=int, default=1)
    options = parser.parse_args()
    learning: list[Figure] = []
    still: list[Figure] = []
    for number in range(options.runs):
        for name, settings, runs in (("learning", {}, learning), ("held back", HELD_BACK, still)):
            runs.append(run(options, settings))
            print(f"run {number + 1}, {name}: {msgspec.json.encode(runs[-1]).decode()}", flush=True)
    share = min(one.load.per_second / other.load.per_second for one, other in zip(learning, still, strict=True))
    print(
        f"{options.servers} server(s) with learning: {min(one.load.per_second for one in learning):.0f} messages/s in "
        f"the slowest of {options.runs} runs, at least {share:.2f} of the run held back after it; "
        f"p99 {max(one.load.p99_ms for one in learning):.0f} ms; "
        f"{max(one.behind for one in learning)} messages behind at the end; "
        f"{min(one.learned_per_core for one in learning):.0f} messages learned a second and core; "
        f"failures {sum(one.load.failures for one in (*learning, *still))}\n"
        f"held back: median {statistics.median(one.load.per_second for one in still):.0f} messages/s, "
        f"p99 {statistics.median(one.load.p99_ms for one in still):.0f} ms"
    )


if __name__ == "__main__":
    main()
