"""`seasoned doctor --url` says whether a running server is well."""

import json
import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.support.command import seasoned
from tests.support.ports import free_port
from tests.support.server import KEY, Server


def test_a_server_that_is_well_passes_every_check(server: Server, tmp_path: Path) -> None:
    for url in (server.url, server.api + "/"):
        done = seasoned(tmp_path / "other", "doctor", "--url", url, "--key", KEY, "--json")
        checks = {one["name"]: one for one in json.loads(done.out)}
        # The other tests of this server may have left work that is parked.
        assert {name for name, one in checks.items() if not one["ok"]} <= {"parked"}, done.out
        assert set(checks) >= {
            "reachable",
            "contract",
            "key",
            "version",
            "ready",
            "database",
            "blobs",
            "worker",
            "work",
        }
    assert not (tmp_path / "other" / "seasoned.db").exists()


def test_a_wrong_key_is_found(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(SEASONED_QUIET_SECONDS="3600")
    done = seasoned(tmp_path, "doctor", "--url", server.url)
    assert (done.code, "key: not tried; give --key" in done.out) == (0, True)
    done = seasoned(tmp_path, "doctor", "--url", server.url, "--key", "sk-ac-wrong")
    assert (done.code, "BAD key: is refused with 401" in done.out) == (1, True)


@pytest.mark.sqlite
def test_a_database_that_is_locked_is_found(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    lock = sqlite3.connect(server.home / "seasoned.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        done = seasoned(tmp_path, "doctor", "--url", server.url)
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    assert (done.code, "BAD database: a write" in done.out) == (1, True)


def test_what_is_not_there_or_not_seasoned_is_said_in_a_line(tmp_path: Path) -> None:
    class Other(BaseHTTPRequestHandler):
        keys: list[str] = []  # noqa: RUF012 - the test's own

        def do_GET(self) -> None:
            self.keys.append(self.headers.get("authorization", ""))
            self.send_response(302)
            self.send_header("location", "http://127.0.0.1:9/")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    other = HTTPServer(("127.0.0.1", 0), Other)
    thread = threading.Thread(target=other.serve_forever)
    thread.start()
    try:
        for url in (f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{other.server_port}"):
            done = seasoned(tmp_path, "doctor", "--url", url, "--key", KEY)
            assert (done.code, "BAD reachable" in done.out, "Traceback" in done.err) == (1, True, False)
    finally:
        other.shutdown()
        thread.join()
        other.server_close()
    # Nobody who does not answer like Seasoned is shown the key.
    assert set(Other.keys) == {""}
    done = seasoned(tmp_path, "doctor", "--url", "file:///etc/hosts")
    assert (done.code, "--url must be" in done.err) == (1, True)
