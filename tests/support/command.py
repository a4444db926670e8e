"""Running the command line as a user would: another process, its own home."""

import os
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

from seasoned.pipeline.index import without_list
from seasoned.skill import entries
from tests.support import forks
from tests.support.databases import database_of

SECONDS_MAX = 120.0


class Done(msgspec.Struct, frozen=True):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, object]:
        """Its standard output as a JSON object."""
        return msgspec.json.decode(self.out, type=dict[str, object])


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The caller's environment without its own settings of Seasoned."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SEASONED_")}
    return {
        **inherited,
        "SEASONED_HOME": str(home),
        "SEASONED_DATABASE": database_of(home),
        "COLUMNS": "200",
        **settings,
    }


def command(*words: str) -> list[str]:
    """A command line that runs this tree's `seasoned`."""
    return [sys.executable, "-m", "seasoned", *words]


def seasoned(home: Path, *words: str, settings: Mapping[str, str] | None = None, fresh: bool = False) -> Done:
    """Run a command to its end; a fresh one shares neither imports nor the seed of hashes with other commands."""
    code, out, err = forks.run(words, environment(home, **(settings or {})), SECONDS_MAX, fresh=fresh)
    return Done(code, out.decode(), err.decode())


def exported(home: Path, target: Path) -> dict[str, bytes]:
    """Every file of every skill, as `skills export` writes them."""
    done = seasoned(home, "skills", "export", str(target))
    assert done.code == 0, done.err
    return {
        str(path.relative_to(target)): path.read_bytes()
        for path in sorted(target.rglob("*"))
        if path.is_file() and path.name != ".seasoned.json"
    }


def entry_counts(files: Mapping[str, bytes]) -> dict[str, Counter[str]]:
    """How often each entry stands in each file, whatever their order; SKILL.md's list of files repeats that order."""
    texts = {path: without_list(data.decode()) for path, data in files.items()}
    return {path: Counter(entry.text for entry in entries(text)) for path, text in texts.items()}
