"""What a person's sentence does where no phrase tells: a linear classifier over words, word pairs and their edges.

The weights are in `classes.json`. `make rules-train` makes them from the labelled sentences in `benchmarks/sentences`,
the same from the same sentences. A class: `new` asks for something, `more` asks on, `go` says go ahead, `good` accepts,
`bad` complains, `drop` gives up, `later` puts off, `rule` holds for all time to come, `none` is the rest.
"""

import re
from functools import cache, lru_cache
from importlib.resources import files
from math import exp, sqrt
from typing import Final

import msgspec

CHARS_MAX: Final = 240
SCALE: Final = 50
_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?|\d+|[^\w\s]")
_STEM_CHARS_MIN: Final = 5


class Table(msgspec.Struct, frozen=True):
    """The classes, and each feature's weights for them, times SCALE."""

    classes: list[str]
    weights: dict[str, list[int]]


@cache
def _table() -> Table:
    return msgspec.json.decode(files("seasoned.rules").joinpath("classes.json").read_bytes(), type=Table)


def features(text: str) -> set[str]:
    """What the classifier sees of a sentence: words, pairs, the first and last ones, beginnings and ends, the size."""
    words = ["0" if word[0].isdigit() else word for word in _WORD.findall(text[:CHARS_MAX].lower())]
    found = {*words, "?" if text.endswith("?") else "."}
    before, two = "<", ""
    for word in (*words, ">"):
        found.add(f"{before} {word}")
        found.add(f"{two} {before} {word}")
        two, before = before, word
    for word in words:
        if len(word) >= _STEM_CHARS_MIN:
            found.add(f"{word[:4]}-")
            found.add(f"-{word[-3:]}")
    found.update(f"<{word}" for word in words[:3])
    if words:
        found.update((f"<<{words[0]}", f"{words[-1]}>"))
    found.add(f"#{min(4, (len(words) + 1).bit_length() - 1)}")
    return found


@lru_cache(maxsize=2_048)
def class_of(text: str) -> tuple[str, float]:
    """The likeliest class of a sentence, and how likely it is."""
    table = _table()
    if not any(word.isalpha() and word in table.weights for word in _WORD.findall(text[:CHARS_MAX].lower())):
        return "none", 0.0
    rows = [row for feature in features(text) if (row := table.weights.get(feature)) is not None]
    scale = SCALE * sqrt(len(rows))
    sums = [sum(column) / scale for column in zip(*rows, strict=True)]
    best = max(sums)
    return table.classes[sums.index(best)], 1 / sum(exp(value - best) for value in sums)
