"""Past sessions from agents' transcript files. A format is a module and a line in the registry below."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from seasoned.errors import BadTranscript, Invalid
from seasoned.importers import claude_code, finding, known, openai_chat, reading, seen, tau_bench
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.message import Json

__all__ = ["FORMATS", "Found", "TimedMessage", "Transcript", "read", "search"]

AUTO = "auto"
_LINES_LOOKED_AT_MAX = 200
# An abandoned session also has a small file; above this size it has messages.
_EMPTY_BYTES_MAX = 64 * 1024


class _Importer(msgspec.Struct, frozen=True):
    """A format: how it is recognised by a file's value (or one of its lines), how its sessions are read, and why a file
    is no session of its own.
    """

    recognises: Callable[[Json], bool]
    read: Callable[[Path, reading.Notes], Iterator[Transcript]]
    left_out: Callable[[Path], str] = lambda _: ""


# In the order in which they are tried.
_IMPORTERS: dict[str, _Importer] = {
    claude_code.NAME: _Importer(claude_code.recognises, claude_code.read, claude_code.left_out),
    tau_bench.NAME: _Importer(tau_bench.recognises, tau_bench.read),
    openai_chat.NAME: _Importer(openai_chat.recognises, openai_chat.read),
}
FORMATS: tuple[str, ...] = (AUTO, *_IMPORTERS)


class Found(msgspec.Struct, frozen=True):
    """The files to read, sorted; how many JSON files were skipped as not being transcripts; folders without any."""

    files: tuple[Path, ...]
    skipped: int
    errors: tuple[str, ...] = ()


def search(
    paths: Sequence[Path],
    format: str = AUTO,  # noqa: A002 - the option's name
    tell: Callable[[str], None] = lambda _: None,
) -> Found:
    """The given files, and the transcripts in the given folders.

    `tell` is called with a sentence for each skipped file.

    Raises Invalid for an unknown format. If nothing is found, raises what was wrong with the first path: Invalid when
    it does not exist, BadTranscript for a folder without transcripts.
    """
    _check(format)
    files: dict[Path, None] = {}
    skipped, errors = 0, list[Invalid | BadTranscript]()
    for path in paths:
        try:
            inside, reasons = _inside(path, format)
        except (Invalid, BadTranscript) as error:
            errors.append(error)
            continue
        for reason in reasons:
            tell(reason)
        skipped += len(reasons)
        if _is_folder(path) and not inside:
            errors.append(
                BadTranscript(
                    f"{reading.shown(path)} contains no transcript ({len(reasons)} JSON files checked); "
                    "give another folder or file."
                )
            )
        files |= dict.fromkeys(inside)
    if errors and not files:
        raise errors[0]
    return Found(tuple(sorted(files)), skipped, tuple(map(str, errors)))


def _inside(path: Path, format_: str) -> tuple[list[Path], list[str]]:
    """The transcripts of a path, and why other files there are none. Raises Invalid."""
    folder = _is_folder(path)
    all_files = list(finding.candidates(path)) if folder else [path]
    reasons = {file: _why_none(file, format_) if folder else _why_left_out(file, format_) for file in all_files}
    return [file for file, reason in reasons.items() if not reason], list(filter(None, reasons.values()))


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
        if reason := _IMPORTERS[name].left_out(path):
            return reason
        some = path.stat().st_size > _EMPTY_BYTES_MAX or any(_IMPORTERS[name].read(path, reading.Notes()))
        return "" if some else f"{reading.shown(path)} is {name}, but nothing was said in it."
    except BadTranscript as error:
        return str(error)
    except OSError as error:
        return f"{reading.shown(path)} cannot be read ({error.strerror}); check its permissions."


def _why_left_out(path: Path, format_: str) -> str:
    """Why a file that was named is no session of its own; empty if it is one, or cannot be read at all."""
    try:
        name = format_ if format_ != AUTO else _recognise(path)
    except BadTranscript:
        return ""
    return _IMPORTERS[name].left_out(path) if name else ""


def _unknown(path: Path) -> str:
    formats = ", ".join(_IMPORTERS)
    looks = next(filter(None, map(known.looks_like, _values(path))), "")
    if looks:
        return f"{reading.shown(path)} looks like {looks}, which cannot be read yet; the formats are {formats}."
    return (
        f"{reading.shown(path)} is of no format that is known ({formats}): {seen.seen_in(path)}; "
        "name it with --format if it is one."
    )


def _values(path: Path) -> Iterator[Json]:
    """A file's value or, of JSON lines, the first ones."""
    notes = reading.Notes()
    if reading.is_lines(path):
        yield from (value for _, value in itertools.islice(reading.lines(path, notes), _LINES_LOOKED_AT_MAX))
    else:
        yield reading.load_json(path, notes)


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
    for value in _values(path):
        if known.looks_like(value):
            return None
        name = next((name for name, one in _IMPORTERS.items() if one.recognises(value)), None)
        if name is not None:
            return name
    return None
