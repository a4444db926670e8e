"""Anthropic messages (wire contract, C.3 and C.7)."""

import msgspec

from seasoned.errors import Invalid
from seasoned.formats.fields import extra_of, items_of, text_of, with_extra
from seasoned.message import Json, JsonObject, Message, Part

_MESSAGE_KEYS = frozenset({"role", "content"})


def parse(blob: JsonObject) -> Message:
    """A MessageParam: role user or assistant, content a string or blocks. Raises Invalid."""
    role, content = blob.get("role"), blob.get("content")
    if role not in ("user", "assistant"):
        raise Invalid(f"An anthropic message needs the role user or assistant, not {str(role)[:40]!r}.")
    if isinstance(content, str):
        parts: list[Part] = [Part("text", text=content)]
    elif content is None:
        parts = []
    else:
        parts = [_block(item) for item in items_of(content, "An anthropic message's content")]
    meta: JsonObject = {"source_format": "anthropic"}
    if isinstance(content, str):
        meta["content"] = "string"
    if len(blob) > 2:  # noqa: PLR2004 - most have a role and a content and nothing else
        meta = with_extra(meta, blob, _MESSAGE_KEYS)
    return Message(role="user" if role == "user" else "assistant", parts=tuple(parts), meta=meta)


def _block(item: JsonObject) -> Part:
    kind = item.get("type")
    cached = _cache_control(item)
    if kind == "text":
        return Part(
            "text",
            text=text_of(item, "text", "A text block"),
            meta=with_extra(cached, item, {"type", "text", "cache_control"}),
        )
    if kind == "tool_use":
        meta: JsonObject = {
            "id": text_of(item, "id", "A tool_use block"),
            "name": text_of(item, "name", "A tool_use block"),
            "arguments": msgspec.json.encode(item.get("input") if item.get("input") is not None else {}).decode(),
            "type": "tool_use",
        }
        return Part("tool-call", meta=meta | cached)
    if kind == "tool_result":
        return _tool_result(item, cached)
    if kind == "image":
        return Part("image", meta=_source(item, "An image block") | cached)
    if kind == "document":
        return Part(
            "file",
            meta=with_extra(_source(item, "A document block") | cached, item, {"type", "source", "cache_control"}),
        )
    if kind == "thinking":
        return Part(
            "thinking",
            text=text_of(item, "thinking", "A thinking block"),
            meta={"signature": item.get("signature") or ""},
        )
    if kind == "redacted_thinking":
        return Part("redacted_thinking", meta={"data": item.get("data") or ""})
    # Server tools and block types to come: kept as they are.
    return Part("data", meta={"data_type": "anthropic", "value": item})


def _cache_control(item: JsonObject) -> JsonObject:
    control = item.get("cache_control")
    return {"cache_control": {"type": control.get("type")}} if isinstance(control, dict) else {}


def _source(item: JsonObject, what: str) -> JsonObject:
    source = item.get("source")
    if not isinstance(source, dict):
        raise Invalid(f"{what} needs an object 'source'.")
    return {key: value for key, value in source.items() if value is not None}


def _tool_result(item: JsonObject, cached: JsonObject) -> Part:
    content = item.get("content")
    meta: JsonObject = {
        "tool_call_id": item.get("tool_use_id") or "",
        "is_error": item.get("is_error") is True,
        **cached,
    }
    if content is None or isinstance(content, str):
        return Part("tool-result", text=content or "", meta=meta)
    blocks = items_of(content, "A tool_result's content")
    texts = [text_of(block, "text", "A text block") for block in blocks if block.get("type") == "text"]
    others = [block for block in blocks if block.get("type") != "text"]
    meta["blocks"] = len(texts)
    if others:
        meta["extra"] = {"content": list(others)}
    return Part("tool-result", text="".join(texts), meta=meta)


def render(message: Message) -> Json:
    """A message as the Messages API would have it: its content is always a list of blocks."""
    blocks = [block for part in message.parts if (block := _render_block(part)) is not None]
    extra = extra_of(message.meta) if message.meta.get("source_format") == "anthropic" else {}
    return {"role": message.role, "content": list(blocks), **extra}


def _render_block(part: Part) -> JsonObject | None:
    meta = part.meta
    cached: JsonObject = {"cache_control": meta["cache_control"]} if isinstance(meta.get("cache_control"), dict) else {}
    if part.type == "text":
        return {"type": "text", "text": part.text, **cached, **extra_of(meta)} if part.text else None
    if part.type == "thinking":
        return {"type": "thinking", "thinking": part.text or "", "signature": meta.get("signature") or ""}
    if part.type == "redacted_thinking":
        return {"type": "redacted_thinking", "data": meta.get("data") or ""}
    if part.type == "tool-call":
        if not part.call_id or not part.tool_name:
            return None
        return {"type": "tool_use", "id": part.call_id, "name": part.tool_name, "input": _arguments(part), **cached}
    if part.type == "tool-result":
        return _render_result(part, cached)
    if part.type in ("image", "file"):
        return _render_source(part, cached)
    if part.type == "data" and meta.get("data_type") == "anthropic" and isinstance(meta.get("value"), dict):
        value = meta["value"]
        return value if isinstance(value, dict) else None
    return None


def _arguments(part: Part) -> Json:
    try:
        return msgspec.json.decode(part.arguments or "{}", type=dict[str, Json])
    except (msgspec.DecodeError, RecursionError):
        return {}


def _render_result(part: Part, cached: JsonObject) -> JsonObject | None:
    if not part.call_id:
        return None
    others = extra_of(part.meta).get("content")
    content: list[Json] = [{"type": "text", "text": part.text}] if part.text else []
    content += others if isinstance(others, list) else []
    return {"type": "tool_result", "tool_use_id": part.call_id, "is_error": part.is_error, "content": content, **cached}


def _render_source(part: Part, cached: JsonObject) -> JsonObject | None:
    meta = part.meta
    kind = "image" if part.type == "image" else "document"
    url = meta.get("url")
    source: JsonObject | None = None
    if isinstance(meta.get("data"), str):
        source = {"type": "base64", "media_type": meta.get("media_type") or "", "data": meta["data"]}
    elif isinstance(url, str) and url.startswith("data:") and ";base64," in url:
        head, data = url.removeprefix("data:").split(";base64,", 1)
        source = {"type": "base64", "media_type": head, "data": data}
    elif isinstance(url, str):
        source = {"type": "url", "url": url}
    return None if source is None else {"type": kind, "source": source, **cached, **extra_of(meta)}
