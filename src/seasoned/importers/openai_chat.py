"""Chats as lists of provider messages.

A file is `{"messages": [...]}`, a bare list of messages, a list of these, or JSONL of conversations or of messages.
Messages are OpenAI's, of Chat Completions or items of Responses; one whose content has Anthropic's blocks is read as
that. `outcome`, `label`, `success` or
`reward` beside the messages tell how it ended; in JSONL of messages, a line without a message may tell it.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from seasoned.errors import BadTranscript
from seasoned.formats import Format
from seasoned.formats.openai import ITEM_TYPES
from seasoned.importers import reading, times
from seasoned.importers.outcomes import outcome_of
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.message import Json, JsonObject, Message
from seasoned.task import TaskStatus

NAME = "openai-chat"
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_ANTHROPIC = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking", "document", "image"})
_IDS = ("id", "session_id", "conversation_id", "thread_id")
_NAME_CHARS_MAX = 100
_LOOKED_AT_MAX = 10
# Single-message lines are collected until the file ends.
MESSAGES_MAX = 200_000


class _Chat(msgspec.Struct):
    """One conversation before it is read: its messages with their places in the file, and what stands beside them."""

    source: str
    blobs: list[tuple[str, Json]]
    beside: JsonObject
    outcome: TaskStatus | None = None


def recognises(value: Json) -> bool:
    """Whether a file's value, or a line of it, is of this format."""
    if _messages_of(value) is not None:
        return True
    if isinstance(value, list):
        return any(_messages_of(one) is not None for one in value[:_LOOKED_AT_MAX])
    return _is_message(value)


def _is_message(value: Json) -> bool:
    if not isinstance(value, dict):
        return False
    role = value.get("role")
    if role is None and str(value.get("type")) in ITEM_TYPES:
        return True
    return isinstance(role, str) and role in _ROLES and ("content" in value or "tool_calls" in value)


def _messages_of(value: Json) -> list[Json] | None:
    """The messages of a conversation; None when it is none."""
    messages = value.get("messages") if isinstance(value, dict) else value
    if isinstance(messages, list) and any(_is_message(one) for one in messages[:_LOOKED_AT_MAX]):
        return messages
    return None


def read(path: Path, notes: reading.Notes) -> Iterator[Transcript]:
    """Every conversation of the file."""
    chats = _of_lines(path, notes) if reading.is_lines(path) else _of_value(path, notes)
    modified = times.modified(path)
    for chat in chats:
        transcript = _transcript(chat, modified, notes)
        if transcript is not None:
            yield transcript


def _of_value(path: Path, notes: reading.Notes) -> Iterator[_Chat]:
    loaded = reading.load_json(path, notes)
    name = reading.shown(Path(path.name))
    if isinstance(loaded, list) and _messages_of(loaded) is None:
        for index, one in enumerate(loaded, start=1):
            yield from _chat(one, f"{name} #{index}", f"conversation {index}", notes)
    else:
        yield from _chat(loaded, name, "the file", notes)


def _chat(value: Json, source: str, where: str, notes: reading.Notes) -> Iterator[_Chat]:
    messages = _messages_of(value)
    if messages is None:
        notes.add(f"{where} has no list of messages and was left out")
        return
    blobs = [(f"message {index}", blob) for index, blob in enumerate(messages, start=1)]
    yield _Chat(source, blobs, value if isinstance(value, dict) else {})


def _of_lines(path: Path, notes: reading.Notes) -> Iterator[_Chat]:
    """Conversations as they come; the lines that are single messages are one conversation together, at the end."""
    name = reading.shown(Path(path.name))
    single = _Chat(name, [], {})
    for number, record in reading.lines(path, notes):
        if _messages_of(record) is not None:
            yield from _chat(record, f"{name} #{number}", f"line {number}", notes)
        elif isinstance(record, dict) and ("role" in record or _is_message(record)):
            single.blobs.append((f"line {number}", record))
            if len(single.blobs) > MESSAGES_MAX:
                raise BadTranscript(f"{name} has over {MESSAGES_MAX:,} messages; split it into sessions.")
        elif isinstance(record, dict) and _tells_something(record):
            single.beside = single.beside | record
        else:
            notes.add(f"line {number} is no message and was left out")
    if single.blobs:
        yield single


def _tells_something(record: JsonObject) -> bool:
    return outcome_of(record) is not None or any(key in record for key in _IDS)


def _transcript(chat: _Chat, modified: int, notes: reading.Notes) -> Transcript | None:
    found: list[tuple[int | None, Message]] = []
    for where, blob in chat.blobs:
        message = reading.message_of(blob, _format_of(blob), notes, where)
        # The reasoning of a model may have been kept from its reader.
        if message is not None and (message.parts or reading.text_of(blob if isinstance(blob, dict) else {}, "role")):
            found.append((times.time_of(blob) if isinstance(blob, dict) else None, message))
    if not found:
        notes.add(f"{chat.source} has no message that can be read and was left out")
        return None
    whole = times.filled([at for at, _ in found], times.time_of(chat.beside) or modified)
    return Transcript(
        key=f"{NAME}:{_key(chat.beside, [blob for _, blob in chat.blobs])}",
        source=chat.source,
        format=NAME,
        messages=tuple(TimedMessage(at, message) for at, (_, message) in zip(whole, found, strict=True)),
        outcome=outcome_of(chat.beside),
        user=reading.text_of(chat.beside, "user", "user_id")[:_NAME_CHARS_MAX],
        warnings=notes.take(),
    )


def _format_of(blob: Json) -> Format:
    content = blob.get("content") if isinstance(blob, dict) else None
    for item in content if isinstance(content, list) else []:
        kind = item.get("type") if isinstance(item, dict) else None
        if isinstance(kind, str) and kind in _ANTHROPIC:
            return "anthropic"
    return "openai"


def _key(beside: JsonObject, blobs: list[Json]) -> str:
    """A conversation's name, whatever file it lies in.

    An id alone would not do: sets of conversations number them from 1, each set anew. With an id, or with times in the
    messages, the beginning up to the agent's first message tells conversations apart, and one that has grown keeps its
    name. Else the whole content is the name, since many conversations begin alike.
    """
    opening = _opening(blobs)
    own = next((value for key in _IDS if isinstance(value := beside.get(key), str | int) and value != ""), None)
    if own is not None:
        return f"{str(own)[:_NAME_CHARS_MAX]}:{reading.fingerprint(opening)}"
    timed = any(isinstance(blob, dict) and times.time_of(blob) is not None for blob in opening)
    return reading.fingerprint(opening if timed else blobs)


def _opening(blobs: list[Json]) -> list[Json]:
    for index, blob in enumerate(blobs, start=1):
        if isinstance(blob, dict) and blob.get("role") == "assistant":
            return blobs[:index]
    return blobs
