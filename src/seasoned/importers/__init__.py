"""Past sessions from the files that agents leave behind. A format is a module and a line in the registry below."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from seasoned.errors import BadTranscript, Invalid
from seasoned.importers import claude_code, openai_chat, reading, tau_bench
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.message import Json

__all__ = ["FORMATS", "TimedMessage", "Transcript", "find", "read"]

FILES_MAX = 100_000
DEPTH_MAX = 12
SUFFIXES = frozenset({".json", ".jsonl", ".ndjson"})
_SKIPPED = frozenset({"node_modules", "__pycache__"})


class _Importer(msgspec.Struct, frozen=True):
    """A format: how it is recognised by a file's value (or first line), and how it is read."""

    recognises: Callable[[Json], bool]
    read: Callable[[Path], Iterator[Transcript]]


# In the order in which they are tried.
_IMPORTERS: dict[str, _Importer] = {
    claude_code.NAME: _Importer(claude_code.recognises, claude_code.read),
    tau_bench.NAME: _Importer(tau_bench.recognises, tau_bench.read),
    openai_chat.NAME: _Importer(openai_chat.recognises, openai_chat.read),
}
FORMATS: tuple[str, ...] = ("auto", *_IMPORTERS)


def find(paths: Sequence[Path], format: str = "auto") -> list[Path]:  # noqa: A002 - the option's name
    """The files to read, sorted: those named, and in folders those that are transcripts.

    Raises Invalid for an unknown format or a path that does not exist, BadTranscript for a folder without transcripts.
    """
    if format not in FORMATS:
        raise Invalid(f"The format {format!r} is not known; use one of {', '.join(FORMATS)}.")
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = [file for file in _walk(path) if _is_transcript(file, format)]
            if not inside:
                raise BadTranscript(f"{path} holds no transcript; give a folder or file that does.")
            found |= dict.fromkeys(inside)
        elif path.exists():
            found[path] = None
        else:
            raise Invalid(f"{path} does not exist.")
    return list(found)


def _walk(root: Path) -> Iterator[Path]:
    seen = 0
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        deep = len(here.relative_to(root).parts) >= DEPTH_MAX
        folders[:] = [] if deep else sorted(one for one in folders if not one.startswith(".") and one not in _SKIPPED)
        for name in sorted(names):
            seen += 1
            if seen > FILES_MAX:
                raise Invalid(f"{root} holds more than {FILES_MAX} files; name the folder of the transcripts.")
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                yield here / name


def _is_transcript(path: Path, format_: str) -> bool:
    try:
        return path.is_file() and (format_ != "auto" or _recognise(path) is not None)
    except BadTranscript:
        return False


def read(path: Path, format: str = "auto") -> Iterator[Transcript]:  # noqa: A002 - the option's name
    """The sessions of a file, in order. Raises BadTranscript when there are none that can be read."""
    reading.probe(path)
    name = format if format != "auto" else _recognise(path)
    if name is None:
        known = ", ".join(_IMPORTERS)
        raise BadTranscript(f"{path} is of no format that is known ({known}); name it with --format if it is one.")
    count = 0
    for transcript in _IMPORTERS[name].read(path):
        count += 1
        yield transcript
    if not count:
        raise BadTranscript(f"{path} holds no message that can be read as {name}.")


def _recognise(path: Path) -> str | None:
    first = _first_value(path)
    return next((name for name, one in _IMPORTERS.items() if one.recognises(first)), None)


def _first_value(path: Path) -> Json:
    """The value of a JSON file; of JSONL, the first line that can be read."""
    reading.probe(path)
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return next((value for _, value in reading.lines(path, reading.Notes())), None)
    return reading.load_json(path)
