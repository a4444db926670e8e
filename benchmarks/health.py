"""How well near-duplicates of learned skills are found: precision and recall of pairs, against the file's families.

    python benchmarks/health.py PATH

PATH is a JSON Lines file of skills with `id`, `name`, `description`, `files` (with SKILL.md) and `parents`. A family is
what parents connect, and names that differ only in what their system adds to a copy's name (`-enhanced`, `-merged`, six
hex digits). The families are split into two halves by their hash; the limits were chosen on the first.
"""

import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from seasoned.errors import Invalid
from seasoned.overlaps import alike_skills
from seasoned.skill import parse_skill_file

ADDED = re.compile(r"(?:-(?:enhanced|merged|[0-9a-f]{6}))+$")

Skill = Mapping[str, Any]


def families_of(rows: Sequence[Skill]) -> dict[str, str]:
    """The family of each skill, by id."""
    parent: dict[str, str] = {}

    def head(one: str) -> str:
        while parent.setdefault(one, one) != one:
            one = parent[one]
        return one

    for row in rows:
        for other in (*row["parents"], f"name:{ADDED.sub('', row['name'])}"):
            parent[head(row["id"])] = head(other)
        for other in row["parents"]:
            parent[head(other)] = head(f"name:{ADDED.sub('', other.split('__')[0])}")
    return {row["id"]: head(row["id"]) for row in rows}


def halves(rows: Sequence[Skill]) -> list[list[Skill]]:
    """The skills of every second family, and the rest."""
    family = families_of(rows)
    first = {name: min(key for key, own in family.items() if own == name) for name in set(family.values())}
    order = sorted(first, key=lambda name: hashlib.sha256(first[name].encode()).hexdigest())
    place = {name: number % 2 for number, name in enumerate(order)}
    return [[row for row in rows if place[family[row["id"]]] == half] for half in (0, 1)]


def text_of(row: Skill) -> str:
    """What is compared of a skill."""
    text = str(row["files"]["SKILL.md"])
    try:
        return parse_skill_file(text).body
    except Invalid:
        return text


def measured(rows: Sequence[Skill]) -> tuple[int, int, int]:
    """Pairs that were found rightly, that were found, and that there are."""
    family = families_of(rows)
    true = {pair for pair in combinations(range(len(rows)), 2) if len({family[rows[at]["id"]] for at in pair}) == 1}
    found = set(alike_skills([text_of(row) for row in rows]))
    return len(found & true), len(found), len(true)


def main() -> None:
    rows = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    for name, half in zip(("chosen on", "held out"), halves(rows), strict=True):
        right, found, true = measured(half)
        print(
            f"{name}: {len(half)} skills, {true} pairs of one family; precision {right / max(1, found):.2f} "
            f"({right} of {found}), recall {right / max(1, true):.2f} ({right} of {true})"
        )


if __name__ == "__main__":
    main()
