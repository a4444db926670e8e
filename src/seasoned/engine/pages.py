"""Reading a session's messages in bounded memory, regardless of their number and size.

A page is read in batches of rows. Each reserves memory from the shared budget before it is loaded, and one conversation
at a time is decoded and encoded, so that other requests run between two batches.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Container, Iterator, Mapping, Sequence
from contextlib import aclosing
from functools import lru_cache, partial
from typing import TypeVar

import msgspec

from seasoned import formats, strategies
from seasoned.config import Config
from seasoned.engine.budget import GO_ON_SECONDS, NOTHING, WAIT_SECONDS, MemoryBudget, Share
from seasoned.errors import NotFound, TooLarge
from seasoned.formats.media import MISSING_FILE
from seasoned.message import Asset, Message
from seasoned.store import Connection, Store, messages, pairing, sessions, tasks
from seasoned.store import pages as rows_of
from seasoned.store.messages import MessageRow
from seasoned.store.pages import Beside, Extent, Measured, MessageRef
from seasoned.store.rows import PageQuery
from seasoned.strategies import Editor, Placed, Strategy
from seasoned.tokens import count_tokens

T = TypeVar("T")

# The size of a batch, unless it is a single message; a smaller page is read at once.
BATCH_BYTES = 256 * 1024
# The memory for reading, editing, rendering and writing a message, per byte of its JSON.
WEIGHT_TIMES = 6
# A row's memory besides its texts, and how many rows are measured at once.
ROW_BYTES = 512
SIZES_AT_ONCE = 1_000
# The limit of base64 file content in one message of a response.
INLINED_BYTES_MAX = 64 * 1024 * 1024
FILES_WEIGHT_TIMES = 4
LOOK_BACK_MESSAGES = 200


class Edits(msgspec.Struct, frozen=True):
    """How a page is edited for its reader; messages after `pin` are not edited."""

    strategies: tuple[Strategy, ...] = ()
    pin: str = ""


class Batch(msgspec.Struct, frozen=True):
    """Consecutive rows of a session, with their parts as JSON and the memory that they need."""

    rows: list[MessageRow]
    encoded: list[bytes]
    share: Share

    def messages(self) -> list[Message]:
        """The messages of the rows, for display only."""
        pairs = zip(self.rows, self.encoded, strict=True)
        return [messages.decoded(row, encoded, lazy=True) for row, encoded in pairs]


class ShownBatch(msgspec.Struct, frozen=True):
    """The messages that remain after editing, each with its row."""

    rows: list[MessageRow]
    messages: list[Message]
    share: Share


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a page before its messages are read."""

    extent: Extent
    end: int
    """The last message that is edited."""
    ends: dict[int, MessageRef]
    open_calls: frozenset[str]
    rows: list[MessageRow] | None


