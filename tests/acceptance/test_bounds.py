"""What callers may keep beside their things is bounded, and what is refused neither stays in part nor in memory."""

import gzip
import subprocess
from collections.abc import Callable

import httpx
import pytest

from seasoned.message import JsonObject
from tests.conftest import StartServer
from tests.support.server import Server
from tests.support.wire import items_of, object_of, sentence_of, text_at
from tests.support.zips import skill_md, zip_of

KIB = 1024
PIECE = "x" * 50 * KIB
MERGES = 8
LARGE: JsonObject = {"text": "x" * 300 * KIB}
HUGE: JsonObject = {"text": "x" * 2_000 * KIB}
ROUNDS_TO_WARM_UP, ROUNDS = 5, 25
GROWTH_MAX = 1.2

Merge = Callable[[httpx.Client, JsonObject], httpx.Response]


def a_session(http: httpx.Client) -> str:
    return text_at(object_of(http.post("/session", json={}), 201), "id")


def into_configs(http: httpx.Client) -> Merge:
    session = a_session(http)
    return lambda client, keys: client.patch(f"/session/{session}/configs", json={"configs": keys})


def into_message(http: httpx.Client) -> Merge:
    session = a_session(http)
    told = http.post(f"/session/{session}/messages", json={"blob": {"role": "user", "content": "x"}})
    path = f"/session/{session}/messages/{text_at(object_of(told, 201), 'id')}/meta"
    return lambda client, keys: client.patch(path, json={"meta": keys})


def into_space(http: httpx.Client) -> Merge:
    space = text_at(object_of(http.post("/learning_spaces", json={}), 201), "id")
    return lambda client, keys: client.patch(f"/learning_spaces/{space}", json={"meta": keys})


def into_project(_http: httpx.Client) -> Merge:
    return lambda client, keys: client.patch("/project/configs", json=keys)


MERGED = {"configs": into_configs, "a message": into_message, "a space": into_space, "the project": into_project}


@pytest.mark.parametrize("name", MERGED)
def test_what_is_merged_again_and_again_ends_somewhere_and_can_be_taken_away(server: Server, name: str) -> None:
    with server.http(server.create_project(f"grown-{name}").api_key) as http:
        merge = MERGED[name](http)
        answers = [merge(http, {f"key{number}": PIECE}) for number in range(MERGES)]
        refused = [answer for answer in answers if answer.status_code != 200]
        assert 0 < len(refused) < MERGES
        assert all("bytes" in sentence_of(answer, 400) for answer in refused)
        # What was refused is not there, and what is there can be taken away.
        kept = str(object_of(merge(http, {"key0": "small"})))
        assert f"key{MERGES - 1}" not in kept
        data = str(object_of(merge(http, {f"key{number}": "" for number in range(MERGES)})))
        assert PIECE not in data


def test_what_a_thing_is_made_with_is_bounded_too(http: httpx.Client) -> None:
    sentence_of(http.post("/session", json={"configs": LARGE}), 400)
    sentence_of(http.post("/learning_spaces", json={"meta": LARGE}), 400)
    files = {"file": ("a.zip", zip_of({"SKILL.md": skill_md("bounded")}))}
    sentence_of(http.post("/agent_skills", files=files, data={"meta": f'{{"a": "{LARGE["text"]}"}}'}), 400)


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip"])
def test_a_packed_body_is_not_taken_and_the_sentence_says_so(http: httpx.Client, coding: str) -> None:
    headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
    for method, path in (("POST", "/session"), ("PATCH", "/project/configs"), ("POST", "/agent_skills")):
        response = http.request(method, path, content=gzip.compress(b"{}"), headers=headers)
        assert "Content-Encoding" in sentence_of(response, 415)


def test_a_body_that_says_it_is_not_packed_is_taken(http: httpx.Client) -> None:
    object_of(http.post("/session", content=b"{}", headers={"Content-Encoding": "identity"}), 201)


@pytest.mark.parametrize("search", ["grep", "glob"])
def test_a_search_needs_to_know_what_for(http: httpx.Client, search: str) -> None:
    disk = text_at(object_of(http.post("/disk", json={}), 201), "id")
    for query in ({}, {"query": ""}):
        assert "query" in sentence_of(http.get(f"/disk/{disk}/artifact/{search}", params=query), 400)


def resident(server: Server) -> int:
    """The server's memory, in KiB."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(server.process.pid)], capture_output=True, check=True)
    return int(told.stdout)


def test_a_write_that_is_refused_does_not_stay_in_memory(start_server: StartServer) -> None:
    """Refused inside of the transaction, where the error passes through what was to be written."""
    server = start_server(fresh=True)
    held = []
    with server.http() as http:
        for _ in range(ROUNDS):
            sentence_of(http.post("/learning_spaces", json={"meta": HUGE}), 400)
            held.append(resident(server))
    assert held[-1] < GROWTH_MAX * held[ROUNDS_TO_WARM_UP], held


def test_what_a_message_says_beside_its_parts_counts_too(start_server: StartServer) -> None:
    server = start_server(SEASONED_MESSAGE_BYTES_MAX="20000")
    with server.http() as http:
        session = object_of(http.post("/session"), 201)["id"]
        beside = {"role": "user", "content": "x", "extra": "y" * 30_000}
        sentence_of(http.post(f"/session/{session}/messages", json={"blob": beside, "format": "openai"}), 413)
        long_name = {"role": "model", "parts": [{"functionCall": {"name": "n" * 5_000, "args": {}}}]}
        sentence_of(http.post(f"/session/{session}/messages", json={"blob": long_name, "format": "gemini"}), 400)
        assert items_of(http.get(f"/session/{session}/messages")) == []
