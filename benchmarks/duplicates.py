"""How well twins of entries are told from new facts: precision and recall on labelled pairs, and microseconds a pair.

`planted.jsonl` holds pairs written for this purpose: paraphrases, hard negatives, contained and extended ones;
`real.jsonl` pairs of sections from skills that another system learned (see duplicates/SOURCES.md), labelled by hand.
Every second pair is held out: thresholds are chosen on the others.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path

from seasoned.similar import fingerprint, is_twin

DATA = Path(__file__).parent / "duplicates"
Pair = dict[str, str]


def load() -> list[Pair]:
    """Every labelled pair."""
    lines = [line for name in ("planted", "real") for line in (DATA / f"{name}.jsonl").read_text().splitlines()]
    return [json.loads(line) for line in lines]


def judge(pairs: Sequence[Pair]) -> tuple[int, int, int]:
    """True positives, false positives and false negatives."""
    hits = [(is_twin(fingerprint(pair["new"]), fingerprint(pair["known"])), bool(pair["same"])) for pair in pairs]
    return (
        sum(said and true for said, true in hits),
        sum(said and not true for said, true in hits),
        sum(true and not said for said, true in hits),
    )


def report(name: str, pairs: Sequence[Pair]) -> None:
    """One line of figures."""
    right, wrong, missed = judge(pairs)
    precision = f"{right / (right + wrong):.2f}" if right + wrong else "   -"
    recall = f"{right / (right + missed):.2f}" if right + missed else "   -"
    print(f"{name:<26} {len(pairs):>5} pairs  precision {precision}  recall {recall}  {wrong} wrong, {missed} missed")


def main() -> None:
    """Print the figures of both halves, by group, and the time a pair takes."""
    pairs = load()
    halves = {"chosen on": pairs[::2], "held out": pairs[1::2]}
    for name, half in halves.items():
        report(name, half)
        for group in dict.fromkeys(pair["group"] for pair in pairs):
            report(f"  {group}", [pair for pair in half if pair["group"] == group])
    started = time.perf_counter()
    judge(pairs)
    print(f"{(time.perf_counter() - started) / len(pairs) * 1e6:.0f} microseconds a pair")


if __name__ == "__main__":
    main()
