"""Pages of a session's messages: which they are and how large, and their rows some at a time."""

from collections.abc import Collection
from functools import cache

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import Invalid
from seasoned.store.messages import MessageRow
from seasoned.store.rows import PageQuery, columns, decode_cursor, encode_cursor, on_postgres, to_rows
from seasoned.store.schema import messages

# After the last message of any session.
LAST_NUMBER = 2**62


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages a page has, from the number `first` to `last`, and how much they are.

    `size` is in bytes, without those of the `blobs` that hold the parts of some.
    """

    first: int = 1
    last: int = 0
    size: int = 0
    blobs: int = 0
    cursor: str | None = None


class Measured(msgspec.Struct, frozen=True):
    """How many bytes a message's row has, and whether its parts are in a blob."""

    number: int
    size: int
    in_blob: bool


def extent(connection: Connection, session_id: str, query: PageQuery) -> Extent:
    """What a page of a session's messages is, always oldest to newest; a `limit` of 0 means all of them.

    With `newest_first` it is the page of the newest messages before the cursor. Raises Invalid.
    """
    if query.limit == 0:
        return _all(connection, session_id)
    start = LAST_NUMBER if query.newest_first else 0
    if query.cursor:
        start, cursor_session = decode_cursor(query.cursor)
        if cursor_session != session_id:
            raise Invalid("The cursor belongs to another session; pass next_cursor from the previous page.")
    statement = _picked(on_postgres(connection), query.newest_first)
    found = connection.execute(statement, {"session": session_id, "start": start, "most": query.limit + 1}).all()
    picked = found[: query.limit]
    if not picked:
        return Extent()
    return Extent(
        first=min(row[0] for row in picked),
        last=max(row[0] for row in picked),
        size=sum(row[1] for row in picked),
        blobs=sum(row[2] is not None for row in picked),
        cursor=encode_cursor(picked[-1][0], session_id) if len(found) > query.limit else None,
    )


def _all(connection: Connection, session_id: str) -> Extent:
    size, number = _size(on_postgres(connection)), messages.c.number
    sums = sa.select(sa.func.max(number), sa.func.sum(size), sa.func.count(messages.c.parts_sha256))
    last, total, blobs = connection.execute(sums.where(messages.c.session_id == session_id)).one()
    return Extent(last=last, size=int(total), blobs=blobs) if last else Extent()


@cache
def _picked(postgres: bool, newest_first: bool) -> sa.Select[int, int, str | None]:
    """Cached: building the statement takes longer than running it."""
    number, start = messages.c.number, sa.bindparam("start", type_=sa.BigInteger)
    return (
        sa.select(number, _size(postgres), messages.c.parts_sha256)
        .where(messages.c.session_id == sa.bindparam("session"))
        .where(number < start if newest_first else number > start)
        .order_by(number.desc() if newest_first else number)
        .limit(sa.bindparam("most"))
    )


class MessageRef(msgspec.Struct, frozen=True):
    """The id of the message with a number, and when it was stored."""

    number: int
    id: str
    created_at: int


def marks(connection: Connection, session_id: str, numbers: Collection[int]) -> dict[int, MessageRef]:
    """References to messages of a session, by number."""
    statement = sa.select(*columns(MessageRef, messages)).where(
        messages.c.session_id == session_id, messages.c.number.in_(numbers)
    )
    return {mark.number: mark for mark in to_rows(MessageRef, connection.execute(statement).all())}


def measured(connection: Connection, session_id: str, first: int, last: int, limit: int) -> list[Measured]:
    """The sizes of a session's messages from one number to another, in order, at most `limit`."""
    return _sizes(
        connection, session_id, first, last, limit, _size(on_postgres(connection)), messages.c.parts_sha256.is_not(None)
    )


def measured_beside(connection: Connection, session_id: str, first: int, last: int, limit: int) -> list[Measured]:
    """The sizes of what is stored besides the messages."""
    size = _bytes_of(on_postgres(connection), messages.c.user_meta)
    return _sizes(connection, session_id, first, last, limit, size, sa.false())


def _sizes(
    connection: Connection,
    session_id: str,
    first: int,
    last: int,
    limit: int,
    size: sa.ColumnElement[int],
    in_blob: sa.ColumnElement[bool],
) -> list[Measured]:
    statement = (
        sa.select(messages.c.number, size, in_blob)
        .where(messages.c.session_id == session_id, messages.c.number.between(first, last))
        .order_by(messages.c.number)
        .limit(limit)
    )
    return to_rows(Measured, connection.execute(statement).all())


def _size(postgres: bool) -> sa.ColumnElement[int]:
    """How many bytes of text a row has."""
    parts, *rest = (_bytes_of(postgres, messages.c[name]) for name in ("parts", "meta", "user_meta"))
    return parts + rest[0] + rest[1]


def _bytes_of(postgres: bool, column: sa.Column[str]) -> sa.ColumnElement[int]:
    text = sa.func.coalesce(column, "")
    return sa.func.octet_length(text) if postgres else sa.func.length(sa.cast(text, sa.LargeBinary))


_BETWEEN = (
    sa.select(*columns(MessageRow, messages))
    .where(messages.c.session_id == sa.bindparam("session"))
    .where(messages.c.number.between(sa.bindparam("first"), sa.bindparam("last")))
    .order_by(messages.c.number)
)


def between(connection: Connection, session_id: str, first: int, last: int) -> list[MessageRow]:
    """The messages of a session from one number to another, in order."""
    found = connection.execute(_BETWEEN, {"session": session_id, "first": first, "last": last})
    return to_rows(MessageRow, found.all())


class Beside(msgspec.Struct, frozen=True):
    """What a page shows besides a message."""

    number: int
    user_meta: str | None


def beside(connection: Connection, session_id: str, first: int, last: int) -> list[Beside]:
    """The users' metas of a session's messages from one number to another, in order."""
    statement = (
        sa.select(*columns(Beside, messages))
        .where(messages.c.session_id == session_id, messages.c.number.between(first, last))
        .order_by(messages.c.number)
    )
    return to_rows(Beside, connection.execute(statement).all())


def number_of(connection: Connection, session_id: str, message_id: str) -> int | None:
    """The number of a message in its session; None when there is no such message."""
    statement = sa.select(messages.c.number).where(messages.c.id == message_id, messages.c.session_id == session_id)
    found: int | None = connection.execute(statement).scalar()
    return found
