"""Who taught a line: from lines of a skill's file to versions, lessons, tasks and the messages that they rest on."""

import asyncio
import hashlib
import uuid
from collections.abc import Sequence
from itertools import groupby

import msgspec

from seasoned import __version__
from seasoned.clock import to_rfc3339
from seasoned.errors import Invalid, NotFound
from seasoned.lesson import Quote, folded, stands_in
from seasoned.message import Json, JsonObject
from seasoned.skill import PEOPLE, entries, entry_hash
from seasoned.store import Connection, Store, files, history, lessons, messages, skills, tasks
from seasoned.store.blame import Blamed, Origin
from seasoned.store.history import VersionRow
from seasoned.store.lessons import LessonRow, Taught
from seasoned.store.messages import MessageRow
from seasoned.store.rows import load_as
from seasoned.store.skills import FileRow, SkillRow
from seasoned.store.tasks import TaskRow

EXCERPT_CHARS = 300
# Messages of a lesson without a quote, and lessons that support one entry, that are shown.
MESSAGES_SHOWN_MAX = 3
MESSAGES_LOOKED_AT_MAX = 100
TEXT_CHARS_MAX = 20_000
EVIDENCE_SHOWN_MAX = 50
TRACED_FILES_MAX = 500
TRACE_VERSION = "0.1.0"


class BlamedRange(msgspec.Struct, frozen=True, kw_only=True):
    """Lines in a row with the same origin, counted from 1, both ends included, and the ids of their lessons."""

    start: int
    end: int
    version: VersionRow
    lessons: list[str]


class BlamedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a version with the origins of its lines."""

    skill: SkillRow
    path: str
    number: int
    lines: list[str]
    ranges: list[BlamedRange]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a lesson rests on, with words of it: what the lesson or its task quotes, or how it begins."""

    message: MessageRow
    quote: str
    is_quoted: bool


