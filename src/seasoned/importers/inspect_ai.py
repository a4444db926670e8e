"""Inspect AI's logs: `.json`, and `.eval` archives with a file for each sample.

The scores are the outcome: right when all of them are `C` or 1, wrong when one is `I` or 0. Long texts are
`attachment://<hash>`, with the text in the sample's `attachments`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seasoned.errors import BadTranscript
from seasoned.importers import draft, packed, reading, times
from seasoned.importers.draft import Draft
from seasoned.importers.outcomes import REWARD_FULL
from seasoned.message import Json, JsonObject
from seasoned.task import TaskStatus

NAME: Final = "inspect"
_ATTACHED = "attachment://"
_RIGHT, _WRONG = frozenset({"C", "CORRECT", "YES"}), frozenset({"I", "INCORRECT", "NO"})
_DEPTH_MAX = 100


def recognises(value: Json) -> bool:
    """Whether a file's value, or an archive's files, are of this format."""
    if not isinstance(value, dict):
        return False
    members = value.get(reading.MEMBERS)
    if isinstance(members, list):
        return any(str(one).startswith("samples/") for one in members)
    return isinstance(value.get("eval"), dict) and isinstance(value.get("samples"), list)


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    file = reading.shown(Path(path.name))
    for evaluation, sample in _samples(path, notes):
        name = f"{sample.get('id', '')}/{sample.get('epoch', 1)}"
        run = reading.text_of(evaluation, "eval_id", "run_id")
        session = Draft(f"{run}/{name}", source=f"{file} (sample {name})", numbered=not run)
        session.began = times.time_of({"time": evaluation.get("created")})
        session.outcome = _outcome(sample)
        texts = reading.inner(sample, "attachments")
        for index, one in enumerate(reading.objects(sample, "messages"), 1):
            session.take(_whole(one, texts), notes, f"sample {name}: message {index}")
        yield session


def _samples(path: Path, notes: reading.Notes) -> Iterator[tuple[JsonObject, JsonObject]]:
    if reading.container(path) is None:
        value = reading.load_json(path, notes)
        yield from ((reading.inner(value, "eval"), one) for one in reading.objects(value, "samples"))
        return
    names = packed.members(path)
    heads = [_object(path, name, notes) for name in ("header.json", "_journal/start.json") if name in names]
    evaluation = next((one for head in heads if (one := reading.inner(head, "eval"))), {})
    for name in names:
        if name.startswith("samples/") and name.endswith(".json"):
            yield evaluation, _object(path, name, notes)


def _object(path: Path, name: str, notes: reading.Notes) -> JsonObject:
    try:
        value = reading.decode(packed.member(path, name), notes, name[:80])
    except (OSError, *packed.Damages) as error:
        raise BadTranscript(
            f"{reading.shown(path)}: {name[:80]} cannot be unpacked ({error}); check the file."
        ) from None
    return value if isinstance(value, dict) else {}


def _whole(value: Json, texts: JsonObject, depth: int = 0) -> Json:
    """A value with its attachments in their places."""
    if isinstance(value, str) and value.startswith(_ATTACHED):
        return texts.get(value.removeprefix(_ATTACHED), value)
    if depth > _DEPTH_MAX or not texts:
        return value
    if isinstance(value, list):
        return [_whole(one, texts, depth + 1) for one in value]
    return {key: _whole(one, texts, depth + 1) for key, one in value.items()} if isinstance(value, dict) else value


def _outcome(sample: JsonObject) -> TaskStatus | None:
    scores = reading.inner(sample, "scores").values()
    told = [_verdict(one.get("value")) for one in scores if isinstance(one, dict)]
    if "failed" in told:
        return "failed"
    return "success" if told and all(one == "success" for one in told) else None


def _verdict(value: Json) -> TaskStatus | None:
    if isinstance(value, str):
        word = value.strip().upper()
        return "success" if word in _RIGHT else "failed" if word in _WRONG else None
    if isinstance(value, bool | int | float):
        return "success" if value >= REWARD_FULL else "failed" if value <= 0 else None
    return None


read = draft.reader(NAME, _drafts)
