"""What is said twice, or against each other, and until when."""

import pytest
from benchmarks.health import halves, measured

from seasoned.overlaps import SkillText, alike_skills, clashes, families, twins, until

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


def test_skills_of_the_same_text_or_description_are_near_duplicates() -> None:
    body = " ".join(f"word{number} does thing{number % 7}" for number in range(40))
    same = [
        SkillText("Deploy the shop to production servers.", body),
        SkillText("Other words entirely here.", body + " and a little more at its end"),
        SkillText("How to deploy the shop to the production servers", "Short."),
        SkillText("Refund orders of customers.", "Something else."),
    ]
    assert alike_skills(same) == [(0, 1), (0, 2)]
    assert families(len(same), alike_skills(same)) == [[0, 1, 2]]
    assert families(3, []) == []


def test_the_benchmark_s_halves_share_no_family() -> None:
    rows = [
        {"id": f"s{n}__v0", "name": name, "description": name, "files": {"SKILL.md": name}, "parents": parents}
        for n, (name, parents) in enumerate(
            [("pdf", []), ("pdf-enhanced", []), ("xls-0a1b2c", []), ("doc", ["xls__v0_1"]), ("ppt", []), ("csv", [])]
        )
    ]
    first, second = halves(rows)
    assert len(first) + len(second) == len(rows)
    assert measured([*first, *second])[2] == 2
    assert measured(first)[2] + measured(second)[2] == 2
