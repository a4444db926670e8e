"""Clients that read much at once, or ask and never read: the server stays small and goes on answering the others."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from seasoned.message import JsonObject
from tests.conftest import StartServer
from tests.support.patience import PATIENCE_SECONDS
from tests.support.raw import opened, request, send
from tests.support.server import KEY, Server, wait_until
from tests.support.watch import KIB, Watch, resident
from tests.support.wire import object_of, text_at

# As many as a request may hold, and so many bytes as make readers expensive.
ARRAYS = 99_000
MESSAGES = 16
READERS = 8
SLEEPERS = 16
WRITE_SECONDS = 2.0
BUDGET_BYTES = 32 * 1024 * 1024
CALM_PINGS = 100
SLOWER_TIMES = 8
"""How many times fewer pings than in a calm run the others may get through meanwhile."""


@pytest.fixture(scope="module")
def server(start_server: StartServer) -> Server:
    return start_server(
        fresh=True,
        SEASONED_QUIET_SECONDS="3600",
        SEASONED_STALLED_SECONDS="7200",
        SEASONED_WRITE_SECONDS=str(WRITE_SECONDS),
        SEASONED_ANSWERS_BYTES_MAX=str(BUDGET_BYTES),
    )


@pytest.fixture(scope="module")
def path(server: Server) -> str:
    """The page of all messages of a session that is made of empty arrays; the server has counted tokens already."""
    page = session_of(server, [{"blob": {"role": "user", "content": "x", "z": [[]] * ARRAYS}}] * MESSAGES)
    assert len(read_once(server, page)) > MESSAGES * ARRAYS
    return page


def read_once(server: Server, path: str) -> bytes:
    """The body of an answer; by hand, as the test's own look at so many arrays would take longer than all the rest."""
    answer = send(server.url, request("GET", path, KEY))
    assert answer is not None
    assert answer.status == 200, answer.body[:300]
    return answer.body


def session_of(server: Server, bodies: list[JsonObject]) -> str:
    with server.http() as http:
        session = text_at(object_of(http.post("/session", json={"disable_task_tracking": True}), 201), "id")
        for body in bodies:
            content = json.dumps(body, separators=(",", ":"))
            object_of(http.post(f"/session/{session}/messages", content=content), 201)
    return f"/api/v1/session/{session}/messages"


def calm(server: Server) -> Watch:
    watch = Watch(server)
    return watch.go_on(lambda: watch.pings < CALM_PINGS)


