"""Disks and the files on them. A skill is a disk too: there the files are those of its head version."""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import NotFound
from seasoned.ids import new_id
from seasoned.store import indexing, inline_blobs
from seasoned.store.gc import marks
from seasoned.store.rows import PageQuery, after_newest, columns, page_of, to_rows
from seasoned.store.schema import artifacts, disks, file_meta, files, skills
from seasoned.store.sessions import user_subquery

# How much the lengths of two confusable names may differ: a trailing dot or two.
NEAR_CHARS = 3


class DiskRow(msgspec.Struct, frozen=True):
    """A disk; `skill_id` is set when it is a skill's."""

    id: str
    project_id: str
    user_id: str | None
    skill_id: str | None
    created_at: int
    updated_at: int


class ArtifactRow(msgspec.Struct, frozen=True):
    """A file on a disk. `path` is its folder, with a slash at both ends; `meta` is the user's, as JSON text."""

    disk_id: str
    path: str
    filename: str
    sha256: str
    size: int
    mime: str
    meta: str | None
    created_at: int
    updated_at: int


def create(connection: Connection, project_id: str, user_id: str | None, now: int) -> DiskRow:
    """A new disk without files."""
    now = after_newest(connection, disks.c.project_id, project_id, now)
    row = DiskRow(new_id(), project_id, user_id, None, now, now)
    connection.execute(sa.insert(disks).values(msgspec.structs.asdict(row)))
    return row


def get(connection: Connection, project_id: str, disk_id: str) -> DiskRow:
    """A disk of the project. Raises NotFound."""
    where = (disks.c.id == disk_id) & (disks.c.project_id == project_id)
    found = to_rows(DiskRow, connection.execute(sa.select(*columns(DiskRow, disks)).where(where)).all())
    if not found:
        raise NotFound(f"There is no disk {disk_id} in this project.")
    return _with_times(connection, found)[0]


def page(
    connection: Connection, project_id: str, query: PageQuery, *, user: str = ""
) -> tuple[list[DiskRow], str | None]:
    """A page of the project's disks, of one user when asked."""
    where: list[sa.ColumnElement[bool]] = [disks.c.project_id == project_id]
    if user:
        where.append(disks.c.user_id == user_subquery(project_id, user))
    rows, cursor = page_of(connection, DiskRow, disks, where, query)
    return _with_times(connection, rows), cursor


def _with_times(connection: Connection, rows: Sequence[DiskRow]) -> list[DiskRow]:
    """A skill's disk changes when the skill does, whoever changed it."""
    wanted = [row.skill_id for row in rows if row.skill_id]
    statement = sa.select(skills.c.id, skills.c.updated_at).where(skills.c.id.in_(wanted))
    changed = {row[0]: row[1] for row in connection.execute(statement)} if wanted else {}
    return [msgspec.structs.replace(row, updated_at=changed.get(row.skill_id or "", row.updated_at)) for row in rows]


def delete(connection: Connection, project_id: str, disk_id: str) -> None:
    """Remove a disk with its files, and the skill whose disk it is. Raises NotFound."""
    row = get(connection, project_id, disk_id)
    connection.execute(sa.delete(disks).where(disks.c.id == disk_id))
    if row.skill_id is not None:
        indexing.forget(connection, skills.c.id == row.skill_id)
        connection.execute(sa.delete(skills).where(skills.c.id == row.skill_id))


def artifacts_of(connection: Connection, disk: DiskRow, path: str | None = None) -> list[ArtifactRow]:
    """The files of a disk by path and name; those of one folder when asked."""
    statement = _of_skill(disk) if disk.skill_id else _of_disk(disk)
    rows = to_rows(ArtifactRow, connection.execute(statement).all())
    if disk.skill_id:
        rows = [_split(row) for row in rows]
    return sorted((row for row in rows if path in (None, row.path)), key=lambda row: (row.path, row.filename))


def artifact(connection: Connection, disk: DiskRow, path: str, filename: str) -> ArtifactRow:
    """One file of a disk. Raises NotFound."""
    if disk.skill_id:
        statement = _of_skill(disk).where(files.c.path == (path + filename).lstrip("/"))
    else:
        statement = _of_disk(disk).where(artifacts.c.path == path, artifacts.c.filename == filename)
    rows = to_rows(ArtifactRow, connection.execute(statement).all())
    if not rows:
        raise NotFound(f"There is no file {path + filename!r} on the disk; list its files to see what is there.")
    return _split(rows[0]) if disk.skill_id else rows[0]


