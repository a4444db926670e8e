"""Blame: which version added each line of a file, in bounded time.

Lines are matched as in a patience diff: common ends first, then lines that occur once on both sides as anchors, between
which the rest is compared. Small gaps are compared line by line; a gap that is neither small nor anchored, or left when
the work limit is reached, counts as new.
"""

import difflib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

# How many lines may be looked at, all gaps together.
WORK_MAX = 2_000_000
# Of longer files only what is equal at the beginning and at the end is matched.
LINES_MAX = 50_000
# How many pairs of lines a small gap has. In the worst case all of them are compared for each line; about so many
# comparisons take as long as it takes to look at a line.
PAIRS_MAX = 10_000
COMPARISONS_PER_LINE = 20
_REPEATED = -1

Runs = list[tuple[int, int]]
"""Runs of (version, count of lines)."""


class _Gap(NamedTuple):
    """Lines of both sides that are still to be compared: `old[a:a_end]` with `new[b:b_end]`."""

    a: int
    a_end: int
    b: int
    b_end: int

    def is_small(self) -> bool:
        """Whether its lines may be compared one by one."""
        return (self.a_end - self.a) * (self.b_end - self.b) <= PAIRS_MAX

    def work(self) -> int:
        """The most lines that a comparison of this gap has to read."""
        olds, news = self.a_end - self.a, self.b_end - self.b
        return olds + news + (olds * news * min(olds, news) // COMPARISONS_PER_LINE if self.is_small() else 0)


def blame(old: Sequence[str], before: Runs, new: Sequence[str], version: int) -> Runs:
    """The versions that added the lines `new` of version `version`; `before` says it of the lines `old`."""
    origins = [origin for origin, count in before for _ in range(count)]
    found = [version] * len(new)
    for a, b, size in _kept(old, new):
        kept = origins[a : a + size]
        found[b : b + len(kept)] = kept
    return [(origin, len(list(run))) for origin, run in groupby(found)]


def _kept(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Runs of equal lines: their start in `old`, their start in `new` and their length."""
    work = WORK_MAX
    gaps = [_Gap(0, len(old), 0, len(new))]
    while gaps:
        whole = gaps.pop()
        gap = _without_ends(old, new, whole)
        yield whole.a, whole.b, gap.a - whole.a
        yield gap.a_end, gap.b_end, whole.a_end - gap.a_end
        if gap.work() > work or max(len(old), len(new)) > LINES_MAX:
            continue
        work -= gap.work()
        if gap.is_small():
            matcher = difflib.SequenceMatcher(None, old[gap.a : gap.a_end], new[gap.b : gap.b_end], autojunk=False)
            yield from ((gap.a + a, gap.b + b, size) for a, b, size in matcher.get_matching_blocks())
        else:
            gaps.extend(_between(_anchors(old, new, gap), gap))


def _without_ends(old: Sequence[str], new: Sequence[str], gap: _Gap) -> _Gap:
    """The gap without equal lines at its start and end."""
    a, a_end, b, b_end = gap
    while a < a_end and b < b_end and old[a] == new[b]:
        a, b = a + 1, b + 1
    while a < a_end and b < b_end and old[a_end - 1] == new[b_end - 1]:
        a_end, b_end = a_end - 1, b_end - 1
    return _Gap(a, a_end, b, b_end)


def _anchors(old: Sequence[str], new: Sequence[str], gap: _Gap) -> list[tuple[int, int]]:
    """The longest sequence of lines that occur once on each side and in the same order."""
    olds = _once(old, gap.a, gap.a_end)
    common = [
        (a, b) for line, b in _once(new, gap.b, gap.b_end).items() if b != _REPEATED and (a := olds.get(line, -1)) >= 0
    ]
    # The longest increasing run of old places: `ends` holds the least place in which a run of each length can end.
    ends: list[int] = []
    tails: list[int] = []
    before: list[int] = []
    for index, (a, _) in enumerate(common):
        length = bisect_left(ends, a)
        before.append(tails[length - 1] if length else -1)
        ends[length : length + 1] = [a]
        tails[length : length + 1] = [index]
    chain = []
    at = tails[-1] if tails else -1
    while at >= 0:
        chain.append(common[at])
        at = before[at]
    return chain[::-1]


def _once(lines: Sequence[str], start: int, end: int) -> dict[str, int]:
    """The position of each line, in order of first occurrence; _REPEATED for lines that occur more than once."""
    places: dict[str, int] = {}
    for place in range(start, end):
        places[lines[place]] = _REPEATED if lines[place] in places else place
    return places


def _between(anchors: Sequence[tuple[int, int]], gap: _Gap) -> Iterator[_Gap]:
    """The gaps between anchors; empty if there is no anchor."""
    if not anchors:
        return
    ends = [*anchors, (gap.a_end, gap.b_end)]
    yield _Gap(gap.a, anchors[0][0], gap.b, anchors[0][1])
    yield from (_Gap(a, a_end, b, b_end) for (a, b), (a_end, b_end) in zip(anchors, ends[1:], strict=True))
