"""Write: the lessons of a space become versions of its skills, one writer at a time, in order.

One run takes several lessons, writes the journal by rule, asks once for edits, checks each, and commits all changed
skills, the lessons' ends and the space's cursor together. A lesson whose edits are refused gets a plain entry by rule,
so that it is not lost.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from functools import partial

import msgspec

from seasoned.config import Config
from seasoned.errors import HeadMoved, Invalid, NotFound, Superseded
from seasoned.learning.accounting import Scope
from seasoned.learning.questions import CreateSkill, Decline, Edit, Model, PendingLesson, WriteQuestion
from seasoned.lesson import SUSPICION
from seasoned.message import JsonObject
from seasoned.pipeline import drafts, held, journal, plain, retrieval
from seasoned.pipeline.claims import claims
from seasoned.pipeline.draft import Draft
from seasoned.pipeline.edits import DraftSet, Effect, EntryNote, skill_of
from seasoned.pipeline.grounds import Grounds, conflicts
from seasoned.pipeline.journal import Summary
from seasoned.pipeline.retrieval import LoadedSkill, Retrieved
from seasoned.pipeline.twins import Known
from seasoned.safety.scanner import scan
from seasoned.similar import best_twin
from seasoned.skill import entries, entry_hash
from seasoned.store import (
    Connection,
    Store,
    forgotten,
    lessons,
    projects,
    proposals,
    search,
    sessions,
    skills,
    spaces,
    tasks,
)
from seasoned.store.lessons import LessonRow, Settled
from seasoned.store.proposals import NewProposal
from seasoned.store.rows import load_object
from seasoned.store.skills import NewVersion
from seasoned.store.spaces import SpaceRow
from seasoned.store.tasks import TaskRow

# How often the writer is asked about the same lessons, and how many reasons it is told.
TRIES_MAX = 2
REASONS_MAX = 10
TWINS_LOOKED_AT_MAX = 50
# How often edits are made again on what others have changed meanwhile.
REBASES_MAX = 20


class _Input(msgspec.Struct, frozen=True, kw_only=True):
    space: SpaceRow
    lessons: list[LessonRow]
    tasks: dict[str, TaskRow]
    configs: dict[str, JsonObject]
    old_journal: dict[str, str]
    journals: list[LoadedSkill]
    retrieved: Retrieved
    user: str
    known: list[proposals.Known]
    forgotten: frozenset[str]
    # The sessions of this run that succeeded, earlier ones, and the suspicions that those of this run end.
    successes: Sequence[held.Success] = ()
    older: Sequence[held.Success] = ()
    fallen: Sequence[proposals.Known] = ()


async def write(store: Store, model: Model, config: Config, space_id: str) -> bool:
    """Write the next lessons of a space; whether any were due.

    Raises ModelFailed when there is no usable answer, Superseded when somebody else changed the space or a skill first.
    """
    # Known entries must be found, and a retry must find the same ones.
    await store.index.settle_space(space_id)
    read = await store.read(lambda connection: _read(connection, config, space_id, store.clock.now()))
    if read is None:
        return False
    read = await _with_successes(store, read)
    loaded = await asyncio.to_thread(_drafts, [*read.journals, *read.retrieved.loaded], store)
    draft_set = _draft_set(loaded, read, store)
    await asyncio.to_thread(_write_journals, draft_set, read)
    draft_set = await _write_lessons(draft_set, read, model, store)
    # Under the policy `review` a person approved each entry.
    if read.space.policy != "review":
        fetch = partial(_fetch, draft_set, read, store)
        await held.hold(draft_set, store, read.space.id, read.successes, fetch)
    for _ in range(REBASES_MAX):
        if await _is_committed(store, config, read, draft_set):
            return True
        draft_set = await _rebased(store, read, draft_set)
    raise Superseded(f"The skills of space {space_id} change too fast to be written.")


async def _with_successes(store: Store, read: _Input) -> _Input:
    """With the sessions against which suspicions are held; the earlier ones only where they may matter."""
    new = await held.of_run(store, read.lessons)
    suspected = [one for one in read.lessons if plain.is_considered(one) and plain.is_suspected(one)]
    is_claiming = any(claims(plain.said(one)) for one in suspected)
    older = await held.earlier(store, read.space.id, new) if is_claiming else []
    fallen = await asyncio.to_thread(held.fallen, read.known, new)
    return msgspec.structs.replace(read, successes=new, older=older, fallen=fallen)


async def _is_committed(store: Store, config: Config, read: _Input, draft_set: DraftSet) -> bool:
    """Commit; false when a skill has a newer version than the one that the edits were made on. Raises Superseded."""
    draft_set.drop_empty()
    packed = await drafts.pack(draft_set, store, config)
    waiting = await asyncio.to_thread(_waiting, draft_set, read)

    def commit(connection: Connection) -> None:
        _commit(connection, store.clock.now(), read, draft_set, packed, waiting)
        store.wakeups.space_changed(connection, read.space.id)

    try:
        await store.write(commit)
    except HeadMoved:
        return False
    return True


async def _rebased(store: Store, read: _Input, earlier: DraftSet) -> DraftSet:
    """The same edits on the skills as they are now, so that the model is not asked again because somebody else was
    faster. Raises Superseded where they do not fit any more: then the run begins anew, with what is there now.
    """

    def load(connection: Connection) -> list[LoadedSkill]:
        held = []
        for draft in earlier.drafts.values():
            if draft.skill_id:
                row = skills.get(connection, read.space.project_id, draft.skill_id)
                paths = [*draft.files] if draft.keeps_journal else None
                held.append(
                    retrieval.load(connection, row) if paths is None else retrieval.load_paths(connection, row, paths)
                )
        return held

    def apply(held: Sequence[LoadedSkill]) -> DraftSet:
        draft_set = _draft_set(_drafts(held, store), read, store)
        _write_journals(draft_set, read)
        if reason := draft_set.rebase(earlier):
            raise Superseded(f"The edits do not fit any more: {reason}")
        return draft_set

    try:
        held = await store.read(load)
    except NotFound as error:
        raise Superseded(f"A skill is gone: {error}") from None
    return await asyncio.to_thread(apply, held)


async def note_failure(store: Store, config: Config, space_id: str, reason: str) -> None:
    """Remember that a run failed. At the limit the run's first lesson is parked, so that those behind it go on."""

    def commit(connection: Connection) -> None:
        row = spaces.by_id(connection, space_id)
        if row is None:
            return
        if row.write_attempts + 1 >= config.attempts:
            stuck = lessons.next_in_space(connection, space_id, 1)
            settled = [Settled(lesson_id=lesson.id, status="parked", reason=reason) for lesson in stuck]
            lessons.settle(connection, space_id, row.written_to, settled, store.clock.now())
        else:
            retry_at = store.clock.now() + config.backoff(row.write_attempts)
            spaces.note_write_failure(connection, row, reason, retry_at)
        store.wakeups.space_changed(connection, space_id)

    await store.write(commit)


