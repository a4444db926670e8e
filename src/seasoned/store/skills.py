"""Skills and their versions: every change by anyone is a version, made by `commit` under compare-and-swap."""

import difflib
from collections.abc import Mapping, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import NotFound, Superseded
from seasoned.ids import new_id
from seasoned.store.rows import PageQuery, columns, dump, load_as, page_of, to_rows
from seasoned.store.schema import contents, files, skills, space_skills, versions
from seasoned.store.sessions import user_subquery

BLAME_LINES_MAX = 5_000


class SkillRow(msgspec.Struct, frozen=True):
    """A skill; `head` is the number of its newest version."""

    id: str
    project_id: str
    user_id: str | None
    name: str
    description: str
    disk_id: str
    meta: str | None
    head: int
    created_at: int
    updated_at: int


class FileRow(msgspec.Struct, frozen=True):
    """A file of a version: `body` is None when its bytes are in the object store under `sha256`."""

    path: str
    sha256: str
    size: int
    mime: str
    blame: str | None
    body: bytes | None


class NewFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the version to be made. Its bytes are either inline or in the object store already."""

    sha256: str
    size: int
    mime: str
    body: bytes | None
    text: str | None = None


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version to be made: all files of the skill, who made it, why, and the lessons behind it."""

    files: Mapping[str, NewFile]
    author: str
    reason: str = ""
    lessons: tuple[str, ...] = ()
    description: str | None = None


class NewSkill(msgspec.Struct, frozen=True, kw_only=True):
    """What a skill is created with."""

    project_id: str
    name: str
    description: str
    user_id: str | None = None
    meta: str | None = None


def create(connection: Connection, new: NewSkill, version: NewVersion, now: int) -> SkillRow:
    """A new skill with its first version."""
    skill_id = new_id()
    connection.execute(
        sa.insert(skills).values(
            **msgspec.structs.asdict(new), id=skill_id, disk_id=new_id(), head=0, created_at=now, updated_at=now
        )
    )
    commit(connection, skill_id, 0, version, now)
    return get(connection, new.project_id, skill_id)


def commit(connection: Connection, skill_id: str, head: int, version: NewVersion, now: int) -> int:
    """Make the version after `head`; its number. Raises Superseded when the head has moved meanwhile."""
    values: dict[str, object] = {"head": head + 1, "updated_at": now}
    if version.description is not None:
        values["description"] = version.description
    where = (skills.c.id == skill_id) & (skills.c.head == head)
    if connection.execute(sa.update(skills).where(where).values(**values)).rowcount != 1:
        raise Superseded(f"Skill {skill_id} was changed by somebody else first.")
    before = {row.path: row for row in head_files(connection, skill_id)} if head else {}
    version_id = new_id()
    connection.execute(
        sa.insert(versions).values(
            id=version_id,
            skill_id=skill_id,
            number=head + 1,
            author=version.author,
            reason=version.reason,
            lessons=dump(version.lessons),
            created_at=now,
        )
    )
    _put_contents(connection, version.files.values())
    rows = [_file_row(version_id, path, new, before.get(path), head + 1) for path, new in version.files.items()]
    if rows:
        connection.execute(sa.insert(files), rows)
    return head + 1


def _put_contents(connection: Connection, new: object) -> None:
    bodies = {file.sha256: file.body for file in new if file.body is not None}  # type: ignore[attr-defined]
    known = {row[0] for row in connection.execute(sa.select(contents.c.sha256).where(contents.c.sha256.in_(bodies)))}
    rows = [{"sha256": key, "body": body} for key, body in sorted(bodies.items()) if key not in known]
    if rows:
        connection.execute(sa.insert(contents), rows)


def _file_row(version_id: str, path: str, new: NewFile, old: FileRow | None, number: int) -> dict[str, object]:
    if old is not None and old.sha256 == new.sha256:
        blame = old.blame
    else:
        blame = None if new.text is None else dump(_blame(old, new.text, number))
    row = {"version_id": version_id, "path": path, "sha256": new.sha256, "size": new.size}
    return {**row, "mime": new.mime, "blame": blame}


