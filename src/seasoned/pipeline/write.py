"""Write: the lessons of a space become versions of its skills, one writer at a time, in order.

One run takes several lessons, writes the journal by rule, asks once for edits, checks each, and commits all changed
skills, the lessons' ends and the space's cursor together. A lesson whose edits are refused gets a plain entry by rule,
so that it is not lost.
"""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from seasoned.config import Config
from seasoned.errors import Invalid
from seasoned.llm.calls import Scope
from seasoned.llm.model import AddEntry, CreateSkill, Decline, Model, PendingLesson, SkillView, WriteQuestion
from seasoned.llm.rules import RULES
from seasoned.message import JsonObject
from seasoned.pipeline import journal
from seasoned.pipeline.edits import Draft, EntryNote, Workbench, entry_hash
from seasoned.pipeline.journal import Summary
from seasoned.skill import SKILL_FILE, check_files, entries, parse_skill_file
from seasoned.space import FACTS
from seasoned.store import Connection, Store, files, lessons, projects, sessions, skills, spaces, tasks
from seasoned.store.lessons import LessonRow, Settled
from seasoned.store.rows import load_object
from seasoned.store.skills import FileRow, NewFile, NewSkill, NewVersion, SkillRow
from seasoned.store.spaces import SpaceRow
from seasoned.store.tasks import TaskRow

SKILLS_SHOWN_MAX = 50
FALLBACK_FILE = "notes.md"
FALLBACK_SKILL = "general-lessons"
# How often the writer is asked about the same lessons, and how many reasons it is told.
TRIES_MAX = 2
REASONS_MAX = 10


class _Input(msgspec.Struct, frozen=True, kw_only=True):
    space: SpaceRow
    lessons: list[LessonRow]
    tasks: dict[str, TaskRow]
    configs: dict[str, JsonObject]
    old_journal: dict[str, str]
    skills: list[tuple[SkillRow, list[FileRow]]]
    user: str


async def write(store: Store, model: Model, config: Config, space_id: str) -> bool:
    """Write the next lessons of a space; whether there were any.

    Raises ModelFailed when there is no usable answer, Superseded when somebody else changed the space or a skill first.
    """
    read = await store.read(lambda connection: _read(connection, config, space_id, store.clock.now()))
    if read is None:
        return False
    bench = Workbench(await asyncio.to_thread(_drafts, read.skills, store))
    for lesson in read.lessons:
        _write_journal(bench, read, lesson)
    bench = await _write_lessons(bench, read, model)
    packed = await asyncio.to_thread(_pack, bench, store, config)
    await store.write(lambda connection: _commit(connection, store.clock.now(), read, bench, packed))
    return True


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

    await store.write(commit)


def _read(connection: Connection, config: Config, space_id: str, now: int) -> _Input | None:
    space = spaces.by_id(connection, space_id)
    if space is None or space.write_retry_at > now:
        return None
    # After a failure one lesson at a time, so that a lesson that cannot be written does not take others with it.
    limit = 1 if space.write_attempts else config.lessons_per_write
    waiting = lessons.next_in_space(connection, space_id, limit)
    if not waiting:
        return None
    task_rows = {key: row for key in _task_ids(waiting) if (row := tasks.by_id(connection, key)) is not None}
    found = skills.of_space(connection, space_id)
    journals = [row.id for row in found]
    return _Input(
        space=space,
        lessons=waiting,
        tasks=task_rows,
        configs={lesson.session_id: _configs(connection, lesson.session_id) for lesson in waiting},
        old_journal={
            f"{skill_id}/{task_id}": key
            for task_id, row in task_rows.items()
            if row.revision > 1
            for skill_id in journals
            if (key := lessons.previous_entry_key(connection, skill_id, task_id))
        },
        skills=[(row, skills.head_files(connection, row.id)) for row in found],
        user=projects.identifier(connection, space.user_id),
    )


def _task_ids(waiting: Sequence[LessonRow]) -> list[str]:
    return list(dict.fromkeys(lesson.task_id for lesson in waiting if lesson.task_id))


def _configs(connection: Connection, session_id: str) -> JsonObject:
    row = sessions.by_id(connection, session_id)
    return load_object(row.configs) if row else {}


