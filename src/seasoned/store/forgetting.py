"""Forgetting: which lessons something taught, what they left behind, and how it is deleted."""

from collections.abc import Collection, Iterator
from typing import Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import NotFound
from seasoned.store import documents, forgotten, inline_blobs
from seasoned.store.gc import marks
from seasoned.store.gc.marks import FILE_COLUMNS as REFERENCES
from seasoned.store.gc.marks import chunks, in_none_of
from seasoned.store.rows import load_as, to_rows
from seasoned.store.schema import (
    contents,
    entry_lessons,
    files,
    lessons,
    model_calls,
    proposal_lessons,
    proposals,
    sessions,
    skills,
    space_sessions,
    tasks,
    users,
    versions,
)
from seasoned.store.skills import FILE_COLUMNS, FileRow, NewFile

Kind = Literal["session", "user", "task", "lesson"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be forgotten: its sessions, when it is whole ones, its tasks and its lessons; `keys` is what names it
    among the forgotten things.
    """

    kind: Kind
    id: str
    sessions: tuple[str, ...]
    tasks: tuple[str, ...]
    lessons: frozenset[str]
    keys: tuple[str, ...]


def target(connection: Connection, project_id: str, kind: Kind, wanted: str) -> Target:
    """What a session, a user, a task or a lesson stands for. Raises NotFound.

    A lesson whose session is gone is still found by the versions that it stands behind.
    """
    whole: list[str] = []
    own_tasks: list[str] = []
    where = sessions.c.project_id == project_id
    if kind == "session":
        whole = list(connection.execute(sa.select(sessions.c.id).where(where, sessions.c.id == wanted)).scalars())
    elif kind == "user":
        own = sa.select(users.c.id).where(users.c.project_id == project_id, users.c.identifier == wanted)
        whole = list(connection.execute(sa.select(sessions.c.id).where(sessions.c.user_id.in_(own))).scalars())
    elif kind == "task":
        mine = sa.select(tasks.c.id).where(tasks.c.project_id == project_id, tasks.c.id == wanted)
        own_tasks = list(connection.execute(mine).scalars())
    taught = sa.select(lessons.c.id).join(sessions, sessions.c.id == lessons.c.session_id).where(where)
    if whole:
        own_tasks = list(connection.execute(sa.select(tasks.c.id).where(tasks.c.session_id.in_(whole))).scalars())
        taught = taught.where(lessons.c.session_id.in_(whole))
    else:
        taught = taught.where(lessons.c.id == wanted if kind == "lesson" else lessons.c.task_id.in_(own_tasks))
    found = set(connection.execute(taught).scalars())
    if kind == "lesson" and not found and any(wanted in row[2] for row in _versions(connection, project_id)):
        found = {wanted}
    if not (whole or own_tasks or found):
        raise NotFound(f"There is no {kind} {wanted[:80]!r} in this project.")
    imported = sa.select(sessions.c.import_key).where(sessions.c.id.in_(whole), sessions.c.import_key.is_not(None))
    keys = (*whole, *own_tasks, *sorted(found), *(key for key in connection.execute(imported).scalars() if key))
    return Target(
        kind=kind,
        id=wanted,
        sessions=tuple(sorted(whole)),
        tasks=tuple(sorted(own_tasks)),
        lessons=frozenset(found),
        keys=keys,
    )


def _versions(connection: Connection, project_id: str) -> Iterator[tuple[str, int, list[str]]]:
    statement = (
        sa.select(versions.c.skill_id, versions.c.number, versions.c.lessons)
        .join(skills, skills.c.id == versions.c.skill_id)
        .where(skills.c.project_id == project_id, versions.c.lessons != "[]")
    )
    for skill_id, number, text in connection.execute(statement):
        yield skill_id, number, load_as(text, list[str])


def touched(connection: Connection, project_id: str, lesson_ids: Collection[str]) -> list[str]:
    """The skills to which some lessons brought anything."""
    every, wanted = _versions(connection, project_id), set(lesson_ids)
    found = {skill_id for skill_id, _, taught in every if not wanted.isdisjoint(taught)}
    for few in chunks(sorted(lesson_ids)):
        statement = sa.select(entry_lessons.c.skill_id).where(entry_lessons.c.lesson_id.in_(few)).distinct()
        found.update(connection.execute(statement).scalars())
    return sorted(found)


def supporters(connection: Connection, skill_id: str) -> dict[str, set[str]]:
    """The lessons that support each entry of a skill, by the entry's key."""
    found: dict[str, set[str]] = {}
    statement = sa.select(entry_lessons.c.entry_key, entry_lessons.c.lesson_id)
    for key, lesson_id in connection.execute(statement.where(entry_lessons.c.skill_id == skill_id)):
        found.setdefault(key, set()).add(lesson_id)
    return found


def settle(connection: Connection, project_id: str, of: Target, now: int) -> None:
    """Let the lessons support nothing, wait for nothing, and never be written or learned again."""
    forgotten.add(connection, project_id, of.keys, now)
    for few in chunks(sorted(of.lessons)):
        connection.execute(sa.delete(entry_lessons).where(entry_lessons.c.lesson_id.in_(few)))
        waiting = sa.select(proposal_lessons.c.proposal_id).where(proposal_lessons.c.lesson_id.in_(few))
        asked = list(connection.execute(waiting).scalars())
        connection.execute(sa.delete(proposal_lessons).where(proposal_lessons.c.lesson_id.in_(few)))
        alone = proposals.c.id.in_(asked) & proposals.c.id.not_in(sa.select(proposal_lessons.c.proposal_id))
        connection.execute(sa.delete(proposals).where(alone))
        values = {"status": "forgotten", "updated_at": now}
        connection.execute(sa.update(lessons).where(lessons.c.id.in_(few)).values(**values))
    documents.remove(connection, [*of.lessons, *of.tasks])
    for few in chunks(of.sessions):
        documents.remove_sessions(connection, few)
        connection.execute(sa.delete(space_sessions).where(space_sessions.c.session_id.in_(few)))


def text_rows(connection: Connection, skill_id: str) -> list[FileRow]:
    """The text files of all versions of a skill with their bytes."""
    statement = sa.select(*FILE_COLUMNS, contents.c.body).outerjoin(contents, contents.c.sha256 == files.c.sha256)
    where = (files.c.skill_id == skill_id) & files.c.blame.is_not(None)
    return to_rows(FileRow, connection.execute(statement.where(where)).all())


def rewrite(connection: Connection, skill_id: str, old: FileRow, new: NewFile | None) -> None:
    """Put other bytes into the place of a file of old versions; None takes it out of them."""
    where = (files.c.skill_id == skill_id) & (files.c.path == old.path) & (files.c.since == old.since)
    if new is None:
        connection.execute(sa.delete(files).where(where))
        return
    if new.body is not None:
        inline_blobs.put(connection, {new.sha256: new.body})
    else:
        marks.keep(connection, [new.sha256])
    values = {"sha256": new.sha256, "size": new.size, "blame": new.blame}
    connection.execute(sa.update(files).where(where).values(**values))


def purge(connection: Connection, project_id: str, of: Target, replaced: Collection[str]) -> None:
    """Delete what the target said and taught, and those of some replaced contents that nothing references.

    The calls of models stay with their costs, without their answers.
    """
    mine = lessons.c.id.in_(sorted(of.lessons))
    since = sa.select(sa.func.min(lessons.c.created_at)).where(mine).scalar_subquery()
    spaces_of = sa.select(lessons.c.space_id).where(mine)
    calls = model_calls.c
    asked = sa.or_(
        calls.session_id.in_(of.sessions),
        calls.task_id.in_(of.tasks),
        calls.task_id.in_(sa.select(lessons.c.task_id).where(mine)),
        # Nobody knows which lessons a writer was asked about.
        sa.and_(calls.stage == "write", calls.space_id.in_(spaces_of), calls.created_at >= since),
    )
    where = (calls.project_id == project_id) & calls.answer.is_not(None) & asked
    connection.execute(sa.update(model_calls).where(where).values(answer=""))
    empty = {"title": "", "text": "", "topic": "", "replaces": "", "reason": "", "quotes": "[]"}
    connection.execute(sa.update(lessons).where(mine).values(**empty))
    if not of.sessions:
        bare = {"title": "", "progresses": "[]", "evidence": "", "summary": None}
        connection.execute(sa.update(tasks).where(tasks.c.id.in_(of.tasks)).values(**bare))
    for few in chunks(of.sessions):
        connection.execute(sa.delete(sessions).where(sessions.c.id.in_(few)))
    alone = in_none_of(connection, replaced, REFERENCES)
    for few in chunks(sorted(alone)):
        connection.execute(sa.delete(contents).where(contents.c.sha256.in_(few)))
