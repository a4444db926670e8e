"""Lists, search and learning as a store grows: does a page, a search or a lesson get slower or dearer?

A store is filled through its tables, not over HTTP: skills of two files with six entries each, in a
space of every size that `--skills` names (a skill may be in several), and sessions of a hundred short messages that
are read already, each with a task and a lesson, spread over the spaces. Texts are pieces of real runs in which every
third word is an invented one out of 20,000, some common, most rare; otherwise all entries would share their words.

After each step it starts a server on that store and asks one request after the other:

- pages of 20 sessions and of 20 skills of the project, at the beginning and from random places; pages of 50 messages of
  random sessions: these are the lists that the target of 50 ms is about;
- everything that a space has, which has no pages in the API: its skills and its sessions. These grow with the space;
- searches in a space for the entries closest to a text like one of its own, as the writer of lessons does for each
  lesson. There is no route for it yet, so it runs in this process, without HTTP;
- learning ten messages of a real run: calls, prompt tokens (o200k_base), and the time from the flush to `completed`
  with a scripted model that answers at once. The text to learn is the same for all spaces but for one number.

With `--database postgresql://…` all of it is there, analysed after each filling as autovacuum would do in time.
"""

import argparse
import asyncio
import http.client
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import count, islice
from urllib.parse import quote

import msgspec
import sqlalchemy as sa

from cost import answer, library, runs
from seasoned import config
from seasoned.engine import Engine
from seasoned.ids import new_id
from seasoned.message import Json, JsonObject
from seasoned.store import Connection, Store, files, search, spaces
from seasoned.store.rows import encode_cursor, on_postgres
from seasoned.store.schema import (
    contents,
    disks,
    entries,
    lessons,
    messages,
    sessions,
    space_sessions,
    tasks,
    versions,
)
from seasoned.store.schema import files as file_table
from seasoned.store.schema import skills as skill_table
from seasoned.store.schema import spaces as space_table
from seasoned.testing import Provider, provider
from seasoned.tokens import count_tokens
from server import Server, running