async def note_waiting(store: Store, space_id: str, reason: str, retry_at: int) -> None:
    """Record why this waits, and until when. It does not count as a failure, so nothing is parked."""

    def commit(connection: Connection) -> None:
        spaces.note_write_waiting(connection, space_id, reason, retry_at)
        store.wakeups.space_changed(connection, space_id)

    await store.write(commit)


def _read(connection: Connection, config: Config, space_id: str, now: int) -> _Input | None:
    space = spaces.by_id(connection, space_id)
    if space is None or space.write_retry_at > now:
        return None
    # After a failure one lesson at a time, so that one bad lesson does not block others.
    limit = 1 if space.write_attempts else config.lessons_per_write
    waiting = lessons.next_in_space(connection, space_id, limit)
    if not waiting:
        return None
    task_rows = {key: row for key in _task_ids(waiting) if (row := tasks.by_id(connection, key)) is not None}
    configs = {lesson.session_id: _configs(connection, lesson.session_id) for lesson in waiting}
    days = sorted({f"{_day(task_rows, configs, lesson)}.md" for lesson in waiting if lesson.task_id in task_rows})
    journals = skills.of_space(connection, space_id, by_rule=True)
    return _Input(
        space=space,
        lessons=waiting,
        tasks=task_rows,
        configs=configs,
        old_journal={
            f"{row.id}/{task_id}": key
            for task_id, task in task_rows.items()
            if task.revision > 1
            for row in journals
            if (key := lessons.previous_entry_key(connection, row.id, task_id))
        },
        journals=[retrieval.load_paths(connection, row, days) for row in journals],
        retrieved=retrieval.read(connection, space_id, [lesson for lesson in waiting if plain.is_considered(lesson)]),
        user=projects.identifier(connection, space.user_id),
        known=proposals.known(connection, space_id),
        forgotten=forgotten.some(connection, space.project_id, [*task_rows]),
    )


