"""Reading untrusted JSON: each kind of error has a message, and everything is bounded.

`where` is a path in the message as a caller would write it: `content[3].text`.
"""

import math
from collections.abc import Container

import msgspec

from seasoned.errors import Invalid, TooLarge
from seasoned.message import Json, JsonObject, Message

PARTS_MAX = 10_000
KEYS_MAX = 10_000
# Far more than any tool's input needs, and far less than the limit of the JSON codecs.
DEPTH_MAX = 100
# The store's codec cannot read larger integers.
INTEGER_BITS_MAX = 1_000
LONG_CHARS = 16 * 1024


def kind_of(value: object) -> str:
    """A value's JSON type."""
    if isinstance(value, bool):
        return "a boolean"
    names = {str: "a string", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return "missing" if value is None else names.get(type(value), "no JSON value")


def wrong(where: str, value: object, wanted: str) -> Invalid:
    """The error for a value of the wrong type."""
    return Invalid(f"The message's {where} is {kind_of(value)}; send {wanted}.")


def bad_role(role: Json, format_name: str, roles: tuple[str, ...]) -> Invalid:
    """The error for a role that the format does not have."""
    found = repr(role[:40]) if isinstance(role, str) else kind_of(role)
    return Invalid(f"The role of a message in the {format_name} format is {found}; send one of {', '.join(roles)}.")


def check_text(text: str, where: str) -> None:
    """Raises Invalid for a lone surrogate, which UTF-8 cannot encode; NUL and other control characters are fine."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Invalid(f"The message's {where} contains a lone surrogate; send valid Unicode.") from None


def check_json(value: object, where: str) -> None:
    """Raises Invalid for values that cannot be written as JSON and read back."""
    level: list[object] = [value]
    for _ in range(DEPTH_MAX):
        below: list[object] = []
        for one in level:
            if isinstance(one, str):
                check_text(one, where)
            elif isinstance(one, list):
                below.extend(one)
            elif isinstance(one, dict):
                for key in one:
                    if not isinstance(key, str):
                        raise Invalid(f"The message's {where} has a key that is not a string; send JSON objects.")
                    check_text(key, where)
                below.extend(one.values())
            else:
                _check_scalar(one, where)
        if not below:
            return
        level = below
    raise Invalid(f"The message's {where} is nested more than {DEPTH_MAX} levels deep; flatten it.")


def _check_scalar(value: object, where: str) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if value.bit_length() > INTEGER_BITS_MAX:
            raise Invalid(f"The message's {where} contains an integer that is too large; send it as a string.")
    elif not isinstance(value, float) or not math.isfinite(value):
        raise Invalid(f"The message's {where} contains a value that is not JSON; send JSON values only.")


def text_at(source: JsonObject, key: str, where: str) -> str:
    """A required string. Raises Invalid."""
    value = source.get(key)
    if not isinstance(value, str):
        raise wrong(place(where, key), value, "a string")
    check_text(value, place(where, key))
    return value


def name_at(source: JsonObject, key: str, where: str) -> str:
    """A required non-empty string. Raises Invalid."""
    value = text_at(source, key, where)
    if not value:
        raise Invalid(f"The message's {place(where, key)} is empty; send a non-empty string.")
    return value


def optional_text(source: JsonObject, key: str, where: str) -> str | None:
    """A string, or None when it is missing or null. Raises Invalid."""
    return None if source.get(key) is None else text_at(source, key, where)


def object_at(source: JsonObject, key: str, where: str) -> JsonObject:
    """A required object. Raises Invalid."""
    value = source.get(key)
    if not isinstance(value, dict):
        raise wrong(place(where, key), value, "an object")
    return value


def items_of(value: Json, where: str, room: int = PARTS_MAX) -> list[JsonObject]:
    """A list of at most `room` objects. Raises Invalid, TooLarge."""
    if not isinstance(value, list):
        raise wrong(where, value, "a list of objects")
    if len(value) > room:
        raise TooLarge(f"A message holds at most {PARTS_MAX} parts; split it, {where} has {len(value)}.")
    items: list[JsonObject] = []
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise wrong(f"{where}[{index}]", item, "an object")
        items.append(item)
    return items


def tool_output(content: Json, where: str, *, joined: bool = True) -> tuple[str, list[Json] | None]:
    """A tool's output: its texts joined, and the original list if it has more than plain texts.

    With `joined` false, several plain texts also keep the list. Null counts as no output. Raises Invalid, TooLarge.
    """
    if content is None or isinstance(content, str):
        check_text(content or "", where)
        return content or "", None
    if not isinstance(content, list):
        raise wrong(where, content, "a string or a list of parts")
    texts: list[str] = []
    plain = True
    for index, item in enumerate(items_of(content, where)):
        if text_at(item, "type", f"{where}[{index}]") == "text":
            texts.append(text_at(item, "text", f"{where}[{index}]"))
            plain = plain and all(key in ("type", "text") or value is None for key, value in item.items())
        else:
            plain = False
    if plain and (joined or len(texts) <= 1):
        return "".join(texts), None
    check_json(content, where)
    return "".join(texts), content


def place(where: str, key: str) -> str:
    """The name of a field inside a place."""
    return f"{where}.{key}" if where else key


def others(source: JsonObject, known: Container[str], where: str) -> JsonObject:
    """The unknown keys whose values are not null or an empty list. Raises Invalid."""
    found: JsonObject = {
        key: value for key, value in source.items() if key not in known and value is not None and value != []
    }
    if len(found) > KEYS_MAX:
        raise TooLarge(f"A message's {where or 'object'} may have at most {KEYS_MAX} other fields; send fewer.")
    if found:
        check_json(found, where or "set of other fields")
    return found


def with_extra(meta: JsonObject, extra: JsonObject) -> JsonObject:
    """`meta` with the fields that have no place in `Message`."""
    return {**meta, "extra": extra} if extra else meta


def extra_of(meta: JsonObject, *, own: bool) -> JsonObject:
    """The kept unknown keys, for a reader of the original format (`own`)."""
    extra = meta.get("extra")
    return extra if own and isinstance(extra, dict) else {}


def is_from(message: Message, format_name: str) -> bool:
    """Whether a message was written in a format."""
    return message.meta.get("source_format") == format_name


def is_list(value: object) -> bool:
    """Whether a value is a list, also if it is still encoded as JSON."""
    return isinstance(value, list) or (isinstance(value, msgspec.Raw) and memoryview(value)[0] == ord("["))


def object_of(text: str) -> JsonObject | None:
    """A JSON object from its text, for display; None if it is not one, or could not be sent.

    In a long one, the values stay encoded: decoded, they could take thirty times the memory.
    """
    try:
        if len(text) > LONG_CHARS:
            return msgspec.json.decode(text, type=dict[str, msgspec.Raw])  # type: ignore[return-value]
        value = msgspec.json.decode(text, type=dict[str, Json])
        check_json(value, "text")
    except (msgspec.DecodeError, RecursionError, Invalid):
        return None
    return value
