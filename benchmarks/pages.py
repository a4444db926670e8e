"""The pages of a large home: how long until their first byte and their last, and what ten viewers cost who writes.

A store is filled as in `growth.py`, with sessions of ten messages, a task and a lesson each, and one session of 5,000
messages. Then each page is asked for again and again by one client, the first two times not counted. At last messages
are posted by eight connections, in turns with and without ten viewers: each holds a live page open, and asks for its
live part whenever it hears of a change, at most every two seconds, as the pages do; a lesson is settled every second.
"""

import argparse
import asyncio
import http.client
import json
import random
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from urllib.parse import urlencode

import msgspec
import sqlalchemy as sa

import growth
import load
from growth import Filling
from seasoned import config
from seasoned.engine import Engine
from seasoned.store import Connection, Store
from seasoned.store.schema import sessions, skills, spaces
from server import Server, running

LONG_SESSION = 5_000
SECRET = "benchmark"
FIRST_BYTE_MS, WHOLE_MS, SLOWER = 150.0, 1_000.0, 0.10
VIEWERS, WRITERS = 10, 8
LIVE_SECONDS = 2.0


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """How long a page took, in milliseconds, and how large it was."""

    page: str
    count: int
    first_p50_ms: float
    first_p95_ms: float
    whole_p95_ms: float
    size_kb: float


