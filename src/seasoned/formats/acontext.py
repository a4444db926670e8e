"""The unified form of the `acontext` SDKs (wire contract, C.5 and C.7)."""

from typing import get_args

import msgspec

from seasoned.errors import Invalid
from seasoned.formats.fields import items_of
from seasoned.message import Json, JsonObject, Message, Part, PartType

PART_TYPES: frozenset[str] = frozenset(get_args(PartType))
NEEDS: dict[str, tuple[str, ...]] = {
    "tool-call": ("name", "arguments"),
    "tool-result": ("tool_call_id",),
    "data": ("data_type",),
}


def parse(blob: JsonObject) -> Message:
    """A message of role user or assistant with typed parts. Raises Invalid."""
    role = blob.get("role")
    if role not in ("user", "assistant"):
        raise Invalid(f"An acontext message needs the role user or assistant, not {str(role)[:40]!r}.")
    parts = blob.get("parts")
    meta = blob.get("meta")
    if meta is not None and not isinstance(meta, dict):
        raise Invalid("An acontext message's meta must be an object.")
    return Message(
        role="user" if role == "user" else "assistant",
        parts=() if parts is None else tuple(_part(item) for item in items_of(parts, "An acontext message's parts")),
        meta={"source_format": "acontext", **(meta or {})},
    )


def _part(item: JsonObject) -> Part:
    kind, text, meta = item.get("type"), item.get("text"), item.get("meta")
    if not isinstance(kind, str) or kind not in PART_TYPES:
        raise Invalid(f"A part's type must be one of {', '.join(sorted(PART_TYPES))}, not {str(kind)[:40]!r}.")
    if text is not None and not isinstance(text, str):
        raise Invalid("A part's text must be a string.")
    if meta is not None and not isinstance(meta, dict):
        raise Invalid("A part's meta must be an object.")
    if item.get("file_field"):
        raise Invalid("A part names a file_field, but the request has no files; uploads are not supported yet.")
    if kind in ("text", "thinking") and not text:
        raise Invalid(f"A {kind} part needs a text that is not empty.")
    missing = [key for key in NEEDS.get(kind, ()) if (meta or {}).get(key) is None]
    if missing:
        raise Invalid(f"A {kind} part needs {' and '.join(missing)} in its meta.")
    return Part(type=msgspec.convert(kind, PartType), text=text, meta=meta or {})


def render_part(part: Part) -> JsonObject:
    """A part as the wire shows it: empty fields are left out."""
    shown: JsonObject = {"type": part.type}
    if part.text:
        shown["text"] = part.text
    if part.asset is not None:
        shown["asset"] = msgspec.to_builtins(part.asset)
    if part.filename:
        shown["filename"] = part.filename
    if part.meta:
        shown["meta"] = part.meta
    return shown


def render(message: Message) -> Json:
    """A message without its row's fields."""
    return {"role": message.role, "parts": [render_part(part) for part in message.parts], "meta": message.meta}
