"""PostgreSQL: connections, and classifying errors.

Writers and readers run in REPEATABLE READ: a transaction sees one snapshot, and conflicting writes fail with a
serialization error. The writer retries such work (see `store.writer`), so several processes may write to one database
as if each had it to itself.
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

    from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
    from sqlalchemy.pool import ConnectionPoolEntry

CONNECT_SECONDS = 10
LOCK_SECONDS = 30
READERS = 8
_SCHEMES = frozenset({"postgresql", "postgres", "postgresql+psycopg"})

# Seconds and a count; then milliseconds: after that long a machine that does not answer counts as gone.
_KEEPALIVE = {
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}

# Any number, always the same, and not that of the migrations or the collectors.
_TURN = 7_275_733_263

# Another transaction was there first: a serialization failure, a deadlock, a key that was free a moment ago, and a row
# that is referred to and gone.
_RACES = frozenset({"40001", "40P01", "23505", "23503"})
_CONTENDED = frozenset({"40001", "40P01"})
_FULL = frozenset({"53100", "58030"})
# By their first two characters: the connection failed, the server has no room for us, somebody ends or starts it.
_AWAY_CLASSES = frozenset({"08", "53", "57"})
# No lock in time, out of time in a transaction, and a standby that does not write, as after a failover.
_READ_ONLY = "25006"
_AWAY = frozenset({"55P03", "25P03", "25P04", _READ_ONLY, "40003"})
# What SQLAlchemy says by itself about a connection that has ended, or that is not to be had in time.
_NO_CONNECTION = (sa.exc.PendingRollbackError, sa.exc.ResourceClosedError, sa.exc.TimeoutError)

# What an unavailable database may raise; `is_away` tells which errors mean that.
DATABASE_ERRORS = (sa.exc.DBAPIError, *_NO_CONNECTION)


class CommitInDoubt(Exception):
    """The connection was lost during a commit: the transaction may or may not be written."""


def postgres_engine(url: str) -> Engine:
    """An engine for `postgresql://…`. Nothing is connected yet.

    Raises Invalid when the address is none, or the driver is not installed.
    """
    try:
        import psycopg  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise Invalid(f"PostgreSQL needs its driver; {how_to_install('postgres')}.") from None
    parsed = _parsed(url)
    engine = sa.create_engine(
        parsed,
        # Message text is private: it must not appear in errors and logs.
        hide_parameters=True,
        isolation_level="REPEATABLE READ",
        pool_size=READERS,
        max_overflow=READERS,
        pool_timeout=LOCK_SECONDS,
        pool_use_lifo=True,
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "seasoned", **_keepalive(parsed)},
    )
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "handle_error", _notice_standby)
    return engine


def is_address(text: str) -> bool:
    """Whether a text begins like the address of a PostgreSQL database."""
    return text.partition("://")[0] in _SCHEMES


def libpq_url(url: str) -> str:
    """The address as PostgreSQL's own client library takes it; a server that has vanished is noticed soon."""
    parsed = _parsed(url).set(drivername="postgresql")
    return parsed.update_query_dict(_keepalive(parsed)).render_as_string(hide_password=False)


def shown(url: str) -> str:
    """The address without its password, for people."""
    return _parsed(url).set(drivername="postgresql").render_as_string(hide_password=True)


def _keepalive(parsed: sa.URL) -> dict[str, str]:
    """How soon a machine that has vanished is noticed, where the address does not say it."""
    return {name: value for name, value in _KEEPALIVE.items() if name not in parsed.query}


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        parsed = None
    if parsed is None or parsed.drivername not in _SCHEMES:
        raise Invalid("SEASONED_DATABASE must be a URL such as postgresql://user@host:5432/name.")
    return parsed.set(drivername="postgresql+psycopg")


def _prepare_connection(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    from psycopg import Connection  # noqa: PLC0415 - an extra
    from psycopg.types.string import StrDumperUnknown  # noqa: PLC0415 - an extra

    class WithoutNul(StrDumperUnknown):
        """PostgreSQL text cannot contain NUL; U+FFFD replaces it."""

        def dump(self, obj: str) -> bytes | bytearray | memoryview | None:
            return super().dump(obj.replace("\x00", "\ufffd") if "\x00" in obj else obj)

    driver = connection.driver_connection if isinstance(connection, AdaptedConnection) else connection
    if isinstance(driver, Connection):
        driver.adapters.register_dumper(str, WithoutNul)
        # Compiling a search takes longer than the search.
        driver.execute(f"SET lock_timeout = {LOCK_SECONDS * 1000}; SET jit = off")
        driver.commit()


def _notice_standby(context: ExceptionContext) -> None:
    # After a failover the old address may lead to a server that writes: these connections never will.
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """A transaction, committed at the end. Raises CommitInDoubt if its outcome is unknown; after any other error it was
    not committed.
    """
    committing = False
    try:
        with connection.begin():
            yield
            committing = True
    except DATABASE_ERRORS as error:
        if committing and is_away(error):
            raise CommitInDoubt from error
        raise


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
        # The lock belongs to the session and ends with it.
        if not (connection.closed or connection.invalidated):
            try:
                with connection.begin():
                    connection.execute(sa.select(sa.func.pg_advisory_unlock(_TURN)))
            except DATABASE_ERRORS:
                connection.invalidate()


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's code of an error; empty for the errors of others."""
    original = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    state = getattr(original, "sqlstate", None)
    return state if isinstance(state, str) else ""


def lost_a_race(error: BaseException) -> bool:
    """Whether another transaction was first, so that a retry may succeed."""
    return sqlstate(error) in _RACES


def is_contended(error: BaseException) -> bool:
    """Whether the database itself asks for a retry."""
    return sqlstate(error) in _CONTENDED


def is_full(error: BaseException) -> bool:
    """Whether the database's disk is full or fails."""
    return sqlstate(error) in _FULL


def is_away(error: BaseException) -> bool:
    """Whether the database is unreachable, starting, stopping, read-only or too busy."""
    if isinstance(error, _NO_CONNECTION):
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    state = sqlstate(error)
    known = state[:2] in _AWAY_CLASSES or state in _AWAY
    return known or error.connection_invalidated or _never_connected(error)


def lost_connection(error: BaseException) -> bool:
    """Whether an existing connection was lost: a retry on a new one may succeed."""
    if isinstance(error, sa.exc.DBAPIError):
        return error.connection_invalidated
    return isinstance(error, (sa.exc.PendingRollbackError, sa.exc.ResourceClosedError))


def _never_connected(error: sa.exc.DBAPIError) -> bool:
    # An error of the driver itself, before any answer of a server, carries no code.
    of_the_driver = isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError))
    return of_the_driver and hasattr(error.orig, "sqlstate") and not sqlstate(error)
