"""A lesson: what a finished task, or a stated preference, teaches.

    pending ──▶ written | reinforced | declined | skipped | proposed
       └──────▶ parked (the writer gave up on it; the reason is on the row, `retry` sends it back to pending)
    proposed ──▶ written | reinforced | rejected   (a person decides, and can undo it)
    any state ─▶ forgotten

A lesson is settled when it is in any state but `pending`. One finished task revision is distilled once, into one or
more lessons that commit together; when it teaches nothing, into a single lesson of kind `skip` with its reason.
"""

import re
import unicodedata
from datetime import date
from typing import Final, Literal

import msgspec

LessonKind = Literal["procedure", "pitfall", "fact", "preference", "skip"]
# What shows a lesson to be true: a failed call and its fix, a check that passed, a person's correction, or a successful
# run beside a failed one. With `outcome` it rests on a told failure alone and is a suspicion.
Basis = Literal["", "error", "check", "correction", "contrast", "outcome"]
Evidence = Literal["confirmed", "suspected"]
LessonStatus = Literal[
    "pending", "written", "reinforced", "declined", "skipped", "parked", "proposed", "rejected", "forgotten"
]

TITLE_CHARS_MAX = 200
TEXT_CHARS_MAX = 2_000
QUOTE_CHARS_MIN: Final = 3
COUNTED_MIN: Final = 2
_TYPOGRAPHY: Final = str.maketrans(dict.fromkeys("‘’‚‛", "'") | dict.fromkeys("“”„«»", '"') | dict.fromkeys("–—‑", "-"))


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """Words of a message that a lesson rests on. `verified` once they were found in the stored text."""

    number: int
    text: str
    verified: bool = False


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned.

    `title` is a short imperative or descriptive line (an entry's heading), `text` its Markdown body (for a preference:
    one sentence in the third person). `topic` is a kebab-case hint of where it belongs: for a preference the topic
    file, else the domain (`deployments`, `kubernetes`, `refunds`). `replaces` holds the text of an earlier fact that is
    no longer true. `until` is the day (ISO 8601) to which it holds, if only for a time; once stored, its text says so.
    `reason` says why it is a skip, or why it is held back and not written. `at` is when it was learned
    in the messages (microseconds). `basis` is what shows it to be true; empty where that needs no saying.
    """

    kind: LessonKind
    title: str
    text: str
    topic: str = ""
    quotes: tuple[Quote, ...] = ()
    replaces: str = ""
    until: str = ""
    reason: str = ""
    at: int = 0
    basis: Basis = ""


SUSPICION: Final = "only a told failure speaks for it"


def worded(lesson: Lesson) -> str:
    """The text of a lesson for an entry: a suspicion says that it is one."""
    is_said = evidence_of(lesson.basis) == "confirmed" or "- Suspected: " in lesson.text
    return lesson.text if is_said else f"{lesson.text}\n- Suspected: {SUSPICION}".strip()


def evidence_of(basis: Basis) -> Evidence:
    """How sure a lesson is."""
    return "suspected" if basis == "outcome" else "confirmed"


_SEEN: Final = re.compile(r"^- Seen: .*$", re.MULTILINE)


def recounted(text: str, sessions: int, succeeded: int) -> str:
    """An entry about something that failed, with its evidence counted over sessions; others stay as they are."""
    if sessions < COUNTED_MIN or "\n- Symptom: " not in text:
        return text
    line = f"- Seen: failed so in {sessions} sessions, {succeeded} of them went on to succeed"
    return _SEEN.sub(line, text, count=1) if _SEEN.search(text) else f"{text.rstrip()}\n{line}"


_BUT: Final = re.compile(r"(?:\n- But: | \(But )\d+ sessions? that succeeded did otherwise\)?")


def softened(text: str, sessions: int) -> str:
    """An entry that says how many sessions succeeded although they did otherwise."""
    plain = _BUT.sub("", text).rstrip()
    but = f"{sessions} session{'s' * (sessions != 1)} that succeeded did otherwise"
    return f"{plain}\n- But: {but}" if plain.startswith("#") else f"{plain} (But {but})"


_UNTIL: Final = re.compile(r"\(until (\d{4}-\d\d-\d\d)\)")


def until_of(text: str) -> date | None:
    """The day to which a lesson or an entry holds, as its text says; None for one without an end."""
    days = [day for found in _UNTIL.findall(text) if (day := day_of(found)) is not None]
    return max(days, default=None)


def with_until(text: str, day: date | None) -> str:
    """A text that says to which day it holds."""
    return text if day is None or until_of(text) is not None else f"{text.rstrip()} (until {day.isoformat()})"


def day_of(text: str) -> date | None:
    """A day in ISO form; None when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def folded(text: str) -> str:
    """A text as quotes are compared: white space, case and typographic quotes and dashes do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY).casefold().split())


def stands_in(quote: str, folded_text: str) -> bool:
    """Whether a quote of at least three characters occurs in a folded text; dots at its ends are an ellipsis."""
    wanted = folded(quote).strip(".… ")
    return len(wanted) >= QUOTE_CHARS_MIN and wanted in folded_text
