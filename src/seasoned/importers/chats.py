"""Conversations as lists of messages in a file: a list of messages, an object that has one, or many of either."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from seasoned.errors import BadTranscript
from seasoned.importers import reading, times
from seasoned.importers.draft import Draft
from seasoned.importers.outcomes import outcome_of
from seasoned.message import Json, JsonObject

IDS: Final = ("id", "session_id", "conversation_id", "thread_id")
MESSAGES_MAX: Final = 200_000
MessagesOf = Callable[[Json], list[Json] | None]


def first_of(value: Json) -> JsonObject:
    """The value, or the first item of its list, if that is an object; else an empty one."""
    one = value[0] if isinstance(value, list) and value else value
    return one if isinstance(one, dict) else {}


def conversations(
    path: Path, notes: reading.Notes, messages_of: MessagesOf, is_message: Callable[[Json], bool]
) -> Iterator[tuple[str, JsonObject, list[Json]]]:
    """What a person calls each conversation of a file, what stands beside its messages, and these.

    Values that are messages themselves are one conversation together, at the end.
    """
    single: list[Json] = []
    for where, value in reading.values(path, notes):
        messages = messages_of(value)
        if messages is not None:
            yield where, value if isinstance(value, dict) else {}, messages
        elif is_message(value):
            single.append(value)
            if len(single) > MESSAGES_MAX:
                raise BadTranscript(f"{path} has over {MESSAGES_MAX:,} messages; split it into sessions.")
        else:
            notes.add(f"{where} is no conversation and was left out")
    if single:
        yield "the file", {}, single


def drafts_of(
    path: Path,
    notes: reading.Notes,
    messages_of: MessagesOf,
    is_message: Callable[[Json], bool] = lambda _: False,
    plain: Callable[[Json], Json] = lambda one: one,
) -> Iterator[Draft]:
    """The conversations of a file, their messages in any provider's form; `plain` makes one of a message."""
    file = reading.shown(Path(path.name))
    for where, beside, messages in conversations(path, notes, messages_of, is_message):
        own = next((value for key in IDS if isinstance(value := beside.get(key), str | int) and value != ""), "")
        session = Draft(str(own), source=file if where == "the file" else f"{file} ({where})", numbered=True)
        session.began = times.time_of(beside)
        session.outcome = outcome_of(beside)
        session.user = reading.text_of(beside, "user", "user_id")
        for key in ("system", "system_prompt"):
            session.take({"role": "system", "content": beside.get(key)}, notes, where)
        for index, message in enumerate(messages, 1):
            session.take(plain(message), notes, f"{where}: message {index}")
        yield session
