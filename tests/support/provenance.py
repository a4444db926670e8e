"""Follows every learned line of a running server to the messages that taught it.

By hand, on a server of its own that has learned something: `python -m tests.support.provenance URL KEY`.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx

from seasoned.lesson import folded, stands_in
from seasoned.message import Json
from seasoned.safety.secrets import redact
from tests.support.wire import items_of, object_of

PAGE = 200


def check(http: httpx.Client) -> Counter[str]:
    """Counts lines by who brought them, and of the learner's those that lead to a quote that a stored message
    has (`quoted`) or to the messages of their task (`told`). Raises AssertionError where one leads nowhere.
    """

    @cache
    def messages_of(session_id: str) -> dict[str, str]:
        return {one["id"]: folded(redact("\n".join(_strings(one["parts"])))) for one in _messages(http, session_id)}

    counts: Counter[str] = Counter()
    for skill_id, path in _files(http):
        blamed: Any = object_of(http.get(f"/agent_skills/{skill_id}/blame", params={"file_path": path}))
        for run in blamed["ranges"]:
            lines = run["end"] - run["start"] + 1
            counts[run["version"]["author"]] += lines
            if run["version"]["author"] != "learner":
                continue
            params = {"file_path": path, "line": run["start"]}
            why: Any = object_of(http.get(f"/agent_skills/{skill_id}/why", params=params))
            assert [one["id"] for one in why["lessons"]] == run["lessons"]
            assert run["lessons"], (path, run)
            for lesson in why["lessons"]:
                assert lesson["messages"], (path, run, lesson)
                for one in lesson["messages"]:
                    text = messages_of(one["session_id"])[one["message_id"]]
                    assert stands_in(redact(one["quote"]), text), (path, one)
            is_quoted = any(one["is_quoted"] for lesson in why["lessons"] for one in lesson["messages"])
            counts["quoted" if is_quoted else "told"] += lines
    assert counts["quoted"] + counts["told"] == counts["learner"]
    return counts


def _files(http: httpx.Client) -> Iterator[tuple[str, str]]:
    for skill in _every(http, "/agent_skills"):
        for file in skill["file_index"]:
            yield skill["id"], file["path"]


def _messages(http: httpx.Client, session_id: str) -> list[Any]:
    found: Any = object_of(http.get(f"/session/{session_id}/messages", params={"format": "acontext"}))
    ids = found["ids"]
    return [{"id": id_, **item} for id_, item in zip(ids, found["items"], strict=True)]


def _every(http: httpx.Client, path: str) -> Iterator[Any]:
    cursor = ""
    while True:
        response = http.get(path, params={"limit": PAGE, "cursor": cursor})
        yield from items_of(response)
        cursor = str(object_of(response).get("next_cursor") or "")
        if not cursor:
            return


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


if __name__ == "__main__":
    with httpx.Client(base_url=f"{sys.argv[1]}/api/v1", headers={"Authorization": f"Bearer {sys.argv[2]}"}) as client:
        print(dict(check(client)))
