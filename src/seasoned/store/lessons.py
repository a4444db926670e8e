"""Lessons from tasks and preferences, and where each was settled."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import Superseded
from seasoned.ids import new_id
from seasoned.lesson import Basis, Lesson, LessonKind, LessonStatus, Quote
from seasoned.store import documents
from seasoned.store.documents import Document
from seasoned.store.gc.marks import chunks
from seasoned.store.rows import columns, dump, load_as, to_rows
from seasoned.store.schema import entry_lessons, lessons, sessions, space_sessions, spaces, tasks
from seasoned.store.tasks import is_due


class LessonRow(msgspec.Struct, frozen=True):
    """A stored lesson. Preferences have no task; `number` is the last message that it rests on."""

    id: str
    session_id: str
    task_id: str | None
    revision: int
    ordinal: int
    kind: LessonKind
    title: str
    text: str
    topic: str
    replaces: str
    reason: str
    quotes: str
    basis: Basis
    number: int
    at: int
    status: LessonStatus
    created_at: int

    def value(self) -> Lesson:
        """The lesson as the stages see it."""
        return Lesson(
            kind=self.kind,
            title=self.title,
            text=self.text,
            topic=self.topic,
            quotes=load_as(self.quotes, tuple[Quote, ...]),
            replaces=self.replaces,
            reason=self.reason,
            at=self.at,
            basis=self.basis,
        )


class Taught(msgspec.Struct, frozen=True):
    """Where a lesson comes from."""

    lesson_id: str
    task_id: str | None
    session_id: str


class SettledRow(msgspec.Struct, frozen=True):
    """A settled lesson: `space_number` is its place among those of its space."""

    id: str
    space_number: int
    kind: LessonKind
    status: LessonStatus
    basis: Basis
    title: str
    reason: str
    session_id: str
    task_id: str | None
    settled_at: int


class FileRef(msgspec.Struct, frozen=True):
    """A file of a skill."""

    skill_id: str
    path: str


class SettledLesson(msgspec.Struct, frozen=True, kw_only=True):
    """A settled lesson with the files whose entries it stands behind."""

    row: SettledRow
    places: list[FileRef]


class EntrySupport(msgspec.Struct, frozen=True):
    """How many lessons support an entry; when the last of them was said, and stored; and how their tasks ended."""

    lessons: int
    last_at: int | None
    learned_at: int | None
    successes: int
    failures: int


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """How a lesson ended."""

    lesson_id: str
    status: LessonStatus
    reason: str = ""


def add(
    connection: Connection,
    session_id: str,
    lesson: Lesson,
    *,
    ordinal: int,
    number: int,
    now: int,
    task_id: str | None = None,
    revision: int = 0,
) -> str:
    """Store a lesson that waits to be written; its id."""
    lesson_id = new_id()
    connection.execute(
        sa.insert(lessons).values(
            id=lesson_id,
            session_id=session_id,
            task_id=task_id,
            revision=revision,
            ordinal=ordinal,
            kind=lesson.kind,
            title=lesson.title,
            text=lesson.text,
            topic=lesson.topic,
            replaces=lesson.replaces,
            reason=lesson.reason,
            quotes=dump(lesson.quotes),
            basis=lesson.basis,
            number=number,
            at=lesson.at,
            status="pending",
            created_at=now,
            updated_at=now,
        )
    )
    if lesson.kind != "skip":
        said = Document(kind="lesson", ref_id=lesson_id, at=lesson.at, text=f"{lesson.title}\n{lesson.text}")
        documents.add(connection, session_id, [said])
    return lesson_id


def of_session(connection: Connection, session_id: str) -> list[LessonRow]:
    """A session's lessons in the order of what they rest on."""
    statement = (
        sa.select(*columns(LessonRow, lessons))
        .where(lessons.c.session_id == session_id)
        .order_by(lessons.c.number, lessons.c.task_id, lessons.c.revision, lessons.c.ordinal, lessons.c.id)
    )
    return to_rows(LessonRow, connection.execute(statement).all())


def by_ids(connection: Connection, lesson_ids: Sequence[str]) -> list[LessonRow]:
    """Some lessons in the order of their ids' list, without those that are gone with their session."""
    where = lessons.c.id.in_(list(lesson_ids))
    found = to_rows(LessonRow, connection.execute(sa.select(*columns(LessonRow, lessons)).where(where)).all())
    rows = {row.id: row for row in found}
    return [rows[one] for one in dict.fromkeys(lesson_ids) if one in rows]


