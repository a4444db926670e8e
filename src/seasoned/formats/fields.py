"""Reading fields of untrusted JSON, with a sentence for each thing that can be wrong."""

from collections.abc import Container

from seasoned.errors import Invalid, TooLarge
from seasoned.message import Json, JsonObject

PARTS_MAX = 10_000
DEPTH_MAX = 100


def check_text(text: str) -> None:
    """Refuse text that no database can keep. Raises Invalid for half a character pair (a lone surrogate)."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Invalid("The text holds half a UTF-16 pair (a lone surrogate); send valid Unicode.") from None


def text_of(source: JsonObject, key: str, what: str) -> str:
    """A string that must be there. Raises Invalid."""
    value = source.get(key)
    if not isinstance(value, str):
        raise Invalid(f"{what} needs a string {key!r}, not {type(value).__name__}.")
    return value


def items_of(value: Json, what: str) -> list[JsonObject]:
    """A list of objects, bounded. Raises Invalid, TooLarge."""
    if not isinstance(value, list):
        raise Invalid(f"{what} must be a list, not {type(value).__name__}.")
    if len(value) > PARTS_MAX:
        raise TooLarge(f"{what} holds at most {PARTS_MAX} items; this has {len(value)}.")
    items = []
    for item in value:
        if not isinstance(item, dict):
            raise Invalid(f"{what} must hold objects only, not {type(item).__name__}.")
        items.append(item)
    return items


def others(source: JsonObject, known: Container[str]) -> JsonObject:
    """The keys that a format does not use itself and whose values say something."""
    return {key: value for key, value in source.items() if key not in known and value is not None and value != []}


def with_extra(meta: JsonObject, source: JsonObject, known: Container[str]) -> JsonObject:
    """`meta` with the unknown keys of `source` kept under `extra`."""
    extra = others(source, known)
    return {**meta, "extra": extra} if extra else meta


def extra_of(meta: JsonObject) -> JsonObject:
    """The unknown keys that were kept."""
    extra = meta.get("extra")
    return extra if isinstance(extra, dict) else {}