class Visitor:
    """A browser that is signed in."""

    def __init__(self, server: Server) -> None:
        self._port = server.port
        asked = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        asked.request("POST", "/sign-in", urlencode({"key": server.key}), form)
        self.cookie = (asked.getresponse().getheader("Set-Cookie") or "").partition(";")[0]
        assert self.cookie, "nobody is signed in"
        asked.close()

    def get(self, path: str) -> tuple[float, float, bytes]:
        """A page: milliseconds to its first byte and to its last, and its bytes."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)) as asked:
            asked.connect()
            started = time.perf_counter()
            asked.request("GET", path, headers={"Cookie": self.cookie, "Accept": "text/html"})
            reply = asked.getresponse()
            first = reply.read(1)
            at_first = time.perf_counter()
            data = first + reply.read()
            at_last = time.perf_counter()
        assert reply.status == http.HTTPStatus.OK, f"{path}: {reply.status} {data[-300:]!r}"
        return 1000 * (at_first - started), 1000 * (at_last - started), data


def timed(visitor: Visitor, page: str, paths: Sequence[str]) -> Timed:
    """How long some pages of a kind took."""
    found = [visitor.get(path) for path in paths][2:]
    first, whole = sorted(one[0] for one in found), sorted(one[1] for one in found)
    late = int(len(found) * 0.95)
    return Timed(
        page=page,
        count=len(found),
        first_p50_ms=round(statistics.median(first), 1),
        first_p95_ms=round(first[late], 1),
        whole_p95_ms=round(whole[late], 1),
        size_kb=round(statistics.median(len(one[2]) for one in found) / 1000, 1),
    )


def pages(filling: Filling, long_id: str, requests: int, chance: random.Random) -> Iterator[tuple[str, list[str]]]:
    """The kinds of pages, each with random ones of them."""

    def some(table: sa.Table) -> list[str]:
        first = filling.store.read_now(lambda c: c.execute(sa.select(table.c.id).limit(20_000)).scalars().all())
        return chance.choices(list(first), k=requests)

    space_ids = filling.store.read_now(lambda c: c.execute(sa.select(spaces.c.id)).scalars().all())
    yield "home", ["/"] * requests
    yield "live part", ["/parts/standing"] * requests
    yield "spaces", ["/spaces"] * requests
    yield "space", [f"/spaces/{one}" for one in chance.choices(list(space_ids), k=requests)]
    yield "sessions", ["/sessions"] * requests
    yield "session", [f"/sessions/{one}" for one in some(sessions)]
    numbers = [chance.randrange(1, LONG_SESSION) for _ in range(requests)]
    yield "long session", [f"/sessions/{long_id}?at={number}" for number in numbers]
    yield "skill", [f"/skills/{one}?file=topic-0.md" for one in some(skills)]
    yield "versions", [f"/skills/{one}/versions" for one in some(skills)]
    yield "review", ["/review"] * requests
    yield "pipeline", ["/pipeline"] * requests
    yield "usage", ["/usage"] * requests
    words = growth.Words(7)
    yield "search", [f"/search?{urlencode({'q': words.text(40)})}" for _ in range(requests)]


async def _prepare(server: Server, sizes: Sequence[int]) -> tuple[str, dict[int, str]]:
    engine = Engine.open(config.load(home=server.home, api_key=server.key, secret=SECRET))
    try:
        project = await engine.projects.default()
        return project.id, {size: (await engine.spaces.create(project.id)).id for size in sizes}
    finally:
        await engine.close()


def long_session(server: Server) -> str:
    """A session of LONG_SESSION messages, that nobody learns from."""
    client = growth.Client(server)
    session_id = str(client.call("POST", "/session", {"disable_task_tracking": True})["id"])
    for number in range(LONG_SESSION):
        blob = {
            "role": "assistant" if number % 2 else "user",
            "content": f"Message {number}: {growth.Words(number % 7).text(200)}",
        }
        client.call("POST", f"/session/{session_id}/messages", {"blob": blob, "format": "openai"})
    return session_id


def _settle(space_id: str, now: int, connection: Connection) -> None:
    """What a live page takes for a change."""
    connection.execute(sa.update(spaces).where(spaces.c.id == space_id).values(updated_at=now))


@contextmanager
def viewers(visitor: Visitor, server: Server, filling: Filling, count: int) -> Iterator[list[int]]:
    """Viewers of live pages for the length of the block, and something to be seen; how often each heard of it."""
    over, heard = threading.Event(), [0] * count

    def watch(number: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as stream:
            stream.request("GET", "/live", headers={"Cookie": visitor.cookie})
            reply, asked_at = stream.getresponse(), 0.0
            while not over.is_set():
                if reply.readline().startswith(b"event: learned"):
                    heard[number] += 1
                    if time.monotonic() - asked_at >= LIVE_SECONDS:
                        asked_at = time.monotonic()
                        visitor.get("/parts/standing")

    def settle() -> None:
        space_id = next(iter(filling.space_ids.values()))
        while not over.wait(1.0):
            filling.store.write_now(partial(_settle, space_id, filling.store.clock.now()))

    threads = [threading.Thread(target=watch, args=(number,), daemon=True) for number in range(count)]
    teller = threading.Thread(target=settle, daemon=True)
    for one in (*threads, teller):
        one.start()
    time.sleep(1.0)
    try:
        yield heard
    finally:
        over.set()
        teller.join(10)
        for one in threads:
            one.join(20)


def ingest(server: Server, seconds: float) -> float:
    """How many messages a second WRITERS connections store."""
    client = growth.Client(server)
    connections = []
    for _ in range(WRITERS):
        session_id = client.call("POST", "/session", {"disable_task_tracking": True})["id"]
        body = {"blob": {"role": "user", "content": "x" * 2_000}, "format": "openai"}
        connections.append([load.request(f"/api/v1/session/{session_id}/messages", server.key, body)])
    client.close()
    return asyncio.run(load.post("127.0.0.1", server.port, connections, seconds)).per_second


def main() -> None:
    """Fill a home, and print what its pages take."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--skills", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=60, help="of each kind")
    parser.add_argument("--turns", type=int, default=5, help="with and without viewers")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each turn")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line, and no verdict")
    options = parser.parse_args()
    growth.MESSAGES_A_SESSION, growth.SESSIONS_A_COMMIT = 10, 500
    with running(secret=SECRET, quiet_seconds="3600") as server:
        project_id, space_ids = asyncio.run(_prepare(server, [10, 1_000, options.skills]))
        with closing(Store.open(config.load({}, home=server.home))) as store:
            filling = Filling(store, project_id, space_ids, 1)
            seconds = filling.grow(options.messages, options.skills)
            told = f"{options.messages // growth.MESSAGES_A_SESSION} sessions, {filling.messages} messages"
            print(f"filled to {told}, {filling.skills} skills in {seconds:.0f} s", flush=True)
            long_id, visitor, found = long_session(server), Visitor(server), list[Timed]()
            for name, paths in pages(filling, long_id, options.requests, random.Random(1)):  # noqa: S311 - which pages
                found.append(timed(visitor, name, paths))
                print(json.dumps(msgspec.to_builtins(found[-1])), flush=True)
            alone, watched = list[float](), list[float]()
            for _ in range(options.turns):
                alone.append(ingest(server, options.seconds))
                with viewers(visitor, server, filling, VIEWERS) as heard:
                    watched.append(ingest(server, options.seconds))
                print(json.dumps({"alone": alone[-1], "watched": watched[-1], "heard": heard}), flush=True)
    if not options.json:
        slowest, largest = max(one.first_p95_ms for one in found), max(one.whole_p95_ms for one in found)
        print(f"slowest first byte: p95 {slowest} ms (target {FIRST_BYTE_MS:.0f}); whole {largest} ms ({WHOLE_MS:.0f})")
        lost = 1 - statistics.median(b / a for a, b in zip(alone, watched, strict=True))
        print(f"ten viewers cost ingest {lost:+.1%} (target at most {SLOWER:.0%})")


if __name__ == "__main__":
    main()
