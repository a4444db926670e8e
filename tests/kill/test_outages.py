"""PostgreSQL stopped and its sessions ended under load: short runs of `python -m tests.kill.outages`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kill.outages import run
from tests.support.databases import homes_on, postgres_with_template
from tests.support.postgres import LASTING, Postgres

READY_SECONDS_MAX = 10.0


@pytest.fixture
def database() -> Iterator[Postgres]:
    """A server of the test's own, which keeps what was committed."""
    with postgres_with_template(LASTING) as server, homes_on(server):
        yield server


def test_two_stops_lose_nothing_and_nobody_is_answered_500(database: Postgres, tmp_path: Path) -> None:
    outcome = run(tmp_path, database, stops=2, workers=0, seed=1, clients=2)
    assert outcome.faults == []
    assert outcome.sessions > 0
    assert outcome.taken_back == 0
    assert set(outcome.statuses) <= {"200", "201", "409", "503"}


@pytest.mark.slow
def test_twenty_stops_lose_nothing_and_the_server_is_soon_ready_and_stays_so(
    database: Postgres, tmp_path: Path
) -> None:
    outcome = run(tmp_path, database, stops=20, workers=1, seed=2, linger=20.0)
    assert outcome.faults == []
    assert outcome.sessions > 20
    assert outcome.taken_back == 0
    assert set(outcome.statuses) <= {"200", "201", "409", "503"}
    assert outcome.ready_seconds < READY_SECONDS_MAX
