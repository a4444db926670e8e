"""Hermes' sessions: `~/.hermes/sessions/session_*.json`, and `*.jsonl` that begins with a `session_meta`.

The messages are OpenAI's, with the model's thoughts under `reasoning`. A session's key is its `session_id`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seasoned.importers import draft, reading, times
from seasoned.importers.draft import Draft
from seasoned.message import Json

NAME: Final = "hermes"


def recognises(value: Json) -> bool:
    """Whether a file's value, or its first line, is of this format."""
    if not isinstance(value, dict):
        return False
    if value.get("role") == "session_meta":
        return True
    return "session_id" in value and "session_start" in value and isinstance(value.get("messages"), list)


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    session = Draft()
    for where, value in reading.values(path, notes):
        if not isinstance(value, dict):
            continue
        messages = value.get("messages")
        if isinstance(messages, list) or value.get("role") == "session_meta":
            session.id = reading.text_of(value, "session_id")
            session.began = times.time_of({"time": value.get("session_start")}) or times.time_of(value)
        for index, one in enumerate(messages if isinstance(messages, list) else [value], 1):
            if not (isinstance(one, dict) and one.get("role") == "session_meta"):
                session.take(one, notes, f"{where}: message {index}" if isinstance(messages, list) else where)
    yield session


read = draft.reader(NAME, _drafts)
