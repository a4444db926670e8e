"""What each part of the rules yields on the labelled worlds: `make rules-ablate`.

Leaves out one group of phrases at a time (`--patterns`: one pattern) and says how the sum of what is right changes,
over all worlds and in the world that it changes most. What changes nothing in any world is listed at the end: it
stands for what people say elsewhere, or for nothing, and has to justify itself by its examples.
"""

import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from rules_play import Counts, figures, load, play, total
from seasoned.rules import classes, lasting, requests
from seasoned.rules.acts import _accepts, _asks
from seasoned.rules.phrases import Group, book

BOOKS = ("talk", "lasting", "reports")
_CACHED = (
    classes.class_of,
    _accepts,
    _asks,
    lasting.standing,
    lasting._told_rule,
    requests.imperative,
    requests.core_of,
)


def value(counts: Counts) -> float:
    """What is right, less what is too much: found tasks, right outcomes and held facts count for one each."""
    wrong = counts["extracted"] - counts["found"] + counts["extra"] + counts["stale"]
    return counts["found"] + counts["outcome"] + counts["prefs_held"] - wrong


def forget() -> None:
    """Empty the caches of what sentences say."""
    for cached in _CACHED:
        cached.cache_clear()


def parts(patterns: bool) -> Iterator[tuple[str, Group, list[int]]]:
    """Each group, or each pattern, with the places of its patterns."""
    for name in BOOKS:
        for group in book(name).values():
            places = list(range(len(group.described.patterns)))
            if not patterns:
                yield f"{name}.{group.name} ({len(places)})", group, places
                continue
            for place in places:
                yield f"{name}.{group.name}: {group.described.patterns[place][:60]}", group, [place]


def without(group: Group, places: list[int], worlds: list[dict[str, Any]]) -> dict[str, Counts]:
    """The counts of each world without some patterns of a group."""
    never = msgspec.structs.replace(group.described, before="(?!)")
    kept, compiled = group.described, dict(group._compiled)
    for place in places:
        group._compiled.pop(place, None)
    group.described = never
    for place in places:
        group._compile(place)
    group.described = kept
    forget()
    try:
        return {world["world"]: play(world)[0] for world in worlds}
    finally:
        group._compiled = compiled
        forget()


def main() -> int:
    """Print what each part yields, best first."""
    worlds = load([argument for argument in sys.argv[1:] if not argument.startswith("-")])
    whole = {world["world"]: play(world)[0] for world in worlds}
    base = sum(map(value, whole.values()))
    print("with everything:", figures(total(worlds)))
    rows = []
    for label, group, places in parts("--patterns" in sys.argv):
        left = without(group, places, worlds)
        change = {name: value(whole[name]) - value(counts) for name, counts in left.items()}
        most = max(change, key=lambda name: abs(change[name]))
        rows.append((base - sum(map(value, left.values())), sum(map(bool, change.values())), label, most))
    for yielded, touched, label, most in sorted(rows, reverse=True):
        if touched:
            print(f"{yielded:+5.0f}  in {touched} worlds, most in {most:18} {label}")
    print("nothing in any world:", *sorted(label for _, touched, label, _ in rows if not touched), sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
