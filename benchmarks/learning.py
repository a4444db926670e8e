"""Learning by several workers on PostgreSQL: how many lessons a second, and whether spaces are written one at a time.

A server takes the sessions in, `seasoned worker` processes learn, and a scripted OpenAI-compatible server answers each
call after a fixed time. Workers are processes, not more stages in one, because that is what a fleet adds; each runs
`--concurrency` stages at once (4, as by default), which is its number of slots. Each session is one finished task that
teaches one lesson: three calls, unless the writer takes several lessons of a space at once.

The clock runs from the first flush to the last lesson that is settled, as the rows say. Before it starts every worker
has asked the model, since the client of a model is loaded at its first call. The ideal is the time that the calls
alone would take if every slot had one under way all the time: calls * model time / slots. Short runs do not reach it:
the last lesson of a space still needs its calls one after the other. Workers, servers and PostgreSQL share the cores.

That a space is written by one call at a time is looked at twice. The model's server sees by a mark in the lessons
which space a writer's call is for, and counts how many of one space are under way at once. And the rows of
`model_calls` are compared: `created_at` is set while the answer is stored, so a call ended before it; `latency_ms` runs
from just before the question is sent until its answer is read. So `created_at - latency_ms` is the call's start, or
later by as long as the row waited for the database's writer: two calls that follow each other never seem to overlap,
and an overlap is missed by the rows only if it is shorter than that wait.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import httpx
import msgspec
import sqlalchemy as sa

from seasoned import config
from seasoned.message import Json
from seasoned.store import Connection, Store
from seasoned.store.schema import lessons, model_calls, space_sessions
from seasoned.testing import Asked, Provider
from seasoned.testing.provider import REQUESTS_AT_ONCE_MAX, ProviderRequest, ProviderResponse, serving
from server import Server, fresh_database, running, workers

CLIENTS = 16
ROUNDS_MAX = 20
RUN_SECONDS_MAX = 600.0
WARM_SECONDS_MAX = 120.0
LOOK_SECONDS = 0.05
MICROS = 1_000_000
ENDED = ("written", "reinforced")


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Times are in seconds; `pairs` counts calls of the writer that followed another one of their space,
    `overlaps` those that began before the other had ended, `at_once` the most that the model's server saw.
    """

    workers: int
    slots: int
    lessons: int
    calls: int
    seconds: float
    per_second: float
    ideal_per_second: float
    pairs: int
    overlaps: int
    at_once: int


class Model(Provider):
    """A scripted model that takes a fixed time, and notes how many calls of the writer one space has under way."""

    def __init__(self, seconds: float) -> None:
        super().__init__(answer)
        self._seconds = seconds
        self._guard = threading.Lock()
        self._writing: Counter[str] = Counter()
        self.writes_at_once = 0

    def answer(self, request: ProviderRequest, asked: Sequence[Asked], gone: Callable[[], bool]) -> ProviderResponse:
        """The script's answer, a while later."""
        mark = space_of(asked)
        with self._guard:
            self._writing[mark] += bool(mark)
            self.writes_at_once = max(self.writes_at_once, self._writing[mark])
        try:
            time.sleep(self._seconds)
        finally:
            # Before the answer goes out: the worker may ask the next question as soon as it has read it.
            with self._guard:
                self._writing[mark] -= bool(mark)
        return super().answer(request, asked, gone)


def space_of(asked: Sequence[Asked]) -> str:
    """The space that a question of the writer is about; empty for other questions."""
    found = re.search(r"^L1 [^\n]*\n[^\n]*box (\w+)-\d+", asked[1].content, re.MULTILINE)
    return found[1] if found else ""


def answer(asked: Sequence[Asked]) -> str:
    """What the model says: one task that succeeded, one lesson, one entry for each lesson."""
    instructions, prompt = asked[0].content, asked[1].content
    if "list of tasks" in instructions:
        numbers = [int(one) for one in re.findall(r"^\[(\d+)\] ", prompt, re.MULTILINE)]
        task = {"order": None, "title": "Open a box", "status": "success", "messages": [[min(numbers), max(numbers)]]}
        return json.dumps({"tasks": [task]})
    if "worked on one task" in instructions:
        found = re.search(r"^\[(\d+)\] user: (.*box (\w+-\d+).*)$", prompt, re.MULTILINE)
        assert found is not None, "the prompt has no message of the script"
        number, text, box = int(found[1]), found[2], found[3]
        lesson: dict[str, Json] = {"kind": "fact", "title": f"Opening box {box}", "topic": "boxes"}
        lesson |= {"text": f"Box {box} opens to the left.", "quotes": [{"number": number, "text": text[:100]}]}
        return json.dumps({"summary": "The box is open.", "lessons": [lesson]})
    pairs = re.findall(r"^(L\d+) \w+ \[[^\n]*\n(Opening box \w+-\d+)", prompt, re.MULTILINE)
    edits = [
        {"type": "add_entry", "skill": "user-general-facts", "path": "boxes.md", "title": "Boxes"}
        | {"text": f"## {title}\nIt opens to the left.", "lessons": [key]}
        for key, title in pairs
    ]
    return json.dumps({"edits": edits})


