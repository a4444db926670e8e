"""tau-bench's results: a list of runs `{task_id, reward, info, traj, trial}` with OpenAI messages in `traj`.

tau2-bench's are `{simulations: [...]}` or one simulation `{task_id, reward_info, messages, trial}`; its calls are flat,
and the user has tools too. What the user's tools were asked and answered is nobody's request.

`reward` is the outcome: 1.0 when the run did what its task wanted, else it failed. The simulated user ends with a mark
such as `###STOP###`, which nobody said.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from seasoned.importers import reading, times
from seasoned.importers.outcomes import REWARD_FULL, reward_of
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.message import Author, Json, JsonObject, Message, Part
from seasoned.task import TaskStatus

NAME = "tau-bench"
_STOP = re.compile(r"\s*###[A-Z_-]{3,20}###\s*\Z")
_LOOKED_AT_MAX = 10
_NAME_CHARS_MAX = 100


def recognises(value: Json) -> bool:
    """Whether a file's value is of this format."""
    return any(_trajectory(run) is not None for run in _runs(value)[:_LOOKED_AT_MAX])


def _runs(value: Json) -> list[Json]:
    if isinstance(value, dict):
        simulations = value.get("simulations")
        return simulations if isinstance(simulations, list) else [value]
    return value if isinstance(value, list) else []


def _trajectory(run: Json) -> list[Json] | None:
    if not isinstance(run, dict) or "task_id" not in run:
        return None
    found = run.get("messages") if "reward_info" in run else run.get("traj")
    return found if isinstance(found, list) else None


def read(path: Path, notes: reading.Notes) -> Iterator[Transcript]:
    """Every run of the file."""
    loaded = reading.load_json(path, notes)
    modified = times.modified(path)
    for index, run in enumerate(_runs(loaded), start=1):
        trajectory = _trajectory(run)
        if trajectory is None or not isinstance(run, dict):
            notes.add(f"run {index} has no trajectory and was left out")
            continue
        found = list(_messages(trajectory, notes))
        if not found:
            notes.add(f"run {index} has no message that can be read and was left out")
            continue
        name = f"{run['task_id']}/{run.get('trial', 0)}"[:_NAME_CHARS_MAX]
        whole = times.filled([at for at, _ in found], modified)
        yield Transcript(
            key=f"{NAME}:{name}:{reading.fingerprint(trajectory)}",
            source=f"{reading.shown(Path(path.name))} #{index} (task {name})",
            format=NAME,
            messages=tuple(TimedMessage(at, message) for at, (_, message) in zip(whole, found, strict=True)),
            outcome=_outcome(run),
            attempt_of=_attempt_of(run, trajectory[0]),
            warnings=notes.take(),
        )


def _attempt_of(run: JsonObject, opening: Json) -> str:
    """Domains number their tasks alike, so the instructions that stand first tell them apart."""
    is_told = isinstance(opening, dict) and opening.get("role") == "system"
    return reading.fingerprint([NAME, str(run["task_id"]), opening]) if is_told else ""


def _outcome(run: JsonObject) -> TaskStatus | None:
    rewarded = run.get("reward_info")
    reward = reward_of(rewarded if isinstance(rewarded, dict) else run)
    if reward is None:
        return None
    return "success" if reward >= REWARD_FULL else "failed"


def _messages(trajectory: list[Json], notes: reading.Notes) -> Iterator[tuple[int | None, Message]]:
    for index, blob in enumerate(trajectory, start=1):
        at = times.time_of(blob) if isinstance(blob, dict) else None
        if isinstance(blob, dict) and _is_of_user(blob):
            yield from ((at, message) for message in _of_user(blob))
            continue
        said = _chat(_without_stop(blob)) if isinstance(blob, dict) else blob
        message = None if said is None else reading.message_of(said, "openai", notes, f"message {index}")
        if message is not None:
            yield at, message


def _without_stop(blob: JsonObject) -> JsonObject | None:
    """The message without the mark at its end; None when that was all of it."""
    content = blob.get("content")
    if blob.get("role") != "user" or not isinstance(content, str) or not _STOP.search(content):
        return blob
    said = _STOP.sub("", content)
    return {**blob, "content": said} if said else None


def _chat(blob: JsonObject | None) -> JsonObject | None:
    """A message of tau2-bench as OpenAI has it: with nested calls, and the id of the call in its answer."""
    if blob is None or "turn_idx" not in blob:
        return blob
    chat: JsonObject = {key: blob[key] for key in ("role", "content", "tool_call_id") if blob.get(key) is not None}
    calls = blob.get("tool_calls")
    if isinstance(calls, list) and calls:
        chat["tool_calls"] = [_call(one) if isinstance(one, dict) else one for one in calls]
    if blob.get("role") == "tool":
        chat = {"content": "", "tool_call_id": reading.text_of(blob, "id"), **chat}
    return chat


def _call(call: JsonObject) -> Json:
    if "function" in call:
        return call
    called: JsonObject = {"name": call.get("name"), "arguments": call.get("arguments") or {}}
    return {"id": reading.text_of(call, "id"), "type": "function", "function": called}


def _is_of_user(blob: JsonObject) -> bool:
    """Whether a message is of the user's own tools."""
    if blob.get("role") == "tool":
        return blob.get("requestor") == "user"
    return blob.get("role") == "user" and bool(blob.get("tool_calls"))


def _of_user(blob: JsonObject) -> Iterator[Message]:
    content = reading.text_of(blob, "content")
    if blob.get("role") == "tool":
        yield _told(content, "tool")
        return
    if content := _STOP.sub("", content):
        yield Message("user", (Part("text", content),), {"source_format": "openai"})
    calls = blob.get("tool_calls")
    for call in calls if isinstance(calls, list) else []:
        if isinstance(call, dict):
            arguments = msgspec.json.encode(call.get("arguments") or {}).decode()
            yield _told(f"The user calls {reading.text_of(call, 'name')} {arguments}", "harness")


def _told(text: str, author: Author) -> Message:
    return Message("user", (Part("text", text or "(nothing)", author=author),), {"source_format": "openai"})
