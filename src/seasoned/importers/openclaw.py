"""Sessions of OpenClaw and pi: `~/.openclaw/agents/<id>/sessions/*.jsonl`, `~/.pi/agent/sessions/<dir>/*.jsonl`.

A line of the type `session`, then `{type: message, id, parentId, message: {role, content}}`. The lines are a tree by
`parentId`; the conversation is what leads to the last one. Mirrored deliveries were said by nobody.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seasoned.importers import blocks, draft, reading, times
from seasoned.importers.draft import Draft
from seasoned.message import Json, JsonObject

NAME: Final = "openclaw"
_MIRROR = "delivery-mirror"


def recognises(value: Json) -> bool:
    """Whether a line of a file is of this format."""
    if not isinstance(value, dict) or "id" not in value:
        return False
    message = value.get("message")
    said = value.get("type") == "message" and "parentId" in value and isinstance(message, dict) and "role" in message
    return said or (value.get("type") == "session" and "version" in value)


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    lines: list[tuple[str, JsonObject]] = []
    session = Draft()
    for number, value in reading.lines(path, notes, held=True):
        if isinstance(value, dict) and value.get("type") == "session" and not session.id:
            session.id = reading.text_of(value, "id")
            session.began = times.time_of(value)
        elif isinstance(value, dict) and value.get("id"):
            lines.append((f"line {number}", value))
    if not session.id and lines:
        # Its first line is lost.
        session.id, session.numbered = str(lines[0][1]["id"]), True
    for where, line in _branch(lines):
        _say(session, line, notes, where)
    yield session


def _branch(lines: list[tuple[str, JsonObject]]) -> list[tuple[str, JsonObject]]:
    """The lines that lead to the last one. A parent that is no line, such as a call, is the line before."""
    places = {str(line["id"]): index for index, (_, line) in enumerate(lines)}
    taken: list[tuple[str, JsonObject]] = []
    at = len(lines) - 1
    while at >= 0:
        taken.append(lines[at])
        parent = lines[at][1].get("parentId")
        at = min(places.get(str(parent), at - 1), at - 1)
    return taken[::-1]


def _say(session: Draft, line: JsonObject, notes: reading.Notes, where: str) -> None:
    message, at, id_ = line.get("message"), times.time_of(line), reading.text_of(line, "id")
    if line.get("type") == "custom_message":
        session.say("user", blocks.parts_of(line.get("content"), notes, where), at=at, id=id_, author="harness")
    if line.get("type") != "message" or not isinstance(message, dict) or message.get("model") == _MIRROR:
        return
    role = message.get("role")
    if role == "bashExecution":
        output = f"$ {reading.text_of(message, 'command')}\n{reading.text_of(message, 'output')}"
        session.say("user", [blocks.text(output, "tool")], at=at, id=id_)
    elif role in ("branchSummary", "compactionSummary"):
        return
    elif role in ("custom", "hookMessage"):
        session.say("user", blocks.parts_of(message.get("content"), notes, where), at=at, id=id_, author="harness")
    else:
        session.take({**message, "id": id_}, notes, where, at=at)


read = draft.reader(NAME, _drafts)
