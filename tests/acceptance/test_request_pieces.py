"""A request is answered alike whether it comes in one read or in pieces."""

import http.client
from collections.abc import Callable, Sequence

import msgspec
import pytest

from seasoned.message import Json
from tests.support.patience import PATIENCE_SECONDS
from tests.support.raw import JSON, chunked, opened, request
from tests.support.server import KEY, Server
from tests.support.wire import object_of, text_at

Heard = tuple[int, dict[str, str], bytes]
Cut = Callable[[bytes], Sequence[bytes]]


def whole(data: bytes) -> Sequence[bytes]:
    return [data]


def at_the_body(data: bytes) -> Sequence[bytes]:
    head, end, body = data.partition(b"\r\n\r\n")
    return [head + end, body]


def in_three(data: bytes) -> Sequence[bytes]:
    return [data[:30], data[30:-20], data[-20:]]


def hear(url: str, pieces: Sequence[bytes], answers: int = 1, method: str = "POST") -> list[Heard]:
    """Send pieces, each in a packet of its own, and read so many answers on the same connection."""
    heard: list[Heard] = []
    with opened(url) as wire:
        wire.settimeout(PATIENCE_SECONDS)
        for piece in pieces:
            wire.sendall(piece)
        reader = wire.makefile("rb")
        for _ in range(answers):
            status = int(reader.readline().split()[1])
            names = {name.lower(): value for name, value in http.client.parse_headers(reader).items()}
            heard.append((status, names, b"" if method == "HEAD" else reader.read(int(names["content-length"]))))
    return heard


def blob(text: str) -> bytes:
    return msgspec.json.encode({"blob": {"role": "user", "content": text}, "format": "openai"})


def test_a_wish_for_another_protocol_does_not_lose_the_body(server: Server, path: str) -> None:
    body = blob("from a client that would like HTTP/2")
    wish = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAARAAAAA"}
    asked = request("POST", path, KEY, body=body, headers={**JSON, **wish})
    for cut in (whole, at_the_body):
        ((status, _, answer),) = hear(server.url, cut(asked))
        assert status == 201, answer
        assert b"would like HTTP/2" in answer


def test_what_follows_a_body_is_no_header_and_is_bounded(server: Server) -> None:
    unsigned = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    signed = unsigned.replace(b"Host: x", f"Host: x\r\nAuthorization: Bearer {KEY}".encode())
    key_behind = unsigned + f"Authorization: Bearer {KEY}\r\n\r\n".encode()
    assert [status for status, _, _ in hear(server.url, [key_behind])] == [401]
    assert [status for status, _, _ in hear(server.url, [signed + b"X: a\r\n\r\n"])] == [201]
    for endless in (b"X: a\r\n" * 10_000, b"a" * 60_000):
        with opened(server.url) as wire, pytest.raises(OSError):
            wire.settimeout(PATIENCE_SECONDS)
            wire.sendall(signed + b"X: ")
            for _ in range(2_000):
                wire.sendall(endless)


@pytest.fixture
def path(server: Server) -> str:
    with server.http() as client:
        return f"/api/v1/session/{text_at(object_of(client.post('/session'), 201), 'id')}/messages"


def shape(heard: Heard) -> tuple[int, dict[str, str], list[str]]:
    status, names, body = heard
    value: dict[str, Json] = msgspec.json.decode(body)
    data = value.get("data") or value
    assert isinstance(data, dict)
    assert names["content-length"] == str(len(body))
    return status, {**names, "content-length": ""}, sorted(data)


@pytest.mark.parametrize("cut", [whole, at_the_body, in_three])
@pytest.mark.parametrize(
    ("body", "status"), [(blob("hello"), 201), (b'{"blob":', 400), (b"[" * 200 + b"]" * 200, 400), (b"", 400)]
)
def test_pieces_make_no_difference(server: Server, path: str, cut: Cut, body: bytes, status: int) -> None:
    data = request("POST", path, KEY, body=body, headers=JSON)
    plain, cut_up = (shape(hear(server.url, pieces)[0]) for pieces in (whole(data), cut(data)))
    assert plain == cut_up
    assert plain[0] == status


def test_chunks_are_one_body(server: Server, path: str) -> None:
    text = blob("in chunks")
    data = request("POST", path, KEY, headers={**JSON, "Transfer-Encoding": "chunked"}, length=False)
    [heard] = hear(server.url, [data + chunked([text[:9], text[9:40], text[40:]])])
    assert heard[0] == 201
    assert b"in chunks" in heard[2]


def test_requests_that_come_together_are_answered_in_their_order(server: Server, path: str) -> None:
    texts = [f"number {place}" for place in range(20)]
    sent = b"".join(request("POST", path, KEY, body=blob(text), headers=JSON) for text in texts)
    heard = hear(server.url, [sent], answers=20)
    assert [status for status, _, _ in heard] == [201] * 20
    for text, (_, _, body) in zip(texts, heard, strict=True):
        assert text.encode() in body


def test_who_wants_no_more_answers_is_let_go(server: Server, path: str) -> None:
    data = request("POST", path, KEY, body=blob("bye"), headers={**JSON, "Connection": "close"})
    [(status, names, _)] = hear(server.url, [data])
    assert (status, names["connection"]) == (201, "close")


def test_a_head_has_no_body(server: Server) -> None:
    data = request("HEAD", "/health", KEY)
    heard = hear(server.url, [data + data], answers=2, method="HEAD")
    assert [(status, body) for status, _, body in heard] == [(200, b"")] * 2


def test_a_refusal_leaves_the_connection_to_the_next_request(server: Server, path: str) -> None:
    refused = request("POST", path, "sk-ac-nobody", body=blob("no"), headers=JSON)
    taken = request("POST", path, KEY, body=blob("yes"), headers=JSON)
    heard = hear(server.url, [refused + taken], answers=2)
    assert [status for status, _, _ in heard] == [401, 201]
