"""Durable `POST messages`: 2 KB each, 64 clients, SQLite with synchronous FULL, one server process.

Every acknowledged message is counted again in the database at the end. Server and load share the machine's cores, so
the figure is a lower bound.
"""

import argparse
import asyncio
import sqlite3
import statistics

import msgspec

from load import Result, post, request
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


async def measure(server: Server, seconds: float) -> Result:
    """One run."""
    body = {"blob": {"role": "user", "content": TEXT[:2_000]}, "format": "openai"}
    sessions = await create_sessions(server, CLIENTS)
    requests = [request(f"/api/v1/session/{one}/messages", server.key, body) for one in sessions]
    return await post("127.0.0.1", server.port, requests, seconds)


def stored(server: Server) -> int:
    """How many messages the database has."""
    with sqlite3.connect(server.home / "seasoned.db") as connection:
        return int(connection.execute("SELECT count(*) FROM messages").fetchone()[0])


def main() -> None:
    """Run it a few times and print the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    results = []
    for number in range(options.runs):
        with running(quiet_seconds="3600", batch_messages="1000000", batch_chars="1000000000") as server:
            asyncio.run(measure(server, 1.0))
            before = stored(server)
            result = asyncio.run(measure(server, options.seconds))
            assert stored(server) - before == result.requests - result.failures, "an acknowledged message is missing"
        print(f"run {number + 1}: {msgspec.json.encode(result).decode()}")
        results.append(result)
    print(
        f"median: {statistics.median(one.per_second for one in results):.0f} messages/s, "
        f"p99 {statistics.median(one.p99_ms for one in results):.1f} ms, "
        f"failures {sum(one.failures for one in results)}"
    )


if __name__ == "__main__":
    main()
