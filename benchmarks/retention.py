"""Nothing that was learned gets lost: a thousand lessons into one space, and what of them stands at the end.

A scripted model teaches facts about queues, each with a code and a value of its own. Some come up again in other
words (the writer adds them all the same, so the space has to notice), some replace an earlier value. At the end
every fact must stand with its last value, in exactly one entry, and no file may be longer than advised.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from seasoned import config
from seasoned.engine import Engine
from seasoned.engine.sessions import NewSessionRequest
from seasoned.learning.questions import (
    AddEntry,
    CreateSkill,
    DistillAnswer,
    DistillQuestion,
    Edit,
    ReviseEntry,
    WriteAnswer,
    WriteQuestion,
)
from seasoned.lesson import Lesson, Quote
from seasoned.message import Message, Part
from seasoned.similar import best_twin
from seasoned.skill import CHARS_ADVISED, LINES_ADVISED, entries
from seasoned.testing import ScriptedModel

SKILL = "queue-limits"
AREAS = ("billing", "shipping", "search", "mail", "export", "audit", "login", "media")


class Fact(msgspec.Struct, frozen=True):
    """One lesson of the script: what it says, and which earlier one it replaces."""

    code: str
    area: str
    value: int
    text: str
    replaces: str = ""


def script(count: int, seed: int) -> list[Fact]:
    """Facts, repeats in other words, and replacements, in an order that the seed decides."""
    chance = random.Random(seed)  # noqa: S311 - a script to be repeated, no secret
    facts: list[Fact] = []
    current: dict[str, Fact] = {}
    for number in range(count):
        roll = chance.random()
        if current and roll < 0.15:
            known = current[chance.choice(sorted(current))]
            text = f"Queue {known.code} of {known.area} takes at most {known.value} jobs before it refuses."
            facts.append(Fact(known.code, known.area, known.value, text))
        elif current and roll < 0.3:
            known = current[chance.choice(sorted(current))]
            value = known.value + 1 + number
            new = _fact(known.code, known.area, value, replaces=known.text)
            current[known.code] = new
            facts.append(new)
        else:
            code = f"Q-{number:04d}"
            current[code] = _fact(code, chance.choice(AREAS), 1_000 + number)
            facts.append(current[code])
    return facts


def _fact(code: str, area: str, value: int, replaces: str = "") -> Fact:
    return Fact(code, area, value, f"Queue {code} of {area} refuses more than {value} jobs.", replaces)


def entry_of(fact: Fact) -> str:
    """A fact as an entry."""
    return f"## {fact.code}\n{fact.text}"


class Teacher:
    """Distils the next facts of the script, and writes each as an entry of its own."""

    def __init__(self, facts: Sequence[Fact], lessons_a_task: int) -> None:
        self._facts = facts
        self._count = lessons_a_task
        self._by_text = {fact.text: fact for fact in facts}

    def distill(self, question: DistillQuestion) -> DistillAnswer:
        """The facts of the task whose number the title says."""
        start = int(question.task.title.rsplit(" ", 1)[1])
        first = question.messages[0]
        quotes = (Quote(number=first.number, text=question.task.title),)
        lessons = tuple(
            Lesson(kind="fact", title=fact.code, text=fact.text, replaces=fact.replaces, topic=SKILL, quotes=quotes)
            for fact in self._facts[start : start + self._count]
        )
        return DistillAnswer(summary=question.task.title, lessons=lessons)

    def write(self, question: WriteQuestion) -> WriteAnswer:
        """An entry for each lesson, in the file of its area; a replacement revises the entry where it stands."""
        edits: list[Edit] = []
        where = {one.text: (one.skill, one.path) for one in question.near}
        for pending in question.lessons:
            fact = self._by_text[pending.lesson.text]
            old = f"## {fact.code}\n{fact.replaces}"
            standing = next((place for text, place in where.items() if fact.replaces and fact.replaces in text), None)
            keys = (pending.key,)
            if standing is not None:
                skill, path = standing
                edits.append(ReviseEntry(skill=skill, path=path, entry=old, text=entry_of(fact), lessons=keys))
                where[entry_of(fact)] = standing
                continue
            edits.append(CreateSkill(name=SKILL, description="Limits of queues.", body="# Queue limits", lessons=keys))
            path = f"{fact.area}.md"
            edits.append(AddEntry(skill=SKILL, path=path, title=fact.area.title(), text=entry_of(fact), lessons=keys))
            where[entry_of(fact)] = (SKILL, path)
        return WriteAnswer(edits=tuple(edits))


async def teach(home: Path, facts: Sequence[Fact], lessons_a_task: int) -> dict[str, str]:
    """Every file of the space after all facts were taught."""
    teacher = Teacher(facts, lessons_a_task)
    model = ScriptedModel(on_distill=teacher.distill, on_write=teacher.write)
    engine = Engine.open(config.load(home=home, quiet_seconds=600), model=model)
    await engine.start()
    try:
        project = await engine.projects.default()
        space = await engine.spaces.create(project.id)
        for start in range(0, len(facts), lessons_a_task):
            session, _ = await engine.sessions.create(project.id, NewSessionRequest())
            await engine.spaces.learn(project.id, space.id, session.id)
            said = Message(role="user", parts=(Part("text", text=f"Tell me about the queues from {start}"),))
            await engine.messages.store(project.id, session.id, said, None)
            await engine.sessions.flush(project.id, session.id)
        while True:
            change = engine.scheduler.next_change()
            if all(one.status == "completed" for one in await engine.spaces.states(project.id, space.id)):
                break
            await change.wait()
        found: dict[str, str] = {}
        for state in await engine.skills.of_space(project.id, space.id):
            for path, data in (await engine.skills.content(project.id, state.row.id)).files.items():
                found[f"{state.row.name}/{path}"] = data.decode()
        return found
    finally:
        await engine.close()


def judge(facts: Sequence[Fact], found: dict[str, str]) -> dict[str, int]:
    """What stands, what is missing, what is doubled, and what is too long."""
    texts = [
        entry.text
        for path, text in found.items()
        if path.startswith(f"{SKILL}/") and not path.endswith("SKILL.md")
        for entry in entries(text)
    ]
    last = {fact.code: fact for fact in facts}
    codes = Counter(code for text in texts for code in last if code in text)
    standing = {code for code, fact in last.items() if any(code in text and str(fact.value) in text for text in texts)}
    twins = sum(best_twin(text, texts[:place]) is not None for place, text in enumerate(texts))
    long = [path for path, text in found.items() if len(text) > CHARS_ADVISED or text.count("\n") > LINES_ADVISED]
    return {
        "facts": len(last),
        "standing with their last value": len(standing),
        "missing": len(last) - len(standing),
        "in more than one entry": sum(count > 1 for count in codes.values()),
        "near-duplicate entries": twins,
        "entries": len(texts),
        "files over the advised length (journals aside)": sum(not path.startswith("daily-logs/") for path in long),
    }


def main() -> None:
    """Teach, and print what became of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lessons", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    facts = script(options.lessons, options.seed)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="seasoned-retention-") as home:
        found = asyncio.run(teach(Path(home), facts, 5))
    print(f"{len(facts)} lessons in {time.perf_counter() - started:.1f} s")
    for name, count in judge(facts, found).items():
        print(f"{count:>6}  {name}")


if __name__ == "__main__":
    main()
