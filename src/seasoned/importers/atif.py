"""ATIF, the trajectories of Harbor and other harnesses: `{schema_version: "ATIF-v1.x", session_id, agent, steps}`.

A step is the user's, the system's or the agent's; the agent's has its calls and what was observed. A reward may stand
in `extra` or `final_metrics.extra`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seasoned.importers import blocks, draft, reading, times
from seasoned.importers.draft import Draft
from seasoned.importers.outcomes import outcome_of
from seasoned.message import Json, JsonObject, Part

NAME: Final = "atif"


def recognises(value: Json) -> bool:
    """Whether a file's value, or a line of it, is of this format."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("steps"), list)
        and str(value.get("schema_version", "")).upper().startswith("ATIF")
    )


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    for where, value in reading.values(path, notes):
        if not isinstance(value, dict) or not isinstance(value.get("steps"), list):
            notes.add(f"{where} is no trajectory and was left out")
            continue
        session = Draft(reading.text_of(value, "session_id", "trajectory_id"), numbered=True)
        holders = (value, reading.inner(value, "extra"), reading.inner(reading.inner(value, "final_metrics"), "extra"))
        session.outcome = next((told for one in holders if (told := outcome_of(one))), None)
        for step in reading.objects(value, "steps"):
            _say(session, step, notes, f"{where}: step {step.get('step_id')}")
        yield session


def _say(session: Draft, step: JsonObject, notes: reading.Notes, where: str) -> None:
    at, source = times.time_of(step), step.get("source")
    parts = blocks.parts_of(step.get("message"), notes, where)
    if source == "agent":
        called = map(_call, reading.objects(step, "tool_calls"))
        session.say("assistant", [blocks.thought(reading.text_of(step, "reasoning_content")), *parts, *called], at=at)
    else:
        session.say("user", parts, at=at, original_role="" if source == "user" else "system")
    results = reading.objects(reading.inner(step, "observation"), "results")
    answers = [_answer(one, notes, where) for one in results]
    session.say("user", answers, at=at)


def _call(one: JsonObject) -> Part:
    return blocks.call(
        reading.text_of(one, "tool_call_id"), reading.text_of(one, "function_name"), one.get("arguments")
    )


def _answer(one: JsonObject, notes: reading.Notes, where: str) -> Part:
    output = blocks.as_text(one.get("content"), notes, where)
    failed = reading.inner(one, "extra").get("is_error") is True
    return blocks.answer(reading.text_of(one, "source_call_id"), output, failed=failed)


read = draft.reader(NAME, _drafts)
