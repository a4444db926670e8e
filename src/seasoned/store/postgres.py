"""PostgreSQL: connecting to it, and telling its errors apart.

Writers and readers run in REPEATABLE READ: a transaction sees one state, and one that would overwrite what another
changed meanwhile fails with a serialization error instead of losing it. The writer runs such work again (see
`store.writer`), so several processes may write to one database as if each had it alone.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import AdaptedConnection

from seasoned.errors import Invalid, how_to_install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

CONNECT_SECONDS = 10
LOCK_SECONDS = 30
READERS = 8
_SCHEMES = frozenset({"postgresql", "postgres", "postgresql+psycopg"})

# Any number, always the same, and not that of the migrations or the collectors.
_TURN = 7_275_733_263

# Another transaction was there first: a serialization failure, a deadlock, a key that was free a moment ago, and a row
# that is referred to and gone.
_RACES = frozenset({"40001", "40P01", "23505", "23503"})
_CONTENDED = frozenset({"40001", "40P01"})
_FULL = frozenset({"53100", "58030"})
_BUSY = frozenset({"53300", "55P03", "57P01", "57P02", "57P03", "57014"})


def postgres_engine(url: str) -> Engine:
    """An engine for `postgresql://…`. Nothing is connected yet.

    Raises Invalid when the address is none, or the driver is not installed.
    """
    try:
        import psycopg  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise Invalid(f"PostgreSQL needs its driver; {how_to_install('postgres')}.") from None
    engine = sa.create_engine(
        _parsed(url),
        # Messages are people's words: they do not belong into errors and logs.
        hide_parameters=True,
        isolation_level="REPEATABLE READ",
        pool_size=READERS,
        max_overflow=READERS,
        pool_timeout=LOCK_SECONDS,
        pool_use_lifo=True,
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "seasoned"},
    )
    event.listen(engine, "connect", _prepare_connection)
    return engine


def is_address(text: str) -> bool:
    """Whether a text begins like the address of a PostgreSQL database."""
    return text.partition("://")[0] in _SCHEMES


def libpq_url(url: str) -> str:
    """The address as PostgreSQL's own client library takes it."""
    return _parsed(url).set(drivername="postgresql").render_as_string(hide_password=False)


def shown(url: str) -> str:
    """The address without its password, for people."""
    return _parsed(url).set(drivername="postgresql").render_as_string(hide_password=True)


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        parsed = None
    if parsed is None or parsed.drivername not in _SCHEMES:
        raise Invalid("SEASONED_DATABASE must be an address such as postgresql://user@host:5432/name.")
    return parsed.set(drivername="postgresql+psycopg")


def _prepare_connection(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    from psycopg import Connection  # noqa: PLC0415 - an extra
    from psycopg.types.string import StrDumperUnknown  # noqa: PLC0415 - an extra

    class WithoutNul(StrDumperUnknown):
        """PostgreSQL's text holds no NUL; the sign for an unreadable character takes its place."""

        def dump(self, obj: str) -> bytes | bytearray | memoryview | None:
            return super().dump(obj.replace("\x00", "\ufffd") if "\x00" in obj else obj)

    driver = connection.driver_connection if isinstance(connection, AdaptedConnection) else connection
    if isinstance(driver, Connection):
        driver.adapters.register_dumper(str, WithoutNul)
        driver.execute(f"SET lock_timeout = {LOCK_SECONDS * 1000}")
        driver.commit()


@contextmanager
def in_turn(connection: Connection) -> Iterator[None]:
    """A block without a transaction that one process of a database is in at a time.

    On SQLite writers take turns anyway. Raises DBAPIError when that takes too long.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    with connection.begin():
        connection.execute(sa.select(sa.func.pg_advisory_lock(_TURN)))
    try:
        yield
    finally:
        try:
            with connection.begin():
                connection.execute(sa.select(sa.func.pg_advisory_unlock(_TURN)))
        except sa.exc.DBAPIError:
            # The lock belongs to the session and ends with it.
            connection.invalidate()


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's code of an error; empty for the errors of others."""
    original = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    state = getattr(original, "sqlstate", None)
    return state if isinstance(state, str) else ""


def lost_a_race(error: BaseException) -> bool:
    """Whether another transaction was first, so that the same work may succeed on what it left."""
    return sqlstate(error) in _RACES


def is_contended(error: BaseException) -> bool:
    """Whether the database itself asks for the same work to be done again."""
    return sqlstate(error) in _CONTENDED


def is_full(error: BaseException) -> bool:
    """Whether the database's disk is full or fails."""
    return sqlstate(error) in _FULL


def is_away(error: BaseException) -> bool:
    """Whether the database cannot be reached, is starting or stopping, or has no time."""
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    return error.connection_invalidated or sqlstate(error) in _BUSY or _never_connected(error)


def _never_connected(error: sa.exc.DBAPIError) -> bool:
    # An error of the driver itself, before any answer of a server, carries no code.
    return isinstance(error, sa.exc.OperationalError) and hasattr(error.orig, "sqlstate") and not sqlstate(error)