class Pages:
    """Use cases of reading messages."""

    def __init__(self, store: Store, config: Config, budget: MemoryBudget) -> None:
        self._store = store
        self._config = config
        self._budget = budget
        self._one = asyncio.Lock()

    async def open(
        self, project_id: str, session_id: str, query: PageQuery, edits: Edits | None = None
    ) -> "MessagePage":
        """A page of a session's messages. Raises NotFound, Invalid."""
        given = edits or Edits()

        def load(connection: Connection) -> "MessagePage":
            session = sessions.get(connection, project_id, session_id)
            extent = rows_of.extent(connection, session_id, query)
            is_short = extent.size <= BATCH_BYTES and not extent.blobs
            rows = rows_of.between(connection, session_id, extent.first, extent.last) if is_short else None
            pinned = rows_of.number_of(connection, session_id, given.pin) if given.pin else None
            end = pinned if pinned is not None and extent.first <= pinned <= extent.last else extent.last
            found = _Found(
                extent=extent,
                end=end,
                ends=_marks(connection, session_id, rows, {extent.first, end, extent.last}),
                open_calls=_open_calls(connection, session_id, session.last_number, rows),
                rows=rows,
            )
            return MessagePage(self, session_id, found, given)

        return await self._store.read(load)

    async def tokens(self, project_id: str, session_id: str) -> int:
        """The token count of a session's messages. Raises NotFound, Busy."""
        row = await self._store.read(lambda c: sessions.get(c, project_id, session_id))
        total = 0
        async with aclosing(self.batches(session_id, 1, row.last_number, patience=WAIT_SECONDS)) as batches:
            async for batch in batches:
                total += await self.alone(partial(_count, batch))
        return total

    async def tasks_of(self, message_ids: Collection[str]) -> dict[str, list[str]]:
        """The tasks of some messages, by the messages' ids."""
        return await self._store.read(lambda connection: tasks.of_messages(connection, message_ids))

    async def tools_before(self, session_id: str, number: int) -> dict[str, str]:
        """The names of the tools that messages just before a number called, by the id of the call."""
        names: dict[str, str] = {}
        first = max(1, number - LOOK_BACK_MESSAGES)
        async with aclosing(self.batches(session_id, first, number - 1)) as batches:
            async for batch in batches:
                names |= await self.alone(partial(_tool_names, batch))
        return names

    async def alone(self, work: Callable[[], T]) -> T:
        """Run work on messages in a thread, one at a time, since it uses much CPU and memory."""
        async with self._one:
            return await asyncio.to_thread(work)

    def files(self, urls: Mapping[str, str]) -> "PageFiles":
        """The uploaded files of a part of a page; `urls` are addresses by SHA-256."""
        return PageFiles(self._store, urls)

    async def batches(
        self, session_id: str, first: int, last: int, *, patience: float = GO_ON_SECONDS
    ) -> AsyncGenerator[Batch]:
        """A range of a session's messages. Raises Busy, and NotFound if they are gone."""
        while first <= last:
            sizes = await self._store.read(partial(_measured, session_id, first, last))
            if not sizes:
                raise NotFound(f"Messages of session {session_id} no longer exist.")
            for some in _grouped(sizes):
                blobs = sum(one.in_blob for one in some) * self._config.message_bytes_max
                weight = WEIGHT_TIMES * (blobs + sum(one.size for one in some))
                with await self._budget.take(weight, patience) as share:
                    yield await self._batch(session_id, some[0].number, some[-1].number, share)
                patience = GO_ON_SECONDS
            first = sizes[-1].number + 1

    async def beside(self, session_id: str, first: int, last: int) -> AsyncGenerator[tuple[list[Beside], Share]]:
        """The users' metas of messages. Raises Busy, and NotFound when they are gone."""
        while first <= last:
            sizes = await self._store.read(partial(_measured_beside, session_id, first, last))
            if not sizes:
                raise NotFound(f"Messages of session {session_id} no longer exist.")
            for some in _grouped(sizes):
                with await self._budget.take(2 * sum(one.size for one in some), GO_ON_SECONDS) as share:
                    reading = partial(_beside, session_id, some[0].number, some[-1].number)
                    yield await self._store.read(reading), share
            first = sizes[-1].number + 1

    async def _batch(self, session_id: str, first: int, last: int, share: Share) -> Batch:
        rows = await self._store.read(lambda c: rows_of.between(c, session_id, first, last))
        if any(row.parts_sha256 for row in rows):
            encoded = await self._store.blobs.run(lambda: [messages.parts_of(row, self._store.blobs) for row in rows])
        else:
            encoded = [row.parts.encode() for row in rows]
        texts = sum(ROW_BYTES + len(row.meta or "") + len(row.user_meta or "") for row in rows)
        share.keep(WEIGHT_TIMES * (texts + sum(map(len, encoded))))
        return Batch(rows, encoded, share)


class MessagePage:
    """A page of messages: oldest first, edited, with its tokens counted while it is read."""

    def __init__(self, pages: Pages, session_id: str, found: _Found, edits: Edits) -> None:
        self._pages = pages
        self._found = found
        self._edits = edits
        self.session_id = session_id
        self.first, self.last = found.extent.first, found.extent.last
        self.cursor = found.extent.cursor
        self.open_calls = found.open_calls
        """The ids of the calls that Gemini messages of the session made and that nobody has answered yet."""
        self.tokens = 0
        """How many tokens those messages have that were read."""
        self.short = None if found.rows is None else self._whole(found.rows)
        """All of it, if that is little; else None, and it has to be read with `shown`."""

    @property
    def edited_at(self) -> str | None:
        """The last edited message; None on an empty page."""
        mark = self._found.ends.get(self._found.end)
        return None if mark is None else mark.id

    @property
    def span(self) -> tuple[int, int] | None:
        """When the first and the last message of the page, before edits, were stored (microseconds)."""
        first, last = self._found.ends.get(self.first), self._found.ends.get(self.last)
        return None if first is None or last is None else (first.created_at, last.created_at)

    async def shown(self) -> AsyncGenerator[ShownBatch]:
        """The page batch by batch. Raises Busy, and NotFound when messages are gone."""
        if self.short is not None:
            yield self.short
            return
        editor, patience = Editor(self._edits.strategies, count_tokens), WAIT_SECONDS
        for wanted, work in ((editor.empties, _look), (editor.shortens, _weigh)):
            if wanted:
                async with aclosing(self._batches(self._found.end, patience)) as batches:
                    async for batch in batches:
                        await self._pages.alone(partial(work, editor, batch))
                patience = GO_ON_SECONDS
        dropped = editor.dropped()
        async with aclosing(self._batches(self.last, patience)) as batches:
            async for batch in batches:
                yield await self._pages.alone(partial(self._edited, batch, editor, dropped))

    def _batches(self, last: int, patience: float) -> AsyncGenerator[Batch]:
        return self._pages.batches(self.session_id, self.first, last, patience=patience)

    def _edited(self, batch: Batch, editor: Editor, dropped: Container[int]) -> ShownBatch:
        rows, left = [], []
        for row, message in zip(batch.rows, batch.messages(), strict=True):
            shown = editor.edited(message) if row.number <= self._found.end else message
            if row.number - self.first not in dropped:
                rows.append(row)
                left.append(shown)
                self.tokens += count_tokens(shown.counted())
        batch.rows.clear()
        batch.encoded.clear()
        return ShownBatch(rows, left, batch.share)

    def _whole(self, rows: list[MessageRow]) -> ShownBatch:
        # Each text is counted once for all strategies.
        count = lru_cache(maxsize=None)(count_tokens) if self._edits.strategies else count_tokens
        every = [messages.decoded(row, row.parts.encode(), lazy=True) for row in rows]
        end = self._found.end - self.first + 1
        placed = [Placed(place, message) for place, message in enumerate(every)]
        if self._edits.strategies:
            placed = [*strategies.apply(self._edits.strategies, every[:end], count), *placed[end:]]
        self.tokens = sum(count(one.message.counted()) for one in placed)
        return ShownBatch([rows[one.place] for one in placed], [one.message for one in placed], NOTHING)


