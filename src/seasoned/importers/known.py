"""Files that are known by their look and have no session that can be read, so that a refusal can name them."""

from collections.abc import Callable
from typing import Final

from seasoned.importers.reading import MEMBERS, TABLES
from seasoned.message import Json, JsonObject

# What an object of each has: a file's value, the first one of its list, or a line.
_LOOKS: Final[dict[str, Callable[[JsonObject], bool]]] = {
    "a database": lambda one: TABLES in one,
    "an archive": lambda one: MEMBERS in one,
    "Codex's history of prompts": lambda one: {"session_id", "ts", "text"} <= one.keys(),
    "Claude Code's history of prompts": lambda one: {"display", "pastedContents", "project"} <= one.keys(),
    "a part of an OpenCode session": lambda one: {"sessionID", "id"} <= one.keys() and "role" in one,
    "the state of an OpenHands conversation": lambda one: "execution_status" in one and "agent" in one,
}


def looks_like(value: Json) -> str:
    """What a file's value or line looks like; empty if it is unknown."""
    first = value[0] if isinstance(value, list) and value else value
    one = first if isinstance(first, dict) else {}
    return next((name for name, look in _LOOKS.items() if look(one)), "")
