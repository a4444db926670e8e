"""The writer thread (group commit): queued requests share a transaction and its flush to disk.

A durable commit costs one flush, and flushes are what limits a database on a disk; so a batch of waiting writes commits
once. Each write runs in a savepoint of its own: one that fails is undone alone and its caller gets the error, the
others commit. Frequent writes of one kind (messages) may share a savepoint and a few statements; if such a group fails,
its members are retried one by one. A caller is answered after the commit, never before.

On PostgreSQL other processes write too. A write that conflicts with one of them is retried in its own transaction,
which sees the other's changes. If the connection is lost before the commit, nothing was written, and the writes are
retried once on a new connection. If it is lost during the commit, the outcome is unknown, and the callers get that
error.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine, NestedTransaction
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from seasoned import faults
from seasoned.errors import Busy, SeasonedError, StorageFull
from seasoned.store import damage
from seasoned.store.postgres import (
    DATABASE_ERRORS,
    CommitInDoubt,
    in_turn,
    is_away,
    is_contended,
    is_full,
    lost_a_race,
    lost_connection,
    transaction,
)

T = TypeVar("T")
Item = TypeVar("Item")

Write = Callable[[Connection], T]
Group = Callable[[Connection, Sequence[Item]], Sequence[T]]

BATCH_MAX = 512
# How often a batch waits for more before it is written all the same.
GATHER_ROUNDS_MAX = 32
# Whoever has the turn still races those that have not lost yet.
TURN_RACES_MAX = 64
_FULL = ("database or disk is full", "disk I/O error", "No space left", "could not extend file")


class _TransactionLost(Exception):
    """The whole transaction was aborted, as by SQLite when the disk is full, or with its connection; nothing was
    written.
    """


class _Request(Generic[T]):
    """One waiting write and where its answer goes."""

    __slots__ = ("again", "error", "future", "group", "item", "result", "work")

    def __init__(
        self,
        future: asyncio.Future[T],
        work: Write[T] | None,
        group: "Group[Any, T] | None" = None,
        item: object = None,
    ) -> None:
        self.future = future
        self.work = work
        self.group = group
        self.item = item
        self.result: T | None = None
        self.error: BaseException | None = None
        # Whether it lost a race and has to be run again.
        self.again = False

    def run(self, connection: Connection) -> None:
        if self.work is not None:
            self.result = self.work(connection)
        elif self.group is not None:
            self.result = self.group(connection, [self.item])[0]


Requests = list[_Request[Any]]


class Writer:
    """Hands the writes that wait to one thread, a batch at a time. Belongs to one event loop.

    Requests are collected in the event loop while a batch commits, and handed over together: one by one, the two
    threads would contend for the interpreter lock.
    """

    def __init__(self, engine: Engine, queue_max: int) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._queue_max = queue_max
        self._waiting: deque[_Request[Any]] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="seasoned-writer")
        self._draining: asyncio.Task[None] | None = None
        self._closed = False
        # The longest transaction so far.
        self.longest_seconds = 0.0

    @property
    def waiting(self) -> int:
        """How many writes wait for the next batch."""
        return len(self._waiting)

    async def submit(self, work: Write[T]) -> T:
        """Run `work` in the next transaction. Its result once that is committed, or its error.

        Raises Busy if the queue is full, StorageFull if the disk is.
        """
        return await self._enqueue(work, None, None)

    async def submit_to_group(self, group: Group[Item, T], item: Item) -> T:
        """Like submit, for items that `group` can write many of at once; it answers one result per item."""
        return await self._enqueue(None, group, item)

    def _enqueue(self, work: Write[T] | None, group: Group[Any, T] | None, item: object) -> asyncio.Future[T]:
        if self._closed:
            raise Busy("The server is shutting down; retry when it is back.")
        if len(self._waiting) >= self._queue_max:
            raise Busy("Too many writes are waiting; try again in a second.")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Request(future, work, group, item))
        if self._draining is None or self._draining.done():
            self._draining = asyncio.get_running_loop().create_task(self._drain())
        return future

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            await self._gather()
            if self._closed:
                return  # whoever waited was told so
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_MAX))]
            try:
                await loop.run_in_executor(self._thread, self._timed_commit, batch)
            except Exception as error:  # noqa: BLE001 - handed to the callers, who would wait for ever
                for request in batch:
                    request.error = request.error or error
            _answer(batch)

    async def _gather(self) -> None:
        """Wait for writes that are about to arrive: until the event loop has run twice without another.

        A commit costs the same for few as for many, and while it runs the event loop waits for the interpreter.
        """
        for _ in range(GATHER_ROUNDS_MAX):
            before = len(self._waiting)
            if before >= BATCH_MAX:
                return
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if len(self._waiting) == before:
                return

    def close(self) -> None:
        """Refuse queued and new writes, and end the thread when its batch is committed."""
        self._closed = True
        while self._waiting:
            request = self._waiting.popleft()
            if not request.future.done():
                request.future.set_exception(Busy("The server shut down before this was written; send it again."))
        self._thread.shutdown(wait=True)
        self._drop_connection()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A transaction on the writer's own connection. One that may be broken is not used again."""
        connection = self._connected()
        try:
            with transaction(connection):
                yield connection
        except BaseException as error:
            broken = connection.invalidated or connection.in_transaction()
            if broken or isinstance(error, CommitInDoubt) or is_away(error):
                self._drop_connection()
            raise

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # Whatever is wrong with it, it goes.
            with suppress(SQLAlchemyError):
                connection.close()

    def _timed_commit(self, batch: Requests) -> None:
        started = time.perf_counter()
        try:
            self._commit(batch)
        finally:
            self.longest_seconds = max(self.longest_seconds, time.perf_counter() - started)

    def _commit(self, batch: Requests) -> None:
        first = batch[0].group
        if first is not None and all(request.group is first for request in batch) and self._commit_group(first, batch):
            return
        try:
            with self._transaction() as connection:
                _run_batch(connection, batch)
                faults.point("commit.before")
            faults.point("commit.after")
        except _TransactionLost:
            self._commit_each(batch)
        except (*DATABASE_ERRORS, CommitInDoubt, OSError) as error:
            if lost_connection(error):
                self._commit_each(batch)
            else:
                _fail_all(batch, error)
        for request in batch:
            if request.again:
                self._commit_again(request)

    def _commit_each(self, batch: Requests) -> None:
        """Each in a transaction of its own. When the database is away, the rest does not wait for that one by one."""
        for place, request in enumerate(batch):
            away = self._commit_alone(request)
            if away is not None:
                _fail_all(batch[place + 1 :], away)
                return

    def _commit_again(self, request: _Request[Any]) -> None:
        if self._wins(request, tries=1):
            return
        try:
            # Losers take turns: so each of them gets to the end, however many processes write.
            with in_turn(self._connected()):
                self._wins(request, tries=TURN_RACES_MAX)
        except DATABASE_ERRORS as error:
            self._drop_connection()
            _fail(request, error)

    def _wins(self, request: _Request[Any], tries: int) -> bool:
        for _ in range(tries):
            self._commit_alone(request)
            if not request.again:
                return True
        return False

    def _commit_alone(self, request: _Request[Any]) -> BaseException | None:
        """Its error when that is that the database is away; the request has it too."""
        request.result, request.error, request.again = None, None, False
        try:
            with self._transaction() as connection:
                request.run(connection)
                faults.point("commit.before")
            faults.point("commit.after")
        except Exception as error:  # noqa: BLE001 - handed to the caller, who awaits it
            _fail(request, error)
            return error if is_away(error) else None
        return None

    def _commit_group(self, group: Group[Any, Any], batch: Requests) -> bool:
        """The common case: nothing but one group, whose transaction needs no savepoint. False when nothing of it was
        written and its members are to be tried otherwise.
        """
        try:
            with self._transaction() as connection:
                results = group(connection, [request.item for request in batch])
                faults.point("commit.before")
        except CommitInDoubt as error:
            _fail_all(batch, error)
            return True
        except (*DATABASE_ERRORS, SeasonedError):
            return False
        faults.point("commit.after")
        _take_results(batch, results)
        return True


