"""A server and workers on PostgreSQL and S3, one of them killed every second: a short run of `make kill-fleet`."""

from pathlib import Path

import pytest

from tests.kill.fleet import run
from tests.support.databases import homes_on
from tests.support.postgres import Postgres
from tests.support.s3 import S3


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_when_processes_of_a_fleet_are_killed(
    postgres_server: Postgres, s3: S3, tmp_path: Path
) -> None:
    address = s3.address()
    with homes_on(postgres_server):
        outcome = run(tmp_path, spaces=4, sessions=16, seconds=4.0, seed=1, settings={"SEASONED_BLOBS": address})
    assert len(s3.keys(address)) > 16  # a file for each session, and the sign of the database
    assert outcome.faults == []
    assert outcome.sessions == 16
    assert outcome.kills >= 2
