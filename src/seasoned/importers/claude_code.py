"""Claude Code's session files: `~/.claude/projects/<dir>/<session>.jsonl`.

A line is a record with `type`, `uuid`, `parentUuid`, `sessionId`, `timestamp` and, for user and assistant, an Anthropic `message`. One
message of the API may be split over several lines with the same `message.id`. A rewind leaves the old prompt in the file and
adds another under the same parent: the newest stays. Text that the harness put into a user's message is not the user's.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec

from seasoned.importers import reading
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.message import Json, JsonObject, Message

NAME = "claude-code"
_TAGS = (
    "system-reminder|command-name|command-message|command-args|command-contents|local-command-stdout|local-command-stderr"
    "|local-command-caveat|user-prompt-submit-hook|post-tool-use-hook|ide_opened_file|ide_selection|bash-input|bash-stdout"
    "|bash-stderr|task-notification"
)
_HARNESS = re.compile(rf"<(?P<tag>{_TAGS})\b[^>]{{0,200}}>.*?</(?P=tag)>", re.DOTALL)
_INTERRUPTED = re.compile(r"\s*\[Request interrupted by user[^\]]{0,60}\]\s*")


class _Record(msgspec.Struct):
    """A user's or the assistant's line."""

    number: int
    at: int
    uuid: str
    parent: str
    message_id: str
    blob: JsonObject
    dropped: bool = False


def recognises(first: Json) -> bool:
    """Whether a file's first record is of this format."""
    return (
        isinstance(first, dict)
        and isinstance(first.get("type"), str)
        and ("sessionId" in first or "parentUuid" in first or "leafUuid" in first)
    )


def read(path: Path) -> Iterator[Transcript]:
    """The file's session; of several in one file, each."""
    notes = reading.Notes()
    sessions: dict[str, list[_Record]] = defaultdict(list)
    fallback = reading.modified(path)
    for number, line in reading.lines(path, notes):
        record = _record(number, line, fallback)
        if record is not None:
            sessions[_session_key(line, path)].append(record)
            fallback = record.at
    for key, records in sessions.items():
        _drop_rewound(records)
        messages = tuple(_messages(records, notes))
        if messages:
            source = path.name if len(sessions) == 1 else f"{path.name} ({key[:8]})"
            yield Transcript(key=f"{NAME}:{key}", source=source, format=NAME, messages=messages, warnings=notes.all())


def _session_key(line: JsonObject, path: Path) -> str:
    session = line.get("sessionId")
    key = session if isinstance(session, str) and session else path.stem
    agent = line.get("agentId")
    return f"{key}/{agent}" if isinstance(agent, str) and agent else key


def _record(number: int, line: JsonObject, fallback: int) -> _Record | None:
    blob = line.get("message")
    if line.get("type") not in ("user", "assistant") or line.get("isMeta") is True or not isinstance(blob, dict):
        return None
    cleaned = _without_harness(blob) if line.get("type") == "user" else blob
    if cleaned is None:
        return None
    return _Record(
        number=number,
        at=reading.time_of(line, fallback),
        uuid=_text(line.get("uuid")),
        parent=_text(line.get("parentUuid")),
        message_id=_text(blob.get("id")) if line.get("type") == "assistant" else "",
        blob={"role": cleaned.get("role") or line["type"], "content": cleaned.get("content")},
    )


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _without_harness(blob: JsonObject) -> JsonObject | None:
    """The user's message without what the harness added; None when nothing is left of it."""
    content = blob.get("content")
    if isinstance(content, str):
        said = _strip(content)
        return {**blob, "content": said} if said else None
    if not isinstance(content, list):
        return None
    kept: list[Json] = []
    for item in content:
        if isinstance(item, dict) and item.get("type") == "text" and isinstance(item.get("text"), str):
            said = _strip(str(item["text"]))
            kept += [{**item, "text": said}] if said else []
        else:
            kept.append(item)
    return {**blob, "content": kept} if kept else None


def _strip(text: str) -> str:
    return _INTERRUPTED.sub("", _HARNESS.sub("", text)).strip()


def _drop_rewound(records: list[_Record]) -> None:
    """Mark what was rewound: of several prompts under one parent, all but the newest, with what followed them."""
    children: dict[str, list[_Record]] = defaultdict(list)
    for record in records:
        children[record.parent].append(record)
    for parent, siblings in children.items():
        prompts = [one for one in siblings if one.blob["role"] == "user" and not _is_tool_answer(one.blob)]
        for rewound in prompts[:-1] if parent else []:
            _drop(rewound, children)


def _drop(root: _Record, children: dict[str, list[_Record]]) -> None:
    waiting = [root]
    while waiting:
        record = waiting.pop()
        if not record.dropped:
            record.dropped = True
            waiting += children.get(record.uuid, []) if record.uuid else []


def _is_tool_answer(blob: JsonObject) -> bool:
    content = blob.get("content")
    return isinstance(content, list) and any(
        isinstance(item, dict) and item.get("type") == "tool_result" for item in content
    )


def _messages(records: list[_Record], notes: reading.Notes) -> Iterator[TimedMessage]:
    """The messages in order, the pieces of one API message put together."""
    last: tuple[str, TimedMessage] | None = None
    for record in records:
        message = (
            None if record.dropped else reading.message_of(record.blob, "anthropic", notes, f"line {record.number}")
        )
        if message is None or not message.parts:
            continue
        if last is not None and record.message_id and last[0] == record.message_id:
            last = (last[0], TimedMessage(record.at, _joined(last[1].message, message)))
            continue
        if last is not None:
            yield last[1]
        last = (record.message_id, TimedMessage(record.at, message))
    if last is not None:
        yield last[1]


def _joined(first: Message, second: Message) -> Message:
    return msgspec.structs.replace(first, parts=first.parts + second.parts)
