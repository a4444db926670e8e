"""Extract: the new messages of a session become tasks and preferences.

One run reads one batch: it asks once, checks every claim of the answer, and commits tasks, links, preferences and the
session's cursor together. A claim that does not hold is refused alone, not with the batch.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence

import msgspec

from seasoned import skills_read
from seasoned.config import Config
from seasoned.learning.accounting import Scope
from seasoned.learning.questions import ExtractAnswer, ExtractQuestion, Model, PreferenceFound, TaskChange
from seasoned.lesson import TEXT_CHARS_MAX, Lesson, Quote, folded, stands_in
from seasoned.message import JsonObject, NumberedMessage
from seasoned.pipeline import context, evidence, service
from seasoned.pipeline.journal import told_time
from seasoned.pipeline.off_record import OffRecord
from seasoned.safety.origin import Origin
from seasoned.safety.secrets import redact
from seasoned.skill import slug
from seasoned.space import FACTS
from seasoned.store import (
    Connection,
    Store,
    documents,
    lessons,
    messages,
    projects,
    reads,
    sessions,
    skills,
    spaces,
    tasks,
)
from seasoned.store.documents import Document
from seasoned.store.due import readable_at
from seasoned.store.messages import MessageRow
from seasoned.store.rows import load_object
from seasoned.store.sessions import SessionRow
from seasoned.task import FINISHED, PROGRESS_CHARS_MAX, PROGRESSES_MAX, TASK_STATUSES, TITLE_CHARS_MAX, Task, TaskStatus

PREFERENCES_MAX = 200
RUNNING_MAX = 5
# As much of a message counts for the size of a batch.
SHOWN_CHARS_MAX = 4_000


class _Input(msgspec.Struct, frozen=True, kw_only=True):
    """What one run reads from the store."""

    session: SessionRow
    rows: Sequence[MessageRow]
    said: Sequence[MessageRow]
    closed: bool
    tasks: tuple[Task, ...]
    preferences: tuple[str, ...]
    topics: tuple[str, ...]
    left_running: tuple[str, ...]
    context: context.Read
    user: str
    space_id: str


class _Change(msgspec.Struct, frozen=True):
    """A task to store, and the messages to link to it."""

    task: Task
    links: tuple[int, ...]


async def extract(store: Store, model: Model, config: Config, session_id: str) -> bool:
    """Read the next batch of a session; whether one was due.

    Raises ModelFailed when there is no usable answer, Superseded when another run read the batch first.
    """
    read = await store.read(lambda connection: _read(connection, config, session_id, store.clock.now()))
    if read is None:
        return False
    shown = await evidence.load(store, read.rows, read.space_id)
    session = await context.of(store, read.context)
    outcome = _status(read.session.outcome)
    question = ExtractQuestion(
        messages=shown,
        session=session,
        tasks=read.tasks,
        left_running=read.left_running,
        preferences=read.preferences,
        topics=read.topics,
        user=read.user,
        closed=read.closed,
        scope=Scope(project_id=read.session.project_id, session_id=session_id, space_id=read.space_id),
    )
    answer = await model.extract(question)
    if session.serves:
        answer = await asyncio.to_thread(service.found, answer, await context.whole(store, session_id))
    origin, private = await asyncio.to_thread(_origin, answer, shown, read.said, store)
    changes = _check_tasks(_admitted(answer, origin, private), read.tasks, shown)
    if outcome is not None and read.closed:
        changes = _with_outcome(changes, read.tasks, outcome)
    found = _check_preferences(answer.preferences, shown, origin, private, load_object(read.session.configs))
    chars = sum(_chars(row, config) for row in read.rows)
    said = [
        Document(kind="message", ref_id=row.id, at=row.at, text="\n".join(one.message.texts()))
        for row, one in zip(read.rows, shown, strict=True)
    ]
    to = read.rows[-1].number
    named = _skills_read(shown)

    def commit(connection: Connection) -> None:
        now = store.clock.now()
        sessions.advance(connection, read.session, to, chars, now)
        documents.add(connection, session_id, said)
        for change in changes:
            tasks.save(connection, read.session.project_id, session_id, change.task, change.links, now)
        if named and read.space_id:
            reads.record_named(connection, read.session.project_id, read.space_id, session_id, named)
        for ordinal, (number, lesson) in enumerate(found):
            lessons.add(connection, session_id, lesson, ordinal=ordinal, number=number, now=now)
        store.wakeups.session_changed(connection, session_id)

    await store.write(commit)
    return True


async def note_failure(store: Store, config: Config, session_id: str, reason: str) -> None:
    """Record a failed run: it is retried later, or parked with the reason at the limit."""

    def commit(connection: Connection) -> None:
        row = sessions.by_id(connection, session_id)
        if row is not None:
            parked = row.extract_attempts + 1 >= config.attempts
            retry_at = store.clock.now() + config.backoff(row.extract_attempts)
            sessions.note_failure(connection, row, reason, retry_at, parked)
            store.wakeups.session_changed(connection, session_id)

    await store.write(commit)


async def note_waiting(store: Store, session_id: str, reason: str, retry_at: int) -> None:
    """Record why this waits, and until when. It does not count as a failure, so nothing is parked."""

    def commit(connection: Connection) -> None:
        sessions.note_waiting(connection, session_id, reason, retry_at)
        store.wakeups.session_changed(connection, session_id)

    await store.write(commit)


def _read(connection: Connection, config: Config, session_id: str, now: int) -> _Input | None:
    row = sessions.by_id(connection, session_id)
    due_at = None if row is None else readable_at(row, config)
    if row is None or due_at is None or due_at > now:
        return None
    waiting = messages.waiting(connection, session_id, row.extracted_to, config.batch_messages)
    batch = _batch(waiting, config)
    space_id = spaces.space_of_session(connection, session_id)
    known = _known(connection, space_id) if space_id else {}
    running = (
        tasks.left_running(connection, row.id, row.user_id, space_id, RUNNING_MAX) if space_id and row.user_id else []
    )
    return _Input(
        session=row,
        rows=batch,
        said=messages.short_of_user(connection, session_id, evidence.PRIVATE_ROWS_MAX),
        closed=row.flush_to > row.extracted_to and batch[-1].number >= row.last_number,
        tasks=tuple(task.value() for task in tasks.of_session(connection, session_id)),
        preferences=tuple(known),
        topics=tuple(known.values()),
        left_running=tuple(running),
        context=context.read(connection, row, space_id or ""),
        user=projects.identifier(connection, row.user_id),
        space_id=space_id or "",
    )


def _skills_read(shown: Sequence[NumberedMessage]) -> dict[str, list[int]]:
    """The skills that an agent read by its own account, with the time of each read."""
    found: dict[str, list[int]] = {}
    for one in shown:
        for name in skills_read.named_in(one.message):
            found.setdefault(name, []).append(one.at)
    return found


def _known(connection: Connection, space_id: str) -> dict[str, str]:
    """The facts known of the user, each with its topic: as they stand in the files, then those that stand in none."""
    stated = skills.entries_of(connection, space_id, FACTS, PREFERENCES_MAX)
    found = {" ".join(text.removeprefix("- ").split()): path.removesuffix(".md") for path, text in stated}
    for one in lessons.preferences_unwritten(connection, space_id, PREFERENCES_MAX):
        found.pop(one.replaces, None)
        found.setdefault(one.text, one.topic)
    return found


def _batch(waiting: Sequence[MessageRow], config: Config) -> Sequence[MessageRow]:
    """The longest prefix within the bound of characters; at least one message. A long one is shortened when shown."""
    total = 0
    for index, row in enumerate(waiting):
        total += min(_chars(row, config), SHOWN_CHARS_MAX)
        if total > config.batch_chars and index:
            return waiting[:index]
    return waiting


def _chars(row: MessageRow, config: Config) -> int:
    return config.inline_bytes_max if row.parts_sha256 else len(row.parts)


def _status(text: str) -> TaskStatus | None:
    return next((status for status in TASK_STATUSES if status == text), None)


def _origin(
    answer: ExtractAnswer, shown: Sequence[NumberedMessage], said: Sequence[MessageRow], store: Store
) -> tuple[Origin, OffRecord]:
    texts = [text for claim in answer.tasks for text in (claim.title, claim.evidence, *claim.progress)]
    origin = Origin(shown, [*texts, *(one.text for one in answer.preferences)])
    return origin, OffRecord(evidence.raw(said, store.blobs))


def _admitted(answer: ExtractAnswer, origin: Origin, private: OffRecord) -> ExtractAnswer:
    """The answer with the reason in the place of each line of a task that must not be shown in a skill."""
    changed = [
        msgspec.structs.replace(
            claim,
            title=evidence.admitted(origin, private, claim.title),
            progress=tuple(evidence.admitted(origin, private, line) for line in claim.progress),
            evidence=evidence.admitted(origin, private, claim.evidence),
        )
        for claim in answer.tasks
    ]
    return msgspec.structs.replace(answer, tasks=tuple(changed))


def _check_tasks(answer: ExtractAnswer, known: Sequence[Task], shown: Sequence[NumberedMessage]) -> list[_Change]:
    by_order = {task.order: task for task in known}
    times = {stored.number: stored.at for stored in shown}
    changes = []
    for claim in answer.tasks:
        numbers = tuple(sorted({number for number in claim.messages if number in times}))
        old = by_order.get(claim.order) if claim.order is not None else None
        if claim.status not in TASK_STATUSES or (claim.order is not None and old is None):
            continue
        if old is None and (not numbers or not claim.title.strip()):
            continue
        task = _changed(old, claim, numbers, times) if old else _new(claim, len(by_order) + 1, numbers, times)
        by_order[task.order] = task
        changes.append(_Change(task, numbers))
    spoken = {stored.number for stored in shown if stored.message.is_from_person}
    return _shared(changes, spoken)


def _shared(changes: Sequence[_Change], spoken: Collection[int]) -> list[_Change]:
    """The changes with the messages that each keeps: a person's words and the ends of a task belong to every task that
    names them, the work between to the one of those with the fewest messages.
    """
    owners: dict[int, int] = {}
    for index in sorted(range(len(changes)), key=lambda i: (-len(changes[i].links), i)):
        owners |= dict.fromkeys(changes[index].links, index)
    ends = {number for change in changes if change.links for number in (change.links[0], change.links[-1])}
    return [
        _Change(change.task, tuple(n for n in change.links if owners[n] == index or n in spoken or n in ends))
        for index, change in enumerate(changes)
    ]


def _new(claim: TaskChange, order: int, numbers: tuple[int, ...], times: dict[int, int]) -> Task:
    return Task(
        order=order,
        title=_line(redact(claim.title), TITLE_CHARS_MAX),
        status=claim.status,
        first=numbers[0],
        last=numbers[-1],
        progresses=_progress((), claim.progress),
        evidence=_line(redact(claim.evidence), PROGRESS_CHARS_MAX),
        revision=int(claim.status in FINISHED),
        started_at=times[numbers[0]],
        ended_at=times[numbers[-1]],
    )


def _changed(old: Task, claim: TaskChange, numbers: tuple[int, ...], times: dict[int, int]) -> Task:
    newly_finished = claim.status in FINISHED and claim.status != old.status
    return msgspec.structs.replace(
        old,
        title=_line(redact(claim.title), TITLE_CHARS_MAX) or old.title,
        status=claim.status,
        is_told=old.is_told and claim.status == old.status,
        last=max(old.last, *numbers) if numbers else old.last,
        progresses=_progress(old.progresses, claim.progress),
        evidence=_line(redact(claim.evidence), PROGRESS_CHARS_MAX) or old.evidence,
        revision=old.revision + newly_finished,
        ended_at=times[numbers[-1]] if numbers else old.ended_at,
    )


def _with_outcome(changes: list[_Change], known: Sequence[Task], outcome: TaskStatus) -> list[_Change]:
    """The told outcome is the session's. At its end it is the status of an only task; of several, each keeps what was
    seen of it, and those whose end was not seen take the session's.
    """
    before = {task.order: task for task in known}
    by_order = {order: _Change(task, ()) for order, task in before.items()}
    by_order |= {change.task.order: change for change in changes}
    if len(by_order) > 1 and all(change.task.status in FINISHED for change in by_order.values()):
        return changes
    return [
        _told(change, before.get(order), outcome)
        if len(by_order) == 1 or change.task.status not in FINISHED
        else change
        for order, change in sorted(by_order.items())
    ]


def _told(change: _Change, before: Task | None, outcome: TaskStatus) -> _Change:
    if change.task.status == outcome:
        return change
    known = before.revision if before else 0
    news = outcome in FINISHED and (before is None or before.status != outcome)
    seen = f"The outcome was told: {outcome}. What was seen: {change.task.status}. {change.task.evidence}"
    told = msgspec.structs.replace(
        change.task, status=outcome, is_told=True, revision=known + news, evidence=_line(seen, PROGRESS_CHARS_MAX)
    )
    return _Change(told, change.links)


def _check_preferences(
    found: Iterable[PreferenceFound],
    shown: Sequence[NumberedMessage],
    origin: Origin,
    private: OffRecord,
    configs: JsonObject | None = None,
) -> list[tuple[int, Lesson]]:
    """Preferences with the message that states each; only a person's words count, and the quote must match."""
    by_number = {stored.number: stored for stored in shown}
    lessons_found = []
    for one in found:
        stored = by_number.get(one.message)
        if stored is None or not stored.message.is_from_person or not one.text.strip():
            continue
        # The message may also hold the words of others, which state no preference.
        if not stands_in(one.quote, folded(stored.message.words_of("person"))):
            continue
        # Nobody speaks of themselves like that; it is our own third person, or about the users of their product.
        if folded(one.quote).lstrip("-*•+ ").startswith(("the user ", "the user's ")):
            continue
        if private.is_repeated_in(one.text) or private.is_repeated_in(one.quote):
            continue
        lesson = Lesson(
            kind="preference",
            title="",
            text=_line(redact(one.text), TEXT_CHARS_MAX),
            topic=slug(one.topic),
            quotes=(Quote(number=one.message, text=one.quote),),
            replaces=_line(one.replaces, TEXT_CHARS_MAX),
            reason=evidence.objection(origin, one.text),
            at=told_time(stored.at, configs or {}),
        )
        checked = evidence.verify(lesson, [stored])
        if any(quote.verified for quote in checked.quotes):
            lessons_found.append((one.message, checked))
    return lessons_found


def _progress(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    return (*old, *(_line(redact(line), PROGRESS_CHARS_MAX) for line in new if line.strip()))[-PROGRESSES_MAX:]


def _line(text: str, chars_max: int) -> str:
    """One line of at most `chars_max` characters."""
    joined = " ".join(text.split())
    return joined if len(joined) <= chars_max else joined[: chars_max - 1].rstrip() + "…"
