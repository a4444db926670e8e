"""Distill: a finished task becomes lessons, or a skip with its reason.

One run asks once about one task revision, checks the quotes against the stored messages, and commits the lessons and
the task's cursor together.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from seasoned.config import Config
from seasoned.errors import ModelFailed
from seasoned.learning.accounting import Scope
from seasoned.learning.questions import Attempt, DistillAnswer, DistillQuestion, Model
from seasoned.lesson import TEXT_CHARS_MAX, TITLE_CHARS_MAX, Basis, Lesson, day_of, folded, stands_in, with_until
from seasoned.message import Author, NumberedMessage
from seasoned.pipeline import context, contrasts, evidence, service, similar_attempts
from seasoned.pipeline.journal import Summary, told_time
from seasoned.pipeline.off_record import OffRecord
from seasoned.safety.origin import Origin
from seasoned.safety.secrets import redact
from seasoned.skill import slug
from seasoned.store import Connection, Store, lessons, messages, projects, sessions, spaces, tasks
from seasoned.store.messages import MessageRow
from seasoned.store.rows import dump, load_object
from seasoned.store.tasks import TaskRow

MESSAGES_MAX = 400
LESSONS_MAX = 20
LINES_MAX = 10
KEPT_MAX = 12
KINDS = frozenset({"procedure", "pitfall", "fact"})
# Whose words show a lesson to be true, by what it rests on.
_BASES: Final[Mapping[Basis, Author]] = {"error": "tool", "check": "tool", "correction": "person"}


class _Input(msgspec.Struct, frozen=True, kw_only=True):
    task: TaskRow
    rows: list[MessageRow]
    said: list[MessageRow]
    user: str
    space_id: str
    attempts: tuple[Attempt, ...]
    group: contrasts.Group | None
    context: context.Read
    ended_at: int
    before: list[MessageRow]
    kept: tuple[str, ...]
    entries: tuple[str, ...]


async def distill(store: Store, model: Model, task_id: str) -> bool:
    """Learn from a finished task; whether it was due.

    Raises ModelFailed if there is no usable answer, Superseded if another run did it or the task was reopened.
    """
    read = await store.read(lambda connection: _read(connection, task_id, store.clock.now()))
    if read is None:
        return False
    shown = await evidence.load(store, read.rows, read.space_id)
    task = read.task
    question = DistillQuestion(
        task=task.value(),
        messages=shown,
        session=await context.of(store, read.context),
        earlier=await asyncio.to_thread(context.calls_before, read.before, store),
        kept=read.kept,
        entries=read.entries,
        user=read.user,
        attempts=read.attempts,
        scope=Scope(project_id=task.project_id, space_id=read.space_id, session_id=task.session_id, task_id=task.id),
    )
    answer = await model.distill(question)
    if question.session.serves:
        answer = await asyncio.to_thread(service.learned, answer, await context.whole(store, task.session_id))
    if not answer.lessons and not answer.skip_reason.strip():
        raise ModelFailed("The answer has neither lessons nor a skip reason.")
    private = OffRecord(await asyncio.to_thread(evidence.raw, read.said, store.blobs))
    found, summary = await asyncio.to_thread(_checked, answer, read, shown, private)
    if read.group is not None and (asked := await contrasts.ask(store, model, read.group, question)):
        compared, differs = asked
        decisive = await asyncio.to_thread(_contrasted, differs.lessons, read.ended_at, compared.messages, private)
        found = [*(one for one in found if one.kind != "skip" or not decisive), *decisive]

    def commit(connection: Connection) -> None:
        now = store.clock.now()
        tasks.set_distilled(connection, task, dump(summary), now)
        for ordinal, lesson in enumerate(found[:LESSONS_MAX]):
            lessons.add(
                connection,
                task.session_id,
                lesson,
                ordinal=ordinal,
                number=task.last_number,
                now=now,
                task_id=task.id,
                revision=task.revision,
            )
        store.wakeups.session_changed(connection, task.session_id)

    await store.write(commit)
    return True


async def note_failure(store: Store, config: Config, task_id: str, reason: str) -> None:
    """Record a failed run: it is retried later, or parked with the reason at the limit."""

    def commit(connection: Connection) -> None:
        row = tasks.by_id(connection, task_id)
        if row is not None:
            parked = row.distill_attempts + 1 >= config.attempts
            retry_at = store.clock.now() + config.backoff(row.distill_attempts)
            tasks.note_failure(connection, row, reason, retry_at, parked)
            store.wakeups.session_changed(connection, row.session_id)

    await store.write(commit)


async def note_waiting(store: Store, task_id: str, reason: str, retry_at: int) -> None:
    """Record why this waits, and until when. It does not count as a failure, so nothing is parked."""

    def commit(connection: Connection) -> None:
        tasks.note_waiting(connection, task_id, reason, retry_at)
        row = tasks.by_id(connection, task_id)
        if row is not None:
            store.wakeups.session_changed(connection, row.session_id)

    await store.write(commit)


def _read(connection: Connection, task_id: str, now: int) -> _Input | None:
    row = tasks.by_id(connection, task_id)
    if row is None or not row.is_due or row.distill_parked or row.distill_retry_at > now:
        return None
    space_id = spaces.space_of_session(connection, row.session_id)
    session = sessions.by_id(connection, row.session_id)
    if space_id is None or session is None:
        return None
    before = tasks.distilled_before(connection, space_id, row, similar_attempts.LOOKED_AT_MAX)
    about = f"{row.title}\n{row.evidence}\n{row.progresses}"
    return _Input(
        task=row,
        rows=messages.of_task(connection, row.id, MESSAGES_MAX),
        said=messages.short_of_user(connection, row.session_id, evidence.PRIVATE_ROWS_MAX),
        user=projects.identifier(connection, session.user_id),
        space_id=space_id,
        attempts=similar_attempts.attempts(row, before),
        group=contrasts.read(connection, row, session, space_id, before),
        context=context.read(connection, session, space_id),
        ended_at=told_time(row.ended_at, load_object(session.configs)),
        before=messages.of_agent_before(connection, row.session_id, row.first_number, context.EARLIER_ROWS_MAX),
        kept=tuple(lessons.preferences_of_session(connection, row.session_id, KEPT_MAX)),
        entries=context.close_entries(connection, space_id, about),
    )


def _checked(
    answer: DistillAnswer, read: _Input, shown: Sequence[NumberedMessage], private: OffRecord
) -> tuple[list[Lesson], Summary]:
    """The lessons or the skip, and the journal's summary: nothing said off the record, and foreign orders held back."""
    learned = [_clean(lesson, read.ended_at) for lesson in answer.lessons if lesson.kind in KINDS]
    summary, skipped = _summary(answer, shown), redact(answer.skip_reason or "No lesson was found.")[:TEXT_CHARS_MAX]
    texts = [skipped, summary.summary, *summary.decisions, *summary.learnings]
    origin = Origin(shown, [*texts, *(f"{lesson.title}\n{lesson.text}" for lesson in learned)])
    found = [_graded(lesson, read.task, shown) for lesson in _admitted(learned, origin, shown, private)]
    if not found:
        reason = "The person asked not to write it down." if learned else evidence.admitted(origin, private, skipped)
        found = [Lesson(kind="skip", title="", text="", reason=reason, at=read.ended_at)]
    return found, Summary(
        summary=evidence.admitted(origin, private, summary.summary),
        decisions=tuple(evidence.admitted(origin, private, line) for line in summary.decisions),
        learnings=tuple(evidence.admitted(origin, private, line) for line in summary.learnings),
        steps=summary.steps,
    )


