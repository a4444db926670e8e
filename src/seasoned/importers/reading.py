"""Reading untrusted files: bounded, line by line where the format has lines, with a sentence for what is wrong."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec

from seasoned.clock import SECOND, parse_time
from seasoned.errors import BadTranscript, Invalid
from seasoned.formats import Format, parse
from seasoned.message import Json, JsonObject, Message

JSON_BYTES_MAX = 64 * 1024 * 1024
LINE_BYTES_MAX = 64 * 1024 * 1024
PROBE_BYTES = 64 * 1024
WARNINGS_MAX = 20
# Epoch times below this are seconds, above it milliseconds.
_MILLISECONDS_FROM = 100_000_000_000
_YEAR_3000 = 32_503_680_000


class Notes:
    """Warnings about one file, bounded."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._more = 0

    def add(self, line: str) -> None:
        """Remember a warning."""
        if len(self._lines) < WARNINGS_MAX:
            self._lines.append(line)
        else:
            self._more += 1

    def all(self) -> tuple[str, ...]:
        """Every warning so far."""
        return (*self._lines, *([f"and {self._more} more warnings"] if self._more else []))


def probe(path: Path) -> bytes:
    """The beginning of a file. Raises BadTranscript when it is empty, binary or cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(PROBE_BYTES)
    except OSError as error:
        raise BadTranscript(f"{path} cannot be read: {error.strerror}.") from None
    if not head.strip():
        raise BadTranscript(f"{path} is empty; there is nothing to learn from.")
    if b"\x00" in head or head.startswith((b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"%PDF")):
        raise BadTranscript(f"{path} is a binary file; give a JSON or JSONL transcript (unpacked).")
    return head


def load_json(path: Path) -> Json:
    """A whole JSON file. Raises BadTranscript."""
    size = path.stat().st_size
    if size > JSON_BYTES_MAX:
        raise BadTranscript(f"{path} has {size} bytes; a JSON file may have {JSON_BYTES_MAX}. Split it.")
    return decode(path.read_bytes(), str(path))


def decode(raw: bytes, where: str) -> Json:
    """JSON of a file or line. Raises BadTranscript naming the place."""
    try:
        loaded: Json = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadTranscript(f"{where} is not valid JSON: {str(error)[:120]}.") from None
    return loaded


def lines(path: Path, notes: Notes) -> Iterator[tuple[int, JsonObject]]:
    """The objects of a JSONL file with their line numbers; broken lines become warnings."""
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(LINE_BYTES_MAX + 1):
            number += 1
            if len(raw) > LINE_BYTES_MAX:
                raise BadTranscript(f"{path}:{number} is longer than {LINE_BYTES_MAX} bytes.")
            if not raw.strip():
                continue
            try:
                value = decode(raw, f"{path.name}:{number}")
            except BadTranscript:
                whole = raw.endswith(b"\n")
                notes.add(
                    f"line {number} {'is not valid JSON and was left out' if whole else 'was cut off and left out'}"
                )
                continue
            if isinstance(value, dict):
                yield number, value
            else:
                notes.add(f"line {number} is not an object and was left out")


def message_of(blob: Json, format_: Format, notes: Notes, where: str) -> Message | None:
    """A provider's message; None with a warning when it cannot be taken."""
    try:
        return parse(clean(blob, notes), format_)
    except Invalid as error:
        notes.add(f"{where} was left out: {error}")
        return None


def clean(value: Json, notes: Notes) -> Json:
    """The value without half UTF-16 pairs, which no database can keep."""
    try:
        msgspec.json.encode(value)
    except UnicodeEncodeError:
        notes.add("half UTF-16 pairs (lone surrogates) were replaced by U+FFFD")
        return _replaced(value)
    except (OverflowError, RecursionError):
        raise Invalid("it holds a number or a nesting that is too large") from None
    return value


def _replaced(value: Json) -> Json:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if isinstance(value, list):
        return [_replaced(item) for item in value]
    if isinstance(value, dict):
        return {str(_replaced(key)): _replaced(item) for key, item in value.items()}
    return value


def time_of(record: JsonObject, fallback: int) -> int:
    """When a record says that it was made: ISO 8601, or seconds or milliseconds since 1970."""
    for key in ("timestamp", "created_at", "createdAt", "time", "ts"):
        value = record.get(key)
        if isinstance(value, str):
            moment = parse_time(value)
            if moment is not None:
                return moment
        elif isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _YEAR_3000 * 1000:
            seconds = value / 1000 if value > _MILLISECONDS_FROM else value
            return int(seconds * SECOND)
    return fallback


def modified(path: Path) -> int:
    """A file's modification time, for transcripts that do not tell theirs."""
    return path.stat().st_mtime_ns // 1000


def fingerprint(value: object) -> str:
    """A short name of a JSON value's content."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]
