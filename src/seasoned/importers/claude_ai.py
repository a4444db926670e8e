"""Claude.ai's export: `conversations.json`, also inside of the archive: conversations with their `chat_messages`.

The text of a file that a person attached is quoted matter, not the person's words.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seasoned.importers import blocks, draft, reading, times
from seasoned.importers.draft import Draft
from seasoned.message import Json, JsonObject, Part

NAME: Final = "claude-ai"


def recognises(value: Json) -> bool:
    """Whether a file's value is of this format."""
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and isinstance(first.get("chat_messages"), list)


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    for where, value in reading.values(path, notes):
        messages = value.get("chat_messages") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(messages, list):
            notes.add(f"{where} is no conversation and was left out")
            continue
        session = Draft(reading.text_of(value, "uuid"), source=f"{path.name} ({reading.text_of(value, 'name')[:80]})")
        session.numbered = len(session.id) < 8  # noqa: PLR2004 - no UUID
        session.began = times.time_of(value)
        for one in messages:
            if isinstance(one, dict):
                _say(session, one, notes, where)
        yield session


def _say(session: Draft, message: JsonObject, notes: reading.Notes, where: str) -> None:
    at, id_ = times.time_of(message), reading.text_of(message, "uuid")
    content = message.get("content")
    parts = blocks.parts_of(content or message.get("text"), notes, where)
    if message.get("sender") == "assistant":
        for said in _turns(parts):
            session.say("user" if said[0].type == "tool-result" else "assistant", said, at=at, id=id_)
    else:
        session.say("user", [*parts, *_attached(message)], at=at, id=id_)


def _turns(parts: list[Part]) -> Iterator[list[Part]]:
    """One message has calls and their answers; here the answers are messages of their own."""
    run: list[Part] = []
    for part in parts:
        if run and (run[-1].type == "tool-result") != (part.type == "tool-result"):
            yield run
            run = []
        run.append(part)
    if run:
        yield run


def _attached(message: JsonObject) -> Iterator[Part | None]:
    attachments = message.get("attachments")
    for one in attachments if isinstance(attachments, list) else []:
        if isinstance(one, dict):
            yield blocks.text(reading.text_of(one, "extracted_content"), "quoted")


read = draft.reader(NAME, _drafts)
