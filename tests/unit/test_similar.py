"""Twins of entries: the same in other words is one, another fact in nearly the same words is none."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned.similar import best_twin, fingerprint, is_twin

PAIRS = Path(__file__).parents[2] / "benchmarks" / "duplicates" / "planted.jsonl"
ENTRIES = [json.loads(line)["known"] for line in PAIRS.read_text().splitlines()]


def twin(new: str, known: str) -> bool:
    return is_twin(fingerprint(new), fingerprint(known))


@pytest.mark.parametrize(
    "pair", [json.loads(line) for line in PAIRS.read_text().splitlines()], ids=lambda pair: str(pair["new"])[:40]
)
def test_no_planted_fact_is_taken_for_another(pair: dict[str, str]) -> None:
    if not pair["same"]:
        assert not twin(pair["new"], pair["known"])


@pytest.mark.parametrize(
    ("new", "known"),
    [
        ("- The user wants deployments to be blue-green, always.", "- The user always wants blue-green deployments."),
        ("## Retry\nUse `--retries 3` on the upload.", "### Retry\n- use `--retries 3` on the upload"),
        ("- The user never uses unittest; pytest is used.", "- The user uses pytest, never unittest."),
    ],
)
def test_the_same_in_other_words_is_a_twin(new: str, known: str) -> None:
    assert twin(new, known)


@given(st.sampled_from(ENTRIES), st.sampled_from(["  ", "\n", "**", ">"]))
def test_white_space_case_and_marks_do_not_matter(entry: str, mark: str) -> None:
    assert twin(entry.upper().replace(" ", f" {mark} "), entry) or "`" in entry
    assert twin(f"\n{entry}\n", entry)


@given(st.sampled_from(ENTRIES), st.integers(1_000, 9_999))
def test_another_number_is_another_fact(entry: str, number: int) -> None:
    assert not twin(f"{entry} The limit is {number}.", entry)


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_two_texts_can_be_compared(one: str, other: str) -> None:
    assert isinstance(twin(one, other), bool)
    assert twin(one, one) or not fingerprint(one).key


def test_the_nearest_twin_is_found_among_many() -> None:
    known = [*ENTRIES[:10], "- Logs are deleted when older than 14 days.", *ENTRIES[40:60]]
    assert best_twin("- Logs older than 14 days are deleted.", known) == 10
    assert best_twin("- Logs older than 15 days are deleted.", known) is None
    assert best_twin("- Anything", []) is None
