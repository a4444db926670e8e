"""The search index of entries, kept consistent with the heads of skills and the spaces that have them.

No change blocks the writer for long: a small change writes its index rows itself; a larger one only writes a mark, a
row of `unindexed`, and the rows follow in separate transactions (`store.catching_up`). Searches skip marked files;
while a skill's link to a space is marked, a part of the skill is found there.

Every change of a skill's part of the index also writes the skill's row, so that of two concurrent transactions the
second is retried.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.skill import Searched
from seasoned.store.rows import to_rows
from seasoned.store.schema import entries, entry_words, skills, space_skills, unindexed
from seasoned.store.search import kept_words

# What one transaction does to the index, at most: rows of both tables together, and characters whose words are taken.
ROWS_MAX = 200
CHARS_MAX = 100_000
# Of how many files the rows that are there are looked at, at most, before a change is marked.
FILES_READ_MAX = 16


class IndexedEntry(msgspec.Struct, frozen=True, order=True, gc=False):
    """What the index stores of an entry: its text, and whether it represents a whole file."""

    text: str
    whole: bool = False


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A row of `entries`."""

    id: int
    text: str
    whole: bool

    @property
    def entry(self) -> IndexedEntry:
        """What is kept in it."""
        return IndexedEntry(self.text, bool(self.whole))


class SpaceLink(msgspec.Struct, frozen=True):
    """A skill in a space."""

    id: str
    space_id: str


def wanted(found: Searched) -> Counter[IndexedEntry]:
    """The index entries of a file."""
    return Counter(
        [*(IndexedEntry(text) for text in found.entries), *([IndexedEntry(found.rest, True)] if found.rest else [])]
    )


def change(connection: Connection, skill_id: str, changed: Mapping[str, Searched]) -> None:
    """Set the index entries of some files of a skill, now or in later transactions.

    The caller has written the skill's row in this transaction.
    """
    links = links_of(connection, skill_id, ROWS_MAX + 1)
    marked = _marked(connection, skill_id)
    counts = _counts(connection, skill_id, list(changed))
    room, chars, reads = ROWS_MAX, CHARS_MAX, FILES_READ_MAX
    late, every_gone, every_new = list[str](), list[int](), dict[str, list[IndexedEntry]]()
    for path, found in changed.items():
        size = len(found.entries) + bool(found.rest)
        if not size and not counts.get(path):
            continue
        reads -= path in counts
        # A new file that is too long is not even looked at: there may be hundreds of them.
        too_long = path not in counts and size * (1 + len(links)) > room
        if reads < 0 or too_long or path in marked or None in marked:
            late.append(path)
            continue
        gone, new = difference(kept_of(connection, skill_id, path) if path in counts else [], wanted(found))
        rows = (len(gone) + len(new)) * (1 + len(links))
        taken = sum(len(one.text) for one in new) * (1 + len(links))
        if rows > room or taken > chars:
            late.append(path)
            continue
        room, chars = room - rows, chars - taken
        every_gone += gone
        every_new[path] = new
    _delete(connection, every_gone)
    _insert(connection, skill_id, every_new)
    if links:
        _keep_words(connection, links, _kept_among(connection, skill_id, every_new))
    mark_files(connection, skill_id, late)


def difference(kept: Sequence[Kept], entries_wanted: Counter[IndexedEntry]) -> tuple[list[int], list[IndexedEntry]]:
    """The rows to be deleted, and the entries to be added."""
    left = Counter(entries_wanted)
    gone = []
    for row in kept:
        if left[row.entry] > 0:
            left[row.entry] -= 1
        else:
            gone.append(row.id)
    return gone, list(left.elements())


def touch(connection: Connection, skill_id: str) -> bool:
    """Write a skill's row, so that nobody else changes its part of the index meanwhile; whether it is there."""
    statement = sa.update(skills).where(skills.c.id == skill_id).values(head=skills.c.head)
    return connection.execute(statement).rowcount == 1


def include(connection: Connection, skill_id: str, link: SpaceLink) -> None:
    """Make a skill's entries searchable in a space that it has joined, now or in later transactions."""
    touch(connection, skill_id)
    statement = sa.select(entries.c.id, entries.c.text, entries.c.whole).where(entries.c.skill_id == skill_id)
    rows = to_rows(Kept, connection.execute(statement.limit(ROWS_MAX + 1)).all())
    if len(rows) > ROWS_MAX or sum(len(row.text) for row in rows) > CHARS_MAX:
        connection.execute(sa.insert(unindexed).values(skill_id=skill_id, link_id=link.id))
    else:
        _keep_words(connection, [link], rows)


