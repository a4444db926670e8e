"""Inline blobs: small files in the database, by their SHA-256, and how unreferenced ones are deleted.

Bytes that no skill version and no disk references are marked; if they are still unreferenced after the grace period,
they are deleted with their mark. `put` removes the mark in the transaction that references them. Both write the mark,
so one is first and the other sees it: on SQLite because writers take turns, on PostgreSQL because a conflicting
transaction is retried. A transaction that began before the mark was written cannot see it, but none lasts as long as
NOTED_SECONDS_MIN.
"""

from collections.abc import Collection, Mapping

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.clock import SECOND
from seasoned.store.gc.marks import FILE_COLUMNS, chunks, in_none_of
from seasoned.store.schema import contents, inline_blob_marks

NOTED_SECONDS_MIN = 600.0


class Small(msgspec.Struct, frozen=True):
    """An inline blob without its bytes."""

    sha256: str
    size: int


class InlineBlobPage(msgspec.Struct, frozen=True):
    """Some inline blobs: which are unreferenced, and which of those are marked."""

    small: list[Small]
    unnamed: set[str]
    noted: set[str]


def put(connection: Connection, bodies: Mapping[str, bytes]) -> None:
    """Store bytes by their hashes, once each, for rows of this transaction to reference."""
    for some in chunks(sorted(bodies)):
        connection.execute(sa.delete(inline_blob_marks).where(inline_blob_marks.c.sha256.in_(some)))
        known = set(connection.execute(sa.select(contents.c.sha256).where(contents.c.sha256.in_(some))).scalars())
        rows = [{"sha256": sha256, "body": bodies[sha256]} for sha256 in some if sha256 not in known]
        if rows:
            connection.execute(sa.insert(contents), rows)


def body(connection: Connection, sha256: str) -> bytes | None:
    """The bytes of a hash; None if they are not inline."""
    found = connection.execute(sa.select(contents.c.body).where(contents.c.sha256 == sha256)).first()
    return None if found is None else bytes(found[0])


def has(connection: Connection, sha256: str) -> bool:
    """Whether the bytes of a hash are inline."""
    return connection.execute(sa.select(contents.c.sha256).where(contents.c.sha256 == sha256)).first() is not None


def page(connection: Connection, after: str, limit: int) -> InlineBlobPage:
    """A page of the inline blobs, in the order of their hashes."""
    statement = sa.select(contents.c.sha256, sa.func.length(contents.c.body)).where(contents.c.sha256 > after)
    rows = connection.execute(statement.order_by(contents.c.sha256).limit(limit))
    small = [Small(*row) for row in rows]
    hashes = [one.sha256 for one in small]
    noted = {one for some in chunks(hashes) for one in _noted(connection, some)}
    return InlineBlobPage(small, in_none_of(connection, hashes, FILE_COLUMNS), noted)


def note(connection: Connection, hashes: Collection[str], now: int) -> None:
    """Mark unreferenced blobs, and remove the marks of the others."""
    alone = in_none_of(connection, hashes, FILE_COLUMNS)
    for some in chunks(sorted(hashes)):
        known = _noted(connection, some)
        if named := known - alone:
            connection.execute(sa.delete(inline_blob_marks).where(inline_blob_marks.c.sha256.in_(sorted(named))))
        if new := [{"sha256": sha256, "marked_at": now} for sha256 in some if sha256 in alone - known]:
            connection.execute(sa.insert(inline_blob_marks), new)


def _noted(connection: Connection, some: list[str]) -> set[str]:
    where = inline_blob_marks.c.sha256.in_(some)
    return set(connection.execute(sa.select(inline_blob_marks.c.sha256).where(where)).scalars())


def ripe(connection: Connection, now: int, grace_seconds: float, limit: int) -> list[str]:
    """The blobs that have been marked for the grace period."""
    until = now - int(max(grace_seconds, NOTED_SECONDS_MIN) * SECOND)
    order = (inline_blob_marks.c.marked_at, inline_blob_marks.c.sha256)
    statement = sa.select(inline_blob_marks.c.sha256).where(inline_blob_marks.c.marked_at <= until)
    return list(connection.execute(statement.order_by(*order).limit(limit)).scalars())


def delete_ripe(connection: Connection, now: int, grace_seconds: float, limit: int) -> list[Small]:
    """Delete the blobs that are still unreferenced after the grace period; returns them."""
    due = ripe(connection, now, grace_seconds, limit)
    alone = in_none_of(connection, due, FILE_COLUMNS)
    gone: list[Small] = []
    for some in chunks(due):
        connection.execute(sa.delete(inline_blob_marks).where(inline_blob_marks.c.sha256.in_(some)))
        where = contents.c.sha256.in_([sha256 for sha256 in some if sha256 in alone])
        sizes = sa.select(contents.c.sha256, sa.func.length(contents.c.body)).where(where)
        gone += [Small(*row) for row in connection.execute(sizes)]
        connection.execute(sa.delete(contents).where(where))
    return gone
