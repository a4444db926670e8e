"""A message that is read to be shown takes memory in proportion to its length, whatever it is made of."""

import gc
import json
import tracemalloc

import msgspec
import pytest

from seasoned.formats import Format, parse, render
from seasoned.message import Json, JsonObject, Message
from seasoned.store.messages import MessageRow, decoded
from seasoned.store.rows import dump_object

TIMES_MAX = 8
"""How many times its length as JSON; as values, arrays take over thirty times theirs."""


def arrays(count: int) -> list[Json]:
    return [[]] * count


COUNT = 100_000
AS_TEXT = json.dumps({"z": arrays(COUNT)}, separators=(",", ":"))
CALL: JsonObject = {"id": "c", "type": "function", "function": {"name": "f", "arguments": AS_TEXT}}
DEEP: JsonObject = {"a": {"b": {"z": arrays(COUNT)}}}
PLACES: dict[str, tuple[Format, JsonObject, list[Format]]] = {
    "a part": (
        "openai",
        {"role": "user", "content": [{"type": "text", "text": "x", "z": arrays(COUNT)}]},
        ["openai", "acontext"],
    ),
    "a part of no known type": (
        "anthropic",
        {"role": "user", "content": [{"type": "new", "z": {"y": arrays(COUNT)}}]},
        ["anthropic", "acontext"],
    ),
    "a list that a tool answered": (
        "openai",
        {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "x", "z": arrays(COUNT)}]},
        ["openai", "acontext"],
    ),
    "a text that a tool answered": (
        "anthropic",
        {
            "role": "user",
            "content": [
                {"type": "tool_use", "id": "c", "name": "f", "input": {}},
                {"type": "tool_result", "tool_use_id": "c", "content": AS_TEXT},
            ],
        },
        ["anthropic", "gemini"],
    ),
    "a call's arguments": ("openai", {"role": "assistant", "tool_calls": [CALL]}, ["openai", "anthropic", "gemini"]),
    "a part's own meta": (
        "acontext",
        {"role": "user", "parts": [{"type": "text", "text": "x", "meta": DEEP}]},
        ["acontext"],
    ),
}


def row_of(message: Message) -> tuple[MessageRow, bytes]:
    row = MessageRow(
        "i", "s", 1, message.role, "", None, dump_object(message.meta), None, None, None, "pending", 0, 0, 0
    )
    return row, msgspec.json.encode(message.parts)


@pytest.mark.parametrize("place", PLACES)
def test_arrays_stay_text(place: str) -> None:
    written_as, blob, formats = PLACES[place]
    message = parse(blob, written_as)
    row, encoded = row_of(message)
    for wanted in formats:
        expected = msgspec.json.encode(render([decoded(row, encoded)], wanted))
        gc.collect()
        tracemalloc.start()
        shown = msgspec.json.encode(render([decoded(row, encoded, lazy=True)], wanted))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert shown == expected
        assert shown.count(b"[]") >= COUNT
        assert peak < TIMES_MAX * (len(encoded) + len(row.meta or ""))


def test_what_is_beside_a_large_part_is_read_as_ever() -> None:
    blob: JsonObject = {
        "role": "assistant",
        "content": [
            {"type": "text", "text": "long " * 10_000, "cache_control": {"type": "ephemeral"}},
            {
                "type": "tool_use",
                "id": "c",
                "name": "f",
                "input": {"a": 1, "b": [1, {"c": None}]},
                "more": {"d": [2.5]},
            },
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AA==" * 9_000, "e": [1]},
            },
        ],
        "extra": {"f": {"g": {"h": [True]}}},
    }
    row, encoded = row_of(parse(blob, "anthropic"))
    whole, shown = decoded(row, encoded), decoded(row, encoded, lazy=True)
    assert whole == shown
    assert render([shown], "anthropic") == [blob]
