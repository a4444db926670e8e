"""`python -m tests.kill`: kill a server under load many times, and tell what was lost or doubled."""

import sys

from tests.kill import harness

if __name__ == "__main__":
    defaults = {"kills": 100, "seed": 1}
    sys.exit(
        harness.command(
            "tests.kill",
            __doc__,
            defaults,
            lambda options, folder, _: harness.run(folder, options.kills, options.seed, print),
        )
    )
