"""Deletes what nothing references, a bounded step at a time: first small files (`store.inline_blobs`), then blobs.

A step lists a page of blobs and marks those that no row references; then it tombstones those that have been marked
for the grace and still are unreferenced, deletes them, and notes that they are swept. Each of the three is committed
before the next begins, so whoever dies in between leaves rows that say how far it came, and the next step goes on
from there:

    died before                   what is left                           the next step
    the blob is tombstoned        a mark                                 tombstones it
    it is deleted                 a tombstone, the blob                  deletes it
    that is noted                 a tombstone, no blob                   deletes nothing, and notes it

One collector works at a time (`store.gc.lock`), and nobody stores a tombstoned blob while one does (`store.gc.blobs`).
"""

from functools import partial

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned import faults
from seasoned.clock import SECOND
from seasoned.errors import BlobsAway, Conflict
from seasoned.store import inline_blobs, messages
from seasoned.store.blob_store import Blob
from seasoned.store.database import Store
from seasoned.store.gc import marks
from seasoned.store.gc.lock import LockCheck
from seasoned.store.projects import oldest
from seasoned.store.rows import columns, to_rows
from seasoned.store.schema import message_files
from seasoned.store.schema import messages as message_rows

LOCK_SECONDS = 10.0
PREVIEW_MAX = 1_000_000
# Blobs without a row that stay anyway, such as the readiness probe's.
Kept = frozenset[str]


class Collected(msgspec.Struct, kw_only=True):
    """The result of a collection: how many blobs and bytes it checked, how many are unreferenced, and how many were
    deleted; `small` counts the same for inline blobs. `looked_into` counts messages of older releases whose files had
    to be read first.
    """

    seen: int = 0
    seen_bytes: int = 0
    unnamed: int = 0
    unnamed_bytes: int = 0
    deleted: int = 0
    deleted_bytes: int = 0
    small_seen: int = 0
    small_seen_bytes: int = 0
    small_unnamed: int = 0
    small_unnamed_bytes: int = 0
    small_deleted: int = 0
    small_deleted_bytes: int = 0
    looked_into: int = 0

    def total(self, what: str) -> tuple[int, int]:
        """How many files and bytes were `seen`, `unnamed` or `deleted`, small ones and blobs together."""
        count, size = (getattr(self, f"{what}{end}") + getattr(self, f"small_{what}{end}") for end in ("", "_bytes"))
        return count, size

    def add(self, other: "Collected") -> None:
        """Count another step's too."""
        for field in self.__struct_fields__:
            setattr(self, field, getattr(self, field) + getattr(other, field))