def taught(connection: Connection, lesson_ids: Collection[str]) -> dict[str, Taught]:
    """The task and the session of each of some lessons, by its id, without those that are gone."""
    found: dict[str, Taught] = {}
    for some in chunks(lesson_ids):
        statement = sa.select(lessons.c.id, lessons.c.task_id, lessons.c.session_id).where(lessons.c.id.in_(some))
        found |= {row[0]: Taught(*row) for row in connection.execute(statement)}
    return found


def of_entry(connection: Connection, skill_id: str, entry_key: str) -> list[str]:
    """The ids of the lessons that support an entry, oldest first."""
    where = (entry_lessons.c.skill_id == skill_id) & (entry_lessons.c.entry_key == entry_key)
    statement = sa.select(entry_lessons.c.lesson_id).where(where).order_by(entry_lessons.c.lesson_id)
    return list(connection.execute(statement).scalars())


class Behind(msgspec.Struct, frozen=True):
    """A lesson behind an entry: its session, and what it rests on."""

    session_id: str
    kind: LessonKind
    basis: Basis


def behind(connection: Connection, skill_id: str, entry_key: str, more: Sequence[str]) -> list[Behind]:
    """The lessons that support an entry, and some further ones."""
    keys = [*of_entry(connection, skill_id, entry_key), *more]
    statement = sa.select(*columns(Behind, lessons)).order_by(lessons.c.id)
    found = (connection.execute(statement.where(lessons.c.id.in_(some))).all() for some in chunks(keys))
    return [row for rows in found for row in to_rows(Behind, rows)]


