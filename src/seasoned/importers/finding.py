"""Which files of folders may be transcripts."""

import os
from collections.abc import Iterator
from pathlib import Path

from seasoned.errors import Invalid
from seasoned.importers.reading import shown
from seasoned.paths import MODEL_FOLDER

FILES_MAX = 100_000
DEPTH_MAX = 12
PARTS_LOOKED_AT = 3
SUFFIXES = frozenset(
    {".json", ".jsonl", ".ndjson", ".traj", ".zst", ".gz", ".eval", ".zip", ".db", ".vscdb"}  # packed ones behind
)
# Folders that keep the pieces of a session in files of their own, of which one stands for all.
_STORE = frozenset({"session", "message", "part"})
_EVENTS = "events"
_SKIPPED = frozenset({"node_modules", "__pycache__", "venv"})


def candidates(root: Path) -> Iterator[Path]:
    """The files below a folder that may be transcripts. Links, hidden folders and dependencies are not entered.

    Raises Invalid when there are too many files to be the folder that was meant.
    """
    seen = 0
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        deep = len(here.relative_to(root).parts) >= DEPTH_MAX
        folders[:] = [] if deep else sorted(one for one in folders if not one.startswith(".") and one not in _SKIPPED)
        if set(folders) >= _STORE:
            folders[:] = ["session"]
        chosen = sorted(names)
        if here.name == _EVENTS:
            chosen = [name for name in chosen if name.endswith(".json")][:1] or chosen
        for name in chosen:
            seen += 1
            if seen > FILES_MAX:
                raise Invalid(f"{shown(root)} has more than {FILES_MAX:,} files; give the folder of the transcripts.")
            if is_candidate(here / name):
                yield here / name


def is_candidate(path: Path) -> bool:
    """Whether a file may be a transcript, by its name and folder: what answers as our model is no session of a user."""
    is_ours = any(MODEL_FOLDER in part for part in path.parent.parts[-PARTS_LOOKED_AT:])
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and not is_ours
