"""What learning costs: model calls and prompt tokens for one learned task, counted on the real prompts.

Transcripts of real agent runs (examples/airline.json), cut and joined to the length wanted, go through the whole
pipeline over true HTTP to a scripted OpenAI-compatible server, which counts what it is asked with the o200k_base
tokenizer. Every transcript is one task that succeeds and teaches two lessons and one preference. The space holds
other skills whose entries use the words of other runs, so that the search has something to choose from. The last
columns compare with the published pipeline's formula for 30 messages and 10 skills: 11 calls and 80,000 tokens in a
burst, 23 calls and 125,000 spread over five batches.
"""

import argparse
import asyncio
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from seasoned import config, formats
from seasoned.engine import Engine
from seasoned.engine.sessions import NewSessionRequest
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


@cache
def runs() -> tuple[list[dict[str, Any]], ...]:
    """The messages of each run, in OpenAI's format."""
    return tuple(run["traj"] for run in json.loads(RUNS.read_text()))


def transcript(length: int) -> list[Message]:
    """Real messages, one run after the other, as many as wanted."""
    talk = (message for run in cycle(runs()) for message in run[1:])
    return [formats.parse(message, "openai") for message in islice(talk, length)]


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
    said = re.findall(r"^\[(\d+)\] user: (\S.{2,})$", prompt, re.MULTILINE)
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


async def _learn(home: Path, messages: Sequence[Message], batches: int, skill_count: int) -> None:
    """One session, flushed `batches` times on its way."""
    engine = Engine.open(config.load(home=home, model="openai:scripted", quiet_seconds=DEADLINE_SECONDS))
    await engine.start()
    try:
        project = await engine.projects.default()
        space = await engine.spaces.create(project.id)
        await _stock(engine, project.id, space.id, skill_count)
        session, _ = await engine.sessions.create(project.id, NewSessionRequest())
        await engine.spaces.learn(project.id, space.id, session.id)
        size = -(-len(messages) // batches)
        for start in range(0, len(messages), size):
            for message in messages[start : start + size]:
                await engine.messages.store(project.id, session.id, message, None)
            done, why = await engine.sessions.flush(project.id, session.id)
            assert done, why
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (state := await engine.spaces.state(project.id, space.id, session.id)).status != "completed":
                assert state.status != "failed", state.reason
                await asyncio.sleep(0.02)
    finally:
        await engine.close()


def measure(length: int, batches: int, skill_count: int) -> tuple[int, int]:
    """How many calls and prompt tokens one transcript takes."""
    with tempfile.TemporaryDirectory(prefix="seasoned-cost-") as home, provider(partial(answer, length)) as server:
        os.environ |= {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "none"}
        asyncio.run(_learn(Path(home), transcript(length), batches, skill_count))
        return len(server.requests), sum(count_tokens(one.content) for request in server.requests for one in request)


def main() -> None:
    """Measure every combination and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lengths", type=int, nargs="+", default=[10, 30, 100])
    parser.add_argument("--skills", type=int, nargs="+", default=[10, 100, 1_000])
    options = parser.parse_args()
    print(f"{'messages':>8} {'arriving':>16} {'skills':>6} {'calls':>5} {'tokens':>7}  of the formula")
    for length in options.lengths:
        turns = max(2, length // 4)
        for name, batches in (("burst", 1), ("five batches", 5), (f"{turns} turns", turns)):
            for skill_count in options.skills:
                calls, tokens = measure(length, batches, skill_count)
                share = ""
                if length == 30 and name in FORMULA:
                    formula_calls, formula_tokens = FORMULA[name]
                    share = f"{calls / formula_calls:.0%} of the calls, {tokens / formula_tokens:.0%} of the tokens"
                print(f"{length:>8} {name:>16} {skill_count:>6} {calls:>5} {tokens:>7}  {share}", flush=True)


if __name__ == "__main__":
    main()
