"""How well twins of entries are told from new facts: precision and recall on labelled pairs, and microseconds a pair.

The pairs are described in duplicates/SOURCES.md. Those that are held out are chosen by a hash of the known entry; the
limits of `seasoned.similar` were chosen on the others, and the sweep shows those others only. `--misses` lists what
goes wrong there.
"""

import argparse
import hashlib
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from seasoned import similar

DATA = Path(__file__).parent / "duplicates"
# Files of which every pair has been seen while rules were made, and files that are split.
SEEN: Final = ("planted", "real")
SPLIT: Final = ("families", "real-more")
SWEEPS: Final[dict[str, tuple[float, ...]]] = {
    "STRAY_EACH": (2, 3, 4, 5, 8, 100),
    "SHARED_MIN": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
}
CANDIDATES = 50
ROUNDS = 20


class Pair(msgspec.Struct, frozen=True):
    """Two entries, and whether the known one says all that the new one says."""

    group: str
    known: str
    new: str
    same: bool
    held_out: bool


def load() -> list[Pair]:
    """Every labelled pair."""
    return [
        Pair(**json.loads(line), held_out=name in SPLIT and is_held_out(json.loads(line)["known"]))
        for name in (*SEEN, *SPLIT)
        for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]


def is_held_out(known: str) -> bool:
    """The rule of the split; all pairs of one known entry are in one half."""
    return hashlib.sha256(known.encode()).digest()[0] % 2 == 1


def said(pair: Pair) -> bool:
    """What the product says of a pair."""
    return similar.is_twin(similar.fingerprint(pair.new), similar.fingerprint(pair.known))


def report(name: str, pairs: Sequence[Pair]) -> None:
    """One line of figures."""
    if not pairs:
        return
    hits = [(said(pair), pair.same) for pair in pairs]
    right, wrong, missed = hits.count((True, True)), hits.count((True, False)), hits.count((False, True))
    precision = f"{right / (right + wrong):.3f}" if right + wrong else "    -"
    recall = f"{right / (right + missed):.3f}" if right + missed else "    -"
    counts = f"{right:>3} right {wrong:>2} wrong {missed:>3} missed"
    print(f"{name:<24} {len(pairs):>4} pairs  precision {precision}  recall {recall}  {counts}")


def sweep(pairs: Sequence[Pair]) -> None:
    """The figures when one limit is another."""
    for name, values in SWEEPS.items():
        chosen = getattr(similar, name)
        for value in values:
            setattr(similar, name, value)
            report(f"  {name} {value}{' *' if value == chosen else ''}", pairs)
        setattr(similar, name, chosen)


def measure(pairs: Sequence[Pair]) -> None:
    """The time of a pair, and of one new entry among many candidates, fingerprints made anew or kept."""
    known = [pair.known for pair in pairs][:: max(1, len(pairs) // CANDIDATES)][:CANDIDATES]
    cold: list[float] = []
    warm: list[float] = []
    for pair in pairs[:ROUNDS]:
        for times in (cold, warm):
            if times is cold:
                similar.fingerprint.cache_clear()
            started = time.perf_counter()
            similar.best_twin(pair.new, known)
            times.append((time.perf_counter() - started) * 1e3)
    similar.fingerprint.cache_clear()
    started = time.perf_counter()
    for pair in pairs:
        said(pair)
    print(f"{(time.perf_counter() - started) / len(pairs) * 1e6:.0f} microseconds a pair")
    print(
        f"{statistics.median(warm):.2f} ms for one among {len(known)} candidates, "
        f"{statistics.median(cold):.2f} ms when none was seen before"
    )


def main() -> None:
    """Print the figures of both halves by group, the sweep and the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="list what goes wrong in the half that is not held out")
    wanted = parser.parse_args()
    pairs = load()
    chosen = [pair for pair in pairs if not pair.held_out]
    for name, half in (("chosen on", chosen), ("held out", [pair for pair in pairs if pair.held_out])):
        report(name, half)
        for group in dict.fromkeys(pair.group for pair in pairs):
            report(f"  {group}", [pair for pair in half if pair.group == group])
    print("limits, on the half that is not held out (* as it is)")
    sweep(chosen)
    measure(pairs)
    for pair in chosen if wanted.misses else ():
        if said(pair) != pair.same:
            print(f"\n{'missed' if pair.same else 'WRONG'} {pair.group}\n known: {pair.known}\n new: {pair.new}")


if __name__ == "__main__":
    main()
