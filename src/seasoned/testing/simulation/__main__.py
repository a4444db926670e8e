"""`python -m seasoned.testing.simulation`: run seeds, tell which failed, and print the log of one."""

import argparse
import sys

from seasoned.testing.simulation.run import simulate
from seasoned.testing.simulation.sample import opened, sample, say, summary


def main() -> int:
    """Run what the arguments ask for; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m seasoned.testing.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this seed alone and print its log")
    parser.add_argument("--first", type=int, default=1, help="the first seed of a sample")
    parser.add_argument("--count", type=int, default=100, help="how many seeds")
    parser.add_argument("--jobs", type=int, default=1, help="in how many processes")
    parser.add_argument("--database", default="sqlite", help="what they run on: sqlite, or postgresql://…")
    options = parser.parse_args()
    if options.seed is not None:
        with opened(options.database) as database:
            report = simulate(options.seed, database)
        say(*report.log, summary(report))
        return int(bool(report.violations))
    return sample(options.database, options.first, options.count, options.jobs)


if __name__ == "__main__":
    sys.exit(main())
