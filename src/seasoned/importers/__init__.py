"""Past sessions from agents' transcript files. A format is a module and a line in the registry below."""

import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from seasoned import __version__
from seasoned.errors import BadTranscript, Invalid
from seasoned.importers import (
    atif,
    chatgpt,
    claude_ai,
    claude_code,
    codex,
    copilot,
    cursor,
    finding,
    gemini_api,
    gemini_cli,
    hermes,
    inspect_ai,
    known,
    langchain,
    logged,
    openai_chat,
    openclaw,
    opencode,
    openhands,
    otel,
    qwen_code,
    reading,
    seen,
    sharegpt,
    swe_agent,
    tau_bench,
)
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.message import Json

__all__ = ["FORMATS", "Found", "TimedMessage", "Transcript", "fingerprint", "read", "search"]

AUTO = "auto"
_LINES_LOOKED_AT_MAX = 200
_ITEMS_LOOKED_AT_MAX = 10
_CHUNK_BYTES = 1024 * 1024
# Counts up when what is read of the same file changes.
_READING = 1
# An abandoned session also has a small file; above this size it has messages.
_EMPTY_BYTES_MAX = 64 * 1024


class _Importer(msgspec.Struct, frozen=True):
    """A format: how it is recognised by a file's value (or one of its lines), how its sessions are read, and why a file
    is no session of its own.
    """

    recognises: Callable[[Json], bool]
    read: Callable[[Path, reading.Notes], Iterator[Transcript]]
    left_out: Callable[[Path], str] = lambda _: ""


# In the order in which they are tried: what is sure of its own first.
_IMPORTERS: dict[str, _Importer] = {
    codex.NAME: _Importer(codex.recognises, codex.read, codex.left_out),
    qwen_code.NAME: _Importer(qwen_code.recognises, qwen_code.read),
    gemini_cli.NAME: _Importer(gemini_cli.recognises, gemini_cli.read),
    copilot.NAME: _Importer(copilot.recognises, copilot.read),
    openclaw.NAME: _Importer(openclaw.recognises, openclaw.read),
    opencode.NAME: _Importer(opencode.recognises, opencode.read, opencode.left_out),
    cursor.NAME: _Importer(cursor.recognises, cursor.read, cursor.left_out),
    claude_code.NAME: _Importer(claude_code.recognises, claude_code.read, claude_code.left_out),
    hermes.NAME: _Importer(hermes.recognises, hermes.read),
    chatgpt.NAME: _Importer(chatgpt.recognises, chatgpt.read),
    claude_ai.NAME: _Importer(claude_ai.recognises, claude_ai.read),
    tau_bench.NAME: _Importer(tau_bench.recognises, tau_bench.read),
    swe_agent.NAME: _Importer(swe_agent.recognises, swe_agent.read),
    openhands.NAME: _Importer(openhands.recognises, openhands.read),
    inspect_ai.NAME: _Importer(inspect_ai.recognises, inspect_ai.read),
    atif.NAME: _Importer(atif.recognises, atif.read),
    otel.NAME: _Importer(otel.recognises, otel.read),
    sharegpt.NAME: _Importer(sharegpt.recognises, sharegpt.read),
    langchain.NAME: _Importer(langchain.recognises, langchain.read),
    gemini_api.NAME: _Importer(gemini_api.recognises, gemini_api.read),
    openai_chat.NAME: _Importer(openai_chat.recognises, openai_chat.read),
    logged.NAME: _Importer(logged.recognises, logged.read),
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
    *,
    named: bool = True,
) -> Found:
    """The given files, and the transcripts in the given folders.

    `tell` is called with a sentence for each skipped file. Files that nobody has `named` are skipped as those of
    folders are, when there is no session in them.

    Raises Invalid for an unknown format. If nothing is found, raises what was wrong with the first path: Invalid when
    it does not exist, BadTranscript for a folder without transcripts.
    """
    _check(format)
    files: dict[Path, None] = {}
    skipped, errors = 0, list[Invalid | BadTranscript]()
    for path in paths:
        try:
            inside, reasons = _inside(path, format, named)
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


def _inside(path: Path, format_: str, named: bool) -> tuple[list[Path], list[str]]:
    """The transcripts of a path, and why other files there are none. Raises Invalid."""
    folder = _is_folder(path)
    all_files = list(finding.candidates(path)) if folder else [path]
    why = _why_left_out if named and not folder else _why_none
    reasons = {file: why(file, format_) for file in all_files}
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
    looks = next(filter(None, map(known.looks_like, _values(path))), "")
    if looks:
        return f"{reading.shown(path)} looks like {looks}, which has no session that can be read."
    described = seen.seen_in(path)
    return f"{reading.shown(path)} is of no format that is known: {described}; name it with --format if it is one."


def _values(path: Path) -> Iterator[Json]:
    """A file's value (of a list the first items), the first lines of JSON lines, or what a database or archive has."""
    notes, inside = reading.Notes(), reading.container(path)
    if inside is not None:
        yield inside
    elif reading.is_lines(path):
        yield from (value for _, value in itertools.islice(reading.lines(path, notes), _LINES_LOOKED_AT_MAX))
    elif reading.is_list(path):
        yield list(itertools.islice(reading.items(path, notes), _ITEMS_LOOKED_AT_MAX))
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


def fingerprint(path: Path, format: str = AUTO) -> str:  # noqa: A002 - the option's name
    """The SHA-256 of what a file tells, wherever it lies; of a session in pieces, with what lies beside it.

    Another release may read the same file better, so its version is part of it. Raises BadTranscript.
    """
    digest = hashlib.sha256(f"{__version__} {_READING} {format}".encode())
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
        if path.parent.name == openhands.FOLDER:
            for one in sorted(path.parent.glob("*.json")):
                digest.update(f"{one.name} {one.stat().st_size}".encode(errors="replace"))
    except OSError as error:
        raise BadTranscript(
            f"{reading.shown(path)} cannot be read ({error.strerror or error}); check its permissions."
        ) from None
    return digest.hexdigest()


def _check(format_: str) -> None:
    if format_ not in FORMATS:
        raise Invalid(f"The format {format_[:40]!r} is unknown; use one of {', '.join(FORMATS)}.")


def _recognise(path: Path) -> str | None:
    """The format of a file, by its value or, for JSON lines, by the first line of a known format."""
    reading.probe(path)
    for value in _values(path):
        name = next((name for name, one in _IMPORTERS.items() if one.recognises(value)), None)
        if name is not None or known.looks_like(value):
            return name
    return None
