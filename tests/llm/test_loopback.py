"""The scripted provider itself: bad requests, clients that leave, how many requests are under way, and how it ends."""

import http.client
import json
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from seasoned.testing import Asked, Fault, Provider, provider
from tests.support.patience import PATIENCE_SECONDS

CHAT = "/chat/completions"
QUESTION = {"model": "scripted", "messages": [{"role": "user", "content": "How are you?"}]}


def connected(server: Provider) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", int(server.root.rsplit(":", 1)[1]), timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/embeddings", b"{}", 404, "there is no API at /v1/embeddings"),
        (CHAT, b"{", 400, "the request is no JSON"),
        (CHAT, b"\xff\xfe", 400, "the request is no JSON"),
        (CHAT, b"[]", 400, "no JSON object"),
        (CHAT, b'{"stream": true}', 400, "not streamed"),
    ],
    ids=["no such API", "cut", "no text", "no object", "streamed"],
)
def test_what_cannot_be_answered_is_told(path: str, body: bytes, status: int, says: str) -> None:
    with provider(lambda _: "Well.") as server:
        answer = httpx.post(server.url + path, content=body)
        assert httpx.post(server.url + CHAT, json=QUESTION).status_code == 200
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]
    assert len(server.requests) == 1


@pytest.mark.parametrize("length", [None, "-1", "many", str(10**9)])
def test_a_body_without_a_fitting_length_is_not_read(length: str | None) -> None:
    with provider(lambda _: "Well.") as server:
        connection = connected(server)
        connection.putrequest("POST", f"/v1{CHAT}")
        if length is not None:
            connection.putheader("Content-Length", length)
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status == 400
        assert "Content-Length" in answer.read().decode()
        connection.close()
    assert server.requests == []


def test_a_connection_serves_several_requests() -> None:
    with provider(lambda _: "Well.") as server:
        connection = connected(server)
        connection.connect()
        own = connection.sock.getsockname()
        for _ in range(3):
            connection.request("POST", f"/v1{CHAT}", json.dumps(QUESTION))
            assert json.loads(connection.getresponse().read())["choices"][0]["message"]["content"] == "Well."
            assert connection.sock.getsockname() == own
        connection.close()
    assert len(server.requests) == 3
    assert server.most_at_once == 1


def test_a_fault_of_the_script_is_told() -> None:
    def wrong(asked: Sequence[Asked]) -> str:
        return asked[7].content

    with provider(wrong) as server:
        answer = httpx.post(server.url + CHAT, json=QUESTION)
    assert answer.status_code == 400
    assert "the script failed: IndexError" in answer.json()["error"]["message"]


def test_requests_that_are_under_way_at_once_are_counted() -> None:
    together, wanted = threading.Event(), 3

    def last_lets_all_go(_: Sequence[Asked]) -> Fault:
        if len(server.requests) >= wanted:
            together.set()
        return Fault(text="Well.", hold=together)

    with provider(last_lets_all_go) as server, ThreadPoolExecutor(wanted) as clients:
        asked = [
            clients.submit(httpx.post, server.url + CHAT, json=QUESTION, timeout=PATIENCE_SECONDS)
            for _ in range(wanted)
        ]
        assert [one.result().status_code for one in asked] == [200] * wanted
    assert server.most_at_once == wanted


def test_what_is_held_back_ends_when_the_client_gives_up(capfd: pytest.CaptureFixture[str]) -> None:
    never = threading.Event()

    def first_never(_: Sequence[Asked]) -> str | Fault:
        return Fault(text="Too late.", hold=never) if len(server.requests) == 1 else "Well."

    with provider(first_never) as server:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(server.url + CHAT, json=QUESTION, timeout=httpx.Timeout(PATIENCE_SECONDS, read=0.1))
        assert server.asked(1, 10)
        assert server.idle(10)
        assert httpx.post(server.url + CHAT, json=QUESTION).status_code == 200
    assert server.most_at_once == 1
    assert capfd.readouterr().err == ""


def test_at_the_end_all_connections_are_cut_and_held_answers_let_go() -> None:
    never = threading.Event()
    with ThreadPoolExecutor(1) as clients:
        with provider(lambda _: Fault(text="Too late.", hold=never)) as server:
            kept = connected(server)
            kept.connect()
            held = clients.submit(httpx.post, server.url + CHAT, json=QUESTION, timeout=PATIENCE_SECONDS)
            assert server.asked(1, 10)
        # Whether the held answer still comes or the connection is cut first, nobody waits for it.
        assert isinstance(held.exception(10), httpx.TransportError | None)
        with pytest.raises((http.client.HTTPException, OSError)):
            kept.request("POST", f"/v1{CHAT}", json.dumps(QUESTION))
            kept.getresponse()
        kept.close()
    with pytest.raises(httpx.ConnectError):
        httpx.post(server.url + CHAT, json=QUESTION)


def test_a_port_can_be_taken_again() -> None:
    with provider(lambda _: "Well.") as first:
        port = int(first.root.rsplit(":", 1)[1])
        assert httpx.post(first.url + CHAT, json=QUESTION).status_code == 200
    with provider(lambda _: "Better.", port=port) as second:
        assert "Better." in httpx.post(second.url + CHAT, json=QUESTION).text
    assert second.url == first.url


def test_it_is_reached_from_this_machine_only() -> None:
    with provider(lambda _: "Well.") as server:
        port = int(server.root.rsplit(":", 1)[1])
        # Another address of the same machine: only 127.0.0.1 itself is listened on.
        with socket.socket() as other:
            other.settimeout(PATIENCE_SECONDS)
            assert other.connect_ex(("127.0.0.2", port)) != 0
