"""What recurs in the successes of a kind of request and not in its failures: the order of calls, with its counts."""

from collections.abc import Iterable, Sequence
from typing import Final

from seasoned.learning.questions import STEPS_MAX, DistillQuestion
from seasoned.lesson import Lesson, Quote
from seasoned.rules.calls import Call
from seasoned.rules.places import topic_of
from seasoned.rules.safety import clip, masked

SESSIONS_MIN: Final = 3
_STEPS_MIN = 2
_STEPS_MIN_ALONE = 3
_TITLE_CHARS_MAX = 110


def steps_of(made: Iterable[Call]) -> tuple[str, ...]:
    """The names of calls in order, repetitions left out, bounded."""
    found: list[str] = []
    for call in made:
        if call.name not in found[-1:] and len(found) < STEPS_MAX:
            found.append(call.name)
    return tuple(found)


def procedure(question: DistillQuestion, made: Sequence[Call]) -> Lesson | None:
    """The calls that all successful sessions made in this order, when no failed one did; None without three of them."""
    own = steps_of(made)
    others = [attempt for attempt in question.attempts if attempt.steps]
    successes = [own, *(one.steps for one in others if one.status == "success")]
    failures = [one.steps for one in others if one.status == "failed"]
    if question.task.status != "success" or len(successes) < SESSIONS_MIN or not own:
        return None
    common = own
    for steps in successes[1:]:
        common = _common(common, steps)
    common = tuple(masked(step) for step in common)
    least = _STEPS_MIN if failures else _STEPS_MIN_ALONE
    if len(common) < least or any(_common(common, steps) == common for steps in failures):
        return None
    call = next(call for call in reversed(made) if call.name == common[-1])
    order = ", then ".join(f"`{step}`" for step in common)
    seen = f"so in {len(successes)} of {len(successes)} sessions that succeeded"
    against = f", in none of {len(failures)} that failed" if failures else ""
    request = clip(masked(question.task.title), _TITLE_CHARS_MAX)
    return Lesson(
        kind="procedure",
        title=clip(f"{common[-1]}: first {', then '.join(common[:-1])}", _TITLE_CHARS_MAX),
        text=f"- Order: {order}\n- For: {request}\n- Counted: {seen}{against}",
        topic=topic_of(call),
        quotes=(Quote(number=call.number, text=call.tool),),
        at=question.task.ended_at,
    )


def _common(one: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    """The longest common subsequence."""
    best: list[list[tuple[str, ...]]] = [[()] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, left in enumerate(one):
        for j, right in enumerate(other):
            both = (*best[i][j], left) if left == right else max(best[i][j + 1], best[i + 1][j], key=len)
            best[i + 1][j + 1] = both
    return best[-1][-1]
