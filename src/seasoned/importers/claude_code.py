"""Claude Code's session files: `~/.claude/projects/<dir>/<session>.jsonl` and `.../subagents/agent-*.jsonl`.

A line is a record with `type`, `uuid`, `parentUuid`, `sessionId`, `timestamp` and, for user and assistant, an Anthropic
`message`. One message of the API may lie in several lines with the same `message.id`; it becomes one message, in the
place of the first. What a person types while the agent works comes as an `attachment`, or only as `queue-operation`s.

A session's key is its `sessionId`, with the agent's id for a subagent. A file that has grown gives the same messages
again with more behind them, unless the person has gone back to an earlier prompt: what was taken back is gone then.

The prompt of a subagent is another agent's. A subagent whose session is at hand is left out: its result stands there.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from seasoned.errors import BadTranscript
from seasoned.importers import harness, reading, times
from seasoned.importers.claude_code_tree import Line, branch, conversations
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.message import Json, JsonObject, Message, Part
from seasoned.skills_read import META_KEY

NAME = "claude-code"
_ID_CHARS_MAX = 120
_SHORT_ID_CHARS = 8
# Lines of type user or assistant without a message.
_NOT_SAID = ("isMeta", "isCompactSummary", "isVisibleInTranscriptOnly", "isApiErrorMessage")
# The program's own agents, which sum up a conversation for a compaction, suggest prompts and the like.
_OWN_AGENT = re.compile(r"a[a-z_]{3,40}-[0-9a-f]{4,40}")
_LINES_LOOKED_AT_MAX = 200


def recognises(record: Json) -> bool:
    """Whether a line of a file is of this format."""
    if not isinstance(record, dict) or not isinstance(record.get("type"), str):
        return False
    if record["type"] == "file-history-snapshot":
        return "snapshot" in record
    if "sessionId" in record or "parentUuid" in record or "leafUuid" in record:
        return True
    # Exporters leave the session out.
    message = record.get("message")
    return (
        isinstance(message, dict)
        and "content" in message
        and record["type"] in ("user", "assistant")
        and ("role" in message or not {"cwd", "timestamp", "session_id"}.isdisjoint(record))
    )


def left_out(path: Path) -> str:
    """Why a whole file is not read: an agent's own transcript, when its session's file lies beside it; else empty."""
    try:
        found = itertools.islice(reading.lines(path, reading.Notes()), _LINES_LOOKED_AT_MAX)
        said = [one for _, one in found if isinstance(one, dict) and one.get("type") in ("user", "assistant")]
    except BadTranscript:
        return ""
    agents = {reading.text_of(one, "agentId") if one.get("isSidechain") is True else "" for one in said}
    agent = next(iter(agents), "")
    if len(agents) != 1 or not agent:
        return ""
    if _OWN_AGENT.fullmatch(agent):
        return f"{reading.shown(path)} is a compaction or the like, which nobody asked for; its session tells the same."
    session = reading.text_of(said[0], "sessionId")
    homes = itertools.islice(path.absolute().parents, 3)
    if session and any((home / f"{session}.jsonl").is_file() for home in homes if "/" not in session):
        return f"{reading.shown(path)} is of a subagent of the session {_short(session)}, which tells its result."
    return ""


def read(path: Path, notes: reading.Notes) -> Iterator[Transcript]:
    """The file's session; when it holds several, each."""
    lines = list(_lines(path, notes))
    fallback = _session_of_nameless(lines)
    groups = _whole_ones(lines, notes)
    for (session, agent), group in groups.items():
        messages = _messages(branch(group), times.modified(path), notes)
        if not messages:
            continue
        name = f"{_short(session or fallback)}/{_short(agent)}" if agent else _short(session or fallback)
        source = reading.shown(Path(path.name))
        yield Transcript(
            key=f"{NAME}:{name}",
            source=source if len(groups) == 1 else f"{source} ({_told_apart(session, agent)})",
            format=NAME,
            messages=messages,
            directory=next((line.directory for line in group if line.directory), ""),
            branch=next((line.branch for line in group if line.branch), ""),
            warnings=notes.take(),
        )


def _lines(path: Path, notes: reading.Notes) -> Iterator[Line]:
    """The lines of a file, with one for each thing that was typed and stands nowhere but in the queue."""
    queue = _Queue()
    found: list[Line] = []
    for number, record in reading.lines(path, notes, held=True):
        if isinstance(record, dict) and record.get("type") == "queue-operation":
            queue.take(number, record, len(found))
        elif (line := _line(number, record, notes)) is not None:
            found.append(line)
    waiting = queue.unheard(found)
    for index, line in enumerate(found):
        yield from waiting.get(index, ())
        yield line
    yield from waiting.get(len(found), ())


class _Typed(msgspec.Struct):
    """What a person typed while the agent worked: the record, and the places where it was typed and handed over."""

    number: int
    record: JsonObject
    text: str
    index: int
    handed: int | None = None


