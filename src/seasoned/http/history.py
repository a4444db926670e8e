"""Versions of skills: their log, differences, blame, and changes by people."""

import re
from typing import Annotated, Self, get_args

import msgspec
from msgspec import UNSET, UnsetType

from seasoned.clock import to_rfc3339
from seasoned.engine import blame as blame_of
from seasoned.engine.blame import BlamedRange, Source
from seasoned.engine.diffs import FileDiff
from seasoned.engine.history import Version
from seasoned.errors import Invalid
from seasoned.http.fields import CreatedAt, Open, SessionId, about, count, one_of, shown_as, uuid
from seasoned.http.request import PREFIX, Answer, ApiRequest, Page, answer, page_of
from seasoned.lesson import Evidence, evidence_of
from seasoned.message import JsonObject
from seasoned.skill import Author
from seasoned.store.history import VersionRow

NUMBER_MAX = 2**31 - 1
LINES_MAX = 4 * 1024 * 1024
_TAG = re.compile(r'(?:W/)?"?(\d{1,10})"?')
_AUTHORS = ("learner", "user", "import", "sync", "revert", "forget", "seasoned")
_CHANGES = ("added", "changed", "removed")

_Number = Annotated[int, count("The version's number, from 1 on.")]
_Author = Annotated[Author, one_of(_AUTHORS, "Who made it.")]
_Reason = Annotated[str, about("Why it was made.")]
_Lessons = Annotated[list[str], about("The ids of the lessons behind it.")]
_FilePath = Annotated[str, about("The file's path in the skill's folder.")]
_Sha256 = Annotated[str, about("The SHA-256 of its bytes, in hex.")]


class VersionChange(msgspec.Struct, frozen=True):
    """What a version did to a file."""

    path: _FilePath
    change: Annotated[str, one_of(_CHANGES, "What it did.")]
    sha256: Annotated[str | None, about("The SHA-256 of the file's bytes since then; null when it is gone.")]


class VersionHead(msgspec.Struct, frozen=True, kw_only=True):
    """Who made a version, when and why."""

    number: _Number
    author: _Author
    reason: _Reason
    created_at: CreatedAt

    @classmethod
    def head(cls, row: VersionRow) -> "VersionHead":
        """A version in short."""
        return VersionHead(
            number=row.number, author=row.author, reason=row.reason, created_at=to_rfc3339(row.created_at)
        )


class SkillVersion(VersionHead, frozen=True, kw_only=True):
    """A version of a skill."""

    lessons: _Lessons
    changes: Annotated[list[VersionChange], about("What it changed, by path.")]

    @classmethod
    def of(cls, version: Version) -> "SkillVersion":
        """A version as the wire shows it."""
        row = version.row
        return SkillVersion(
            number=row.number,
            author=row.author,
            reason=row.reason,
            created_at=to_rfc3339(row.created_at),
            lessons=row.lesson_ids(),
            changes=[VersionChange(one.path, one.change, one.sha256) for one in version.changes],
        )


class VersionFile(msgspec.Struct, frozen=True):
    """A file of a version."""

    path: _FilePath
    sha256: _Sha256
    size: Annotated[int, count("Its bytes.")]
    mime: Annotated[str, about("Its media type.")]


class SkillManifest(SkillVersion, frozen=True, kw_only=True):
    """A version with every file that it has."""

    files: Annotated[list[VersionFile], about("The files, by path.")]


class ChangedFile(msgspec.Struct, frozen=True):
    """What is different in a file."""

    path: _FilePath
    change: Annotated[str, one_of(_CHANGES, "What happened to it.")]
    text: Annotated[str, about("The difference, unified or with its words marked; empty for what is no text.")]

    @classmethod
    def of(cls, one: FileDiff) -> Self:
        """A file's difference as the wire shows it."""
        return cls(one.path, one.change, one.text)


