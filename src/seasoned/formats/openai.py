"""OpenAI Chat Completions messages (wire contract, C.2 and C.7), and the items of the Responses API.

An item is read as the message that says the same; what is given back is Chat Completions.
"""

from collections.abc import Callable

import msgspec

from seasoned.formats.fields import (
    PARTS_MAX,
    bad_role,
    check_json,
    check_text,
    extra_of,
    is_from,
    is_list,
    items_of,
    name_at,
    object_at,
    optional_text,
    others,
    text_at,
    tool_output,
    with_extra,
    wrong,
)
from seasoned.formats.media import Context, Files, media_of
from seasoned.message import Json, JsonObject, Message, Part, Role

NAME = "openai"
_ROLES = ("user", "system", "developer", "assistant", "tool", "function")
_MESSAGE_KEYS = frozenset({"role", "content", "name", "tool_calls", "tool_call_id", "function_call"})
# Fields of responses only: the provider would refuse them in a request.
_RESPONSE_KEYS = frozenset({"annotations", "parsed"})
# Fields of an item of the Responses API.
_ITEM_KEYS = frozenset({"type", "id", "status", "phase"})
_PLAIN_KEYS = 2  # role and content
_FILE_KEYS = ("file_id", "file_data", "filename")


def parse(blob: JsonObject) -> Message:
    """A Chat Completions message. Raises Invalid, TooLarge."""
    role, content = blob.get("role"), blob.get("content")
    # The fast path: nearly all messages are like this, thousands a second.
    if isinstance(content, str) and len(blob) == _PLAIN_KEYS and role in ("user", "assistant"):
        check_text(content, "content")
        parts = (Part("text", content),) if content or role == "user" else ()
        return Message("user" if role == "user" else "assistant", parts, {"source_format": NAME})
    item = _ITEMS.get(str(blob.get("type"))) if role is None else None
    if item is not None:
        return item(blob)
    if role in ("user", "system", "developer"):
        return _message("user", _content(content), blob)
    if role == "assistant":
        return _message("assistant", _assistant_parts(blob), blob)
    if role in ("tool", "function"):
        return _message("user", [_tool_answer(blob)], blob)
    raise bad_role(role, NAME, _ROLES)


def _message(role: Role, parts: list[Part], blob: JsonObject) -> Message:
    meta: JsonObject = {"source_format": NAME}
    if blob["role"] in ("system", "developer"):
        meta["original_role"] = blob["role"]
    # A function's name belongs to its result.
    name = optional_text(blob, "name", "") if blob["role"] != "function" else None
    if name:
        meta["name"] = name
    item = _ITEM_KEYS if blob.get("type") == "message" else frozenset[str]()
    extra = others(blob, _MESSAGE_KEYS | _RESPONSE_KEYS | item, "")
    return Message(role, tuple(parts), with_extra(meta, extra))


def _content(content: Json) -> list[Part]:
    if isinstance(content, str):
        check_text(content, "content")
        return [Part("text", content)]
    if not isinstance(content, list) or not content:
        raise wrong("content", content or None, "a string or a list of parts")
    return [_part(item, f"content[{index}]") for index, item in enumerate(items_of(content, "content"))]


def _part(item: JsonObject, where: str) -> Part:
    read = _PARTS.get(text_at(item, "type", where))
    if read is not None:
        return read(item, where)
    # An unknown type is kept as it is, so that the rest of the message is usable.
    check_json(item, where)
    return Part("data", meta={"data_type": NAME, "value": item})


def _text(item: JsonObject, where: str) -> Part:
    return Part("text", text_at(item, "text", where), with_extra({}, others(item, ("type", "text"), where)))


def _item_text(item: JsonObject, where: str) -> Part:
    known = ("type", "text", "annotations", "logprobs")
    return Part("text", text_at(item, "text", where), with_extra({}, others(item, known, where)))


def _item_image(item: JsonObject, where: str) -> Part:
    if not isinstance(item.get("image_url"), str):
        check_json(item, where)
        return Part("data", meta={"data_type": NAME, "value": item})
    return Part(
        "image", meta={"url": text_at(item, "image_url", where), "detail": optional_text(item, "detail", where) or ""}
    )


