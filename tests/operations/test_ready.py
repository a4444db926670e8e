"""`/ready` tells the truth: what works, what does not, and what waits."""

import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from acontext import AcontextClient

from tests.conftest import StartServer
from tests.support.patience import PATIENCE_SECONDS
from tests.support.server import Server, wait_until

REQUEST = "Deploy the shop with helm"


def ready(server: Server) -> tuple[int, Mapping[str, object]]:
    answer = httpx.get(f"{server.url}/ready", timeout=PATIENCE_SECONDS)
    body: dict[str, object] = answer.json()
    assert body["code"] == (0 if answer.is_success else answer.status_code)
    data = body["data"]
    assert isinstance(data, dict)
    return answer.status_code, data


def part(data: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = data[name]
    assert isinstance(found, dict)
    return found


def talk(client: AcontextClient) -> str:
    session = client.sessions.create()
    client.sessions.store_message(session.id, blob={"role": "user", "content": REQUEST}, format="openai")
    return session.id


def test_a_server_that_works_is_ready_without_a_key(server: Server) -> None:
    status, data = ready(server)
    assert (status, data["ready"]) == (200, True)
    for name in ("database", "blobs", "worker"):
        assert part(data, name)["ok"] is True, data
    assert part(data, "queue")["limit"] == 4_096
    assert httpx.get(f"{server.url}/health").json() == {"code": 0, "msg": "ok"}


def test_what_waits_is_counted_once_it_is_due_and_gone_once_it_is_read(start_server: StartServer) -> None:
    # A model that nobody serves: work is due and stays so.
    server = start_server(
        SEASONED_MODEL="openai:none",
        SEASONED_BASE_URL="http://127.0.0.1:9/v1",
        OPENAI_API_KEY="none",
        SEASONED_QUIET_SECONDS="0",
        SEASONED_RETRY_SECONDS="0",
    )
    assert part(ready(server)[1], "work")["due"] == 0
    with server.client() as client:
        talk(client)
    wait_until(lambda: part(ready(server)[1], "work")["due"] == 1, "the session is due")
    wait_until(lambda: float(str(part(ready(server)[1], "work")["oldest_due_seconds"])) > 1, "it has waited a second")
    assert ready(server)[0] == 200


@pytest.mark.sqlite
def test_parked_work_is_counted(start_server: StartServer) -> None:
    server = start_server(SEASONED_QUIET_SECONDS="3600")
    with server.client() as client:
        talk(client)
    with sqlite3.connect(server.home / "seasoned.db") as connection:
        connection.execute("UPDATE sessions SET extract_parked = 1")
    connection.close()
    wait_until(lambda: part(ready(server)[1], "work")["parked"] == 1, "the parked session is counted")
    assert ready(server)[0] == 200


@pytest.mark.sqlite
def test_a_database_that_cannot_be_written_is_not_ready_and_is_again_once_it_can(start_server: StartServer) -> None:
    server = start_server()
    assert ready(server)[0] == 200
    lock = sqlite3.connect(server.home / "seasoned.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        wait_until(lambda: ready(server)[0] == 503, "the lock is noticed")
        status, data = ready(server)
        assert (status, data["ready"], part(data, "database")["ok"]) == (503, False, False)
        assert "write" in str(part(data, "database")["detail"])
        assert httpx.get(f"{server.url}/health").status_code == 200
        assert httpx.get(f"{server.url}/ready").headers["retry-after"]
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    wait_until(lambda: ready(server)[0] == 200, "it can be written again")


@pytest.mark.sqlite
def test_a_blob_folder_that_has_gone_is_not_ready(start_server: StartServer) -> None:
    server = start_server()
    assert ready(server)[0] == 200
    blobs = server.home / "blobs"
    shutil.rmtree(blobs)
    Path(blobs).write_text("no folder")
    wait_until(lambda: ready(server)[0] == 503, "the folder is missed")
    assert part(ready(server)[1], "blobs")["ok"] is False
    blobs.unlink()
    wait_until(lambda: ready(server)[0] == 200, "the folder is there again")