def leave(connection: Connection, links: sa.ColumnElement[bool]) -> None:
    """Let the index follow some links of skills to spaces, which the caller deletes next."""
    of_them = sa.select(space_skills.c.skill_id).where(links)
    # In one order, so that two who do this do not wait for each other.
    locked = sa.select(skills.c.id).where(skills.c.id.in_(of_them)).order_by(skills.c.id).with_for_update()
    connection.execute(locked)
    connection.execute(sa.update(skills).where(skills.c.id.in_(of_them)).values(head=skills.c.head))
    words = _few(connection, entry_words, entry_words.c.link_id.in_(sa.select(space_skills.c.id).where(links)))
    if words is None:
        _mark_each(connection, sa.select(space_skills.c.skill_id, space_skills.c.id).where(links))
    else:
        connection.execute(sa.delete(entry_words).where(entry_words.c.id.in_(words)))


def forget(connection: Connection, some: sa.ColumnElement[bool]) -> None:
    """Let the index follow some skills, which the caller deletes next."""
    rows = _few(connection, entries, entries.c.skill_id.in_(sa.select(skills.c.id).where(some)))
    words = None if rows is None else _few(connection, entry_words, entry_words.c.entry_id.in_(rows))
    if words is None:
        _mark_each(connection, sa.select(skills.c.id, sa.null()).where(some))
    else:
        _delete(connection, rows or [])