def _day(task_rows: Mapping[str, TaskRow], configs: Mapping[str, JsonObject], lesson: LessonRow) -> str:
    return journal.day_of(task_rows[lesson.task_id or ""].value(), configs[lesson.session_id])


def _task_ids(waiting: Sequence[LessonRow]) -> list[str]:
    return list(dict.fromkeys(lesson.task_id for lesson in waiting if lesson.task_id))


def _configs(connection: Connection, session_id: str) -> JsonObject:
    row = sessions.by_id(connection, session_id)
    return load_object(row.configs) if row else {}


def _drafts(held: Sequence[LoadedSkill], store: Store) -> list[Draft]:
    return [retrieval.draft_of(one, store) for one in held]


def _draft_set(loaded: Sequence[Draft], read: _Input, store: Store) -> DraftSet:
    return DraftSet(loaded, lambda text: _known(store, read, text), lambda *key: _support(store, *key))


async def _fetch(draft_set: DraftSet, read: _Input, store: Store, names: Collection[str]) -> None:
    """Load skills of the space that are named but not loaded yet."""
    missing = set(names) - set(draft_set.drafts)

    def load(connection: Connection) -> list[LoadedSkill]:
        ids = skills.named(connection, read.space.id, missing)
        return [retrieval.load(connection, skills.get(connection, read.space.project_id, one)) for one in sorted(ids)]

    held = await store.read(load) if missing else []
    for draft in await asyncio.to_thread(_drafts, held, store):
        draft_set.drafts[draft.name] = draft


def _known(store: Store, read: _Input, text: str) -> list[Known]:
    """The entries of the space that may say the same as a text."""
    names = {one.row.id: one.row.name for one in read.retrieved.loaded}

    def look(connection: Connection) -> list[Known]:
        hits = search.near(connection, read.space.id, text, TWINS_LOOKED_AT_MAX)
        missing = skills.names(connection, {hit.skill_id for hit in hits} - set(names))
        known = names | missing
        return [Known(known[hit.skill_id], hit.path, hit.text) for hit in hits if hit.path and hit.skill_id in known]

    return store.read_now(look)


def _support(store: Store, skill_id: str, entry_key: str, more: Sequence[str]) -> tuple[int, int]:
    return store.read_now(lambda connection: lessons.support_of(connection, skill_id, entry_key, more))


def _write_journals(draft_set: DraftSet, read: _Input) -> None:
    earlier = dict(read.old_journal)
    for lesson in read.lessons:
        _write_journal(draft_set, read, lesson, earlier)


def _write_journal(draft_set: DraftSet, read: _Input, lesson: LessonRow, earlier: dict[str, str]) -> None:
    """Each finished task is logged once for each of its revisions: with the first lesson of its distillation."""
    task_row = read.tasks.get(lesson.task_id or "")
    if task_row is None or lesson.ordinal != 0 or task_row.id in read.forgotten:
        return
    task = task_row.value()
    summary = msgspec.json.decode(task_row.summary or "{}", type=Summary)
    day = _day(read.tasks, read.configs, lesson)
    entry = journal.entry_for(task, summary)
    for draft in draft_set.drafts.values():
        if draft.keeps_journal:
            place = f"{draft.skill_id}/{task_row.id}"
            _log(draft_set, draft, day, entry, earlier.get(place), lesson.id)
            # A second revision of the task in this run takes the place of the first.
            earlier[place] = entry_hash(entry)


def _log(draft_set: DraftSet, draft: Draft, day: str, entry: str, wanted: str | None, lesson_id: str) -> None:
    """Put an entry into a day's file; a skill that cannot hold it is not changed."""
    path = f"{day}.md"
    try:
        text = draft.text(path)
        old = next((one.text for one in entries(text) if entry_hash(one.text) == wanted), None) if wanted else None
        draft.put(path, journal.place(text, day, entry, old), [lesson_id])
    except Invalid:
        return
    draft_set.notes.append(EntryNote(draft.name, path, entry_hash(entry), lesson_id, "written"))