def _refusal(item: JsonObject, where: str) -> Part:
    extra = others(item, ("type", "refusal"), where)
    return Part("text", text_at(item, "refusal", where), with_extra({"is_refusal": True}, extra))


def _image(item: JsonObject, where: str) -> Part:
    image, inside = object_at(item, "image_url", where), f"{where}.image_url"
    meta: JsonObject = {
        "url": text_at(image, "url", inside),
        "detail": optional_text(image, "detail", inside) or "",
    }
    return Part("image", meta=with_extra(meta, _both(item, "image_url", image, ("url", "detail"), where)))


def _audio(item: JsonObject, where: str) -> Part:
    audio, inside = object_at(item, "input_audio", where), f"{where}.input_audio"
    meta: JsonObject = {"data": text_at(audio, "data", inside), "format": optional_text(audio, "format", inside) or ""}
    return Part("audio", meta=with_extra(meta, _both(item, "input_audio", audio, ("data", "format"), where)))


def _file(item: JsonObject, where: str) -> Part:
    file = object_at(item, "file", where)
    found = {key: optional_text(file, key, f"{where}.file") for key in _FILE_KEYS}
    meta: JsonObject = {key: value for key, value in found.items() if value is not None}
    return Part("file", meta=with_extra(meta, _both(item, "file", file, _FILE_KEYS, where)))


_PARTS: dict[str, Callable[[JsonObject, str], Part]] = {
    "text": _text,
    "input_text": _item_text,
    "output_text": _item_text,
    "input_image": _item_image,
    "refusal": _refusal,
    "image_url": _image,
    "input_audio": _audio,
    "file": _file,
}


def _both(outer: JsonObject, key: str, inner: JsonObject, known: tuple[str, ...], where: str) -> JsonObject:
    """The unknown keys of an object and of the object that it holds under `key`."""
    inside = others(inner, known, f"{where}.{key}")
    return {**others(outer, ("id", "type", key), where), **({key: inside} if inside else {})}


def _assistant_parts(blob: JsonObject) -> list[Part]:
    content = blob.get("content")
    parts = [] if content is None or content in ("", []) else _content(content)
    parts = [part for part in parts if part.text or part.type != "text" or part.meta]
    calls = blob.get("tool_calls")
    if calls is not None:
        found = items_of(calls, "tool_calls", PARTS_MAX - len(parts))
        parts += [_call(item, f"tool_calls[{index}]") for index, item in enumerate(found)]
    if blob.get("function_call") is not None:
        parts.append(_legacy_call(object_at(blob, "function_call", "")))
    return parts


def _call(item: JsonObject, where: str) -> Part:
    kind = optional_text(item, "type", where) or ("custom" if "custom" in item else "function")
    if kind not in ("function", "custom"):
        check_json(item, where)
        return Part("data", meta={"data_type": f"{NAME}_tool_call", "value": item})
    said_as = "input" if kind == "custom" else "arguments"
    called, inside = object_at(item, kind, where), f"{where}.{kind}"
    meta: JsonObject = {
        "id": optional_text(item, "id", where) or "",
        "name": name_at(called, "name", inside),
        "arguments": _arguments(called, said_as, inside),
        "type": kind,
    }
    return Part("tool-call", meta=with_extra(meta, _both(item, kind, called, ("name", said_as), where)))


def _legacy_call(called: JsonObject) -> Part:
    """A legacy function call, without id and type."""
    name = name_at(called, "name", "function_call")
    return Part("tool-call", meta={"name": name, "arguments": _arguments(called, "arguments", "function_call")})


def _arguments(called: JsonObject, key: str, where: str) -> str:
    value = called.get(key)
    if isinstance(value, dict):
        check_json(value, f"{where}.{key}")
        return msgspec.json.encode(value).decode()
    return optional_text(called, key, where) or ""


def _item_call(blob: JsonObject) -> Message:
    kind, said_as = ("custom", "input") if blob["type"] == "custom_tool_call" else ("function", "arguments")
    meta: JsonObject = {
        "id": optional_text(blob, "call_id", "") or optional_text(blob, "id", "") or "",
        "name": name_at(blob, "name", ""),
        "arguments": _arguments(blob, said_as, ""),
        "type": kind,
    }
    return Message("assistant", (Part("tool-call", meta=meta),), {"source_format": NAME})


