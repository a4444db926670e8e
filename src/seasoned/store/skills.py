"""Skills and their versions: every change by anyone is a version, made by `commit` under compare-and-swap."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import HeadMoved, NotFound
from seasoned.ids import new_id
from seasoned.skill import PEOPLE, Author, Searched
from seasoned.store import indexing, inline_blobs
from seasoned.store.gc import marks
from seasoned.store.rows import PageQuery, after_newest, columns, dump, page_of, to_rows
from seasoned.store.schema import contents as contents_table
from seasoned.store.schema import disks, entries, files, skills, space_skills, versions
from seasoned.store.sessions import user_subquery


class SkillRow(msgspec.Struct, frozen=True):
    """A skill; `head` is the number of its newest version, `rule` names the rule that writes its entries, if any. One
    that is archived is in no prompt, export and catalogue.
    """

    id: str
    project_id: str
    user_id: str | None
    name: str
    description: str
    disk_id: str
    meta: str | None
    head: int
    rule: str
    created_at: int
    updated_at: int
    archived_at: int | None = None


class FileRow(msgspec.Struct, frozen=True):
    """A file as it is since a version: `body` is None when its bytes are in the object store, or were not asked for."""

    path: str
    since: int
    sha256: str
    size: int
    mime: str
    blame: str | None
    body: bytes | None = None


class NewFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the version to be made. Its bytes are either inline or in the object store already.

    `blame` says for its lines which version brought them; `searched` is what can be found of it.
    """

    sha256: str
    size: int
    mime: str
    body: bytes | None
    blame: str | None = None
    searched: Searched = Searched()


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a skill's SKILL.md says: its description, the rule that writes its entries, and its words to be searched."""

    description: str
    rule: str
    text: str


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version to be made: the files that it brings or changes (None removes one), who made it, why, and the lessons
    behind it. `about` is given when its SKILL.md changed.
    """

    changes: Mapping[str, NewFile | None]
    author: Author
    reason: str = ""
    lessons: tuple[str, ...] = ()
    about: About | None = None


class NewSkill(msgspec.Struct, frozen=True, kw_only=True):
    """What a skill is created with."""

    project_id: str
    name: str
    description: str
    user_id: str | None = None
    meta: str | None = None


def create(connection: Connection, new: NewSkill, version: NewVersion, now: int) -> SkillRow:
    """A new skill with its first version."""
    skill_id, disk_id = new_id(), new_id()
    # It comes into two lists, whose newest rows may differ.
    for table in (skills, disks):
        now = after_newest(connection, table.c.project_id, new.project_id, now)
    owner = {"project_id": new.project_id, "user_id": new.user_id, "created_at": now, "updated_at": now}
    connection.execute(
        sa.insert(skills).values(**msgspec.structs.asdict(new) | owner, id=skill_id, disk_id=disk_id, head=0)
    )
    connection.execute(sa.insert(disks).values(id=disk_id, skill_id=skill_id, **owner))
    commit(connection, skill_id, 0, version, now)
    return get(connection, new.project_id, skill_id)


def commit(connection: Connection, skill_id: str, head: int, version: NewVersion, now: int) -> int:
    """Make the version after `head`; its number. Raises HeadMoved when there is a newer one than `head`."""
    number = head + 1
    where = (skills.c.id == skill_id) & (skills.c.head == head)
    found = connection.execute(sa.select(skills.c.rule, skills.c.updated_at).where(where)).first()
    if found is None:
        raise HeadMoved("The skill was changed meanwhile; read it again, and make your change on what it is now.")
    rule_before, updated_at = found
    if head:
        # Who looks for changes since then must see this one, even if the clock has not advanced.
        now = max(now, updated_at + 1)
    values: dict[str, object] = {"head": number, "updated_at": now}
    if version.about is not None:
        values |= {"description": version.about.description, "rule": version.about.rule}
    if connection.execute(sa.update(skills).where(where).values(**values)).rowcount != 1:
        raise HeadMoved("The skill was changed meanwhile; read it again, and make your change on what it is now.")
    connection.execute(
        sa.insert(versions).values(
            id=new_id(),
            skill_id=skill_id,
            number=number,
            author=version.author,
            reason=version.reason,
            lessons=dump(version.lessons),
            created_at=now,
        )
    )
    new = (one for one in version.changes.values() if one is not None)
    inline_blobs.put(connection, {one.sha256: one.body for one in new if one.body is not None})
    _put_files(connection, skill_id, number, version.changes)
    _put_entries(connection, skill_id, version, head, rule_before)
    return number


def _put_files(connection: Connection, skill_id: str, number: int, changes: Mapping[str, NewFile | None]) -> None:
    ended = (files.c.skill_id == skill_id) & files.c.path.in_(list(changes)) & files.c.until.is_(None)
    connection.execute(sa.update(files).where(ended).values(until=number))
    rows = [
        {"skill_id": skill_id, "path": path, "since": number, "until": None}
        | {name: getattr(new, name) for name in ("sha256", "size", "mime", "blame")}
        for path, new in changes.items()
        if new is not None
    ]
    marks.keep(connection, [new.sha256 for new in changes.values() if new is not None and new.body is None])
    if rows:
        connection.execute(sa.insert(files), rows)


def _put_entries(connection: Connection, skill_id: str, version: NewVersion, head: int, rule_before: str) -> None:
    """Keep the index of entries at the head. What a rule writes is not searched."""
    rule = rule_before if version.about is None else version.about.rule
    changed = {path: Searched() if new is None or rule else new.searched for path, new in version.changes.items()}
    if version.about is not None:
        changed[""] = Searched((version.about.text,))
    indexing.change(connection, skill_id, changed)
    if rule != rule_before and head:
        indexing.mark_skill(connection, skill_id)


def get(connection: Connection, project_id: str, skill_id: str) -> SkillRow:
    """A skill of the project. Raises NotFound."""
    where = (skills.c.id == skill_id) & (skills.c.project_id == project_id)
    found = to_rows(SkillRow, connection.execute(sa.select(*columns(SkillRow, skills)).where(where)).all())
    if not found:
        raise NotFound(f"There is no skill {skill_id} in this project.")
    return found[0]


def by_ids(connection: Connection, skill_ids: Collection[str]) -> list[SkillRow]:
    """Some skills, without those that are gone."""
    statement = sa.select(*columns(SkillRow, skills)).where(skills.c.id.in_(list(skill_ids)))
    return to_rows(SkillRow, connection.execute(statement).all())


def page(
    connection: Connection, project_id: str, query: PageQuery, *, user: str = "", archived: bool | None = False
) -> tuple[list[SkillRow], str | None]:
    """A page of the project's skills, of one user when asked; archived ones when asked, with None these too."""
    where: list[sa.ColumnElement[bool]] = [skills.c.project_id == project_id]
    if archived is not None:
        where.append(skills.c.archived_at.is_not(None) if archived else skills.c.archived_at.is_(None))
    if user:
        where.append(skills.c.user_id == user_subquery(project_id, user))
    return page_of(connection, SkillRow, skills, where, query)