class _Diff(msgspec.Struct, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """The differences."""

    first: Annotated[int, count("The older version; 0 is before the first.")]
    last: Annotated[int, count("The newer version.")]
    files: Annotated[list[ChangedFile], about("The files that are different, by path.")]


class BlamedLines(msgspec.Struct, frozen=True, kw_only=True):
    """Lines in a row that the same version and the same lessons brought."""

    start: Annotated[int, count("The first line, counted from 1.", 1)]
    end: Annotated[int, count("The last line.", 1)]
    version: Annotated[VersionHead, about("The version that brought them.")]
    lessons: _Lessons

    @classmethod
    def of(cls, one: BlamedRange) -> Self:
        """A range as the wire shows it."""
        return cls(start=one.start, end=one.end, version=VersionHead.head(one.version), lessons=one.lessons)


class _Blame(msgspec.Struct, frozen=True, kw_only=True):
    """The lines with their origins."""

    path: _FilePath
    version: _Number
    lines: Annotated[list[str], about("The lines that were asked for.")]
    ranges: Annotated[list[BlamedLines], about("Where they come from.")]


class SourceMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a lesson rests on."""

    session_id: SessionId
    message_id: Annotated[str, uuid("The message's id.")]
    number: Annotated[int, count("Its place in the session, from 1 on.", 1)]
    role: Annotated[str, about("Whose message it is.")]
    quote: Annotated[str, about("Words of it that the lesson or its task quotes; if there are none, its beginning.")]
    is_quoted: Annotated[bool, about("Whether the lesson or its task quotes it.")]

    @classmethod
    def of(cls, one: Source) -> Self:
        """A message as the wire shows it."""
        row = one.message
        return cls(
            session_id=row.session_id,
            message_id=row.id,
            number=row.number,
            role=row.role,
            quote=one.quote,
            is_quoted=one.is_quoted,
        )


class TaughtLesson(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson, its task and its messages."""

    id: Annotated[str, uuid("The lesson's id.")]
    kind: Annotated[str, about("`procedure`, `pitfall`, `fact`, `preference` or `skip`.")]
    title: Annotated[str, about("Its title.")]
    text: Annotated[str, about("What it says.")]
    evidence: Annotated[str, one_of(get_args(Evidence), "`suspected` when nothing but a told failure speaks for it.")]
    session_id: SessionId
    task_id: Annotated[str | None, uuid("The task that taught it; null for a preference.")]
    task: Annotated[str | None, about("The task's title.")]
    messages: Annotated[list[SourceMessage], about("The messages that it rests on.")]

    @classmethod
    def of(cls, one: blame_of.TaughtLesson) -> Self:
        """A lesson as the wire shows it."""
        row = one.lesson
        return cls(
            id=row.id,
            kind=row.kind,
            title=row.title,
            text=row.text,
            evidence=evidence_of(row.basis),
            session_id=row.session_id,
            task_id=row.task_id,
            task=None if one.task is None else one.task.title,
            messages=[SourceMessage.of(source) for source in one.sources],
        )


class _Why(msgspec.Struct, frozen=True, kw_only=True):
    """The line with all that it rests on."""

    path: _FilePath
    line: Annotated[int, count("The line's number, from 1 on.", 1)]
    text: Annotated[str, about("The line.")]
    version: Annotated[VersionHead, about("The version that brought it.")]
    lessons: Annotated[list[TaughtLesson], about("The lessons that brought it.")]
    evidence: Annotated[list[TaughtLesson], about("Further lessons that support its entry.")]


class TraceRecord(Open):
    """An Agent Trace record, version 0.1.0."""

    version: Annotated[str, about("The version of the format.")]
    id: Annotated[str, uuid("The record's id, the same for the same version of the skill.")]
    timestamp: Annotated[str, about("When the version was made.")]
    files: Annotated[list[JsonObject], about("The files with the conversations that their lines came of.")]


class EditRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The files to be written and removed."""

    files: Annotated[dict[str, str | None], about("The new text of each file by its path; null removes the file.")]
    reason: Annotated[str | UnsetType | None, about("Why, for the log.")] = UNSET


class RevertRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The version to go back to."""

    version: Annotated[int, count("Its number.", 1, NUMBER_MAX)]
    reason: Annotated[str | UnsetType | None, about("Why, for the log.")] = UNSET


class PinRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The heading to be pinned."""

    heading: Annotated[str, about("The heading's words.", pattern="[A-Za-z0-9]", maxLength=200)]


class _Pins(msgspec.Struct, frozen=True):
    """The pinned headings."""

    headings: Annotated[list[str], about("Each in lower case without punctuation.")]


async def versions(call: ApiRequest) -> Answer[Page[SkillVersion]]:
    """GET /agent_skills/{skill_id}/versions."""
    found, cursor = await call.engine.history.log(call.project_id, _skill_id(call), call.page())
    return answer(page_of([SkillVersion.of(one) for one in found], cursor))


async def version(call: ApiRequest) -> Answer[SkillManifest]:
    """GET /agent_skills/{skill_id}/versions/{number}."""
    return answer(await _manifest(call, _skill_id(call), _in_path(call)))


async def diff(call: ApiRequest) -> Answer[_Diff]:
    """GET /agent_skills/{skill_id}/diff: by default what the newest version changed."""
    skill_id = _skill_id(call)
    head = (await call.engine.skills.get(call.project_id, skill_id)).row.head
    last = call.number("to", head, 0, NUMBER_MAX)
    first = call.number("from", max(0, last - 1), 0, NUMBER_MAX)
    found = await call.engine.history.diff(
        call.project_id, skill_id, first, last, path=call.text("file_path"), words=call.flag("words")
    )
    return answer(_Diff(first=first, last=last, files=[ChangedFile.of(one) for one in found]))


async def blame(call: ApiRequest) -> Answer[_Blame]:
    """GET /agent_skills/{skill_id}/blame."""
    found = await call.engine.blame.of_file(
        call.project_id,
        _skill_id(call),
        _file_path(call),
        number=call.number("version", 0, 0, NUMBER_MAX),
        start=call.number("start", 1, 1, LINES_MAX),
        end=call.number("end", 0, 0, LINES_MAX),
    )
    ranges = [BlamedLines.of(one) for one in found.ranges]
    return answer(_Blame(path=found.path, version=found.number, lines=found.lines, ranges=ranges))


async def why(call: ApiRequest) -> Answer[_Why]:
    """GET /agent_skills/{skill_id}/why."""
    found = await call.engine.blame.why(
        call.project_id,
        _skill_id(call),
        _file_path(call),
        call.number("line", 1, 1, LINES_MAX),
        number=call.number("version", 0, 0, NUMBER_MAX),
    )
    return answer(
        _Why(
            path=found.path,
            line=found.line,
            text=found.text,
            version=VersionHead.head(found.version),
            lessons=[TaughtLesson.of(one) for one in found.taught],
            evidence=[TaughtLesson.of(one) for one in found.evidence],
        )
    )


async def trace(call: ApiRequest) -> Answer[Annotated[JsonObject, shown_as(TraceRecord)]]:
    """GET /agent_skills/{skill_id}/trace."""
    base = (call.engine.config.public_url or str(call.request.base_url)).rstrip("/")
    number = call.number("version", 0, 0, NUMBER_MAX)
    sessions = f"{base}{PREFIX}/session"
    return answer(await call.engine.blame.trace(call.project_id, _skill_id(call), sessions, number=number))


async def edit(call: ApiRequest) -> Answer[SkillManifest]:
    """PUT /agent_skills/{skill_id}/files, on the version that the header If-Match names."""
    body = await call.body(EditRequest)
    head = _head(call)
    if head is None:
        raise Invalid('Send the version that you edited as the header If-Match, such as "3", or * for any.')
    files = {path: None if text is None else _encoded(text) for path, text in body.files.items()}
    skill_id = _skill_id(call)
    number = await call.engine.history.edit(
        call.project_id, skill_id, files, reason=body.reason or "", head=head or None
    )
    return await _made(call, skill_id, number)


async def revert(call: ApiRequest) -> Answer[SkillManifest]:
    """POST /agent_skills/{skill_id}/revert."""
    body = await call.body(RevertRequest)
    skill_id, head = _skill_id(call), _head(call)
    number = await call.engine.history.revert(
        call.project_id, skill_id, body.version, reason=body.reason or "", head=head or None
    )
    return await _made(call, skill_id, number)


async def pins(call: ApiRequest) -> Answer[_Pins]:
    """GET /agent_skills/{skill_id}/pins."""
    return answer(_Pins(await call.engine.history.pins(call.project_id, _skill_id(call))))


async def pin(call: ApiRequest) -> Answer[_Pins]:
    """POST /agent_skills/{skill_id}/pins."""
    body = await call.body(PinRequest)
    return answer(_Pins(await call.engine.history.pin(call.project_id, _skill_id(call), body.heading)))


async def unpin(call: ApiRequest) -> Answer[_Pins]:
    """DELETE /agent_skills/{skill_id}/pins."""
    return answer(_Pins(await call.engine.history.unpin(call.project_id, _skill_id(call), call.text("heading"))))


async def _manifest(call: ApiRequest, skill_id: str, number: int) -> SkillManifest:
    found, rows = await call.engine.history.manifest(call.project_id, skill_id, number)
    whole = SkillVersion.of(found)
    files = [VersionFile(row.path, row.sha256, row.size, row.mime) for row in rows]
    return SkillManifest(files=files, **{name: getattr(whole, name) for name in whole.__struct_fields__})


async def _made(call: ApiRequest, skill_id: str, number: int) -> Answer[SkillManifest]:
    made = answer(await _manifest(call, skill_id, number))
    made.headers["ETag"] = tag(number)
    return made


def tag(number: int) -> str:
    """The entity tag of a skill at a version, which If-Match takes back."""
    return f'"{number}"'


def _head(call: ApiRequest) -> int | None:
    """The version that If-Match names, 0 for any; None without the header. Raises Invalid."""
    text = call.header(b"if-match").strip()
    if text in ("", "*"):
        return None if not text else 0
    match = _TAG.fullmatch(text)
    if match is None or not 0 < int(match[1]) <= NUMBER_MAX:
        raise Invalid('If-Match must be one version of the skill, such as "3", or *.')
    return int(match[1])


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Invalid("A file's text contains a lone surrogate; use valid Unicode.") from None


def _in_path(call: ApiRequest) -> int:
    text = str(call.request.path_params["number"])
    if not text.isascii() or not text.isdigit() or not 0 < len(text) <= len(str(NUMBER_MAX)):
        raise Invalid("The version is no number; see the skill's versions for those it has.")
    return int(text)


def _file_path(call: ApiRequest) -> str:
    path = call.text("file_path")
    if not path:
        raise Invalid("The query parameter 'file_path' is missing; use a path from the skill's file_index.")
    return path


def _skill_id(call: ApiRequest) -> str:
    return call.id("skill_id", "The skill id")