async def _write_lessons(draft_set: DraftSet, read: _Input, model: Model, store: Store) -> DraftSet:
    await asyncio.to_thread(_settle_unasked, draft_set, read)
    asked = [lesson for lesson in read.lessons if plain.is_considered(lesson) and lesson.id not in draft_set.effects]
    if not asked:
        return draft_set
    pending = tuple(_pending(read, lesson) for lesson in asked)
    question = WriteQuestion(
        lessons=pending,
        skills=tuple(
            retrieval.view(draft, read.retrieved.of_user)
            for draft in draft_set.drafts.values()
            if not draft.keeps_journal
        ),
        near=read.retrieved.near,
        others=read.retrieved.others,
        user=read.user,
        conflicts=conflicts(pending, read.retrieved.near),
        scope=Scope(project_id=read.space.project_id, space_id=read.space.id),
    )
    if is_reviewed := read.space.policy == "review":
        # Whatever the edits may need, so that they can be made again on the same drafts.
        await _fetch(draft_set, read, store, {plain.fallback_skill(lesson) for lesson in asked})
    tried = await _edited(draft_set, question, model, lambda names: _fetch(draft_set, read, store, names))
    left = [lesson for lesson in asked if lesson.id not in tried.effects]
    await _fetch(tried, read, store, {plain.fallback_skill(lesson) for lesson in left})
    await asyncio.to_thread(_write_by_rules, tried, left)
    return await asyncio.to_thread(_for_review, draft_set, tried, asked) if is_reviewed else tried


def _settle_unasked(draft_set: DraftSet, read: _Input) -> None:
    """Settle the lessons about which the writer is not asked: of what was forgotten, those like one that a person
    rejected, and those that a safety check flagged when they were distilled.
    """
    rejected = [(text, one.reason) for one in read.known if one.status == "rejected" for text in one.said]
    seconding = {lesson.id for _, lesson in plain.seconded(read.known, read.lessons)}
    for lesson in read.lessons:
        if lesson.task_id in read.forgotten:
            draft_set.effects[lesson.id] = Effect("forgotten")
        elif not plain.is_considered(lesson):
            continue
        elif (place := best_twin(plain.said(lesson), [text for text, _ in rejected])) is not None:
            reason = f"The same was rejected ({rejected[place][1]}); undo that rejection to have it learned."
            draft_set.effects[lesson.id] = Effect("declined", reason)
        elif lesson.reason:
            draft_set.propose(plain.edits_of(lesson), [plain.said(lesson)], lesson.reason.split("; "))
        elif plain.is_suspected(lesson) and held.against(
            plain.said(lesson), (*read.successes, *read.older), (lesson.session_id,)
        ):
            draft_set.effects[lesson.id] = Effect("declined", held.BROKEN)
        elif plain.is_suspected(lesson) and lesson.id not in seconding and not plain.is_seconded(lesson, read.lessons):
            draft_set.propose(plain.edits_of(lesson), [plain.said(lesson)], [SUSPICION])


def _for_review(before: DraftSet, tried: DraftSet, asked: Sequence[LessonRow]) -> DraftSet:
    """What was tried as proposals, on drafts without it; what only adds evidence, or declines, is done at once."""
    before = before.copy()
    said = {lesson.id: plain.said(lesson) for lesson in asked}
    before.proposed += [one for one in tried.proposed if one not in before.proposed]
    for group in _groups(tried, said):
        every = [edit for edit in tried.applied if group.intersection(edit.lessons)]
        edits = [edit for edit in every if not isinstance(edit, CreateSkill)]
        if any(tried.effects[key].status == "written" for key in group):
            # Each proposal of a new skill can be approved first.
            made = {edit.name: edit for edit in tried.applied if isinstance(edit, CreateSkill)}
            names = {skill_of(edit) for edit in every} & made.keys() - before.drafts.keys()
            new = [msgspec.structs.replace(made[name], lessons=tuple(sorted(group))) for name in sorted(names)]
            kept = [edit for edit in edits if not isinstance(edit, Decline)]
            before.propose([*new, *kept], [said[key] for key in sorted(group)])
        else:
            _apply(before, edits)
            before.effects |= {key: tried.effects[key] for key in group if key not in before.effects}
    return before


def _groups(tried: DraftSet, keys: Collection[str]) -> list[set[str]]:
    """The lessons that can only be decided on together: those of one edit, and of one entry."""
    together = [set(edit.lessons) for edit in tried.applied if not isinstance(edit, CreateSkill)]
    by_entry: dict[tuple[str, str], set[str]] = {}
    for note in tried.notes:
        by_entry.setdefault((note.skill, note.key), set()).add(note.lesson)
    groups = [{key} for key in sorted(keys)]
    for some in (*together, *by_entry.values()):
        joined = [group for group in groups if group & some]
        groups = [group for group in groups if not group & some]
        if joined:
            groups.append(set().union(*joined))
    return groups


def _write_by_rules(draft_set: DraftSet, left: Sequence[LessonRow]) -> None:
    for lesson in left:
        _write_by_rule(draft_set, lesson)