def _contrasted(
    lessons: Sequence[Lesson], at: int, shown: Sequence[NumberedMessage], private: OffRecord
) -> list[Lesson]:
    """The lessons of a contrast; they rest on it, and quote the attempt that was just finished."""
    learned = [_clean(lesson, at) for lesson in lessons if lesson.kind in KINDS]
    origin = Origin(shown, [f"{lesson.title}\n{lesson.text}" for lesson in learned])
    found = _admitted(learned, origin, shown, private)
    return [msgspec.structs.replace(lesson, basis="contrast") for lesson in found]


def _admitted(
    learned: Sequence[Lesson], origin: Origin, shown: Sequence[NumberedMessage], private: OffRecord
) -> list[Lesson]:
    """The lessons with their quotes checked, without what was said off the record, foreign orders held back."""
    found = []
    for lesson in learned:
        verified = evidence.verify(lesson, shown)
        if any(map(private.is_repeated_in, (lesson.title, lesson.text, *(quote.text for quote in verified.quotes)))):
            continue
        topic = "" if origin.is_foreign_name(lesson.topic) else lesson.topic
        reason = evidence.objection(origin, f"{lesson.title}\n{lesson.text}")
        found.append(msgspec.structs.replace(verified, topic=topic, reason=reason))
    return found


def _clean(lesson: Lesson, at: int) -> Lesson:
    """A lesson as it is stored: no secrets, bounded, with the time at which its task ended."""
    return msgspec.structs.replace(
        lesson,
        title=" ".join(redact(lesson.title).split())[:TITLE_CHARS_MAX],
        text=with_until(redact(lesson.text).strip()[:TEXT_CHARS_MAX], day_of(lesson.until)),
        topic=slug(lesson.topic),
        at=at,
    )


def _graded(lesson: Lesson, task: TaskRow, shown: Sequence[NumberedMessage]) -> Lesson:
    """The lesson with what it rests on, as far as its quotes bear it out: of a failure that was only told, everything
    but a tool's answer or a person's correction is a suspicion.
    """
    if task.status != "failed" or not task.is_told:
        return msgspec.structs.replace(lesson, basis="" if lesson.basis == "outcome" else lesson.basis)
    author = _BASES.get(lesson.basis)
    by_number = {one.number: one.message for one in shown}
    texts = [(folded(by_number[one.number].words_of(author)), one) for one in lesson.quotes if author and one.verified]
    is_borne_out = any(stands_in(quote.text, text) for text, quote in texts)
    return lesson if is_borne_out else msgspec.structs.replace(lesson, basis="outcome")


def _summary(answer: DistillAnswer, shown: Sequence[NumberedMessage]) -> Summary:
    def lines(source: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(" ".join(redact(line).split())[:TITLE_CHARS_MAX] for line in source[:LINES_MAX] if line.strip())

    return Summary(
        summary=" ".join(redact(answer.summary).split())[:TEXT_CHARS_MAX],
        decisions=lines(answer.decisions),
        learnings=lines(answer.learnings),
        steps=similar_attempts.steps(shown),
    )
