"""A finished attempt beside another one at the same request that ended otherwise.

Attempts are the sessions of a space that their transcripts call attempts at the same thing, else tasks of other
sessions with much the same request. The later one asks, and only if it could change the answer: when none of the
earlier attempts with its outcome made the same writes and ended alike.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from seasoned import contrast
from seasoned.learning.questions import ContrastAnswer, ContrastQuestion, DistillQuestion, Model, Run
from seasoned.message import NumberedMessage
from seasoned.pipeline import evidence
from seasoned.similar import closeness, fingerprint
from seasoned.store import Connection, Store, messages, sessions, tasks
from seasoned.store.messages import MessageRow, numbered
from seasoned.store.sessions import SessionRow
from seasoned.store.tasks import TaskRow
from seasoned.task import FINISHED, TaskStatus

MESSAGES_MAX = 400
ATTEMPTS_MAX = 12
SAME_REQUEST_MIN = 0.6


class Attempt(msgspec.Struct, frozen=True):
    """How an attempt ended, and its messages."""

    outcome: TaskStatus
    rows: Sequence[MessageRow]


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt with the earlier ones at the same request, some of which ended otherwise."""

    title: str
    own: Attempt
    others: Sequence[Attempt]


Load = Callable[[str], list[MessageRow]]


def read(
    connection: Connection, row: TaskRow, session: SessionRow, space_id: str, before: Sequence[TaskRow]
) -> Group | None:
    """The attempts that a finished task belongs to; None when all ended alike. `before` are the newest tasks of the
    space that were distilled before.
    """
    if session.attempt_of and (outcome := finished(session.outcome)):
        # The session is one attempt, whatever the number of its tasks: the last of them asks.
        if row.position < tasks.of_session(connection, session.id)[-1].position:
            return None
        known = sessions.attempts_before(connection, space_id, session, ATTEMPTS_MAX)
        return _group(
            row.title, (session.id, outcome), known, lambda key: messages.waiting(connection, key, 0, MESSAGES_MAX)
        )
    own = fingerprint(row.title)
    like = [one for one in before if one.session_id != row.session_id and one.status in FINISHED]
    near = [one for one in like if closeness(own, fingerprint(one.title)) >= SAME_REQUEST_MIN][:ATTEMPTS_MAX]
    known = [(one.id, one.status) for one in near]
    return _group(row.title, (row.id, row.status), known, lambda key: messages.of_task(connection, key, MESSAGES_MAX))


def finished(outcome: str) -> TaskStatus | None:
    """An outcome that was told, when it is an end."""
    return "success" if outcome == "success" else "failed" if outcome == "failed" else None


def _group(
    title: str, own: tuple[str, TaskStatus], known: Sequence[tuple[str, TaskStatus]], load: Load
) -> Group | None:
    if all(status == own[1] for _, status in known):
        return None
    return Group(
        title=title,
        own=Attempt(own[1], load(own[0])),
        others=[Attempt(status, load(key)) for key, status in known],
    )


async def ask(
    store: Store, model: Model, group: Group, about: DistillQuestion
) -> tuple[ContrastQuestion, ContrastAnswer] | None:
    """What made the difference, with the question; None when asking could not change what is known.

    Raises ModelFailed if there is no usable answer.
    """
    other = await asyncio.to_thread(_counterpart, store, group)
    if other is None:
        return None
    own = await evidence.load(store, group.own.rows, about.scope.space_id)
    against = await evidence.load(store, other.rows, about.scope.space_id)
    question = await asyncio.to_thread(_question, group, own, against, about)
    return question, await model.contrast(question)


def _counterpart(store: Store, group: Group) -> Attempt | None:
    """The attempt that ended otherwise and is most like the own one, first of those with other writes; None if another
    one made the same of it before.
    """

    def whole(one: Attempt) -> list[NumberedMessage]:
        return [numbered(row, store.blobs) for row in one.rows]

    own = whole(group.own)
    made, sign = contrast.calls(own), contrast.signature(own)
    if not made:
        return None
    alike = (one for one in group.others if one.outcome == group.own.outcome)
    if any(contrast.signature(whole(one)) == sign for one in alike):
        return None
    against = [(one, contrast.calls(whole(one))) for one in group.others if one.outcome != group.own.outcome]
    wrote = {call.shown for call in contrast.writes(made)}

    def rank(pair: tuple[Attempt, Sequence[contrast.Call]]) -> tuple[bool, float]:
        return wrote != {call.shown for call in contrast.writes(pair[1])}, contrast.likeness(made, pair[1])

    return max(against, key=rank)[0]


def _question(
    group: Group, own: Sequence[NumberedMessage], other: Sequence[NumberedMessage], about: DistillQuestion
) -> ContrastQuestion:
    good, bad = (own, other) if group.own.outcome == "success" else (other, own)
    return ContrastQuestion(
        title=group.title,
        good=_run("success", good),
        bad=_run("failed", bad),
        own=group.own.outcome,
        difference=contrast.difference(contrast.calls(good), contrast.calls(bad)),
        session=about.session,
        scope=about.scope,
    )


def _run(outcome: TaskStatus, found: Sequence[NumberedMessage]) -> Run:
    return Run(
        outcome=outcome,
        messages=tuple(one for one in found if one.message.original_role != "system"),
        ended=contrast.ended(found),
        was_cut_off=contrast.is_cut_off(found),
    )
