"""`python -m tests.simulation`: plant each bug, run seeds until one shows it, and print what that seed says."""

import sys

from seasoned.testing.simulation.sample import opened, summary
from tests.simulation import bugs


def main() -> int:
    """1 when a bug was not caught."""
    missed = 0
    with opened("sqlite") as database:
        for bug in bugs.ALL:
            caught = bugs.catch(bug, database)
            missed += caught is None
            print(f"{bug.__name__}: {(bug.__doc__ or '').strip()}")
            print(
                f"not caught in {bugs.SEEDS_TO_CATCH} seeds" if caught is None else summary(caught),
                end="\n\n",
                flush=True,
            )
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
