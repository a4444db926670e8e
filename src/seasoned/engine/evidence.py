"""Which entry a person made of which: the lessons that support an entry follow it when it is reworded or moved."""

from collections import Counter
from collections.abc import Mapping

import msgspec

from seasoned.skill import Entry, entries, entry_hash
from seasoned.store.blame import aligned, lines_of

Moves = list[tuple[str, str]]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Entries whose words changed (the old key and the new one), and the files in which entries stand now, by key."""

    moves: Moves
    places: dict[str, str]


def evidence_of(before: Mapping[str, str], after: Mapping[str, str]) -> Evidence:
    """How the entries of changed Markdown files went on; files that are gone are only in `before`."""
    old = {path: entries(text) for path, text in before.items() if path.endswith(".md")}
    new = {path: entries(text) for path, text in after.items() if path.endswith(".md")}
    standing = {entry_hash(one.text): path for path, found in new.items() for one in found}
    known = {entry_hash(one.text): path for path, found in old.items() for one in found}
    moves: Moves = []
    for path in sorted(old.keys() & new.keys()):
        gone = [one for one in old[path] if entry_hash(one.text) not in standing]
        come = [one for one in new[path] if entry_hash(one.text) not in known]
        moves += _reworded(before[path], after[path], gone, come)
    places = {key: path for key, path in standing.items() if known.get(key, path) != path}
    return Evidence(moves=moves, places=places)


def _reworded(before: str, after: str, gone: list[Entry], come: list[Entry]) -> Moves:
    """Entries that keep a line are the same; if none does, those that stand for each other in order."""
    kept = {a + step: b + step for a, b, size in aligned(lines_of(before), lines_of(after)) for step in range(size)}
    place_of = {line: at for at, one in enumerate(come) for line in range(one.start, one.end)}
    lines = before.split("\n")
    left, moves = set(range(len(come))), list[tuple[Entry, Entry]]()
    for old in gone:
        shared = Counter(
            place_of[kept[line]]
            for line in range(old.start, old.end)
            if lines[line].strip() and kept.get(line) in place_of
        )
        best = next((at for at, _ in shared.most_common() if at in left), None)
        if best is not None:
            left.discard(best)
            moves.append((old, come[best]))
    alone = [one for one in gone if all(one is not old for old, _ in moves)]
    if len(alone) == len(left):
        moves += zip(alone, (come[at] for at in sorted(left)), strict=True)
    return [(entry_hash(old.text), entry_hash(new.text)) for old, new in moves]
