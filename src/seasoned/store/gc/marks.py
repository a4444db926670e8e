"""The marks of unreferenced blobs, and how referencing one again saves it.

    (no row) ──mark──▶ marked ──tombstone──▶ tombstoned ──swept──▶ swept ──▶ (no row, after a week)
        ▲─────keep───────┘  ▲                    │
        └───────revive──────┼────────────────────┘   (under the collector's lock, once it is stored again)
                            └─ stored again, and seen so by a collector

A collector *marks* a blob that no row references, and *tombstones* it when it has been marked for the grace and still
is unreferenced; from then on it may be missing, and once it is deleted it is *swept*. `keep` belongs into every
transaction that writes a row which references a blob: it removes a mark, and refuses a tombstoned blob. `tombstone`
changes the same row after it has looked for references. So of the two one is first and the other sees it: on SQLite
because writers take turns, on PostgreSQL because a transaction that would change what another has changed is run again.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite

from seasoned.clock import SECOND
from seasoned.errors import Tombstoned
from seasoned.message import Message
from seasoned.store.rows import on_postgres
from seasoned.store.schema import artifacts, blob_marks, files, message_files, messages, sessions

T = TypeVar("T")

CHUNK = 500
# Where files of skills and disks are referenced, large ones and small ones alike.
FILE_COLUMNS = (files.c.sha256, artifacts.c.sha256)
# How long a deleted blob is remembered: far longer than any caller takes from storing a blob to referencing it.
REMEMBERED_SECONDS = 7 * 24 * 3_600


class Mark(msgspec.Struct, frozen=True):
    """How far an unreferenced blob is on its way to being deleted; times in microseconds."""

    sha256: str
    marked_at: int
    tombstoned_at: int | None
    swept_at: int | None


def chunks(items: Collection[T]) -> Iterator[list[T]]:
    """Few enough at a time for one statement."""
    listed = list(items)
    for first in range(0, len(listed), CHUNK):
        yield listed[first : first + CHUNK]


def files_of(message: Message) -> tuple[str, ...]:
    """The hashes of the files that a message names."""
    return tuple(sorted({part.asset.sha256 for part in message.parts if part.asset and part.asset.sha256}))


def keep(connection: Connection, hashes: Collection[str]) -> None:
    """Keep blobs that rows of this transaction reference. Raises Tombstoned when one of them may be deleted already."""
    for some in chunks(sorted(set(hashes))):
        # Written whether it is there or not: only so does PostgreSQL see that somebody tombstones it meanwhile.
        rows = [{"sha256": sha256, "marked_at": 0} for sha256 in some]
        _upsert(connection, rows)
        where = blob_marks.c.sha256.in_(some)
        lost = sa.select(blob_marks.c.sha256).where(where, blob_marks.c.tombstoned_at.is_not(None)).limit(1)
        if connection.execute(lost).first() is not None:
            raise Tombstoned("A stored file was unreferenced and is being deleted; send it again.")
        connection.execute(sa.delete(blob_marks).where(where))


def _upsert(connection: Connection, rows: list[dict[str, object]]) -> None:
    values = {"marked_at": 0}
    if on_postgres(connection):
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - a tenth of a second, and only there

        pg = postgresql.insert(blob_marks).values(rows)
        connection.execute(pg.on_conflict_do_update(index_elements=["sha256"], set_=values))
    else:
        lite = sqlite.insert(blob_marks).values(rows)
        connection.execute(lite.on_conflict_do_update(index_elements=["sha256"], set_=values))


def find(connection: Connection, hashes: Collection[str]) -> dict[str, Mark]:
    """The marks of some blobs."""
    found: dict[str, Mark] = {}
    for some in chunks(sorted(set(hashes))):
        statement = sa.select(*blob_marks.columns).where(blob_marks.c.sha256.in_(some))
        found |= {row.sha256: Mark(*row) for row in connection.execute(statement)}
    return found


def unreferenced(connection: Connection, hashes: Collection[str]) -> set[str]:
    """Those of some blobs that no row references."""
    return in_none_of(connection, hashes, (messages.c.parts_sha256, message_files.c.sha256, *FILE_COLUMNS))


def in_none_of(connection: Connection, hashes: Collection[str], columns: Sequence[sa.Column[str]]) -> set[str]:
    """Those of some hashes that stand in none of some columns."""
    left = set(hashes)
    for some in chunks(sorted(left)):
        for column in columns:
            left.difference_update(connection.execute(sa.select(column).where(column.in_(some)).distinct()).scalars())
    return left


def mark(connection: Connection, there: Collection[str], now: int) -> set[str]:
    """Mark those of some stored blobs that no row references; which these are."""
    alone, known = unreferenced(connection, there), find(connection, there)
    # One that was deleted and is there again was stored again: it starts anew.
    _forget(connection, [one.sha256 for one in known.values() if one.swept_at is not None])
    # Referenced by somebody whose transaction could not see the mark.
    _forget(connection, [one.sha256 for one in known.values() if one.tombstoned_at is None and one.sha256 not in alone])
    new = [sha256 for sha256 in sorted(alone) if sha256 not in known or known[sha256].swept_at is not None]
    for some in chunks(new):
        connection.execute(sa.insert(blob_marks), [{"sha256": sha256, "marked_at": now} for sha256 in some])
    return alone


def tombstone(connection: Connection, now: int, grace_seconds: float, limit: int) -> list[str]:
    """Tombstone blobs that have been marked for the grace and are unreferenced; which ones, at most `limit`."""
    ripe = _ripe(connection, now, grace_seconds, limit)
    alone = unreferenced(connection, ripe)
    _forget(connection, [sha256 for sha256 in ripe if sha256 not in alone])
    for some in chunks(sorted(alone)):
        where = blob_marks.c.sha256.in_(some)
        connection.execute(sa.update(blob_marks).where(where).values(tombstoned_at=now))
    return sorted(alone)


def would_tombstone(connection: Connection, now: int, grace_seconds: float, limit: int) -> list[str]:
    """What `tombstone` would take now."""
    return sorted(unreferenced(connection, _ripe(connection, now, grace_seconds, limit)))


def _ripe(connection: Connection, now: int, grace_seconds: float, limit: int) -> Sequence[str]:
    statement = (
        sa.select(blob_marks.c.sha256)
        .where(blob_marks.c.tombstoned_at.is_(None), blob_marks.c.marked_at <= now - int(grace_seconds * SECOND))
        .order_by(blob_marks.c.marked_at, blob_marks.c.sha256)
        .limit(limit)
    )
    return connection.execute(statement).scalars().all()


def unfinished(connection: Connection, before: int, limit: int) -> list[str]:
    """Blobs that were tombstoned before a moment and never swept: whoever tombstoned them died."""
    statement = (
        sa.select(blob_marks.c.sha256)
        .where(blob_marks.c.tombstoned_at <= before, blob_marks.c.swept_at.is_(None))
        .order_by(blob_marks.c.sha256)
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def swept(connection: Connection, hashes: Collection[str], now: int) -> None:
    """Note that tombstoned blobs are deleted, and forget what was deleted long ago."""
    for some in chunks(sorted(hashes)):
        where = blob_marks.c.sha256.in_(some) & blob_marks.c.tombstoned_at.is_not(None)
        connection.execute(sa.update(blob_marks).where(where).values(swept_at=now))
    old = blob_marks.c.swept_at <= now - REMEMBERED_SECONDS * SECOND
    connection.execute(sa.delete(blob_marks).where(old))


def postpone(connection: Connection, hashes: Collection[str], now: int) -> None:
    """Note that deleting tombstoned blobs was tried now and may still happen."""
    for some in chunks(sorted(hashes)):
        where = blob_marks.c.sha256.in_(some) & blob_marks.c.swept_at.is_(None)
        connection.execute(sa.update(blob_marks).where(where).values(tombstoned_at=now))


def revive(connection: Connection, sha256: str) -> None:
    """Remove a tombstone. Only for whoever holds the collector's lock and has stored the blob."""
    _forget(connection, [sha256])