def _drafts(found: Sequence[tuple[SkillRow, list[FileRow]]], store: Store) -> list[Draft]:
    return [_draft(row, {file.path: files.unpack(file, store.blobs) for file in rows}) for row, rows in found]


def _draft(row: SkillRow, content: dict[str, bytes]) -> Draft:
    return Draft(
        name=row.name,
        skill_id=row.id,
        head=row.head,
        description=row.description,
        files=content,
        keeps_journal=_keeps_journal(content),
    )


def _write_journal(bench: Workbench, read: _Input, lesson: LessonRow) -> None:
    """Each finished task is logged once for each of its revisions: with the first lesson of its distillation."""
    task_row = read.tasks.get(lesson.task_id or "")
    if task_row is None or lesson.ordinal != 0:
        return
    task = task_row.value()
    summary = msgspec.json.decode(task_row.summary or "{}", type=Summary)
    day = journal.day_of(task, read.configs[lesson.session_id])
    entry = journal.entry_for(task, summary)
    for draft in bench.drafts.values():
        if draft.keeps_journal and files.as_text(draft.files.get(f"{day}.md", b"")) is not None:
            place = f"{draft.skill_id}/{task_row.id}"
            _log(bench, draft, day, entry, read.old_journal.get(place), lesson.id)
            # A second revision of the task in this run takes the place of the first.
            read.old_journal[place] = entry_hash(entry)


def _log(bench: Workbench, draft: Draft, day: str, entry: str, wanted: str | None, lesson_id: str) -> None:
    """Put an entry into a day's file; a skill that cannot take it is left as it is."""
    path = f"{day}.md"
    text = draft.text(path)
    old = next((one.text for one in entries(text) if entry_hash(one.text) == wanted), None) if wanted else None
    placed = {**draft.files, path: journal.place(text, day, entry, old).encode()}
    try:
        check_files(placed)
    except Invalid:
        return
    draft.files = placed
    draft.changed = True
    draft.lessons.append(lesson_id)
    bench.notes.append(EntryNote(draft.name, path, entry_hash(entry), lesson_id, "written"))


def _keeps_journal(files_of_skill: Mapping[str, bytes]) -> bool:
    try:
        return journal.keeps_journal(parse_skill_file(files_of_skill.get(SKILL_FILE, b"").decode(errors="replace")))
    except Invalid:
        return False


async def _write_lessons(bench: Workbench, read: _Input, model: Model) -> Workbench:
    asked = [lesson for lesson in read.lessons if lesson.kind != "skip" and _is_grounded(lesson)]
    if not asked:
        return bench
    question = WriteQuestion(
        lessons=tuple(
            PendingLesson(key=lesson.id, lesson=lesson.value(), task_title=_title(read, lesson)) for lesson in asked
        ),
        skills=_views(bench, asked),
        user=read.user,
        scope=Scope(project_id=read.space.project_id, space_id=read.space.id),
    )
    bench = await _edited(bench, question, model)
    for lesson in asked:
        if lesson.id not in bench.effects:
            _write_by_rule(bench, lesson)
    return bench


async def _edited(bench: Workbench, question: WriteQuestion, model: Model) -> Workbench:
    """The bench after the model's edits; when some are refused, the model gets the reasons and another try."""
    known = {pending.key for pending in question.lessons}
    tried = bench
    for _ in range(TRIES_MAX):
        answer = await model.write(question)
        tried = bench.copy()
        named = [edit for edit in answer.edits if edit.lessons and known.issuperset(edit.lessons)]
        refused = tuple(reason for edit in named if (reason := tried.apply(edit)))
        # The rules would give the same answer again.
        if not refused or model.name == RULES:
            break
        question = msgspec.structs.replace(question, refused=refused[:REASONS_MAX])
    return tried


def _is_grounded(lesson: LessonRow) -> bool:
    """Whether at least one quote was found in the messages; without one a lesson is kept but not written."""
    return any(quote.verified for quote in lesson.value().quotes)


def _title(read: _Input, lesson: LessonRow) -> str:
    row = read.tasks.get(lesson.task_id or "")
    return row.title if row else ""


