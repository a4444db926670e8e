"""What simulated clients were told: the checks hold the database to it."""

from collections import Counter

import msgspec


class SessionRecord(msgspec.Struct):
    """A session of a client: what was acknowledged, and what was asked for without an answer."""

    id: str
    messages: dict[int, str] = {}
    asked: list[str] = []
    space_id: str = ""
    deleted: bool = False
    deletion_asked: bool = False
    forgotten: bool = False


class Ledger(msgspec.Struct):
    """Everything that was acknowledged."""

    project_id: str = ""
    spaces: list[str] = []
    sessions: dict[str, SessionRecord] = {}
    edits: dict[str, str] = {}
    """Tokens of acknowledged edits, each with its skill."""
    uploads: dict[str, str] = {}
    """Acknowledged skills: the id, and the bytes' SHA-256 of their largest file."""
    in_order: bool = False
    """Whether lessons must be written in the order of the sessions' links."""
    calls: Counter[str] = msgspec.field(default_factory=Counter)
    names: Counter[str] = msgspec.field(default_factory=Counter)

    def name(self, letter: str) -> str:
        """A name that nothing else has: the letter and a number."""
        self.names[letter] += 1
        return f"{letter}{self.names[letter]}"