def _blame(old: FileRow | None, text: str, number: int) -> list[tuple[int, int]]:
    """Runs of (version, count of lines): kept lines keep the version that brought them."""
    lines = text.splitlines()
    if old is None or old.blame is None or old.body is None or len(lines) > BLAME_LINES_MAX:
        return [(number, len(lines))] if lines else []
    origins = [origin for origin, count in load_as(old.blame, list[tuple[int, int]]) for _ in range(count)]
    old_lines = old.body.decode(errors="replace").splitlines()
    result = [number] * len(lines)
    for block in difflib.SequenceMatcher(None, old_lines, lines, autojunk=False).get_matching_blocks():
        kept = origins[block.a : block.a + block.size]
        result[block.b : block.b + len(kept)] = kept
    runs: list[tuple[int, int]] = []
    for origin in result:
        if runs and runs[-1][0] == origin:
            runs[-1] = (origin, runs[-1][1] + 1)
        else:
            runs.append((origin, 1))
    return runs


def get(connection: Connection, project_id: str, skill_id: str) -> SkillRow:
    """A skill of the project. Raises NotFound."""
    where = (skills.c.id == skill_id) & (skills.c.project_id == project_id)
    found = to_rows(SkillRow, connection.execute(sa.select(*columns(SkillRow, skills)).where(where)).all())
    if not found:
        raise NotFound(f"There is no skill {skill_id} in this project.")
    return found[0]


def page(
    connection: Connection, project_id: str, query: PageQuery, *, user: str = ""
) -> tuple[list[SkillRow], str | None]:
    """A page of the project's skills, of one user when asked."""
    where: list[sa.ColumnElement[bool]] = [skills.c.project_id == project_id]
    if user:
        where.append(skills.c.user_id == user_subquery(project_id, user))
    return page_of(connection, SkillRow, skills, where, query)


def of_space(connection: Connection, space_id: str) -> list[SkillRow]:
    """The skills of a space in the order in which they came into it."""
    statement = (
        sa.select(*columns(SkillRow, skills))
        .join(space_skills, space_skills.c.skill_id == skills.c.id)
        .where(space_skills.c.space_id == space_id)
        .order_by(space_skills.c.created_at, space_skills.c.id)
    )
    return to_rows(SkillRow, connection.execute(statement).all())


def head_files(connection: Connection, skill_id: str) -> list[FileRow]:
    """The files of a skill's newest version, by path."""
    statement = (
        sa.select(*(files.c[name] for name in FileRow.__struct_fields__ if name != "body"), contents.c.body)
        .join(versions, versions.c.id == files.c.version_id)
        .join(skills, (skills.c.id == versions.c.skill_id) & (skills.c.head == versions.c.number))
        .outerjoin(contents, contents.c.sha256 == files.c.sha256)
        .where(skills.c.id == skill_id)
        .order_by(files.c.path)
    )
    return to_rows(FileRow, connection.execute(statement).all())


def index_of(connection: Connection, skill_ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Path and MIME of every file of some skills' newest versions."""
    statement = (
        sa.select(skills.c.id, files.c.path, files.c.mime)
        .join(versions, (skills.c.id == versions.c.skill_id) & (skills.c.head == versions.c.number))
        .join(files, files.c.version_id == versions.c.id)
        .where(skills.c.id.in_(list(skill_ids)))
        .order_by(files.c.path)
    )
    result: dict[str, list[tuple[str, str]]] = {skill_id: [] for skill_id in skill_ids}
    for skill_id, path, mime in connection.execute(statement):
        result[skill_id].append((path, mime))
    return result


def content(connection: Connection, sha256: str) -> bytes | None:
    """The small content of that hash; None when it is in the object store."""
    found = connection.execute(sa.select(contents.c.body).where(contents.c.sha256 == sha256)).first()
    return None if found is None else bytes(found[0])


def delete(connection: Connection, project_id: str, skill_id: str) -> None:
    """Remove a skill with its versions and links. Raises NotFound."""
    get(connection, project_id, skill_id)
    connection.execute(sa.delete(skills).where(skills.c.id == skill_id))