def of_space(
    connection: Connection,
    space_id: str,
    *,
    by_rule: bool | None = None,
    limit: int | None = None,
    with_archived: bool = False,
) -> list[SkillRow]:
    """The skills of a space in the order in which they were added: only the first ones, or only those whose entries
    a rule writes or does not write, when asked; archived ones too when asked.
    """
    statement = (
        _of_space(space_id, with_archived=with_archived)
        .order_by(space_skills.c.created_at, space_skills.c.id)
        .limit(limit)
    )
    if by_rule is not None:
        statement = statement.where(skills.c.rule != "" if by_rule else skills.c.rule == "")
    return to_rows(SkillRow, connection.execute(statement).all())


def recently_changed(connection: Connection, space_id: str, limit: int) -> tuple[list[SkillRow], int]:
    """The skills of a space that changed last, the newest first, and how many it has."""
    statement = _of_space(space_id).order_by(skills.c.updated_at.desc(), skills.c.id.desc()).limit(limit)
    count = sa.select(sa.func.count()).select_from(_of_space(space_id).subquery())
    return to_rows(SkillRow, connection.execute(statement).all()), connection.execute(count).scalar_one()


def some_of_space(connection: Connection, space_id: str, skill_ids: Collection[str], name: str) -> list[SkillRow]:
    """Those skills of a space that have one of some ids, or a name."""
    where = skills.c.id.in_(list(skill_ids)) | (skills.c.name == name)
    return to_rows(SkillRow, connection.execute(_of_space(space_id).where(where)).all())


def _of_space(space_id: str, *, with_archived: bool = False) -> sa.Select[*tuple[object, ...]]:
    statement = (
        sa.select(*columns(SkillRow, skills))
        .join(space_skills, space_skills.c.skill_id == skills.c.id)
        .where(space_skills.c.space_id == space_id)
    )
    return statement if with_archived else statement.where(skills.c.archived_at.is_(None))


def set_archived(connection: Connection, project_id: str, skill_id: str, now: int, *, archived: bool) -> SkillRow:
    """Take a skill out of prompts, exports and the catalogue, or back. Raises NotFound."""
    row = get(connection, project_id, skill_id)
    if (row.archived_at is not None) != archived:
        # Who looks for changes since then must see it.
        values = {"archived_at": now if archived else None, "updated_at": max(now, row.updated_at + 1)}
        connection.execute(sa.update(skills).where(skills.c.id == skill_id).values(**values))
    return get(connection, project_id, skill_id)


