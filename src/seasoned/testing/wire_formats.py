"""The wire forms of the providers that the scripted server speaks: reading what is asked, writing what is answered.

Each is as much of its API as the provider's own client needs for one text in and one text out, with usage in its own
fields. Tokens are counted at four characters each.
"""

import json
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from seasoned.message import Json, JsonObject

CHARS_PER_TOKEN: Final = 4


class Asked(msgspec.Struct, frozen=True):
    """One message of a request."""

    role: str
    content: str


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one call; those of the prompt include the cached ones."""

    input: int
    output: int
    cached: int = 0


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: its text, whether it was cut at the limit of tokens, and its tokens where they are known."""

    text: str
    truncated: bool = False
    spent: Spent | None = None


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What goes over the wire: the text, or why it is none, and what it took."""

    model: str
    text: str
    spent: Spent
    truncated: bool = False
    refused: bool = False


def spent_on(asked: Sequence[Asked], text: str, cached: int) -> Spent:
    """The tokens of a call, counted by characters; no more can be cached than were asked."""
    tokens = sum(len(one.content) for one in asked) // CHARS_PER_TOKEN
    return Spent(input=tokens, output=len(text) // CHARS_PER_TOKEN, cached=min(cached, tokens))


class WireFormat(msgspec.Struct, frozen=True, kw_only=True):
    """One API: the end of its path, how a request is read, an answer written, an error told."""

    path: str
    read: Callable[[JsonObject], list[Asked]]
    write: Callable[[Reply], JsonObject]
    error: Callable[[int, str], JsonObject]


def text_of(content: Json) -> str:
    """The text of a message's content: a string, or a list of parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _messages(body: JsonObject, key: str, content: str = "content") -> list[Asked]:
    found = body.get(key)
    items = found if isinstance(found, list) else []
    return [Asked(str(one.get("role", "user")), text_of(one.get(content))) for one in items if isinstance(one, dict)]


def _read_responses(body: JsonObject) -> list[Asked]:
    system = body.get("instructions")
    first = [Asked("system", system)] if isinstance(system, str) else []
    given = body.get("input")
    return [*first, Asked("user", given)] if isinstance(given, str) else [*first, *_messages(body, "input")]


def _read_anthropic(body: JsonObject) -> list[Asked]:
    return [Asked("system", text_of(body.get("system"))), *_messages(body, "messages")]


def _read_google(body: JsonObject) -> list[Asked]:
    system = body.get("systemInstruction")
    parts = system.get("parts") if isinstance(system, dict) else None
    return [Asked("system", text_of(parts)), *_messages(body, "contents", "parts")]


def _write_chat(reply: Reply) -> JsonObject:
    usage: JsonObject = {
        "prompt_tokens": reply.spent.input,
        "completion_tokens": reply.spent.output,
        "total_tokens": reply.spent.input + reply.spent.output,
        "prompt_tokens_details": {"cached_tokens": reply.spent.cached},
    }
    words: JsonObject = {"content": None, "refusal": reply.text} if reply.refused else {"content": reply.text}
    message: JsonObject = {"role": "assistant", **words}
    choice: JsonObject = {"index": 0, "finish_reason": "length" if reply.truncated else "stop", "message": message}
    answer: JsonObject = {"id": "scripted", "object": "chat.completion", "created": 1, "model": reply.model}
    return {**answer, "choices": [choice], "usage": usage}


def _write_responses(reply: Reply) -> JsonObject:
    content: JsonObject = {"type": "output_text", "text": reply.text, "annotations": []}
    if reply.refused:
        content = {"type": "refusal", "refusal": reply.text}
    status = "incomplete" if reply.truncated else "completed"
    message: JsonObject = {"type": "message", "id": "msg_1", "role": "assistant", "status": status}
    usage: JsonObject = {
        "input_tokens": reply.spent.input,
        "input_tokens_details": {"cached_tokens": reply.spent.cached},
        "output_tokens": reply.spent.output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": reply.spent.input + reply.spent.output,
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": reply.model,
        "status": status,
        "incomplete_details": {"reason": "max_output_tokens"} if reply.truncated else None,
        "output": [{**message, "content": [content]}],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage,
    }


def _write_anthropic(reply: Reply) -> JsonObject:
    reason = "refusal" if reply.refused else "max_tokens" if reply.truncated else "end_turn"
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [] if reply.refused else [{"type": "text", "text": reply.text}],
        "stop_reason": reason,
        "stop_sequence": None,
        # Anthropic counts what came from the cache apart.
        "usage": {
            "input_tokens": reply.spent.input - reply.spent.cached,
            "cache_read_input_tokens": reply.spent.cached,
            "cache_creation_input_tokens": 0,
            "output_tokens": reply.spent.output,
        },
    }


def _write_google(reply: Reply) -> JsonObject:
    parts: Json = [] if reply.refused else [{"text": reply.text}]
    content: JsonObject = {"role": "model", "parts": parts}
    reason = "SAFETY" if reply.refused else "MAX_TOKENS" if reply.truncated else "STOP"
    return {
        "candidates": [{"content": content, "finishReason": reason, "index": 0}],
        "usageMetadata": {
            "promptTokenCount": reply.spent.input,
            "cachedContentTokenCount": reply.spent.cached,
            "candidatesTokenCount": reply.spent.output,
            "totalTokenCount": reply.spent.input + reply.spent.output,
        },
        "modelVersion": reply.model,
        "responseId": "scripted",
    }


def _openai_error(_status: int, says: str) -> JsonObject:
    return {"error": {"message": says, "type": "scripted", "code": None}}


def _anthropic_error(_status: int, says: str) -> JsonObject:
    return {"type": "error", "error": {"type": "api_error", "message": says}}


def _google_error(status: int, says: str) -> JsonObject:
    return {"error": {"code": status, "message": says, "status": "SCRIPTED"}}


CHAT: Final = WireFormat(
    path="/chat/completions", read=lambda body: _messages(body, "messages"), write=_write_chat, error=_openai_error
)
SHAPES: Final = (
    CHAT,
    WireFormat(path="/responses", read=_read_responses, write=_write_responses, error=_openai_error),
    WireFormat(path="/messages", read=_read_anthropic, write=_write_anthropic, error=_anthropic_error),
    WireFormat(path=":generateContent", read=_read_google, write=_write_google, error=_google_error),
)


def shape_of(path: str) -> WireFormat | None:
    """The API that a path belongs to."""
    bare = path.split("?", 1)[0]
    return next((shape for shape in SHAPES if bare.endswith(shape.path)), None)


def encode(value: JsonObject) -> bytes:
    """A body as it goes over the wire."""
    return json.dumps(value).encode()