def _item_answer(blob: JsonObject) -> Message:
    output = blob.get("output")
    if isinstance(output, list):
        output = [_as_text(one) for one in output]
    text, whole = tool_output(output, "output")
    meta: JsonObject = {"tool_call_id": optional_text(blob, "call_id", "") or ""}
    part = Part("tool-result", text, with_extra(meta, {"content": whole} if whole is not None else {}))
    return Message("user", (part,), {"source_format": NAME})


def _as_text(value: Json) -> Json:
    is_text = isinstance(value, dict) and value.get("type") in ("input_text", "output_text")
    return {**value, "type": "text"} if is_text and isinstance(value, dict) else value


def _item_reasoning(blob: JsonObject) -> Message:
    """What a model thought, as far as it is shown."""
    found = [
        text
        for key in ("summary", "content")
        if isinstance(items := blob.get(key), list)
        for one in items_of(items, key)
        if (text := optional_text(one, "text", key))
    ]
    return Message("assistant", tuple(Part("thinking", text) for text in found), {"source_format": NAME})


_ITEMS: dict[str, Callable[[JsonObject], Message]] = {
    "function_call": _item_call,
    "function_call_output": _item_answer,
    "custom_tool_call": _item_call,
    "custom_tool_call_output": _item_answer,
    "reasoning": _item_reasoning,
}
# Items that are messages though they name no role.
ITEM_TYPES = frozenset(_ITEMS)


def _tool_answer(blob: JsonObject) -> Part:
    text, whole = tool_output(blob.get("content"), "content")
    meta: JsonObject = (
        {"tool_call_id": optional_text(blob, "tool_call_id", "") or ""}
        if blob["role"] == "tool"
        else {"function_name": name_at(blob, "name", "")}
    )
    return Part("tool-result", text, with_extra(meta, {"content": whole} if whole is not None else {}))


def render(message: Message, context: Context) -> list[Json]:
    """A message for Chat Completions, without what the format cannot express.

    One message each, except that tool results next to other parts become separate messages.
    """
    own = is_from(message, NAME)
    name = message.meta.get("name")
    named: JsonObject = {"name": name} if isinstance(name, str) and name else {}
    head = {**extra_of(message.meta, own=own), **named}
    return [{**head, **shown} for shown in _rendered(message, own, context)]


def _rendered(message: Message, own: bool, context: Context) -> list[JsonObject]:
    if message.original_role in ("system", "developer"):
        return [{"role": message.original_role, "content": _render_instructions(message, own, context)}]
    if message.role == "assistant":
        return [_render_assistant(message, own, context)]
    results = [part for part in message.parts if part.type == "tool-result"]
    shown = [_render_tool_answer(part, own) for part in results]
    if results and len(results) == len(message.parts):
        return shown
    blocks = [block for part in message.parts if (block := _render_part(part, own, context)) is not None]
    return [*shown, {"role": "user", "content": _short(blocks)}] if blocks or not shown else shown


def _short(blocks: list[JsonObject]) -> Json:
    """A single plain text as a string, everything else as a list."""
    if len(blocks) == 1 and _is_plain(blocks[0]):
        return blocks[0]["text"]
    return list(blocks)


def _is_plain(block: JsonObject) -> bool:
    return len(block) == 2 and block.get("type") == "text" and "text" in block  # noqa: PLR2004 - these two


def _render_instructions(message: Message, own: bool, context: Context) -> Json:
    blocks = [block for part in message.parts if (block := _render_part(part, own, context)) is not None]
    if own and not all(map(_is_plain, blocks)):
        return list(blocks)
    return "".join(part.text or "" for part in message.parts if part.type == "text")


def _render_part(part: Part, own: bool, context: Context) -> JsonObject | None:
    extra = extra_of(part.meta, own=own)
    if part.type == "text":
        said_as = "refusal" if part.meta.get("is_refusal") is True else "text"
        return {**extra, "type": said_as, said_as: part.text or ""}
    if part.type == "data" and part.meta.get("data_type") == NAME:
        value = part.meta.get("value")
        return value if isinstance(value, dict) else None
    if part.type not in ("image", "audio", "video", "file"):
        return None
    kind, known = _render_media(part, context.files)
    if not known and not own:
        return None
    kept = extra.get(kind)
    return {**extra, "type": kind, kind: {**(kept if isinstance(kept, dict) else {}), **known}}


