"""The rows of blobs that nothing names, and how naming one again saves it.

A blob is *doomed* when it was seen without a row that names it, *condemned* when it has been so for the grace and still
is, and *gone* once it is deleted; from being condemned on it may be missing. `keep` belongs into every transaction
that writes a row which names a blob: it takes a doomed one off the list, and refuses one that is condemned. `condemn`
changes the same row after it has looked for names. So of the two one is first and the other sees it: on SQLite because
writers take turns, on PostgreSQL because a transaction that would change what another has changed is run again.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite

from seasoned.clock import SECOND
from seasoned.errors import Condemned
from seasoned.message import Message
from seasoned.store.rows import on_postgres
from seasoned.store.schema import artifacts, doomed_blobs, files, message_files, messages, sessions

T = TypeVar("T")

CHUNK = 500
# Where files of skills and disks are named, large ones and small ones alike.
FILE_COLUMNS = (files.c.sha256, artifacts.c.sha256)
# How long it is remembered that a blob was deleted: far longer than any caller takes from storing a blob to naming it.
REMEMBERED_SECONDS = 7 * 24 * 3_600


class Doomed(msgspec.Struct, frozen=True):
    """How far a blob is on its way to being deleted; times in microseconds."""

    sha256: str
    seen_at: int
    condemned_at: int | None
    gone_at: int | None


def chunks(items: Collection[T]) -> Iterator[list[T]]:
    """Few enough at a time for one statement."""
    listed = list(items)
    for first in range(0, len(listed), CHUNK):
        yield listed[first : first + CHUNK]


def files_of(message: Message) -> tuple[str, ...]:
    """The hashes of the files that a message names."""
    return tuple(sorted({part.asset.sha256 for part in message.parts if part.asset and part.asset.sha256}))


def keep(connection: Connection, hashes: Collection[str]) -> None:
    """Save blobs that rows of this transaction name. Raises Condemned when one of them may be gone already."""
    for some in chunks(sorted(set(hashes))):
        # Written whether it is there or not: only so does PostgreSQL see that somebody dooms or condemns it meanwhile.
        rows = [{"sha256": sha256, "seen_at": 0} for sha256 in some]
        _upsert(connection, rows)
        where = doomed_blobs.c.sha256.in_(some)
        lost = sa.select(doomed_blobs.c.sha256).where(where, doomed_blobs.c.condemned_at.is_not(None)).limit(1)
        if connection.execute(lost).first() is not None:
            raise Condemned("A stored file was just being deleted because nothing had named it; send it again.")
        connection.execute(sa.delete(doomed_blobs).where(where))


def _upsert(connection: Connection, rows: list[dict[str, object]]) -> None:
    values = {"seen_at": 0}
    if on_postgres(connection):
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - a tenth of a second, and only there

        pg = postgresql.insert(doomed_blobs).values(rows)
        connection.execute(pg.on_conflict_do_update(index_elements=["sha256"], set_=values))
    else:
        lite = sqlite.insert(doomed_blobs).values(rows)
        connection.execute(lite.on_conflict_do_update(index_elements=["sha256"], set_=values))


def find(connection: Connection, hashes: Collection[str]) -> dict[str, Doomed]:
    """Those of some blobs that are on their way to being deleted."""
    found: dict[str, Doomed] = {}
    for some in chunks(sorted(set(hashes))):
        statement = sa.select(*doomed_blobs.columns).where(doomed_blobs.c.sha256.in_(some))
        found |= {row.sha256: Doomed(*row) for row in connection.execute(statement)}
    return found


def unnamed(connection: Connection, hashes: Collection[str]) -> set[str]:
    """Those of some blobs that no row names."""
    return in_none_of(connection, hashes, (messages.c.parts_sha256, message_files.c.sha256, *FILE_COLUMNS))


def in_none_of(connection: Connection, hashes: Collection[str], columns: Sequence[sa.Column[str]]) -> set[str]:
    """Those of some hashes that stand in none of some columns."""
    left = set(hashes)
    for some in chunks(sorted(left)):
        for column in columns:
            left.difference_update(connection.execute(sa.select(column).where(column.in_(some)).distinct()).scalars())
    return left


def doom(connection: Connection, there: Collection[str], now: int) -> set[str]:
    """Note which of some blobs that are there nothing names; those that are doomed now."""
    alone, known = unnamed(connection, there), find(connection, there)
    # One that was deleted and is there again was stored again: it starts anew.
    _forget(connection, [one.sha256 for one in known.values() if one.gone_at is not None])
    # Named by somebody whose transaction could not see that it was doomed.
    _forget(connection, [one.sha256 for one in known.values() if one.condemned_at is None and one.sha256 not in alone])
    new = [sha256 for sha256 in sorted(alone) if sha256 not in known or known[sha256].gone_at is not None]
    for some in chunks(new):
        connection.execute(sa.insert(doomed_blobs), [{"sha256": sha256, "seen_at": now} for sha256 in some])
    return alone


def condemn(connection: Connection, now: int, grace_seconds: float, limit: int) -> list[str]:
    """Give blobs up that nothing has named for longer than the grace; which ones, at most `limit`."""
    ripe = _ripe(connection, now, grace_seconds, limit)
    alone = unnamed(connection, ripe)
    _forget(connection, [sha256 for sha256 in ripe if sha256 not in alone])
    for some in chunks(sorted(alone)):
        where = doomed_blobs.c.sha256.in_(some)
        connection.execute(sa.update(doomed_blobs).where(where).values(condemned_at=now))
    return sorted(alone)


def would_condemn(connection: Connection, now: int, grace_seconds: float, limit: int) -> list[str]:
    """What `condemn` would give up now."""
    return sorted(unnamed(connection, _ripe(connection, now, grace_seconds, limit)))


def _ripe(connection: Connection, now: int, grace_seconds: float, limit: int) -> Sequence[str]:
    statement = (
        sa.select(doomed_blobs.c.sha256)
        .where(doomed_blobs.c.condemned_at.is_(None), doomed_blobs.c.seen_at <= now - int(grace_seconds * SECOND))
        .order_by(doomed_blobs.c.seen_at, doomed_blobs.c.sha256)
        .limit(limit)
    )
    return connection.execute(statement).scalars().all()


def unfinished(connection: Connection, before: int, limit: int) -> list[str]:
    """Blobs that were condemned before a moment and that nobody said are gone: whoever condemned them died."""
    statement = (
        sa.select(doomed_blobs.c.sha256)
        .where(doomed_blobs.c.condemned_at <= before, doomed_blobs.c.gone_at.is_(None))
        .order_by(doomed_blobs.c.sha256)
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def gone(connection: Connection, hashes: Collection[str], now: int) -> None:
    """Note that condemned blobs are deleted, and forget what was deleted long ago."""
    for some in chunks(sorted(hashes)):
        where = doomed_blobs.c.sha256.in_(some) & doomed_blobs.c.condemned_at.is_not(None)
        connection.execute(sa.update(doomed_blobs).where(where).values(gone_at=now))
    old = doomed_blobs.c.gone_at <= now - REMEMBERED_SECONDS * SECOND
    connection.execute(sa.delete(doomed_blobs).where(old))


def again(connection: Connection, hashes: Collection[str], now: int) -> None:
    """Note that the deletion of condemned blobs was tried now and may still happen."""
    for some in chunks(sorted(hashes)):
        where = doomed_blobs.c.sha256.in_(some) & doomed_blobs.c.gone_at.is_(None)
        connection.execute(sa.update(doomed_blobs).where(where).values(condemned_at=now))


def spare(connection: Connection, sha256: str) -> None:
    """Take a condemned blob off the list. Only for who keeps collectors out, and has stored it."""
    _forget(connection, [sha256])


def _forget(connection: Connection, hashes: Sequence[str]) -> None:
    for some in chunks(hashes):
        connection.execute(sa.delete(doomed_blobs).where(doomed_blobs.c.sha256.in_(some)))


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
    """Let copies of messages (new id by old id) name what those name. Raises Condemned."""
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
