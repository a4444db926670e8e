"""What is said twice, or against each other, and until when."""

import pytest

from seasoned.overlaps import alike_skills, clashes, families, twins, until

ENTRIES = [
    "## Refund within 30 days\nA customer gets the money back within 30 days.",
    "## Deploy on Tuesdays\nRun `make deploy` after the tests.",
    "## Refund within 14 days\nA customer gets the money back within 14 days.",
    "## Deploy on Tuesdays\nRun `make deploy` after the tests have run.",
    "## Push\nPush the branch to the server.",
    "## Push\nNever push the branch to the server.",
    "- The user wants answers in French.",
]


def test_twins_go_into_the_other_entry_once() -> None:
    assert twins(ENTRIES) == [(3, 1)]
    assert twins([ENTRIES[1], ENTRIES[1], ENTRIES[1]]) == [(1, 0), (2, 0)]
    assert twins([]) == []


def test_other_numbers_and_noes_are_contradictions() -> None:
    assert sorted(clashes(ENTRIES)) == [(0, 2, "number"), (4, 5, "negation")]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("- The sale runs (until 2026-04-01).", "2026-04-01"),
        ("- Two (until 2026-04-01) and more (valid until 2026-05-01)", "2026-05-01"),
        ("- Wait until 2026-04-01.", ""),
        ("- (until tomorrow)", ""),
    ],
)
def test_an_entry_says_until_when_it_holds(text: str, day: str) -> None:
    assert until(text) == day


def test_skills_of_the_same_text_are_near_duplicates() -> None:
    body = " ".join(f"word{number} does thing{number % 7}" for number in range(40))
    some = [body, body + " and a little more at its end", "Something else entirely.", "# Notes\n\nLessons learned."]
    assert alike_skills(some) == [(0, 1)]
    assert alike_skills(["# Git\n\nLessons learned, in `notes.md`."] * 2) == [], "one sentence is too little"
    assert families(len(some), [(0, 1), (1, 3)]) == [[0, 1, 3]]
    assert families(3, []) == []
