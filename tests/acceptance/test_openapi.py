"""The OpenAPI description held against a live server by schemathesis, and the pages that show it."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
import requests
import schemathesis
from acontext import AcontextAsyncClient
from hypothesis import settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method

from seasoned.http.openapi import document, document_bytes
from seasoned.store.rows import encode_cursor
from seasoned.strategies import NAMES
from tests.support import presence
from tests.support.examples import on_one_fixture
from tests.support.server import KEY, WAIT_SECONDS_MAX, Server
from tests.support.wire import object_of, sentence_of, text_at
from tests.support.zips import skill_md, zip_of

AnyCase = Case[Any]
EXAMPLES = 5
SEED = 20_260_101

# A stream does not end; it has tests of its own.
API = schemathesis.openapi.from_dict(
    document(),
    config=SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "generation": {
                "max-examples": EXAMPLES,
                "deterministic": True,
                "no-shrink": True,
                "with-security-parameters": False,
            },
            "phases": {"coverage": {"enabled": False}},
        }
    ),
).exclude(operation_id="stream_lessons")

# A wrong method answers 404, as an unknown path does.
EXCLUDED: list[CheckFunction] = [unsupported_method]
# Whether a provider's message, the bytes of a ZIP or of a transcript, the version of a skill, or the fields beside the
# name of a space are good is more than a schema says.
MORE_THAN_A_SCHEMA_SAYS = {
    "store_message",
    "upload_skill",
    "import_skill",
    "import_transcript",
    "edit_skill",
    "revert_skill",
    "create_learning_space",
}

# What a string of each format of ours may be.
name = (
    st.text("abcXYZ äß中.-_", min_size=1, max_size=20).map(str.strip).filter(lambda text: text not in ("", ".", ".."))
)
FORMATS = {
    "cursor": st.just("") | st.builds(encode_cursor, st.integers(0, 2**60), st.uuids().map(str)),
    "message-cursor": st.just(""),
    "json-object": st.dictionaries(st.text("abc", max_size=3), st.integers() | st.text("xy")).map(json.dumps),
    "edit-strategies": st.lists(
        st.sampled_from(NAMES).map(lambda kind: {"type": kind, "params": {"limit_tokens": 5, "token_reduce_to": 5}}),
        max_size=3,
    ).map(json.dumps),
    "file-path": st.builds("/{}/{}".format, name, name),
    "folder-path": st.just("/") | name.map("/{}/".format),
    "regular-expression": st.sampled_from(["a", "TWO", "^#", "a.*b", "[a-z]+", "(x|y)?z"]),
    "glob-pattern": st.sampled_from(["*", "/notes/*", "*.m?"]),
}
for kind, strategy in FORMATS.items():
    schemathesis.openapi.format(kind, strategy)

GOOD_FIELDS: dict[str, Any] = {
    "blob": {"role": "user", "content": "Thanks!", "parts": [{"type": "text", "text": "Thanks!"}]},
    "payload": '{"blob": {"role": "user", "content": "Thanks!"}}',
}


class Resources(msgspec.Struct, frozen=True):
    """Things of one project that operations can be called on, by the name of the parameter."""

    ids: dict[str, str]

    def put_into(self, case: AnyCase) -> None:
        """Most cases that are as described are about things that there are."""
        if case.meta is None or not case.meta.generation.mode.is_positive or not self._is_chosen(case):
            return
        for key in case.path_parameters:
            case.path_parameters[key] = self.ids.get(key, case.path_parameters[key])
        if "file_path" in case.query:
            case.query["file_path"] = "SKILL.md" if "skill_id" in case.path_parameters else "/notes/a.md"
        if isinstance(case.body, dict):
            case.body.update({key: value for key, value in (self.ids | GOOD_FIELDS).items() if key in case.body})

    def _is_chosen(self, case: AnyCase) -> bool:
        ids = [str(value) for value in case.path_parameters.values()]
        return not ids or ids[0][-1] not in "05af"


@pytest.fixture
def resources(server: Server) -> Resources:
    """A session with a message, a space, a skill, and a disk with a file, fresh for one operation."""
    with server.http() as http:
        session = text_at(object_of(http.post("/session", json={"user": "openapi"}), 201), "id")
        blob = {"blob": {"role": "user", "content": "Rename a.txt to b.txt."}}
        message = text_at(object_of(http.post(f"/session/{session}/messages", json=blob), 201), "id")
        space = text_at(object_of(http.post("/learning_spaces", json={}), 201), "id")
        head = {"SKILL.md": skill_md(f"openapi-{uuid.uuid4()}", "A skill.", "# Body\n").encode()}
        skill = object_of(http.post("/agent_skills", files={"file": ("a.zip", zip_of(head))}), 201)
        disk = text_at(object_of(http.post("/disk"), 201), "id")
        file = {"file": ("a.md", b"one two")}
        object_of(http.post(f"/disk/{disk}/artifact", files=file, data={"file_path": "/notes/"}), 201)
    ids = {"session_id": session, "message_id": message, "space_id": space, "disk_id": disk, "identifier": "openapi"}
    return Resources({**ids, "skill_id": text_at(skill, "id")})


@pytest.fixture(scope="module")
def wire() -> Iterator[requests.Session]:
    """Connections that are used again."""
    with requests.Session() as session:
        yield session


def excluded(case: AnyCase) -> list[CheckFunction]:
    """The checks that cannot hold for an operation."""
    operation = case.operation.definition.raw
    loose = [positive_data_acceptance] if operation["operationId"] in MORE_THAN_A_SCHEMA_SAYS else []
    left_out = [not_a_server_error] if "501" in operation["responses"] else []
    return [*EXCLUDED, *loose, *left_out]


@API.parametrize()
@settings(on_one_fixture(), max_examples=EXAMPLES)  # else the profile decides
def test_the_server_is_as_it_is_described(
    case: AnyCase, server: Server, resources: Resources, wire: requests.Session
) -> None:
    resources.put_into(case)
    case.call_and_validate(
        base_url=server.url,
        session=wire,
        timeout=WAIT_SECONDS_MAX,
        headers={"Authorization": f"Bearer {KEY}"},
        excluded_checks=excluded(case),
    )


def test_the_description_is_served_without_a_key(server: Server) -> None:
    response = httpx.get(f"{server.url}/openapi.json")
    assert response.headers["content-type"] == "application/json"
    assert response.content == document_bytes()


def test_the_reference_page_is_served_without_a_key(server: Server) -> None:
    response = httpx.get(f"{server.url}/docs")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    for path in document()["paths"]:  # type: ignore[union-attr]
        assert str(path) in response.text


@pytest.mark.parametrize("path", ["/session", "/disk"])
def test_a_blank_body_is_no_json(server: Server, path: str) -> None:
    with server.http() as http:
        sentence_of(http.post(path, content=b" \n", headers={"Content-Type": "application/json"}), 400)


@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json", "/api/v1/material/x"])
def test_what_is_open_is_only_read(server: Server, path: str) -> None:
    sentence_of(httpx.post(f"{server.url}{path}"), 404)
    assert httpx.put(f"{server.url}{path}").status_code == 404


def test_every_answer_that_a_test_gets_is_checked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(presence, "check", lambda method, path, *_: seen.append(f"{method} {path}"))

    async def ping() -> None:
        async with AcontextAsyncClient(api_key=KEY, base_url=server.api) as client:
            await client.ping()

    with server.client() as client, server.http() as http:
        client.ping()
        http.get("/ping", params={"a": "b"})
    asyncio.run(ping())
    httpx.get(f"{server.url}/health")
    assert seen == [*["GET /api/v1/ping"] * 3, "GET /health"]