class _Queue:
    """What people type while the agent works, first in first out."""

    def __init__(self) -> None:
        self._typed: list[_Typed] = []
        self._waiting: list[_Typed] = []

    def take(self, number: int, record: JsonObject, index: int) -> None:
        """Read a queue operation that stands before the line of an index."""
        content = reading.text_of(record, "content")
        text = "" if content.lstrip().startswith("<task-notification") else harness.said(content)
        match record.get("operation"):
            case "enqueue":
                typed = _Typed(number, record, text, index)
                self._typed.append(typed)
                self._waiting.append(typed)
            case "dequeue" | "remove" if self._waiting:
                one = next((one for one in self._waiting if text and one.text == text), self._waiting[0])
                one.handed = index
                self._waiting.remove(one)
            case "popAll":
                # Taken back into the prompt, to be sent again.
                self._typed = [one for one in self._typed if one not in self._waiting]
                self._waiting = []

    def unheard(self, lines: Sequence[Line]) -> dict[int, list[Line]]:
        """Lines for what no other line says, by the index of the line before which each belongs."""
        said: dict[str, list[int]] = {}
        for index, line in enumerate(lines):
            if line.kind in ("user", "attachment") and line.blob is not None:
                said.setdefault(_command_key(_text_of(line.blob)), []).append(index)
        found: dict[int, list[Line]] = {}
        for one in self._typed:
            later = said.get(_command_key(one.text), [])
            heard = next((index for index in later if index >= one.index), None)
            if heard is not None:
                later.remove(heard)
            elif one.text:
                place = len(lines) if one.handed is None else one.handed
                found.setdefault(place, []).append(self._line(one, lines[:place]))
        return found

    def _line(self, typed: _Typed, before: Sequence[Line]) -> Line:
        session = reading.text_of(typed.record, "sessionId")
        own = (line for line in reversed(before) if line.uuid and not line.is_sidechain)
        last = next((line for line in own if line.session == session or not session), None)
        return Line(
            number=typed.number,
            at=times.time_of(typed.record),
            kind="attachment",
            uuid="",
            parent=last.uuid if last else "",
            before_compaction="",
            session=session or (last.session if last else ""),
            agent="",
            is_sidechain=False,
            message_id="",
            blob={"role": "user", "content": typed.text},
            continues=False,
        )


def _command_key(text: str) -> str:
    """What was typed as it is compared: without the name of a slash command, which other lines tell apart."""
    head, _, rest = text.partition(" ")
    return " ".join((rest if head.startswith("/") else text).split())


def _text_of(blob: JsonObject) -> str:
    content = blob.get("content")
    if isinstance(content, str):
        return content
    items = content if isinstance(content, list) else []
    return "\n".join(reading.text_of(item, "text") for item in items if isinstance(item, dict))


def _whole_ones(lines: Sequence[Line], notes: reading.Notes) -> dict[tuple[str, str], list[Line]]:
    """The conversations of the file without subagents and without fragments of other sessions.

    The rest of such a session is learned from its own file; under the same key, its end would be taken for its start.
    """
    counts = Counter(line.session for line in lines if line.blob is not None)
    main = max(counts, key=lambda session: counts[session], default="")
    uuids = {line.uuid for line in lines}
    groups = conversations(lines)
    whole = {}
    for (session, agent), group in groups.items():
        parent = group[0].parent
        if _OWN_AGENT.fullmatch(agent):
            notes.add(f"{len(group)} lines were left out: a compaction or the like, which nobody asked for")
        elif agent and any(line.blob for line in groups.get((session, ""), ())):
            notes.add(f"{len(group)} lines were left out: {_told_apart(session, agent)}, a subagent, told its result")
        elif session == main or not parent or parent in uuids:
            whole[session, agent] = group
        else:
            notes.add(f"line {group[0].number} was left out: session {_short(session)} began in another file")
    return whole


def _session_of_nameless(lines: Sequence[Line]) -> str:
    """The name for lines without a session: another line's, else one made of the first message."""
    known = next((line.session for line in lines if line.session), "")
    first = next((line for line in lines if line.blob is not None), None)
    return known or (reading.fingerprint([first.uuid, first.at, first.blob]) if first else "")


def _short(name: str) -> str:
    return name if len(name) <= _ID_CHARS_MAX else reading.fingerprint(name)


def _told_apart(session: str, agent: str) -> str:
    return f"agent {agent[:_SHORT_ID_CHARS]}" if agent else session[:_SHORT_ID_CHARS] or "no session"