class TaughtLesson(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson with its task and the messages that it rests on."""

    lesson: LessonRow
    task: TaskRow | None
    sources: list[Source]


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Where a line comes from. `taught` are its own lessons, `evidence` further ones that support its entry."""

    path: str
    line: int
    text: str
    version: VersionRow
    taught: list[TaughtLesson]
    evidence: list[TaughtLesson]


class Blame:
    """Use cases of blame."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of_file(
        self, project_id: str, skill_id: str, path: str, *, number: int = 0, start: int = 1, end: int = 0
    ) -> BlamedFile:
        """The origins of a file's lines from `start` to `end` (0: the last) in a version (0: the newest).

        Raises NotFound, also for bytes that are lost and lines that are not there, and Invalid for a file that is not
        text.
        """
        row, at, file = await self._store.read(lambda c: self._file(c, project_id, skill_id, number, path))
        known = await asyncio.to_thread(self._blamed, file)
        last = end or len(known.lines)
        if known.lines and not 1 <= start <= last <= len(known.lines):
            raise NotFound(f"{path[:80]!r} has the lines 1 to {len(known.lines)}, not {start} to {last}.")
        versions = await self._store.read(lambda c: history.some(c, skill_id, {one.version for one in known.origins}))
        return BlamedFile(
            skill=row,
            path=file.path,
            number=at,
            lines=list(known.lines[start - 1 : last]),
            ranges=_ranges(known.origins[start - 1 : last], versions, start),
        )

    async def why(self, project_id: str, skill_id: str, path: str, line: int, *, number: int = 0) -> Why:
        """All that a line rests on. Raises NotFound, Invalid."""
        row, _, file = await self._store.read(lambda c: self._file(c, project_id, skill_id, number, path))
        known = await asyncio.to_thread(self._blamed, file)
        if not 1 <= line <= len(known.lines):
            raise NotFound(f"{path[:80]!r} has the lines 1 to {len(known.lines)}, not {line}.")
        origin = known.origins[line - 1]
        entry = next((one for one in entries("\n".join(known.lines)) if one.start < line <= one.end), None)

        def load(connection: Connection) -> tuple[VersionRow, list[TaughtLesson], list[TaughtLesson]]:
            version = history.get(connection, row.id, origin.version)
            own = _lessons_of(origin, version)
            support = [] if entry is None else lessons.of_entry(connection, row.id, entry_hash(entry.text))
            more = [one for one in support if one not in own][:EVIDENCE_SHOWN_MAX]
            return version, self._taught(connection, own), self._taught(connection, more)

        version, taught, evidence = await self._store.read(load)
        return Why(
            path=file.path, line=line, text=known.lines[line - 1], version=version, taught=taught, evidence=evidence
        )

    async def trace(self, project_id: str, skill_id: str, sessions_url: str, *, number: int = 0) -> JsonObject:
        """An Agent Trace record (version 0.1.0 of cursor/agent-trace) of a version's text files: ranges of lines by
        the conversations that they came of, whose addresses begin with `sessions_url`. Raises NotFound.
        """

        def load(connection: Connection) -> tuple[SkillRow, VersionRow, list[FileRow]]:
            row = skills.get(connection, project_id, skill_id)
            version = history.get(connection, skill_id, number or row.head)
            return row, version, history.files_at(connection, skill_id, version.number, bodies=True)

        row, version, found = await self._store.read(load)
        texts = [file for file in found if file.blame is not None][:TRACED_FILES_MAX]
        known = {file.path: await asyncio.to_thread(self._blamed, file) for file in texts}
        numbers = {origin.version for file in known.values() for origin in file.origins}
        versions = await self._store.read(lambda c: history.some(c, skill_id, numbers))
        wanted = {one for version in versions.values() for one in version.lesson_ids()}
        sessions = await self._store.read(lambda c: lessons.taught(c, wanted))
        traced: list[Json] = [
            {"path": path, "conversations": _conversations(file, versions, sessions, sessions_url)}
            for path, file in known.items()
        ]
        return {
            "version": TRACE_VERSION,
            "id": str(uuid.uuid5(uuid.UUID(skill_id), str(version.number))),
            "timestamp": to_rfc3339(version.created_at),
            "tool": {"name": "seasoned", "version": __version__},
            "files": traced,
            "metadata": {"skill": row.name, "skill_id": row.id, "skill_version": version.number},
        }

    def _file(
        self, connection: Connection, project_id: str, skill_id: str, number: int, path: str
    ) -> tuple[SkillRow, int, FileRow]:
        row = skills.get(connection, project_id, skill_id)
        at = history.get(connection, skill_id, number).number if number else row.head
        found = history.files_at(connection, skill_id, at, [path.lstrip("/")], bodies=True)
        if not found:
            raise NotFound(f"Version {at} of the skill has no file {path!r}; its manifest lists those it has.")
        if found[0].blame is None:
            raise Invalid(f"{path[:80]!r} is not a text file, so it has no lines.")
        return row, at, found[0]

    def _blamed(self, file: FileRow) -> Blamed:
        try:
            return files.blamed(file, files.unpack(file, self._store.blobs).decode(errors="replace"))
        except NotFound:
            raise NotFound(f"The file {file.path!r} is missing or damaged in the store; write it again.") from None

    def _taught(self, connection: Connection, ids: Sequence[str]) -> list[TaughtLesson]:
        found = []
        for row in lessons.by_ids(connection, ids):
            task = None if row.task_id is None else tasks.by_id(connection, row.task_id)
            sources = self._quoted(connection, row) or ([] if task is None else self._of_task(connection, task))
            found.append(TaughtLesson(lesson=row, task=task, sources=sources))
        return found

    def _quoted(self, connection: Connection, row: LessonRow) -> list[Source]:
        """The messages that a lesson quotes."""
        quotes = [quote for quote in load_as(row.quotes, list[Quote]) if quote.verified]
        found = {one.number: one for one in messages.at_numbers(connection, row.session_id, [q.number for q in quotes])}
        return [
            Source(message=found[quote.number], quote=quote.text, is_quoted=True)
            for quote in quotes
            if quote.number in found
        ]

    def _of_task(self, connection: Connection, task: TaskRow) -> list[Source]:
        """The message of a task that says its title or how it ended, for a lesson that quotes none, as a skip; if none
        says it, how the first ones begin.
        """
        from seasoned.safety.secrets import redact  # noqa: PLC0415 - its rules are large, and only some lines need them

        rows = messages.of_task(connection, task.id, MESSAGES_LOOKED_AT_MAX)
        texts = [redact(" ".join(self._text(row).split())[:TEXT_CHARS_MAX]) for row in rows]
        for quote in (task.title, task.evidence):
            for row, text in zip(rows, texts, strict=True):
                if stands_in(quote, folded(text)):
                    return [Source(message=row, quote=quote, is_quoted=True)]
        first = list(zip(rows, texts, strict=True))[:MESSAGES_SHOWN_MAX]
        return [Source(message=row, quote=text[:EXCERPT_CHARS], is_quoted=False) for row, text in first]

    def _text(self, row: MessageRow) -> str:
        return " ".join(messages.numbered(row, self._store.blobs).message.texts())


def _ranges(origins: Sequence[Origin], versions: dict[int, VersionRow], start: int) -> list[BlamedRange]:
    found = []
    for origin, run in groupby(origins):
        end = start + len(list(run)) - 1
        version = versions[origin.version]
        found.append(BlamedRange(start=start, end=end, version=version, lessons=_lessons_of(origin, version)))
        start = end + 1
    return found


def _lessons_of(origin: Origin, version: VersionRow) -> list[str]:
    """The ids of a line's lessons: those that it names, or all of its version."""
    ids = version.lesson_ids()
    return [ids[place] for place in origin.lessons if place < len(ids)] if origin.lessons else ids


def _conversations(
    file: Blamed, versions: dict[int, VersionRow], sessions: dict[str, Taught], sessions_url: str
) -> list[Json]:
    """The ranges of a file by the conversation and the kind of contributor that they came of."""
    ranges: dict[tuple[str, str], list[Json]] = {}
    for one in _ranges(file.origins, versions, 1):
        url = next(
            (f"{sessions_url}/{sessions[key].session_id}/messages" for key in one.lessons if key in sessions), ""
        )
        kind = "human" if one.version.author in PEOPLE else "ai" if one.version.author == "learner" else "unknown"
        text = "\n".join(file.lines[one.start - 1 : one.end])
        digest = hashlib.sha256(text.encode()).hexdigest()
        ranges.setdefault((url, kind), []).append(
            {"start_line": one.start, "end_line": one.end, "content_hash": f"sha256:{digest}"}
        )
    return [
        {**({"url": url} if url else {}), "contributor": {"type": kind}, "ranges": found}
        for (url, kind), found in ranges.items()
    ]
