"""Score what a fresh server learns from labelled sessions: `make worlds`, or `make worlds WORLDS="path/*.json"`."""

import subprocess
import sys
from pathlib import Path

from server import running

WORLDS = Path(__file__).parent / "worlds"


def main() -> int:
    """Play the worlds given, or all of ours; the scorer's exit code."""
    chosen = sys.argv[1:] or [str(path) for path in sorted(WORLDS.glob("*.json"))]
    with running(quiet_seconds="2") as server:
        return subprocess.run(
            [sys.executable, str(WORLDS / "score.py"), server.url, server.key, *chosen], check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
