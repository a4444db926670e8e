"""Messages of a session: storing them, reading them back, and counting their tokens."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial

import msgspec

from seasoned import signals, strategies
from seasoned.config import Config
from seasoned.engine.keeping import kept
from seasoned.engine.uploads import File
from seasoned.errors import NotFound, TooLarge
from seasoned.formats.media import MISSING_FILE
from seasoned.message import Asset, JsonObject, Message
from seasoned.pipeline.carrier import Carrier
from seasoned.store import Connection, Store, doom, messages, pairing, sessions
from seasoned.store.messages import MessageRow, NewMessage
from seasoned.store.rows import PAGE_MAX, PageQuery, dump_object
from seasoned.strategies import Placed, Strategy
from seasoned.tokens import count_tokens

# What one answer may hold: of stored messages, and of files that are put into them.
PAGE_BYTES_MAX = 64 * 1024 * 1024
INLINED_BYTES_MAX = 64 * 1024 * 1024
LOOK_BACK_MESSAGES = 200


class Edits(msgspec.Struct, frozen=True):
    """How a page is edited for its reader; after the message `pin` nothing is."""

    strategies: tuple[Strategy, ...] = ()
    pin: str = ""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of messages as its reader wants it: oldest first, edited, with its tokens counted."""

    rows: list[MessageRow]
    messages: list[Message]
    cursor: str | None
    tokens: int
    edited_at: str | None
    """The message up to which edits reach; None when there is no message."""
    span: tuple[int, int] | None
    """When the first and the last message of the page, before edits, were stored (microseconds)."""
    open_calls: frozenset[str]
    """The ids of the calls that Gemini messages of the page made and that nobody has answered yet."""


class _Loaded(msgspec.Struct, frozen=True):
    rows: list[MessageRow]
    messages: list[Message]
    cursor: str | None
    open_calls: frozenset[str]


class Messages:
    """Use cases of messages."""

    def __init__(self, store: Store, config: Config, dispatcher: Carrier) -> None:
        self._store = store
        self._config = config
        self._dispatcher = dispatcher
        self._append = messages.appender(store.clock, store.wakeups)

    async def store(
        self,
        project_id: str,
        session_id: str,
        message: Message,
        user_meta: JsonObject | None = None,
        files: Sequence[File] = (),
    ) -> tuple[MessageRow, Message]:
        """Append a message to a session, with the files that its parts name; the row, and the message as it is stored.

        Raises NotFound, TooLarge, Busy, and Invalid when an answer of a tool does not fit the session's open calls.
        """
        row, ties = await kept(lambda: self._store_once(project_id, session_id, message, user_meta, files))
        signals.stored(1)
        if row.status == "pending":
            self._dispatcher.message_arrived(session_id)
            if row.number % self._config.batch_messages == 0:
                self._dispatcher.wake("extract", session_id)
        return row, messages.settled(row, message) if ties else message

    async def _store_once(
        self,
        project_id: str,
        session_id: str,
        message: Message,
        user_meta: JsonObject | None,
        files: Sequence[File],
    ) -> tuple[MessageRow, bool]:
        """Store a message's blobs and its row; the row, and whether it answers calls."""
        meta = dump_object(message.meta or None)
        parts, sha256, chars = await self._pack(project_id, session_id, message, meta, files)
        new = NewMessage(
            project_id=project_id,
            session_id=session_id,
            role=message.role,
            parts=parts,
            parts_sha256=sha256,
            meta=meta,
            user_meta=dump_object(user_meta or None),
            chars=chars,
            turn_open=message.calls_tools or message.is_tool_answer,
            ties=pairing.ties(message),
            files=doom.files_of(message),
        )
        return await self._store.write_grouped(self._append, new), bool(new.ties)

    async def _pack(
        self, project_id: str, session_id: str, message: Message, meta: str | None, files: Sequence[File]
    ) -> tuple[str, str | None, int]:
        """A message's parts for its row or the blob that they were put into, and how many characters count for them."""
        encoded, limit = msgspec.json.encode(message.parts), self._config.message_bytes_max
        if (size := len(encoded) + len(meta or "")) > limit:
            raise TooLarge(f"A message holds at most {limit} bytes; this has {size}. Split it.")
        if files:
            # Files are stored before the row that names them; a session that is not there shall not cost their room.
            await self._store.read(lambda c: sessions.get(c, project_id, session_id))
            for file in files:
                await self._store.blobs.put(file.data)
        if len(encoded) <= self._config.inline_bytes_max:
            return encoded.decode(), None, len(encoded)
        return "", await self._store.blobs.put(encoded), self._config.inline_bytes_max

    async def page(self, project_id: str, session_id: str, query: PageQuery, edits: Edits | None = None) -> Page:
        """A page of a session's messages. Raises NotFound, TooLarge when all of them are more than one answer holds."""
        loaded = await self._store.read(lambda c: self._load(c, project_id, session_id, query))
        return await asyncio.to_thread(_edited, loaded, edits or Edits())

    async def before(self, session_id: str, number: int) -> list[Message]:
        """The messages just before a number, for what a page refers back to."""
        first = max(0, number - 1 - LOOK_BACK_MESSAGES)

        def load(connection: Connection) -> list[Message]:
            rows = messages.waiting(connection, session_id, first, number - 1 - first) if number > 1 else []
            return [messages.unpack(row, self._store.blobs) for row in rows]

        return await self._store.read(load)

    def files(self, urls: Mapping[str, str]) -> "PageFiles":
        """The uploaded files of one answer; `urls` are addresses by SHA-256."""
        return PageFiles(self._store, urls)

    async def patch_meta(self, project_id: str, session_id: str, message_id: str, changes: JsonObject) -> JsonObject:
        """Merge keys into a message's user meta; null deletes a key. Raises NotFound."""

        def commit(connection: Connection) -> JsonObject:
            sessions.get(connection, project_id, session_id)
            return messages.set_user_meta(connection, session_id, message_id, changes, self._store.clock.now())

        return await self._store.write(commit)

    async def tokens(self, project_id: str, session_id: str) -> int:
        """How many tokens a session's messages have, those that are there now. Raises NotFound.

        Counted a batch at a time: the session may be larger than the memory.
        """
        row = await self._store.read(lambda c: sessions.get(c, project_id, session_id))
        total = 0
        for after in range(0, row.last_number, PAGE_MAX):
            counting = partial(self._count, session_id, after, min(PAGE_MAX, row.last_number - after))
            total += await self._store.read(counting)
        return total

    def _count(self, session_id: str, after: int, limit: int, connection: Connection) -> int:
        rows = messages.waiting(connection, session_id, after, limit)
        return sum(count_tokens(messages.unpack(row, self._store.blobs).counted()) for row in rows)

    def _load(self, connection: Connection, project_id: str, session_id: str, query: PageQuery) -> _Loaded:
        session = sessions.get(connection, project_id, session_id)
        if query.limit:
            rows, cursor = messages.page(connection, session_id, query)
            loaded = self._unpacked(rows, PAGE_BYTES_MAX)
        else:
            rows, cursor, loaded, room = [], None, [], PAGE_BYTES_MAX
            # A batch at a time, so that what is too large for an answer is too large before it is in memory.
            for after in range(0, session.last_number, PAGE_MAX):
                batch = messages.waiting(connection, session_id, after, PAGE_MAX)
                unpacked = self._unpacked(batch, room)
                room -= sum(size for _, size in unpacked)
                rows += batch
                loaded += unpacked
        opened: list[pairing.OpenCall] = []
        if any(row.meta and pairing.OPEN_KEY in row.meta for row in rows):
            opened = pairing.open_calls(connection, session_id, session.last_number)
        return _Loaded(rows, [one for one, _ in loaded], cursor, frozenset(call.id for call in opened))

    def _unpacked(self, rows: Sequence[MessageRow], room: int) -> list[tuple[Message, int]]:
        """Messages with their sizes. Raises TooLarge when they have more than `room` bytes."""
        loaded = []
        for row in rows:
            message = messages.unpack(row, self._store.blobs)
            size = len(row.parts) if row.parts_sha256 is None else len(msgspec.json.encode(message.parts))
            size += len(row.meta or "") + len(row.user_meta or "")
            room -= size
            if room < 0:
                raise TooLarge(f"The messages have more than {PAGE_BYTES_MAX} bytes; ask for pages of them with limit.")
            loaded.append((message, size))
        return loaded


