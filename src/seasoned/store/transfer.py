"""Copying all rows of one database to another, such as from SQLite to PostgreSQL.

Tables go in the order of their references, rows in the order of their keys, in batches that commit. So a copy that was
interrupted goes on after the last row that is there. At the end both sides are read again: the counts and the hashes
of every table must be the same.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Table

from seasoned.errors import Conflict
from seasoned.store.database import Store
from seasoned.store.rows import on_postgres
from seasoned.store.schema import documents, entries, entry_words, metadata, projects, unindexed

BATCH_ROWS = 500
TABLES: tuple[Table, ...] = tuple(metadata.sorted_tables)

Row = tuple[Any, ...]
Told = Callable[[str, int], None]


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy holds: rows by table, all of them compared, and how many of them this run brought."""

    rows: dict[str, int]
    added: int


def copy_rows(source: Store, target: Store, told: Told = lambda _table, _rows: None) -> Copied:
    """Copy what is not there yet and compare everything; `told` hears of each batch and each compared table.

    Blocking; nobody else may write to either side meanwhile. Raises Conflict when the target has rows of its own, or
    when the two differ at the end: then the source has changed since an earlier run, and the target must be emptied.
    """
    with source.reading() as reading:
        _check_target(reading, target)
        added = sum(_copy_table(reading, target, table, told) for table in TABLES)
        _continue_numbers(target)
        rows = {}
        with target.reading() as copied:
            for table in TABLES:
                rows[table.name] = _compare(reading, copied, table)
                told(table.name, 0)
    return Copied(rows=rows, added=added)


def total(source: Store) -> int:
    """How many rows there are to copy."""

    def count(connection: Connection) -> int:
        return sum(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in TABLES)

    return source.read_now(count)


def _check_target(reading: Connection, target: Store) -> None:
    ids = set(target.read_now(lambda connection: list(connection.execute(sa.select(projects.c.id)).scalars())))
    known = set(reading.execute(sa.select(projects.c.id).where(projects.c.id.in_(sorted(ids)))).scalars())
    if ids - known:
        raise Conflict("The target already has projects; copy into an empty database.")


def _copy_table(reading: Connection, target: Store, table: Table, told: Told) -> int:
    keys = list(table.primary_key.columns)
    last = target.read_now(lambda connection: connection.execute(_by_key(table, keys, last=True)).first())
    added = 0
    for batch in _batches(reading, table, keys, last):
        rows = [dict(zip(table.columns.keys(), _clean(row), strict=True)) for row in batch]
        with target.writing() as writing:
            writing.execute(sa.insert(table), rows)
        added += len(rows)
        told(table.name, len(rows))
    return added


def _by_key(table: Table, keys: Sequence[sa.Column[Any]], *, last: bool = False) -> sa.Select[Any]:
    if last:
        return sa.select(*keys).order_by(*(key.desc() for key in keys)).limit(1)
    return sa.select(*table.columns).order_by(*keys)


def _batches(
    reading: Connection, table: Table, keys: Sequence[sa.Column[Any]], last: Sequence[Any] | None
) -> Iterator[Sequence[Row]]:
    """A table's rows after a key, in the order of their keys."""
    place = None if last is None else tuple(last)
    at = [table.columns.keys().index(key.name) for key in keys]
    while True:
        statement = _by_key(table, keys).limit(BATCH_ROWS)
        if place is not None:
            typed = (sa.literal(value, key.type) for value, key in zip(place, keys, strict=True))
            statement = statement.where(sa.tuple_(*keys) > sa.tuple_(*typed))
        batch: Sequence[Row] = [tuple(row) for row in reading.execute(statement)]
        if not batch:
            return
        yield batch
        place = tuple(batch[-1][index] for index in at)


def _clean(row: Row) -> Row:
    """Values as every database keeps them: PostgreSQL's text holds no NUL."""
    return tuple(value.replace("\x00", "\ufffd") if isinstance(value, str) else value for value in row)


def _continue_numbers(target: Store) -> None:
    """Let the numbers that the target gives itself go on behind the copied ones."""
    with target.writing() as writing:
        if on_postgres(writing):
            for table in (documents, entries, entry_words, unindexed):
                newest = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1).scalar_subquery()
                sequence = sa.func.pg_get_serial_sequence(table.name, "id")
                writing.execute(sa.select(sa.func.setval(sequence, newest, False)))


def _compare(reading: Connection, copied: Connection, table: Table) -> int:
    """The count of rows that both sides have. Raises Conflict when they differ."""
    have, want = _digest(copied, table), _digest(reading, table)
    if have != want:
        raise Conflict(
            f"{table.name} differs after the copy ({want[0]} rows in the source, {have[0]} in the target): the source "
            "changed during the copy. Stop everything that writes to it, empty the target and copy again."
        )
    return want[0]


def _digest(connection: Connection, table: Table) -> tuple[int, str]:
    count, digest = 0, hashlib.sha256()
    for batch in _batches(connection, table, list(table.primary_key.columns), None):
        for row in batch:
            digest.update(msgspec.json.encode(_clean(row)))
        count += len(batch)
    return count, digest.hexdigest()
