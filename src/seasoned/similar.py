"""Whether a new entry says what a known one says already, in other words.

An entry that is taken for a twin loses its text, so a wrong yes costs a fact and a wrong no costs only a line. So what
tells facts apart is compared exactly: numbers, names, code, negations, opposites, and what stands in whose place. Only
then do the remaining words decide. The thresholds were chosen on one half of labelled pairs and measured on the other:
`make bench-duplicates`.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from seasoned.skill import entry_key

TEXT_CHARS_MAX: Final = 4_000
# How much of the new entry's words must stand in the known one, and how much of both must be shared.
CONTAINED_MIN: Final = 0.8
SHARED_MIN: Final = 0.5
# Entries that name the very same things, two or more, need to share less.
SAME_NAMES_MIN: Final = 2
SAME_CONTAINED_MIN: Final = 0.5
SAME_SHARED_MIN: Final = 0.4
# More words than these that the known entry lacks are an addition, however long both are.
LACKING_MAX: Final = 4
STEM_CHARS_MIN: Final = 3

_TOKEN = re.compile(r"[\w$%€£+#@~-]+(?:[./:=_'’-][\w$%€£+#@~-]+)*", re.UNICODE)
_NUMBERS_TEXT = "one two three four five six seven eight nine ten eleven twelve"
_NUMBERS = {word: str(number) for number, word in enumerate(_NUMBERS_TEXT.split(), start=1)}
_NEGATIONS = frozenset({"not", "no", "never", "none", "nothing", "without", "cannot", "neither", "nor"})
_STOP_TEXT = """
a an and are as at be been being by can could did do does done for from had has have he her his how i if in into is it
its just me my of on only or our per run runs said say says send sent she so such than that the their them then there
these they this those to too us use used uses using via want wants wanted was we were what when where which while who
whom why will with within would you your also any user users always should must may every each otherwise step need needs
needed
"""
_STOP = frozenset(_STOP_TEXT.split())
_OPPOSITES_TEXT = """
before/after enable/disable start/stop increase/decrease first/last minimum/maximum min/max always/never allow/deny
on/off up/down above/below more/less over/under open/close add/remove short/long show/hide include/exclude early/late
left/right internal/external public/private read/write upload/download import/export old/new success/failure
staging/production hour/minute day/week week/month month/year delete/archive encrypt/decrypt lock/unlock push/pull
merge/rebase higher/lower faster/slower cheap/expensive accept/refuse accept/reject keep/drop
"""
_DAYS_TEXT = """
monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october
november december
"""
_DAYS = frozenset(_DAYS_TEXT.split())
# Words whose next word says what is meant.
_CONNECTORS = frozenset(
    {"not", "over", "than", "before", "after", "instead", "rather", "for", "above", "below", "under"}
)
_MARKS = re.compile(
    r"^\s*(?:#{1,6}\s*|[-*+]\s+|\d{1,3}[.)]\s+)*"
    r"(?:(?:step|example|phase|rule|part)\s+\w{0,2}\d+(?:\.\d+)*[:.]?|\d+[.:])?",
    re.IGNORECASE,
)
_CODE = re.compile(r"[_/@=$%€£#~]|\w\.\w|\w:\w|^--?\w|[a-z][A-Z]")
_ENDINGS = ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "ied", "ed", "es", "s", "ly")


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= STEM_CHARS_MIN:
            return word[: -len(ending)]
    return word


_OPPOSITES = [(_stem(one), _stem(other)) for one, other in (pair.split("/") for pair in _OPPOSITES_TEXT.split())]
_POLES = frozenset(word for pair in _OPPOSITES for word in pair)


class Fingerprint(msgspec.Struct, frozen=True):
    """What of an entry is compared: its words in one key, the tokens that tell facts apart, and the stems of the rest.

    `words` are all of them in their order: who covers for whom, and what is preferred to what, is told by order alone.
    """

    key: str
    telling: frozenset[str]
    stems: frozenset[str]
    poles: frozenset[str]
    negated: bool
    words: tuple[str, ...]


@lru_cache(maxsize=4_096)
def fingerprint(text: str) -> Fingerprint:
    """The fingerprint of an entry; of a very long one only the beginning counts."""
    telling, stems, poles, words, negated = set(), set(), set(), [], False
    for token, named in _tokens(text[:TEXT_CHARS_MAX]):
        low = token.casefold()
        if low.endswith("n't") or low in _NEGATIONS:
            negated = True
            words.append("not")
        elif _stem(low) in _POLES:
            poles.add(_stem(low))
            words.append(low if low in _CONNECTORS else _stem(low))
        elif named or low in _NUMBERS or low in _DAYS or _is_code(token):
            telling.add(_NUMBERS.get(low, low))
            words.append(_NUMBERS.get(low, low))
        elif low in _CONNECTORS:
            words.append(low)
        elif len(low) > 1 and low not in _STOP:
            stems.add(_stem(low))
            words.append(_stem(low))
    return Fingerprint(
        key=entry_key(text),
        telling=frozenset(telling),
        stems=frozenset(stems),
        poles=frozenset(poles),
        negated=negated,
        words=tuple(words),
    )


def _tokens(text: str) -> Iterator[tuple[str, bool]]:
    """The tokens of a text without its markup, each with whether it is a name: a capital amid a sentence of prose."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").replace("**", " ").replace("`", " ")
    for line in plain.split("\n"):
        heading = line.lstrip().startswith("#")
        body = _MARKS.sub("", line)
        for match in _TOKEN.finditer(body):
            token = match[0].strip(".:'-").removesuffix("'s")
            begins = not re.search(r"[\w,;)]\s*$", body[: match.start()])
            if token:
                yield token, not heading and not begins and token[:1].isupper() and token.casefold() not in _STOP