class Collector:
    """Goes through a store's blobs, pass after pass. Await one method at a time."""

    def __init__(self, store: Store, grace_seconds: float, kept: Kept = frozenset()) -> None:
        self._store = store
        self._grace_seconds = grace_seconds
        self._kept = kept
        self._after = ""
        # The position in the small files; None once this pass has finished them.
        self._after_small: str | None = ""
        self._sizes: dict[str, int] = {}

    async def step(self, limit: int) -> tuple[Collected, bool]:
        """Collect a page of at most `limit` small files or blobs; the result, and whether the pass is complete.

        Raises Conflict when another database has blobs in the same place, and Busy when another collector is at work
        or the store is away; then the step is to be made again.
        """
        return await self._store.blobs.run(lambda: self._step(limit))

    async def preview(self, limit: int) -> Collected:
        """What a pass would delete now, and what is unreferenced. Changes nothing."""
        return await self._store.blobs.run(lambda: self._preview(limit))

    def _step(self, limit: int) -> tuple[Collected, bool]:
        done = Collected()
        # Listing belongs under the lock too: what was listed must not be deleted by another before it is marked.
        with self._store.blobs.lock.held(LOCK_SECONDS) as check:
            if self._after_small is not None:
                self._after_small = self._collect_small(done, self._after_small, limit)
                return done, False
            if not self._is_ours():
                self._after_small = ""
                return done, True
            if not self._after:
                self._store.blobs.place.tidy()
            done.looked_into = self._look_into_old_messages(limit)
            if done.looked_into:
                return done, False
            page = self._store.blobs.place.listed(self._after, limit)
            self._count(done, page, self._mark(page))
            for sha256 in self._delete(limit, check):
                done.deleted += 1
                done.deleted_bytes += self._sizes.pop(sha256, 0)
        self._after = page[-1].sha256 if len(page) == limit else ""
        seen_all = not self._after and not done.deleted
        self._after_small = "" if seen_all else None
        return done, seen_all

    def _collect_small(self, done: Collected, after: str, limit: int) -> str | None:
        """Mark a page of unreferenced small files, and delete what is due; the next position, None at the end."""
        store, now = self._store, self._now()
        page = store.read_now(lambda connection: inline_blobs.page(connection, after, limit))
        _count_small(done, page)
        # Most of the time there is nothing to write.
        if page.noted != page.unnamed:
            store.write_now(partial(inline_blobs.note, hashes=[one.sha256 for one in page.small], now=now))
        due = store.read_now(lambda connection: inline_blobs.ripe(connection, now, self._grace_seconds, limit))
        if due:
            gone = store.write_now(
                lambda connection: inline_blobs.delete_ripe(connection, now, self._grace_seconds, limit)
            )
            done.small_deleted, done.small_deleted_bytes = len(gone), sum(one.size for one in gone)
        end = page.small[-1].sha256 if page.small else after
        return end if limit in (len(page.small), len(due)) else None

    def _is_ours(self) -> bool:
        """Whether this store has an owner. Raises Conflict if another database has blobs here too: they would all look
        unreferenced.
        """
        owner = self._store.read_now(oldest)
        if owner is None:
            return False
        others = [one for one in self._store.blobs.place.claim(owner) if one != owner]
        if others:
            raise Conflict(
                "Another database stores files in the same place, so none is deleted. Give each a place of "
                f"its own; if the other no longer exists, delete its owner file there (its owner is {others[0]})."
            )
        return True

    def _mark(self, page: list[Blob]) -> set[str]:
        there = [blob.sha256 for blob in page if blob.sha256 not in self._kept]
        if not there:
            return set()
        return self._store.write_now(lambda connection: marks.mark(connection, there, self._now()))

    def _count(self, done: Collected, page: list[Blob], alone: set[str]) -> None:
        done.seen, done.seen_bytes = len(page), sum(blob.size for blob in page)
        sizes = {blob.sha256: blob.size for blob in page if blob.sha256 in alone}
        done.unnamed, done.unnamed_bytes = len(sizes), sum(sizes.values())
        self._sizes = {**self._sizes, **sizes} if self._after else sizes

    def _delete(self, limit: int, check: LockCheck) -> list[str]:
        """Delete what is due; nobody references or stores it meanwhile, as it is tombstoned and the lock is held."""
        late = int(self._store.blobs.place.late_seconds * SECOND)
        left = self._store.read_now(lambda connection: marks.unfinished(connection, self._now() - late, limit))
        tombstoned = self._store.write_now(
            lambda connection: marks.tombstone(connection, self._now(), self._grace_seconds, limit)
        )
        due = sorted({*left, *tombstoned})
        if due:
            faults.point("gc.tombstoned")
        deleted: list[str] = []
        away: BlobsAway | None = None
        for sha256 in due:
            check()
            try:
                self._store.blobs.place.delete_now(sha256)
            except BlobsAway as error:
                away = error
                break
            deleted.append(sha256)
            faults.point("gc.deleted")
        if deleted:
            self._store.write_now(lambda connection: marks.swept(connection, deleted, self._now()))
        if away is not None:
            # It may still happen. Until it no longer can, nobody stores these blobs anew.
            unsure = due[len(deleted) :]
            self._store.write_now(lambda connection: marks.postpone(connection, unsure, self._now()))
            raise away
        return deleted

    def _look_into_old_messages(self, limit: int) -> int:
        """Record the files of messages from older releases; how many were read."""
        rows = self._store.read_now(lambda connection: _unknown(connection, limit))
        for row in rows:
            # If a message's parts are lost, its references are lost with them.
            hashes = marks.files_of(messages.unpack(row, self._store.blobs))
            self._store.write_now(partial(_note, message_id=row.id, hashes=hashes))
        return len(rows)

    def _preview(self, limit: int) -> Collected:
        found, after = self._preview_small(limit), ""
        now, store = self._now(), self._store
        due = set(
            store.read_now(lambda c: marks.would_tombstone(c, now, self._grace_seconds, PREVIEW_MAX))
            + store.read_now(lambda c: marks.unfinished(c, now, PREVIEW_MAX))
        )
        while page := store.blobs.place.listed(after, limit):
            sizes = {blob.sha256: blob.size for blob in page if blob.sha256 not in self._kept}
            alone = store.read_now(partial(marks.unreferenced, hashes=sizes.keys()))
            found.add(
                Collected(
                    seen=len(page),
                    seen_bytes=sum(blob.size for blob in page),
                    unnamed=len(alone),
                    unnamed_bytes=sum(sizes[sha256] for sha256 in alone),
                    deleted=len(alone & due),
                    deleted_bytes=sum(sizes[sha256] for sha256 in alone & due),
                )
            )
            after = page[-1].sha256
        return found

    def _preview_small(self, limit: int) -> Collected:
        found, after, now = Collected(), "", self._now()
        due = set(self._store.read_now(lambda c: inline_blobs.ripe(c, now, self._grace_seconds, PREVIEW_MAX)))
        while (page := self._store.read_now(partial(inline_blobs.page, after=after, limit=limit))).small:
            gone = [one.size for one in page.small if one.sha256 in due & page.unnamed]
            some = Collected(small_deleted=len(gone), small_deleted_bytes=sum(gone))
            _count_small(some, page)
            found.add(some)
            after = page.small[-1].sha256
        return found

    def _now(self) -> int:
        return self._store.clock.now()


def _count_small(done: Collected, page: inline_blobs.InlineBlobPage) -> None:
    sizes = [one.size for one in page.small if one.sha256 in page.unnamed]
    done.small_seen, done.small_seen_bytes = len(page.small), sum(one.size for one in page.small)
    done.small_unnamed, done.small_unnamed_bytes = len(sizes), sum(sizes)


def _unknown(connection: Connection, limit: int) -> list[messages.MessageRow]:
    statement = (
        sa.select(*columns(messages.MessageRow, message_rows))
        .join(message_files, message_files.c.message_id == message_rows.c.id)
        .where(message_files.c.sha256 == "")
        .order_by(message_rows.c.id)
        .limit(limit)
    )
    return to_rows(messages.MessageRow, connection.execute(statement).all())


def _note(connection: Connection, *, message_id: str, hashes: tuple[str, ...]) -> None:
    connection.execute(
        sa.delete(message_files).where(message_files.c.message_id == message_id, message_files.c.sha256 == "")
    )
    marks.name_files(connection, [(message_id, hashes)])