def _line(number: int, record: Json, notes: reading.Notes) -> Line | None:
    if not isinstance(record, dict):
        notes.add(f"line {number} is not an object and was left out")
        return None
    kind = reading.text_of(record, "type")
    uuid = reading.text_of(record, "uuid")
    message = record.get("message")
    summed_up = kind == "user" and isinstance(message, dict) and harness.is_summary(message.get("content"))
    blob = None if summed_up else _blob(number, kind, record, notes)
    skills = harness.skills_loaded(record)
    if not uuid and blob is None and not skills:
        return None
    is_sidechain = record.get("isSidechain") is True or bool(reading.text_of(record, "parent_tool_use_id"))
    return Line(
        number=number,
        at=times.time_of(record),
        kind=kind,
        uuid=uuid,
        parent=reading.text_of(record, "parentUuid"),
        before_compaction=reading.text_of(record, "logicalParentUuid"),
        session=reading.text_of(record, "sessionId", "session_id"),
        agent=reading.text_of(record, "agentId", "parent_tool_use_id"),
        is_sidechain=is_sidechain,
        message_id=reading.text_of(message, "id") if kind == "assistant" and isinstance(message, dict) else "",
        blob=blob,
        continues=summed_up or record.get("isCompactSummary") is True,
        author="peer" if is_sidechain and kind == "user" else None,
        result=record.get("toolUseResult"),
        skills=skills,
        directory=reading.text_of(record, "cwd"),
        branch=reading.text_of(record, "gitBranch"),
    )


def _blob(number: int, kind: str, record: JsonObject, notes: reading.Notes) -> JsonObject | None:
    """The Anthropic message of a line, without what the harness added; None when nobody says anything."""
    if kind == "attachment":
        return _typed_meanwhile(record)
    if kind not in ("user", "assistant") or any(record.get(flag) is True for flag in _NOT_SAID):
        return None
    message = record.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(content, str | list):
        notes.add(f"line {number} was left out: its message has no content")
        return None
    if kind == "assistant":
        # Synthetic messages are the harness's own, such as errors of the network.
        return {"role": kind, "content": content} if content and message.get("model") != "<synthetic>" else None
    if not _is_by_person(record) and not harness.has_results(content):
        return None
    left = harness.said_content(content)
    return None if left is None else {"role": kind, "content": left}


def _is_by_person(record: JsonObject) -> bool:
    origin = record.get("origin")
    return not isinstance(origin, dict) or origin.get("kind") in (None, "human")


def _typed_meanwhile(record: JsonObject) -> JsonObject | None:
    attachment = record.get("attachment")
    if not isinstance(attachment, dict) or attachment.get("type") != "queued_command":
        return None
    if not _is_by_person(attachment if attachment.get("origin") else record):
        return None
    if attachment.get("commandMode") not in (None, "prompt"):
        return None
    left = harness.said_content(attachment.get("prompt"))
    return None if left is None else {"role": "user", "content": left}


def _messages(lines: Sequence[Line], default: int, notes: reading.Notes) -> tuple[TimedMessage, ...]:
    """The messages in order, the pieces of one API message put together."""
    found: list[tuple[int | None, Message, str]] = []
    places: dict[str, int] = {}
    seen: dict[str, JsonObject] = {}
    tools: dict[str, str] = {}
    skills: list[str] = []
    for line in lines:
        skills += line.skills
        if line.blob is None or (line.uuid and seen.get(line.uuid) == line.blob):
            continue  # nothing said, or a line that was written twice
        seen[line.uuid] = line.blob
        message = reading.message_of(line.blob, "anthropic", notes, f"line {line.number}")
        if message is None or not message.parts:
            continue
        tools |= {part.call_id: part.tool_name for part in message.parts if part.type == "tool-call"}
        parts = tuple(_by(line, part, tools.get(part.call_id, "")) for part in message.parts)
        message, skills = _having_read(message, skills), []
        place = places.get(line.message_id) if line.message_id else None
        if place is None:
            places[line.message_id] = len(found)
            found.append((line.at, msgspec.structs.replace(message, parts=parts), line.message_id))
        else:
            at, first, id_ = found[place]
            meta = {**message.meta, **first.meta}
            found[place] = (at, msgspec.structs.replace(first, parts=first.parts + parts, meta=meta), id_)
    if skills and found:
        at, last, id_ = found[-1]
        found[-1] = (at, _having_read(last, skills), id_)
    whole = times.filled([at for at, _, _ in found], default)
    return tuple(TimedMessage(at, message, id_) for at, (_, message, id_) in zip(whole, found, strict=True))


def _having_read(message: Message, skills: Sequence[str]) -> Message:
    """A message before which the program gave its agent the text of some skills."""
    return msgspec.structs.replace(message, meta={**message.meta, META_KEY: [*skills]}) if skills else message


def _by(line: Line, part: Part, tool: str) -> Part:
    """A part with its author, and with what a person did with the call that it answers."""
    if part.type == "tool-result":
        # Beside a subagent, nobody is asked.
        return part if line.is_sidechain else harness.done_by_person(part, tool, line.result)
    return part if line.author is None else msgspec.structs.replace(part, author=line.author)
