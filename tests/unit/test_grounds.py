"""What a writer invents is found: code, names and numbers that neither the lessons nor the old entry have."""

import pytest

from seasoned.pipeline.grounds import invented
from seasoned.similar import fingerprint, opposes

LESSON = """Cancel: whether a flight was flown
- Symptom: `cancel_reservation` fails after 24 hours
- Correct: compare `created_at`, at most three times"""


@pytest.mark.parametrize(
    "text",
    [
        LESSON,
        "## When a reservation is cancelled\n1. Look at `created_at`.\n2. After 24 hours, stop.",
        "Compare created_at; do so 3 times at most, then 24h later.",
        "`cancel_reservation` fails. Wait, then ask a human.",
    ],
)
def test_other_words_for_the_same_are_no_invention(text: str) -> None:
    assert invented(text, [LESSON]) == ()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("compare `created_at` and `flight_dates`", "flight_dates"),
        ("compare created_at and flight_dates", "flight_dates"),
        ("It fails after 48 hours.", "48"),
        ("Run `refund --force`.", "--force"),
        ("Look into /etc/air/policy.toml first.", "/etc/air/policy.toml"),
        ("Call getReservation first.", "getReservation"),
    ],
)
def test_what_stands_nowhere_is_named(text: str, what: str) -> None:
    assert what in invented(text, [LESSON])


def test_entries_that_say_opposite_things_are_told_apart_from_those_that_agree() -> None:
    never = fingerprint("## Cancel\nA reservation with a flown segment cannot be cancelled.")
    may = fingerprint("## Cancelling\nA reservation with a flown segment can be cancelled.")
    other = fingerprint("## Refund\nA gift card cannot be refunded.")
    assert opposes(never, may)
    assert not opposes(never, never)
    assert not opposes(never, other)


def test_the_old_entry_counts_as_a_source() -> None:
    assert invented("It fails after 48 hours.", [LESSON, "## Old\nAfter 48 hours it is too late."]) == ()
