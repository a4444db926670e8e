"""The content of messages in any provider's form: texts, thoughts, pictures, calls of tools and their answers."""

from typing import Final

import msgspec

from seasoned.importers import reading
from seasoned.message import Author, Json, JsonObject, Part, PersonEvent

_TEXT: Final = frozenset({"text", "input_text", "output_text", "markdown", "summary_text", "refusal"})
_THOUGHT: Final = frozenset({"thinking", "reasoning", "thought", "thoughts"})
_CALL: Final = frozenset(
    {"tool_use", "toolCall", "tool_call", "tool-call", "function_call", "server_tool_use", "mcp_tool_use"}
)
_ANSWER: Final = frozenset(
    {"tool_result", "tool_call_response", "tool-result", "toolResult", "function_call_output", "mcp_tool_result"}
    | {"web_search_tool_result", "code_execution_tool_result", "bash_code_execution_tool_result"}
)
_IMAGE: Final = frozenset({"image", "image_url", "input_image", "blob"})
# What nobody says.
_SILENT: Final = frozenset(
    {"redacted_thinking", "token_budget", "step-start", "step-finish", "flag", "tool_reference", "encrypted_content"}
)
_TEXTS = ("text", "content", "value", "refusal", "markdown")
_TEXTS_OF_THOUGHTS = ("thinking", "reasoning", "text", "content", "summary", "thought")
_LISTED_MAX: Final = 10_000


def text(said: str, author: Author | None = None) -> Part | None:
    """A text; None when it is blank."""
    return Part("text", said, author=author) if said.strip() else None


def thought(said: str) -> Part | None:
    """What a model thought; None when it is not shown."""
    return Part("thinking", said) if said.strip() else None


def call(id: str, name: str, arguments: Json) -> Part:  # noqa: A002 - its word
    """A call of a tool. Arguments that are text stay as they are."""
    given = arguments if isinstance(arguments, str) else msgspec.json.encode(arguments or {}).decode()
    return Part("tool-call", meta={"id": id, "name": name or "(unnamed)", "arguments": given, "type": "function"})


def answer(id: str, output: str, *, failed: bool = False, event: PersonEvent | None = None) -> Part:  # noqa: A002
    """A tool's answer."""
    marked: JsonObject = {"is_error": True} if failed else {}
    return Part("tool-result", output, meta={"tool_call_id": id, **marked}, event=event)


def picture(url: str) -> Part | None:
    """A picture by its address, which may be a `data:` URL; None when it names nothing."""
    return Part("image", meta={"url": url, "detail": ""}) if url else None


def parts_of(content: Json, notes: reading.Notes, where: str) -> list[Part]:
    """The parts of a message's content: a text, or blocks of any provider."""
    if isinstance(content, str):
        return [part] if (part := text(content)) is not None else []
    if isinstance(content, dict):
        content = [content]
    found: list[Part] = []
    for item in content[:_LISTED_MAX] if isinstance(content, list) else []:
        if isinstance(item, str):
            found += parts_of(item, notes, where)
        elif isinstance(item, dict):
            part = _part(item, notes, where)
            if part is not None:
                found.append(part)
    return found


def _part(item: JsonObject, notes: reading.Notes, where: str) -> Part | None:
    kind = item.get("type")
    if not isinstance(kind, str):
        return _gemini(item, notes, where)
    if kind in _TEXT:
        return text(reading.text_of(item, *_TEXTS))
    if kind in _THOUGHT:
        return thought(next((said for key in _TEXTS_OF_THOUGHTS if (said := as_text(item.get(key)))), ""))
    if kind in _CALL:
        return call_of(item)
    if kind in _ANSWER:
        return answer_of(item, notes, where)
    if kind in _IMAGE:
        return _picture(item)
    if kind not in _SILENT:
        notes.add(f"{where}: a part of the type {kind[:40]!r} was left out")
    return None


def _gemini(item: JsonObject, notes: reading.Notes, where: str) -> Part | None:
    """A part of Gemini's, which a key tells."""
    called, answered = item.get("functionCall"), item.get("functionResponse")
    inline = item.get("inlineData")
    if isinstance(called, dict):
        return call(reading.text_of(called, "id"), reading.text_of(called, "name"), called.get("args"))
    if isinstance(answered, dict):
        return answer(reading.text_of(answered, "id"), output_of(answered.get("response")))
    if isinstance(inline, dict):
        return picture(f"data:{reading.text_of(inline, 'mimeType')};base64,{reading.text_of(inline, 'data')}")
    said = reading.text_of(item, "text")
    if said or "text" in item:
        return thought(said) if item.get("thought") is True else text(said)
    notes.add(f"{where}: a part with the keys {', '.join(sorted(item)[:4])[:80]} was left out")
    return None


def call_of(item: JsonObject) -> Part | None:
    """A call in any form: nested as OpenAI has it, or flat; None when it names no tool."""
    function = item.get("function")
    inner = next((one for key in ("function", "custom") if isinstance(one := item.get(key), dict)), item)
    name = function if isinstance(function, str) else reading.text_of(inner, "name", "toolName", "tool_name")
    if not name:
        return None
    arguments = next(
        (inner[key] for key in ("arguments", "input", "args", "params") if inner.get(key) is not None), None
    )
    return call(reading.text_of(item, "call_id", "id", "toolCallId", "tool_call_id"), name, arguments)


def answer_of(item: JsonObject, notes: reading.Notes, where: str) -> Part:
    """A tool's answer in any form."""
    output = next((item[key] for key in ("content", "output", "result", "response") if item.get(key) is not None), "")
    failed = item.get("is_error") is True or item.get("isError") is True
    id_ = reading.text_of(item, "tool_use_id", "call_id", "toolCallId", "tool_call_id", "id")
    return answer(id_, as_text(output, notes, where), failed=failed)


def _picture(item: JsonObject) -> Part | None:
    source = item.get("source")
    if isinstance(source, dict):
        address = reading.text_of(source, "url")
        mime, data = reading.text_of(source, "media_type"), reading.text_of(source, "data")
        return picture(address or (f"data:{mime};base64,{data}" if data else ""))
    given = item.get("image_url")
    address = reading.text_of(given, "url") if isinstance(given, dict) else reading.text_of(item, "image_url", "image")
    mime, data = reading.text_of(item, "mimeType", "mime_type"), reading.text_of(item, "data", "content")
    return picture(address or (f"data:{mime or 'image/png'};base64,{data}" if data else ""))


def output_of(response: Json) -> str:
    """A function's answer as text: what stands under `output` or `error` alone, else the JSON of it."""
    if isinstance(response, dict) and len(response) == 1:
        inner = next(iter(response.values()))
        if isinstance(inner, str):
            return inner
    return as_text(response)


def as_text(value: Json, notes: reading.Notes | None = None, where: str = "") -> str:
    """Whatever a tool answered, as text: the texts of blocks joined, other JSON as it is."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list):
        if notes is None:
            notes = reading.Notes()
        if all(isinstance(one, str) or (isinstance(one, dict) and _is_block(one)) for one in value):
            found = parts_of(value, notes, where)
            return "\n".join(part.text for part in found if part.text)
    return msgspec.json.encode(value).decode()


def _is_block(item: JsonObject) -> bool:
    return str(item.get("type")) in _TEXT | _THOUGHT | _IMAGE | _ANSWER | _SILENT or (
        len(item) == 1 and not {"text", "functionResponse", "inlineData"}.isdisjoint(item)
    )
