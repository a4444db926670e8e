"""Messages of a session: storing them, reading them back, and counting their tokens."""

from collections.abc import Sequence

import msgspec

from seasoned import instrumentation
from seasoned.config import Config
from seasoned.engine.uploads import File
from seasoned.errors import TooLarge
from seasoned.message import JsonObject, Message
from seasoned.scheduling.scheduler import Scheduler
from seasoned.store import Connection, Store, messages, pairing, sessions
from seasoned.store.gc import marks
from seasoned.store.gc.blobs import retry_tombstoned
from seasoned.store.messages import MessageRow, NewMessage
from seasoned.store.rows import dump_object


class Messages:
    """Use cases of messages."""

    def __init__(self, store: Store, config: Config, scheduler: Scheduler) -> None:
        self._store = store
        self._config = config
        self._scheduler = scheduler
        self._append = messages.appender(store.clock, store.wakeups)

    async def store(
        self,
        project_id: str,
        session_id: str,
        message: Message,
        user_meta: JsonObject | None = None,
        files: Sequence[File] = (),
    ) -> tuple[MessageRow, Message]:
        """Append a message with its parts' files to a session; the row, and the message as stored.

        Raises NotFound, TooLarge, Busy, and Invalid if a tool result does not match the session's open calls.
        """
        row, ties = await retry_tombstoned(lambda: self._store_once(project_id, session_id, message, user_meta, files))
        instrumentation.stored(1)
        if row.status == "pending":
            self._scheduler.message_arrived(session_id)
            if row.number % self._config.batch_messages == 0:
                self._scheduler.wake("extract", session_id)
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
            files=marks.files_of(message),
        )
        return await self._store.write_grouped(self._append, new), bool(new.ties)

    async def _pack(
        self, project_id: str, session_id: str, message: Message, meta: str | None, files: Sequence[File]
    ) -> tuple[str, str | None, int]:
        """A message's parts as a row's text or as a blob's hash, and their count of characters."""
        encoded, limit = msgspec.json.encode(message.parts), self._config.message_bytes_max
        if (size := len(encoded) + len(meta or "")) > limit:
            raise TooLarge(f"A message holds at most {limit} bytes; this has {size}. Split it.")
        if files:
            # Files are stored before the row that references them, but not for a session that does not exist.
            await self._store.read(lambda c: sessions.get(c, project_id, session_id))
            for file in files:
                await self._store.blobs.put(file.data)
        if len(encoded) <= self._config.inline_bytes_max:
            return encoded.decode(), None, len(encoded)
        return "", await self._store.blobs.put(encoded), self._config.inline_bytes_max

    async def patch_meta(self, project_id: str, session_id: str, message_id: str, changes: JsonObject) -> JsonObject:
        """Merge keys into a message's user meta; null deletes a key. Raises NotFound."""

        def commit(connection: Connection) -> JsonObject:
            sessions.get(connection, project_id, session_id)
            return messages.set_user_meta(connection, session_id, message_id, changes, self._store.clock.now())

        return await self._store.write(commit)
