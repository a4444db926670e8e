"""OpenAI Chat Completions messages (wire contract, C.2 and C.7)."""

import msgspec

from seasoned.errors import Invalid
from seasoned.formats.fields import extra_of, items_of, text_of, with_extra
from seasoned.message import Json, JsonObject, Message, Part

_MESSAGE_KEYS = frozenset({"role", "content", "name", "tool_calls", "tool_call_id", "function_call"})
_ROLES = ("user", "system", "developer", "assistant", "tool", "function")


def parse(blob: JsonObject) -> Message:
    """A Chat Completions message. Raises Invalid."""
    role = blob.get("role")
    if role == "user":
        return _message("user", _user_parts(blob), blob)
    if role in ("system", "developer"):
        parts = _text_parts(blob.get("content"), f"A {role} message's content")
        return _message("user", parts, blob, original_role=str(role))
    if role == "assistant":
        return _message("assistant", _assistant_parts(blob), blob)
    if role in ("tool", "function"):
        return _tool_message(blob, str(role))
    raise Invalid(f"An openai message needs a role out of {', '.join(_ROLES)}, not {str(role)[:40]!r}.")


def _message(role: str, parts: list[Part], blob: JsonObject, original_role: str = "") -> Message:
    meta: JsonObject = {"source_format": "openai"}
    if original_role:
        meta["original_role"] = original_role
    name = blob.get("name")
    if isinstance(name, str):
        meta["name"] = name
    # Most messages have a role and a content and nothing else.
    if len(blob) > 2:  # noqa: PLR2004
        meta = with_extra(meta, blob, _MESSAGE_KEYS)
    return Message(role="user" if role == "user" else "assistant", parts=tuple(parts), meta=meta)


def _user_parts(blob: JsonObject) -> list[Part]:
    content = blob.get("content")
    if isinstance(content, str):
        return [Part("text", text=content)]
    items = items_of(content, "A user message's content (a string or")
    if not items:
        raise Invalid("A user message's content must not be an empty list.")
    return [_user_part(item) for item in items]


def _user_part(item: JsonObject) -> Part:
    kind = item.get("type")
    if kind == "text":
        return Part("text", text=text_of(item, "text", "A text part"), meta=with_extra({}, item, {"type", "text"}))
    if kind == "image_url":
        image = _object(item, "image_url")
        meta: JsonObject = {"url": text_of(image, "url", "An image_url"), "detail": image.get("detail") or ""}
        return Part("image", meta=meta)
    if kind == "input_audio":
        audio = _object(item, "input_audio")
        return Part(
            "audio", meta={"data": text_of(audio, "data", "An input_audio"), "format": audio.get("format") or ""}
        )
    if kind == "file":
        return Part("file", meta={key: value for key, value in _object(item, "file").items() if value is not None})
    # Kept rather than refused: the other parts of the message are worth having.
    return Part("data", meta={"data_type": "openai", "value": item})


def _object(item: JsonObject, key: str) -> JsonObject:
    value = item.get(key)
    if not isinstance(value, dict):
        raise Invalid(f"A part of type {key!r} needs an object {key!r}.")
    return value


def _text_parts(content: Json, what: str) -> list[Part]:
    if isinstance(content, str):
        return [Part("text", text=content)]
    items = items_of(content, what)
    if not items:
        raise Invalid(f"{what} must not be empty.")
    return [Part("text", text=text_of(item, "text", "A text part")) for item in items]


def _assistant_parts(blob: JsonObject) -> list[Part]:
    content, parts = blob.get("content"), []
    if isinstance(content, str):
        parts = [Part("text", text=content)] if content else []
    elif content is not None:
        parts = [_assistant_part(item) for item in items_of(content, "An assistant message's content")]
    calls = blob.get("tool_calls")
    if calls is not None:
        parts += [_call(item) for item in items_of(calls, "An assistant message's tool_calls")]
    legacy = blob.get("function_call")
    if isinstance(legacy, dict):
        parts.append(Part("tool-call", meta=_function(legacy)))
    return parts


def _assistant_part(item: JsonObject) -> Part:
    kind = item.get("type")
    if kind == "text":
        return Part("text", text=text_of(item, "text", "A text part"))
    if kind == "refusal":
        return Part("text", text=text_of(item, "refusal", "A refusal part"), meta={"is_refusal": True})
    return Part("data", meta={"data_type": "openai", "value": item})


def _call(item: JsonObject) -> Part:
    call_id = item.get("id")
    meta: JsonObject = {"id": call_id} if isinstance(call_id, str) else {}
    custom = item.get("custom")
    if isinstance(custom, dict):
        meta |= {"name": text_of(custom, "name", "A custom tool call"), "arguments": str(custom.get("input") or "")}
        return Part("tool-call", meta={**meta, "type": "function", "custom": True})
    function = item.get("function")
    if not isinstance(function, dict):
        raise Invalid("A tool call needs an object 'function' with its name and arguments.")
    return Part("tool-call", meta={**meta, **_function(function)})


