"""Other attempts at a similar request: the difference between a success and a failure teaches most."""

from collections.abc import Sequence

import msgspec

from seasoned.learning.questions import STEPS_MAX, Attempt
from seasoned.message import NumberedMessage
from seasoned.pipeline.journal import Summary
from seasoned.similar import closeness, fingerprint
from seasoned.store.tasks import TaskRow

LOOKED_AT_MAX = 200
# A prompt shows the first few (models/prompts.py); what recurs in several is counted by the rules.
ATTEMPTS_MAX = 12
DIFFERING_FIRST = 2
SAME_REQUEST_MIN = 0.4
_NAME_CHARS_MAX = 80


def attempts(task: TaskRow, others: Sequence[TaskRow]) -> tuple[Attempt, ...]:
    """The distilled tasks of other sessions with a similar request: two with another outcome first."""
    own = fingerprint(task.title)
    scored = [(closeness(own, fingerprint(one.title)), one) for one in others if one.session_id != task.session_id]
    like = {one.session_id: one for score, one in sorted(scored, key=lambda pair: pair[0]) if score >= SAME_REQUEST_MIN}
    nearest = list(reversed(like.values()))
    differing = [one for one in nearest if one.status != task.status][:DIFFERING_FIRST]
    rest = [one for one in nearest if one not in differing]
    same = sorted(rest, key=lambda one: one.status != task.status)
    return tuple(_attempt(one) for one in [*differing, *same][:ATTEMPTS_MAX])


def steps(messages: Sequence[NumberedMessage]) -> tuple[str, ...]:
    """The names of the tools that were called, in order, without repetitions in a row."""
    found: list[str] = []
    for part in (part for numbered in messages for part in numbered.message.parts if part.type == "tool-call"):
        name = part.tool_name[:_NAME_CHARS_MAX]
        if name and name not in found[-1:] and len(found) < STEPS_MAX:
            found.append(name)
    return tuple(found)


def _attempt(row: TaskRow) -> Attempt:
    summary = msgspec.json.decode(row.summary or "{}", type=Summary)
    learned = "; ".join(summary.learnings)
    return Attempt(
        title=row.title,
        status=row.status,
        summary=f"{summary.summary} {learned}".strip(),
        steps=summary.steps,
    )
