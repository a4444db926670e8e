"""Chats as lists of provider messages: `{"messages": [...]}`, a bare list, or JSONL of conversations or of messages.

Messages are OpenAI's; a list whose content blocks are Anthropic's is read as those. `outcome`, `label`, `success` and `reward` beside the
messages tell how it ended.
"""

from collections.abc import Iterator
from pathlib import Path

from seasoned.errors import BadTranscript
from seasoned.formats import Format
from seasoned.importers import reading
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.message import Json, JsonObject
from seasoned.task import TaskStatus

NAME = "openai-chat"
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_ANTHROPIC = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking", "document"})
_OUTCOMES: dict[str, TaskStatus] = {
    "success": "success",
    "succeeded": "success",
    "passed": "success",
    "pass": "success",
    "resolved": "success",
    "correct": "success",
    "true": "success",
    "failed": "failed",
    "failure": "failed",
    "fail": "failed",
    "unresolved": "failed",
    "incorrect": "failed",
    "error": "failed",
    "false": "failed",
    "running": "running",
    "pending": "pending",
}


def recognises(first: Json) -> bool:
    """Whether a file's value, or its first line, is of this format."""
    if isinstance(first, list):
        return bool(first) and (_is_message(first[0]) or _is_conversation(first[0]))
    return _is_message(first) or _is_conversation(first)


def _is_message(value: Json) -> bool:
    return isinstance(value, dict) and value.get("role") in _ROLES and ("content" in value or "tool_calls" in value)


def _is_conversation(value: Json) -> bool:
    if not isinstance(value, dict):
        return False
    messages = value.get("messages")
    return isinstance(messages, list) and bool(messages) and _is_message(messages[0])


def read(path: Path) -> Iterator[Transcript]:
    """Every conversation of the file."""
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        yield from _read_lines(path)
        return
    loaded = reading.load_json(path)
    conversations = loaded if isinstance(loaded, list) and loaded and _is_conversation(loaded[0]) else [loaded]
    yield from _conversations(path, conversations, reading.Notes())


def _read_lines(path: Path) -> Iterator[Transcript]:
    notes = reading.Notes()
    records = [line for _, line in reading.lines(path, notes)]
    if any(_is_conversation(record) for record in records):
        yield from _conversations(path, list(records), notes)
    else:
        # A chat that is still being written grows by lines, so its name cannot come from its content.
        yield from _conversations(path, [{"messages": list(records), "id": reading.fingerprint(records[:1])}], notes)


def _conversations(path: Path, found: list[Json], notes: reading.Notes) -> Iterator[Transcript]:
    for index, one in enumerate(found, start=1):
        conversation: JsonObject = one if isinstance(one, dict) else {"messages": one}
        blobs = conversation.get("messages")
        if not isinstance(blobs, list):
            notes.add(f"conversation {index} has no list of messages and was left out")
            continue
        messages = tuple(_messages(blobs, reading.modified(path), notes))
        if not messages:
            notes.add(f"conversation {index} has no message that can be read and was left out")
            continue
        name = conversation.get("id") or conversation.get("session_id") or reading.fingerprint(blobs)
        yield Transcript(
            key=f"{NAME}:{str(name)[:200]}",
            source=path.name if len(found) == 1 else f"{path.name} #{index}",
            format=NAME,
            messages=messages,
            outcome=outcome_of(conversation),
            user=str(conversation.get("user") or "")[:200],
            warnings=notes.all(),
        )
        notes = reading.Notes()
    if not found:
        raise BadTranscript(f"{path} has no conversation; there is nothing to learn from.")


def _messages(blobs: list[Json], fallback: int, notes: reading.Notes) -> Iterator[TimedMessage]:
    format_ = _format(blobs)
    for index, blob in enumerate(blobs, start=1):
        message = reading.message_of(blob, format_, notes, f"message {index}")
        if message is not None:
            fallback = reading.time_of(blob, fallback) if isinstance(blob, dict) else fallback
            yield TimedMessage(fallback, message)


def _format(blobs: list[Json]) -> Format:
    for blob in blobs:
        content = blob.get("content") if isinstance(blob, dict) else None
        for item in content if isinstance(content, list) else []:
            if isinstance(item, dict) and item.get("type") in _ANTHROPIC:
                return "anthropic"
    return "openai"


def outcome_of(record: JsonObject) -> TaskStatus | None:
    """How a record says that it ended."""
    for key in ("outcome", "label", "status", "success", "resolved"):
        value = record.get(key)
        if isinstance(value, str | bool):
            found = _OUTCOMES.get(str(value).strip().lower())
            if found is not None:
                return found
    reward = record.get("reward")
    if isinstance(reward, int | float) and not isinstance(reward, bool):
        return "success" if reward >= 1.0 else "failed"
    return None
