"""`seasoned worker` as a process."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import command, environment
from tests.support.databases import homes_on
from tests.support.postgres import Postgres

END_SECONDS_MAX = 15.0


@pytest.fixture(autouse=True)
def _on_postgres(postgres_server: Postgres) -> Iterator[None]:
    with homes_on(postgres_server):
        yield


@pytest.mark.parametrize("milliseconds", [0, 30, 60, 120, 300])
def test_a_worker_that_is_told_to_end_while_it_begins_ends_and_says_nothing(tmp_path: Path, milliseconds: int) -> None:
    """Its libraries connect in those moments, and may lose what they are told."""
    with (tmp_path / "err.log").open("wb") as errors:
        process = subprocess.Popen(
            command("worker", "--home", str(tmp_path / "home")),
            env=environment(tmp_path / "home", SEASONED_DRAIN_SECONDS="30", SEASONED_SECRET="worker-tests"),
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.readline()
        # Not to wait for something, but to end it at this very moment.
        time.sleep(milliseconds / 1000)
        process.terminate()
        try:
            code = process.wait(END_SECONDS_MAX)
        finally:
            process.kill()
    assert said.startswith(b"A worker learns")
    assert code == os.EX_OK
    assert (tmp_path / "err.log").read_text() == ""
