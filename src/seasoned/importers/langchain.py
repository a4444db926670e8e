"""LangChain's and LangGraph's messages, as `messages_to_dict`, `dumpd` or a graph's state write them.

`{"type": "human", "data": {...}}`, `{"lc": 1, "id": [..., "HumanMessage"], "kwargs": {...}}` or the fields themselves;
a list of them, an object with `messages`, or lines of either.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seasoned.importers import chats, draft, reading
from seasoned.importers.draft import Draft
from seasoned.message import Json, JsonObject

NAME: Final = "langchain"
_TYPES = ("human", "ai", "AIMessageChunk", "HumanMessageChunk")
_ALL = (*_TYPES, "system", "tool", "function")


def recognises(value: Json) -> bool:
    """Whether a file's value, or a line of it, is of this format."""
    messages = _messages_of(value)
    some = messages if messages is not None else value if isinstance(value, list) else [value]
    return any(_is_message(one) and plain(one).get("type") in _TYPES for one in some[:10])


def _is_message(value: Json) -> bool:
    one = plain(value)
    return one.get("type") in _ALL and "content" in one and "role" not in one


def plain(value: Json) -> JsonObject:
    """A message without what wraps it."""
    if not isinstance(value, dict):
        return {}
    if value.get("lc") and "kwargs" in value:
        names = value.get("id")
        name = str(names[-1]) if isinstance(names, list) and names else ""
        return {"type": name.removesuffix("Chunk").removesuffix("Message").lower(), **reading.inner(value, "kwargs")}
    data = value.get("data")
    return {**data, "type": value.get("type")} if isinstance(data, dict) and "content" in data else value


def _messages_of(value: Json) -> list[Json] | None:
    for holder in (value, value.get("values") if isinstance(value, dict) else None):
        messages = holder.get("messages") if isinstance(holder, dict) else holder
        if isinstance(messages, list) and any(_is_message(one) for one in messages[:10]):
            return messages
    return None


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    yield from chats.drafts_of(path, notes, _messages_of, _is_message, plain)


read = draft.reader(NAME, _drafts)