def folders(connection: Connection, disk: DiskRow) -> set[str]:
    """Every folder of a disk that has files in it."""
    if disk.skill_id:
        return {row.path for row in artifacts_of(connection, disk)}
    statement = sa.select(artifacts.c.path).where(artifacts.c.disk_id == disk.id).distinct()
    return set(connection.execute(statement).scalars())


def _of_disk(disk: DiskRow) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(*columns(ArtifactRow, artifacts)).where(artifacts.c.disk_id == disk.id)


def _of_skill(disk: DiskRow) -> sa.Select[*tuple[Any, ...]]:
    """The same columns of a skill's files, the whole path in `filename`. A file's times are the skill's."""
    noted = (file_meta.c.skill_id == skills.c.id) & (file_meta.c.path == files.c.path)
    return (
        sa.select(
            skills.c.disk_id,
            sa.literal("/"),
            files.c.path,
            files.c.sha256,
            files.c.size,
            files.c.mime,
            file_meta.c.meta,
            skills.c.created_at,
            skills.c.updated_at,
        )
        .select_from(skills)
        .join(files, (files.c.skill_id == skills.c.id) & files.c.until.is_(None))
        .outerjoin(file_meta, noted)
        .where(skills.c.id == disk.skill_id)
    )


def _split(row: ArtifactRow) -> ArtifactRow:
    folder, _, filename = row.filename.rpartition("/")
    return msgspec.structs.replace(row, path=f"/{folder}/" if folder else "/", filename=filename)


def count(connection: Connection, disk_id: str) -> int:
    """How many files a disk that is no skill's has."""
    statement = sa.select(sa.func.count()).select_from(artifacts).where(artifacts.c.disk_id == disk_id)
    return connection.execute(statement).scalar_one()


def near_names(connection: Connection, disk_id: str, whole: str) -> list[str]:
    """The paths of a disk's files that are about as long as a path, as similar ones are; not for a skill's disk."""
    name = artifacts.c.path + artifacts.c.filename
    near = sa.func.length(name).between(len(whole) - NEAR_CHARS, len(whole) + NEAR_CHARS)
    return list(connection.execute(sa.select(name).where(artifacts.c.disk_id == disk_id, near)).scalars())


def put(connection: Connection, row: ArtifactRow, body: bytes | None) -> None:
    """Insert or replace a file of a disk that is no skill's; `body` is None when its bytes are in the object store."""
    if body is not None:
        inline_blobs.put(connection, {row.sha256: body})
    else:
        marks.keep(connection, [row.sha256])
    where = (artifacts.c.disk_id == row.disk_id) & (artifacts.c.path == row.path)
    where &= artifacts.c.filename == row.filename
    values = msgspec.structs.asdict(row)
    if connection.execute(sa.update(artifacts).where(where).values(**values)).rowcount == 0:
        connection.execute(sa.insert(artifacts).values(**values, id=new_id()))
    touch(connection, row.disk_id, row.updated_at)


def remove(connection: Connection, row: ArtifactRow, now: int) -> None:
    """Remove a file from a disk that is no skill's."""
    where = (artifacts.c.disk_id == row.disk_id) & (artifacts.c.path == row.path)
    connection.execute(sa.delete(artifacts).where(where, artifacts.c.filename == row.filename))
    touch(connection, row.disk_id, now)


def touch(connection: Connection, disk_id: str, now: int) -> None:
    """Note that something on a disk changed."""
    connection.execute(sa.update(disks).where(disks.c.id == disk_id).values(updated_at=now))


def set_skill_meta(connection: Connection, skill_id: str, path: str, meta: str | None) -> None:
    """Store a user's meta of a file of a skill; None removes it."""
    where = (file_meta.c.skill_id == skill_id) & (file_meta.c.path == path)
    connection.execute(sa.delete(file_meta).where(where))
    if meta is not None:
        connection.execute(sa.insert(file_meta).values(skill_id=skill_id, path=path, meta=meta))


def touch_skill(connection: Connection, skill_id: str, now: int) -> None:
    """Note that something other than a skill's files changed."""
    connection.execute(sa.update(skills).where(skills.c.id == skill_id).values(updated_at=now))
