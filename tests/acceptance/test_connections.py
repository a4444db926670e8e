"""What becomes of a connection whose client stops sending, names several hosts, or is there when the server stops."""

import http.client as http_client
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from seasoned.message import Json
from tests.support import raw
from tests.support.raw import request
from tests.support.server import KEY, WAIT_SECONDS_MAX, Server, running

PING = request("GET", "/api/v1/ping", KEY)
SESSION = request("POST", "/api/v1/session", KEY, body=b"{}")


@pytest.fixture
def wire(server: Server) -> Iterator[socket.socket]:
    with closing(raw.opened(server.url)) as opened:
        yield opened


def until_closed(wire: socket.socket) -> bytes:
    """All that the server says before it closes the connection."""
    return b"".join(iter(lambda: wire.recv(65_536), b""))


def refusals(said: bytes) -> tuple[int, bytes, str]:
    """Status, head and sentence of the last answer of a connection."""
    top, _, body = said.partition(b"\r\n\r\n")
    assert b"\r\ncontent-type: application/json" in top.lower(), said
    assert b"\r\nconnection: close" in top.lower(), said
    envelope = msgspec.json.decode(body, type=dict[str, Json])
    status = int(top.split()[1])
    assert envelope["code"] == status
    return status, top.lower(), str(envelope["error"])


@pytest.mark.parametrize("sent", [PING, SESSION, PING * 3, SESSION + PING, PING + b"GET /hea"])
@pytest.mark.parametrize("together", [True, False], ids=["at once", "later"])
def test_a_client_that_stops_sending_gets_its_answers(wire: socket.socket, sent: bytes, together: bool) -> None:
    if together:
        wire.sendall(sent)
    else:
        wire.sendall(sent[:10])
        wire.sendall(sent[10:])
    wire.shutdown(socket.SHUT_WR)
    said = until_closed(wire)
    assert said.count(b"HTTP/1.1 20") == sent.count(b" HTTP/1.1\r\n")


def test_large_answers_come_whole_when_the_client_stops_sending(server: Server, wire: socket.socket) -> None:
    text = "a large answer " * 100_000
    with server.http() as http:
        session = http.post("/session", json={}).json()["data"]["id"]
        blob = {"format": "openai", "blob": {"role": "user", "content": text}}
        http.post(f"/session/{session}/messages", json=blob).raise_for_status()
    wire.sendall(request("GET", f"/api/v1/session/{session}/messages", KEY))
    wire.shutdown(socket.SHUT_WR)
    answer = http_client.HTTPResponse(wire)
    answer.begin()
    assert text.encode() in answer.read()
    assert until_closed(wire) == b""


def test_a_request_that_is_cut_off_in_its_body_writes_nothing(server: Server, wire: socket.socket) -> None:
    with server.http() as http:
        session = http.post("/session", json={}).json()["data"]["id"]
    whole = request("POST", f"/api/v1/session/{session}/messages", KEY, body=b'{"blob": {"role": "user"}}')
    wire.sendall(whole[:-4])
    wire.shutdown(socket.SHUT_WR)
    assert b"HTTP/1.1 2" not in until_closed(wire)
    with server.http() as http:
        assert http.get(f"/session/{session}/messages").json()["data"]["items"] == []


def test_a_client_that_is_gone_with_several_requests_under_way_is_no_failure(tmp_path: Path) -> None:
    with running(tmp_path, {"SEASONED_QUIET_SECONDS": "600"}) as server:
        with server.http() as http:
            session = http.post("/session", json={}).json()["data"]["id"]
            for _ in range(4):
                blob = {"format": "openai", "blob": {"role": "user", "content": "a large answer " * 100_000}}
                http.post(f"/session/{session}/messages", json=blob).raise_for_status()
        for _ in range(5):
            with closing(raw.opened(server.url)) as wire:
                wire.sendall(request("GET", f"/api/v1/session/{session}/messages", KEY) + PING * 20)
                assert wire.recv(1)
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closed with a reset
        with server.http() as http:
            for _ in range(20):
                http.get("/ping").raise_for_status()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(WAIT_SECONDS_MAX)
    said = server.log.read_text()
    assert "a request failed" not in said
    assert "Traceback" not in said


