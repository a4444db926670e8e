"""ShareGPT's conversations, as data sets have them: `{"conversations": [{"from": "human", "value": ...}]}`.

`function_call` is the agent's, with the call as JSON; `observation` is a tool's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from seasoned.importers import chats, draft, reading
from seasoned.importers.draft import Draft
from seasoned.message import Json, JsonObject

NAME: Final = "sharegpt"


def recognises(value: Json) -> bool:
    """Whether a file's value, or a line of it, is of this format."""
    return _messages_of(chats.first_of(value)) is not None


def _messages_of(value: Json) -> list[Json] | None:
    said = value.get("conversations") if isinstance(value, dict) else None
    if isinstance(said, list) and {"from", "value"} <= chats.first_of(said).keys():
        return [_message(one) if isinstance(one, dict) else one for one in said]
    return None


def _message(turn: JsonObject) -> Json:
    value = turn.get("value")
    if turn.get("from") != "function_call" or not isinstance(value, str):
        return turn
    try:
        called = msgspec.json.decode(value)
    except msgspec.DecodeError:
        called = None
    if isinstance(called, dict) and isinstance(called.get("name"), str):
        return {"role": "assistant", "tool_calls": [called]}
    return {"role": "assistant", "content": value}


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    yield from chats.drafts_of(path, notes, _messages_of)


read = draft.reader(NAME, _drafts)