def _run_batch(connection: Connection, batch: Requests) -> None:
    groups: dict[Group[Any, Any], Requests] = {}
    for request in batch:
        if request.group is not None:
            groups.setdefault(request.group, []).append(request)
        else:
            _run_alone(connection, request)
    for group, requests in groups.items():
        _run_group(connection, group, requests)


def _run_alone(connection: Connection, request: _Request[Any]) -> None:
    savepoint = connection.begin_nested()
    # Whatever the work raises belongs to its caller, not to this thread.
    try:
        request.run(connection)
        savepoint.commit()
    except Exception as error:  # noqa: BLE001 - handed to the caller, who awaits it
        _fail(request, error)
        _roll_back(connection, savepoint, error)


def _fail(request: _Request[Any], error: Exception) -> None:
    request.result, request.error, request.again = None, translated(error), lost_a_race(error)
    if request.error is not error:
        request.error.__cause__ = error


def _fail_all(batch: Requests, error: BaseException) -> None:
    """Fail a batch of which nothing was written; requests without an error of their own get this one."""
    failure = translated(error)
    for request in batch:
        request.result, request.error = None, request.error or failure
        request.again = request.again or lost_a_race(error)


def _roll_back(connection: Connection, savepoint: NestedTransaction, cause: Exception) -> None:
    try:
        savepoint.rollback()
    except DATABASE_ERRORS as error:
        raise _TransactionLost from error
    if connection.invalidated:
        raise _TransactionLost from cause


