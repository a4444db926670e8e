"""`python -m seasoned.testing.simulation`: run seeds, tell which failed, and print the log of one."""

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seasoned.testing.simulation.database import Database, Sqlite
from seasoned.testing.simulation.run import Report, simulate

GC_THRESHOLD = (50_000, 20, 50)
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in memory where there is one; ours has a name of its own


@contextmanager
def opened(database: str) -> Iterator[Database]:
    """The database that a word names: `sqlite`."""
    if database != "sqlite":
        sys.exit(f"Simulations do not run on {database!r}; choose sqlite.")
    with tempfile.TemporaryDirectory(prefix="seasoned-simulation-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        made = Sqlite(Path(folder))
        try:
            yield made
        finally:
            made.close()


def main() -> int:
    """Run what the arguments ask for; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m seasoned.testing.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this seed alone and print its log")
    parser.add_argument("--first", type=int, default=1, help="the first seed of a sample")
    parser.add_argument("--count", type=int, default=100, help="how many seeds")
    parser.add_argument("--database", default="sqlite", help="what they run on: sqlite")
    options = parser.parse_args()
    with opened(options.database) as database:
        if options.seed is not None:
            report = simulate(options.seed, database)
            _say(*report.log, summary(report))
            return int(bool(report.violations))
        return _sample(database, options.first, options.count)


def _sample(database: Database, first: int, count: int) -> int:
    # Statements are made of many small objects that live as long as they run; the collector need not look at them.
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    started, failed, deaths, lessons = time.perf_counter(), 0, 0, 0
    for seed in range(first, first + count):
        report = simulate(seed, database)
        deaths, lessons = deaths + report.deaths, lessons + report.counts["lessons"]
        if report.violations:
            failed += 1
            _say(summary(report))
    took = time.perf_counter() - started
    _say(
        f"{count} seeds from {first} in {took:.1f} s ({count / took:.1f} a second): "
        f"{deaths} crashes, {lessons} lessons, {failed} failed"
    )
    return int(failed > 0)


def _say(*lines: object) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


def summary(report: Report) -> str:
    """What became of a seed, in a few lines."""
    verdict = "keeps every promise" if not report.violations else f"breaks {len(report.violations)} promises"
    head = (
        f"seed {report.seed} {verdict} ({report.deaths} crashes, {report.counts['messages']} messages, "
        f"{report.counts['lessons']} lessons, {report.counts['versions']} versions, {report.seconds:.0f} s of its time)"
    )
    again = [f"  again with its log: make simulate SEED={report.seed}"] if report.violations else []
    return "\n".join([head, *(f"  {one}" for one in report.violations), *again])


if __name__ == "__main__":
    sys.exit(main())
