"""Anthropic messages (wire contract, C.3 and C.7)."""

from collections.abc import Callable

import msgspec

from seasoned.formats.fields import (
    bad_role,
    check_json,
    check_text,
    extra_of,
    is_from,
    is_list,
    items_of,
    name_at,
    object_at,
    object_of,
    optional_text,
    others,
    text_at,
    tool_output,
    with_extra,
    wrong,
)
from seasoned.formats.media import Context, Media, decoded, media_of
from seasoned.message import Json, JsonObject, Message, Part

NAME = "anthropic"
_MESSAGE_KEYS = frozenset({"role", "content"})
# Fields of responses only: the provider would refuse them in a request.
_RESPONSE_KEYS = frozenset(
    {"id", "model", "type", "usage", "container", "context_management"}
    | {"stop_reason", "stop_sequence", "stop_details"}
)
_PLAIN_KEYS = 2  # role and content
_SOURCE_KEYS = ("type", "media_type", "data", "url")
_TEXT_TYPES = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml"})


def parse(blob: JsonObject) -> Message:
    """A MessageParam: role user or assistant, content a string or blocks. Raises Invalid, TooLarge."""
    role, content = blob.get("role"), blob.get("content")
    if role not in ("user", "assistant"):
        raise bad_role(role, NAME, ("user", "assistant"))
    if isinstance(content, str):
        check_text(content, "content")
        parts: tuple[Part, ...] = (Part("text", content),)
    elif isinstance(content, list):
        parts = tuple(_block(item, f"content[{index}]") for index, item in enumerate(items_of(content, "content")))
    else:
        raise wrong("content", content, "a string or a list of blocks")
    meta: JsonObject = {"source_format": NAME}
    if len(blob) > _PLAIN_KEYS:
        meta = with_extra(meta, others(blob, _MESSAGE_KEYS | _RESPONSE_KEYS, ""))
    return Message("user" if role == "user" else "assistant", parts, meta)


def _block(item: JsonObject, where: str) -> Part:
    read = _BLOCKS.get(text_at(item, "type", where))
    if read is not None:
        return read(item, where)
    # Unknown types, such as server tools, are kept as they are, so that the rest of the message is usable.
    check_json(item, where)
    return Part("data", meta={"data_type": NAME, "value": item})


def _meta(item: JsonObject, where: str, meta: JsonObject, known: tuple[str, ...], kept: JsonObject) -> JsonObject:
    """A part's meta: what is known, the cache mark, and the rest of the block under `extra`."""
    if item.get("cache_control") is not None:
        control = object_at(item, "cache_control", where)
        check_json(control, f"{where}.cache_control")
        meta = {**meta, "cache_control": control}
    return with_extra(meta, {**others(item, ("type", "cache_control", *known), where), **kept})


def _text(item: JsonObject, where: str) -> Part:
    return Part("text", text_at(item, "text", where), _meta(item, where, {}, ("text",), {}))


def _tool_use(item: JsonObject, where: str) -> Part:
    given = item.get("input")
    arguments = object_at(item, "input", where) if given is not None else {}
    check_json(arguments, f"{where}.input")
    meta: JsonObject = {
        "id": name_at(item, "id", where),
        "name": name_at(item, "name", where),
        "arguments": msgspec.json.encode(arguments).decode(),
        "type": "tool_use",
    }
    return Part("tool-call", meta=_meta(item, where, meta, ("id", "name", "input"), {}))


def _tool_result(item: JsonObject, where: str) -> Part:
    text, whole = tool_output(item.get("content"), f"{where}.content", joined=False)
    failed = item.get("is_error")
    if failed is not None and not isinstance(failed, bool):
        raise wrong(f"{where}.is_error", failed, "true or false")
    meta: JsonObject = {"tool_call_id": name_at(item, "tool_use_id", where), "is_error": failed is True}
    kept: JsonObject = {"content": whole} if whole is not None else {}
    return Part("tool-result", text, _meta(item, where, meta, ("tool_use_id", "is_error", "content"), kept))


def _image(item: JsonObject, where: str) -> Part:
    meta, kept = _source(item, where)
    return Part("image", meta=_meta(item, where, meta, ("source",), kept))


def _document(item: JsonObject, where: str) -> Part:
    meta, kept = _source(item, where)
    return Part("file", meta=_meta(item, where, meta, ("source",), kept))


def _source(item: JsonObject, where: str) -> tuple[JsonObject, JsonObject]:
    """Where an image or a document comes from: the known fields, and the others to be kept."""
    source, inside = object_at(item, "source", where), f"{where}.source"
    needed = {"base64": ("media_type", "data"), "url": ("url",)}.get(name_at(source, "type", inside), ())
    meta: JsonObject = {key: text_at(source, key, inside) for key in ("type", *needed)}
    for key in _SOURCE_KEYS:
        if key not in meta and (value := optional_text(source, key, inside)) is not None:
            meta[key] = value
    rest = others(source, _SOURCE_KEYS, inside)
    return meta, {"source": rest} if rest else {}