async def _edited(
    draft_set: DraftSet,
    question: WriteQuestion,
    model: Model,
    fetch: Callable[[Collection[str]], Coroutine[None, None, None]],
) -> DraftSet:
    """The drafts after the model's edits; when some are refused, the model gets the reasons and another try."""
    known = {pending.key for pending in question.lessons}
    # The rules do not write of their own, and would give the same answer again.
    grounds = Grounds(question.lessons) if model.mends_refused_edits else None
    tried = draft_set
    for left in reversed(range(TRIES_MAX)):
        answer = await model.write(question)
        await fetch({name for edit in answer.edits if (name := skill_of(edit))})
        tried = draft_set.copy()
        named = [edit for edit in answer.edits if edit.lessons and known.issuperset(edit.lessons)]
        make = partial(grounds.apply, is_last=not left) if grounds else _apply
        refused = await asyncio.to_thread(make, tried, named)
        if not refused or grounds is None:
            break
        question = msgspec.structs.replace(question, refused=refused[:REASONS_MAX])
    return tried


def _apply(draft_set: DraftSet, edits: Sequence[Edit]) -> tuple[str, ...]:
    """Apply edits; the reasons of those that were rejected."""
    return tuple(reason for edit in edits if (reason := draft_set.apply(edit)))


def _pending(read: _Input, lesson: LessonRow) -> PendingLesson:
    row = read.tasks.get(lesson.task_id or "")
    ended = {"task_title": row.title, "status": row.status} if row else {}
    return PendingLesson(key=lesson.id, lesson=lesson.value(), **ended)


def _write_by_rule(draft_set: DraftSet, lesson: LessonRow) -> None:
    """A plain entry for a lesson that the model left out or whose edits were rejected."""
    create, add = edits = plain.edits_of(lesson)
    if findings := scan(add.text):
        draft_set.propose(edits, [add.text], findings)
        return
    if create.name not in draft_set.drafts:
        draft_set.apply(create)
    if refused := draft_set.apply(add):
        draft_set.apply(Decline(lessons=(lesson.id,), reason=refused))


def _waiting(draft_set: DraftSet, read: _Input) -> list[tuple[NewProposal, str]]:
    """The run's proposals, each with the waiting one that says the same."""
    pending = [(one.id, text) for one in read.known if one.status == "pending" for text in one.said]
    texts = [text for _, text in pending]
    found = []
    for new in draft_set.proposed:
        places = [best_twin(text, texts) for text in new.said]
        twins = [pending[place][0] for place in places if place is not None]
        found.append((new, twins[0] if len(twins) == len(places) and len(set(twins)) == 1 else ""))
    return found


def _commit(
    connection: Connection,
    now: int,
    read: _Input,
    draft_set: DraftSet,
    packed: Mapping[str, NewVersion],
    waiting: Sequence[tuple[NewProposal, str]],
) -> None:
    lessons.settle(connection, read.space.id, read.space.written_to, _settled(read, draft_set), now)
    ids = drafts.commit(connection, read.space, draft_set, packed, now)
    for one in read.fallen:
        proposals.end_suspicion(connection, one, is_true=False, reason=held.BROKEN, now=now)
    for one, lesson in plain.seconded(read.known, read.lessons):
        places = [note for note in draft_set.notes if note.lesson == lesson.id and note.skill in ids]
        reason = "Another session showed the same."
        if places and proposals.end_suspicion(connection, one, is_true=True, reason=reason, now=now):
            for note, key in ((note, key) for note in places for key in one.lessons):
                lessons.note_entry(connection, ids[note.skill], note.path, note.key, key, "reinforced")
    for new, twin in waiting:
        if not twin or not proposals.join(connection, twin, new.lessons):
            proposals.add(connection, read.space.project_id, read.space.id, new, now)


def _settled(read: _Input, draft_set: DraftSet) -> list[Settled]:
    return [_end(lesson, draft_set) for lesson in read.lessons]


def _end(lesson: LessonRow, draft_set: DraftSet) -> Settled:
    if lesson.kind == "skip":
        return Settled(lesson_id=lesson.id, status="skipped", reason=lesson.reason)
    if lesson.reason:
        return Settled(lesson_id=lesson.id, status="declined", reason=f"The lesson was held back: {lesson.reason}.")
    if not plain.is_grounded(lesson):
        reason = "None of its quotes occurs in the messages, so it is stored but not written."
        return Settled(lesson_id=lesson.id, status="declined", reason=reason)
    effect = draft_set.effects[lesson.id]
    return Settled(lesson_id=lesson.id, status=effect.status, reason=effect.reason)