HOSTS = {
    "none": (b"", 400),
    "two": (b"Host: a\r\nHost: b\r\n", 400),
    "the same twice": (b"Host: a\r\nhost: a\r\n", 400),
    "two in one": (b"Host: a b\r\n", 400),
    "with a path": (b"Host: a/b\r\n", 400),
    "with a user": (b"Host: u@a\r\n", 400),
    "one": (b"Host: a\r\n", 200),
    "with a port": (b"Host: 127.0.0.1:8029\r\n", 200),
    "of IPv6": (b"Host: [::1]:8029\r\n", 200),
    "with an underscore": (b"Host: my_service.local\r\n", 200),
    "empty": (b"Host:\r\n", 200),
}


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_a_request_has_one_host(wire: socket.socket, name: str, version: bytes) -> None:
    lines, expected = HOSTS[name]
    if (name, version) == ("none", b"1.0"):
        expected = 200
    key = f"Authorization: Bearer {KEY}\r\nConnection: close\r\n".encode()
    wire.sendall(b"GET /api/v1/ping HTTP/" + version + b"\r\n" + lines + key + b"\r\n")
    said = until_closed(wire)
    assert int(said.split()[1]) == expected
    if expected == 400:
        assert "Host header" in refusals(said)[2]


def test_nothing_behind_a_request_without_a_host_is_read(server: Server, wire: socket.socket) -> None:
    wire.sendall(PING.replace(b"Host: ", b"Host: other\r\nHost: ") + SESSION)
    assert until_closed(wire).count(b"HTTP/1.1 ") == 1


def uploads(server: Server) -> Iterator[bytes]:
    """Requests whose bodies do not come to an end."""
    with server.http() as http:
        session = http.post("/session", json={}).json()["data"]["id"]
    whole = request("POST", f"/api/v1/session/{session}/messages", KEY, body=b'{"blob": {"role": "user"}}')
    yield whole[:-5]
    top, _, body = whole.partition(b"\r\n\r\n")
    announced = top.replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked")
    yield announced + b'\r\n\r\n5\r\n{"blo\r\n'
    yield announced.replace(b"/messages", b"/nothing") + b'\r\n\r\n5\r\n{"blo\r\n'


@pytest.mark.parametrize("signals", [(signal.SIGTERM,), (signal.SIGTERM, signal.SIGTERM), (signal.SIGINT,)])
def test_a_server_that_stops_answers_what_waits_for_its_client(tmp_path: Path, signals: tuple[signal.Signals]) -> None:
    # Whoever waits for a body or for the end of a wait is told long before its own time is over.
    with running(tmp_path, {"SEASONED_BODY_SECONDS": "600", "SEASONED_QUIET_SECONDS": "600"}) as server:
        with server.http() as http:
            space, session = (
                http.post(path, json={}).json()["data"]["id"] for path in ("/learning_spaces", "/session")
            )
            http.post(f"/learning_spaces/{space}/learn", json={"session_id": session}).raise_for_status()
        wires = []
        for sent in uploads(server):
            wires.append(raw.opened(server.url))
            wires[-1].sendall(sent)
        waits = raw.opened(server.url)
        waits.sendall(request("GET", f"/api/v1/learning_spaces/{space}/sessions/{session}?wait=60", KEY))
        idle = raw.opened(server.url)
        # The server has read what came before this.
        for _ in range(3):
            assert raw.exchange(idle, PING).status == 200  # type: ignore[union-attr]
        for number in signals:
            server.process.send_signal(number)
        told = [refusals(until_closed(wire)) for wire in (*wires, waits)]
        server.process.wait(WAIT_SECONDS_MAX)
        for wire in (*wires, waits, idle):
            wire.close()
    assert [status for status, _, _ in told] == [503, 503, 404, 503], told
    assert all(b"\r\nretry-after: 1" in top for status, top, _ in told if status == 503)
    assert "shutting down" in told[0][2]
    # They ended by themselves: nothing had to be given up.
    assert "graceful shutdown exceeded" not in server.log.read_text()