def _marks(
    connection: Connection, session_id: str, rows: Sequence[MessageRow] | None, numbers: set[int]
) -> dict[int, MessageRef]:
    if rows is None:
        return rows_of.marks(connection, session_id, numbers)
    return {row.number: MessageRef(row.number, row.id, row.created_at) for row in rows if row.number in numbers}


def _open_calls(
    connection: Connection, session_id: str, last: int, rows: Sequence[MessageRow] | None
) -> frozenset[str]:
    if rows is not None and not any(row.meta and pairing.OPEN_KEY in row.meta for row in rows):
        return frozenset()
    return frozenset(call.id for call in pairing.open_calls(connection, session_id, last))


def _measured(session_id: str, first: int, last: int, connection: Connection) -> list[Measured]:
    return rows_of.measured(connection, session_id, first, last, SIZES_AT_ONCE)


def _measured_beside(session_id: str, first: int, last: int, connection: Connection) -> list[Measured]:
    return rows_of.measured_beside(connection, session_id, first, last, SIZES_AT_ONCE)


def _beside(session_id: str, first: int, last: int, connection: Connection) -> list[Beside]:
    return rows_of.beside(connection, session_id, first, last)


def _grouped(sizes: Sequence[Measured]) -> Iterator[list[Measured]]:
    """Groups of consecutive messages to read at once; messages with blobs are read alone."""
    group: list[Measured] = []
    total = 0
    for one in sizes:
        if group and (one.in_blob or group[-1].in_blob or total + one.size + ROW_BYTES > BATCH_BYTES):
            yield group
            group, total = [], 0
        group.append(one)
        total += one.size + ROW_BYTES
    if group:
        yield group


def _look(editor: Editor, batch: Batch) -> None:
    for message in batch.messages():
        editor.look(message)


def _weigh(editor: Editor, batch: Batch) -> None:
    for message in batch.messages():
        editor.weigh(editor.edited(message))


def _tool_names(batch: Batch) -> dict[str, str]:
    return formats.tool_names(batch.messages())


def _count(batch: Batch) -> int:
    return sum(count_tokens(message.counted()) for message in batch.messages())


class PageFiles:
    """The uploaded files of a page (`formats.Files`): prepared URLs, and a bounded amount of bytes."""

    def __init__(self, store: Store, urls: Mapping[str, str]) -> None:
        self._store = store
        self._urls = urls
        self._room = INLINED_BYTES_MAX

    def url(self, asset: Asset, filename: str) -> str:  # noqa: ARG002 - the protocol's
        """The URL of a file; empty if it has none."""
        return self._urls.get(asset.sha256, "")

    def data(self, asset: Asset) -> bytes | None:
        """A file's bytes, or MISSING_FILE. Raises TooLarge if the response would be too large."""
        self._room -= asset.size_b
        if self._room < 0:
            raise TooLarge(
                f"The messages' files exceed {INLINED_BYTES_MAX} bytes; request fewer messages with `limit`."
            )
        try:
            return self._store.blobs.get_now(asset.sha256)
        except NotFound:
            return MISSING_FILE
