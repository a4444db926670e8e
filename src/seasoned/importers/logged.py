"""Logged calls of models: exports of LangSmith and Langfuse, responses and batches of OpenAI, and sets for training.

All of them have what a model was given and what it answered. Each such record is a conversation: the messages of its
input, and the output behind them. Where a trace holds several calls, each input repeats what was said before, so the
longest one is the conversation.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seasoned.errors import BadTranscript
from seasoned.importers import chats, draft, reading, times
from seasoned.importers.draft import Draft
from seasoned.importers.langchain import plain as without_wrapping
from seasoned.importers.outcomes import outcome_of
from seasoned.message import Json, JsonObject

NAME: Final = "logged-calls"
TRACES_MAX: Final = 100_000
_PAIRS: Final = (
    ("input", "output"),
    ("inputs", "outputs"),
    ("prompt", "completion"),
    ("prompt", "chosen"),
    ("request", "response"),
)
_DEPTH_MAX: Final = 6
_INSIDE: Final = (
    "messages",
    "input",
    "message",
    "output",
    "choices",
    "generations",
    "body",
    "response",
    "content",
    "kwargs",
)
_PROMPT_KEYS = ("prompt", "question", "query", "text", "input", "content", "output", "answer", "completion")


def recognises(value: Json) -> bool:
    """Whether a file's value, or a line of it, is of this format."""
    one = chats.first_of(value)
    if one.get("object") == "response" or ("custom_id" in one and ("body" in one or "response" in one)):
        return True
    if "role" in one or "messages" in one:
        return False
    if isinstance(one.get("observations"), list):
        return True
    return any(first in one and second in one for first, second in _PAIRS) and bool(_conversation(one))


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    """One session for each trace, and for each record without one."""
    traces: dict[str, tuple[str, JsonObject, list[Json]]] = {}
    for where, value in reading.values(path, notes):
        for record in _records(value):
            said = _conversation(record)
            if not said:
                notes.add(f"{where} has no messages and was left out")
                continue
            trace = reading.text_of(record, "trace_id", "traceId", "session_id") or where
            known = traces.get(trace)
            if known is None or len(said) >= len(known[2]):
                told = known[1] if known else {}
                traces[trace] = (where, {**told, **_beside(record)}, said)
                if len(traces) > TRACES_MAX:
                    raise BadTranscript(f"{reading.shown(path)} has over {TRACES_MAX:,} traces; split it.")
    for where, beside, said in traces.values():
        session = Draft(reading.text_of(beside, "id", "custom_id"), source=f"{path.name} ({where})", numbered=True)
        session.began = times.time_of({"time": beside.get("startTime", beside.get("start_time"))}) or times.time_of(
            beside
        )
        session.outcome = outcome_of(beside)
        for index, one in enumerate(said, 1):
            session.take(one, notes, f"{where}: message {index}")
        yield session


def _records(value: Json) -> Iterator[JsonObject]:
    if not isinstance(value, dict):
        return
    yield value
    for key in ("observations", "child_runs"):
        inside = value.get(key)
        for one in inside if isinstance(inside, list) else []:
            if isinstance(one, dict):
                yield {"trace_id": reading.text_of(value, "id") or "trace", **one}


def _beside(record: JsonObject) -> JsonObject:
    kept = (
        "id",
        "custom_id",
        "startTime",
        "start_time",
        "timestamp",
        "created_at",
        "outcome",
        "reward",
        "success",
        "label",
    )
    return {key: record[key] for key in kept if key in record}


def _conversation(record: JsonObject) -> list[Json]:
    """The messages of a record's input with those of its output."""
    if record.get("object") == "response" or "custom_id" in record:
        asked = [*_system(record), *_messages(record.get("input", record.get("body")), "user")]
        return [*asked, *_messages(record.get("output", record.get("response")), "assistant")]
    for first, second in _PAIRS:
        if first in record and second in record:
            asked, answered = _messages(record[first], "user"), _messages(record[second], "assistant")
            if asked and answered:
                # A graph's output repeats its input.
                return answered if answered[: len(asked)] == asked else [*asked, *answered]
    return []


def _system(record: JsonObject) -> list[Json]:
    told = record.get("instructions")
    return [{"role": "system", "content": told}] if isinstance(told, str) and told else []


def _messages(value: Json, role: str, depth: int = 0) -> list[Json]:
    """The messages in what a model was given or answered; a text is one message of a role."""
    if depth > _DEPTH_MAX:
        return []
    if isinstance(value, str):
        return [{"role": role, "content": value}] if value.strip() else []
    if isinstance(value, list):
        return [one for item in value for one in _messages(item, role, depth + 1)]
    if not isinstance(value, dict):
        return []
    plain = without_wrapping(value)
    if _item(plain) is not None:
        return [_item(plain)]
    if draft.role_of(plain) and ("content" in plain or "tool_calls" in plain or "parts" in plain):
        return [plain]
    told: list[Json] = _system(value) if isinstance(value.get("instructions"), str) else []
    for key in _INSIDE:
        inside = value.get(key)
        if isinstance(inside, list | dict) and (found := _messages(inside, role, depth + 1)):
            return [*told, *found]
    said = reading.text_of(value, *_PROMPT_KEYS)
    return [*told, {"role": role, "content": said}] if said else told


def _item(value: JsonObject) -> Json:
    """An item of the Responses API that is no message, as one; None if it is none."""
    kind = value.get("type")
    if kind in ("function_call", "custom_tool_call"):
        return {"role": "assistant", "content": [{**value, "type": "function_call"}]}
    if kind in ("function_call_output", "custom_tool_call_output"):
        return {"role": "tool", "call_id": value.get("call_id"), "content": value.get("output")}
    if kind == "reasoning":
        return {"role": "assistant", "content": [value]}
    return None


read = draft.reader(NAME, _drafts)
