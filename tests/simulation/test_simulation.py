"""The simulation: a sample of seeds keeps every promise, a seed repeats, and planted bugs are caught."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from seasoned.testing.simulation import Database, simulate
from seasoned.testing.simulation.sample import opened, summary
from tests.simulation import bugs
from tests.support.parts import a_few, slow
from tests.support.patience import PATIENCE_SECONDS
from tests.support.postgres import Postgres

SAMPLE = range(1, 11)


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with opened("sqlite") as made:
        yield made


@pytest.fixture(scope="module")
def on_postgres(postgres_server: Postgres) -> Iterator[Database]:
    with opened(postgres_server.database()) as made:
        yield made


@pytest.mark.parametrize("seed", a_few(SAMPLE[:3], 1))
def test_a_seed_keeps_every_promise_on_postgresql(on_postgres: Database, seed: int) -> None:
    report = simulate(seed, on_postgres)
    assert not report.violations, summary(report)


@pytest.mark.slow
def test_a_planted_bug_is_caught_on_postgresql(on_postgres: Database) -> None:
    caught = bugs.catch(bugs.no_compare_and_swap_on_the_extractor, on_postgres)
    assert caught is not None, f"it was not caught in {bugs.SEEDS_TO_CATCH} seeds"


@pytest.mark.parametrize("seed", a_few(SAMPLE, 5))
def test_a_seed_keeps_every_promise(database: Database, seed: int) -> None:
    report = simulate(seed, database)
    assert not report.violations, summary(report)
    assert report.log


def test_a_seed_gives_the_same_log_and_the_same_rows_again(database: Database) -> None:
    # One in which processes have died.
    first = next(report for seed in SAMPLE if (report := simulate(seed, database)).deaths)
    second = simulate(first.seed, database)
    assert first.log == second.log
    assert (first.log_digest, first.data_digest) == (second.log_digest, second.data_digest)
    assert simulate(first.seed + 1, database).log_digest != first.log_digest


@pytest.mark.slow
def test_seeds_can_be_shared_among_processes() -> None:
    words = ["-m", "seasoned.testing.simulation", "--count", "2", "--jobs", "2"]
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS
    )
    assert done.stdout.startswith("2 seeds from 1 in ")
    assert done.stdout.endswith(", 0 failed\n")


def test_a_seed_gives_the_same_in_processes_with_other_hashes() -> None:
    def run(hashes: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "seasoned.testing.simulation", "--seed", "3"],
            env={"PYTHONHASHSEED": hashes},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert run("1") == run("4711")


# These two take longest.
RARE = (bugs.lock_released_early, bugs.no_compare_and_swap_on_the_head)


@pytest.mark.parametrize("bug", [slow(bug) if bug in RARE else bug for bug in bugs.ALL])
def test_a_planted_bug_is_caught(database: Database, bug: bugs.Bug) -> None:
    caught = bugs.catch(bug, database)
    assert caught is not None, f"{bug.__name__} was not caught in {bugs.SEEDS_TO_CATCH} seeds"
    assert not any("nobody caught" in one for one in caught.violations), "the bug itself fell over"
    assert not simulate(caught.seed, database).violations, "the seed fails without the bug, too"
