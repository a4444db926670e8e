"""`python -m tests.simulation`: plant each bug, run seeds until one shows it, and print what that seed says."""

import sys

from seasoned.testing.simulation import simulate
from seasoned.testing.simulation.__main__ import opened, summary
from tests.simulation import bugs

SEEDS_MAX = 60


def main() -> int:
    """1 when a bug was not caught."""
    missed = 0
    with opened("sqlite") as database:
        for bug in bugs.ALL:
            with bug():
                reports = (simulate(seed, database) for seed in range(1, SEEDS_MAX + 1))
                caught = next((report for report in reports if report.violations), None)
            missed += caught is None
            print(f"{bug.__name__}: {(bug.__doc__ or '').strip()}")
            print(f"not caught in {SEEDS_MAX} seeds" if caught is None else summary(caught), end="\n\n", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
