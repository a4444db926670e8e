"""Users are named by any text; it reaches the server percent-encoded, as the SDK sends it (wire contract, A.7)."""

import uuid
from urllib.parse import quote

import httpx
import pytest
from acontext import AcontextClient
from acontext.errors import APIError

from seasoned.store.projects import IDENTIFIER_BYTES_MAX
from tests.support.server import Server
from tests.support.wire import object_of, sentence_of

# The marker keeps a test's users apart from those of others; what matters stands before, after or around it.
NAMES = [
    "{}",
    "{}/resources",
    "resources/{}",
    "{}/resources/resources",
    "/{}/",
    "{}//b",
    "{}%2Fb",
    "{}%",
    "{}%zz",
    "ü{}",
    "{} b",
    " {} ",
    "{}+b",
    "{}?limit=1",
    "{}#b",
    "{};b",
    "../{}",
    "{}/..",
    "{}/../b",
    "{}\\b",
    "\U0001f9d1\u200d\U0001f33e{}",
    "line\nbreak{}",
]
# Words that mean something to routes or to those who read paths.
WORDS = ["ls", "resources", "ls/resources", "..", ".", "../resources", "null"]


def counts(http: httpx.Client, identifier: str) -> object:
    return object_of(http.get(f"/user/{encoded(identifier)}/resources"))["counts"]


def encoded(identifier: str) -> str:
    """Percent-encoded as the SDK does, and dots too: an HTTP client would resolve them itself."""
    return quote(identifier, safe="").replace(".", "%2E")


@pytest.mark.parametrize("name", NAMES)
def test_the_sdk_reaches_a_user_of_any_name(client: AcontextClient, name: str) -> None:
    identifier = name.format(uuid.uuid4())
    session = client.sessions.create(user=identifier)
    found = client.users.get_resources(identifier)
    assert (found.counts.sessions_count, found.counts.disks_count) == (1, 0)
    assert [row.identifier for row in client.users.list().items].count(identifier) == 1
    client.users.delete(identifier)
    with pytest.raises(APIError, match=session.id):
        client.sessions.get_configs(session.id)
    with pytest.raises(APIError) as refused:
        client.users.get_resources(identifier)
    assert refused.value.status_code == 404


@pytest.mark.parametrize("identifier", WORDS)
def test_a_user_may_be_called_like_a_part_of_a_path(http: httpx.Client, identifier: str) -> None:
    object_of(http.post("/session", json={"user": identifier}), 201)
    assert counts(http, identifier) == {"sessions_count": 1, "disks_count": 0, "skills_count": 0}
    assert http.delete(f"/user/{encoded(identifier)}").status_code == 200
    sentence_of(http.get(f"/user/{encoded(identifier)}/resources"), 404)


def test_only_the_user_that_is_named_is_removed(http: httpx.Client) -> None:
    name = f"{uuid.uuid4()}"
    pair = [name, f"{name}/resources"]
    for identifier in pair:
        object_of(http.post("/session", json={"user": identifier}), 201)
    assert http.delete(f"/user/{encoded(pair[1])}").status_code == 200
    assert counts(http, name) == {"sessions_count": 1, "disks_count": 0, "skills_count": 0}


def test_the_longest_name_works_and_a_longer_one_is_refused(http: httpx.Client) -> None:
    longest = str(uuid.uuid4()) + "ü" * ((IDENTIFIER_BYTES_MAX - 36) // 2)
    object_of(http.post("/session", json={"user": longest}), 201)
    assert counts(http, longest) == {"sessions_count": 1, "disks_count": 0, "skills_count": 0}
    for path in ("/session", "/disk", "/learning_spaces"):
        assert str(IDENTIFIER_BYTES_MAX) in sentence_of(http.post(path, json={"user": longest + "ü"}), 400)
    assert http.delete(f"/user/{encoded(longest)}").status_code == 200


@pytest.mark.parametrize("path", ["/user/%FF", "/user/%C3%28", "/user/a%ED%A0%80"])
def test_a_name_that_is_no_utf8_is_refused(http: httpx.Client, path: str) -> None:
    sentence_of(http.delete(path), 400)
    sentence_of(http.get(f"{path}/resources"), 400)


def test_a_path_without_a_name_is_unknown(server: Server, http: httpx.Client) -> None:
    for path in ("/user", "/user/", "/user//resources"):
        sentence_of(http.get(path), 404)
