"""GitHub Copilot's sessions: the events of its CLI (`~/.copilot/session-state/<id>/events.jsonl`) and the chats of
Visual Studio Code (`<user data>/User/workspaceStorage/*/chatSessions/*.json`).

An event is `{type, data, id, timestamp, parentId}`; a chat has `requests`, each with the person's message and the parts
of the response.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seasoned.importers import blocks, draft, reading, times
from seasoned.importers.draft import Draft
from seasoned.message import Json, JsonObject, Part, PersonEvent

NAME: Final = "copilot"
_REFUSED = ("denied", "rejected", "declined")


def recognises(value: Json) -> bool:
    """Whether a file's value, or its first line, is of this format."""
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("requests"), list) and ("requesterUsername" in value or "responderUsername" in value):
        return True
    return value.get("type") == "session.start" and isinstance(value.get("data"), dict)


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    session = Draft()
    for where, value in reading.values(path, notes):
        if isinstance(value, dict) and "requests" in value:
            session.id = reading.text_of(value, "sessionId")
            session.began = times.time_of({"time": value.get("creationDate")})
            for one in reading.objects(value, "requests"):
                _chat(session, one, notes, where)
        elif isinstance(value, dict):
            _event(session, value, notes, where)
    yield session


def _event(session: Draft, event: JsonObject, notes: reading.Notes, where: str) -> None:
    kind, data = reading.text_of(event, "type"), reading.inner(event, "data")
    at, id_ = times.time_of(event), reading.text_of(event, "id")
    if kind == "session.start" and not session.id:
        session.id = reading.text_of(data, "sessionId")
    elif kind == "user.message":
        source = reading.text_of(data, "source")
        is_typed = source in ("", "user") and not data.get("parentAgentTaskId")
        said = blocks.parts_of(data.get("content"), notes, where)
        session.say("user", said, at=at, id=id_, author=None if is_typed else "harness")
    elif kind == "system.message":
        session.say("user", blocks.parts_of(data.get("content"), notes, where), at=at, original_role="system")
    elif kind == "assistant.message":
        calls = map(blocks.call_of, reading.objects(data, "toolRequests"))
        thoughts = blocks.thought(reading.text_of(data, "reasoningText"))
        session.say("assistant", [thoughts, *blocks.parts_of(data.get("content"), notes, where), *calls], at=at, id=id_)
    elif kind == "tool.execution_complete":
        session.say("user", [_answer(data, notes, where)], at=at)


def _answer(data: JsonObject, notes: reading.Notes, where: str) -> Part:
    result, error = data.get("result"), data.get("error")
    output = blocks.as_text(result.get("content") if isinstance(result, dict) else result, notes, where)
    said = reading.text_of(error, "message") if isinstance(error, dict) else blocks.as_text(error)
    failed = data.get("success") is False
    code = reading.text_of(error, "code") if isinstance(error, dict) else ""
    event: PersonEvent | None = "refused" if failed and code in _REFUSED else None
    both = "\n".join(filter(None, (output, said)))
    return blocks.answer(reading.text_of(data, "toolCallId"), both, failed=failed, event=event)


def _chat(session: Draft, request: JsonObject, notes: reading.Notes, where: str) -> None:
    message, at, id_ = request.get("message"), times.time_of(request), reading.text_of(request, "requestId")
    said = reading.text_of(message, "text") if isinstance(message, dict) else blocks.as_text(message)
    session.say("user", [blocks.text(said)], at=at, id=id_)
    response = request.get("response")
    texts: list[str] = []
    for one in response if isinstance(response, list) else []:
        kind = one.get("kind") if isinstance(one, dict) else None
        if isinstance(one, dict) and kind in (None, "markdownContent"):
            content = one.get("value", one.get("content"))
            texts.append(reading.text_of(content, "value") if isinstance(content, dict) else blocks.as_text(content))
        elif isinstance(one, dict) and kind == "toolInvocationSerialized":
            session.say("assistant", [blocks.text("".join(texts)), _invoked(one)], at=at)
            texts = []
            details = one.get("resultDetails")
            output = blocks.as_text(details.get("output") if isinstance(details, dict) else details)
            failed = isinstance(details, dict) and details.get("isError") is True
            refused = one.get("isConfirmed") is False
            id_call = reading.text_of(one, "toolCallId")
            answer = blocks.answer(id_call, output, failed=failed or refused, event="refused" if refused else None)
            session.say("user", [answer], at=at)
        elif kind not in ("prepareToolInvocation", "mcpServersStarting", "undoStop", "codeblockUri", "inlineReference"):
            notes.add(f"{where}: a part of the kind {str(kind)[:40]!r} was left out")
    session.say("assistant", [blocks.text("".join(texts))], at=at, id=id_)


def _invoked(one: JsonObject) -> Part:
    details, message = one.get("resultDetails"), one.get("invocationMessage")
    given = details.get("input") if isinstance(details, dict) else None
    told = reading.text_of(message, "value") if isinstance(message, dict) else blocks.as_text(message)
    return blocks.call(reading.text_of(one, "toolCallId"), reading.text_of(one, "toolId"), given or {"message": told})


read = draft.reader(NAME, _drafts)
