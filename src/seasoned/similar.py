"""Whether a new entry repeats a known one in other words.

An entry that is taken for a twin loses its text, so a wrong yes costs a fact and a wrong no costs only a line. Without
a model nobody can tell a synonym from another thing, so a twin may bring nothing new: each of its words stands in the
known entry (word forms, filler and order aside), its code word for word, its numbers and names in the clause where the
known entry has them, each clause with the same yes or no. The limits were chosen on one half of labelled pairs and
measured on the other: `make bench-duplicates`.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice, takewhile
from typing import Final

import msgspec

from seasoned.skill import entry_key

# Longer entries are twins only when all their words are the same.
TEXT_CHARS_MAX: Final = 4_000
# One word in so many of a clause may stand in another clause of the known entry, never one that tells facts apart.
STRAY_EACH: Final = 4
# How much of the words of both must be shared: less is another matter that the known entry touches in passing.
SHARED_MIN: Final = 0.4
# A clause of so many words, and as much of the longer one shared, may contradict another.
OPPOSED_WORDS_MIN: Final = 3
OPPOSED_MIN: Final = 0.7
STEM_CHARS_MIN: Final = 3

# A token, or what ends a clause. A dash before a letter is an option's.
_SCAN = re.compile(
    r"(?P<token>[<>≤≥]=?(?=\s*\d)|(?:(?<![\w-])--?(?=[^\W\d_]))?[\w$%€£+#@~]+(?:[./:='-]+[\w$%€£+#@~]+)*)"
    r"|[.:!?]+(?=\s|$)|[,;()\[\]|—–]|\s-\s|->|→"
)
_AMOUNT = re.compile(r"(\d+(?:[.,]\d+)*)([a-z%€$£]{1,4}|\+)")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_SPAN = re.compile(r"(`{1,3})(.+?)\1")
_MARKS = re.compile(
    r"^\s*(?:#{1,6}\s+|[-*+>]\s+|\d{1,3}[.)]\s+|\[[ xX]\]\s+)*\**"
    r"(?:(?:(?:step|example|phase|rule|part|option)\s+\w?\d*(?:\.\d+)*|\d+(?:\.\d+)*"
    r"|symptoms?|cause|correct(?: way)?|fix|solution|note|pitfall|verify|diagnose)\**\s*[.:]+)?",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"[^\W\d_]{3,}(?:/[^\W\d_]{3,})+")
_CODE = re.compile(r"[_/@=$€£~]|\w[.:]\w|^-|[a-z][A-Z]")

_DAYS_TEXT = """
monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october
november december
"""
_DAYS = frozenset(_DAYS_TEXT.split())
_NUMBERS_TEXT = "one two three four five six seven eight nine ten"
_NUMBERS = {word: str(number) for number, word in enumerate(_NUMBERS_TEXT.split(), start=1)}
_NEGATIONS_TEXT = "not no never none nothing without cannot neither nor except unless"
_NEGATIONS = frozenset(_NEGATIONS_TEXT.split())
# Words that begin another clause.
_BREAKS_TEXT = "because since when if while but so then otherwise"
_BREAKS = frozenset(_BREAKS_TEXT.split())
# Words whose next word says what is meant: `cast to double`, `instead of tabs`, `covers for Tom`.
_CONNECTORS_TEXT = "not over under than before after instead rather for from into onto to by until without above below"
_CONNECTORS = frozenset(_CONNECTORS_TEXT.split())
_STOP_TEXT = """
a an and are as at be been being by can could did do does done for from had has have he her his how i in into onto is it
its me my of on or our per said say says she so such than that the their them there these they this those to too us via
was we were what where which who whom why will with within would you your also any anything user users should must might
every each all both otherwise need needs needed want wants wanted use uses used using make makes made get gets set
sets pass passes give gives given take takes go goes call calls called keep keeps put run runs ran running sent send
sends just always here let please it's i'm
"""
_STOP = frozenset(_STOP_TEXT.split())
# Forms and words that are one: the second stands for the first.
_SAME_TEXT = """
sent/send held/hold kept/keep written/write wrote/write told/tell took/take chose/choose chosen/choose broke/break
broken/break began/begin begun/begin begin/start built/build rebuilt/rebuild bought/buy found/find got/get left/leave
lost/lose made/make paid/pay ran/run saw/see seen/see shown/show froze/freeze frozen/freeze lowercase/lower
uppercase/upper s/second sec/second secs/second min/minute mins/minute h/hour hrs/hour ms/millisecond
eur/€ euro/€ usd/$ dollar/$ percent/% above/over below/under >/over </under ≥/over= >=/over= ≤/under= <=/under=
"""
_ENDINGS = (
    *(("ifications", "ify"), ("ification", "ify"), ("ations", ""), ("ation", ""), ("ions", ""), ("ion", "")),
    *(("ments", ""), ("ment", ""), ("ings", ""), ("ing", ""), ("ies", "y"), ("ied", "y"), ("ed", ""), ("es", "")),
    *(("s", ""), ("ly", "")),
)


def _bare(word: str) -> str:
    for ending, instead in _ENDINGS:
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= STEM_CHARS_MIN and not (ending == "s" and rest[-1] in "sui"):
            word = rest + instead
            break
    if len(word) > STEM_CHARS_MIN and word[-1] == "e":
        word = word[:-1]
    return word[:-1] if len(word) > STEM_CHARS_MIN and word[-1] == word[-2] else word


_SAME = dict(pair.split("/") for pair in _SAME_TEXT.split())


@lru_cache(maxsize=16_384)
def _stem(word: str) -> str:
    word = _SAME.get(word, word)
    if not word.isalpha():
        return word
    stem = _bare(word)
    return _bare(_SAME.get(stem, stem))


# What stands among the words of an entry and is no word of its own.
_RELATIONS = frozenset({"|", "not", *(_stem(word) for word in _CONNECTORS & _STOP)})
_LEADING = frozenset(_stem(word) for word in _CONNECTORS)
Word = tuple[str, bool]
_NOTHING: Final[frozenset[str]] = frozenset()


class Clause(msgspec.Struct, frozen=True):
    """A clause: its words, the words that distinguish facts, and whether it is negated."""

    words: frozenset[str]
    telling: frozenset[str]
    negated: bool
    heading: bool
    goes_on: bool


class Fingerprint(msgspec.Struct, frozen=True):
    """What of an entry is compared.

    `key` is its text without marks; `code` its pieces of code, letter for letter; `plain` the text in which code is
    looked up; `order` the words with a bar between clauses, since what stands in whose place is told by order alone;
    `after` what follows the words of relation; `whole` is false for an entry too long to be compared.
    """

    key: str
    plain: str
    code: tuple[str, ...]
    clauses: tuple[Clause, ...]
    words: frozenset[str]
    order: tuple[str, ...]
    after: dict[str, tuple[tuple[str, ...], ...]]
    whole: bool


@lru_cache(maxsize=4_096)
def fingerprint(text: str) -> Fingerprint:
    """The fingerprint of an entry; if it is longer than TEXT_CHARS_MAX, only its key is complete."""
    plain = unicodedata.normalize("NFKC", text[:TEXT_CHARS_MAX]).replace("’", "'").replace("**", "")
    code: list[str] = []
    clauses: list[Clause] = []
    order: list[str] = []
    for parts, heading in _lines(plain):
        code += [part for part, is_code in parts if is_code and part]
        for words, goes_on in _clauses(parts):
            clause = _clause(words, heading, goes_on)
            if goes_on and clauses and not clause.words:
                # Only filler follows the no (`they do not get it`), so it is what comes before that is denied.
                clauses[-1] = msgspec.structs.replace(clauses[-1], negated=clauses[-1].negated or clause.negated)
            else:
                clauses.append(clause)
            order += [*(word for word, _ in words), "|"]
    after: dict[str, list[tuple[str, ...]]] = {}
    for place, word in enumerate(order):
        if word in _LEADING:
            after.setdefault(word, []).append(_next_words(order, place + 1))
    return Fingerprint(
        key=entry_key(text),
        plain=" ".join(plain.replace("`", "").split()),
        code=tuple(dict.fromkeys(code)),
        clauses=tuple(clauses),
        words=frozenset(order) - _RELATIONS,
        order=tuple(order),
        after={word: tuple(following) for word, following in after.items()},
        whole=len(text) <= TEXT_CHARS_MAX,
    )


def _next_words(order: Sequence[str], start: int) -> tuple[str, ...]:
    """The next two words of the clause, not counting words of relation."""
    clause = takewhile(lambda word: word != "|", order[start : start + 6])
    return tuple(islice((word for word in clause if word not in _RELATIONS), 2))


def _lines(plain: str) -> Iterator[tuple[list[tuple[str, bool]], bool]]:
    """The lines of a text without their marks, in parts with whether one is code; and whether a line is a heading."""
    fenced = False
    for line in plain.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        elif fenced:
            yield [(" ".join(line.split()), True)], False
        else:
            yield list(_parts(_MARKS.sub("", line))), line.lstrip().startswith("#")


def _parts(line: str) -> Iterator[tuple[str, bool]]:
    place = 0
    for match in _SPAN.finditer(line):
        yield line[place : match.start()], False
        yield " ".join(match[2].split()), True
        place = match.end()
    yield line[place:].replace("`", ""), False


def _clauses(parts: Sequence[tuple[str, bool]]) -> Iterator[tuple[list[Word], bool]]:
    """The words of each clause in their order, and whether the clause goes on the one before (`... because ...`)."""
    clause: list[Word] = []
    begins, first, goes_on = True, True, False
    for text, is_code in parts:
        for match in _SCAN.finditer(text):
            token = match["token"] or ""
            low = token.casefold()
            breaks = low in _BREAKS or low in _NEGATIONS or low.endswith("n't")
            if not is_code and (not token or breaks):
                goes_next = breaks or (not clause and goes_on)
                if clause:
                    yield clause, goes_on
                    first = False
                clause, goes_on = [], goes_next and not first
            if token:
                name = not begins and token[0].isupper() and low not in _STOP and low not in _BREAKS
                clause += _words(token, is_code or name)
            begins = match[0][0] in ".:!?"
    if clause:
        yield clause, goes_on


def _words(token: str, telling: bool) -> Iterator[Word]:
    """The words of a token, folded; an amount (`30s`, `3.11+`) is a number and its unit."""
    low = token.removesuffix("'s").casefold()
    if _CHOICE.fullmatch(low) and not telling:
        for part in low.split("/"):
            yield from _words(part, False)
        return
    amount = _AMOUNT.fullmatch(low)
    if amount:
        yield from ((amount[1], True), (_stem("newer" if amount[2] == "+" else amount[2]), True))
    elif low in _NEGATIONS or low.endswith("n't"):
        yield "not", False
    elif low in _CONNECTORS or telling or not (low in _STOP or low in _BREAKS):
        word = _NUMBERS.get(low, low)
        yield _stem(word), telling or word[:1].isdigit() or word in _DAYS or _CODE.search(token) is not None


def _clause(words: Sequence[Word], heading: bool, goes_on: bool) -> Clause:
    said = frozenset(word for word, _ in words)
    return Clause(
        words=said - _RELATIONS,
        telling=frozenset(word for word, telling in words if telling) - _RELATIONS,
        negated="not" in said,
        heading=heading,
        goes_on=goes_on,
    )


def is_twin(new: Fingerprint, known: Fingerprint) -> bool:
    """Whether the known entry contains everything that the new one says."""
    if not new.key or not all(code in known.code or _stands(code, known.plain) for code in new.code):
        return False
    if new.key == known.key and _bare_order(new) == _bare_order(known):
        return True
    return (
        new.whole
        and known.whole
        and bool(new.words)
        and new.words <= known.words
        and closeness(new, known) >= SHARED_MIN
        and not _turned(new, known)
        and not _replaced(new.order, known.order)
        and all(_said(clause, known.clauses) for clause in new.clauses)
    )


def opposes(new: Fingerprint, known: Fingerprint) -> bool:
    """Whether two entries seem to say opposite things of the same matter: a statement of much the same words is denied
    in one of them only.
    """
    return any(
        one.negated != other.negated
        and len(one.words & other.words) >= max(OPPOSED_WORDS_MIN, OPPOSED_MIN * max(len(one.words), len(other.words)))
        for one in _statements(new)
        for other in _statements(known)
    )


def _statements(print_: Fingerprint) -> list[Clause]:
    """The clauses of an entry's text, each with those that go on from it."""
    found: list[Clause] = []
    for clause in (one for one in print_.clauses if not one.heading):
        if clause.goes_on and found:
            before = found.pop()
            found.append(Clause(before.words | clause.words, _NOTHING, before.negated or clause.negated, False, False))
        else:
            found.append(clause)
    return found