async def fill(server: Server, spaces: int, sessions: int, name: str) -> list[list[str]]:
    """Spaces with sessions that wait for their flush; the sessions' ids by space."""
    limits = httpx.Limits(max_connections=CLIENTS)
    headers = {"Authorization": f"Bearer {server.key}"}
    base = f"{server.url}/api/v1"
    async with httpx.AsyncClient(base_url=base, headers=headers, limits=limits, timeout=60) as client:

        async def post(path: str, body: dict[str, Json]) -> str:
            reply = (await client.post(path, json=body)).raise_for_status().json()
            return str((reply["data"] or {}).get("id", ""))

        async def one(space: int) -> list[str]:
            space_id, made = await post("/learning_spaces", {}), []
            for number in range(sessions):
                session_id = await post("/session", {})
                await post(f"/learning_spaces/{space_id}/learn", {"session_id": session_id})
                for role, text in (
                    ("user", f"Please find out how box {name}x{space}-{number} opens."),
                    ("assistant", "It opens to the left."),
                    ("user", "Right, it is open now. Thanks!"),
                ):
                    blob: dict[str, Json] = {"role": role, "content": text}
                    await post(f"/session/{session_id}/messages", {"blob": blob, "format": "openai"})
                made.append(session_id)
            return made

        return list(await asyncio.gather(*(one(space) for space in range(spaces))))


async def flush(server: Server, by_space: Sequence[Sequence[str]]) -> None:
    """Have all sessions read, the first ones of all spaces first."""
    headers = {"Authorization": f"Bearer {server.key}"}
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", headers=headers, limits=limits, timeout=60) as client:
        turns = [one for turn in zip(*by_space, strict=True) for one in turn]
        for reply in await asyncio.gather(*(client.post(f"/session/{one}/flush") for one in turns)):
            reply.raise_for_status()


def settled(store: Store, by_space: Sequence[Sequence[str]], seconds: float) -> int:
    """When the last lesson of some sessions was settled, in microseconds, once each has one.

    Raises AssertionError when that takes too long, or a lesson ended otherwise than in a skill.
    """
    wanted = [one for some in by_space for one in some]
    ends = sa.select(lessons.c.status, lessons.c.settled_at).where(
        lessons.c.session_id.in_(wanted), lessons.c.settled_at.is_not(None)
    )
    deadline = time.monotonic() + seconds
    while True:
        rows = store.read_now(lambda c: c.execute(ends).all())
        if len(rows) >= len(wanted):
            break
        assert time.monotonic() < deadline, f"{len(rows)} of {len(wanted)} lessons after {seconds} s"
        time.sleep(LOOK_SECONDS)
    strays = Counter(row[0] for row in rows if row[0] not in ENDED)
    assert len(rows) == len(wanted) and not strays, f"{len(rows)} of {len(wanted)} lessons, {dict(strays)}"
    return int(max(row[1] for row in rows))


def calls_of(store: Store, by_space: Sequence[Sequence[str]]) -> tuple[int, int, int]:
    """How many calls some spaces took, how many of the writer followed another of their space, and how many began
    before the other one had ended.
    """

    def look(connection: Connection) -> list[tuple[str, str, int, int]]:
        wanted = [one for some in by_space for one in some]
        mine = sa.select(space_sessions.c.space_id).where(space_sessions.c.session_id.in_(wanted))
        start = (model_calls.c.created_at - model_calls.c.latency_ms * 1_000).label("start")
        statement = sa.select(model_calls.c.stage, model_calls.c.space_id, start, model_calls.c.created_at)
        found = connection.execute(statement.where(model_calls.c.space_id.in_(mine)).order_by("start"))
        return [(row[0], row[1], row[2], row[3]) for row in found]

    rows = store.read_now(look)
    writes: dict[str, list[tuple[int, int]]] = {}
    for stage, space_id, start, end in rows:
        if stage == "write":
            writes.setdefault(space_id, []).append((start, end))
    pairs = [pair for spans in writes.values() for pair in pairwise(spans)]
    return len(rows), len(pairs), sum(after[0] < before[1] for before, after in pairs)


