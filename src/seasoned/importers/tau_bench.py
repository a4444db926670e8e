"""tau-bench's results: a list of runs `{task_id, reward, info, traj, trial}` with OpenAI messages in `traj`.

`reward` is the outcome: 1.0 when the run did what its task wanted, else it failed. The simulated user ends with
`###STOP###`, which nobody said.
"""

from collections.abc import Iterator
from pathlib import Path

from seasoned.importers import reading, times
from seasoned.importers.outcomes import REWARD_FULL, reward_of
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.message import Json, JsonObject, Message
from seasoned.task import TaskStatus

NAME = "tau-bench"
_STOP = "###STOP###"
_LOOKED_AT_MAX = 10
_NAME_CHARS_MAX = 100


def recognises(value: Json) -> bool:
    """Whether a file's value is of this format."""
    return isinstance(value, list) and any(_trajectory(run) is not None for run in value[:_LOOKED_AT_MAX])


def _trajectory(run: Json) -> list[Json] | None:
    found = run.get("traj") if isinstance(run, dict) and "task_id" in run else None
    return found if isinstance(found, list) else None


def read(path: Path, notes: reading.Notes) -> Iterator[Transcript]:
    """Every run of the file."""
    loaded = reading.load_json(path, notes)
    modified = times.modified(path)
    for index, run in enumerate(loaded if isinstance(loaded, list) else [], start=1):
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
            warnings=notes.take(),
        )


def _outcome(run: JsonObject) -> TaskStatus | None:
    reward = reward_of(run)
    if reward is None:
        return None
    return "success" if reward >= REWARD_FULL else "failed"


def _messages(trajectory: list[Json], notes: reading.Notes) -> Iterator[tuple[int | None, Message]]:
    for index, blob in enumerate(trajectory, start=1):
        said = _without_stop(blob) if isinstance(blob, dict) else blob
        message = None if said is None else reading.message_of(said, "openai", notes, f"message {index}")
        if message is not None:
            yield times.time_of(blob) if isinstance(blob, dict) else None, message


def _without_stop(blob: JsonObject) -> JsonObject | None:
    """The message without the mark at its end; None when that was all of it."""
    content = blob.get("content")
    if blob.get("role") != "user" or not isinstance(content, str) or not content.rstrip().endswith(_STOP):
        return blob
    said = content.rstrip().removesuffix(_STOP).rstrip()
    return {**blob, "content": said} if said else None
