"""What learning costs: model calls and prompt tokens for one learned task, counted on the real prompts.

Transcripts of real agent runs (examples/airline.json), cut and joined to the length wanted, go through the whole
pipeline over true HTTP to a scripted OpenAI-compatible server, which counts what it is asked with the o200k_base
tokenizer. Every transcript is one task that succeeds and teaches two lessons and one preference. The space holds
other skills whose entries use the words of other runs, so that the search has something to choose from. The last
columns compare with the published pipeline's formula for 30 messages and 10 skills: 11 calls and 80,000 tokens in a
burst, 23 calls and 125,000 spread over five batches.

The second table has tasks of 300 messages: the same runs, and a coding session made of this repository's own files
(reads, edits, failing and passing tests, a slow hook). The third plays labelled worlds with the careful model of the
tests. `cached` is the share of prompt tokens that a provider's cache of prompt prefixes can serve: what a call has in
common with the beginning of an earlier one, from 1,024 tokens on.
"""

import argparse
import asyncio
import json
import os
import re
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import cache, partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import msgspec
from tests.support.careful import CarefulModel
from tests.support.server import running
from tests.support.worlds import scorer, world_named

from seasoned import config, formats
from seasoned.clock import SECOND, parse_time
from seasoned.engine import Engine
from seasoned.engine.sessions import NewSessionRequest
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.message import Message
from seasoned.skill import Frontmatter, render_skill_file
from seasoned.store import files, skills, spaces
from seasoned.store.skills import NewSkill, NewVersion
from seasoned.testing import Asked, provider
from seasoned.tokens import count_tokens

RUNS = Path(__file__).parents[1] / "examples" / "airline.json"
FORMULA = {"burst": (11, 80_000), "five batches": (23, 125_000)}
SKILL_FILES = 2
ENTRIES = 6
DEADLINE_SECONDS = 120.0
LONG = 300
CACHED_FROM_TOKENS = 1_024
WORLDS = ("fintech-devops", "retail-support")
STAGES = {"extract": "list of tasks", "distill": "worked on one task", "write": "library of skills"}


class Spent(msgspec.Struct, frozen=True):
    """Calls and prompt tokens, how many of them by stage, and the share that a cache of prefixes can serve."""

    calls: int
    tokens: int
    stages: dict[str, int]
    cached: float


def spent(requests: Sequence[Sequence[Asked]]) -> Spent:
    """What some requests took."""
    prompts = ["\n".join(one.content for one in request) for request in requests]
    tokens = [sum(count_tokens(one.content) for one in request) for request in requests]
    cached = 0
    for place, prompt in enumerate(prompts):
        common = max((_common(prompt, earlier) for earlier in prompts[:place]), default=0)
        prefix = min(count_tokens(prompt[:common]), tokens[place])
        cached += prefix if prefix >= CACHED_FROM_TOKENS else 0
    stages = {
        stage: sum(count for prompt, count in zip(prompts, tokens, strict=True) if mark in prompt[:400])
        for stage, mark in STAGES.items()
    }
    return Spent(len(requests), sum(tokens), stages, cached / max(1, sum(tokens)))


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    most = min(len(one), len(other))
    return next((place for place in range(most) if one[place] != other[place]), most)


@cache
def runs() -> tuple[list[dict[str, Any]], ...]:
    """The messages of each run, in OpenAI's format."""
    return tuple(run["traj"] for run in json.loads(RUNS.read_text()))


def transcript(length: int) -> list[Message]:
    """Real messages, one run after the other, as many as wanted."""
    talk = (message for run in cycle(runs()) for message in run[1:])
    return [formats.parse(message, "openai") for message in islice(talk, length)]


