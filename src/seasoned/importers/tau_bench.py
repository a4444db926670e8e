"""tau-bench's results: a list of runs `{task_id, reward, info, traj, trial}` with OpenAI messages in `traj`.

`reward` is the outcome: 1.0 when the run did what its task wanted. The simulated user ends with `###STOP###`, which nobody said.
"""

from collections.abc import Iterator
from pathlib import Path

from seasoned.errors import BadTranscript
from seasoned.importers import openai_chat, reading
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.message import Json, JsonObject

NAME = "tau-bench"
_STOP = "###STOP###"


def recognises(first: Json) -> bool:
    """Whether a file's value is of this format."""
    run = first[0] if isinstance(first, list) and first else None
    return isinstance(run, dict) and "traj" in run and "task_id" in run


def read(path: Path) -> Iterator[Transcript]:
    """Every run of the file."""
    loaded = reading.load_json(path)
    if not isinstance(loaded, list):
        raise BadTranscript(f"{path} is not a list of runs, so it is no tau-bench result.")
    for index, run in enumerate(loaded, start=1):
        notes = reading.Notes()
        trajectory = run.get("traj") if isinstance(run, dict) else None
        if not isinstance(run, dict) or not isinstance(trajectory, list):
            continue
        messages = tuple(_messages(trajectory, reading.modified(path), notes))
        if messages:
            name = f"{run.get('task_id')}/{run.get('trial', 0)}"
            yield Transcript(
                key=f"{NAME}:{name}:{reading.fingerprint(trajectory)}",
                source=f"{path.name} #{index} (task {name})",
                format=NAME,
                messages=messages,
                outcome=openai_chat.outcome_of(run),
                warnings=notes.all(),
            )


def _messages(trajectory: list[Json], at: int, notes: reading.Notes) -> Iterator[TimedMessage]:
    for index, blob in enumerate(trajectory, start=1):
        said = _without_stop(blob) if isinstance(blob, dict) else blob
        message = None if said is None else reading.message_of(said, "openai", notes, f"message {index}")
        if message is not None:
            yield TimedMessage(at, message)


def _without_stop(blob: JsonObject) -> JsonObject | None:
    content = blob.get("content")
    if blob.get("role") != "user" or not isinstance(content, str) or _STOP not in content:
        return blob
    said = content.replace(_STOP, "").strip()
    return {**blob, "content": said} if said else None
