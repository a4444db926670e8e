"""What every answer has in common: envelope, authorization, unknown routes (wire contract, A.1 to A.4)."""

import asyncio

import httpx
import pytest
from acontext import AcontextAsyncClient, AcontextClient
from acontext.errors import APIError

from tests.conftest import NewProject
from tests.support.server import KEY, Server
from tests.support.wire import data_of, list_of, object_of, sentence_of, text_at, unknown_id

ID = "00000000-0000-4000-8000-000000000000"
ROUTES = [
    ("GET", "/ping"),
    ("GET", "/session"),
    ("POST", "/session"),
    ("DELETE", f"/session/{ID}"),
    ("POST", f"/session/{ID}/flush"),
    ("GET", f"/session/{ID}/messages"),
    ("POST", f"/session/{ID}/messages"),
    ("PATCH", f"/session/{ID}/messages/{ID}/meta"),
    ("GET", f"/session/{ID}/task"),
    ("GET", "/learning_spaces"),
    ("POST", "/learning_spaces"),
    ("GET", f"/learning_spaces/{ID}"),
    ("PATCH", f"/learning_spaces/{ID}"),
    ("DELETE", f"/learning_spaces/{ID}"),
    ("POST", f"/learning_spaces/{ID}/learn"),
    ("GET", f"/learning_spaces/{ID}/sessions"),
    ("GET", f"/learning_spaces/{ID}/sessions/{ID}"),
    ("POST", f"/learning_spaces/{ID}/skills"),
    ("GET", f"/learning_spaces/{ID}/skills"),
    ("DELETE", f"/learning_spaces/{ID}/skills/{ID}"),
    ("GET", "/agent_skills"),
    ("POST", "/agent_skills"),
    ("GET", f"/agent_skills/{ID}"),
    ("DELETE", f"/agent_skills/{ID}"),
    ("GET", f"/agent_skills/{ID}/file"),
    ("GET", f"/agent_skills/{ID}/download_zip"),
    ("POST", "/agent_skills/import"),
    *(
        ("GET", f"/agent_skills/{ID}/{name}")
        for name in ("versions", "versions/1", "diff", "blame", "why", "trace", "pins")
    ),
    ("PUT", f"/agent_skills/{ID}/files"),
    ("POST", f"/agent_skills/{ID}/revert"),
    ("POST", f"/agent_skills/{ID}/pins"),
    ("DELETE", f"/agent_skills/{ID}/pins"),
    ("GET", f"/learning_spaces/{ID}/git/info/refs"),
]
REFUSED_AUTHORIZATIONS: dict[str, bytes | None] = {
    "no header": None,
    "no Bearer prefix": KEY.encode(),
    "another scheme": f"Basic {KEY}".encode(),
    "a wrong key prefix": b"Bearer sk-xx-acceptance-tests",
    "nothing after the prefix": b"Bearer sk-ac-",
    "an unknown key": b"Bearer sk-ac-nobody-has-this-key",
    "an unknown compact key": b"Bearer sk-ac-" + b"A" * 76,
    "nothing after Bearer": b"Bearer",
    "bytes beyond ASCII": b"Bearer sk-ac-\xff\xfe",
}


def test_health_needs_no_key(server: Server) -> None:
    response = httpx.get(f"{server.url}/health")
    assert response.status_code == 200
    assert response.json() == {"code": 0, "msg": "ok"}


def test_ping_answers_pong(client: AcontextClient, http: httpx.Client) -> None:
    assert client.ping() == "pong"
    assert http.get("/ping").json() == {"code": 0, "msg": "pong"}


@pytest.mark.parametrize("name", REFUSED_AUTHORIZATIONS)
def test_a_request_without_a_good_key_is_unauthorized(server: Server, name: str) -> None:
    authorization = REFUSED_AUTHORIZATIONS[name]
    headers = {} if authorization is None else {b"Authorization": authorization}
    response = httpx.get(f"{server.api}/session", headers=httpx.Headers(headers))
    assert "Unauthorized" in sentence_of(response, 401)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_asks_for_the_key(server: Server, method: str, path: str) -> None:
    with server.http(key=None) as stranger:
        sentence_of(stranger.request(method, path), 401)


def test_the_sdk_raises_the_servers_refusal(server: Server) -> None:
    with server.client("sk-ac-nobody-has-this-key") as stranger, pytest.raises(APIError) as refused:
        stranger.sessions.list()
    assert refused.value.status_code == refused.value.code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/session/{id}/nothing",
        "/space",
        "/session/{id}",
        "/learning_spaces/{id}/nothing",
        "/tool/name",
        "/session/{id}/messages/",
        "",
    ],
)
def test_an_unknown_route_answers_404(http: httpx.Client, path: str) -> None:
    response = http.get(path.replace("{id}", unknown_id()))
    if response.is_redirect:
        assert path.endswith("/"), "only a trailing slash may be redirected"
    else:
        assert response.status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/learning_spaces/{id}"),
        ("PATCH", "/session"),
        ("PUT", "/session"),
        ("DELETE", "/session"),
        ("DELETE", "/learning_spaces"),
        ("POST", "/ping"),
        ("PUT", "/agent_skills/{id}"),
        ("GET", "/session/{id}/flush"),
        ("GET", "/learning_spaces/{id}/learn"),
        ("PROPFIND", "/session"),
    ],
)
def test_a_wrong_method_answers_404_as_an_unknown_route_does(http: httpx.Client, method: str, path: str) -> None:
    assert http.request(method, path.replace("{id}", unknown_id())).status_code == 404


def test_a_refusal_repeats_its_status_as_its_code(http: httpx.Client) -> None:
    space = text_at(object_of(http.post("/learning_spaces", json={}), 201), "id")
    session = text_at(object_of(http.post("/session", json={}), 201), "id")
    object_of(http.post(f"/learning_spaces/{space}/learn", json={"session_id": session}), 201)
    sentence_of(http.get("/session", params={"limit": 0}), 400)
    sentence_of(http.get(f"/learning_spaces/{unknown_id()}"), 404)
    sentence_of(http.post(f"/learning_spaces/{space}/learn", json={"session_id": session}), 409)


def test_a_new_project_has_empty_lists(server: Server, new_project: NewProject) -> None:
    with server.http(new_project().api_key) as fresh:
        for path in ("/session", "/learning_spaces", "/agent_skills"):
            page = object_of(fresh.get(path))
            assert page["items"] == []
            assert page["has_more"] is False
            assert page.get("next_cursor") is None
        space = text_at(object_of(fresh.post("/learning_spaces", json={}), 201), "id")
        assert list_of(fresh.get(f"/learning_spaces/{space}/sessions")) == []
        for skill in list_of(fresh.get(f"/learning_spaces/{space}/skills")):
            assert isinstance(skill, dict)
            data_of(fresh.delete(f"/learning_spaces/{space}/skills/{skill['id']}"))
        assert list_of(fresh.get(f"/learning_spaces/{space}/skills")) == []


def test_a_slash_at_the_end_of_the_base_url_does_no_harm(server: Server) -> None:
    client = AcontextClient(api_key=KEY, base_url=f"{server.api}/")
    assert client.ping() == "pong"
    client.close()


def test_the_async_client_pings(server: Server) -> None:
    async def ping() -> str:
        async with AcontextAsyncClient(api_key=KEY, base_url=server.api) as client:
            return await client.ping()

    assert asyncio.run(ping()) == "pong"
