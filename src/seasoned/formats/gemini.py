"""Gemini messages, `Content` of the Google GenAI API (wire contract, C.4 and C.7).

Keys are camelCase; the Python SDK's snake_case is accepted too. Matching a functionResponse to the session's oldest
open functionCall is done by the store, which knows the session.
"""

import base64

import msgspec

from seasoned.errors import Invalid
from seasoned.formats.fields import (
    bad_role,
    check_json,
    extra_of,
    is_from,
    items_of,
    name_at,
    object_at,
    object_of,
    optional_text,
    others,
    text_at,
    with_extra,
)
from seasoned.formats.media import Context, Media, media_of
from seasoned.ids import new_call_id
from seasoned.message import Json, JsonObject, Message, Part

NAME = "gemini"
_ROLES = {"user": "user", "model": "assistant"}
# Objects with the caller's own keys.
_FREE = frozenset({"args", "response", "partMetadata"})
# Keys by which a part dumped by the Python SDK is recognised.
_SNAKE_KEYS = frozenset(
    {"inline_data", "file_data", "function_call", "function_response", "thought_signature", "video_metadata"}
    | {"executable_code", "code_execution_result", "tool_call", "tool_response", "part_metadata", "media_resolution"}
)
_BLOB_KEYS = ("data", "mimeType")
_FILE_KEYS = ("fileUri", "mimeType")
_CALL_KEYS = ("id", "name", "args")
_RESULT_KEYS = ("id", "name", "response")


def parse(blob: JsonObject) -> Message:
    """A Content: role user (also when it names none, and for answers of functions) or model, parts.

    Raises Invalid, TooLarge.
    """
    role = blob.get("role")
    if role not in ("user", "model", "function") and not (role is None and blob.get("parts")):
        raise bad_role(role, NAME, tuple(_ROLES))
    given = blob.get("parts")
    items = [] if given is None else items_of(given, "parts")
    parts = tuple(_part(item, f"parts[{index}]") for index, item in enumerate(items))
    meta = with_extra({"source_format": NAME}, others(blob, ("role", "parts"), ""))
    return Message("assistant" if role == "model" else "user", parts, meta)


def _part(item: JsonObject, where: str) -> Part:
    if not _SNAKE_KEYS.isdisjoint(item):
        check_json(item, where)
        item = _camel(item)
    # An empty text next to a call or a picture is noise; alone it may carry a signature.
    text = item.get("text")
    if text:
        return _text(item, where)
    for key, read in _PARTS:
        if item.get(key) is not None:
            return read(object_at(item, key, where), item, where)
    if text is not None:
        return _text(item, where)
    if not others(item, (), where):
        raise Invalid(f"The message's {where} is empty; send text, inlineData, functionCall or another kind of part.")
    # Code execution, server tools and unknown kinds are kept as they are.
    return Part("data", meta={"data_type": NAME, "value": item})


def _camel(value: JsonObject) -> JsonObject:
    named = {_camel_key(key): item for key, item in value.items()}
    return {name: item if name in _FREE else camel(item) for name, item in named.items()}


def camel(value: Json) -> Json:
    """A value with the keys of its objects as the API writes them; those of the caller's objects stay."""
    if isinstance(value, dict):
        return _camel(value)
    return [camel(one) for one in value] if isinstance(value, list) else value


def _camel_key(key: str) -> str:
    head, *rest = key.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def _text(item: JsonObject, where: str) -> Part:
    text = text_at(item, "text", where)
    if item.get("thought") is True and text:
        meta: JsonObject = {"signature": optional_text(item, "thoughtSignature", where) or ""}
        return Part("thinking", text, with_extra(meta, others(item, ("text", "thought", "thoughtSignature"), where)))
    return Part("text", text, with_extra({}, others(item, ("text",), where)))


def _inline_data(blob: JsonObject, item: JsonObject, where: str) -> Part:
    inside = f"{where}.inlineData"
    meta: JsonObject = {"type": "base64", "data": text_at(blob, "data", inside)}
    mime = optional_text(blob, "mimeType", inside)
    if mime is not None:
        meta["media_type"] = mime
    return Part("image", meta=_with_rest(meta, item, "inlineData", blob, _BLOB_KEYS, where))


def _file_data(file: JsonObject, item: JsonObject, where: str) -> Part:
    inside = f"{where}.fileData"
    meta: JsonObject = {"type": "url", "url": text_at(file, "fileUri", inside)}
    mime = optional_text(file, "mimeType", inside)
    if mime is not None:
        meta["media_type"] = mime
    return Part("file", meta=_with_rest(meta, item, "fileData", file, _FILE_KEYS, where))


def _function_call(call: JsonObject, item: JsonObject, where: str) -> Part:
    inside = f"{where}.functionCall"
    arguments = object_at(call, "args", inside) if call.get("args") is not None else {}
    check_json(arguments, f"{inside}.args")
    meta: JsonObject = {
        "id": optional_text(call, "id", inside) or new_call_id(),
        "name": name_at(call, "name", inside),
        "arguments": msgspec.json.encode(arguments).decode(),
        "type": "function",
    }
    return Part("tool-call", meta=_with_rest(meta, item, "functionCall", call, _CALL_KEYS, where))


