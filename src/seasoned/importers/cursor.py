"""Cursor's sessions: the transcripts of its agent (`~/.cursor/projects/*/agent-transcripts/**/*.jsonl`), and the chats
in its database (`<user data>/User/globalStorage/state.vscdb`).

A line of a transcript is `{role, message: {content}}`, with Anthropic's blocks. The database has, in `cursorDiskKV`, a
`composerData:<chat>` with the order of a chat's bubbles, and a `bubbleId:<chat>:<bubble>` for each. What a person typed
may stand in `<user_query>`, behind what the program put before it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from seasoned.importers import blocks, chats, draft, packed, reading, times
from seasoned.importers.draft import Draft
from seasoned.message import Json, JsonObject, Part, PersonEvent, Span

NAME: Final = "cursor"
_TABLE = "cursorDiskKV"
_CHATS = "SELECT key, value FROM cursorDiskKV WHERE key >= 'composerData:' AND key < 'composerData;' ORDER BY key"
_BUBBLE = "SELECT key, value FROM cursorDiskKV WHERE key >= ? AND key < ?"
_QUERY = re.compile(r"<user_query>\s{0,20}(.*?)\s{0,20}</user_query>", re.DOTALL)
_PERSON = 1


def recognises(value: Json) -> bool:
    """Whether a line of a file, or a database's tables, are of this format."""
    one = chats.first_of(value)
    tables = one.get(reading.TABLES)
    if isinstance(tables, list):
        return _TABLE in tables
    message = one.get("message")
    return one.get("role") in ("user", "assistant") and isinstance(message, dict) and "content" in message


def left_out(path: Path) -> str:
    """Why a file is not read: it is a subagent's, and lies in its session's folder."""
    if path.parent.name == "subagents" and path.suffix == ".jsonl":
        return f"{reading.shown(path)} is of a subagent, which told its session the result."
    return ""


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    if reading.container(path) is not None:
        yield from _of_database(path, notes)
        return
    session = Draft(path.stem, numbered=True)
    for number, value in reading.lines(path, notes):
        message = value.get("message") if isinstance(value, dict) else None
        if isinstance(value, dict) and isinstance(message, dict):
            parts = [_typed(part) for part in blocks.parts_of(message.get("content"), notes, f"line {number}")]
            is_agent = value.get("role") == "assistant"
            session.say("assistant" if is_agent else "user", parts, at=times.time_of(value))
    yield session


def _typed(part: Part) -> Part:
    """A text with what the person typed in it told from the rest."""
    found = _QUERY.search(part.text or "") if part.type == "text" else None
    if found is None:
        return part
    return msgspec.structs.replace(part, author="harness", spans=(Span(found.start(1), found.end(1), "person"),))


def _of_database(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    for key, value in packed.rows(path, _CHATS):
        chat = _object(value, str(key), notes)
        id_ = str(key).partition(":")[2]
        session = Draft(id_, source=f"{path.name} ({reading.text_of(chat, 'name')[:80] or id_[:8]})")
        session.began = times.time_of(chat)
        bubbles = reading.objects(chat, "conversation")
        if not bubbles:
            head = f"bubbleId:{id_}:"
            rows = packed.rows(path, _BUBBLE, (head, f"{head[:-1]};"))
            known = {str(name).removeprefix(head): _object(one, str(name), notes) for name, one in rows}
            order = [reading.text_of(one, "bubbleId") for one in reading.objects(chat, "fullConversationHeadersOnly")]
            bubbles = [known[one] for one in order if one in known]
        for one in bubbles:
            _say(session, one)
        yield session


def _object(value: object, where: str, notes: reading.Notes) -> JsonObject:
    if value is None:
        return {}
    raw = value if isinstance(value, bytes) else str(value).encode()
    found = reading.decode(raw, notes, where[:60])
    return found if isinstance(found, dict) else {}


def _say(session: Draft, bubble: JsonObject) -> None:
    at, id_ = times.time_of(bubble), reading.text_of(bubble, "bubbleId")
    said = blocks.text(reading.text_of(bubble, "text"))
    if bubble.get("type") == _PERSON:
        session.say("user", [said], at=at, id=id_)
        return
    tool = reading.inner(bubble, "toolFormerData")
    thought = blocks.thought(reading.text_of(reading.inner(bubble, "thinking"), "text"))
    if not reading.text_of(tool, "name"):
        session.say("assistant", [thought, said], at=at, id=id_)
        return
    call_id = reading.text_of(tool, "toolCallId")
    given = reading.text_of(tool, "rawArgs", "params") or tool.get("params")
    session.say("assistant", [thought, said, blocks.call(call_id, reading.text_of(tool, "name"), given)], at=at, id=id_)
    status, decision = reading.text_of(tool, "status"), reading.text_of(tool, "userDecision")
    event: PersonEvent | None = (
        "refused" if decision == "rejected" else "interrupted" if status == "cancelled" else None
    )
    output = blocks.as_text(tool.get("result") or tool.get("error"))
    if output or event or status in ("completed", "error"):
        session.say(
            "user", [blocks.answer(call_id, output, failed=status == "error" or event is not None, event=event)], at=at
        )


read = draft.reader(NAME, _drafts)