def _thinking(item: JsonObject, where: str) -> Part:
    meta: JsonObject = {"signature": optional_text(item, "signature", where) or ""}
    return Part("thinking", text_at(item, "thinking", where), _meta(item, where, meta, ("thinking", "signature"), {}))


def _redacted_thinking(item: JsonObject, where: str) -> Part:
    meta: JsonObject = {"data": text_at(item, "data", where)}
    return Part("redacted_thinking", meta=_meta(item, where, meta, ("data",), {}))


_BLOCKS: dict[str, Callable[[JsonObject, str], Part]] = {
    "text": _text,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "image": _image,
    "document": _document,
    "thinking": _thinking,
    "redacted_thinking": _redacted_thinking,
}


def render(message: Message, context: Context) -> list[Json]:
    """A message for the Messages API: always a list of blocks, without what the format cannot express."""
    own = is_from(message, NAME)
    blocks = [block for part in message.parts if (block := _render_part(part, own, context)) is not None]
    return [{**extra_of(message.meta, own=own), "role": message.role, "content": list(blocks)}]


def _render_part(part: Part, own: bool, context: Context) -> JsonObject | None:
    if part.type == "data":
        value = part.meta.get("value") if part.meta.get("data_type") == NAME else None
        return value if isinstance(value, dict) else None
    known = _render_known(part, own, context)
    if known is None:
        return None
    control = part.meta.get("cache_control")
    if isinstance(control, dict) and control.get("type") == "ephemeral":
        known["cache_control"] = control
    return {**extra_of(part.meta, own=own), **known}


def _render_known(part: Part, own: bool, context: Context) -> JsonObject | None:
    if part.type == "text":
        return {"type": "text", "text": part.text} if part.text else None
    if part.type == "thinking":
        return {"type": "thinking", "thinking": part.text or "", "signature": _string(part, "signature")}
    if part.type == "redacted_thinking":
        return {"type": "redacted_thinking", "data": _string(part, "data")}
    if part.type == "tool-call":
        if not part.call_id or not part.tool_name:
            return None
        return {"type": "tool_use", "id": part.call_id, "name": part.tool_name, "input": _input(part)}
    if part.type == "tool-result":
        return _render_result(part, own) if part.call_id else None
    if part.type in ("image", "file") and own and part.asset is None:
        source = _own_source(part)
        return None if source is None else {"type": "image" if part.type == "image" else "document", "source": source}
    if part.type in ("image", "audio", "video", "file"):
        return _render_media(part, context)
    return None


def _string(part: Part, key: str) -> str:
    value = part.meta.get(key)
    return value if isinstance(value, str) else ""


def _input(part: Part) -> JsonObject:
    """A call's arguments as an object, since the provider requires one; empty if they are not one."""
    return object_of(part.arguments) or {}


def _render_result(part: Part, own: bool) -> JsonObject:
    whole = extra_of(part.meta, own=own).get("content")
    content: list[Json] = [{"type": "text", "text": part.text}] if part.text else []
    return {
        "type": "tool_result",
        "tool_use_id": part.call_id,
        "is_error": part.is_error,
        "content": whole if is_list(whole) else content,
    }


def _own_source(part: Part) -> JsonObject | None:
    kept = extra_of(part.meta, own=True).get("source")
    known: JsonObject = {key: part.meta[key] for key in _SOURCE_KEYS if isinstance(part.meta.get(key), str)}
    return {**(kept if isinstance(kept, dict) else {}), **known} or None


def _render_media(part: Part, context: Context) -> JsonObject | None:
    """A picture or document of another format: its bytes or its URL. This format has no audio."""
    media = media_of(part, context.files)
    if media is None or (family := media.family(part)) not in ("image", "file"):
        return None
    if family == "image":
        return {"type": "image", "source": source} if (source := _source_of(media)) else None
    source = _document_source(media) if part.asset is not None or media.text is not None else _source_of(media)
    titled: JsonObject = {"title": media.filename} if media.filename else {}
    return {"type": "document", "source": source, **titled} if source else None


def _source_of(media: Media) -> JsonObject | None:
    if media.url:
        return {"type": "url", "url": media.url}
    if media.data is None or not media.mime:
        return None
    return {"type": "base64", "media_type": media.mime, "data": media.data}


def _document_source(media: Media) -> JsonObject | None:
    """The API accepts PDF and plain text only."""
    if media.mime == "application/pdf":
        return _source_of(media)
    text = media.text if media.text is not None else decoded(media.data or "")
    if text is None or not (media.text is not None or media.mime.startswith("text/") or media.mime in _TEXT_TYPES):
        return None
    return {"type": "text", "media_type": "text/plain", "data": text}
