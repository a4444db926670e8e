"""Which version brought a line: kept lines are found, and finding them takes bounded time."""

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned.skill import FILE_BYTES_MAX
from seasoned.store import blame as module
from seasoned.store.blame import Blamed, Origin, Run, follow_moves, lines_of, origins_of, runs_of
from tests.support.growth import check_ratio

LOOKS_MAX = 30

LINES = st.lists(st.sampled_from("abcd"), max_size=30)


Runs = list[tuple[int, int]]


def blame(old: Sequence[str], before: Runs, new: Sequence[str], version: int) -> list[int]:
    """The version of each line."""
    known = [Origin(origin) for origin, count in before for _ in range(count)]
    return [origin.version for origin in module.blame(Blamed(old, known), new, Origin(version))]


def numbered(count: int) -> list[str]:
    return [f"line {number}" for number in range(count)]


@given(LINES, LINES)
def test_every_line_has_a_version_and_a_kept_one_was_there(old: list[str], new: list[str]) -> None:
    found = blame(old, [(index + 1, 1) for index in range(len(old))], new, 99)
    assert len(found) == len(new)
    kept = [(version, line) for version, line in zip(found, new, strict=True) if version != 99]
    assert all(old[version - 1] == line for version, line in kept)
    assert [version for version, _ in kept] == sorted({version for version, _ in kept}), "kept lines keep their order"


@given(LINES, st.integers(0, 30), LINES)
def test_lines_that_are_put_in_leave_the_others_as_they_were(old: list[str], place: int, put: list[str]) -> None:
    new = old[:place] + [f"new {line}" for line in put] + old[place:]
    found = blame(old, [(1, len(old))], new, 2)
    assert found.count(2) == len(put)


@pytest.mark.parametrize("count", [10, 400, 20_000])
def test_scattered_edits_change_only_the_versions_of_their_lines(count: int) -> None:
    """Also where lines repeat: every other one is empty."""
    old = [line for number in range(count) for line in (f"line {number}", "")]
    changed = range(0, 2 * count, 14)
    new = [f"other {index}" if index in changed else line for index, line in enumerate(old)]
    found = blame(old, [(1, len(old))], new, 2)
    assert [index for index, version in enumerate(found) if version == 2] == list(changed)


def test_a_passage_that_is_taken_out_takes_only_its_own_versions() -> None:
    old = numbered(3_000)
    found = blame(old, [(1, 1_000), (2, 1_000), (3, 1_000)], old[:500] + old[2_500:], 4)
    assert found == [1] * 500 + [3] * 500


def test_nothing_comes_of_nothing() -> None:
    assert blame([], [], [], 2) == []
    assert blame([], [], ["a", "b"], 2) == [2, 2]
    assert blame(["a"], [(1, 1)], [], 2) == []


