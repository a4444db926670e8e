"""A server learns in a process of its own, which ends with it and is started again when it ends by itself."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.operations.test_ready import part, ready
from tests.support import forks
from tests.support.server import Server, environment, running, wait_until

PROCESS = {"SEASONED_WORKER": "process", "SEASONED_LOG_LEVEL": "info"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path, PROCESS) as server:
        yield server


def learner(server: Server) -> int:
    """The pid of the learning process, once it has said that it works."""
    pids: list[int] = []

    def works() -> bool:
        worker = part(ready(server)[1], "worker")
        pids[:] = [int(str(worker["pid"]))] if worker["beat_seconds"] is not None else []
        return bool(pids)

    wait_until(works, "the learning process works")
    return pids[0]


def learn(server: Server, words: str) -> None:
    """Have a session learned from, to its end."""
    said = (("user", words), ("assistant", "It is deployed."), ("user", "Great, thanks!"))
    with server.client() as client, server.http() as http:
        space = client.learning_spaces.create()
        session = client.sessions.create()
        client.learning_spaces.learn(space.id, session_id=session.id)
        for role, text in said:
            body = {"blob": {"role": role, "content": text}}
            assert http.post(f"/session/{session.id}/messages", json=body).status_code == httpx.codes.CREATED
        client.sessions.flush(session.id)
        learned = client.learning_spaces.wait_for_learning(space.id, session_id=session.id, timeout=60)
        assert learned.status == "completed"
        assert client.sessions.get_tasks(session.id).items


def is_there(pid: int) -> bool:
    with contextlib.suppress(OSError):
        # One that has ended and that nobody has waited for yet is still listed.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_session_is_learned_from_in_another_process_and_counted_by_the_server(served: Server) -> None:
    pid = learner(served)
    assert pid != served.process.pid
    learn(served, "Deploy the shop with helm")
    counted = httpx.get(f"{served.url}/metrics").text
    assert 'seasoned_stage_runs_total{outcome="worked",stage="distill"} 1.0' in counted
    assert "process_name=learner" in served.said()


def test_a_learning_process_that_was_killed_is_started_again_and_nothing_is_lost(served: Server) -> None:
    first = learner(served)
    learn(served, "Deploy the shop with helm")
    os.kill(first, signal.SIGKILL)
    learn(served, "Deploy the forum with helm")
    assert learner(served) != first


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_learning_process_ends_with_its_server_however_that_ends(served: Server, number: int) -> None:
    pid = learner(served)
    served.process.send_signal(number)
    served.process.wait(60)
    wait_until(lambda: not is_there(pid), "the learning process has ended")


def test_learning_elsewhere_needs_a_database_server(tmp_path: Path) -> None:
    code, _, err = forks.run(("serve", "--worker", "none"), environment(tmp_path / "home"), 60)
    assert (code, b"--worker=none needs PostgreSQL" in err) == (1, True)