def _forget(connection: Connection, hashes: Sequence[str]) -> None:
    for some in chunks(hashes):
        connection.execute(sa.delete(blob_marks).where(blob_marks.c.sha256.in_(some)))


def name_files(connection: Connection, rows: Sequence[tuple[str, Collection[str]]]) -> None:
    """Note the files that messages (by id) name; the blobs must be kept already."""
    values = [{"message_id": message_id, "sha256": sha256} for message_id, hashes in rows for sha256 in hashes]
    if values:
        connection.execute(sa.insert(message_files), values)


def names_file(connection: Connection, project_id: str, session_id: str, sha256: str) -> bool:
    """Whether a message of a project's session names a file. One that nobody has looked into yet may."""
    statement = (
        sa.select(message_files.c.message_id)
        .join(messages, messages.c.id == message_files.c.message_id)
        .join(sessions, sessions.c.id == messages.c.session_id)
        .where(
            message_files.c.sha256.in_([sha256, ""]), sessions.c.id == session_id, sessions.c.project_id == project_id
        )
        .limit(1)
    )
    return connection.execute(statement).first() is not None


def copy_names(connection: Connection, copies: dict[str, str]) -> None:
    """Let copies of messages (new id by old id) name what those name. Raises Tombstoned."""
    values: list[dict[str, str]] = []
    named: set[str] = set()
    for some in chunks(sorted(copies)):
        of_messages = sa.select(messages.c.parts_sha256).where(
            messages.c.id.in_(some), messages.c.parts_sha256.is_not(None)
        )
        named.update(one for one in connection.execute(of_messages).scalars() if one)
        of_files = sa.select(message_files.c.message_id, message_files.c.sha256).where(
            message_files.c.message_id.in_(some)
        )
        values += [{"message_id": copies[row[0]], "sha256": row[1]} for row in connection.execute(of_files)]
    keep(connection, named | {one["sha256"] for one in values if one["sha256"]})
    if values:
        connection.execute(sa.insert(message_files), values)