def _views(bench: Workbench, asked: Sequence[LessonRow]) -> tuple[SkillView, ...]:
    """The skills that the writer sees: those whose words are closest to the lessons', journals aside."""
    words = {word for lesson in asked for word in f"{lesson.topic} {lesson.title} {lesson.text}".casefold().split()}
    drafts = [draft for draft in bench.drafts.values() if not draft.keeps_journal]
    if len(drafts) > SKILLS_SHOWN_MAX:
        drafts.sort(key=lambda d: (d.name != FACTS, -len(words & set(f"{d.name} {d.description}".casefold().split()))))
    return tuple(_view(draft) for draft in drafts[:SKILLS_SHOWN_MAX])


def _view(draft: Draft) -> SkillView:
    texts = {path: text for path, data in draft.files.items() if (text := files.as_text(data)) is not None}
    try:
        body = parse_skill_file(texts.get(SKILL_FILE, "")).body
    except Invalid:
        body = texts.get(SKILL_FILE, "")
    return SkillView(name=draft.name, description=draft.description, instructions=body, files=texts)


def _write_by_rule(bench: Workbench, lesson: LessonRow) -> None:
    """A plain entry for a lesson that the writer left out or whose edits were refused."""
    if lesson.kind == "preference":
        topic = lesson.topic or "general"
        skill, path, heading = FACTS, f"{topic}.md", topic.replace("-", " ").capitalize()
        text = f"- {lesson.text}"
    else:
        skill, path, heading = lesson.topic or FALLBACK_SKILL, FALLBACK_FILE, "Notes"
        text = f"## {lesson.title}\n{lesson.text}".strip()
    keys = (lesson.id,)
    if skill not in bench.drafts:
        description = f"Lessons about {skill.replace('-', ' ')}. Use before similar work."
        body = f"# {skill.replace('-', ' ').capitalize()}\n\nLessons learned, in `{path}`."
        bench.apply(CreateSkill(name=skill, description=description, body=body, lessons=keys))
    refused = bench.apply(AddEntry(skill=skill, path=path, title=heading, text=text, lessons=keys))
    if refused:
        bench.apply(Decline(lessons=keys, reason=refused))


def _pack(bench: Workbench, store: Store, config: Config) -> dict[str, dict[str, NewFile]]:
    return {
        draft.name: files.pack(draft.files, store.blobs, config.inline_bytes_max)
        for draft in bench.drafts.values()
        if draft.changed
    }


def _commit(
    connection: Connection, now: int, read: _Input, bench: Workbench, packed: dict[str, dict[str, NewFile]]
) -> None:
    lessons.settle(connection, read.space.id, read.space.written_to, _settled(read, bench), now)
    for name, new_files in packed.items():
        draft = bench.drafts[name]
        version = NewVersion(
            files=new_files,
            author="learner",
            reason=f"Learned from {len(draft.lessons)} lesson{'s' * (len(draft.lessons) != 1)}.",
            lessons=tuple(draft.lessons),
            description=draft.description,
        )
        if draft.skill_id:
            skills.commit(connection, draft.skill_id, draft.head, version, now)
        else:
            draft.skill_id = _create(connection, read.space, draft, version, now)
    for move in bench.moves:
        lessons.move_entry(connection, bench.drafts[move.skill].skill_id, move.old_key, move.new_key)
    for note in bench.notes:
        skill_id = bench.drafts[note.skill].skill_id
        lessons.note_entry(connection, skill_id, note.path, note.key, note.lesson, note.effect)


def _create(connection: Connection, space: SpaceRow, draft: Draft, version: NewVersion, now: int) -> str:
    new = NewSkill(project_id=space.project_id, name=draft.name, description=draft.description, user_id=space.user_id)
    row = skills.create(connection, new, version, now)
    spaces.link_skill(connection, space.project_id, space.id, row.id, now)
    return row.id


def _settled(read: _Input, bench: Workbench) -> list[Settled]:
    return [_end(lesson, bench) for lesson in read.lessons]


def _end(lesson: LessonRow, bench: Workbench) -> Settled:
    if lesson.kind == "skip":
        return Settled(lesson_id=lesson.id, status="skipped", reason=lesson.reason)
    if not _is_grounded(lesson):
        reason = "None of its quotes was found in the messages, so it is kept but not written."
        return Settled(lesson_id=lesson.id, status="declined", reason=reason)
    effect = bench.effects[lesson.id]
    return Settled(lesson_id=lesson.id, status=effect.status, reason=effect.reason)