def _function(function: JsonObject) -> JsonObject:
    arguments = function.get("arguments")
    if arguments is None:
        arguments = ""
    if not isinstance(arguments, str):
        arguments = msgspec.json.encode(arguments).decode()
    return {"name": text_of(function, "name", "A tool call's function"), "arguments": arguments, "type": "function"}


def _tool_message(blob: JsonObject, role: str) -> Message:
    content = blob.get("content")
    texts = (
        [part.text or "" for part in _text_parts(content, "A tool message's content")] if content is not None else []
    )
    meta: JsonObject = {}
    if role == "tool":
        call_id = blob.get("tool_call_id")
        meta["tool_call_id"] = call_id if isinstance(call_id, str) else ""
    name = blob.get("name")
    if isinstance(name, str):
        meta["function_name" if role == "function" else "name"] = name
    whole: JsonObject = with_extra({"source_format": "openai"}, blob, _MESSAGE_KEYS)
    return Message(role="user", parts=(Part("tool-result", text="".join(texts), meta=meta),), meta=whole)


def render(message: Message) -> Json:
    """A message as Chat Completions would have it."""
    extra = extra_of(message.meta) if message.meta.get("source_format") == "openai" else {}
    name = message.meta.get("name")
    named: JsonObject = {"name": name} if isinstance(name, str) else {}
    if message.original_role in ("system", "developer"):
        text = "".join(part.text or "" for part in message.parts if part.type == "text")
        return {"role": message.original_role, "content": text, **named, **extra}
    if message.role == "user":
        if message.is_tool_answer:
            return {**_render_tool(message), **extra}
        return {"role": "user", "content": _render_user(message), **named, **extra}
    return {**_render_assistant(message), **named, **extra}


def _render_tool(message: Message) -> JsonObject:
    first = message.parts[0].meta
    text = "".join(part.text or "" for part in message.parts)
    if isinstance(first.get("function_name"), str) and not first.get("tool_call_id"):
        return {"role": "function", "name": first["function_name"], "content": text}
    shown: JsonObject = {"role": "tool", "tool_call_id": first.get("tool_call_id") or "", "content": text}
    return {**shown, "name": first["name"]} if isinstance(first.get("name"), str) else shown


def _render_user(message: Message) -> Json:
    if len(message.parts) == 1 and message.parts[0].type == "text" and "extra" not in message.parts[0].meta:
        return message.parts[0].text or ""
    shown = [_render_user_part(part) for part in message.parts]
    return [part for part in shown if part is not None]


def _render_user_part(part: Part) -> JsonObject | None:
    meta = part.meta
    if part.type == "text":
        return {"type": "text", "text": part.text or "", **extra_of(meta)}
    if part.type == "image":
        url = meta.get("url")
        if not isinstance(url, str) and isinstance(meta.get("data"), str):
            url = f"data:{meta.get('media_type') or 'application/octet-stream'};base64,{meta['data']}"
        detail: JsonObject = {"detail": meta["detail"]} if meta.get("detail") else {}
        return {"type": "image_url", "image_url": {"url": url, **detail}} if isinstance(url, str) else None
    if part.type == "audio":
        return {"type": "input_audio", "input_audio": {key: meta[key] for key in ("data", "format") if key in meta}}
    if part.type == "file":
        return {"type": "file", "file": {k: v for k, v in meta.items() if k in ("file_id", "file_data", "filename")}}
    if part.type == "data" and meta.get("data_type") == "openai" and isinstance(meta.get("value"), dict):
        value = meta["value"]
        return value if isinstance(value, dict) else None
    return None


def _render_assistant(message: Message) -> JsonObject:
    shown: JsonObject = {"role": "assistant"}
    texts: list[JsonObject] = []
    for part in message.parts:
        if part.type == "text" and part.meta.get("is_refusal") is True:
            texts.append({"type": "refusal", "refusal": part.text or ""})
        elif part.type in ("text", "thinking") and part.text:
            texts.append({"type": "text", "text": part.text})
        elif (
            part.type == "data" and part.meta.get("data_type") == "openai" and isinstance(part.meta.get("value"), dict)
        ):
            value = part.meta["value"]
            texts += [value] if isinstance(value, dict) else []
    if len(texts) == 1 and texts[0].get("type") == "text":
        shown["content"] = texts[0]["text"]
    elif texts:
        shown["content"] = list(texts)
    calls = [_render_call(part) for part in message.parts if part.type == "tool-call" and part.tool_name]
    with_id: list[Json] = [call for call in calls if "id" in call]
    if with_id:
        shown["tool_calls"] = with_id
    legacy = next((call["function"] for call in calls if "id" not in call), None)
    return {**shown, "function_call": legacy} if legacy is not None else shown


def _render_call(part: Part) -> JsonObject:
    named: JsonObject = {"id": part.call_id} if part.call_id else {}
    if part.meta.get("custom") is True:
        return {**named, "type": "custom", "custom": {"name": part.tool_name, "input": part.arguments}}
    return {**named, "type": "function", "function": {"name": part.tool_name, "arguments": part.arguments}}
