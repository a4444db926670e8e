"""What the contrast question holds for tau-bench's mixed tasks, without a model.

A task is mixed when some of its runs were rewarded and others not. Its runs are imported into a space, the rules learn,
and each contrast question is held against what the benchmark knows: the gold write that the failed run lacked or the
wrong write that it made, and the line of the policy that governs it. The rules were tuned on the tasks at even places.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from seasoned import config, contrast
from seasoned.contrast import Call
from seasoned.engine import Engine
from seasoned.importers import reading, tau_bench
from seasoned.importers.transcript import Transcript
from seasoned.learning.questions import ContrastAnswer, ContrastQuestion
from seasoned.models import prompts
from seasoned.rules import Rules

Run = dict[str, Any]
LEARNING_SECONDS: Final = 600.0
# The line of the airline's policy that governs each mixed task, read and chosen by hand.
GOVERNS: Final = {
    1: "can be cancelled only if travel insurance is bought and the condition is met",
    2: "all reservations, including basic economy, can change cabin without changing the flights",
    5: "The user can modify passengers but cannot modify the number of passengers",
    6: "the user needs to provide one gift card or credit card for payment or refund method",
    7: "the user needs to provide one gift card or credit card for payment or refund method",
    11: "each reservation can use at most one travel certificate, at most one credit card, and at most three gift",
    13: "Other reservations can be modified without changing the origin, destination, and trip type",
    15: "cannot modify the number of passengers",
    16: "the amount being $50 times the number of passengers",
    17: "Change flights: Basic economy flights cannot be modified",
    21: "Change flights: Basic economy flights cannot be modified",
}


# A hand-over's summary is in words; everything else has to be the same.
IN_WORDS: Final = frozenset({"transfer_to_human_agents"})


class Listener(Rules):
    """The rules, which keep the contrast questions that they are asked."""

    def __init__(self) -> None:
        self.asked: list[ContrastQuestion] = []

    async def contrast(self, question: ContrastQuestion) -> ContrastAnswer:
        self.asked.append(question)
        return await super().contrast(question)


def mixed(runs: Sequence[Run]) -> dict[int, list[int]]:
    """The places of the runs of each task that has both outcomes."""
    by_task: dict[int, list[int]] = {}
    for place, run in enumerate(runs):
        by_task.setdefault(run["task_id"], []).append(place)
    return {task: places for task, places in by_task.items() if len({runs[p]["reward"] >= 1 for p in places}) > 1}


async def asked(transcripts: Sequence[Transcript]) -> list[ContrastQuestion]:
    """The contrast questions of some runs, learned from in their order."""
    rules = Listener()
    with tempfile.TemporaryDirectory(prefix="seasoned-contrast-") as home:
        engine = Engine.open(config.load({}, home=Path(home), api_key="sk-ac-bench"), model=rules)
        await engine.start()
        try:
            project = await engine.projects.default()
            space = await engine.spaces.create(project.id)
            for transcript in transcripts:
                taken = await engine.learning.take(project.id, space.id, transcript)
                if taken is not None:
                    await engine.spaces.settled(project.id, space.id, taken.session_id, LEARNING_SECONDS)
        finally:
            await engine.close()
    return rules.asked


def gold_of(run: Run) -> list[Call]:
    """The writes that the benchmark wants."""
    actions = run["info"]["task"]["actions"]
    made = (Call(0, one["name"], json.dumps(one["kwargs"], sort_keys=True, separators=(",", ":"))) for one in actions)
    return [call for call in made if call.is_write]


def is_same(one: Call, other: Call) -> bool:
    """Whether two writes do the same: what their lists of objects hold besides is not compared."""
    if one.tool != other.tool or one.tool in IN_WORDS:
        return one.tool == other.tool
    mine, theirs = one.values(), other.values()
    return all(_bare(theirs.get(key)) == _bare(value) for key, value in mine.items())


def _bare(value: object) -> object:
    """A list of flights by their numbers and dates, of other things as it is."""
    if isinstance(value, list) and all(isinstance(one, dict) and "flight_number" in one for one in value):
        return [(one["flight_number"], one.get("date")) for one in value]
    return value


def holds(question: ContrastQuestion, gold: Sequence[Call]) -> bool | None:
    """Whether a question holds a gold write that the failed run lacks, or a wrong one that it made; None if there is
    neither.
    """
    made = contrast.writes(contrast.calls(question.bad.messages))
    lacking = [one for one in gold if not any(is_same(one, other) for other in made)]
    wrong = [other for other in made if not any(is_same(one, other) for one in gold)]
    if not lacking and not wrong:
        return None
    prompt = prompts.contrast_prompt(question).split("The run that SUCCEEDED")[0]
    shown = [call for call in question.difference.only_good if call.shown in prompt]
    return any(is_same(one, call) for one in lacking for call in shown) or any(call.shown in prompt for call in wrong)


def main() -> None:
    """Ask, and print what the questions hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="tau-bench's results of the airline (historical_trajectories)")
    file = parser.parse_args().file
    runs, transcripts = json.loads(file.read_text()), list(tau_bench.read(file, reading.Notes()))
    for half, name in enumerate(("tuned on", "held out")):
        totals = dict.fromkeys(("tasks", "tasks held", "questions", "questions held", "policy lines"), 0)
        for task, places in list(mixed(runs).items())[half::2]:
            found = asyncio.run(asked([transcripts[place] for place in places]))
            judged = [one for question in found if (one := holds(question, gold_of(runs[places[0]]))) is not None]
            governed = [GOVERNS[task] in prompts.contrast_prompt(question) for question in found]
            totals["tasks"] += 1
            totals["tasks held"] += bool(judged) and all(judged)
            totals["questions"] += len(judged)
            totals["questions held"] += sum(judged)
            totals["policy lines"] += bool(governed) and all(governed)
            print(f"task {task}: {len(found)} questions, {sum(judged)} of {len(judged)} hold the write")
        print(f"{name}: " + ", ".join(f"{count} {what}" for what, count in totals.items()))


if __name__ == "__main__":
    main()
