"""A server whose queue is full says so, and loses nothing of what it took."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.conftest import StartServer
from tests.support.patience import PATIENCE_SECONDS
from tests.support.server import KEY, wait_until

CLIENTS = 40
ROOM = 4


@pytest.mark.sqlite
def test_a_full_queue_answers_503_with_retry_after_and_what_was_taken_is_stored(start_server: StartServer) -> None:
    server = start_server(SEASONED_WRITE_QUEUE=str(ROOM), SEASONED_QUIET_SECONDS="3600")
    with server.http() as http:
        session = http.post("/session", json={}).json()["data"]["id"]
    lock = sqlite3.connect(server.home / "seasoned.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    def store(number: int) -> httpx.Response:
        body = {"format": "openai", "blob": {"role": "user", "content": f"message {number}"}}
        return httpx.post(
            f"{server.api}/session/{session}/messages",
            json=body,
            headers={"authorization": f"Bearer {KEY}"},
            timeout=PATIENCE_SECONDS,
        )

    with ThreadPoolExecutor(CLIENTS) as clients:
        try:
            answers = [clients.submit(store, number) for number in range(CLIENTS)]
            # One batch may be with the writer; beyond that and the queue there is no room.
            wait_until(lambda: sum(one.done() for one in answers) > CLIENTS // 2, "most have been turned away")
        finally:
            lock.execute("ROLLBACK")
            lock.close()
        done = [one.result() for one in answers]
        assert {one.status_code for one in done} == {201, 503}
        refused = [(number, one) for number, one in enumerate(done) if one.status_code == 503]
        assert all(int(one.headers["retry-after"]) >= 1 for _, one in refused)
        assert all(one.json()["code"] == 503 and "try again" in one.json()["error"] for _, one in refused)
        taken = CLIENTS - len(refused)
        assert messages(server.api, session) == taken
        # Whoever comes again, as told, is taken.
        for number, _ in refused:
            assert store(number).status_code == 201
    assert messages(server.api, session) == CLIENTS


def messages(api: str, session: str) -> int:
    answer = httpx.get(
        f"{api}/session/{session}/messages?limit=200",
        headers={"authorization": f"Bearer {KEY}"},
        timeout=PATIENCE_SECONDS,
    )
    return len(answer.json()["data"]["items"])