@contextmanager
def reading(server: Server, path: str, count: int) -> Iterator[Callable[[], bool]]:
    """Connections that read a page at once; whether any still does. They get it whole."""
    got: list[int] = []

    def read() -> None:
        with opened(server.url) as wire:
            wire.settimeout(4 * PATIENCE_SECONDS)
            wire.sendall(request("GET", path, KEY, headers={"Connection": "close"}))
            answer = http.client.HTTPResponse(wire)
            answer.begin()
            size = 0
            while piece := answer.read(1024 * KIB):
                size += len(piece)
            got.append(size if answer.status == 200 else 0)

    threads = [threading.Thread(target=read) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield lambda: any(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join()
    assert len(got) == count
    assert len(set(got)) == 1
    assert got[0] > 0


def test_many_readers_of_many_arrays_at_once(server: Server, path: str) -> None:
    before, still = resident(server), calm(server)
    with reading(server, path, READERS) as busy:
        watch = Watch(server).go_on(busy)
    # All of it as objects at once would take almost a gigabyte.
    assert watch.most_kib < before + 3 * BUDGET_BYTES // KIB, f"{before} KiB became {watch.most_kib} KiB"
    assert watch.rate > still.rate / SLOWER_TIMES


def asleep(server: Server, path: str, stack: ExitStack) -> socket.socket:
    """A connection that asks for a page and does not read it."""
    wire = stack.enter_context(socket.socket())
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIB)
    host, port = server.url.removeprefix("http://").split(":")
    wire.connect((host, int(port)))
    wire.sendall(request("GET", path, KEY))
    return wire


def cut_offs(server: Server) -> int:
    """How many connections the server says it has closed on clients that did not read."""
    answer = send(server.url, request("GET", "/metrics", KEY))
    assert answer is not None
    lines = answer.body.decode().splitlines()
    return int(
        float(next(line.split()[1] for line in lines if line.startswith("seasoned_http_connections_cut_off_total")))
    )


def test_clients_that_never_read_are_cut_off_and_others_do_not_notice(server: Server, path: str) -> None:
    before, still, cut = resident(server), calm(server), cut_offs(server)
    with ExitStack() as stack:
        wires = [asleep(server, path, stack) for _ in range(SLEEPERS)]
        watch = Watch(server).go_on(lambda: cut_offs(server) < cut + SLEEPERS)
        for wire in wires:
            wire.settimeout(PATIENCE_SECONDS)
            with pytest.raises(OSError):
                while wire.recv(1024 * KIB):
                    pass
                raise ConnectionResetError
    assert watch.most_kib < before + 3 * BUDGET_BYTES // KIB, f"{before} KiB became {watch.most_kib} KiB"
    assert watch.rate > still.rate / SLOWER_TIMES
    with reading(server, path, 1):
        pass
    wait_until(lambda: resident(server) < before + BUDGET_BYTES // KIB, "the memory is given back")


def test_an_answer_to_nobody_in_one_piece_is_cut_off_too(server: Server) -> None:
    with server.http() as http:
        disk = text_at(object_of(http.post("/disk", json={}), 201), "id")
        files = {"file": ("a.txt", b"word " * 2_000_000)}
        object_of(http.post(f"/disk/{disk}/artifact", files=files, data={"file_path": "/"}), 201)
    before, cut = resident(server), cut_offs(server)
    paths = [f"/api/v1/disk/{disk}/artifact{rest}?file_path=/a.txt" for rest in ("", "/download")]
    with ExitStack() as stack:
        for number in range(SLEEPERS):
            asleep(server, paths[number % 2], stack)
        watch = Watch(server).go_on(lambda: cut_offs(server) < cut + SLEEPERS)
    assert watch.most_kib < before + 4 * BUDGET_BYTES // KIB, f"{before} KiB became {watch.most_kib} KiB"


def test_a_message_may_not_have_fields_without_end(server: Server) -> None:
    fields: JsonObject = {f"k{number}": 1 for number in range(20_000)}
    with server.http() as http:
        session = text_at(object_of(http.post("/session", json={}), 201), "id")
        for blob, read_as in (
            ({"role": "user", "content": "x", **fields}, "openai"),
            ({"role": "user", "content": [{"type": "text", "text": "x", **fields}]}, "anthropic"),
            ({"role": "user", "parts": [{"type": "text", "text": "x", "meta": fields}]}, "acontext"),
        ):
            response = http.post(f"/session/{session}/messages", json={"blob": blob, "format": read_as})
            assert response.status_code == 413
            assert "fewer" in response.json()["msg"]


@pytest.mark.parametrize("wanted", ["openai", "anthropic", "gemini", "acontext"])
def test_a_large_page_is_its_messages_one_by_one(server: Server, wanted: str) -> None:
    text = "Words and words. " * 2_000
    called: JsonObject = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    told: list[JsonObject] = [
        {"role": "user", "content": text},
        {"role": "assistant", "content": "so", "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "c", "content": text},
        {"role": "assistant", "content": ""},
    ]
    page = session_of(server, [{"blob": blob, "meta": {"n": number}} for number, blob in enumerate(told * 6)])
    with server.http() as http:
        address, params = page.removeprefix("/api/v1"), {"format": wanted}
        whole = object_of(http.get(address, params=params))
        single, cursor = list[JsonObject](), ""
        while not single or single[-1]["has_more"]:
            single.append(object_of(http.get(address, params={**params, "limit": "1", "cursor": cursor})))
            cursor = str(single[-1].get("next_cursor", ""))
    assert len(single) == len(told) * 6
    for key in ("items", "ids", "metas"):
        joined = [one for part in single if isinstance(found := part[key], list) for one in found]
        assert whole[key] == joined, key
    assert whole["this_time_tokens"] == sum(part["this_time_tokens"] for part in single)  # type: ignore[misc]
    assert whole["edit_at_message_id"] == single[-1]["edit_at_message_id"]
    assert whole["has_more"] is False
