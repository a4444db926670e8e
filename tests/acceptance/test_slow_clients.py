"""A client that does not finish what it sends is answered and let go; nothing of it is written."""

import select
import socket
from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest

from seasoned.message import Json
from tests.conftest import StartServer
from tests.support import raw
from tests.support.patience import PATIENCE_SECONDS, at_least
from tests.support.server import KEY, Server
from tests.support.wire import items_of, object_of, text_at

BODY_SECONDS = 1.0
TRICKLE_SECONDS = 0.02
PIECES_MAX = 5_000
HEAD = "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"


@pytest.fixture(scope="module")
def strict_server(start_server: StartServer) -> Server:
    return start_server(SEASONED_BODY_SECONDS=str(BODY_SECONDS))


@pytest.fixture
def wire(strict_server: Server) -> Iterator[socket.socket]:
    host, port = strict_server.url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), PATIENCE_SECONDS)) as opened:
        yield opened


@pytest.fixture
def patient_wire(server: Server) -> Iterator[socket.socket]:
    """A connection to a server that a slow machine is fast enough for."""
    with raw.opened(server.url) as opened:
        yield opened


def head(path: str, *headers: str, key: str = KEY) -> bytes:
    lines = HEAD.format(path=f"/api/v1{path}", key=key) + "".join(f"{line}\r\n" for line in headers)
    return f"{lines}\r\n".encode()


def until_closed(wire: socket.socket) -> bytes:
    """All that the server still says before it closes the connection."""
    said = b""
    while piece := wire.recv(65_536):
        said += piece
    return said


def refusal(said: bytes) -> tuple[int, dict[str, Json]]:
    """Status and envelope of an answer that is the last of its connection."""
    top, _, body = said.partition(b"\r\n\r\n")
    assert b"connection: close" in top.lower()
    envelope = msgspec.json.decode(body, type=dict[str, Json])
    status = int(top.split()[1])
    assert envelope["code"] == status
    return status, envelope


def rows(server: Server) -> tuple[int, int]:
    with server.http() as http:
        lists = (items_of(http.get(path, params={"limit": 200})) for path in ("/session", "/agent_skills"))
        sessions, skills = (len(found) for found in lists)
    return sessions, skills


@pytest.fixture
def session(strict_server: Server) -> str:
    with strict_server.http() as http:
        return text_at(object_of(http.post("/session", json={}), 201), "id")


@pytest.fixture
def before(strict_server: Server) -> tuple[int, int]:
    """The rows that there are; asked for before a connection is opened, as its time begins then."""
    return rows(strict_server)


def test_a_body_that_stops_is_answered_408_and_the_connection_is_closed(
    strict_server: Server, session: str, wire: socket.socket
) -> None:
    with at_least(BODY_SECONDS):
        wire.sendall(head(f"/session/{session}/messages", "Content-Length: 1000") + b'{"blob": {"role": "user"')
        status, envelope = refusal(until_closed(wire))
    assert status == 408
    assert f"{BODY_SECONDS:g} seconds" in str(envelope["msg"])
    with strict_server.http() as http:
        assert object_of(http.get(f"/session/{session}/messages"))["items"] == []


@pytest.mark.parametrize(
    "headers",
    [["Content-Length: 100000"], ["Transfer-Encoding: chunked"]],
    ids=["length", "chunked"],
)
def test_a_body_that_trickles_is_answered_408(
    strict_server: Server, before: tuple[int, int], wire: socket.socket, headers: list[str]
) -> None:
    wire.sendall(head("/session", *headers))
    piece = b"1\r\n \r\n" if "chunked" in headers[0] else b" "
    for _ in range(PIECES_MAX):
        if select.select([wire], [], [], TRICKLE_SECONDS)[0]:
            break
        wire.sendall(piece)
    status, _ = refusal(until_closed(wire))
    assert status == 408
    assert rows(strict_server) == before


def test_an_upload_that_stops_leaves_nothing(
    strict_server: Server, before: tuple[int, int], wire: socket.socket
) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\nPK'
    wire.sendall(head("/agent_skills", "Content-Type: multipart/form-data; boundary=b", "Content-Length: 5000") + part)
    status, _ = refusal(until_closed(wire))
    assert status == 408
    assert rows(strict_server) == before


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [("/session", "sk-ac-unknown", 401), ("/nothing", KEY, 404), ("/sandbox", KEY, 501)],
)
def test_a_refusal_is_said_also_when_nobody_reads_the_body(
    wire: socket.socket, path: str, key: str, status: int
) -> None:
    wire.sendall(head(path, "Content-Length: 1000", key=key) + b"{")
    assert refusal(until_closed(wire))[0] == status


def test_a_refusal_keeps_the_connection_of_a_client_that_sends_all(patient_wire: socket.socket) -> None:
    wire = patient_wire
    for _ in range(2):
        wire.sendall(head("/session", "Content-Length: 100000", key="sk-ac-unknown") + b"x" * 100_000)
        said = b""
        while not said.endswith(b"}"):
            piece = wire.recv(65_536)
            assert piece, "the connection was closed"
            said += piece
        assert said.startswith(b"HTTP/1.1 401")


def test_a_body_that_comes_in_pieces_but_in_time_is_taken(server: Server, patient_wire: socket.socket) -> None:
    wire = patient_wire
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire.sendall(head("/session", "Content-Length: 2", "Connection: close") + b"{")
    wire.sendall(b"}")
    said = until_closed(wire)
    assert said.startswith(b"HTTP/1.1 201")
    made = msgspec.json.decode(said.partition(b"\r\n\r\n")[2], type=dict[str, Json])["data"]
    assert isinstance(made, dict)
    with server.http() as http:
        assert object_of(http.get(f"/session/{made['id']}/messages"))["items"] == []


def test_a_client_that_does_not_finish_its_headers_is_let_go(wire: socket.socket) -> None:
    wire.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nX-Slow:")
    assert refusal(until_closed(wire))[0] == 408


def test_a_client_that_asks_nothing_is_let_go(wire: socket.socket) -> None:
    assert until_closed(wire) == b""


def test_a_connection_may_be_slow_with_its_second_request_no_more_than_with_its_first(wire: socket.socket) -> None:
    wire.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert wire.recv(65_536).startswith(b"HTTP/1.1 200")
    wire.sendall(b"GET /health HTTP/1.1\r\nHost")
    assert refusal(until_closed(wire))[0] == 408
