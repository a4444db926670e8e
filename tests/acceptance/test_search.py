"""Search over HTTP, and that what is gone is not found."""

from typing import Any

import httpx
import pytest

from tests.acceptance.test_review import taught
from tests.conftest import NewProject
from tests.support.server import Server
from tests.support.wire import items_of, object_of, sentence_of, unknown_id

WORD = "pumpernickel"
KEY = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def found(http: httpx.Client, query: str, **params: str | int) -> list[Any]:
    return list(items_of(http.get("/search", params={"query": query, **params})))


def test_everything_that_was_learned_is_found_by_its_words_until_it_is_gone(http: httpx.Client) -> None:
    space: Any = object_of(http.post("/learning_spaces", json={}), 201)["id"]
    other: Any = object_of(http.post("/learning_spaces", json={}), 201)["id"]
    session = taught(http, space, f"Please always bake {WORD} at 120 degrees from now on. My key is {KEY}.")
    hits = found(http, f"how to bake {WORD}")
    assert {"entry", "lesson", "message"} <= {hit["kind"] for hit in hits}
    for hit in hits:
        words = {hit["excerpt"][mark["start"] : mark["end"]].casefold() for mark in hit["marks"]}
        assert WORD in words or hit["kind"] == "skill", hit
        assert KEY not in hit["excerpt"]
    message = next(hit for hit in hits if hit["kind"] == "message")
    assert (message["session_id"], message["title"]) == (session, "user")
    assert [hit["kind"] for hit in found(http, WORD, kinds="lesson")] == ["lesson"]
    assert found(http, WORD, space_id=space)
    assert {hit["kind"] for hit in found(http, WORD, session_id=session)} == {"lesson", "message"} | {
        hit["kind"] for hit in hits if hit["kind"] == "task"
    }
    assert found(http, KEY.removeprefix("ghp_")) == []
    assert found(http, WORD, space_id=other) == found(http, WORD, user="nobody") == []
    assert found(http, WORD, since="2999-01-01T00:00:00Z") == []
    assert found(http, WORD, kinds="message", since="2020-01-01T00:00:00Z")
    one = object_of(http.get("/search", params={"query": WORD, "limit": 1}))
    assert one["has_more"] is True
    rest = found(http, WORD, limit=50, cursor=str(one["next_cursor"]))
    first: Any = one["items"]
    assert [*first, *rest] == found(http, WORD, limit=50)
    object_of(http.post("/forget", json={"kind": "session", "id": session}))
    assert found(http, WORD) == []


def test_projects_do_not_find_what_others_learned(server: Server, http: httpx.Client, new_project: NewProject) -> None:
    space: Any = object_of(http.post("/learning_spaces", json={}), 201)["id"]
    taught(http, space, "Always call the zyxomma service before you deploy.")
    assert found(http, "zyxomma")
    with server.http(new_project().api_key) as stranger:
        assert found(stranger, "zyxomma") == []


@pytest.mark.parametrize(
    "params",
    [
        {"query": " "},
        {"query": "x" * 2_001},
        {"query": "a", "kinds": "skill,planet"},
        {"query": "a", "outcome": "splendid"},
        {"query": "a", "since": "yesterday"},
        {"query": "a", "limit": "51"},
        {"query": "a", "cursor": "301"},
        {"query": "a", "space_id": "x"},
    ],
)
def test_a_search_that_makes_no_sense_is_refused_with_a_sentence(http: httpx.Client, params: dict[str, str]) -> None:
    sentence_of(http.get("/search", params=params), 400)
    sentence_of(http.get("/search", params={"query": "a", "space_id": unknown_id()}), 404)
