"""Claude Code's session files: `~/.claude/projects/<dir>/<session>.jsonl` and `.../subagents/agent-*.jsonl`.

A line is a record with `type`, `uuid`, `parentUuid`, `sessionId`, `timestamp` and, for user and assistant, an Anthropic
`message`. One message of the API may lie in several lines with the same `message.id`; it becomes one message, in the
place of the first. What a person types while the agent works comes as an `attachment`.

A session's key is its `sessionId`, with the agent's id for a subagent. A file that has grown gives the same messages
again with more behind them, unless the person has gone back to an earlier prompt: what was taken back is gone then.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from seasoned.importers import harness, reading, times
from seasoned.importers.claude_code_tree import Line, branch, conversations
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.message import Json, JsonObject, Message

NAME = "claude-code"
_ID_CHARS_MAX = 120
_SHORT_ID_CHARS = 8
# Lines of type user or assistant without a message.
_NOT_SAID = ("isMeta", "isCompactSummary", "isVisibleInTranscriptOnly", "isApiErrorMessage")


def recognises(record: Json) -> bool:
    """Whether a line of a file is of this format."""
    if not isinstance(record, dict) or not isinstance(record.get("type"), str):
        return False
    if record["type"] == "file-history-snapshot":
        return "snapshot" in record
    return "sessionId" in record or "parentUuid" in record or "leafUuid" in record


def read(path: Path, notes: reading.Notes) -> Iterator[Transcript]:
    """The file's session; when it holds several, or sidechains, each."""
    lines = [
        line
        for number, record in reading.lines(path, notes, held=True)
        if (line := _line(number, record, notes)) is not None
    ]
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
            warnings=notes.take(),
        )


def _whole_ones(lines: Sequence[Line], notes: reading.Notes) -> dict[tuple[str, str], list[Line]]:
    """The conversations of the file without fragments of other sessions.

    The rest of such a session is learned from its own file; under the same key, its end would be taken for its start.
    """
    counts = Counter(line.session for line in lines if line.blob is not None)
    main = max(counts, key=lambda session: counts[session], default="")
    uuids = {line.uuid for line in lines}
    whole = {}
    for (session, agent), group in conversations(lines).items():
        parent = group[0].parent
        if session == main or not parent or parent in uuids:
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
    blob = _blob(number, kind, record, notes)
    if not uuid and blob is None:
        return None
    message = record.get("message")
    return Line(
        number=number,
        at=times.time_of(record),
        kind=kind,
        uuid=uuid,
        parent=reading.text_of(record, "parentUuid"),
        before_compaction=reading.text_of(record, "logicalParentUuid"),
        session=reading.text_of(record, "sessionId"),
        agent=reading.text_of(record, "agentId"),
        is_sidechain=record.get("isSidechain") is True,
        message_id=reading.text_of(message, "id") if kind == "assistant" and isinstance(message, dict) else "",
        blob=blob,
        continues=record.get("isCompactSummary") is True,
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
    left = harness.said_content(content)
    return None if left is None else {"role": kind, "content": left}


def _typed_meanwhile(record: JsonObject) -> JsonObject | None:
    attachment = record.get("attachment")
    if not isinstance(attachment, dict) or attachment.get("type") != "queued_command":
        return None
    origin = attachment.get("origin") or record.get("origin")
    by_person = not isinstance(origin, dict) or origin.get("kind") in (None, "human")
    if not by_person or attachment.get("commandMode") not in (None, "prompt"):
        return None
    left = harness.said_content(attachment.get("prompt"))
    return None if left is None else {"role": "user", "content": left}


def _messages(lines: Sequence[Line], default: int, notes: reading.Notes) -> tuple[TimedMessage, ...]:
    """The messages in order, the pieces of one API message put together."""
    found: list[tuple[int | None, Message]] = []
    places: dict[str, int] = {}
    seen: dict[str, JsonObject] = {}
    for line in lines:
        if line.blob is None or (line.uuid and seen.get(line.uuid) == line.blob):
            continue  # nothing said, or a line that was written twice
        seen[line.uuid] = line.blob
        message = reading.message_of(line.blob, "anthropic", notes, f"line {line.number}")
        if message is None or not message.parts:
            continue
        place = places.get(line.message_id) if line.message_id else None
        if place is None:
            places[line.message_id] = len(found)
            found.append((line.at, message))
        else:
            at, first = found[place]
            found[place] = (at, msgspec.structs.replace(first, parts=first.parts + message.parts))
    whole = times.filled([at for at, _ in found], default)
    return tuple(TimedMessage(at, message) for at, (_, message) in zip(whole, found, strict=True))
