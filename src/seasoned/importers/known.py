"""Formats that are known by their look and cannot be read yet, so that a refusal can name them."""

from collections.abc import Callable
from typing import Final

from seasoned.message import Json, JsonObject

_CODEX: Final = frozenset({"session_meta", "turn_context", "response_item", "event_msg", "compacted"})


def _first(value: Json) -> JsonObject:
    one = value[0] if isinstance(value, list) and value else None
    return one if isinstance(one, dict) else {}


def _is_gemini_cli(one: JsonObject) -> bool:
    return "sessionId" in one and _first(one.get("messages")).get("type") in ("user", "gemini", "info")


def _is_langchain(one: JsonObject) -> bool:
    first = _first(one.get("messages")) or one
    return first.get("type") in ("human", "ai") and ("data" in first or "content" in first)


def _has(*keys: str) -> Callable[[JsonObject], bool]:
    return lambda one: all(key in one for key in keys)


# What an object of each format has: a file's value, the first one of its list, or a line.
_LOOKS: Final[dict[str, Callable[[JsonObject], bool]]] = {
    "a Codex rollout": lambda one: "payload" in one and str(one.get("type")) in _CODEX,
    "Qwen Code": lambda one: (
        "sessionId" in one and isinstance(said := one.get("message"), dict) and isinstance(said.get("parts"), list)
    ),
    "Gemini CLI": _is_gemini_cli,
    "OpenCode": lambda one: "info" in one and {"info", "parts"} <= _first(one.get("messages")).keys(),
    "OpenClaw": lambda one: (
        one.get("type") in ("session", "message") and "id" in one and ("version" in one or "parentId" in one)
    ),
    "LangChain messages": _is_langchain,
    "ShareGPT": lambda one: {"from", "value"} <= _first(one.get("conversations")).keys(),
    "a ChatGPT export": lambda one: isinstance(one.get("mapping"), dict),
    "a Claude.ai export": _has("chat_messages"),
    "an OpenAI response": lambda one: one.get("object") == "response",
    "an OpenAI batch": lambda one: "custom_id" in one and ("body" in one or "response" in one),
    "ATIF": lambda one: "steps" in one and str(one.get("schema_version")).startswith("ATIF"),
    "OpenTelemetry spans": _has("resourceSpans"),
    "Gemini contents": lambda one: "parts" in _first(one.get("contents")),
    "SWE-agent": lambda one: "trajectory" in one and isinstance(one.get("history"), list),
    "Inspect AI": _has("eval", "samples"),
    "OpenHands": lambda one: "source" in one and ("action" in one or "observation" in one),
    "prompts and completions for training": lambda one: (
        ("prompt" in one and "completion" in one) or ("chosen" in one and "rejected" in one)
    ),
    "Langfuse": lambda one: {"id", "input", "output"} <= one.keys() and not {"messages", "role"} & one.keys(),
}


def looks_like(value: Json) -> str:
    """The name of the format that a file's value or line looks like; empty if none."""
    one = value if isinstance(value, dict) else _first(value)
    return next((name for name, look in _LOOKS.items() if look(one)), "")
