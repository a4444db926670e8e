"""Plays labelled worlds through the rules in this process, as the stages do, and scores what comes out.

No server, no database: a world takes a fraction of a second, so that one part of the rules after the other can be left
out. Other attempts at a request are not shown to the distill stage, so procedures are scored by `make worlds` alone.
"""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from seasoned import authors
from seasoned.formats import parse
from seasoned.learning.questions import (
    AddEntry,
    CreateSkill,
    DistillQuestion,
    ExtractQuestion,
    PendingLesson,
    ReviseEntry,
    SkillView,
    WriteQuestion,
)
from seasoned.lesson import Lesson
from seasoned.message import NumberedMessage
from seasoned.pipeline.evidence import Redactor
from seasoned.pipeline.extract import _check_preferences, _check_tasks
from seasoned.pipeline.off_record import OffRecord
from seasoned.rules.distill import distill
from seasoned.rules.extract import extract
from seasoned.rules.write import write
from seasoned.safety.origin import Origin
from seasoned.skill import add_entry, find_entry, replace_entry
from seasoned.space import FACTS
from seasoned.task import FINISHED, Task

WORLDS = Path(__file__).parent / "worlds"
FIGURES = ("task recall", "task precision", "outcome", "preferences", "stale", "lessons", "extra per lesson", "leaks")
Counts = dict[str, float]
Shown = tuple[NumberedMessage, ...]

# The scorer is a script beside the worlds, not a package.
_spec = importlib.util.spec_from_file_location("score", WORLDS / "score.py")
assert _spec is not None
assert _spec.loader is not None
scorer = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(scorer)


def load(paths: list[str]) -> list[dict[str, Any]]:
    """The worlds, each session with its messages as the stage shows them."""
    worlds = [json.loads(Path(path).read_text()) for path in paths or sorted(map(str, WORLDS.glob("*.json")))]
    for world in worlds:
        for session in world["sessions"]:
            parsed = (parse(blob, session["format"]) for blob in session["messages"])
            redactor = Redactor()
            session["shown"] = tuple(
                redactor.message(NumberedMessage(number, number, message), authors.attributed(message))
                for number, message in enumerate(parsed, 1)
            )
    return worlds


class Space:
    """The skills of a world while its sessions are learned from."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, str]] = {FACTS: {}}
        self.facts: list[str] = []

    def session(self, shown: Shown) -> list[dict[str, Any]]:
        """Learn from a session; its tasks as the scorer wants them."""
        answer = extract(ExtractQuestion(messages=shown, preferences=tuple(self.facts), closed=True))
        tasks: dict[int, tuple[Task, set[int]]] = {}
        for change in _check_tasks(answer, (), shown):
            links = tasks.get(change.task.order, (change.task, set()))[1]
            tasks[change.task.order] = (change.task, links | set(change.links))
        found = [lesson for _, lesson in _check_preferences(answer.preferences, shown, Origin((), ()), OffRecord(()))]
        for lesson in found:
            self.facts = [fact for fact in self.facts if fact not in {lesson.replaces, lesson.text}]
            self.facts.append(lesson.text)
        for task, links in tasks.values():
            if task.status in FINISHED:
                messages = tuple(one for one in shown if one.number in links)
                found.extend(distill(DistillQuestion(task=task, messages=messages)).lessons)
        self._write(found)
        return [
            {"title": task.title, "status": task.status, "messages": {number - 1 for number in links}}
            for task, links in tasks.values()
        ]

    def _write(self, found: list[Lesson]) -> None:
        skills = tuple(
            SkillView(name=name, description=name, instructions="", files=dict(files))
            for name, files in self.files.items()
        )
        pending = tuple(PendingLesson(key=str(place), lesson=lesson) for place, lesson in enumerate(found))
        for edit in write(WriteQuestion(lessons=pending, skills=skills)).edits:
            if isinstance(edit, CreateSkill):
                self.files.setdefault(edit.name, {})
            elif isinstance(edit, AddEntry):
                files = self.files.setdefault(edit.skill, {})
                files[edit.path] = add_entry(files.get(edit.path) or f"# {edit.title}\n", edit.text)
            elif isinstance(edit, ReviseEntry):
                files = self.files[edit.skill]
                old = find_entry(files[edit.path], edit.entry)
                if old is not None:
                    files[edit.path] = replace_entry(files[edit.path], old, edit.text)


def play(world: dict[str, Any]) -> tuple[Counts, list[str], dict[str, str]]:
    """The scorer's counts, what is wrong, and the files that stand at the end."""
    space = Space()
    seen = [
        {"id": session["id"], "status": "completed", "tasks": space.session(session["shown"])}
        for session in world["sessions"]
    ]
    files = {f"{skill}/{path}": text for skill, held in space.files.items() for path, text in held.items()}
    sessions = [{key: value for key, value in one.items() if key != "shown"} for one in world["sessions"]]
    counts, detail = scorer.score(world | {"sessions": sessions}, seen, files, 0)
    return counts, detail, files


def figures(counts: Counts) -> dict[str, float]:
    """The figures that count."""
    told = scorer.figures(counts)
    return {name: told[name] or 0 for name in FIGURES}


def total(worlds: list[dict[str, Any]]) -> Counts:
    """The counts over some worlds."""
    sums: Counts = {}
    for world in worlds:
        sums = {name: sums.get(name, 0) + value for name, value in play(world)[0].items()}
    return sums


def main() -> int:
    """Score the worlds given, or all of ours; `-v` says what is wrong, `-vv` also what was learned."""
    worlds = load([path for path in sys.argv[1:] if not path.startswith("-v")])
    sums: Counts = {}
    for world in worlds:
        counts, detail, files = play(world)
        sums = {name: sums.get(name, 0) + value for name, value in counts.items()}
        print(f"{world['world']:20}", *(f"{name} {value:g}" for name, value in figures(counts).items()), sep="  ")
        if "-v" in sys.argv or "-vv" in sys.argv:
            print(*(f"    {line}" for line in detail), sep="\n")
        if "-vv" in sys.argv:
            print(*(f"  == {path}\n{text}" for path, text in files.items()), sep="\n")
    print(f"{'all':20}", *(f"{name} {value:g}" for name, value in figures(sums).items()), sep="  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
