"""Detects damage of the database file: from errors, and with a cheap probe."""

import sqlite3

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from seasoned.errors import DatabaseDamaged
from seasoned.store.postgres import sqlstate
from seasoned.store.rows import on_postgres

# PostgreSQL: data_corrupted, index_corrupted.
_STATES = frozenset({"XX001", "XX002"})
_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY_CODE = 0xFF


def is_met(error: BaseException) -> bool:
    """Whether an error reports damage of the database."""
    found = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(found, sqlite3.Error):
        return (getattr(found, "sqlite_errorcode", 0) or 0) & _PRIMARY_CODE in _CODES
    return sqlstate(error) in _STATES


def damaged() -> DatabaseDamaged:
    """The error to raise then."""
    return DatabaseDamaged("The database is damaged; run `seasoned doctor`, and restore it from a backup.")


class Watch:
    """Whether any statement on an engine has found damage, which does not go away by itself."""

    def __init__(self, engine: Engine) -> None:
        self.has_met = False
        event.listen(engine, "handle_error", self._look)

    def _look(self, context: ExceptionContext) -> None:
        if is_met(context.original_exception):
            self.has_met = True


def probe(connection: Connection) -> None:
    """Read the path to the first row of every table and index, a few pages each, regardless of the database's size.

    On SQLite only: PostgreSQL checks its pages itself. Raises DBAPIError when one cannot be read.
    """
    if on_postgres(connection):
        return
    found = connection.exec_driver_sql(
        "SELECT type, name, tbl_name FROM sqlite_master WHERE rootpage > 0 AND type IN ('table', 'index') "
        # The rows of a partial index cannot be asked for without its condition.
        "AND (type = 'table' OR sql IS NULL OR sql NOT LIKE '% WHERE %')"
    )
    looks = [_first(table, "" if kind == "table" else name) for kind, name, table in found]
    connection.exec_driver_sql(" UNION ALL ".join(looks)).all()


def _first(table: str, index: str) -> str:
    way = f'INDEXED BY "{index}"' if index else "NOT INDEXED"
    return f'SELECT * FROM (SELECT 1 FROM "{table}" {way} LIMIT 1)'  # noqa: S608 - the schema's own names
