"""Qwen Code's sessions: `~/.qwen/projects/<dir>/chats/<session>.jsonl` and `~/.qwen/tmp/<hash>/chats/`.

The lines have the keys of Claude Code's and the messages of Gemini: `{uuid, parentUuid, sessionId, type, message:
{role, parts}}`. They are a tree by `parentUuid`: the conversation is what leads to the last line.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from seasoned.importers import blocks, draft, reading, times
from seasoned.importers.draft import Draft
from seasoned.message import Json, JsonObject

NAME: Final = "qwen-code"


def recognises(value: Json) -> bool:
    """Whether a line of a file is of this format."""
    message = value.get("message") if isinstance(value, dict) else None
    return isinstance(value, dict) and "sessionId" in value and isinstance(message, dict) and "parts" in message


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    found: dict[str, tuple[str, JsonObject]] = {}
    for number, value in reading.lines(path, notes, held=True):
        if isinstance(value, dict) and value.get("uuid"):
            found[str(value["uuid"])] = (f"line {number}", value)
    session = Draft(next((reading.text_of(one, "sessionId") for _, one in found.values()), ""))
    for where, record in _chain(found):
        _say(session, record, notes, where)
    yield session


def _chain(found: dict[str, tuple[str, JsonObject]]) -> list[tuple[str, JsonObject]]:
    """The lines from the first to the last one, along the parents."""
    chain: list[tuple[str, JsonObject]] = []
    at = next(reversed(found), "")
    passed: set[str] = set()
    while at in found and at not in passed:
        passed.add(at)
        chain.append(found[at])
        at = reading.text_of(found[at][1], "parentUuid")
    return chain[::-1]


def _say(session: Draft, record: JsonObject, notes: reading.Notes, where: str) -> None:
    message, at, id_ = record.get("message"), times.time_of(record), reading.text_of(record, "uuid")
    if not isinstance(message, dict) or record.get("type") not in ("user", "assistant", "tool_result"):
        return
    parts = blocks.parts_of(message.get("parts"), notes, where)
    if message.get("role") == "model":
        session.say("assistant", parts, at=at, id=id_)
        return
    outcome = record.get("toolCallResult")
    status = reading.text_of(outcome, "status") if isinstance(outcome, dict) else ""
    if record.get("type") == "tool_result" and status in ("error", "cancelled"):
        answers = [
            blocks.answer(
                one.call_id, one.text or "", failed=True, event="interrupted" if status == "cancelled" else None
            )
            for one in parts
        ]
        session.say("user", answers, at=at)
        return
    if record.get("subtype") == "notification":
        session.say("user", parts, at=at, id=id_, author="harness")
        return
    payload = record.get("systemPayload")
    shown = reading.text_of(payload, "displayText").strip() if isinstance(payload, dict) else ""
    known = any(one.text and one.text.strip() == shown for one in parts) if shown else False
    said = [
        msgspec.structs.replace(one, author="harness") if known and one.text and one.text.strip() != shown else one
        for one in parts
    ]
    session.say("user", said, at=at, id=id_)


read = draft.reader(NAME, _drafts)
