"""What is said twice, or against each other, in skills and entries that stand side by side.

Near-duplicates of skills were told apart on one half of 104 learned skills and measured on the other:
`make bench-health`. What is found here is shown to a person, who decides; nothing is changed for it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final, Literal

from seasoned.similar import Fingerprint, fingerprint, is_twin

Clash = Literal["number", "negation"]

# Which share of the runs of three words two skills have in common. Descriptions tell less: they are alike by rule.
RUNS_SHARED_MIN: Final = 0.06
RUN_WORDS: Final = 3
# Of two short skills one sentence is a large share.
RUNS_MIN: Final = 12
# A run that more skills have tells nothing of two of them.
POSTINGS_MAX: Final = 60
WORDS_READ_MAX: Final = 20_000
# What entries have to share, apart from numbers and noes, to be about the same.
SAME_MATTER_MIN: Final = 0.75
MATTER_WORDS_MIN: Final = 3
# How many of the words of an entry lead to others, the rarest first.
LEADS: Final = 3
PAIRS_MAX: Final = 10_000
_WORD: Final = re.compile(r"[^\W_]{2,}")
_UNTIL: Final = re.compile(r"\(\s*(?:valid\s+|only\s+)?until\s+(\d{4}-\d\d-\d\d)\s*\)", re.IGNORECASE)


def until(text: str) -> str:
    """The last day on which an entry holds, `YYYY-MM-DD`, as it says itself: `(until 2026-04-01)`; else empty."""
    return max(_UNTIL.findall(text), default="")


def alike_skills(skills: Sequence[str]) -> list[tuple[int, int]]:
    """The pairs of skills, each by its whole text, that are near-duplicates, by their places."""
    runs = [_runs(text) for text in skills]
    common = Counter(_sharing(runs))
    found = {
        (a, b)
        for (a, b), shared in common.items()
        if shared >= max(RUNS_MIN, RUNS_SHARED_MIN * (len(runs[a]) + len(runs[b]) - shared))
    }
    return sorted(found)


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = [word.casefold() for word in _WORD.findall(text)[:WORDS_READ_MAX]]
    return frozenset(zip(*(words[step:] for step in range(RUN_WORDS)), strict=False))


def _sharing(runs: Sequence[Iterable[tuple[str, ...]]]) -> Iterator[tuple[int, int]]:
    """Each pair of places once for each run that both have."""
    postings: dict[tuple[str, ...], list[int]] = {}
    for place, own in enumerate(runs):
        for run in own:
            postings.setdefault(run, []).append(place)
    for places in postings.values():
        if 1 < len(places) <= POSTINGS_MAX:
            yield from combinations(places, 2)


def twins(entries: Sequence[str]) -> list[tuple[int, int]]:
    """The entries that another one says too: its place, and that of the other, at most PAIRS_MAX."""
    prints = [fingerprint(text) for text in entries]
    found: dict[int, int] = {}
    for place, other in _candidates(prints, [one.words for one in prints]):
        # The later one goes into the earlier one, if it can.
        for new, known in ((other, place), (place, other)):
            # What is a twin of an entry that goes itself stays for the next time.
            is_free = new not in found and known not in found and new not in found.values()
            if is_free and is_twin(prints[new], prints[known]) and len(found) < PAIRS_MAX:
                found[new] = known
    return sorted(found.items())


def clashes(entries: Sequence[str]) -> list[tuple[int, int, Clash]]:
    """The pairs of entries about the same matter of which one has another number, or says no; at most PAIRS_MAX."""
    prints = [fingerprint(text) for text in entries]
    matters = [frozenset(word for word in one.words if not _is_number(word)) for one in prints]
    found: list[tuple[int, int, Clash]] = []
    for place, other in _candidates(prints, matters):
        a, b = matters[place], matters[other]
        shared = len(a & b)
        if shared < MATTER_WORDS_MIN or shared < SAME_MATTER_MIN * len(a | b) or len(found) >= PAIRS_MAX:
            continue
        if _other_numbers(prints[place], prints[other]):
            found.append((place, other, "number"))
        elif _says_no(prints[place]) != _says_no(prints[other]):
            found.append((place, other, "negation"))
    return found


def _candidates(prints: Sequence[Fingerprint], words: Sequence[frozenset[str]]) -> Iterator[tuple[int, int]]:
    """The pairs of entries that share one of the rarest words of either, each pair once."""
    counts = Counter(word for own in words for word in own)
    postings: dict[str, list[int]] = {}
    for place, own in enumerate(words):
        for word in own:
            postings.setdefault(word, []).append(place)
    seen = set[tuple[int, int]]()
    for place, own in enumerate(words):
        leads = sorted((word for word in own if counts[word] > 1), key=lambda word: (counts[word], word))[:LEADS]
        for other in (other for word in leads for other in postings[word][:POSTINGS_MAX]):
            pair = (min(place, other), max(place, other))
            if place != other and pair not in seen and prints[place].whole and prints[other].whole:
                seen.add(pair)
                yield pair


def _is_number(word: str) -> bool:
    return word[:1].isdigit()


def _other_numbers(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether each has a number that the other has not."""
    ours, theirs = ({word for word in each.words if _is_number(word)} for each in (one, other))
    return bool(ours - theirs) and bool(theirs - ours)


def _says_no(one: Fingerprint) -> int:
    """How many clauses of an entry deny something; a heading repeats what its text says."""
    return sum(clause.negated for clause in one.clauses if not clause.heading)


def families(count: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """The groups of places that pairs connect, each with at least two."""
    leader = {place: place for place in range(count)}
    for a, b in pairs:
        first, second = leader[a], leader[b]
        leader = {place: min(first, second) if own in (first, second) else own for place, own in leader.items()}
    groups: dict[int, list[int]] = {}
    for place, own in leader.items():
        groups.setdefault(own, []).append(place)
    return [group for group in groups.values() if len(group) > 1]
