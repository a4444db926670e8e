"""Which sessions read which version of a skill: counts in rows, one for each session and version."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy import Connection

from seasoned.ids import new_id
from seasoned.store import skills
from seasoned.store.gc.marks import chunks
from seasoned.store.rows import columns, to_rows
from seasoned.store.schema import sessions, skill_reads, space_sessions, space_skills, tasks, versions
from seasoned.store.schema import skills as skills_table
from seasoned.store.tasks import TaskRow
from seasoned.task import FINISHED

LISTED_MAX = 10_000


class Reads(msgspec.Struct, frozen=True, kw_only=True):
    """Reads of a skill to be counted; version 0 is the newest, an empty `session_id` an unknown session."""

    project_id: str
    skill_id: str
    version: int
    session_id: str
    shown: int
    loaded: int
    loaded_at: int | None
    last_at: int


class ReadRow(msgspec.Struct, frozen=True):
    """How often a session read a version; `session_id` is None for sessions that nobody said."""

    version: int
    session_id: str | None
    shown: int
    loaded: int
    loaded_at: int | None
    last_at: int


class UsedSkill(msgspec.Struct, frozen=True):
    """How often a skill was read."""

    skill_id: Annotated[str, Meta(description="The skill.", extra_json_schema={"format": "uuid"})]
    name: Annotated[str, Meta(description="Its name.")]
    version: Annotated[int, Meta(ge=0, description="Its newest version.")]
    shown: Annotated[int, Meta(ge=0, description="How often an agent saw its description or its files' names.")]
    loads: Annotated[int, Meta(ge=0, description="How often an agent read a file of it.")]
    sessions: Annotated[int, Meta(ge=0, description="In how many known sessions one did.")]
    last_at: Annotated[int | None, Meta(description="When it was read last, in microseconds; null for never.")]


def record(connection: Connection, read: Sequence[Reads]) -> None:
    """Count reads. What is not of the project is left out, an unknown session counts as none."""
    heads = _own(connection, skills_table, {one.skill_id for one in read}, skills_table.c.head)
    known = _own(connection, sessions, {one.session_id for one in read}, sessions.c.id)
    for one in read:
        project, head = heads.get(one.skill_id, ("", 0))
        if project == one.project_id and 0 <= one.version <= head:
            is_known = known.get(one.session_id, ("",))[0] == one.project_id
            _count(connection, one, one.version or head, one.session_id if is_known else None)


def _own(
    connection: Connection, table: sa.Table, ids: Collection[str], column: sa.Column[int] | sa.Column[str]
) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for few in chunks(sorted(ids)):
        statement = sa.select(table.c.id, table.c.project_id, column).where(table.c.id.in_(few))
        found |= {row[0]: (row[1], row[2]) for row in connection.execute(statement)}
    return found


def _count(connection: Connection, one: Reads, version: int, session_id: str | None) -> None:
    table = skill_reads.c
    whose = table.session_id.is_(None) if session_id is None else table.session_id == session_id
    where = (table.skill_id == one.skill_id) & (table.version == version) & whose
    is_first = sa.true() if one.loaded_at is None else table.loaded_at <= one.loaded_at
    counted = connection.execute(
        sa.update(skill_reads)
        .where(where)
        .values(
            shown=table.shown + one.shown,
            loaded=table.loaded + one.loaded,
            loaded_at=sa.case((is_first, table.loaded_at), else_=one.loaded_at),
            last_at=sa.case((table.last_at > one.last_at, table.last_at), else_=one.last_at),
        )
    )
    if counted.rowcount == 0:
        row = {name: getattr(one, name) for name in ("skill_id", "shown", "loaded", "loaded_at", "last_at")}
        connection.execute(sa.insert(skill_reads).values(**row, id=new_id(), version=version, session_id=session_id))


def record_named(
    connection: Connection, project_id: str, space_id: str, session_id: str, named: Mapping[str, Sequence[int]]
) -> None:
    """Count reads that a session's messages tell, by the skill's name in its space: the times of each.

    The version is the one that was the newest then; a skill that did not exist yet was another one of that name.
    """
    for skill_id, name in sorted(skills.named(connection, space_id, named).items()):
        times: dict[int, list[int]] = {}
        for at in named[name]:
            newest = sa.select(sa.func.max(versions.c.number)).where(
                versions.c.skill_id == skill_id, versions.c.created_at <= at
            )
            if version := connection.execute(newest).scalar():
                times.setdefault(version, []).append(at)
        record(
            connection,
            [
                Reads(
                    project_id=project_id,
                    skill_id=skill_id,
                    version=version,
                    session_id=session_id,
                    shown=0,
                    loaded=len(every),
                    loaded_at=min(every),
                    last_at=max(every),
                )
                for version, every in times.items()
            ],
        )


def of_skill(connection: Connection, skill_id: str) -> list[ReadRow]:
    """Who read a skill, by version."""
    statement = sa.select(*columns(ReadRow, skill_reads)).where(skill_reads.c.skill_id == skill_id)
    return to_rows(ReadRow, connection.execute(statement.order_by(skill_reads.c.version, skill_reads.c.loaded_at)))


def finished_tasks(connection: Connection, skill_id: str, since: int, limit: int) -> list[TaskRow]:
    """The newest finished tasks that could have used a skill: those begun `since`, in the spaces that have it, and in
    sessions that read it. Oldest first.
    """
    of_spaces = (
        sa.select(space_sessions.c.session_id)
        .join(space_skills, space_skills.c.space_id == space_sessions.c.space_id)
        .where(space_skills.c.skill_id == skill_id)
    )
    readers = sa.select(skill_reads.c.session_id).where(
        skill_reads.c.skill_id == skill_id, skill_reads.c.session_id.is_not(None)
    )
    statement = (
        sa.select(*columns(TaskRow, tasks))
        .where(
            tasks.c.status.in_(sorted(FINISHED)),
            tasks.c.started_at >= since,
            tasks.c.session_id.in_(of_spaces) | tasks.c.session_id.in_(readers),
        )
        .order_by(tasks.c.started_at.desc(), tasks.c.id.desc())
        .limit(limit)
    )
    return to_rows(TaskRow, connection.execute(statement).all())[::-1]


def every(connection: Connection, project_id: str, space_id: str = "") -> list[UsedSkill]:
    """How often each skill of a project was read, or each of a space; what was loaded most first."""
    counted = skill_reads.c
    loaded = sa.func.coalesce(sa.func.sum(counted.loaded), 0)
    sessions_of = sa.func.count(sa.distinct(sa.case((counted.loaded_at.is_not(None), counted.session_id))))
    statement = (
        sa.select(
            skills_table.c.id,
            skills_table.c.name,
            skills_table.c.head,
            sa.func.coalesce(sa.func.sum(counted.shown), 0),
            loaded,
            sessions_of,
            sa.func.max(counted.last_at),
        )
        .outerjoin(skill_reads, counted.skill_id == skills_table.c.id)
        .where(skills_table.c.project_id == project_id)
        .group_by(skills_table.c.id, skills_table.c.name, skills_table.c.head)
        .order_by(loaded.desc(), skills_table.c.name, skills_table.c.id)
        .limit(LISTED_MAX)
    )
    if space_id:
        own = sa.select(space_skills.c.skill_id).where(space_skills.c.space_id == space_id)
        statement = statement.where(skills_table.c.id.in_(own))
    rows = connection.execute(statement).all()
    return [UsedSkill(row[0], row[1], row[2], int(row[3]), int(row[4]), int(row[5]), row[6]) for row in rows]