def sessions_that_succeeded(connection: Connection, space_id: str, limit: int) -> list[str]:
    """The sessions of the newest settled successes of a space."""
    newest = sa.func.max(lessons.c.space_number)
    statement = (
        sa.select(lessons.c.session_id)
        .join(tasks, tasks.c.id == lessons.c.task_id)
        .where(lessons.c.space_id == space_id, lessons.c.space_number.is_not(None), tasks.c.status == "success")
        .group_by(lessons.c.session_id)
        .order_by(newest.desc())
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


class Preference(msgspec.Struct, frozen=True):
    """A preference that is not in a file yet: its sentence, its topic, and the text of the one that it replaces."""

    text: str
    topic: str
    replaces: str


def preferences_unwritten(connection: Connection, space_id: str, limit: int) -> list[Preference]:
    """The newest preferences of a space that stand in no file, because they wait or were declined, oldest first."""
    statement = (
        sa.select(*columns(Preference, lessons))
        .join(space_sessions, space_sessions.c.session_id == lessons.c.session_id)
        .where(space_sessions.c.space_id == space_id, lessons.c.kind == "preference", lessons.c.reason == "")
        .where(lessons.c.status.not_in(("written", "reinforced", "forgotten")))
        .order_by(space_sessions.c.position.desc(), lessons.c.number.desc(), lessons.c.ordinal.desc())
        .limit(limit)
    )
    return to_rows(Preference, connection.execute(statement).all())[::-1]


def preferences_of_session(connection: Connection, session_id: str, limit: int) -> list[str]:
    """The newest preferences that were found in a session, oldest first."""
    where = (lessons.c.session_id == session_id) & (lessons.c.kind == "preference") & (lessons.c.reason == "")
    newest = sa.select(lessons.c.text).where(where).order_by(lessons.c.number.desc(), lessons.c.ordinal.desc())
    return list(connection.execute(newest.limit(limit)).scalars())[::-1]


def next_in_space(connection: Connection, space_id: str, limit: int) -> list[LessonRow]:
    """The lessons that the space's writer takes next: sessions in the order of their links, each in message order.

    A session that is about to be read or distilled for the first time holds back those behind it, so that the order
    does not depend on which stage ran first; one that is being retried, or waits for its user, holds nothing back.
    """
    barrier = _first_unfinished(connection, space_id)
    statement = (
        sa.select(*columns(LessonRow, lessons))
        .join(space_sessions, space_sessions.c.session_id == lessons.c.session_id)
        .outerjoin(tasks, tasks.c.id == lessons.c.task_id)
        .where(space_sessions.c.space_id == space_id, lessons.c.status == "pending")
        .order_by(
            space_sessions.c.position,
            lessons.c.number,
            sa.func.coalesce(tasks.c.position, 0),
            lessons.c.revision,
            lessons.c.ordinal,
        )
        .limit(limit)
    )
    if barrier is not None:
        statement = statement.where(space_sessions.c.position < barrier)
    return to_rows(LessonRow, connection.execute(statement).all())


def _first_unfinished(connection: Connection, space_id: str) -> int | None:
    unread = (
        (sessions.c.flush_to > sessions.c.extracted_to)
        & (sessions.c.extract_attempts == 0)
        & ~sessions.c.extract_parked
    )
    undistilled = (
        sa.select(sa.literal(1))
        .where(
            tasks.c.session_id == sessions.c.id,
            is_due(),
            tasks.c.distill_attempts == 0,
            ~tasks.c.distill_parked,
        )
        .exists()
    )
    statement = (
        sa.select(sa.func.min(space_sessions.c.position))
        .join(sessions, sessions.c.id == space_sessions.c.session_id)
        .where(space_sessions.c.space_id == space_id, unread | undistilled)
    )
    found = connection.execute(statement).scalar()
    return None if found is None else int(found)


def settle(connection: Connection, space_id: str, written_to: int, settled: Sequence[Settled], now: int) -> None:
    """End lessons, in order, moving the writer's cursor from where the run saw it.

    Raises Superseded when another run wrote to the space first, or a lesson is not pending any more.
    """
    where = (spaces.c.id == space_id) & (spaces.c.written_to == written_to)
    values = {"written_to": written_to + len(settled), "write_attempts": 0, "write_retry_at": 0, "write_error": ""}
    if connection.execute(sa.update(spaces).where(where).values(**values, updated_at=now)).rowcount != 1:
        raise Superseded(f"Space {space_id} was already written by another run.")
    for number, one in enumerate(settled, start=written_to + 1):
        changed = connection.execute(
            sa.update(lessons)
            .where(lessons.c.id == one.lesson_id, lessons.c.status == "pending")
            .values(
                status=one.status,
                reason=one.reason,
                space_id=space_id,
                space_number=number,
                settled_at=now,
                updated_at=now,
            )
        )
        if changed.rowcount != 1:
            raise Superseded(f"Lesson {one.lesson_id} was already settled by another run.")


def settled_after(connection: Connection, space_id: str, number: int, limit: int) -> list[SettledLesson]:
    """The lessons that a space settled after a number, in the order of their numbers."""
    statement = (
        sa.select(*columns(SettledRow, lessons))
        .where(lessons.c.space_id == space_id, lessons.c.space_number > number)
        .order_by(lessons.c.space_number)
        .limit(limit)
    )
    rows = to_rows(SettledRow, connection.execute(statement).all())
    places: dict[str, list[FileRef]] = {row.id: [] for row in rows}
    where = entry_lessons.c.lesson_id.in_(list(places))
    noted = sa.select(entry_lessons.c.lesson_id, entry_lessons.c.skill_id, entry_lessons.c.path).where(where)
    for lesson_id, skill_id, path in connection.execute(noted.order_by(entry_lessons.c.path)) if rows else ():
        places[lesson_id].append(FileRef(skill_id, path))
    return [SettledLesson(row=row, places=places[row.id]) for row in rows]


def note_entry(
    connection: Connection, skill_id: str, path: str, entry_key: str, lesson_id: str, effect: LessonStatus
) -> None:
    """Record that a lesson supports an entry."""
    key = {"skill_id": skill_id, "entry_key": entry_key, "lesson_id": lesson_id}
    where = sa.and_(*(entry_lessons.c[name] == value for name, value in key.items()))
    if connection.execute(sa.select(sa.literal(1)).where(where)).first() is None:
        connection.execute(sa.insert(entry_lessons).values(**key, path=path, effect=effect))


def move_entry(
    connection: Connection, skill_id: str, old_key: str, new_key: str, *, to_skill: str = "", path: str = ""
) -> None:
    """Let the evidence of an entry follow it when its text changes, or when it goes to another skill, to a file."""
    there = to_skill or skill_id
    if (skill_id, old_key) == (there, new_key):
        if path:
            place_entries(connection, skill_id, {new_key: path})
        return
    known = sa.select(entry_lessons.c.lesson_id).where(
        entry_lessons.c.skill_id == there, entry_lessons.c.entry_key == new_key
    )
    connection.execute(
        sa.update(entry_lessons)
        .where(
            entry_lessons.c.skill_id == skill_id,
            entry_lessons.c.entry_key == old_key,
            entry_lessons.c.lesson_id.not_in(known),
        )
        .values(entry_key=new_key, skill_id=there, **({"path": path} if path else {}))
    )


def places_of(connection: Connection, lesson_ids: Collection[str]) -> set[str]:
    """The skills in which some lessons stand behind an entry."""
    found: set[str] = set()
    for some in chunks(sorted(lesson_ids)):
        statement = sa.select(entry_lessons.c.skill_id).where(entry_lessons.c.lesson_id.in_(some)).distinct()
        found.update(connection.execute(statement).scalars())
    return found


def forget_evidence(connection: Connection, lesson_ids: Collection[str], skill_ids: Collection[str]) -> None:
    """Let lessons support no entry of some skills any more."""
    for some in chunks(sorted(lesson_ids)):
        where = entry_lessons.c.lesson_id.in_(some) & entry_lessons.c.skill_id.in_(sorted(skill_ids))
        connection.execute(sa.delete(entry_lessons).where(where))


def supported(connection: Connection, skill_id: str) -> frozenset[str]:
    """The keys of a skill's entries that lessons support."""
    statement = sa.select(entry_lessons.c.entry_key).where(entry_lessons.c.skill_id == skill_id).distinct()
    return frozenset(connection.execute(statement).scalars())


def supporting(connection: Connection, skill_id: str) -> frozenset[str]:
    """The ids of the lessons that support a skill's entries."""
    statement = sa.select(entry_lessons.c.lesson_id).where(entry_lessons.c.skill_id == skill_id).distinct()
    return frozenset(connection.execute(statement).scalars())


def place_entries(connection: Connection, skill_id: str, places: Mapping[str, str]) -> None:
    """Record in which file some entries stand now, by their keys."""
    by_path: dict[str, list[str]] = {}
    for key, path in places.items():
        by_path.setdefault(path, []).append(key)
    for path, keys in by_path.items():
        for some in chunks(keys):
            where = (entry_lessons.c.skill_id == skill_id) & entry_lessons.c.entry_key.in_(some)
            changed = where & (entry_lessons.c.path != path)
            connection.execute(sa.update(entry_lessons).where(changed).values(path=path))


def support_of(connection: Connection, skill_id: str, entry_key: str, more: Sequence[str]) -> tuple[int, int]:
    """In how many sessions an entry was learned, those of some further lessons included; and in how many of them a task
    of it succeeded."""
    known = sa.select(entry_lessons.c.lesson_id).where(
        entry_lessons.c.skill_id == skill_id, entry_lessons.c.entry_key == entry_key
    )
    ends = (
        sa.select(lessons.c.session_id, sa.func.max(sa.case((tasks.c.status == "success", 1), else_=0)).label("good"))
        .join(tasks, tasks.c.id == lessons.c.task_id)
        .where(sa.or_(lessons.c.id.in_(known), lessons.c.id.in_(list(more))))
        .group_by(lessons.c.session_id)
        .subquery()
    )
    counts = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(ends.c.good), 0)).select_from(ends)
    every, good = connection.execute(counts).one()
    return int(every), int(good)


