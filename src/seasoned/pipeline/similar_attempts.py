"""Other attempts at a similar request: the difference between a success and a failure teaches most."""

from collections.abc import Sequence

import msgspec

from seasoned.learning.questions import Attempt
from seasoned.pipeline.journal import Summary
from seasoned.similar import closeness, fingerprint
from seasoned.store.tasks import TaskRow

LOOKED_AT_MAX = 200
ATTEMPTS_MAX = 3
SAME_REQUEST_MIN = 0.4


def attempts(task: TaskRow, others: Sequence[TaskRow]) -> tuple[Attempt, ...]:
    """The distilled tasks with a similar request: those with another outcome first."""
    own = fingerprint(task.title)
    scored = [(closeness(own, fingerprint(one.title)), one) for one in others]
    like = [one for score, one in sorted(scored, key=lambda pair: -pair[0]) if score >= SAME_REQUEST_MIN]
    differing = [one for one in like if one.status != task.status]
    same = [one for one in like if one.status == task.status]
    return tuple(_attempt(one) for one in [*differing[: ATTEMPTS_MAX - 1], *same][:ATTEMPTS_MAX])


def _attempt(row: TaskRow) -> Attempt:
    summary = msgspec.json.decode(row.summary or "{}", type=Summary)
    learned = "; ".join(summary.learnings)
    return Attempt(title=row.title, status=row.status, summary=f"{summary.summary} {learned}".strip())
