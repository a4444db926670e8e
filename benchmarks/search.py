"""Does search find what helps? Recorded runs of tau-bench: learned from half of each task's runs, asked with the other.

For each run of the other half the question is what its user said first. Found is an entry that names the tool of one
of the task's gold actions. The first line is about what the rules learn; the second about search alone, with an entry
for each run that has the request and the calls.

`ceiling` is the share of the runs for which there is such an entry at all, so no ranking can be better; `chance_1` is
recall@1 of any order of the entries. The questions share their tasks with what was learned, not their words: the
simulated users say them anew in each run.

Without a file it takes the eight runs of the examples, of which only two are learned; tau-bench's results are at
github.com/sierra-research/tau-bench.
"""

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

import seasoned
from seasoned import config
from seasoned.engine.search import skills_found
from seasoned.space import FACTS
from seasoned.store import Connection, Store, projects
from seasoned.store.documents import Filter
from seasoned.store.schema import entries, space_skills

DEFAULT = Path(__file__).parents[1] / "examples" / "airline.json"
LOOKED_AT = 10
Run = dict[str, Any]
WAIT_SECONDS = 3_600.0


class Ranked(msgspec.Struct, frozen=True):
    """How some questions were answered."""

    what: str
    questions: int
    ceiling: float
    chance_1: float
    recall_1: float
    recall_5: float
    mrr: float


def gold_tools(run: Run) -> set[str]:
    """The tools of a task's gold actions."""
    return {action["name"] for action in run["info"]["task"]["actions"]}


def first_words(run: Run) -> str:
    """What the user of a run said first."""
    return next(str(one["content"]) for one in run["traj"] if one["role"] == "user")


def halves(runs: Sequence[Run]) -> tuple[list[Run], list[Run]]:
    """Half of each task's runs, and the others; a task with one run is only asked."""
    by_task = defaultdict(list)
    for run in runs:
        by_task[run["task_id"]].append(run)
    learned, asked = [], []
    for some in by_task.values():
        middle = len(some) // 2
        learned += some[:middle]
        asked += some[middle:]
    return learned, [run for run in asked if gold_tools(run)]


class Closest:
    """Finds the texts of the closest entries of a space."""

    def __init__(self, project_id: str, space_id: str) -> None:
        self._project_id = project_id
        self._only = Filter(space=space_id)

    def find(self, connection: Connection, query: str, limit: int) -> list[str]:
        """The texts, the closest first."""
        hits = skills_found(connection, self._project_id, query, {"entry"}, self._only, limit)
        return [hit.text for hit in hits]


def kept(connection: Connection, space_id: str) -> list[str]:
    """The texts of all entries of a space."""
    of_space = sa.select(space_skills.c.skill_id).where(space_skills.c.space_id == space_id)
    where = entries.c.skill_id.in_(of_space) & (entries.c.path != "")
    return list(connection.execute(sa.select(entries.c.text).where(where)).scalars())


def written(run: Run) -> str:
    """An entry as a writer could have made it of a run: the request, and the tools that were called."""
    called = [call["function"]["name"] for one in run["traj"] for call in one.get("tool_calls") or ()]
    return f"- {' '.join(first_words(run).split())} Calls: {', '.join(dict.fromkeys(called))}."


def measured(store: Store, asked: Sequence[Run], what: str, texts: Sequence[str], closest: Closest) -> Ranked:
    """Where the first thing that helps stands, for each question."""
    places: list[int] = []
    reachable, chance = 0, 0.0
    for run in asked:
        tools = gold_tools(run)
        found = store.read_now(partial(closest.find, query=first_words(run), limit=LOOKED_AT))
        places.append(next((place for place, text in enumerate(found, 1) if _names(text, tools)), 0))
        helping = sum(_names(text, tools) for text in texts)
        reachable += bool(helping)
        chance += helping / max(1, len(texts))
    count = max(1, len(places))
    return Ranked(
        what=what,
        questions=len(places),
        chance_1=round(chance / count, 3),
        ceiling=round(reachable / count, 3),
        recall_1=round(sum(place == 1 for place in places) / count, 3),
        recall_5=round(sum(0 < place <= 5 for place in places) / count, 3),
        mrr=round(sum(1 / place for place in places if place) / count, 3),
    )


def _names(text: str, tools: set[str]) -> bool:
    return any(tool in text for tool in tools)


def main() -> None:
    """Learn, ask, and print a line for entries and one for lessons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="?", type=Path, default=DEFAULT)
    options = parser.parse_args()
    learned, asked = halves(json.loads(options.runs.read_text()))
    with tempfile.TemporaryDirectory() as folder:
        home, file = Path(folder) / "home", Path(folder) / "runs.json"
        file.write_text(json.dumps(learned))
        with seasoned.open(home, worker="inline", model="") as memory:
            by_rules, by_hand = memory.space(), memory.space("by hand")
            memory.learn(file, by_rules.id)
            memory.wait(by_rules.id, seconds=WAIT_SECONDS)
            text = "\n".join(map(written, learned)) + "\n"
            facts = next(one for one in memory.skills_of(by_hand.id) if one.name == FACTS)
            memory.edit(facts.id, {"runs.md": text})
        with closing(Store.open(config.load({}, home=home))) as store:
            project = store.read_now(lambda c: projects.by_name(c, "default"))
            assert project is not None
            for what, space in (("entries by the rules", by_rules), ("requests with their calls", by_hand)):
                texts = store.read_now(partial(kept, space_id=space.id))
                found = measured(store, asked, what, texts, Closest(project.id, space.id))
                print(json.dumps({"learned": len(learned), "entries": len(texts), **msgspec.to_builtins(found)}))


if __name__ == "__main__":
    main()
