"""Imports transcripts as sessions of a space, each atomically and once."""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from seasoned.config import Config
from seasoned.engine import estimate
from seasoned.engine.estimate import Estimate
from seasoned.engine.records import Records
from seasoned.engine.spaces import Spaces, only
from seasoned.errors import Invalid
from seasoned.formats import NoFiles
from seasoned.formats.media import media_of
from seasoned.ids import is_id, new_id
from seasoned.importers import Transcript
from seasoned.message import Asset, JsonObject, Message, Part
from seasoned.scheduling.scheduler import Scheduler
from seasoned.store import Connection, Store, forgotten, imports, messages, projects, sessions, spaces
from seasoned.store.blob_store import Blobs
from seasoned.store.gc import marks
from seasoned.store.gc.blobs import retry_tombstoned
from seasoned.store.messages import NewMessage
from seasoned.store.rows import dump_object
from seasoned.store.sessions import NewSession, SessionRow
from seasoned.store.spaces import SpaceRow

PLACE_CHARS_MAX = 1_000


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
        session. Of a copy of another session only what is new is read. All in one transaction, so an interrupted
        import leaves no half session.
        """
        opening = transcript.opening

        def commit(connection: Connection, packed: Sequence[NewMessage]) -> Imported | None:
            now = self._store.clock.now()
            key = _import_key(space_id, transcript.key)
            if forgotten.some(connection, project_id, [key]):
                return None
            row = sessions.by_import_key(connection, project_id, key)
            if row is not None and not _continues(connection, row, packed):
                key = _import_key(space_id, transcript.key, *(one.parts_sha256 or one.parts for one in packed))
                row = sessions.by_import_key(connection, project_id, key)
            shared = 0
            if row is None:
                shared = imports.copied(connection, space_id, opening, packed) if opening else 0
                row = self._create(connection, project_id, key, transcript, opening)
                spaces.link_session(connection, project_id, space_id, row.id, now)
            new = [
                msgspec.structs.replace(one, project_id=project_id, session_id=row.id)
                for one in packed[row.last_number :]
            ]
            if new:
                self._append(connection, new)
                if shared:
                    sessions.mark_copied(connection, row.id, shared, sum(one.chars for one in new[:shared]))
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

    async def known(self, space_id: str, sha256: str) -> list[Imported] | None:
        """The sessions of a file that was imported into the space before; None if it was not, or one is gone."""
        found = await self._store.read(lambda connection: imports.sessions_of_file(connection, space_id, sha256))
        if found is None:
            return None
        return [Imported(session_id=id_, source=source, messages=count, added=0) for id_, source, count in found]

    async def note(self, space_id: str, sha256: str, session_ids: Sequence[str]) -> None:
        """Remember that all sessions of a file are imported."""
        now = self._store.clock.now()
        await self._store.write(lambda c: imports.note_file(c, space_id, sha256, session_ids, now))

    def _create(
        self, connection: Connection, project_id: str, key: str, transcript: Transcript, opening: str
    ) -> SessionRow:
        now = self._store.clock.now()
        new = NewSession(
            id=new_id(),
            project_id=project_id,
            user_id=projects.ensure_user(connection, project_id, transcript.user, now),
            configs=dump_object(_about(transcript)),
            import_key=key,
            opening=opening or None,
            attempt_of=transcript.attempt_of or None,
            source=transcript.source,
            outcome=transcript.outcome or "",
        )
        return sessions.create(connection, new, now)

    def _pack(self, transcript: Transcript) -> list[NewMessage]:
        packed = []
        for timed in transcript.messages:
            message = _with_assets(timed.message, self._store.blobs)
            parts, sha256 = messages.pack(message, self._store.blobs, self._config.inline_bytes_max)
            packed.append(
                NewMessage(
                    project_id="",
                    session_id="",
                    role=message.role,
                    parts=parts,
                    parts_sha256=sha256,
                    meta=dump_object(message.meta or None),
                    chars=len(parts) if sha256 is None else self._config.inline_bytes_max,
                    turn_open=message.calls_tools or message.is_tool_answer,
                    at=timed.at,
                    files=marks.files_of(message),
                )
            )
        return packed


def _about(transcript: Transcript) -> JsonObject:
    places = {"directory": transcript.directory[:PLACE_CHARS_MAX], "branch": transcript.branch[:PLACE_CHARS_MAX]}
    told: JsonObject = {name: place for name, place in places.items() if place}
    return {"source": transcript.source, "format": transcript.format, **told}


def _with_assets(message: Message, blobs: Blobs) -> Message:
    """The message with the bytes of its pictures and files in the object store, where copies of them are one."""
    parts = tuple(_with_asset(part, blobs) for part in message.parts)
    return message if parts == message.parts else msgspec.structs.replace(message, parts=parts)


def _with_asset(part: Part, blobs: Blobs) -> Part:
    media = media_of(part, NoFiles()) if part.type in ("image", "audio", "video", "file") else None
    if media is None or media.data is None:
        return part
    try:
        data = base64.b64decode(media.data, validate=True)
    except (binascii.Error, ValueError):
        return part
    asset = Asset(sha256=blobs.put_now(data), mime=media.mime or "application/octet-stream", size_b=len(data))
    kept = {key: value for key, value in part.meta.items() if key not in ("data", "url", "file_data")}
    return msgspec.structs.replace(part, asset=asset, filename=media.filename or None, meta=kept)


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
