"""Whether two lessons or entries say the same, by the words that carry their meaning."""

import re
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from seasoned.lesson import Lesson
from seasoned.rules.lexicon import word_set
from seasoned.skill import entry_key

TEXT_CHARS_MAX: Final = 4_000
_WORD = re.compile(r"[^\W_]{2,40}")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_STOP: Final = word_set(
    """
    the a an and or but of to in on at by for from with without is are was were be been it its this that these
    those as so not no do does did has have had can could will would should must may might there here then than
    when while if else which who what where how why all any each every only also just very too more most less
    least own same other another such into out up down over under again still yet symptom cause correct fails
    fail failed works work worked instead user agent call calls called tool error errors because since use uses
    used using needs need one two three first second now after before they them their he she his her you your we
    our us i me my id date email phone without between about set get got make made
    """
)
SAME_JACCARD: Final = 0.5
SAME_SHORT: Final = 0.7
SAME_CONTAINED: Final = 0.75
CONTAINED_WORDS_MIN: Final = 12
_SAME_AS = re.compile(
    r"\b(?:same|like|exactly) (?:pattern|problem|issue|cause|reason|thing|story|trap|mistake|bug|error"
    r"|as)?\b[^.\n]{0,60}\b(?:as|with|last|before|again|earlier|previous|yesterday|week|month|time)\b"
    r"|\bsmells like\b|\bonce more\b",
    re.IGNORECASE,
)
_LINE = re.compile(r"fails: `([^`\n]{8,240})`")
_ERROR_WEIGHT, _MET_WEIGHT, _NAME_WEIGHT, _NAMES_WEIGHT = 0.6, 0.6, 0.1, 0.3
_NUMBER = re.compile(r"\d+")


def stem(word: str) -> str:
    """A word without its commonest English endings, so that `migrations` meets `migrated`."""
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:  # noqa: PLR2004
            return word[: -len(ending)]
    return word


def words(text: str) -> frozenset[str]:
    """What a text is about: stems of its words, identifiers taken apart, common words left out."""
    pieces = _WORD.findall(_CAMEL.sub(" ", text[:TEXT_CHARS_MAX]).casefold().replace("_", " "))
    return frozenset(stem(piece) for piece in pieces if piece not in _STOP and not piece.isdigit())


def names(text: str) -> frozenset[str]:
    """The names in a text that hardly occur by chance: identifiers, options, code."""
    found = re.findall(
        r"[A-Za-z]\w*_\w+|[a-z]+[A-Z]\w+|[A-Z]{2,}[A-Z_]{3,}|(?<!\w)--?[a-z][\w-]{2,}", text[:TEXT_CHARS_MAX]
    )
    return frozenset(name.casefold().strip("-") for name in found)


def jaccard(one: AbstractSet[str], other: AbstractSet[str]) -> float:
    """Shared words per word of either, 0 to 1."""
    union = len(one | other)
    return len(one & other) / union if union else 0.0


def contained(one: AbstractSet[str], other: AbstractSet[str]) -> float:
    """Shared words per word of the smaller one, 0 to 1; 0 when that is too small to tell."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller >= CONTAINED_WORDS_MIN else 0.0


class Gist(msgspec.Struct, frozen=True):
    """What of an entry is compared: its text without case and punctuation, its words, its names, its error lines, and
    whether it says that it was met before."""

    key: str
    words: frozenset[str]
    names: frozenset[str]
    errors: frozenset[str]
    met_before: bool


def gist(text: str) -> Gist:
    """The gist of an entry; of a very long one only the beginning counts."""
    key, text = entry_key(text), text[:TEXT_CHARS_MAX]
    errors = frozenset(_NUMBER.sub("0", line.casefold()) for line in _LINE.findall(text))
    return Gist(key, words(text), names(text), errors, _SAME_AS.search(text) is not None)


def likeness(one: Gist, other: Gist) -> float:
    """How alike two entries are, 1 and more when they say the same.

    The same error of the same tool counts much, and an entry that says it was met before ("same pattern as last week")
    needs less.
    """
    left, right = one.words, other.words
    few = min(len(left), len(right)) < CONTAINED_WORDS_MIN
    score = max(jaccard(left, right) / (SAME_SHORT if few else SAME_JACCARD), contained(left, right) / SAME_CONTAINED)
    shared = one.names & other.names
    score += _ERROR_WEIGHT * bool(one.errors & other.errors) + min(_NAMES_WEIGHT, _NAME_WEIGHT * len(shared))
    return score + _MET_WEIGHT * bool(shared and (one.met_before or other.met_before))


def same_lesson(one: Lesson, other: Lesson) -> bool:
    """Whether two lessons say the same."""
    return likeness(gist(f"{one.title}\n{one.text}"), gist(f"{other.title}\n{other.text}")) >= 1