def names(connection: Connection, skill_ids: Collection[str]) -> dict[str, str]:
    """The names of some skills, by id."""
    statement = sa.select(skills.c.id, skills.c.name).where(skills.c.id.in_(list(skill_ids)))
    return {row[0]: row[1] for row in connection.execute(statement)} if skill_ids else {}


def named(connection: Connection, space_id: str, wanted: Collection[str]) -> dict[str, str]:
    """The skills of a space that have some names: name by id."""
    statement = (
        sa.select(skills.c.id, skills.c.name)
        .join(space_skills, space_skills.c.skill_id == skills.c.id)
        .where(space_skills.c.space_id == space_id, skills.c.name.in_(list(wanted)))
    )
    return {row[0]: row[1] for row in connection.execute(statement)} if wanted else {}


def entries_of(connection: Connection, space_id: str, name: str, limit: int) -> list[tuple[str, str]]:
    """The newest entries of a space's skill, each as the path of its file and its text, oldest first."""
    statement = (
        sa.select(entries.c.path, entries.c.text)
        .join(skills, skills.c.id == entries.c.skill_id)
        .join(space_skills, space_skills.c.skill_id == skills.c.id)
        .where(space_skills.c.space_id == space_id, skills.c.name == name, entries.c.path != "", ~entries.c.whole)
        .order_by(entries.c.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in connection.execute(statement)][::-1]


def brought_by_people(connection: Connection, skill_ids: Sequence[str]) -> frozenset[str]:
    """Those of some skills whose first version a person made."""
    statement = _by_people().where(versions.c.skill_id.in_(list(skill_ids)))
    return frozenset(connection.execute(statement).scalars())


def some_by_people(connection: Connection, space_id: str, limit: int) -> frozenset[str]:
    """Some of a space's skills whose first version a person made."""
    statement = (
        _by_people()
        .join(space_skills, space_skills.c.skill_id == versions.c.skill_id)
        .where(space_skills.c.space_id == space_id)
    )
    return frozenset(connection.execute(statement.limit(limit)).scalars())


def written_by_others(
    connection: Connection, skill_ids: Sequence[str], path: str, authors: Collection[Author]
) -> dict[str, list[int]]:
    """The versions of some skills that wrote a file and are by anyone but some authors, by skill."""
    statement = (
        sa.select(files.c.skill_id, files.c.since)
        .join(versions, (versions.c.skill_id == files.c.skill_id) & (versions.c.number == files.c.since))
        .where(files.c.skill_id.in_(list(skill_ids)), files.c.path == path, versions.c.author.not_in(list(authors)))
        .order_by(files.c.since)
    )
    found: dict[str, list[int]] = {}
    for skill_id, number in connection.execute(statement) if skill_ids else ():
        found.setdefault(skill_id, []).append(number)
    return found


def _by_people() -> sa.Select[str]:
    return sa.select(versions.c.skill_id).where(versions.c.number == 1, versions.c.author.in_(sorted(PEOPLE)))


FILE_COLUMNS = [files.c[name] for name in FileRow.__struct_fields__ if name != "body"]


def head_files(connection: Connection, skill_id: str, paths: Collection[str] | None = None) -> list[FileRow]:
    """The files of a skill's newest version with their bytes, by path; only those of `paths` when given."""
    statement = (
        sa.select(*FILE_COLUMNS, contents_table.c.body)
        .outerjoin(contents_table, contents_table.c.sha256 == files.c.sha256)
        .where(files.c.skill_id == skill_id, files.c.until.is_(None))
        .order_by(files.c.path)
    )
    if paths is not None:
        statement = statement.where(files.c.path.in_(list(paths)))
    return to_rows(FileRow, connection.execute(statement).all())


def head_listing(connection: Connection, skill_id: str) -> list[FileRow]:
    """The files of a skill's newest version without their bytes, by path."""
    statement = sa.select(*FILE_COLUMNS).where(files.c.skill_id == skill_id, files.c.until.is_(None))
    return to_rows(FileRow, connection.execute(statement.order_by(files.c.path)).all())


def index_of(connection: Connection, skill_ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Path and MIME of every file of some skills' newest versions."""
    statement = (
        sa.select(files.c.skill_id, files.c.path, files.c.mime)
        .where(files.c.skill_id.in_(list(skill_ids)), files.c.until.is_(None))
        .order_by(files.c.path)
    )
    result: dict[str, list[tuple[str, str]]] = {skill_id: [] for skill_id in skill_ids}
    for skill_id, path, mime in connection.execute(statement):
        result[skill_id].append((path, mime))
    return result


def delete(connection: Connection, project_id: str, skill_id: str) -> None:
    """Remove a skill with its versions and links. Raises NotFound."""
    get(connection, project_id, skill_id)
    indexing.forget(connection, skills.c.id == skill_id)
    connection.execute(sa.delete(skills).where(skills.c.id == skill_id))
