"""Decodes JSON only as far as displaying it needs.

An array of a message that its provider's format does not know stays text: `[[],[],[]]` takes thirty times its length as
values. What is shown of a message is its own objects, to a few levels; what is below them goes out as it came in.
"""

import msgspec

from seasoned.message import Asset, Json, JsonObject, Part, PartType

# A part's meta, what is kept in it beside the known keys (`extra`), and an object in that.
LEVELS = 3
# What is shorter is read whole.
SHORT_BYTES = 1024


class _Part(msgspec.Struct):
    """A part whose meta is not read yet."""

    type: PartType
    text: str | None = None
    meta: dict[str, msgspec.Raw] = {}
    asset: Asset | None = None
    filename: str | None = None


def parts(encoded: bytes) -> tuple[Part, ...]:
    """A message's parts; large arrays and deep objects in their meta are `msgspec.Raw`."""
    found = msgspec.json.decode(encoded, type=tuple[_Part, ...])
    return tuple(Part(one.type, one.text, _object(one.meta, LEVELS - 1), one.asset, one.filename) for one in found)


def value(text: str) -> JsonObject:
    """A message's meta, like those of parts."""
    return _object(msgspec.json.decode(text, type=dict[str, msgspec.Raw]), LEVELS - 1)


def _object(found: dict[str, msgspec.Raw], levels: int) -> JsonObject:
    return {key: _value(one, levels) for key, one in found.items()}


def _value(raw: msgspec.Raw, levels: int) -> Json:
    text = memoryview(raw)
    if len(text) <= SHORT_BYTES or text[0] not in b"[{":
        found: Json = msgspec.json.decode(text)
        return found
    if text[0] == ord("{") and levels > 0:
        return _object(msgspec.json.decode(text, type=dict[str, msgspec.Raw]), levels - 1)
    # Else it would keep the whole message in memory.
    return raw.copy()  # type: ignore[return-value]  # what encodes JSON takes it for what it holds