def _edited(loaded: _Loaded, edits: Edits) -> Page:
    rows, ids = loaded.rows, [row.id for row in loaded.rows]
    pinned = edits.pin in ids
    end = ids.index(edits.pin) + 1 if pinned else len(ids)
    # Each text is counted once, however many strategies ask.
    count = lru_cache(maxsize=None)(count_tokens)
    placed = [Placed(index, message) for index, message in enumerate(loaded.messages)]
    if edits.strategies:
        placed = [*strategies.apply(edits.strategies, loaded.messages[:end], count), *placed[end:]]
    return Page(
        rows=[rows[one.place] for one in placed],
        messages=[one.message for one in placed],
        cursor=loaded.cursor,
        tokens=sum(count(one.message.counted()) for one in placed),
        edited_at=ids[end - 1] if ids else None,
        span=(rows[0].created_at, rows[-1].created_at) if rows else None,
        open_calls=loaded.open_calls,
    )


class PageFiles:
    """The uploaded files of a page (`formats.Files`): addresses that were made before, and bytes within a bound."""

    def __init__(self, store: Store, urls: Mapping[str, str]) -> None:
        self._store = store
        self._urls = urls
        self._room = INLINED_BYTES_MAX

    def url(self, asset: Asset, filename: str) -> str:  # noqa: ARG002 - the protocol's
        """The address of a file; empty when none was made."""
        return self._urls.get(asset.sha256, "")

    def data(self, asset: Asset) -> bytes | None:
        """A file's bytes, or what stands for lost ones. Raises TooLarge when an answer would hold too many."""
        self._room -= asset.size_b
        if self._room < 0:
            raise TooLarge(f"The messages' files have more than {INLINED_BYTES_MAX} bytes; ask for fewer with limit.")
        try:
            return self._store.blobs.get_now(asset.sha256)
        except NotFound:
            return MISSING_FILE
