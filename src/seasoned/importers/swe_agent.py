"""SWE-agent's trajectories (`*.traj`) and mini-swe-agent's (`*.traj.json`).

SWE-agent: `{trajectory, history, info}`; the conversation is the `history`, without its demonstrations. mini-swe-agent:
`{info, messages}`. Observations stand in the user's role; the first prompt of that role is the task. An exit for
another reason than a submission is a failure; whether a submission is right is told only where it was evaluated.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from seasoned.importers import blocks, draft, reading
from seasoned.importers.draft import Draft
from seasoned.importers.outcomes import outcome_of
from seasoned.message import Json, JsonObject
from seasoned.task import TaskStatus

NAME: Final = "swe-agent"
_ENDED = ("submitted", "success", "finished")


def recognises(value: Json) -> bool:
    """Whether a file's value is of this format."""
    if not isinstance(value, dict) or not isinstance(value.get("info"), dict):
        return False
    if isinstance(value.get("trajectory"), list) and isinstance(value.get("history"), list):
        return True
    info = reading.inner(value, "info")
    return isinstance(value.get("messages"), list) and ("exit_status" in info or "submission" in info)


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    value = reading.load_json(path, notes)
    if not isinstance(value, dict):
        return
    history = reading.objects(value, "history" if "history" in value else "messages")
    session = Draft(reading.text_of(value, "instance_id"), numbered=True)
    session.outcome = _outcome(reading.inner(value, "info"))
    is_asked = False
    for index, one in enumerate(history, 1):
        if one.get("is_demo") is True or one.get("message_type") == "demonstration":
            continue
        said = _without_wrapping(one)
        if said.get("role") == "user" and is_asked:
            _observed(session, said, notes, f"message {index}")
        elif said.get("role") != "exit":
            session.take(said, notes, f"message {index}")
            is_asked = is_asked or said.get("role") == "user"
    yield session


def _without_wrapping(record: JsonObject) -> JsonObject:
    """A message without the thought that repeats its text, and with a call where only the action tells it."""
    thought, content = record.get("thought"), record.get("content")
    if isinstance(thought, str) and not content:
        record = {**record, "content": thought}
    return {key: value for key, value in record.items() if key != "thought"}


def _observed(session: Draft, record: JsonObject, notes: reading.Notes, where: str) -> None:
    before = session.said[-1][1].parts if session.said else ()
    open_call = next((part for part in reversed(before) if part.type == "tool-call"), None)
    parts = blocks.parts_of(record.get("content"), notes, where)
    if open_call is not None:
        session.say("user", [blocks.answer(open_call.call_id, "\n".join(one.text or "" for one in parts))])
    else:
        session.say("user", [msgspec.structs.replace(one, author="tool") for one in parts])


def _outcome(info: JsonObject) -> TaskStatus | None:
    told = outcome_of({key: value for key, value in info.items() if key != "status"})
    status = reading.text_of(info, "exit_status").lower()
    if told is not None or not status:
        return told
    return None if status.startswith(_ENDED) else "failed"


read = draft.reader(NAME, _drafts)