def coding(length: int) -> list[tuple[int, Message]]:
    """A coding session as timed messages in OpenAI's format: files read and edited, tests that fail and then pass, and
    a commit that a hook makes slow.
    """
    sources = [path.read_text() for path in sorted((Path(__file__).parents[1] / "src" / "seasoned").glob("**/*.py"))]
    texts = [text for text in sources if 2_000 < len(text) < 24_000]
    found: list[tuple[int, dict[str, Any]]] = [(0, {"role": "user", "content": "Split the store by nouns, please."})]
    at = 0

    def call(name: str, arguments: dict[str, str], answer: str, seconds: int) -> None:
        nonlocal at
        key = f"call_{len(found)}"
        function = {"name": name, "arguments": json.dumps(arguments)}
        asks = {"role": "assistant", "content": f"Step {len(found)}: {name}."}
        found.append((at + 5, {**asks, "tool_calls": [{"id": key, "type": "function", "function": function}]}))
        at += 5 + seconds
        found.append((at, {"role": "tool", "tool_call_id": key, "content": answer}))

    for step in range(length // 8 + 1):
        text, other = texts[step % len(texts)], texts[(step * 3 + 1) % len(texts)]
        name, middle = f"src/part_{step}.py", len(text) // 2
        call("read_file", {"path": name}, text[:12_000], 1)
        edit = {"path": name, "old": text[middle : middle + 900], "new": other[:1_400]}
        call("edit_file", edit, "The file was edited.\n" + other[:600], 1)
        trace = "\n".join(f"  File src/part_{n}.py, line {n}, in run" for n in range(40))
        passed = "\n".join(f"tests/test_{n}.py ......... [{n}%]" for n in range(60))
        outcome = f"Traceback (most recent call last):\n{trace}\nKeyError: 'part_{step % 7}'\nexit code 1"
        call("bash", {"command": f"pytest tests/part_{step}"}, outcome if step % 4 == 0 else passed, 20)
        call("bash", {"command": f"git commit -am 'Split part {step}'"}, f"[main] Split part {step}", 182)
    found = found[: length - 1]
    found.append((at, {"role": "assistant", "content": "The store is split by nouns and the tests pass."}))
    return [(seconds, formats.parse(blob, "openai")) for seconds, blob in found]


def answer(length: int, asked: Sequence[Asked]) -> str:
    """What a model would answer: one task over all messages, two lessons, one preference, an entry for each."""
    instructions, prompt = asked[0].content, asked[1].content
    if "list of tasks" in instructions:
        return json.dumps(_extract(prompt, length))
    if "worked on one task" in instructions:
        return json.dumps(_distill(prompt))
    edits = [
        {"type": "add_entry", "skill": "user-general-facts", "path": "notes.md", "title": "Notes"}
        | {"text": f"## Lesson {key}\nWhat {key} says.", "lessons": [key]}
        for key in re.findall(r"^(L\d+) \w+ \[", prompt, re.MULTILINE)
    ]
    return json.dumps({"edits": edits})


def _extract(prompt: str, length: int) -> dict[str, object]:
    said = re.findall(r"^\[(\d+)\] person: (\S.{2,})$", prompt, re.MULTILINE)
    numbers = [int(one) for one in re.findall(r"^\[(\d+)\] ", prompt, re.MULTILINE)]
    begun = re.search(r"^1\. \(", prompt, re.MULTILINE) is not None
    status = "success" if max(numbers) == length else "running"
    task: dict[str, object] = {"order": 1 if begun else None, "title": "Help with a flight", "status": status}
    task["messages"] = [[min(numbers), max(numbers)]]
    if begun or not said:
        return {"tasks": [task]}
    found = {"text": "The user flies economy.", "topic": "travel", "message": int(said[0][0]), "quote": said[0][1][:40]}
    return {"tasks": [task], "preferences": [found]}


def _distill(prompt: str) -> dict[str, object]:
    number, words = re.findall(r"^\[(\d+)\] \w+: (\S.{10,60})", prompt, re.MULTILINE)[0]
    quotes = [{"number": int(number), "text": words[:50]}]
    lessons = [
        {"kind": "fact", "title": f"Fact {n}", "text": f"{words} {n}", "topic": "travel", "quotes": quotes}
        for n in (1, 2)
    ]
    return {"summary": "It went well.", "lessons": lessons}


@cache
def _texts() -> list[str]:
    return [text for message in transcript(400) if (text := message.prose())]


def library(count: int, first: int = 0) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Skills as a learner leaves them behind: a few files of a few entries each, in words of real runs."""
    texts = _texts()
    for number in range(first, first + count):
        words = [texts[(number * 7 + k) % len(texts)] for k in range(SKILL_FILES * ENTRIES)]
        head = Frontmatter(
            name=f"domain-{number}", description=f"Lessons about domain {number}: {words[0][:80]}", body="# Domain"
        )
        content = {"SKILL.md": render_skill_file(head).encode()}
        for file in range(SKILL_FILES):
            entries = words[file * ENTRIES : (file + 1) * ENTRIES]
            body = "\n".join(f"## Case {number}.{file}.{k}\n{text[:300]}\n" for k, text in enumerate(entries))
            content[f"topic-{file}.md"] = f"# Topic {file}\n\n{body}".encode()
        yield head.name, content


async def _stock(engine: Engine, project_id: str, space_id: str, count: int) -> None:
    for name, content in library(count):
        packed = files.pack(content, engine.store.blobs, engine.config.inline_bytes_max)
        about = files.about(name, f"Lessons about {name}.", content["SKILL.md"])
        new = NewSkill(project_id=project_id, name=name, description=f"Lessons about {name}.")
        version = NewVersion(changes=packed, author="learner", about=about)

        def commit(connection: Any, new: NewSkill = new, version: NewVersion = version) -> None:
            now = engine.store.clock.now()
            row = skills.create(connection, new, version, now)
            spaces.link_skill(connection, project_id, space_id, row.id, now)

        await engine.store.write(commit)


Feed = Callable[[Engine, str, str], Coroutine[None, None, str]]


async def _learn(home: Path, feed: Feed, skill_count: int) -> None:
    """Learn from the session that `feed` brings into a space."""
    engine = Engine.open(config.load(home=home, model="openai:scripted", quiet_seconds=DEADLINE_SECONDS))
    await engine.start()
    try:
        project = await engine.projects.default()
        space = await engine.spaces.create(project.id)
        await _stock(engine, project.id, space.id, skill_count)
        session_id = await feed(engine, project.id, space.id)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (state := await engine.spaces.state(project.id, space.id, session_id)).status != "completed":
                assert state.status != "failed", state.reason
                await asyncio.sleep(0.02)
    finally:
        await engine.close()


def arriving(messages: Sequence[Message], batches: int) -> Feed:
    """Messages that are stored one by one, and flushed `batches` times on their way."""

    async def feed(engine: Engine, project_id: str, space_id: str) -> str:
        session, _ = await engine.sessions.create(project_id, NewSessionRequest())
        await engine.spaces.learn(project_id, space_id, session.id)
        size = -(-len(messages) // batches)
        for start in range(0, len(messages), size):
            for message in messages[start : start + size]:
                await engine.messages.store(project_id, session.id, message, None)
            done, why = await engine.sessions.flush(project_id, session.id)
            assert done, why
        return session.id

    return feed


def imported(timed: Sequence[tuple[int, Message]]) -> Feed:
    """A transcript with times in seconds."""
    began = (parse_time("2026-03-02T09:12:00Z") or 0) // SECOND
    messages = tuple(TimedMessage((began + seconds) * SECOND, message) for seconds, message in timed)

    async def feed(engine: Engine, project_id: str, space_id: str) -> str:
        told = Transcript(key="long", source="long", format="openai", messages=messages)
        taken = await engine.learning.take(project_id, space_id, told)
        assert taken is not None
        return taken.session_id

    return feed


def measure(feed: Feed, length: int, skill_count: int) -> Spent:
    """What one transcript takes."""
    with tempfile.TemporaryDirectory(prefix="seasoned-cost-") as home, provider(partial(answer, length)) as server:
        os.environ |= {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "none"}
        asyncio.run(_learn(Path(home), feed, skill_count))
        return spent(server.requests)


def measure_world(name: str) -> Spent:
    """What a labelled world takes, played through a server."""
    world, score = world_named(name), scorer()
    with tempfile.TemporaryDirectory(prefix="seasoned-cost-") as home, provider(CarefulModel(world)) as model:
        settings = {"SEASONED_MODEL": "openai:careful", "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "none"}
        settings["SEASONED_QUIET_SECONDS"] = str(10 * DEADLINE_SECONDS)
        with running(Path(home), settings) as server, server.client() as client:
            seen, _, _ = score.play(client, world, DEADLINE_SECONDS)
        assert all(one["status"] == "completed" for one in seen)
        return spent(model.requests)


def _row(name: str, found: Spent) -> str:
    stages = " ".join(f"{stage} {tokens:>7,}" for stage, tokens in found.stages.items())
    return f"{name:>22} {found.calls:>5} calls {found.tokens:>8,} tokens ({stages}), {found.cached:.0%} cached"


def main() -> None:
    """Measure every combination and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lengths", type=int, nargs="*", default=[10, 30, 100])
    parser.add_argument("--skills", type=int, nargs="+", default=[10, 100, 1_000])
    options = parser.parse_args()
    print(f"{'messages':>8} {'arriving':>16} {'skills':>6} {'calls':>5} {'tokens':>7} {'cached':>6}  of the formula")
    for length in options.lengths:
        turns = max(2, length // 4)
        for name, batches in (("burst", 1), ("five batches", 5), (f"{turns} turns", turns)):
            for skill_count in options.skills:
                found = measure(arriving(transcript(length), batches), length, skill_count)
                share = ""
                if length == 30 and name in FORMULA:
                    calls, tokens = FORMULA[name]
                    share = f"{found.calls / calls:.0%} of the calls, {found.tokens / tokens:.0%} of the tokens"
                told = f"{found.calls:>5} {found.tokens:>7} {found.cached:>6.0%}  {share}"
                print(f"{length:>8} {name:>16} {skill_count:>6} {told}", flush=True)
    print(f"\nTasks of {LONG} messages:")
    runs_of_tools = [(30 * place, message) for place, message in enumerate(transcript(LONG))]
    for name, timed in (("customers' calls", runs_of_tools), ("coding", coding(LONG))):
        print(_row(name, measure(imported(timed), LONG, 10)), flush=True)
    print("\nLabelled worlds of 12 sessions:")
    for name in WORLDS:
        print(_row(name, measure_world(name)), flush=True)


if __name__ == "__main__":
    main()