def periodic(count: int) -> tuple[list[str], list[str]]:
    """Every other line is the same one: the matches are many and none is long."""
    old = [line for number in range(count // 2) for line in ("x", f"old {number}")]
    return old, [line for number in range(count // 2) for line in ("x", f"new {number}")]


def two_words(count: int) -> tuple[list[str], list[str]]:
    chosen = random.Random(7)  # noqa: S311 - a test's
    return tuple([chosen.choice("ab") for _ in range(count)] for _ in range(2))  # type: ignore[return-value]


def shifted(count: int) -> tuple[list[str], list[str]]:
    """All the same, and then not."""
    return ["a"] * count + ["b"], ["c"] + ["a"] * (count // 2) + ["d"] + ["a"] * (count // 2)


def reversed_lines(count: int) -> tuple[list[str], list[str]]:
    return numbered(count), numbered(count)[::-1]


def shrinking(count: int) -> tuple[list[str], list[str]]:
    """Each look at the unique lines finds one, at the edge."""
    half = count // 2
    old = [*numbered(half), "|", *[f"line {number // 2}" for number in range(half)]]
    return old, [*numbered(half)[::-1], "|", *[f"line {(half - number) // 2}" for number in range(half)]]


def gaps(count: int) -> tuple[list[str], list[str]]:
    """Many small gaps, each as slow as it can be."""
    old, new = periodic(count)
    old[::100] = new[::100] = numbered(len(old[::100]))
    return old, new


def whole(make: Callable[[int], tuple[list[str], list[str]]]) -> tuple[list[str], list[str]]:
    """As many lines as the largest file has room for."""
    old, new = make(1_000)
    return make(1_000 * FILE_BYTES_MAX // max(len("\n".join(old)), len("\n".join(new))))


def look_at_every_line() -> None:
    """As many lines as the largest file can have."""
    {line: index for index, line in enumerate("\n" * FILE_BYTES_MAX)}


@pytest.mark.parametrize("make", [periodic, two_words, shifted, reversed_lines, shrinking, gaps])
@pytest.mark.parametrize("lines", [4_000, 0], ids=["some lines", "the largest file"])
def test_the_worst_files_take_no_longer_than_a_bound(
    lines: int, make: Callable[[int], tuple[list[str], list[str]]]
) -> None:
    old, new = make(lines) if lines else whole(make)
    old_origins = [(1, len(old))]
    check_ratio(lambda: blame(old, old_origins, new, 2), LOOKS_MAX, look_at_every_line)
    assert len(blame(old, old_origins, new, 2)) == len(new)


LONG = ["- Always deploy on Tuesdays.", "  Never on Fridays.", ""]


def followed(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, list[int]]:
    """The versions of lines after a version 2 that moved blocks of version 1, each line of which has its own lesson."""
    old = {path: Blamed(lines, [Origin(1, (at,)) for at in range(len(lines))]) for path, lines in before.items()}
    new = {
        path: Blamed(lines, module.blame(old.get(path, Blamed((), [])), lines, Origin(2)))
        for path, lines in after.items()
    }
    follow_moves(old, new, 2)
    return {path: [origin.version for origin in file.origins] for path, file in new.items()}


def test_a_block_keeps_its_origins_where_it_goes() -> None:
    assert followed({"a.md": LONG}, {"b.md": LONG}) == {"b.md": [1, 1, 1]}
    assert followed({"a.md": [*LONG, "x"], "b.md": ["y"]}, {"a.md": ["x"], "b.md": ["y", *LONG]}) == {
        "a.md": [1],
        "b.md": [1, 1, 1, 1],
    }
    assert followed({"a.md": [*LONG, *numbered(5)]}, {"a.md": [*numbered(5), *LONG]}) == {"a.md": [1] * 8}


def test_what_is_copied_or_short_is_new() -> None:
    assert followed({"a.md": LONG}, {"a.md": LONG, "b.md": LONG})["b.md"] == [2, 2, 2]
    assert followed({"a.md": ["- short"]}, {"b.md": ["- short"]}) == {"b.md": [2]}
    # What vanished once moved once.
    assert followed({"a.md": LONG}, {"b.md": LONG, "c.md": LONG}) == {"b.md": [1, 1, 1], "c.md": [2, 2, 2]}


@given(st.lists(st.tuples(st.integers(1, 3), st.lists(st.integers(0, 2), max_size=2).map(tuple)), max_size=20))
def test_runs_say_the_same_as_origins(pairs: list[tuple[int, tuple[int, ...]]]) -> None:
    origins = [Origin(*pair) for pair in pairs]
    assert origins_of(runs_of(origins), len(origins), 9) == origins
    assert origins_of([Run(1, 2)], 4, 9) == [Origin(1), Origin(1), Origin(9), Origin(9)]


def test_lines_are_what_line_feeds_end() -> None:
    assert lines_of("") == []
    assert lines_of("a\nb") == lines_of("a\nb\n") == ["a", "b"]
    assert lines_of("a\u2028b\r\n\n") == ["a\u2028b\r", ""]


def test_moves_in_the_worst_files_are_found_in_bounded_time() -> None:
    lines = [line for number in range(50_000) for line in ("ab", "", "", "")] + ["the end of this file, which moves"]
    old = {"a": Blamed(lines, [Origin(1)] * len(lines))}
    check_ratio(
        lambda: follow_moves(old, {"b": Blamed(lines, [Origin(2)] * len(lines))}, 2), LOOKS_MAX, look_at_every_line
    )
