"""Durable `POST messages`: 2 KB each, 64 clients, one server process on SQLite with synchronous FULL.

With `--database postgresql://…` the rows are there, and `--servers` processes share the load. Every acknowledged
message is counted again in the database at the end. Server and load share the cores of the machine, so the figure is a
lower bound.
"""

import argparse
import asyncio
import statistics
from collections.abc import Sequence
from contextlib import ExitStack

import msgspec
import sqlalchemy as sa

from load import Result, post, request
from seasoned import config
from seasoned.store import Store
from seasoned.store.schema import messages
from server import Server, running

CLIENTS = 64
TEXT = "The deploy to staging failed because the health check timed out after ten seconds. " * 24


async def create_sessions(server: Server, count: int) -> list[str]:
    """Fresh sessions, one for each client."""
    import httpx  # noqa: PLC0415 - only the set-up needs it

    headers = {"Authorization": f"Bearer {server.key}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        answers = [await client.post("/api/v1/session") for _ in range(count)]
    return [answer.json()["data"]["id"] for answer in answers]


async def measure(servers: Sequence[Server], seconds: float) -> list[Result]:
    """One run: each server has its share of the clients."""
    body = {"blob": {"role": "user", "content": TEXT[:2_000]}, "format": "openai"}
    loads = []
    for server in servers:
        sessions = await create_sessions(server, CLIENTS // len(servers))
        requests = [request(f"/api/v1/session/{one}/messages", server.key, body) for one in sessions]
        loads.append(post("127.0.0.1", server.port, requests, seconds))
    return list(await asyncio.gather(*loads))


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


def stored(server: Server, database: str) -> int:
    """How many messages the database has."""
    store = Store.open(config.load({}, home=server.home, database=database))
    try:
        return store.read_now(lambda c: c.execute(sa.select(sa.func.count()).select_from(messages)).scalar_one())
    finally:
        store.close()


def main() -> None:
    """Run it a few times and print the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--database", default="")
    parser.add_argument("--servers", type=int, default=1)
    options = parser.parse_args()
    own = {"quiet_seconds": "3600", "batch_messages": "1000000", "batch_chars": "1000000000"}
    own |= {"database": options.database, "secret": "benchmark" if options.database else ""}
    results = []
    for number in range(options.runs):
        with ExitStack() as stack:
            servers = [stack.enter_context(running(**own)) for _ in range(options.servers)]
            asyncio.run(measure(servers, 1.0))
            before = stored(servers[0], options.database)
            result = together(asyncio.run(measure(servers, options.seconds)))
            came = stored(servers[0], options.database) - before
            assert came == result.requests - result.failures, "an acknowledged message is missing"
        print(f"run {number + 1}: {msgspec.json.encode(result).decode()}", flush=True)
        results.append(result)
    print(
        f"median, {options.servers} server(s): {statistics.median(one.per_second for one in results):.0f} messages/s, "
        f"p99 {statistics.median(one.p99_ms for one in results):.1f} ms, "
        f"failures {sum(one.failures for one in results)}"
    )


if __name__ == "__main__":
    main()
