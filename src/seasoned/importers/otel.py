"""OpenTelemetry's spans of generative AI in OTLP JSON: one export, or lines of them as a collector's file has.

A session is the spans with one `gen_ai.conversation.id`, or one trace. The messages are in the attributes
`gen_ai.input.messages` and `gen_ai.output.messages` of `chat` spans, or in the event with the details of the inference;
each span's input repeats what was said before, so only what is new is taken. Content is recorded only where it was
switched on. `execute_tool` spans tell which calls failed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from seasoned.errors import BadTranscript
from seasoned.importers import blocks, draft, reading, times
from seasoned.importers.draft import Draft
from seasoned.message import Json, JsonObject

NAME: Final = "otel"
SPANS_MAX: Final = 200_000
_INPUTS, _OUTPUTS = "gen_ai.input.messages", "gen_ai.output.messages"
_TOLD = "gen_ai.system_instructions"
_DETAILS = "gen_ai.client.inference.operation.details"
_DEPTH_MAX = 20


def recognises(value: Json) -> bool:
    """Whether a file's value, or a line of it, is of this format."""
    return isinstance(value, dict) and isinstance(value.get("resourceSpans"), list)


class _Span(msgspec.Struct):
    """A span of a conversation: its attributes, with those of its events."""

    at: int
    attributes: JsonObject
    where: str


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    sessions: dict[str, list[_Span]] = {}
    count = 0
    for where, value in reading.values(path, notes):
        for span in _spans(value):
            count += 1
            if count > SPANS_MAX:
                raise BadTranscript(f"{reading.shown(path)} has over {SPANS_MAX:,} spans; split it by trace.")
            attributes = _attributes(span)
            if any(str(key).startswith("gen_ai.") for key in attributes):
                name = reading.text_of(attributes, "gen_ai.conversation.id", "session.id") or reading.text_of(
                    span, "traceId"
                )
                at = times.time_of(
                    {"time": reading.text_of(span, "startTimeUnixNano") or span.get("startTimeUnixNano")}
                )
                sessions.setdefault(name, []).append(_Span(at or 0, attributes, where))
    for name, spans in sessions.items():
        session = Draft(name, source=f"{reading.shown(Path(path.name))} ({name[:40]})")
        _read(session, sorted(spans, key=lambda span: span.at), notes)
        if not session.said:
            notes.add(f"conversation {name[:40]} has no content; its program has to be told to record it")
        yield session


def _spans(value: Json) -> Iterator[JsonObject]:
    for resource in reading.objects(value, "resourceSpans"):
        for scope in [
            *reading.objects(resource, "scopeSpans"),
            *reading.objects(resource, "instrumentationLibrarySpans"),
        ]:
            yield from reading.objects(scope, "spans")


def _attributes(span: JsonObject) -> JsonObject:
    """The span's attributes, and those of the event that carries its messages."""
    found: JsonObject = {}
    for holder in [span, *(one for one in reading.objects(span, "events") if one.get("name") == _DETAILS)]:
        for one in reading.objects(holder, "attributes"):
            found[reading.text_of(one, "key")] = _value(one.get("value"))
    return found


def _value(value: Json, depth: int = 0) -> Json:
    """What an OTLP value holds."""
    if not isinstance(value, dict) or depth > _DEPTH_MAX:
        return None
    if "arrayValue" in value:
        return [_value(one, depth + 1) for one in reading.objects(value["arrayValue"], "values")]
    if "kvlistValue" in value:
        listed = reading.objects(value["kvlistValue"], "values")
        return {reading.text_of(one, "key"): _value(one.get("value"), depth + 1) for one in listed}
    return next((one for key, one in value.items() if key.endswith("Value")), None)


def _messages(span: _Span, key: str, notes: reading.Notes) -> list[Json]:
    value = span.attributes.get(key)
    if isinstance(value, str):
        value = reading.decode(value.encode(), notes, f"{span.where}: {key}")
    return value if isinstance(value, list) else []


def _read(session: Draft, spans: list[_Span], notes: reading.Notes) -> None:
    failed = {
        reading.text_of(span.attributes, "gen_ai.tool.call.id") for span in spans if span.attributes.get("error.type")
    } - {""}
    known: set[str] = set()
    for span in spans:
        if span.attributes.get("gen_ai.operation.name") in ("invoke_agent", "create_agent") and known:
            continue  # its messages are those of its `chat` spans
        told = _messages(span, _TOLD, notes)
        system: list[Json] = [{"role": "system", "parts": told}] if told else []
        for message in [*system, *_messages(span, _INPUTS, notes), *_messages(span, _OUTPUTS, notes)]:
            plain = (
                {key: one for key, one in message.items() if key != "finish_reason"}
                if isinstance(message, dict)
                else message
            )
            mark = reading.fingerprint(plain)
            if mark not in known:
                known.add(mark)
                _say(session, plain, failed, span, notes)


def _say(session: Draft, message: Json, failed: set[str], span: _Span, notes: reading.Notes) -> None:
    parts = message.get("parts") if isinstance(message, dict) else None
    at = span.at or None
    answers = [
        blocks.answer_of(one, notes, span.where)
        for one in (parts if isinstance(parts, list) else [])
        if isinstance(one, dict) and one.get("type") == "tool_call_response"
    ]
    if not answers:
        session.take(message, notes, span.where, at=at)
        return
    for one in answers:
        marked = blocks.answer(one.call_id, one.text or "", failed=one.call_id in failed)
        session.say("user", [marked], at=at)


read = draft.reader(NAME, _drafts)