def support_of_entries(connection: Connection, skill_id: str) -> dict[str, EntrySupport]:
    """What supports each entry of a skill, by the entry's key."""
    ended = (sa.func.sum(sa.case((tasks.c.status == status, 1), else_=0)) for status in ("success", "failed"))
    statement = (
        sa.select(
            entry_lessons.c.entry_key,
            sa.func.count(),
            sa.func.max(lessons.c.at),
            sa.func.max(lessons.c.created_at),
            *ended,
        )
        .join(lessons, lessons.c.id == entry_lessons.c.lesson_id)
        .outerjoin(tasks, tasks.c.id == lessons.c.task_id)
        .where(entry_lessons.c.skill_id == skill_id)
        .group_by(entry_lessons.c.entry_key)
    )
    rows = connection.execute(statement).all()
    return {row[0]: EntrySupport(int(row[1]), row[2], row[3], int(row[4]), int(row[5])) for row in rows}


def previous_entry_key(connection: Connection, skill_id: str, task_id: str) -> str | None:
    """The key of the entry that an earlier revision of a task brought into a skill."""
    statement = (
        sa.select(entry_lessons.c.entry_key)
        .join(lessons, lessons.c.id == entry_lessons.c.lesson_id)
        .where(entry_lessons.c.skill_id == skill_id, lessons.c.task_id == task_id)
        .order_by(lessons.c.revision.desc())
        .limit(1)
    )
    found = connection.execute(statement).first()
    return None if found is None else str(found[0])
