"""The result of an importer: sessions as plain values."""

import hashlib
from collections.abc import Iterable

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
    keeps its key and its earlier messages. `source` is what a person calls it. `outcome` is set when the file tells it,
    `directory` and `branch` when it tells where the agent worked. `attempt_of` names what it attempts, where the file
    says so: at most 64 characters, the same for each attempt.
    """

    key: str
    source: str
    format: str
    messages: tuple[TimedMessage, ...]
    outcome: TaskStatus | None = None
    attempt_of: str = ""
    user: str = ""
    directory: str = ""
    branch: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def opening(self) -> str:
        """What the messages up to the first one with an id say, as a short name; empty when none has one.

        A copy of a session under another key begins alike; other sessions do not, since ids are unique.
        """
        first = next((number for number, one in enumerate(self.messages, start=1) if one.id), 0)
        if not first:
            return ""
        return hashlib.sha256(f"{self.messages[first - 1].id} {hash_of(self.messages[:first])}".encode()).hexdigest()


def hash_of(messages: Iterable[TimedMessage]) -> str:
    """A short name of what was said: 128 bits of its SHA-256, in hex."""
    digest = hashlib.sha256()
    for one in messages:
        digest.update(msgspec.json.encode((one.message.role, one.message.parts)))
    return digest.hexdigest()[:32]