def _few(connection: Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> list[int] | None:
    """The numbers of some rows; None when they are too many to be deleted at once."""
    found = list(connection.execute(sa.select(table.c.id).where(where).limit(ROWS_MAX + 1)).scalars())
    return found if len(found) <= ROWS_MAX else None


def _mark_each(connection: Connection, found: sa.Select[*tuple[str, str | None]]) -> None:
    connection.execute(sa.insert(unindexed).from_select(["skill_id", "link_id"], found))


def mark_files(connection: Connection, skill_id: str, paths: Iterable[str]) -> None:
    """Note that the index is behind with some files."""
    rows = [{"skill_id": skill_id, "path": path, "link_id": None} for path in paths]
    if rows:
        connection.execute(sa.insert(unindexed), rows)


def mark_skill(connection: Connection, skill_id: str) -> None:
    """Note that the index is behind with all files of a skill."""
    connection.execute(sa.insert(unindexed).values(skill_id=skill_id))


def _marked(connection: Connection, skill_id: str) -> set[str | None]:
    """The files that still have to be indexed; None means all."""
    where = (unindexed.c.skill_id == skill_id) & unindexed.c.link_id.is_(None)
    return set(connection.execute(sa.select(unindexed.c.path).where(where).distinct()).scalars())


def links_of(connection: Connection, skill_id: str, limit: int | None = None) -> list[SpaceLink]:
    """The spaces that have a skill."""
    statement = sa.select(space_skills.c.id, space_skills.c.space_id).where(space_skills.c.skill_id == skill_id)
    return to_rows(SpaceLink, connection.execute(statement.order_by(space_skills.c.id).limit(limit)).all())


def kept_of(connection: Connection, skill_id: str, path: str) -> list[Kept]:
    """The current index entries of a file."""
    where = (entries.c.skill_id == skill_id) & (entries.c.path == path)
    statement = sa.select(entries.c.id, entries.c.text, entries.c.whole).where(where).order_by(entries.c.id)
    return to_rows(Kept, connection.execute(statement).all())


def _counts(connection: Connection, skill_id: str, paths: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(paths), ROWS_MAX):
        where = (entries.c.skill_id == skill_id) & entries.c.path.in_(paths[start : start + ROWS_MAX])
        counted = sa.select(entries.c.path, sa.func.count()).where(where).group_by(entries.c.path)
        found |= {row[0]: row[1] for row in connection.execute(counted)}
    return found


def _delete(connection: Connection, ids: Sequence[int]) -> None:
    if ids:
        connection.execute(sa.delete(entry_words).where(entry_words.c.entry_id.in_(ids)))
        connection.execute(sa.delete(entries).where(entries.c.id.in_(ids)))


def _insert(connection: Connection, skill_id: str, new: Mapping[str, Sequence[IndexedEntry]]) -> None:
    """Add entries of some files."""
    project_id = connection.execute(sa.select(skills.c.project_id).where(skills.c.id == skill_id)).scalar() or ""
    rows = [
        {
            "skill_id": skill_id,
            "path": path,
            "text": one.text,
            "whole": one.whole,
            "words": kept_words(project_id, one.text),
        }
        for path, some in new.items()
        for one in some
    ]
    if rows:
        connection.execute(sa.insert(entries), rows)


def _kept_among(connection: Connection, skill_id: str, new: Mapping[str, Sequence[IndexedEntry]]) -> list[Kept]:
    """The rows of entries that were just added."""
    paths = [path for path, some in new.items() if some]
    if not paths:
        return []
    where = (entries.c.skill_id == skill_id) & entries.c.path.in_(paths)
    statement = sa.select(entries.c.path, entries.c.id, entries.c.text, entries.c.whole).where(where)
    added = {(path, one) for path, some in new.items() for one in some}
    rows = ((row.path, Kept(row.id, row.text, row.whole)) for row in connection.execute(statement))
    return [kept for path, kept in rows if (path, kept.entry) in added]


def _keep_words(connection: Connection, links: Sequence[SpaceLink], kept: Sequence[Kept]) -> int:
    """Keep the words of entries for spaces that have not got them yet; how many rows that were."""
    ids, link_ids = [row.id for row in kept], [link.id for link in links]
    both = entry_words.c.entry_id.in_(ids) & entry_words.c.link_id.in_(link_ids)
    known = {
        tuple(row) for row in connection.execute(sa.select(entry_words.c.entry_id, entry_words.c.link_id).where(both))
    }
    rows = [
        {"entry_id": row.id, "link_id": link.id, "words": kept_words(link.space_id, row.text)}
        for row in kept
        for link in links
        if (row.id, link.id) not in known
    ]
    if rows:
        connection.execute(sa.insert(entry_words), rows)
    return len(rows)


# --- catching up: one bounded transaction each ------------------------------------------------------------------------


def step(connection: Connection, skill_id: str, path: str, entries_wanted: Counter[IndexedEntry]) -> bool:
    """Come nearer to holding these entries, and only these, of a file; whether there is more to do.

    Words of what is added are not kept yet. The caller has written the skill's row.
    """
    gone, new = difference(kept_of(connection, skill_id, path), entries_wanted)
    if gone:
        of_gone = sa.select(entry_words.c.id).where(entry_words.c.entry_id.in_(gone[:ROWS_MAX])).limit(ROWS_MAX)
        words = list(connection.execute(of_gone).scalars())
        connection.execute(sa.delete(entry_words).where(entry_words.c.id.in_(words)))
        if len(words) < ROWS_MAX:
            connection.execute(sa.delete(entries).where(entries.c.id.in_(gone[:ROWS_MAX])))
        return True
    some = list(_bounded(new))
    _insert(connection, skill_id, {path: some})
    return len(some) < len(new)


def _bounded(new: Sequence[IndexedEntry]) -> Iterator[IndexedEntry]:
    chars = CHARS_MAX
    for one in new[:ROWS_MAX]:
        chars -= len(one.text)
        if chars < 0:
            return
        yield one


Position = tuple[str, int]
START: Position = ("", 0)


def step_words(
    connection: Connection, skill_id: str, link: SpaceLink, after: Position, path: str | None = None, room: int = 0
) -> tuple[int, Position | None]:
    """Keep the words of the next entries of a skill, or of one file, for a space.

    How many rows that were (at most `room`, if given), and the place to go on from; None at the end. The caller has
    written the skill's row.
    """
    room = room or ROWS_MAX
    where = entries.c.skill_id == skill_id
    if path is not None:
        where &= entries.c.path == path
    key = sa.tuple_(entries.c.path, entries.c.id)
    place = sa.tuple_(sa.literal(after[0], entries.c.path.type), sa.literal(after[1], entries.c.id.type))
    columns = (entries.c.id, entries.c.text, entries.c.whole, entries.c.path)
    statement = sa.select(*columns).where(where, key > place).order_by(entries.c.path, entries.c.id)
    rows = connection.execute(statement.limit(room)).all()
    taken, chars = [], CHARS_MAX
    for row in rows:
        chars -= len(row.text)
        if chars < 0:
            break
        taken.append(row)
    count = _keep_words(connection, [link], [Kept(row.id, row.text, row.whole) for row in taken])
    more = len(taken) < len(rows) or len(rows) == room
    return count, (taken[-1].path, taken[-1].id) if more else None


def step_out(connection: Connection, link_id: str) -> bool:
    """Delete some words of a deleted link; returns whether there are more."""
    some = sa.select(entry_words.c.id).where(entry_words.c.link_id == link_id).limit(ROWS_MAX)
    ids = list(connection.execute(some).scalars())
    connection.execute(sa.delete(entry_words).where(entry_words.c.id.in_(ids)))
    return len(ids) == ROWS_MAX
