"""Files that come with messages, and the addresses that lead to them (wire contract, B.11 and C.6)."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from acontext import AcontextClient, FileUpload
from acontext.messages import MessagePart, build_acontext_message

from seasoned.message import Json, JsonObject
from seasoned.store import messages
from tests.conftest import StartServer
from tests.support.databases import opened
from tests.support.server import Server
from tests.support.wire import data_of, object_of, sentence_of, text_at, unknown_id

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PDF = b"%PDF-1.7\n" + b"words " * 20


@pytest.fixture
def session(client: AcontextClient, user: str) -> str:
    """An empty session that nothing reads while a test looks."""
    return client.sessions.create(user=user, disable_task_tracking=True).id


def send(
    client: AcontextClient, session: str, kind: str, filename: str, content: bytes, text: str | None = None
) -> JsonObject:
    """Store a user's message with one file by the SDK; the file's part as it was answered."""
    parts = [MessagePart(type=kind, file_field="attached")]
    parts += [MessagePart(type="text", text=text)] if text else []
    message = client.sessions.store_message(
        session,
        blob=build_acontext_message(role="user", parts=parts),
        format="acontext",
        file_field="attached",
        file=FileUpload(filename=filename, content=content, content_type="text/html"),
    )
    part: JsonObject = message.parts[0].model_dump()
    return part


def post(http: httpx.Client, session: str, payload: Json, *files: tuple[str, str, bytes]) -> httpx.Response:
    """Send a message as multipart, with files (field, filename, bytes)."""
    return http.post(
        f"/session/{session}/messages",
        data={"payload": payload if isinstance(payload, str) else json.dumps(payload)},
        files=[(field, (filename, content)) for field, filename, content in files],
    )


def with_file(field: str = "f", kind: str = "image") -> JsonObject:
    return {"blob": {"role": "user", "parts": [{"type": kind, "file_field": field}]}, "format": "acontext"}


def test_a_picture_is_stored_with_its_type_and_size(client: AcontextClient, session: str) -> None:
    part = send(client, session, "image", "dot.png", PNG, "What is this?")
    asset = part["asset"]
    assert isinstance(asset, dict)
    assert part["filename"] == "dot.png"
    assert asset["mime"] == "image/png"
    assert asset["size_b"] == len(PNG)
    assert text_at(asset, "s3_key").endswith(f"/{asset['sha256']}.png")
    item = client.sessions.get_messages(session, format="acontext").items[0]
    assert item["parts"] == [
        {"type": "image", "asset": asset, "filename": "dot.png"},
        {"type": "text", "text": "What is this?"},
    ]


def test_the_address_of_a_picture_opens_without_a_key(client: AcontextClient, session: str) -> None:
    asset = send(client, session, "image", "do;t\u00fc.png", PNG)["asset"]
    assert isinstance(asset, dict)
    got = client.sessions.get_messages(session, format="acontext")
    assert got.public_urls is not None
    assert set(got.public_urls) == {asset["sha256"]}
    given = got.public_urls[text_at(asset, "sha256")]
    left = datetime.fromisoformat(given.expire_at) - datetime.now(UTC)
    assert timedelta(hours=22, minutes=59) < left <= timedelta(hours=24)
    opened = httpx.get(given.url)
    assert opened.content == PNG
    assert opened.headers["content-type"] == "image/png"
    assert opened.headers["x-content-type-options"] == "nosniff"
    disposition = opened.headers["content-disposition"]
    assert disposition == "attachment; filename=\"do;t_.png\"; filename*=UTF-8''do%3Bt%C3%BC.png"
    damaged = given.url[:-3] + "AAA"
    assert httpx.get(damaged).status_code == 404


def test_addresses_are_given_only_when_they_are_wanted(client: AcontextClient, session: str) -> None:
    send(client, session, "image", "dot.png", PNG)
    inline = "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert client.sessions.get_messages(session, format="acontext", with_asset_public_url=False).public_urls is None
    without = client.sessions.get_messages(session, with_asset_public_url=False)
    assert without.items[0]["content"] == [{"type": "image_url", "image_url": {"url": inline}}]
    with_address = client.sessions.get_messages(session)
    assert with_address.public_urls is None
    address = with_address.items[0]["content"][0]["image_url"]["url"]
    assert httpx.get(address).content == PNG


def test_a_file_travels_inside_the_other_formats(client: AcontextClient, session: str) -> None:
    send(client, session, "image", "dot.png", PNG)
    send(client, session, "file", "paper.pdf", PDF)
    picture, paper = (base64.b64encode(one).decode() for one in (PNG, PDF))
    anthropic = client.sessions.get_messages(session, format="anthropic").items
    assert [item["content"][0] for item in anthropic] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": picture}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": paper},
            "title": "paper.pdf",
        },
    ]
    gemini = client.sessions.get_messages(session, format="gemini").items
    assert [item["parts"] for item in gemini] == [
        [{"inlineData": {"mimeType": "image/png", "data": picture}}],
        [{"inlineData": {"mimeType": "application/pdf", "data": paper}}],
    ]
    openai = client.sessions.get_messages(session).items[1]["content"]
    file = {"file_data": f"data:application/pdf;base64,{paper}", "filename": "paper.pdf"}
    assert openai == [{"type": "file", "file": file}]


def test_several_parts_may_name_several_files_and_one_twice(http: httpx.Client, session: str) -> None:
    parts: list[Json] = [{"type": "file", "file_field": name} for name in ("a", "b", "a")]
    body: JsonObject = {"blob": {"role": "user", "parts": parts}, "format": "acontext", "meta": {"n": 1}}
    files = (("a", "a.txt", b"one"), ("b", "b.txt", b"two"), ("c", "c.txt", b"nobody asked"))
    stored = object_of(post(http, session, body, *files), 201)
    assert stored["meta"] == {"n": 1}
    assert isinstance(stored["parts"], list)
    assert [part["filename"] for part in stored["parts"] if isinstance(part, dict)] == ["a.txt", "b.txt", "a.txt"]
    assert all("file_field" not in part for part in stored["parts"] if isinstance(part, dict))


def test_a_multipart_request_may_have_no_files_and_any_format(http: httpx.Client, session: str) -> None:
    files = [("payload", (None, json.dumps({"blob": {"role": "user", "content": "hello"}})))]
    stored = object_of(http.post(f"/session/{session}/messages", files=files), 201)
    assert stored["parts"] == [{"type": "text", "text": "hello"}]


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (with_file("other"), "'other'"),
        ("{", "JSON"),
        ("[]", "structure"),
        ({"format": "acontext"}, "blob"),
        ({**with_file(), "format": "morse"}, "'morse'"),
        ({**with_file(), "meta": {"a": "x" * 70_000}}, "meta"),
        (with_file(kind="smell"), "type"),
        ({"blob": {"role": "boss", "parts": []}, "format": "acontext"}, "'boss'"),
    ],
)
def test_what_cannot_be_stored_leaves_nothing(
    server: Server, http: httpx.Client, session: str, payload: Json, told: str
) -> None:
    content = b"refused " + told.encode() + session.encode()
    assert told in sentence_of(post(http, session, payload, ("f", "x.png", content)), 400)
    assert object_of(http.get(f"/session/{session}/messages"))["items"] == []
    assert content not in blobs(server.home)


def test_a_request_without_payload_is_refused(http: httpx.Client, session: str) -> None:
    path = f"/session/{session}/messages"
    assert "payload" in sentence_of(http.post(path, files=[("f", ("x.png", PNG))]), 400)
    assert "payload" in sentence_of(http.post(path, files=[("payload", ("x.json", b"{}"))]), 400)
    assert "multipart" in sentence_of(http.post(path, json=with_file()), 400)


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=b", "Multipart/Mixed; boundary=b"]
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"nonsense",
        b'--b\r\nContent-Disposition: form-data; name="payload"\r\n\r\n{',
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="payload"\r\n\r\n' + b"[" * 100_000 + b"\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="payload"\r\n\r\n\xff\xfe\r\n--b--\r\n',
        b"--b\r\nX: y\r\n\r\n" * 2_000,
    ],
    ids=range(8),
)
def test_a_multipart_body_that_cannot_be_read_is_refused(
    http: httpx.Client, session: str, kind: str, body: bytes
) -> None:
    response = http.post(f"/session/{session}/messages", content=body, headers={"Content-Type": kind})
    sentence_of(response, 400)
    assert object_of(http.get(f"/session/{session}/messages"))["items"] == []


def test_a_file_for_a_session_that_is_not_there_is_not_kept(server: Server, http: httpx.Client) -> None:
    content = b"for nobody: " + unknown_id().encode()
    sentence_of(post(http, unknown_id(), with_file(), ("f", "x", content)), 404)
    assert content not in blobs(server.home)


def test_files_are_bounded(start_server: StartServer) -> None:
    small = start_server(SEASONED_BODY_BYTES_MAX="100000", SEASONED_MESSAGE_BYTES_MAX="20000")
    with small.http() as http:
        session = text_at(object_of(http.post("/session", json={}), 201), "id")
        path = f"/session/{session}/messages"
        sentence_of(post(http, session, with_file(), ("f", "x", b"a" * 200_000)), 413)
        long: JsonObject = {
            "blob": {"role": "user", "parts": [{"type": "text", "text": "a" * 30_000}]},
            "format": "acontext",
        }
        sentence_of(post(http, session, long, ("f", "x", b"a")), 400, 413)
        many = [(f"f{number}", "x", b"") for number in range(101)]
        sentence_of(post(http, session, with_file(), *many), 400)
        assert object_of(http.get(path))["items"] == []
        # What is within the bounds is taken: a file may be larger than a message.
        object_of(post(http, session, with_file(), ("f", "x", b"a" * 90_000)), 201)


def test_the_same_bytes_are_stored_once(server: Server, client: AcontextClient, session: str) -> None:
    content = PNG + session.encode()
    first, second = (send(client, session, "image", name, content)["asset"] for name in ("a.png", "b.png"))
    assert first == second
    assert blobs(server.home).count(content) == 1


def test_a_message_with_a_file_is_deleted_with_its_session(
    server: Server, client: AcontextClient, http: httpx.Client, session: str
) -> None:
    send(client, session, "image", "dot.png", PNG)
    data_of(http.delete(f"/session/{session}"))
    with opened(server.home) as store:
        assert store.read_now(lambda c: messages.waiting(c, session, 0, 10)) == []


def blobs(home: Path) -> list[bytes]:
    """Everything that the object store holds."""
    return [path.read_bytes() for path in (home / "blobs").rglob("*") if path.is_file()]
