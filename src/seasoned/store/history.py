"""The versions of a skill: who made each, what it changed, every file as it was; and which sections are pinned."""

from collections.abc import Collection, Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import NotFound
from seasoned.skill import PEOPLE, Author
from seasoned.store.gc.marks import chunks
from seasoned.store.rows import PageQuery, columns, decode_cursor, encode_cursor, load_as, to_rows
from seasoned.store.schema import contents, files, pins, versions
from seasoned.store.skills import FILE_COLUMNS, FileRow


class VersionRow(msgspec.Struct, frozen=True):
    """A version: its number, who made it, when and why, and the ids of the lessons behind it as JSON."""

    number: int
    author: Author
    reason: str
    lessons: str
    created_at: int

    def lesson_ids(self) -> list[str]:
        """The ids of the lessons behind it, in the order in which blame counts them."""
        return load_as(self.lessons, list[str])


class FileChange(msgspec.Struct, frozen=True):
    """What a version did to a file: `added`, `changed` or `removed` it; the SHA-256 that it has since."""

    path: str
    change: str
    sha256: str | None


def page(connection: Connection, skill_id: str, query: PageQuery) -> tuple[list[VersionRow], str | None]:
    """A page of a skill's versions in the order of their numbers, and the next cursor when more follow."""
    statement = sa.select(*columns(VersionRow, versions)).where(versions.c.skill_id == skill_id)
    if query.cursor:
        place = decode_cursor(query.cursor)[0]
        statement = statement.where(versions.c.number < place if query.newest_first else versions.c.number > place)
    order = versions.c.number.desc() if query.newest_first else versions.c.number
    rows = to_rows(VersionRow, connection.execute(statement.order_by(order).limit(query.limit + 1)).all())
    if len(rows) <= query.limit:
        return rows, None
    return rows[: query.limit], encode_cursor(rows[query.limit - 1].number, skill_id)


def some(connection: Connection, skill_id: str, numbers: Collection[int]) -> dict[int, VersionRow]:
    """Some versions of a skill, by number; without those that there are not."""
    found: dict[int, VersionRow] = {}
    for few in chunks(sorted(numbers)):
        where = (versions.c.skill_id == skill_id) & versions.c.number.in_(few)
        rows = connection.execute(sa.select(*columns(VersionRow, versions)).where(where)).all()
        found |= {row.number: row for row in to_rows(VersionRow, rows)}
    return found


def get(connection: Connection, skill_id: str, number: int) -> VersionRow:
    """A version of a skill. Raises NotFound."""
    found = some(connection, skill_id, [number])
    if not found:
        raise NotFound(f"The skill has no version {number}; its log lists those it has.")
    return found[number]


def by_people(connection: Connection, skill_id: str) -> frozenset[int]:
    """The numbers of the versions that people made."""
    where = (versions.c.skill_id == skill_id) & versions.c.author.in_(sorted(PEOPLE))
    return frozenset(connection.execute(sa.select(versions.c.number).where(where)).scalars())


def every(connection: Connection, skill_id: str) -> list[VersionRow]:
    """All versions of a skill in the order of their numbers."""
    statement = sa.select(*columns(VersionRow, versions)).where(versions.c.skill_id == skill_id)
    return to_rows(VersionRow, connection.execute(statement.order_by(versions.c.number)).all())


def changes(
    connection: Connection, skill_id: str, numbers: Collection[int] | None = None
) -> dict[int, list[FileChange]]:
    """What some versions of a skill changed, by number; what all of them did when none are named."""
    wanted = sorted(numbers or ())
    began = sa.select(files.c.path, files.c.since, files.c.sha256).where(files.c.skill_id == skill_id)
    ended = sa.select(files.c.path, files.c.until).where(files.c.skill_id == skill_id, files.c.until.is_not(None))
    if numbers is not None:
        began, ended = began.where(files.c.since.in_(wanted)), ended.where(files.c.until.in_(wanted))
    new = {(row[1], row[0]): row[2] for row in connection.execute(began)}
    old = {(row[1], row[0]) for row in connection.execute(ended)}
    found: dict[int, list[FileChange]] = {number: [] for number in wanted}
    for number, path in sorted({*new, *old}):
        key = (number, path)
        change = "removed" if key not in new else "changed" if key in old else "added"
        found.setdefault(number, []).append(FileChange(path, change, new.get(key)))
    return found


def files_at(
    connection: Connection, skill_id: str, number: int, paths: Collection[str] | None = None, *, bodies: bool = False
) -> list[FileRow]:
    """The files of a version, by path; only those of `paths` when given, with the bytes of small ones when asked."""
    chosen = [*FILE_COLUMNS, contents.c.body] if bodies else FILE_COLUMNS
    source = files.outerjoin(contents, contents.c.sha256 == files.c.sha256) if bodies else files
    at = (files.c.since <= number) & (files.c.until.is_(None) | (files.c.until > number))
    statement = sa.select(*chosen).select_from(source).where(files.c.skill_id == skill_id, at)
    if paths is not None:
        statement = statement.where(files.c.path.in_(list(paths)))
    return to_rows(FileRow, connection.execute(statement.order_by(files.c.path)).all())


def pinned(connection: Connection, skill_id: str) -> tuple[str, ...]:
    """The headings of a skill whose sections the learner may not change, in order."""
    statement = sa.select(pins.c.heading).where(pins.c.skill_id == skill_id).order_by(pins.c.heading)
    return tuple(connection.execute(statement).scalars())


def pin(connection: Connection, skill_id: str, headings: Iterable[str], now: int) -> None:
    """Pin the sections under some headings."""
    new = set(headings) - set(pinned(connection, skill_id))
    if new:
        rows = [{"skill_id": skill_id, "heading": heading, "created_at": now} for heading in sorted(new)]
        connection.execute(sa.insert(pins), rows)


def unpin(connection: Connection, skill_id: str, heading: str) -> bool:
    """Let the learner change a section again; whether it was pinned."""
    where = (pins.c.skill_id == skill_id) & (pins.c.heading == heading)
    return connection.execute(sa.delete(pins).where(where)).rowcount > 0