MESSAGES_A_SESSION = 100
MESSAGE_CHARS = 400
ENTRY_CHARS = 300
VOCABULARY = 20_000
SYLLABLES = tuple(first + last for first in "bdfgklmnprst" for last in "aeiou")
TEXTS = 1_000
SKILLS_A_COMMIT = 200
SESSIONS_A_COMMIT = 50
LEARNED_MESSAGES = 10
WHOLE_LISTS = 20
HITS = 12
WAIT_SECONDS = 300.0
KIND_SECONDS_MAX = 20.0
SECRET = "benchmark"
# A question that was asked before is answered from what is stored, so each session has a number of its own.
MARKS = map(str, count(1_000))
TARGET_MS = 50.0
TARGET_MORE = 0.10


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """How long some requests of a kind took, in milliseconds."""

    messages: int
    skills: int
    what: str
    count: int
    p50_ms: float
    p99_ms: float


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What one more lesson took in a space, as medians; `skills` are those of the space, `ms` milliseconds."""

    messages: int
    skills: int
    what: str = "learning"
    count: int
    calls: float
    tokens: float
    ms: float


class Words:
    """Texts of real runs with invented words in them, always the same."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - texts to be repeated, no secret
        self._texts = [text.split() for run in runs() for text in _said(run) if len(text) > MESSAGE_CHARS // 4]

    def text(self, chars: int) -> str:
        """A text of about so many characters."""
        found, length = [], 0
        while length < chars:
            words = self._chance.choice(self._texts)
            for word in words[self._chance.randrange(len(words)) :]:
                found.append(self._word(word))
                length += len(found[-1]) + 1
                if length >= chars:
                    break
        return " ".join(found)

    def _word(self, word: str) -> str:
        if self._chance.random() > 1 / 3:
            return word
        # The cube makes low numbers common and high ones rare.
        number = int(VOCABULARY * self._chance.random() ** 3)
        base = len(SYLLABLES)
        return SYLLABLES[number % base] + SYLLABLES[number // base % base] + SYLLABLES[number // base**2 % base]

    def skill(self, number: int) -> tuple[str, dict[str, bytes]]:
        """A skill as a learner leaves it behind."""
        name, content = next(library(1, number))
        topics = ("\n".join(f"## Case {number}.{k}\n{self.text(ENTRY_CHARS)}\n" for k in range(6)) for _ in range(2))
        changed = {f"topic-{n}.md": f"# Topic {n}\n\n{text}".encode() for n, text in enumerate(topics)}
        return name, {**content, **changed}


def _said(run: Sequence[JsonObject]) -> Iterator[str]:
    return (said for one in run if isinstance(said := one.get("content"), str))


class _Rows:
    """Rows on their way into tables, in the order in which the tables came up first."""

    def __init__(self) -> None:
        self._by_table: dict[sa.Table, list[dict[str, object]]] = {}

    def add(self, table: sa.Table, **values: object) -> None:
        """A row of a table."""
        self._by_table.setdefault(table, []).append(values)

    def insert(self, connection: Connection) -> None:
        """Write them all."""
        for table, rows in self._by_table.items():
            connection.execute(sa.insert(table), rows)


class Filling:
    """A store that grows: its project, a space for each number of skills, and how much is in it."""

    def __init__(self, store: Store, project_id: str, space_ids: dict[int, str], seed: int) -> None:
        self.store = store
        self.project_id = project_id
        self.space_ids = space_ids
        self.messages = 0
        self.skills = 0
        self._words = Words(seed)
        # Messages are not searched, so they may say the same.
        texts = (self._words.text(MESSAGE_CHARS) for _ in range(TEXTS))
        self._parts = [msgspec.json.encode([{"type": "text", "text": text}]).decode() for text in texts]

    def grow(self, message_count: int, skill_count: int) -> float:
        """Bring the store to these numbers; how many seconds that took."""
        started = time.perf_counter()
        while self.skills < skill_count:
            some = range(self.skills, min(self.skills + SKILLS_A_COMMIT, skill_count))
            self.store.write_now(partial(self._add_skills, some))
            self.skills = some.stop
        while self.messages < message_count:
            self.store.write_now(self._add_sessions)
            self.messages += SESSIONS_A_COMMIT * MESSAGES_A_SESSION
        self.store.write_now(_analyse)
        return time.perf_counter() - started

    def _add_skills(self, numbers: range, connection: Connection) -> None:
        """Skills as `store.skills.create` leaves them, many in one statement a table."""
        now, rows, made = self.store.clock.now(), _Rows(), []
        for number in numbers:
            name, content = self._words.skill(number)
            about = files.about(name, f"Lessons about domain {number}.", content["SKILL.md"])
            skill_id, disk_id, at = new_id(), new_id(), now + number - numbers.start
            owner = {"project_id": self.project_id, "created_at": at, "updated_at": at}
            head = {"description": about.description, "head": 1, "rule": about.rule}
            rows.add(skill_table, id=skill_id, name=name, disk_id=disk_id, **head, **owner)
            rows.add(disks, id=disk_id, skill_id=skill_id, **owner)
            rows.add(versions, id=new_id(), skill_id=skill_id, number=1, author="learner", lessons="[]", created_at=at)
            rows.add(entries, skill_id=skill_id, path="", text=about.text)
            for path, new in files.pack(content, self.store.blobs, 1_000_000).items():
                told = {"sha256": new.sha256, "size": new.size, "mime": new.mime, "blame": new.blame}
                rows.add(file_table, skill_id=skill_id, path=path, since=1, **told)
                rows.add(contents, sha256=new.sha256, body=new.body)
                for text in new.searched.entries:
                    rows.add(entries, skill_id=skill_id, path=path, text=text)
            made.append((number, skill_id))
        rows.insert(connection)
        for size, space_id in self.space_ids.items():
            for number, skill_id in made:
                if number < size:
                    spaces.link_skill(connection, self.project_id, space_id, skill_id, now)

    def _add_sessions(self, connection: Connection) -> None:
        """Some sessions that are read, each with its messages, a task and a lesson, in every space the same number."""
        now, taught = self.store.clock.now(), list(self.space_ids.values())
        # What was learned between two fillings counts on, too.
        counters = (space_table.c.id, space_table.c.linked, space_table.c.written_to)
        ends = {row[0]: [row[1], row[2]] for row in connection.execute(sa.select(*counters))}
        done = self.messages // MESSAGES_A_SESSION
        rows = _Rows()
        for number in range(done, done + SESSIONS_A_COMMIT):
            session_id, task_id, at = new_id(), new_id(), now + number % SESSIONS_A_COMMIT
            times = {"created_at": at, "updated_at": at}
            place = {"session_id": session_id, **times}
            space_id = taught[number % len(taught)]
            ends[space_id] = [count + 1 for count in ends[space_id]]
            position, settled = ends[space_id]
            read = {"last_number": MESSAGES_A_SESSION, "extracted_to": MESSAGES_A_SESSION, "last_message_at": at}
            rows.add(sessions, id=session_id, project_id=self.project_id, **read, **times)
            rows.add(tasks, **_task(task_id, self.project_id, self._words.text(60)), **place)
            for order in range(1, MESSAGES_A_SESSION + 1):
                rows.add(messages, **self._message(session_id, task_id, order), **times)
            rows.add(space_sessions, id=new_id(), space_id=space_id, position=position, **place)
            rows.add(lessons, **_lesson(task_id, space_id, settled, self._words.text(200), at), **place)
        rows.insert(connection)
        for space_id, (linked, written_to) in ends.items():
            update = sa.update(space_table).where(space_table.c.id == space_id)
            connection.execute(update.values(linked=linked, written_to=written_to))

    def _message(self, session_id: str, task_id: str, number: int) -> dict[str, object]:
        return {
            "id": new_id(),
            "session_id": session_id,
            "task_id": task_id,
            "number": number,
            "role": "user" if number % 2 else "assistant",
            "parts": self._parts[(self.messages + 7 * number) % TEXTS],
            "status": "success",
            "at": self.store.clock.now(),
        }


def _task(task_id: str, project_id: str, title: str) -> dict[str, object]:
    numbers = {"position": 1, "first_number": 1, "last_number": MESSAGES_A_SESSION, "started_at": 1, "ended_at": 2}
    done = {"status": "success", "revision": 1, "distilled_revision": 1, "progresses": "[]"}
    return {"id": task_id, "project_id": project_id, "title": title, **numbers, **done}


def _lesson(task_id: str, space_id: str, number: int, text: str, at: int) -> dict[str, object]:
    about = {"kind": "fact", "title": text[:60], "text": text, "topic": "flights", "quotes": "[]"}
    end = {"status": "written", "space_id": space_id, "space_number": number, "settled_at": at, "at": at}
    return {"id": new_id(), "task_id": task_id, "revision": 1, "ordinal": 0, "number": 1, **about, **end}


def _analyse(connection: Connection) -> None:
    if on_postgres(connection):
        connection.execute(sa.text("ANALYZE"))


def timed(work: Sequence[Callable[[], object]], what: str, filling: Filling, skill_count: int) -> Timed:
    """How long pieces of work take, one after the other, after two that do not count; what would take too long stops
    after `KIND_SECONDS_MAX`, and says so by its count.
    """
    for one in work[:2]:
        one()
    taken: list[float] = []
    for one in work:
        if sum(taken) > 1000 * KIND_SECONDS_MAX:
            break
        started = time.perf_counter()
        one()
        taken.append(1000 * (time.perf_counter() - started))
    taken.sort()
    p50, p99 = statistics.median(taken), taken[int(len(taken) * 0.99)]
    return Timed(
        messages=filling.messages,
        skills=skill_count,
        what=what,
        count=len(taken),
        p50_ms=round(p50, 2),
        p99_ms=round(p99, 2),
    )


class Client:
    """One connection to a server."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_SECONDS)
        self._headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: object = None) -> JsonObject:
        """The `data` of an answer, empty when it is no object. Raises AssertionError for an error."""
        sent = None if body is None else msgspec.json.encode(body)
        self._connection.request(method, f"/api/v1{path}", sent, self._headers)
        reply = self._connection.getresponse()
        text = reply.read()
        assert reply.status < http.HTTPStatus.BAD_REQUEST, f"{method} {path}: {reply.status} {text[:300]!r}"
        data = msgspec.json.decode(text, type=dict[str, Json])["data"]
        return data if isinstance(data, dict) else {}

    def close(self) -> None:
        """End the connection; the next call makes another. A server ends those that nobody used for seconds."""
        self._connection.close()


def lists(client: Client, filling: Filling, requests: int, chance: random.Random) -> Iterator[Timed]:
    """The project's lists, page by page."""

    def places(table: sa.Table) -> list[tuple[int, str]]:
        where = table.c.project_id == filling.project_id
        statement = sa.select(table.c.created_at, table.c.id).where(where)
        found = filling.store.read_now(lambda c: c.execute(statement).all())
        return [(row[0], row[1]) for row in chance.choices(found, k=requests)]

    for what, path, table in (
        ("a page of sessions", "/session", sessions),
        ("a page of skills", "/agent_skills", skill_table),
    ):
        cursors = ["" if n % 2 else f"&cursor={quote(encode_cursor(*one))}" for n, one in enumerate(places(table))]
        work = [partial(client.call, "GET", f"{path}?limit=20{cursor}") for cursor in cursors]
        yield timed(work, what, filling, filling.skills)
    paths = [f"/session/{session_id}/messages?limit=50" for _, session_id in places(sessions)]
    yield timed([partial(client.call, "GET", path) for path in paths], "a page of messages", filling, filling.skills)


def in_space(client: Client, filling: Filling, size: int, options: argparse.Namespace) -> Iterator[Timed]:
    """What a space has, and searches in it."""
    space_id = filling.space_ids[size]
    client.close()
    for what in ("skills", "sessions"):
        path = f"/learning_spaces/{space_id}/{what}"
        yield timed([partial(client.call, "GET", path)] * WHOLE_LISTS, f"all {what} of a space", filling, size)
    words = Words(options.seed + filling.messages + size)
    texts = [words.text(ENTRY_CHARS) for _ in range(options.requests)]
    work = [
        partial(filling.store.read_now, partial(search.near, space_id=space_id, text=text, limit=HITS))
        for text in texts
    ]
    yield timed(work, "a search in a space", filling, size)


def learn(client: Client, model: Provider, space_id: str, mark: str) -> tuple[int, int, float]:
    """Learn one session in a space: how many calls and prompt tokens it took, and milliseconds from the flush."""
    client.close()
    session_id, before = client.call("POST", "/session", {})["id"], len(model.requests)
    client.call("POST", f"/learning_spaces/{space_id}/learn", {"session_id": session_id})
    talk = [one for run in runs() for one in run[1:]]
    for number, one in enumerate(islice(talk, LEARNED_MESSAGES)):
        blob: dict[str, Json] = one if number else {**one, "content": f"Case {mark}. {one['content']}"}
        client.call("POST", f"/session/{session_id}/messages", {"blob": blob, "format": "openai"})
    started = time.perf_counter()
    client.call("POST", f"/session/{session_id}/flush")
    while (state := client.call("GET", f"/learning_spaces/{space_id}/sessions/{session_id}"))["status"] != "completed":
        assert state["status"] != "failed", state
        assert time.perf_counter() - started < WAIT_SECONDS, state
        time.sleep(0.002)
    took = 1000 * (time.perf_counter() - started)
    asked = model.requests[before:]
    return len(asked), sum(count_tokens(one.content) for request in asked for one in request), took


def learning(client: Client, model: Provider, filling: Filling, size: int, times: int) -> Learned:
    """The medians of some lessons in a space; the first one, which loads the model's client, does not count."""
    taken = [learn(client, model, filling.space_ids[size], next(MARKS)) for _ in range(times + 1)][1:]
    calls, tokens, ms = (statistics.median(one[part] for one in taken) for part in range(3))
    return Learned(
        messages=filling.messages, skills=size, count=times, calls=calls, tokens=tokens, ms=round(float(ms), 1)
    )


def measured(
    filling: Filling, server: Server, model: Provider, options: argparse.Namespace
) -> Iterator[Timed | Learned]:
    """Everything at the size that the store has now."""
    chance = random.Random(options.seed)  # noqa: S311 - which pages, no secret
    with closing(Client(server)) as client:
        yield from lists(client, filling, options.requests, chance)
        for size in [size for size in filling.space_ids if size <= filling.skills]:
            yield from in_space(client, filling, size, options)
            if options.lessons:
                yield learning(client, model, filling, size, options.lessons)


def verdict(results: Sequence[Timed | Learned]) -> list[str]:
    """How the results stand to the targets."""
    pages = [one for one in results if isinstance(one, Timed) and not one.what.startswith("all ")]
    worst = max(pages, key=lambda one: one.p99_ms)
    said = [
        f"slowest page or search: {worst.what} with {worst.messages} messages, {worst.skills} skills:"
        f" p99 {worst.p99_ms} ms (target {TARGET_MS:.0f} ms)"
    ]
    newest = {one.skills: one for one in results if isinstance(one, Learned)}
    taught = [newest[size] for size in sorted(newest)]
    for one in taught[1:]:
        more = {name: getattr(one, name) / getattr(taught[0], name) - 1 for name in ("calls", "tokens", "ms")}
        shown = ", ".join(f"{name} {change:+.1%}" for name, change in more.items())
        said.append(
            f"a lesson with {one.skills} skills against {taught[0].skills}: {shown}"
            f" (target {TARGET_MORE:.0%} for calls and tokens with 1000 against 10)"
        )
    return said


async def _prepare(server: Server, database: str, sizes: Sequence[int]) -> tuple[str, dict[int, str]]:
    engine = Engine.open(config.load(home=server.home, database=database, api_key=server.key, secret=SECRET))
    try:
        project = await engine.projects.default()
        return project.id, {size: (await engine.spaces.create(project.id)).id for size in sizes}
    finally:
        await engine.close()


def shown(one: Timed | Learned) -> str:
    """A line of the table."""
    place = f"{one.messages:>9} {one.skills:>7}  {one.what:<24}"
    if isinstance(one, Timed):
        return f"{place} p50 {one.p50_ms:>8.2f} ms, p99 {one.p99_ms:>8.2f} ms of {one.count}"
    return f"{place} {one.calls:g} calls, {one.tokens:g} prompt tokens, {one.ms:.0f} ms (medians of {one.count})"


def main() -> None:
    """Grow a store step by step and print what each step brings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--skills", type=int, nargs="+", default=[10, 1_000, 10_000])
    parser.add_argument("--requests", type=int, default=300, help="of each kind")
    parser.add_argument("--lessons", type=int, default=5, help="learned in each space; 0 learns none")
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; without it SQLite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object a line, and no verdict")
    options = parser.parse_args()
    sizes, amounts = sorted(options.skills), sorted(options.messages)
    steps = [*((amounts[0], size) for size in sizes), *((amount, sizes[-1]) for amount in amounts[1:])]
    os.environ["OPENAI_API_KEY"] = "none"
    own = {"database": options.database, "secret": SECRET, "model": "openai:scripted", "quiet_seconds": "3600"}
    results: list[Timed | Learned] = []
    with provider(partial(answer, LEARNED_MESSAGES)) as model, running(**own, base_url=model.url) as server:
        project_id, space_ids = asyncio.run(_prepare(server, options.database, sizes))
        settings = config.load({}, home=server.home, database=options.database)
        with closing(Store.open(settings)) as store:
            filling = Filling(store, project_id, space_ids, options.seed)
            for message_count, skill_count in steps:
                seconds = filling.grow(message_count, skill_count)
                if not options.json:
                    print(
                        f"filled to {filling.messages} messages, {filling.skills} skills in {seconds:.0f} s", flush=True
                    )
                for one in measured(filling, server, model, options):
                    results.append(one)
                    print(json.dumps(msgspec.to_builtins(one)) if options.json else shown(one), flush=True)
    if not options.json:
        print("\n".join(verdict(results)))


if __name__ == "__main__":
    main()
