"""Past sessions from agents' transcript files. A format is a module and a line in the registry below."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from seasoned.errors import BadTranscript, Invalid
from seasoned.importers import claude_code, finding, openai_chat, reading, seen, tau_bench
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.message import Json

__all__ = ["FORMATS", "Found", "TimedMessage", "Transcript", "read", "search"]

AUTO = "auto"
_LINES_LOOKED_AT_MAX = 200
# An abandoned session also has a small file; above this size it has messages.
_EMPTY_BYTES_MAX = 64 * 1024


class _Importer(msgspec.Struct, frozen=True):
    """A format: how it is recognised by a file's value (or one of its lines), and how its sessions are read."""

    recognises: Callable[[Json], bool]
    read: Callable[[Path, reading.Notes], Iterator[Transcript]]


# In the order in which they are tried.
_IMPORTERS: dict[str, _Importer] = {
    claude_code.NAME: _Importer(claude_code.recognises, claude_code.read),
    tau_bench.NAME: _Importer(tau_bench.recognises, tau_bench.read),
    openai_chat.NAME: _Importer(openai_chat.recognises, openai_chat.read),
}
FORMATS: tuple[str, ...] = (AUTO, *_IMPORTERS)


class Found(msgspec.Struct, frozen=True):
    """The files to read, sorted, and how many JSON files in the folders were skipped as not being transcripts."""

    files: tuple[Path, ...]
    skipped: int


def search(
    paths: Sequence[Path],
    format: str = AUTO,  # noqa: A002 - the option's name
    tell: Callable[[str], None] = lambda _: None,
) -> Found:
    """The given files, and the transcripts in the given folders.

    `tell` is called with a sentence for each skipped file.

    Raises Invalid for an unknown format or a path that does not exist, BadTranscript for a folder without transcripts.
    """
    _check(format)
    files: dict[Path, None] = {}
    skipped = 0
    for path in paths:
        if _is_folder(path):
            all_files = list(finding.candidates(path))
            reasons = {file: _why_none(file, format) for file in all_files}
            inside = [file for file, reason in reasons.items() if not reason]
            for reason in filter(None, reasons.values()):
                tell(reason)
            skipped += len(all_files) - len(inside)
            if not inside:
                raise BadTranscript(
                    f"{reading.shown(path)} contains no transcript ({len(all_files)} JSON files checked); "
                    "give another folder or file."
                )
            files |= dict.fromkeys(inside)
        else:
            files[path] = None
    return Found(tuple(sorted(files)), skipped)


def _is_folder(path: Path) -> bool:
    try:
        path.stat()
        return path.is_dir()
    except FileNotFoundError:
        raise Invalid(f"{reading.shown(path)} does not exist; give a transcript or a folder of them.") from None
    except (OSError, ValueError) as error:
        raise Invalid(f"{reading.shown(path)} cannot be accessed ({error}); check the path.") from None


def _why_none(path: Path, format_: str) -> str:
    """Why a file is not a transcript; empty if it is one."""
    try:
        name = _recognise(path)
        if name is None:
            return _unknown(path)
        if format_ not in (AUTO, name):
            return f"{reading.shown(path)} is {name} and not {format_}; leave --format out to read both."
        some = path.stat().st_size > _EMPTY_BYTES_MAX or any(_IMPORTERS[name].read(path, reading.Notes()))
        return "" if some else f"{reading.shown(path)} is {name}, but nothing was said in it."
    except BadTranscript as error:
        return str(error)
    except OSError as error:
        return f"{reading.shown(path)} cannot be read ({error.strerror}); check its permissions."


def _unknown(path: Path) -> str:
    known = ", ".join(_IMPORTERS)
    return (
        f"{reading.shown(path)} is of no format that is known ({known}): {seen.seen_in(path)}; "
        "name it with --format if it is one."
    )


def read(path: Path, format: str = AUTO) -> Iterator[Transcript]:  # noqa: A002 - the option's name
    """The sessions of a file, in order. Raises BadTranscript when there are none that can be read."""
    _check(format)
    reading.probe(path)
    name = format if format != AUTO else _recognise(path)
    if name is None:
        raise BadTranscript(_unknown(path))
    notes = reading.Notes()
    last: Transcript | None = None
    for transcript in _IMPORTERS[name].read(path, notes):
        if last is not None:
            yield last
        last = transcript
    left = notes.take()
    if last is None:
        why = f" ({'; '.join(left[:3])})" if left else ""
        raise BadTranscript(
            f"{reading.shown(path)} contains no message in the format {name}{why}; "
            "give a file with messages, or another --format."
        )
    # Warnings found after the last transcript are added to it.
    yield msgspec.structs.replace(last, warnings=(*last.warnings, *left)) if left else last


def _check(format_: str) -> None:
    if format_ not in FORMATS:
        raise Invalid(f"The format {format_[:40]!r} is unknown; use one of {', '.join(FORMATS)}.")


def _recognise(path: Path) -> str | None:
    """The format of a file, by its value or, for JSON lines, by the first line of a known format."""
    reading.probe(path)
    notes = reading.Notes()
    if reading.is_lines(path):
        values = (value for _, value in itertools.islice(reading.lines(path, notes), _LINES_LOOKED_AT_MAX))
        return next((name for value in values if (name := _format_of(value))), None)
    return _format_of(reading.load_json(path, notes))


def _format_of(value: Json) -> str | None:
    return next((name for name, one in _IMPORTERS.items() if one.recognises(value)), None)