def _function_response(result: JsonObject, item: JsonObject, where: str) -> Part:
    inside = f"{where}.functionResponse"
    response = object_at(result, "response", inside) if result.get("response") is not None else {}
    check_json(response, f"{inside}.response")
    meta: JsonObject = {"name": name_at(result, "name", inside)}
    call_id = optional_text(result, "id", inside)
    if call_id:
        meta["tool_call_id"] = call_id
    text = msgspec.json.encode(response).decode()
    return Part("tool-result", text, _with_rest(meta, item, "functionResponse", result, _RESULT_KEYS, where))


_PARTS = (
    ("inlineData", _inline_data),
    ("functionCall", _function_call),
    ("functionResponse", _function_response),
    ("fileData", _file_data),
)


def _with_rest(
    meta: JsonObject, item: JsonObject, key: str, inner: JsonObject, known: tuple[str, ...], where: str
) -> JsonObject:
    """`meta` with the unknown keys of a part, and of the object that it holds under `key`."""
    inside = others(inner, known, f"{where}.{key}")
    return with_extra(meta, {**others(item, (key,), where), **({key: inside} if inside else {})})


def render(message: Message, context: Context) -> list[Json]:
    """A message as a Content; none if this format can express nothing of it (the API refuses empty ones)."""
    own = is_from(message, NAME)
    parts = [shown for part in message.parts if (shown := _render_part(part, own, context)) is not None]
    if not parts and not own:
        return []
    role = "model" if message.role == "assistant" else "user"
    return [{**extra_of(message.meta, own=own), "role": role, "parts": list(parts)}]


def _render_part(part: Part, own: bool, context: Context) -> JsonObject | None:
    if part.type == "data":
        value = part.meta.get("value") if part.meta.get("data_type") == NAME else None
        return value if isinstance(value, dict) else None
    shown = _render_known(part, own, context)
    if shown is None:
        return None
    extra = extra_of(part.meta, own=own)
    inner = {
        key: {**kept, **value}
        for key, value in shown.items()
        if isinstance(value, dict) and isinstance(kept := extra.get(key), dict)
    }
    return {**extra, **shown, **inner}


def _render_known(part: Part, own: bool, context: Context) -> JsonObject | None:
    if part.type == "text":
        return {"text": part.text or ""} if part.text or own else None
    if part.type == "thinking":
        signature = part.meta.get("signature")
        signed: JsonObject = {"thoughtSignature": signature} if isinstance(signature, str) and signature else {}
        return {"text": part.text, "thought": True, **signed} if part.text else None
    if part.type == "tool-call":
        return _render_call(part)
    if part.type == "tool-result":
        return _render_result(part, context)
    if part.type in ("image", "audio", "video", "file"):
        return _render_own_media(part) if own and part.asset is None else _render_media(part, context)
    return None


def _render_call(part: Part) -> JsonObject | None:
    if not part.tool_name:
        return None
    identified: JsonObject = {"id": part.call_id} if part.call_id else {}
    return {"functionCall": {**identified, "name": part.tool_name, "args": object_of(part.arguments) or {}}}


def _render_result(part: Part, context: Context) -> JsonObject | None:
    function = part.meta.get("function_name")
    name = part.tool_name or context.tools.get(part.call_id) or (function if isinstance(function, str) else "")
    if not name:
        return None
    identified: JsonObject = {"id": part.call_id} if part.call_id else {}
    response = object_of(part.text or "")
    return {
        "functionResponse": {
            **identified,
            "name": name,
            "response": {"output": part.text or ""} if response is None else response,
        }
    }


def _render_own_media(part: Part) -> JsonObject | None:
    """A blob or a file's URI exactly as it was sent."""
    mime = part.meta.get("media_type")
    typed: JsonObject = {"mimeType": mime} if isinstance(mime, str) else {}
    data, url = part.meta.get("data"), part.meta.get("url")
    if isinstance(data, str):
        return {"inlineData": {**typed, "data": data}}
    return {"fileData": {**typed, "fileUri": url}} if isinstance(url, str) else None


def _render_media(part: Part, context: Context) -> JsonObject | None:
    media = media_of(part, context.files)
    if media is None:
        return None
    if media.url:
        typed: JsonObject = {"mimeType": media.mime} if media.mime else {}
        return {"fileData": {**typed, "fileUri": media.url}}
    return {"inlineData": {"mimeType": media.mime or _default_mime(part), "data": _bytes_of(media)}}


def _bytes_of(media: Media) -> str:
    return media.data if media.data is not None else base64.b64encode((media.text or "").encode()).decode()


def _default_mime(part: Part) -> str:
    return {"image": "image/png", "audio": "audio/wav", "video": "video/mp4"}.get(part.type, "application/octet-stream")
