"""The result of an importer: sessions as plain values."""

import msgspec

from seasoned.message import Message
from seasoned.task import TaskStatus


class TimedMessage(msgspec.Struct, frozen=True):
    """A message and its time in microseconds. `id` is what its program calls it, also in a copy of the session."""

    at: int
    message: Message
    id: str = ""


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """One past session.

    `key` names it whatever file it lies in, so that a moved file is not learned twice; a transcript that has grown
    keeps its key and its earlier messages. `source` is what a person calls it. `outcome` is set when the file tells it.
    """

    key: str
    source: str
    format: str
    messages: tuple[TimedMessage, ...]
    outcome: TaskStatus | None = None
    user: str = ""
    warnings: tuple[str, ...] = ()
