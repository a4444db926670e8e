"""Twins of entries: the same in other words is one, another fact in nearly the same words is none."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seasoned.similar import TEXT_CHARS_MAX, best_twin, closeness, fingerprint, is_twin
from tests.support.growth import check_linear, text_of

# The held-out half of the other files is for measuring only: tests that assert it would make it known.
PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "benchmarks" / "duplicates" / "planted.jsonl").read_text().splitlines()
]
ENTRIES = sorted({pair["known"] for pair in PAIRS})
SPACES = [" ", "  ", "\t", "\u00a0"]


def twin(new: str, known: str) -> bool:
    return is_twin(fingerprint(new), fingerprint(known))


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if not pair["same"]], ids=lambda pair: str(pair["new"])[:40])
def test_no_planted_fact_is_taken_for_another(pair: dict[str, str]) -> None:
    assert not twin(pair["new"], pair["known"])


@pytest.mark.parametrize(
    ("new", "known"),
    [
        ("- The user wants deployments to be blue-green, always.", "- The user always wants blue-green deployments."),
        ("## Retry\nUse `--retries 3` on the upload.", "### Retry\n- use `--retries 3` on the upload"),
        ("- The user never uses unittest; pytest is used.", "- The user uses pytest, never unittest."),
        ("- Alerts go to the pager at night, to chat by day.", "- At night alerts go to the pager, to chat by day."),
        ("- The timeout is 30 seconds.", "- Timeout is 30s"),
        ("- Refunds > 50 EUR need approval.", "- Refunds over 50 € need approval."),
        ("- Files are written in German.", "- Write each file in German."),
        ("- Correct: set `--retries 3`", "- Solution: set `--retries 3`"),
        ("- Retry the upload three times.", "- Retry the upload 3 times."),
        ("- The user lives in Porto.", "- The user lives in Porto and is vegetarian."),
    ],
)
def test_the_same_in_other_words_is_a_twin(new: str, known: str) -> None:
    assert twin(new, known)


@pytest.mark.parametrize(
    ("new", "known"),
    [
        ("- Alerts at night go to chat, by day to the pager.", "- Alerts at night go to the pager, by day to chat."),
        ("- Run migrations before switching traffic.", "- Switch traffic before running migrations."),
        ("- Merge main into develop.", "- Merge develop into main."),
        ("- Tom covers for Nadia.", "- Nadia covers for Tom."),
        ("- The agent may push.", "- The agent may not push."),
        ("- No longer uses Teams; messages go to Slack.", "- No longer uses Slack; messages go to Teams."),
        ("- Lists files with decimals.", "- Lists files without decimals."),
        ("- Retry if x < 5.", "- Retry if x > 5."),
        ("- Delete with `rm -r` here.", "- Delete with `rm -R` here."),
        ("- Run `mv old new` there.", "- Run `mv new old` there."),
        ("- Compile with `-O3`, as `-O2` breaks it.", "- Compile with `-O2`, as `-O3` breaks it."),
        ("- Keep `dist/` out.", "- Keep `dist/wheels` out."),
        ("- The timeout is 30 ms.", "- The timeout is 30 s."),
        ("- It costs 50 USD.", "- It costs 50 EUR."),
        ("## Deploy of the shop\nRun it twice.", "## Deploy of the ledger\nRun it twice."),
        ("- Lives in Porto and is vegetarian.", "- Lives in Porto."),
        ("日本語の報告は月曜日", "日本語の報告は火曜日"),
    ],
)
def test_another_fact_in_nearly_the_same_words_is_none(new: str, known: str) -> None:
    assert not twin(new, known)
    assert twin(new, new)
    assert twin(known, known)


@given(st.sampled_from(ENTRIES))
def test_every_entry_is_its_own_twin_and_the_nearest(entry: str) -> None:
    assert twin(entry, entry)
    assert closeness(fingerprint(entry), fingerprint(entry)) == 1.0
    assert best_twin(entry, [entry, f"{entry} Another box goes in."]) == 0


@given(st.sampled_from(ENTRIES), st.sampled_from(SPACES), st.booleans())
def test_white_space_case_and_marks_do_not_matter(entry: str, space: str, bold: bool) -> None:
    # Case counts within code, and where a dash would begin an option.
    written = entry if "`" in entry else entry.upper()
    marked = f"\n**{written.removeprefix('- ')}**\n" if bold and "\n" not in entry and "#" not in entry else written
    assert twin(marked.replace(" ", space * 2), entry)
    assert twin(entry.replace("## ", "#### "), entry)


@given(
    st.sampled_from(ENTRIES), st.integers(1_000, 9_999), st.sampled_from(["The limit is {}.", "`{}`", "{} s", "v{}.1"])
)
def test_an_added_number_is_another_fact(entry: str, number: int, form: str) -> None:
    assert not twin(f"{entry} {form.format(number)}", entry)


@given(st.sampled_from(ENTRIES), st.text(alphabet="bcdfghjklmnp", min_size=6, max_size=9))
def test_an_added_word_is_another_fact(entry: str, word: str) -> None:
    assert not twin(f"{entry}\n- Also {word}.", entry)
    assert not twin(f"{entry}\n- `{word}`", entry)


@given(st.sampled_from(ENTRIES), st.sampled_from(ENTRIES))
def test_the_closeness_is_the_same_both_ways_and_a_twin_brings_no_word(one: str, other: str) -> None:
    first, second = fingerprint(one), fingerprint(other)
    assert closeness(first, second) == closeness(second, first)
    if is_twin(first, second):
        assert first.words <= second.words


@given(st.text(max_size=300), st.text(max_size=300))
@example("A list of `get`s and `0`0.", "0`0`")
def test_any_two_texts_can_be_compared(one: str, other: str) -> None:
    assert isinstance(twin(one, other), bool)
    assert twin(one, one) is bool(fingerprint(one).key)


def test_an_entry_too_long_to_compare_is_a_twin_only_of_itself() -> None:
    long = "- " + "alpha beta gamma " * (TEXT_CHARS_MAX // 16)
    assert twin(long, long)
    assert not twin(f"{long} and delta", long)
    assert not twin("- alpha beta gamma", long)


@pytest.mark.parametrize("unit", ["`", "`a``", "a/", "- ", "#", "not ", "x="])
def test_to_compare_long_texts_costs_no_more_than_their_length(unit: str) -> None:
    check_linear(text_of(unit), lambda text: twin(text, f"{text} b"), 4_000)


def test_the_nearest_twin_is_found_among_many() -> None:
    known = [*ENTRIES[:10], "- Logs are deleted when older than 14 days.", *ENTRIES[40:60]]
    assert best_twin("- Logs older than 14 days are deleted.", known) == 10
    assert best_twin("- Logs older than 15 days are deleted.", known) is None
    assert best_twin("- Anything", []) is None
