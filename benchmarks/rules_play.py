"""Plays labelled worlds through the rules in this process, as the extract stage does, and scores tasks and preferences.

No server, no database: a world takes some milliseconds, so that one part of the rules after the other can be left out.
Lessons are not scored here (`make worlds` does), so `extra` counts facts that match no label.
"""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from seasoned import authors
from seasoned.formats import parse
from seasoned.learning.questions import ExtractQuestion
from seasoned.message import NumberedMessage
from seasoned.pipeline.evidence import Redactor
from seasoned.pipeline.extract import _check_preferences, _check_tasks
from seasoned.pipeline.off_record import OffRecord
from seasoned.rules.extract import extract
from seasoned.safety.origin import Origin
from seasoned.task import Task

WORLDS = Path(__file__).parent / "worlds"
FIGURES = ("task recall", "task precision", "outcome", "preferences", "stale", "facts", "extra facts")
Counts = dict[str, float]

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


def play(world: dict[str, Any]) -> tuple[Counts, list[str], list[str]]:
    """The scorer's counts, what is wrong, and the facts that stand at the end."""
    facts: list[str] = []
    seen = []
    for session in world["sessions"]:
        shown = session["shown"]
        answer = extract(ExtractQuestion(messages=shown, preferences=tuple(facts), closed=True))
        tasks: dict[int, tuple[Task, set[int]]] = {}
        for change in _check_tasks(answer, (), shown):
            links = tasks.get(change.task.order, (change.task, set()))[1]
            tasks[change.task.order] = (change.task, links | {number - 1 for number in change.links})
        seen.append(
            {
                "id": session["id"],
                "status": "completed",
                "tasks": [
                    {"title": task.title, "status": task.status, "messages": links} for task, links in tasks.values()
                ],
            }
        )
        for _, lesson in _check_preferences(answer.preferences, shown, Origin((), ()), OffRecord(())):
            facts = [fact for fact in facts if fact not in {lesson.replaces, lesson.text}]
            facts.append(lesson.text)
    text = "# Facts\n\n" + "\n".join(f"- {fact}" for fact in facts)
    counts, detail = scorer.score(world, seen, {"user-general-facts/facts.md": text}, 0)
    return counts, detail, facts


def figures(counts: Counts) -> dict[str, float]:
    """The figures of this stage."""
    told = scorer.figures(counts)
    told |= {"facts": counts["entries"], "extra facts": counts["extra"]}
    return {name: told[name] or 0 for name in FIGURES}


def total(worlds: list[dict[str, Any]]) -> Counts:
    """The counts over some worlds."""
    sums: Counts = {}
    for world in worlds:
        sums = {name: sums.get(name, 0) + value for name, value in play(world)[0].items()}
    return sums


def main() -> int:
    """Score the worlds given, or all of ours; `-v` says what is wrong."""
    verbose = "-v" in sys.argv
    worlds = load([path for path in sys.argv[1:] if path != "-v"])
    for world in worlds:
        counts, detail, facts = play(world)
        print(f"{world['world']:20}", *(f"{name} {value:g}" for name, value in figures(counts).items()), sep="  ")
        if verbose:
            print(*(f"    {line}" for line in detail if "lesson missing" not in line), sep="\n")
            print(*(f"      - {fact}" for fact in facts), sep="\n")
    print(f"{'all':20}", *(f"{name} {value:g}" for name, value in figures(total(worlds)).items()), sep="  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
