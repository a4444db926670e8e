"""OpenHands' events: a list of them, lines, or a folder `events` with a file for each.

Up to 0.x an event is `{source, action | observation, args | content | extras}`, since 1.0 `{kind, source, ...}` with
`llm_message`, `tool_call` and `observation`. Of a folder, the first file stands for all.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from seasoned.errors import BadTranscript
from seasoned.importers import blocks, chats, draft, reading, times
from seasoned.importers.draft import Draft
from seasoned.message import Json, JsonObject

NAME: Final = "openhands"
FOLDER: Final = "events"
_FILES_MAX = 20_000
_KINDS = (
    "MessageEvent",
    "ActionEvent",
    "ObservationEvent",
    "SystemPromptEvent",
    "UserRejectObservation",
    "AgentErrorEvent",
)
# What no tool is called by.
_NO_CALL = frozenset({"message", "system", "agent_state_changed", "change_agent_state", "recall", "think", "null", ""})


def recognises(value: Json) -> bool:
    """Whether a file's value, or a line of it, is of this format."""
    one = chats.first_of(value)
    if one.get("kind") in _KINDS:
        return "source" in one
    return "source" in one and ("action" in one or "observation" in one) and ("args" in one or "content" in one)


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    session = Draft(path.absolute().parents[1].name if path.parent.name == FOLDER else "", numbered=True)
    for where, event in _events(path, notes):
        if "kind" in event:
            _say(session, event, notes, where)
        else:
            _say_old(session, event)
    yield session


def _events(path: Path, notes: reading.Notes) -> Iterator[tuple[str, JsonObject]]:
    files: Iterable[Path] = [path]
    if path.parent.name == FOLDER:
        own = (one for _, one in zip(range(_FILES_MAX), path.parent.glob("*.json"), strict=False))
        files = sorted(own, key=lambda one: (len(one.name) if one.stem.isdigit() else 0, one.name))
    for file in files:
        try:
            for where, value in reading.values(file, notes):
                if isinstance(value, dict):
                    yield where if file == path else file.name, value
        except BadTranscript as error:
            if file == path:
                raise
            notes.add(f"{error} It was left out.")


def _say(session: Draft, event: JsonObject, notes: reading.Notes, where: str) -> None:
    kind, at, id_ = event.get("kind"), times.time_of(event), reading.text_of(event, "id")
    call_id = reading.text_of(event, "tool_call_id")
    if kind == "MessageEvent":
        session.take({"id": id_, **reading.inner(event, "llm_message")}, notes, where, at=at)
    elif kind == "SystemPromptEvent":
        prompt = blocks.parts_of(event.get("system_prompt"), notes, where)
        session.say("user", prompt, at=at, original_role="system")
    elif kind == "ActionEvent":
        called = reading.inner(event, "tool_call")
        given = (reading.inner(called, "function") or called).get("arguments")
        name = reading.text_of(event, "tool_name")
        said = [blocks.thought(reading.text_of(event, "reasoning_content"))]
        said += blocks.parts_of(event.get("thought"), notes, where)
        arguments = event.get("action") if given is None else given
        session.say("assistant", [*said, blocks.call(call_id, name, arguments)], at=at, id=id_)
    elif kind == "ObservationEvent":
        found = reading.inner(event, "observation")
        output = next((found[key] for key in ("content", "output", "text") if found.get(key)), None)
        failed = found.get("is_error") is True or bool(found.get("exit_code"))
        session.say("user", [blocks.answer(call_id, blocks.as_text(output, notes, where), failed=failed)], at=at)
    elif kind == "UserRejectObservation":
        reason = reading.text_of(event, "rejection_reason")
        session.say("user", [blocks.answer(call_id, reason, failed=True, event="refused")], at=at)
    elif kind == "AgentErrorEvent":
        session.say("user", [blocks.answer(call_id, reading.text_of(event, "error"), failed=True)], at=at)


def _say_old(session: Draft, event: JsonObject) -> None:
    at, source = times.time_of(event), event.get("source")
    action, given = reading.text_of(event, "action"), reading.inner(event, "args")
    if "observation" in event and not action:
        kind, content = reading.text_of(event, "observation"), blocks.as_text(event.get("content"))
        if kind not in _NO_CALL and content:
            meta = reading.inner(reading.inner(event, "extras"), "metadata")
            failed = kind == "error" or bool(meta.get("exit_code"))
            rejected = kind == "user_rejected"
            cause = str(event.get("cause", ""))
            answer = blocks.answer(cause, content, failed=failed or rejected, event="refused" if rejected else None)
            session.say("user", [answer], at=at)
    elif action == "message" and source == "user":
        session.say("user", [blocks.text(reading.text_of(given, "content"))], at=at)
    elif action == "system":
        session.say("user", [blocks.text(reading.text_of(given, "content"))], at=at, original_role="system")
    elif source == "agent":
        said = [blocks.text(reading.text_of(given, "thought", "content", "final_thought"))]
        if action not in _NO_CALL:
            rest: JsonObject = {
                key: value for key, value in given.items() if key != "thought" and value not in ("", None)
            }
            said.append(blocks.call(str(event.get("id", "")), action, rest))
        session.say("assistant", said, at=at)


read = draft.reader(NAME, _drafts)
