"""Blame: which version added each line of a file, and which of its lessons, in bounded time.

Lines are matched as in a patience diff: common ends first, then lines that occur once on both sides as anchors, between
which the rest is compared. Small gaps are compared line by line; a gap that is neither small nor anchored, or left when
the work limit is reached, counts as new. A block that vanished in one place and appears in another, also in another
file, keeps its origins, as with `git blame -M -C`.
"""

import difflib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import msgspec

# How many lines may be looked at, all gaps together.
WORK_MAX = 2_000_000
# Of longer files only what is equal at the beginning and at the end is matched.
LINES_MAX = 50_000
# How many pairs of lines a small gap has. In the worst case all of them are compared for each line; about so many
# comparisons take as long as it takes to look at a line.
PAIRS_MAX = 10_000
COMPARISONS_PER_LINE = 20
# A block that moved has this many letters and digits, as with git, so that no stray line finds a wrong origin; each of
# its lines is looked for in this many places at most.
MOVED_CHARS_MIN: Final = 20
PLACES_MAX: Final = 8
_REPEATED = -1


class Origin(NamedTuple):
    """Where a line comes from: a version, and the places of the line's lessons in the version's list of lessons. No
    places stand for all of them.
    """

    version: int
    lessons: tuple[int, ...] = ()


class Run(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Lines in a row with the same origin."""

    version: int
    count: int
    lessons: tuple[int, ...] = ()


class Blamed(NamedTuple):
    """The lines of a file with their origins."""

    lines: Sequence[str]
    origins: list[Origin]


def lines_of(text: str) -> list[str]:
    """The lines of a file: what line feeds end; one that is not ended counts too."""
    lines = text.split("\n")
    return lines[:-1] if not lines[-1] else lines


def origins_of(runs: Sequence[Run], count: int, since: int) -> list[Origin]:
    """The origin of each of `count` lines; `since` is that of lines that the runs do not cover."""
    known = [Origin(run.version, run.lessons) for run in runs for _ in range(run.count)][:count]
    return known + [Origin(since)] * (count - len(known))


def runs_of(origins: Sequence[Origin]) -> list[Run]:
    """Origins line by line as runs."""
    return [Run(one.version, len(list(run)), one.lessons) for one, run in groupby(origins)]


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


def blame(old: Blamed, new: Sequence[str], origin: Origin) -> list[Origin]:
    """The origins of the lines `new`, which came of the lines `old`; `origin` is that of those that were not there."""
    found = [origin] * len(new)
    for a, b, size in aligned(old.lines, new):
        found[b : b + size] = old.origins[a : a + size]
    return found


def fill_in(earlier: Mapping[str, Blamed], after: Mapping[str, Blamed], number: int) -> None:
    """Give the lines that seem new in version `number` the origins that they have in an earlier version, if any."""
    for path in earlier.keys() & after.keys():
        old, new = earlier[path], after[path]
        for a, b, size in aligned(old.lines, new.lines):
            for step in range(size):
                if new.origins[b + step].version == number:
                    new.origins[b + step] = old.origins[a + step]
    follow_moves(earlier, after, number)


def follow_moves(before: Mapping[str, Blamed], after: Mapping[str, Blamed], number: int) -> None:
    """Give the lines that seem new in version `number` the origins of the same block where it vanished.

    `before` are the changed files as they were, `after` as they are, also those that are gone or new on either side.
    """
    gone, origins = _vanished(before, after)
    if not gone:
        return
    places: dict[str, list[int]] = {}
    for place, line in enumerate(gone):
        if line is not None and any(map(str.isalnum, line)):
            places.setdefault(line, []).append(place)
    for file in after.values():
        at = 0
        while at < len(file.lines):
            start, size = _longest(gone, places.get(file.lines[at], ()), file, at, number)
            file.origins[at : at + size] = origins[start : start + size]
            gone[start : start + size] = [None] * size
            at += size or 1


def _vanished(before: Mapping[str, Blamed], after: Mapping[str, Blamed]) -> tuple[list[str | None], list[Origin]]:
    """The lines that are gone from their files, and their origins; None parts those that were not neighbours."""
    gone: list[str | None] = []
    origins: list[Origin] = []
    for path, old in sorted(before.items()):
        kept = bytearray(len(old.lines))
        for a, _, size in aligned(old.lines, after[path].lines if path in after else ()):
            kept[a : a + size] = b"\1" * size
        gone += [None if is_kept else line for line, is_kept in zip(old.lines, kept, strict=True)] + [None]
        origins += [*old.origins, Origin(0)]
    return (gone, origins) if any(line is not None for line in gone) else ([], [])


def _longest(gone: Sequence[str | None], places: Sequence[int], file: Blamed, at: int, number: int) -> tuple[int, int]:
    """Where the longest block that vanished and stands at a place of a file begins, and its lines; 0 for none."""
    best, length = 0, 0
    for place in places[:PLACES_MAX]:
        size = 0
        while (
            at + size < len(file.lines)
            and place + size < len(gone)
            and gone[place + size] == file.lines[at + size]
            and file.origins[at + size].version == number
        ):
            size += 1
        if size > length:
            best, length = place, size
    block = file.lines[at : at + length]
    return (best, length) if sum(map(str.isalnum, "".join(block))) >= MOVED_CHARS_MIN else (0, 0)


def aligned(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Runs of equal lines: their start in `old`, their start in `new` and their length; in no order, some empty."""
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
