"""Gemini CLI's recordings: `~/.gemini/tmp/<project>/chats/session-*.json` and, since 2026, `.jsonl`.

Either one object with its `messages`, or lines: a head with the `sessionId`, a line for each message, again when it
changed, `{"$set": ...}` for the head (with `messages`, all of them anew) and `{"$rewindTo": id}`, which takes back the
message and what followed. What a person typed is the `displayContent`, when the program put more into the message.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seasoned.importers import blocks, draft, reading, times
from seasoned.importers.draft import Draft
from seasoned.message import Author, Json, JsonObject, Part, PersonEvent

NAME: Final = "gemini-cli"
_TYPES = ("user", "gemini", "info", "error", "warning")


def recognises(value: Json) -> bool:
    """Whether a file's value, or its first line, is of this format."""
    if not isinstance(value, dict) or "sessionId" not in value:
        return False
    messages = value.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    if isinstance(first, dict):
        return first.get("type") in _TYPES and "content" in first
    return "projectHash" in value


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    head: JsonObject = {}
    messages: dict[str, tuple[str, JsonObject]] = {}
    for where, value in reading.values(path, notes):
        if not isinstance(value, dict):
            continue
        changed = value.get("$set")
        record = changed if isinstance(changed, dict) else value
        back = value.get("$rewindTo")
        if isinstance(back, str) and back in messages:
            messages = dict(itertools.takewhile(lambda one: one[0] != back, messages.items()))  # noqa: B023 - used here
        elif isinstance(record.get("messages"), list) and (record["messages"] or record is value):
            messages = {_id(one, where): (where, one) for one in reading.objects(record, "messages")}
        elif value.get("type") in _TYPES:
            messages[_id(value, where)] = (where, value)
        if "sessionId" in record and not head:
            head = record
    session = Draft(reading.text_of(head, "sessionId"))
    session.began = times.time_of({"timestamp": head.get("startTime")})
    for where, record in messages.values():
        _say(session, record, head.get("kind") == "subagent", notes, where)
    yield session


def _id(record: JsonObject, where: str) -> str:
    return reading.text_of(record, "id") or where


def _say(session: Draft, record: JsonObject, is_subagent: bool, notes: reading.Notes, where: str) -> None:
    at, id_ = times.time_of(record), reading.text_of(record, "id")
    parts = blocks.parts_of(record.get("content"), notes, where)
    if record.get("type") == "user":
        shown = blocks.as_text(record.get("displayContent")).strip()
        session.say("user", _typed(parts, shown), at=at, id=id_, author="peer" if is_subagent else None)
    elif record.get("type") == "gemini":
        calls = reading.objects(record, "toolCalls")
        said = [
            *map(_thought, reading.objects(record, "thoughts")),
            *parts,
            *(blocks.call(_id(one, ""), reading.text_of(one, "name"), one.get("args")) for one in calls),
        ]
        session.say("assistant", said, at=at, id=id_)
        for one in calls:
            if one.get("result") is not None or one.get("status") in ("error", "cancelled"):
                session.say("user", [_answer(one)], at=times.time_of(one) or at)


def _typed(parts: list[Part], shown: str) -> list[Part | None]:
    """The parts of a prompt; what a person did not type is the program's, such as files that it put in."""
    if not shown or not any(part.text and part.text.strip() == shown for part in parts):
        return list(parts)
    found: list[Part | None] = []
    for part in parts:
        author: Author | None = None if part.text is None or part.text.strip() == shown else "harness"
        found.append(part if author is None else blocks.text(part.text or "", author))
    return found


def _thought(one: JsonObject) -> Part | None:
    subject, said = reading.text_of(one, "subject"), reading.text_of(one, "description")
    return blocks.thought(f"{subject}\n{said}".strip())


def _answer(record: JsonObject) -> Part:
    result = record.get("result")
    texts = [
        blocks.output_of(reading.inner(one, "functionResponse").get("response"))
        if isinstance(one, dict) and "functionResponse" in one
        else blocks.as_text([one] if isinstance(one, dict) else one)
        for one in (result if isinstance(result, list) else [result])
    ]
    output = "\n".join(filter(None, texts))
    event: PersonEvent | None = None
    if record.get("status") == "cancelled":
        event = "refused" if "did not allow" in output else "interrupted"
    return blocks.answer(_id(record, ""), output, failed=record.get("status") in ("error", "cancelled"), event=event)


read = draft.reader(NAME, _drafts)
