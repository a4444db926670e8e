"""A learning space: which sessions teach which skills; and the learning status that clients see."""

from typing import Final, Literal

import msgspec

from seasoned.clock import SECOND

LearningStatus = Literal["pending", "running", "completed", "failed"]

# Whether what is learned is written at once, or waits for a person.
Policy = Literal["auto", "review"]

JOURNAL: Final = "daily-logs"
FACTS: Final = "user-general-facts"


class Progress(msgspec.Struct, frozen=True):
    """How far the learning from one session is, as counted from the rows."""

    last_number: int
    extracted_to: int
    extracted_at: int | None
    extract_parked: bool
    extract_error: str
    session_created_at: int
    tasks_due: int
    tasks_parked: int
    lessons_due: int
    lessons_parked: int
    lessons_settled: int
    distill_error: str | None
    write_error: str | None
    waits_because: str | None


def learning_status(progress: Progress, linked_at: int, now: int, quiet_seconds: float) -> tuple[LearningStatus, str]:
    """The status of a session's learning, and why it failed or waits. A pure function: looking changes nothing.

        pending ──▶ running ──▶ completed        (new messages: back to running)
           └──────────┴───────▶ failed           (work is parked and nothing else is under way)

    `completed` only when every message is read, every finished task has its lesson or its skip, and every lesson is
    settled. A session without messages is `pending` until it has been quiet for `quiet_seconds`.
    """
    unread = progress.last_number > progress.extracted_to and not progress.extract_parked
    if not (unread or progress.tasks_due or progress.lessons_due):
        reason = _parked_reason(progress)
        if reason:
            return "failed", reason
        quiet_since = max(linked_at, progress.session_created_at)
        waits = progress.last_number == 0 and now < quiet_since + int(quiet_seconds * SECOND)
        return ("pending" if waits else "completed"), ""
    waiting = progress.waits_because or (progress.extract_error if unread else "")
    read_since_link = progress.extracted_at is not None and progress.extracted_at > linked_at
    begun = read_since_link or progress.lessons_settled > 0
    return ("running" if begun else "pending"), waiting


def _parked_reason(progress: Progress) -> str:
    if progress.extract_parked:
        return progress.extract_error or "The session could not be read."
    if progress.tasks_parked:
        return progress.distill_error or "A task could not be distilled."
    if progress.lessons_parked:
        return progress.write_error or "A lesson could not be written."
    return ""
