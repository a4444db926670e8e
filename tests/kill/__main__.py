"""`python -m tests.kill`: kill a server under load many times, and tell what was lost or doubled."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.kill.harness import run


def main() -> int:
    """1 when anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="seasoned-kill-") as folder:
        outcome = run(Path(folder), options.kills, options.seed, print)
    print(
        f"{outcome.kills} kills, {outcome.sessions} sessions, {outcome.messages} messages: {outcome.lost} lost, "
        f"{outcome.doubled} doubled, all settled {outcome.settle_seconds:.1f} s after the last start"
    )
    print(*outcome.faults, sep="\n")
    return int(bool(outcome.faults))


if __name__ == "__main__":
    sys.exit(main())
