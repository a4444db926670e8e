"""Runs the benchmarks by which releases are compared, and writes what they print to `benchmarks/figures/VERSION.md`.

Figures of quality and cost are the same everywhere; those of speed depend on the machine, so compare them in a file.
"""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from seasoned import __version__

HERE = Path(__file__).parent
SECONDS_MAX = 3_600
RUNS: dict[str, tuple[str, ...]] = {
    "Learned from labelled sessions": ("benchmarks/worlds.py",),
    "Calls and tokens": ("-m", "benchmarks.cost"),
    "A thousand lessons": ("benchmarks/retention.py",),
    "Twins": ("benchmarks/duplicates.py",),
    "Safety": ("-m", "benchmarks.safety"),
    "Ingest": ("benchmarks/ingest.py",),
    "Latency": ("benchmarks/latency.py",),
    "Hostile content": ("benchmarks/hostile.py",),
    "Hostile readers": ("benchmarks/hostile_reads.py",),
}


def main() -> None:
    """Run everything, or what is named, and write the file."""
    wanted = [title for title in RUNS if not sys.argv[1:] or title in sys.argv[1:]]
    machine = f"{os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}"
    parts = [f"# Figures of {__version__}\n\nTaken on {datetime.now(UTC):%Y-%m-%d} ({machine}).\n"]
    for title in wanted:
        print(title, flush=True)
        done = subprocess.run(
            [sys.executable, *RUNS[title]],
            cwd=HERE.parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS_MAX,
        )
        shown = done.stdout if done.returncode == 0 else f"{done.stdout}\nended with {done.returncode}"
        command = " ".join(("python", *RUNS[title]))
        parts.append(f"## {title}\n\n`{command}`\n\n```\n{shown.rstrip()}\n```\n")
    target = HERE / "figures" / f"{__version__}.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(parts))
    print(f"wrote {target.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
