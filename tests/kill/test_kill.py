"""A real server that is killed: at random moments under load, and exactly at a fault point."""

import signal
from pathlib import Path

import httpx
import pytest

from tests.kill.harness import run, served
from tests.support.parts import slow
from tests.support.patience import PATIENCE_SECONDS
from tests.support.server import KEY, wait_until


@pytest.mark.parametrize("kills", [1, slow(6)])
def test_nothing_is_lost_or_doubled_when_a_server_under_load_is_killed(tmp_path: Path, kills: int) -> None:
    outcome = run(tmp_path, kills=kills, seed=1)
    assert outcome.faults == []
    assert outcome.sessions > 0
    assert outcome.kills == kills


@pytest.mark.parametrize(("point", "stays"), [("commit.before:2", False), ("commit.after:2", True)])
def test_a_process_can_be_made_to_die_on_either_side_of_a_commit(tmp_path: Path, point: str, stays: bool) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    with served(tmp_path, "seasoned.testing.faulty", {"SEASONED_FAULT": point}) as server:
        sessions = f"{server.url}/api/v1/session"
        wait_until(server.is_up, "the server is up")
        # The first commit made the project, before the server listened; this is the second.
        with pytest.raises(httpx.TransportError):
            httpx.post(sessions, json={}, headers=headers, timeout=PATIENCE_SECONDS)
        assert server.process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        server.start("seasoned")
        wait_until(server.is_up, "the server is up again")
        listed = httpx.get(sessions, headers=headers).json()["data"]["items"]
        assert len(listed) == int(stays)