def has_asked(pid: int) -> bool:
    """Whether a process has loaded the client of a model, which it does at its first call."""
    return "/jiter/" in Path(f"/proc/{pid}/maps").read_text()


def warm(server: Server, store: Store, pids: Sequence[int], slots: int) -> None:
    """Have every worker ask the model. Raises AssertionError when some never do."""
    for turn in range(ROUNDS_MAX):
        if all(has_asked(pid) for pid in pids):
            return
        by_space = asyncio.run(fill(server, 2 * slots, 1, f"w{turn}"))
        asyncio.run(flush(server, by_space))
        settled(store, by_space, WARM_SECONDS_MAX)
    raise AssertionError("a worker got no work while others had much")


def measure(beside: str, count: int, options: argparse.Namespace) -> Result:
    """One run with some workers on a database of their own."""
    slots = count * options.concurrency
    with fresh_database(beside) as database, serving(Model(options.seconds)) as model:
        assert isinstance(model, Model)
        own = {"database": database, "secret": "benchmark", "model": "openai:scripted", "base_url": model.url}
        own |= {"concurrency": str(options.concurrency), "model_calls": str(options.concurrency)}
        own |= {"quiet_seconds": "3600", "flush_wait_seconds": "0"}
        with (
            running(**own, worker="false") as server,
            workers(count, server.home, **own) as pids,
            closing(Store.open(config.load({}, home=server.home, database=database))) as store,
        ):
            warm(server, store, pids, slots)
            by_space = asyncio.run(fill(server, options.spaces, options.sessions, "b"))
            started = store.clock.now()
            asyncio.run(flush(server, by_space))
            seconds = (settled(store, by_space, RUN_SECONDS_MAX) - started) / MICROS
            calls, pairs, overlaps = calls_of(store, by_space)
        taught = sum(len(one) for one in by_space)
        return Result(
            workers=count,
            slots=slots,
            lessons=taught,
            calls=calls,
            seconds=round(seconds, 2),
            per_second=round(taught / seconds, 2),
            ideal_per_second=round(taught * slots / (calls * options.seconds), 2),
            pairs=pairs,
            overlaps=overlaps,
            at_once=model.writes_at_once,
        )


def table(results: Sequence[Result]) -> str:
    """The medians of each number of workers, with their ratios to the smallest number and to the ideal."""
    counts = sorted({one.workers for one in results})
    middle = {n: statistics.median(one.per_second for one in results if one.workers == n) for n in counts}
    lines = [f"{'workers':>7} {'slots':>5} {'lessons/s':>9}  to {counts[0]} worker(s)  of the ideal  overlaps  at once"]
    for n in counts:
        some = [one for one in results if one.workers == n]
        share = statistics.median(one.per_second / one.ideal_per_second for one in some)
        overlaps, pairs = sum(one.overlaps for one in some), sum(one.pairs for one in some)
        lines.append(
            f"{n:>7} {some[0].slots:>5} {middle[n]:>9.2f} {middle[n] / middle[counts[0]]:>14.2f} x {share:>12.0%}"
            f"  {overlaps} of {pairs} {max(one.at_once for one in some):>7}"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure each number of workers a few times and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--database", required=True, help="any database of a PostgreSQL server that lets us make others"
    )
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--spaces", type=int, default=64)
    parser.add_argument("--sessions", type=int, default=2, help="in each space")
    parser.add_argument("--seconds", type=float, default=0.5, help="how long the model takes for a call")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object a run, and no table")
    options = parser.parse_args()
    if max(options.workers) * options.concurrency > REQUESTS_AT_ONCE_MAX:
        parser.error(f"the scripted model takes {REQUESTS_AT_ONCE_MAX} calls at once; lower --workers or --concurrency")
    os.environ["OPENAI_API_KEY"] = "none"
    results = []
    for number in range(options.runs):
        for count in options.workers:
            result = measure(options.database, count, options)
            results.append(result)
            said = msgspec.json.encode(result).decode()
            print(said if options.json else f"run {number + 1}: {said}", flush=True)
    if not options.json:
        print(table(results))


if __name__ == "__main__":
    main()