def _is_code(token: str) -> bool:
    """Whether a token is a number, a path, an option or an identifier: what may not differ."""
    return any(map(str.isdigit, token)) or _CODE.search(token) is not None or (len(token) > 1 and token.isupper())


def is_twin(new: Fingerprint, known: Fingerprint) -> bool:
    """Whether the known entry says all that the new one says."""
    if new.key == known.key:
        return bool(new.key)
    if new.negated != known.negated or _opposed(new.poles, known.poles):
        return False
    every = frozenset(known.words) | {_stem(word) for word in known.telling}
    if not all(word in every or _stem(word) in every for word in new.telling):
        return False
    if _turned(new.words, known.words) or _replaced(new.words, known.words):
        return False
    return closeness(new, known) >= 1.0


def closeness(new: Fingerprint, known: Fingerprint) -> float:
    """How near the words of two entries are; 1 and more says the same."""
    every = frozenset(known.words) | {_stem(word) for word in known.telling}
    words = new.stems | new.poles
    shared = len(words & every)
    if len(words) - shared > LACKING_MAX:
        return 0.0
    contained = shared / len(words) if words else 1.0
    union = len(words | known.stems | known.poles)
    same = len(new.telling) >= SAME_NAMES_MIN and new.telling == known.telling
    contained_min, shared_min = (SAME_CONTAINED_MIN, SAME_SHARED_MIN) if same else (CONTAINED_MIN, SHARED_MIN)
    return min(contained / contained_min, (shared / union if union else 1.0) / shared_min)


def _opposed(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether one says before where the other says after."""
    return any(
        (a in one and b in other and b not in one) or (b in one and a in other and a not in one) for a, b in _OPPOSITES
    )


def _turned(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether both have a word of relation, such as `never` or `over`, before different things."""
    return any(
        bool(after := _after(one, word)) and bool(before := _after(other, word)) and after.isdisjoint(before)
        for word in _CONNECTORS & set(one) & set(other)
    )


def _after(words: Sequence[str], word: str) -> set[str]:
    return {words[place + 1] for place, one in enumerate(words[:-1]) if one == word}


def _replaced(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a word of one stands where the other has a word that it lacks: `cast to double`, `cast to decimal`."""
    ours, theirs = set(one), set(other)
    slots: dict[tuple[str, str], set[str]] = {}
    for before, word, after in zip(("", *other), other, (*other[1:], ""), strict=False):
        slots.setdefault((before, after), set()).add(word)
    return any(
        word not in theirs and bool(slots.get((before, after), set()) - ours)
        for before, word, after in zip(("", *one), one, (*one[1:], ""), strict=False)
    )


def best_twin(text: str, candidates: Sequence[str]) -> int | None:
    """The place of the candidate that says what a text says, the nearest in words; None when none does."""
    new = fingerprint(text)
    prints = [fingerprint(one) for one in candidates]
    twins = [place for place, known in enumerate(prints) if is_twin(new, known)]
    return max(twins, key=lambda place: (closeness(new, prints[place]), -place), default=None)
