"""ChatGPT's export: `conversations.json`, also inside of the archive, or one conversation of it.

A conversation is a tree: `mapping` has the messages by id with their `parent`, and `current_node` is the last one of
the branch that is shown; what a person edited away is on the others.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from seasoned.importers import blocks, draft, reading, times
from seasoned.importers.draft import Draft
from seasoned.message import Json, JsonObject, Part

NAME: Final = "chatgpt"
_HIDDEN = "is_visually_hidden_from_conversation"


def recognises(value: Json) -> bool:
    """Whether a file's value is of this format."""
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and isinstance(first.get("mapping"), dict)


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    for where, value in reading.values(path, notes):
        mapping = reading.inner(value, "mapping")
        if not isinstance(value, dict) or not mapping:
            notes.add(f"{where} is no conversation and was left out")
            continue
        title = reading.text_of(value, "title")[:80]
        session = Draft(reading.text_of(value, "conversation_id", "id"), source=f"{path.name} ({title})")
        session.began = times.time_of(value)
        for node in _branch(mapping, reading.text_of(value, "current_node")):
            _say(session, node, notes, where)
        yield session


def _branch(mapping: JsonObject, last: str) -> list[JsonObject]:
    """The messages up to the last one; without its id, up to the newest that nothing follows."""
    nodes = {key: one for key, one in mapping.items() if isinstance(one, dict)}
    if last not in nodes:
        last = next((key for key, one in reversed(nodes.items()) if not one.get("children")), "")
    found: list[JsonObject] = []
    passed: set[str] = set()
    while last in nodes and last not in passed:
        passed.add(last)
        message = nodes[last].get("message")
        if isinstance(message, dict):
            found.append(message)
        last = reading.text_of(nodes[last], "parent")
    return found[::-1]


def _say(session: Draft, message: JsonObject, notes: reading.Notes, where: str) -> None:
    role, content = reading.text_of(reading.inner(message, "author"), "role"), reading.inner(message, "content")
    hidden = reading.inner(message, "metadata").get(_HIDDEN) is True
    at, id_ = times.time_of(message), reading.text_of(message, "id")
    recipient = reading.text_of(message, "recipient")
    parts = _parts(content, notes, where)
    if role == "assistant" and recipient not in ("", "all"):
        said = "\n".join(part.text for part in parts if part.text)
        session.say("assistant", [blocks.call(id_, recipient, _arguments(said))], at=at, id=id_)
    elif role == "assistant":
        session.say("assistant", parts, at=at, id=id_)
    elif role == "tool":
        called = session.said[-1][1].parts[-1] if session.said else None
        output = "\n".join(part.text for part in parts if part.text)
        session.say("user", [blocks.answer(called.call_id if called else "", output)], at=at)
    elif role == "user":
        told = content.get("content_type") in ("user_editable_context", "model_editable_context") or hidden
        session.say("user", parts, at=at, id=id_, author="harness" if told else None)
    elif role == "system":
        session.say("user", parts, at=at, original_role="system")


def _arguments(said: str) -> str:
    """A call's arguments: JSON as it is, and code as the one that is to run."""
    return said if said.lstrip().startswith("{") else msgspec.json.encode({"code": said}).decode()


def _parts(content: JsonObject, notes: reading.Notes, where: str) -> list[Part]:
    kind, said = reading.text_of(content, "content_type"), reading.text_of(content, "text", "result")
    if kind == "thoughts":
        texts = [reading.text_of(one, "content", "summary") for one in reading.objects(content, "thoughts")]
        return [part for one in texts if (part := blocks.thought(one)) is not None]
    if kind == "reasoning_recap":
        return []
    found = [blocks.text(said)] if said else []
    listed = content.get("parts")
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict):
            found.append(_asset(one, notes, where))
        elif isinstance(one, str):
            found.append(blocks.text(one))
    editable = [reading.text_of(content, key) for key in ("user_profile", "user_instructions", "model_set_context")]
    return [part for part in (*found, *map(blocks.text, editable)) if part is not None]


def _asset(item: JsonObject, notes: reading.Notes, where: str) -> Part | None:
    said = reading.text_of(item, "text")
    if not said:
        notes.add(f"{where}: pictures and files are not in the export, only their names")
    return blocks.text(said)


read = draft.reader(NAME, _drafts)
