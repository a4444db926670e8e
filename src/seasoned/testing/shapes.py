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


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered: the text, whether it was cut at the limit of tokens, and how many tokens came from a cache."""

    model: str
    asked: Sequence[Asked]
    text: str
    truncated: bool = False
    cached_tokens: int = 0

    @property
    def tokens_in(self) -> int:
        """Tokens of the prompt, cached ones included."""
        return sum(len(one.content) for one in self.asked) // CHARS_PER_TOKEN

    @property
    def tokens_out(self) -> int:
        """Tokens of the answer."""
        return len(self.text) // CHARS_PER_TOKEN


class Shape(msgspec.Struct, frozen=True, kw_only=True):
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
        "prompt_tokens": reply.tokens_in,
        "completion_tokens": reply.tokens_out,
        "total_tokens": reply.tokens_in + reply.tokens_out,
        "prompt_tokens_details": {"cached_tokens": reply.cached_tokens},
    }
    message: JsonObject = {"role": "assistant", "content": reply.text}
    choice: JsonObject = {"index": 0, "finish_reason": "length" if reply.truncated else "stop", "message": message}
    answer: JsonObject = {"id": "scripted", "object": "chat.completion", "created": 1, "model": reply.model}
    return {**answer, "choices": [choice], "usage": usage}


def _write_responses(reply: Reply) -> JsonObject:
    content: JsonObject = {"type": "output_text", "text": reply.text, "annotations": []}
    status = "incomplete" if reply.truncated else "completed"
    message: JsonObject = {"type": "message", "id": "msg_1", "role": "assistant", "status": status}
    usage: JsonObject = {
        "input_tokens": reply.tokens_in,
        "input_tokens_details": {"cached_tokens": reply.cached_tokens},
        "output_tokens": reply.tokens_out,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": reply.tokens_in + reply.tokens_out,
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
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [{"type": "text", "text": reply.text}],
        "stop_reason": "max_tokens" if reply.truncated else "end_turn",
        "stop_sequence": None,
        # Anthropic counts what came from the cache apart.
        "usage": {
            "input_tokens": reply.tokens_in - reply.cached_tokens,
            "cache_read_input_tokens": reply.cached_tokens,
            "cache_creation_input_tokens": 0,
            "output_tokens": reply.tokens_out,
        },
    }


def _write_google(reply: Reply) -> JsonObject:
    content: JsonObject = {"role": "model", "parts": [{"text": reply.text}]}
    reason = "MAX_TOKENS" if reply.truncated else "STOP"
    return {
        "candidates": [{"content": content, "finishReason": reason, "index": 0}],
        "usageMetadata": {
            "promptTokenCount": reply.tokens_in,
            "cachedContentTokenCount": reply.cached_tokens,
            "candidatesTokenCount": reply.tokens_out,
            "totalTokenCount": reply.tokens_in + reply.tokens_out,
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


SHAPES: Final = (
    Shape(
        path="/chat/completions", read=lambda body: _messages(body, "messages"), write=_write_chat, error=_openai_error
    ),
    Shape(path="/responses", read=_read_responses, write=_write_responses, error=_openai_error),
    Shape(path="/messages", read=_read_anthropic, write=_write_anthropic, error=_anthropic_error),
    Shape(path=":generateContent", read=_read_google, write=_write_google, error=_google_error),
)


def shape_of(path: str) -> Shape | None:
    """The API that a path belongs to."""
    bare = path.split("?", 1)[0]
    return next((shape for shape in SHAPES if bare.endswith(shape.path)), None)


def encode(value: JsonObject) -> bytes:
    """A body as it goes over the wire."""
    return json.dumps(value).encode()
