"""What the transactions of a store's writer do, each by itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from sqlalchemy import Connection, event

from seasoned.store import Store


class Transaction(msgspec.Struct):
    """A transaction: how many statements it had, how many rows they were given or changed, and its processor time."""

    statements: int = 0
    rows: int = 0
    seconds: float = 0.0


@contextmanager
def recorded(store: Store) -> Iterator[list[Transaction]]:
    """The transactions of the writer while the block runs, of which each has one write only."""
    done: list[Transaction] = []
    connection = store._writer._connection
    begun = [Transaction(), 0.0]

    def begin(_: Connection) -> None:
        begun[:] = [Transaction(), time.thread_time()]

    def execute(*told: object) -> None:
        one, cursor, parameters = begun[0], told[1], told[3]
        assert isinstance(one, Transaction)
        one.statements += 1
        count = getattr(cursor, "rowcount", -1)
        one.rows += max(
            count if isinstance(count, int) else 0, len(parameters) if told[5] and isinstance(parameters, list) else 0
        )

    def commit(_: Connection) -> None:
        one, started = begun
        assert isinstance(one, Transaction)
        assert isinstance(started, float)
        one.seconds = time.thread_time() - started
        done.append(one)

    listeners: tuple[tuple[str, Callable[..., None]], ...] = (
        ("begin", begin),
        ("after_cursor_execute", execute),
        ("commit", commit),
    )
    for name, listener in listeners:
        event.listen(connection, name, listener)
    try:
        yield done
    finally:
        for name, listener in listeners:
            event.remove(connection, name, listener)
