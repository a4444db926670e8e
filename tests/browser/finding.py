"""The addresses of what was learned, by names that people know."""

from typing import Any

from tests.support.server import Server


def skill(server: Server, name: str) -> str:
    """The id of a skill."""
    return str(next(one["id"] for one in _items(server, "/agent_skills?limit=200") if one["name"] == name))


def session(server: Server, source: str) -> str:
    """The id of an imported session."""
    return str(next(one["id"] for one in _items(server, "/session?limit=200") if one["configs"]["source"] == source))


def space(server: Server, position: int = 0) -> str:
    """The id of a space, in the order in which they were made."""
    return str(_items(server, "/learning_spaces?limit=200")[position]["id"])


def _items(server: Server, path: str) -> list[Any]:
    with server.http() as http:
        found: list[Any] = http.get(path).json()["data"]["items"]
    return found
