"""Rows as typed values, pages of rows, and JSON columns."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Table

from seasoned.errors import Invalid
from seasoned.message import Json, JsonObject

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")

PAGE_MAX = 200
CURSOR_DIGITS_MAX = 18
# Twice what one request may bring: what is merged again and again must end somewhere.
OBJECT_BYTES_MAX = 128 * 1024


def columns(kind: type[R], table: Table) -> list[sa.ColumnElement[object]]:
    """The table's columns for the fields of a row type, in their order."""
    return [table.c[name] for name in kind.__struct_fields__]


def to_rows(kind: type[R], result: Iterable[Sequence[object]]) -> list[R]:
    """Database rows as values of a row type whose fields are in the same order."""
    return [kind(*row) for row in result]


def dump(value: object) -> str:
    """JSON text for a column."""
    return msgspec.json.encode(value).decode()


def dump_object(value: JsonObject | None) -> str | None:
    """JSON text for a nullable column."""
    return None if value is None else dump(value)


def dump_bounded(value: JsonObject, what: str) -> str:
    """JSON text of an object that callers make and merge keys into. Raises Invalid when it has grown too large."""
    encoded = msgspec.json.encode(value)
    if len(encoded) > OBJECT_BYTES_MAX:
        raise Invalid(f"{what} would exceed {OBJECT_BYTES_MAX} bytes of JSON; remove keys, or send less.")
    return encoded.decode()


def load_as(text: str | None, kind: type[T]) -> T:
    """A column's JSON text as a typed value; an empty column counts as an empty list."""
    return msgspec.json.decode(text or "[]", type=kind)


def load_object(text: str | None) -> JsonObject:
    """A column's JSON object; an empty column is an empty object."""
    return msgspec.json.decode(text, type=dict[str, Json]) if text else {}


def patched(known: JsonObject, changes: JsonObject) -> JsonObject:
    """An object with keys added or replaced; null in the changes deletes a key, a stored null stays."""
    return {key: value for key, value in (known | changes).items() if value is not None or key not in changes}


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of a list is wanted: at most `limit` rows after `cursor`, oldest first unless `newest_first`."""

    limit: int = 20
    cursor: str = ""
    newest_first: bool = False


def encode_cursor(created_at: int, row_id: str) -> str:
    """The position after a row in (created_at, id) order, as opaque text."""
    return base64.urlsafe_b64encode(f"{created_at}|{row_id}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[int, str]:
    """The position of a cursor. Raises Invalid for anything that encode_cursor did not make."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        moment, row_id = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("|", 1)
        return int(moment[:CURSOR_DIGITS_MAX]), row_id
    except (binascii.Error, ValueError, UnicodeDecodeError):
        raise Invalid("Unknown cursor; pass next_cursor from the previous page.") from None


def page_of(
    connection: Connection,
    kind: type[R],
    table: Table,
    where: Sequence[sa.ColumnElement[bool]],
    query: PageQuery,
) -> tuple[list[R], str | None]:
    """One page of a table's rows in (created_at, id) order, and the next cursor when more rows follow."""
    key = sa.tuple_(table.c.created_at, table.c.id)
    statement = sa.select(*columns(kind, table)).where(*where)
    if query.cursor:
        place = sa.tuple_(*(sa.literal(part) for part in decode_cursor(query.cursor)))
        statement = statement.where(key < place if query.newest_first else key > place)
    order = [table.c.created_at, table.c.id]
    statement = statement.order_by(*(column.desc() if query.newest_first else column for column in order))
    rows = to_rows(kind, connection.execute(statement.limit(query.limit + 1)).all())
    if len(rows) <= query.limit:
        return rows, None
    last = rows[query.limit - 1]
    return rows[: query.limit], encode_cursor(getattr(last, "created_at"), getattr(last, "id"))  # noqa: B009


def after_newest(connection: Connection, parent: sa.Column[str], parent_id: str, now: int) -> int:
    """When a new row of a list is created: now, or just after the newest row when the clock shows no later time.

    A list is what has one parent: `parent` is the column that refers to it. Rows come into a list at its end only, so
    whoever reads it page by page misses none and sees none twice. Where several processes write at once, the parent's
    row is written too: of two that add to a list the second is run again, on what the first has committed.
    """
    table = parent.table
    if on_postgres(connection):
        owner = next(iter(parent.foreign_keys)).column
        connection.execute(sa.update(owner.table).where(owner == parent_id).values({owner.name: owner}))
    newest_first = (table.c.created_at.desc(), table.c.id.desc())
    statement = sa.select(table.c.created_at).where(parent == parent_id).order_by(*newest_first).limit(1)
    newest: int | None = connection.execute(statement).scalar()
    return now if newest is None else max(now, newest + 1)


def on_postgres(connection: Connection) -> bool:
    """Whether the database is PostgreSQL, and not SQLite."""
    return connection.dialect.name == "postgresql"


def contains(
    connection: Connection, column: sa.ColumnElement[str] | sa.Column[str], wanted: JsonObject
) -> sa.ColumnElement[bool]:
    """Whether a column's JSON object contains another, in the sense of PostgreSQL's `@>`."""
    if on_postgres(connection):
        return _as_jsonb(column).op("@>", return_type=sa.Boolean())(_as_jsonb(sa.literal(dump(wanted), sa.Text)))
    return sa.func.seasoned_contains(column, dump(wanted)) == 1


def _as_jsonb(text: sa.ColumnElement[str]) -> sa.ColumnElement[object]:
    from sqlalchemy.dialects.postgresql import JSONB  # noqa: PLC0415 - a tenth of a second, and only there

    # jsonb refuses NUL; on both sides the sign for an unreadable character stands for it.
    return sa.cast(sa.func.replace(text, r"\u0000", r"\ufffd"), JSONB)


def json_contains(have: str | None, want: str) -> int:
    """SQLite's side of `contains`: 1 when `have` contains `want`, else 0."""
    if have is None:
        return 0
    return int(_contains(msgspec.json.decode(have), msgspec.json.decode(want)))


def _contains(have: object, want: object) -> bool:
    if isinstance(want, dict):
        return isinstance(have, dict) and all(k in have and _contains(have[k], v) for k, v in want.items())
    if isinstance(want, list):
        return isinstance(have, list) and _contains_items(have, want)
    # JSON's true is not its 1, though Python's is.
    return isinstance(have, bool) == isinstance(want, bool) and have == want


def _contains_items(have: list[object], want: list[object]) -> bool:
    """Scalars are looked up in a set; only nested values are compared pairwise."""
    plain = {(type(one) is bool, one) for one in have if not isinstance(one, (list, dict))}
    nested = [one for one in have if isinstance(one, (list, dict))]
    return all(
        any(_contains(one, wanted) for one in nested)
        if isinstance(wanted, (list, dict))
        else (type(wanted) is bool, wanted) in plain
        for wanted in want
    )