def _render_media(part: Part, files: Files) -> tuple[str, JsonObject]:
    """The type of a picture, audio or file, and its fields; no fields if this format cannot express it."""
    meta = part.meta
    if part.asset is None and part.type == "image" and isinstance(meta.get("url"), str):
        return "image_url", {"url": meta["url"], **_detail(part)}
    if part.asset is None and part.type == "audio" and isinstance(meta.get("data"), str) and "format" in meta:
        return "input_audio", {"data": meta["data"], "format": meta["format"] or ""}
    named: JsonObject = {key: meta[key] for key in _FILE_KEYS if isinstance(meta.get(key), str)}
    if part.asset is not None and part.asset.mime.startswith("image/"):
        # A URL is cheaper for the reader than the bytes.
        address = files.url(part.asset, part.filename or "")
        if address:
            return "image_url", {"url": address, **_detail(part)}
    if "file_id" in named or "file_data" in named:
        return "file", named
    media = media_of(part, files)
    if media is None or media.data is None:
        return "file", named if part.type == "file" else {}
    family = media.family(part)
    if family == "image":
        return "image_url", {"url": media.data_url(), **_detail(part)}
    if family == "audio" and media.mime in _AUDIO:
        return "input_audio", {"data": media.data, "format": _AUDIO[media.mime]}
    filename: JsonObject = {"filename": media.filename} if media.filename else {}
    return "file", {"file_data": media.data_url(), **filename, **named}


def _detail(part: Part) -> JsonObject:
    detail = part.meta.get("detail")
    return {"detail": detail} if detail else {}


_AUDIO = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/vnd.wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}


def _render_assistant(message: Message, own: bool, context: Context) -> JsonObject:
    blocks: list[JsonObject] = []
    calls: list[Json] = []
    shown: JsonObject = {"role": "assistant"}
    for part in message.parts:
        if part.type == "tool-call" and own and "id" not in part.meta:
            shown["function_call"] = {"name": part.tool_name, "arguments": part.arguments}
        elif (call := _render_call(part, own)) is not None:
            calls.append(call)
        elif (block := _render_words(part, own, context)) is not None:
            blocks.append(block)
    if blocks:
        shown["content"] = _short(blocks)
    if calls:
        shown["tool_calls"] = calls
    return shown


def _render_words(part: Part, own: bool, context: Context) -> JsonObject | None:
    if part.type == "thinking":
        return {"type": "text", "text": part.text} if part.text else None
    if part.type == "text" and not part.text and not part.meta:
        return None
    # The API has no images and files in assistant messages; only readers of the original format get them.
    return _render_part(part, own, context) if own or part.type == "text" else None


def _render_call(part: Part, own: bool) -> JsonObject | None:
    if part.type == "data" and part.meta.get("data_type") == f"{NAME}_tool_call":
        value = part.meta.get("value")
        return value if isinstance(value, dict) else None
    # Some servers with this format give no ids; elsewhere a call without an id cannot be answered.
    if part.type != "tool-call" or not part.tool_name or not (part.call_id or own):
        return None
    kind, said_as = ("custom", "input") if part.meta.get("type") == "custom" else ("function", "arguments")
    extra = extra_of(part.meta, own=own)
    kept = extra.get(kind)
    called: JsonObject = {
        **(kept if isinstance(kept, dict) else {}),
        "name": part.tool_name,
        said_as: part.arguments,
    }
    return {**extra, "id": part.call_id, "type": kind, kind: called}


def _render_tool_answer(part: Part, own: bool) -> JsonObject:
    whole = extra_of(part.meta, own=own).get("content")
    content: Json = whole if is_list(whole) else part.text or ""
    function = part.meta.get("function_name")
    if isinstance(function, str) and not part.call_id:
        return {"role": "function", "name": function, "content": content}
    return {"role": "tool", "tool_call_id": part.call_id, "content": content}
