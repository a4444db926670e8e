"""Imports transcripts as sessions of a space, each atomically and once."""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from seasoned.config import Config
from seasoned.engine import estimate
from seasoned.engine.estimate import Estimate
from seasoned.engine.records import Records
from seasoned.engine.spaces import Spaces, only
from seasoned.errors import Invalid
from seasoned.ids import is_id, new_id
from seasoned.importers import Transcript
from seasoned.scheduling.scheduler import Scheduler
from seasoned.store import Connection, Store, forgotten, messages, projects, sessions, spaces
from seasoned.store.gc import marks
from seasoned.store.gc.blobs import retry_tombstoned
from seasoned.store.messages import NewMessage
from seasoned.store.rows import dump_object
from seasoned.store.sessions import NewSession, SessionRow
from seasoned.store.spaces import SpaceRow


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """A transcript's session, and how many of its messages were new."""

    session_id: str
    source: str
    messages: int
    added: int


class Learning:
    """Use cases of importing."""

    def __init__(self, store: Store, config: Config, scheduler: Scheduler, all_spaces: Spaces) -> None:
        self._store = store
        self._config = config
        self._scheduler = scheduler
        self._spaces = all_spaces
        self._append = messages.appender(store.clock, store.wakeups)

    async def space_named(self, project_id: str, name: str) -> SpaceRow:
        """The space with a name or id; a new name creates one with its default skills.

        Raises Invalid for an empty name, NotFound for an id of none, Conflict for a name that several share.
        """
        if not name.strip():
            raise Invalid("The learning space needs a name; omit --space to use 'default'.")

        def commit(connection: Connection) -> SpaceRow:
            known = spaces.called(connection, project_id, name)
            if known or is_id(name):
                return only(known, name)
            return self._spaces.create_in(connection, project_id, user=None, meta=None, name=name)

        return await self._store.write(commit)

    async def take(self, project_id: str, space_id: str, transcript: Transcript) -> Imported | None:
        """Import a transcript as a session that teaches the space, and have it read; None when it was forgotten.

        A transcript that was imported before adds only its new messages; one that was rewound since becomes another
        session. All in one transaction, so an interrupted import leaves no half session.
        """

        def commit(connection: Connection, packed: Sequence[NewMessage]) -> Imported | None:
            now = self._store.clock.now()
            key = _import_key(space_id, transcript.key)
            if forgotten.some(connection, project_id, [key]):
                return None
            row = sessions.by_import_key(connection, project_id, key)
            if row is not None and not _continues(connection, row, packed):
                key = _import_key(space_id, transcript.key, *(one.parts_sha256 or one.parts for one in packed))
                row = sessions.by_import_key(connection, project_id, key)
            if row is None:
                row = self._create(connection, project_id, key, transcript)
                spaces.link_session(connection, project_id, space_id, row.id, now)
            new = [
                msgspec.structs.replace(one, project_id=project_id, session_id=row.id)
                for one in packed[row.last_number :]
            ]
            if new:
                self._append(connection, new)
                sessions.request_flush(connection, project_id, row.id)
            self._store.wakeups.session_changed(connection, row.id)
            return Imported(session_id=row.id, source=transcript.source, messages=len(packed), added=len(new))

        async def attempt() -> Imported | None:
            packed = await asyncio.to_thread(self._pack, transcript)
            return await self._store.write(lambda connection: commit(connection, packed))

        imported = await retry_tombstoned(attempt)
        if imported is not None:
            await self._scheduler.look_at(imported.session_id)
        return imported

    def _create(self, connection: Connection, project_id: str, key: str, transcript: Transcript) -> SessionRow:
        now = self._store.clock.now()
        new = NewSession(
            id=new_id(),
            project_id=project_id,
            user_id=projects.ensure_user(connection, project_id, transcript.user, now),
            configs=dump_object({"source": transcript.source, "format": transcript.format}),
            import_key=key,
            source=transcript.source,
            outcome=transcript.outcome or "",
        )
        return sessions.create(connection, new, now)

    def _pack(self, transcript: Transcript) -> list[NewMessage]:
        packed = []
        for timed in transcript.messages:
            parts, sha256 = messages.pack(timed.message, self._store.blobs, self._config.inline_bytes_max)
            packed.append(
                NewMessage(
                    project_id="",
                    session_id="",
                    role=timed.message.role,
                    parts=parts,
                    parts_sha256=sha256,
                    meta=dump_object(timed.message.meta or None),
                    chars=len(parts) if sha256 is None else self._config.inline_bytes_max,
                    turn_open=timed.message.calls_tools or timed.message.is_tool_answer,
                    at=timed.at,
                    files=marks.files_of(timed.message),
                )
            )
        return packed


async def estimate_of(
    config: Config, held: Records | None, project_id: str, space: str, transcripts: Iterable[Transcript]
) -> Estimate:
    """What learning from transcripts would cost with a model, with or without a home.

    Stores nothing and calls no model. Raises NotFound for an id of no space, Conflict for a name that several share.
    """
    found = await held.store.read(lambda connection: spaces.called(connection, project_id, space)) if held else []
    row = only(found, space) if found or is_id(space) else None
    total = Estimate()
    for transcript in transcripts:
        known = await _read_of(held, project_id, row.id, transcript) if held and row else 0
        await asyncio.to_thread(estimate.add, total, config, transcript, known)
    await asyncio.to_thread(estimate.finish, total, config)
    return total


async def _read_of(held: Records, project_id: str, space_id: str, transcript: Transcript) -> int:
    """How many of a transcript's messages were already read; stored but unread ones still cost."""
    key = _import_key(space_id, transcript.key)
    row = await held.store.read(lambda connection: sessions.by_import_key(connection, project_id, key))
    return row.extracted_to if row else 0


def _import_key(*words: str) -> str:
    """The key of a transcript in a space, so that it is learned once."""
    digest = hashlib.sha256()
    for word in words:
        digest.update(word.encode() + b"\0")
    return digest.hexdigest()


def _continues(connection: Connection, row: SessionRow, packed: Sequence[NewMessage]) -> bool:
    """Whether a transcript begins with the session's messages.

    The last message is not compared: it may have been imported while its agent was still writing it.
    """
    if len(packed) < row.last_number:
        return False
    stored = messages.waiting(connection, row.id, 0, max(1, row.last_number - 1))
    return all((a.parts, a.parts_sha256) == (b.parts, b.parts_sha256) for a, b in zip(stored, packed, strict=False))