def _bare_order(print_: Fingerprint) -> list[str]:
    """The words in their order; unlike the key, they keep signs such as `<` and the dashes of options."""
    return [word for word in print_.order if word != "|"]


def closeness(new: Fingerprint, known: Fingerprint) -> float:
    """The share of words that two entries have in common, 0 to 1."""
    union = len(new.words | known.words)
    return len(new.words & known.words) / union if union else 1.0


def _stands(code: str, plain: str) -> bool:
    """Whether a text contains a piece of code exactly, and not as part of a longer one."""
    return code in plain and _whole(code).search(plain) is not None


@lru_cache(maxsize=4_096)
def _whole(code: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w/-])(?<!\w\.){re.escape(code)}(?![\w/-]|\.\w)")


def _said(clause: Clause, known: Sequence[Clause]) -> bool:
    """Whether one or two adjacent clauses of the known entry say what a clause of the new one says, equally negated."""
    alike = [one.words if one.negated == clause.negated else _NOTHING for one in known]
    if not clause.words <= _NOTHING.union(*alike):
        return False
    stray = len(clause.words) if clause.heading else len(clause.words) // STRAY_EACH
    for words, following, after in zip(alike, (*alike[1:], _NOTHING), (*known[1:], None), strict=True):
        said = words | following if after and after.goes_on else words
        if (clause.heading or clause.telling <= said) and len(clause.words - said) <= stray:
            return True
    return False


