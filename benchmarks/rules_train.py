"""Trains the rules' classifier of sentences: `make rules-train`.

`benchmarks/sentences/CLASS.txt` have a sentence on each line. They were written for this purpose; the worlds are only
for scoring. Multinomial logistic regression with AdaGrad, in a fixed order: the same sentences give the same weights.
`--check` trains on four fifths and says how many of the rest are told right, and how many of those that it is sure of.
"""

import json
import math
import random
import sys
from collections import Counter
from pathlib import Path

from seasoned.rules.classes import SCALE, features

SENTENCES = Path(__file__).parent / "sentences"
TABLE = Path(__file__).parents[1] / "src/seasoned/rules/classes.json"
EPOCHS, RATE, DECAY = 10, 0.25, 1e-5
SURE, PARTS = 0.5, 5
WEIGHT_MIN = 8  # of SCALE: what weighs less in every class is left out

Example = tuple[str, list[str]]
Weights = dict[str, list[float]]


def examples() -> list[tuple[str, str]]:
    """Each sentence with its class, in a fixed order."""
    found = [
        (path.stem, line.strip())
        for path in sorted(SENTENCES.glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    random.Random(0).shuffle(found)  # noqa: S311 - an order, no secret
    return found


def predict(weights: Weights, seen: list[str], size: int) -> list[float]:
    """The likelihood of each class."""
    rows = [row for feature in seen if (row := weights.get(feature)) is not None]
    norm = math.sqrt(len(rows) or 1)
    sums = [sum(column) / norm for column in zip(*rows, strict=True)] or [0.0] * size
    powers = [math.exp(value - max(sums)) for value in sums]
    return [power / sum(powers) for power in powers]


def train(labelled: list[tuple[str, str]], classes: list[str]) -> Weights:
    """The weights of each feature for each class."""
    every_one = [(label, features(text)) for label, text in labelled]
    often = Counter(feature for _, found in every_one for feature in found)
    seen = [(label, sorted(one for one in found if often[one] > 1 or " " not in one)) for label, found in every_one]
    weights: Weights = {}
    squares: Weights = {}
    for _ in range(EPOCHS):
        for label, every in seen:
            likely = predict(weights, every, len(classes))
            norm = math.sqrt(len(every) or 1)
            errors = [((name == label) - one) / norm for name, one in zip(classes, likely, strict=True)]
            for feature in every:
                row = weights.setdefault(feature, [0.0] * len(classes))
                held = squares.setdefault(feature, [1e-6] * len(classes))
                for place, error in enumerate(errors):
                    held[place] += error * error
                    row[place] = row[place] * (1 - DECAY) + RATE * error / math.sqrt(held[place])
    return weights


def check(labelled: list[tuple[str, str]], classes: list[str]) -> None:
    """Says how well sentences are told that were left out of the training."""
    right = sure = sure_right = total = 0
    for part in range(PARTS):
        kept = [one for place, one in enumerate(labelled) if place % PARTS != part]
        weights = train(kept, classes)
        for label, text in labelled[part::PARTS]:
            likely = predict(weights, sorted(features(text)), len(classes))
            told = classes[likely.index(max(likely))]
            total += 1
            right += told == label
            sure += max(likely) > SURE
            sure_right += max(likely) > SURE and told == label
    print(f"{total} sentences, {right / total:.2f} told right; sure of {sure / total:.2f}: {sure_right / sure:.2f}")


def main() -> int:
    """Write the table, or check how well it would do."""
    labelled = examples()
    classes = sorted({label for label, _ in labelled})
    if "--check" in sys.argv:
        check(labelled, classes)
        return 0
    weights = train(labelled, classes)
    rounded = {feature: [round(SCALE * one) for one in row] for feature, row in sorted(weights.items())}
    kept = {feature: row for feature, row in rounded.items() if max(map(abs, row)) >= WEIGHT_MIN}
    lines = (
        f"{json.dumps(feature, ensure_ascii=False)}:{json.dumps(row, separators=(',', ':'))}"
        for feature, row in kept.items()
    )
    joined = ",\n".join(lines)
    TABLE.write_text(f'{{"classes":{json.dumps(classes)},\n"weights":{{\n{joined}\n}}}}\n', encoding="utf-8")
    print(f"{len(labelled)} sentences, {len(kept)} of {len(weights)} features kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())
