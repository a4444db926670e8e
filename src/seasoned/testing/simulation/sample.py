"""Runs many seeds, in one process or several, and counts the results.

Not in `__main__`: the processes of a pool cannot import what they shall run from there.
"""

import gc
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from seasoned.testing.simulation.database import Database, Postgres, Sqlite
from seasoned.testing.simulation.run import Report, simulate

GC_THRESHOLD = (50_000, 20, 50)
SEEDS_AT_ONCE = 25
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in memory where there is one; ours has a name of its own


class Tally(msgspec.Struct, frozen=True):
    """The results of some seeds."""

    seeds: int
    deaths: int
    lessons: int
    failures: list[str]


@contextmanager
def opened(database: str) -> Iterator[Database]:
    """The database that a word names: `sqlite`, or the address of a PostgreSQL server where one may be made."""
    with tempfile.TemporaryDirectory(prefix="seasoned-simulation-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        made: Database = Sqlite(Path(folder)) if database == "sqlite" else Postgres(database, Path(folder))
        try:
            yield made
        finally:
            made.close()


def sample(database: str, first: int, count: int, jobs: int) -> int:
    """Run seeds in so many processes and tell what became of them; 1 when a promise was broken."""
    started, end = time.perf_counter(), first + count
    parts = [(database, at, min(at + SEEDS_AT_ONCE, end)) for at in range(first, end, SEEDS_AT_ONCE)]
    if jobs == 1:
        tallies = _told(map(_part, parts))
    else:
        with multiprocessing.get_context("spawn").Pool(jobs) as pool:
            tallies = _told(pool.imap_unordered(_part, parts))
    took = time.perf_counter() - started
    failed = sum(len(tally.failures) for tally in tallies)
    say(
        f"{count} seeds from {first} in {took:.1f} s ({count / took:.1f} a second): "
        f"{sum(tally.deaths for tally in tallies)} crashes, {sum(tally.lessons for tally in tallies)} lessons, "
        f"{failed} failed"
    )
    return int(failed > 0)


def _told(tallies: Iterable[Tally]) -> list[Tally]:
    kept = []
    for tally in tallies:
        say(*tally.failures)
        kept.append(tally)
    return kept


def _part(part: tuple[str, int, int]) -> Tally:
    database, first, end = part
    # Statements are made of many small objects that live as long as they run; the collector need not look at them.
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    deaths, lessons, failures = 0, 0, []
    with opened(database) as made:
        for seed in range(first, end):
            report = simulate(seed, made)
            deaths, lessons = deaths + report.deaths, lessons + report.counts["lessons"]
            if report.violations:
                failures.append(summary(report))
    return Tally(end - first, deaths, lessons, failures)


def say(*lines: object) -> None:
    """Print lines at once, also into a pipe."""
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


def summary(report: Report) -> str:
    """The result of a seed, in a few lines."""
    verdict = "keeps every promise" if not report.violations else f"breaks {len(report.violations)} promises"
    head = (
        f"seed {report.seed} {verdict} ({report.deaths} crashes, {report.counts['messages']} messages, "
        f"{report.counts['lessons']} lessons, {report.counts['versions']} versions, "
        f"{report.seconds:.0f} s of its time, "
        f"log {report.log_digest[:12]}, rows {report.data_digest[:12]})"
    )
    again = (
        [f"  again with its log: make simulate SEED={report.seed} (with the same STORE)"] if report.violations else []
    )
    return "\n".join([head, *(f"  {one}" for one in report.violations), *again])
