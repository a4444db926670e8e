"""Requests and histories of the Gemini API: `{"contents": [{role, parts}], "systemInstruction": ...}`, or a bare list.

Prompts of AI Studio are read too: `{"chunkedPrompt": {"chunks": [{role, text}]}}`. The answer to a request stands in
its `candidates`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seasoned.formats.gemini import camel
from seasoned.importers import chats, draft, reading
from seasoned.importers.draft import Draft
from seasoned.message import Json

NAME: Final = "gemini-api"
_ROLES = ("user", "model", "function")


def recognises(value: Json) -> bool:
    """Whether a file's value, or a line of it, is of this format."""
    return _messages_of(value) is not None or (
        isinstance(value, list) and _messages_of(chats.first_of(value)) is not None
    )


def _is_message(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get("parts"), list) and value.get("role") in (*_ROLES, None)


def _messages_of(value: Json) -> list[Json] | None:
    if isinstance(value, list):
        return _named(value) if value and all(map(_is_message, value[:10])) else None
    if not isinstance(value, dict):
        return None
    contents, chunks = value.get("contents"), reading.objects(reading.inner(value, "chunkedPrompt"), "chunks")
    if chunks:
        return [
            {"role": one.get("role"), "content": [{**one, "type": "thinking" if one.get("isThought") else "text"}]}
            for one in chunks
        ]
    if not isinstance(contents, list) or not any(map(_is_message, contents[:10])):
        return None
    told = value.get("systemInstruction") or value.get("system_instruction")
    system: list[Json] = [{"role": "system", "parts": told.get("parts")}] if isinstance(told, dict) else []
    return [*system, *_named(contents), *_answered(value)]


def _named(contents: list[Json]) -> list[Json]:
    """Contents with a role, and keys as the API writes them."""
    found: list[Json] = []
    for one in contents:
        if not isinstance(one, dict):
            continue
        parts = camel(one.get("parts"))
        is_answer = any("functionResponse" in part for part in reading.objects({"parts": parts}, "parts"))
        role = one.get("role") or "user"
        found.append({"role": "user" if is_answer or role == "function" else role, "parts": parts})
    return found


def _answered(value: Json) -> list[Json]:
    for holder in (value, reading.inner(value, "response")):
        content = next(
            (one for held in reading.objects(holder, "candidates") if (one := reading.inner(held, "content"))), {}
        )
        if content:
            return _named([{"role": "model", **content}])
    return []


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    yield from chats.drafts_of(path, notes, _messages_of, _is_message, lambda one: _named([one])[0])


read = draft.reader(NAME, _drafts)