def _turned(new: Fingerprint, known: Fingerprint) -> bool:
    """Whether both have the same word of relation, such as `not` or `over`, before different words."""
    for word, said in new.after.items():
        firsts = {words[0] for words in said if words}
        theirs = {one for words in known.after.get(word, ()) for one in words}
        if firsts and theirs and firsts.isdisjoint(theirs):
            return True
    return False


def _replaced(new: Sequence[str], known: Sequence[str]) -> bool:
    """Whether a word of the known entry was replaced by another, or two words were swapped."""
    ours, theirs = _slots(new), _slots(known)
    changed = {
        (word, other)
        for slot in ours.keys() & theirs.keys()
        for word in ours[slot] - theirs[slot]
        for other in theirs[slot] - ours[slot]
        if "|" in slot
    }
    return any((other, word) in changed for word, other in changed) or any(
        "|" not in slot and ours[slot].isdisjoint(theirs[slot]) for slot in ours.keys() & theirs.keys()
    )


def _slots(order: Sequence[str]) -> dict[tuple[str, str], set[str]]:
    """The words between two others; the end of a clause counts as a word."""
    slots: dict[tuple[str, str], set[str]] = {}
    order = [word for word in order if word == "|" or word not in _RELATIONS]
    for before, word, after in zip(("|", *order), order, order[1:], strict=False):
        if word != "|" and (before != "|" or after != "|"):
            slots.setdefault((before, after), set()).add(word)
    return slots


def best_twin(text: str, candidates: Sequence[str]) -> int | None:
    """The index of the candidate that says the same as a text, the closest one by words; None if there is none."""
    new = fingerprint(text)
    prints = [fingerprint(one) for one in candidates]
    twins = [place for place, known in enumerate(prints) if is_twin(new, known)]
    return max(twins, key=lambda place: (closeness(new, prints[place]), -place), default=None)