def _run_group(connection: Connection, group: Group[Any, Any], requests: Requests) -> None:
    savepoint = connection.begin_nested()
    try:
        results = group(connection, [request.item for request in requests])
        savepoint.commit()
    except (*DATABASE_ERRORS, SeasonedError) as error:
        _roll_back(connection, savepoint, error)
        for request in requests:
            _run_alone(connection, request)
        return
    except Exception as error:  # noqa: BLE001 - handed to the callers, who await it
        _roll_back(connection, savepoint, error)
        for request in requests:
            request.error = error
        return
    _take_results(requests, results)


def _take_results(requests: Requests, results: Sequence[object]) -> None:
    for request, result in zip(requests, results, strict=True):
        if isinstance(result, SeasonedError):
            request.error = result
        else:
            request.result = result


def translated(error: BaseException) -> BaseException:
    """A database error as one of ours if there is one for it, else unchanged."""
    if damage.is_met(error):
        return damage.damaged()
    text = str(error)
    full = isinstance(error, (OperationalError, OSError)) and any(phrase in text for phrase in _FULL)
    if full or is_full(error):
        return StorageFull("The disk is full, so nothing was written; free some space and try again.")
    if isinstance(error, OperationalError) and "locked" in text:
        return Busy("Another process kept the database locked for too long; try again.")
    if is_contended(error):
        return Busy("Too much contention on these rows; try again in a second.")
    if isinstance(error, CommitInDoubt):
        return Busy(
            "The database went away during the commit, so this may or may not have been written; look before you try"
            " again."
        )
    if is_away(error):
        return Busy("The database is unreachable, so nothing was written; try again.")
    return error


def _answer(batch: Requests) -> None:
    for request in batch:
        future, error = request.future, request.error
        # An error holds the frames that it came through, and those the request. Were there a way back from there, all
        # that was asked to be written would stay in memory until the collector looks at everything.
        del request.future, request.error
        if future.done():
            continue  # whoever asked has gone
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(request.result)
