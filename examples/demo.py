"""`make demo`: learn from the sessions beside this file, then show what came out.

It runs the same commands as a user would, on a home folder of its own, and needs no key and no network.
"""

import argparse
import signal
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.tree import Tree

HERE = Path(__file__).parent
out = Console(highlight=False, soft_wrap=True)


def seasoned(home: Path, *words: str) -> None:
    """Run a command of Seasoned and stop when it fails."""
    done = subprocess.run([sys.executable, "-m", "seasoned", *words, "--home", str(home)], check=False)  # noqa: S603
    if done.returncode:
        sys.exit(done.returncode)


def main() -> None:
    """Learn, export, show."""
    # Ctrl-C ends this, too; the command under way says so in a line of its own.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("demo-home"))
    home = parser.parse_args().home
    skills = home / "skills"
    out.print("[bold]Learning from the example sessions[/] (examples/SOURCES.md says where they come from)\n")
    seasoned(home, "learn", str(HERE / "airline.json"), str(HERE / "claude-code.jsonl"))
    seasoned(home, "skills", "export", str(skills))
    tree = Tree(f"[bold]{skills}[/]")
    for folder in sorted(path for path in skills.iterdir() if path.is_dir()):
        branch = tree.add(f"[bold]{folder.name}[/]")
        for file in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
            branch.add(f"{file.relative_to(folder)} [dim]({file.stat().st_size} bytes)[/]")
    out.print()
    out.print(tree)
    shown = best(skills)
    out.print(f"\n[bold]{shown}[/]\n")
    out.print(shown.read_text(), markup=False)
    out.print("[bold]Next[/]")
    out.print(f"  .venv/bin/seasoned skills list --home {home}", markup=False)
    out.print("  .venv/bin/seasoned learn ~/.claude/projects        # your own Claude Code sessions", markup=False)
    out.print(
        "  .venv/bin/seasoned serve                           # the HTTP API, for the acontext SDKs", markup=False
    )


def best(skills: Path) -> Path:
    """The file to show: the longest that is neither instructions nor the journal."""
    files = [path for path in skills.rglob("*.md") if path.name != "SKILL.md" and path.parent.name != "daily-logs"]
    return max(files or list(skills.rglob("SKILL.md")), key=lambda path: path.stat().st_size)


if __name__ == "__main__":
    main()
