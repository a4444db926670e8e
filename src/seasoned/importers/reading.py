"""Reading untrusted files: bounded, line by line if the format allows it, with a clear message for each error."""

import codecs
import hashlib
import itertools
import json
import math
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from seasoned.errors import BadTranscript, Invalid
from seasoned.formats import Format, parse
from seasoned.importers import packed
from seasoned.message import Json, JsonObject, Message, Part

JSON_BYTES_MAX = 64 * 1024 * 1024
LINE_BYTES_MAX = 64 * 1024 * 1024
# The memory limit of formats that need all lines of a file before the first message.
HELD_BYTES_MAX = 1024 * 1024 * 1024
DEPTH_MAX = 100
PROBE_BYTES = 64 * 1024
BLANK_LINES_MAX = 1_000
WARNINGS_MAX = 20
LINE_SUFFIXES = frozenset({".jsonl", ".ndjson"})

_BOM = b"\xef\xbb\xbf"
_CHUNK_CHARS = 1024 * 1024
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)
_BETWEEN = re.compile(r"[\s,]*")
# The keys of what a database or an archive contains.
TABLES, MEMBERS = "(tables)", "(members)"
# What lists a message is made of.
_LISTS = ("content", "tool_calls", "parts")
_ID_OF = {"tool_use": "id", "tool_result": "tool_use_id"}
_NO_ID = "(none)"
_SURROGATES = "half UTF-16 pairs (lone surrogates) were replaced by U+FFFD"


class Notes:
    """Warnings about one transcript: each once, bounded in number."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}
        self._more = 0

    def add(self, line: str) -> None:
        """Remember a warning."""
        if line in self._lines:
            return
        if len(self._lines) < WARNINGS_MAX:
            self._lines[line] = None
        else:
            self._more += 1

    def take(self) -> tuple[str, ...]:
        """Every warning since the last time."""
        more = [f"and {self._more} more warnings"] if self._more else []
        taken = (*self._lines, *more)
        self._lines, self._more = {}, 0
        return taken


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """An open file, unpacked. Raises BadTranscript on errors when opening or reading."""
    try:
        kind = packed.kind_of(path)
        with packed.opened(path, kind) if kind in (packed.ZSTD, packed.GZIP, packed.ZIP) else path.open("rb") as file:
            yield file
    except OSError as error:
        raise BadTranscript(
            f"{shown(path)} cannot be read ({error.strerror or error}); check its permissions."
        ) from None
    except (*packed.Damages, KeyError, zlib.error) as error:
        if isinstance(error, BadTranscript):
            raise
        raise BadTranscript(f"{shown(path)} cannot be unpacked ({error}); check the file.") from None


def shown(path: Path) -> str:
    """A path as valid Unicode, which file names need not be."""
    return str(path).encode("utf-8", "replace").decode()


def probe(path: Path) -> None:
    """Look at a file's beginning. Raises BadTranscript when it is empty, binary, not a plain file or cannot be read."""
    try:
        plain = stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError) as error:
        raise BadTranscript(f"{shown(path)} cannot be read ({error}); check the file.") from None
    if not plain:
        raise BadTranscript(f"{shown(path)} is not a regular file; give a JSON or JSONL transcript.")
    if container(path) is not None:
        return
    with opened(path) as file:
        head = file.read(PROBE_BYTES).removeprefix(_BOM)
    if not head.strip():
        raise BadTranscript(f"{shown(path)} is empty; give a transcript that has messages.")
    # A crash may leave zeros inside of a JSONL file; that file is still worth reading.
    if head.startswith(b"%PDF") or (b"\x00" in head and head.lstrip()[:1] not in (b"{", b"[")):
        raise BadTranscript(f"{shown(path)} is a binary file; give a JSON or JSONL transcript in UTF-8, unpacked.")


def container(path: Path) -> JsonObject | None:
    """What a database or an archive contains, for who recognises it; None for other files.

    The archive of an account's export is read as the file of its conversations.
    """
    try:
        kind = packed.kind_of(path)
        if kind == packed.SQLITE:
            return {TABLES: list(packed.tables(path))}
        names = packed.members(path) if kind == packed.ZIP else [packed.CONVERSATIONS]
    except OSError as error:
        raise BadTranscript(
            f"{shown(path)} cannot be read ({error.strerror or error}); check its permissions."
        ) from None
    except packed.Damages:
        raise BadTranscript(f"{shown(path)} is a damaged archive; give another copy.") from None
    return None if packed.CONVERSATIONS in names else {MEMBERS: list(names)}


def is_lines(path: Path) -> bool:
    """Whether a file is JSON lines rather than one JSON value: by what it holds, since many are misnamed."""
    with opened(path) as file:
        head = file.read(PROBE_BYTES).removeprefix(_BOM).lstrip()
    if path.suffix.lower() not in LINE_SUFFIXES and head.startswith(b"[") and b"\n" not in head:
        return False  # a list in one line, which may be too long to be looked at as a whole
    with opened(path) as file:
        lines = iter(lambda: file.readline(LINE_BYTES_MAX), b"")
        first = next((line for line in itertools.islice(lines, BLANK_LINES_MAX) if line.strip()), b"")
        first = first.removeprefix(_BOM).strip()
        if path.suffix.lower() in LINE_SUFFIXES:
            return first not in (b"{", b"[")
        if not any(line.strip() for line in itertools.islice(lines, BLANK_LINES_MAX)):
            return False
    try:
        decode(first, Notes(), "")
    except BadTranscript:
        return False
    return True


def load_json(path: Path, notes: Notes) -> Json:
    """A whole JSON file. Raises BadTranscript."""
    with opened(path) as file:
        raw = file.read(JSON_BYTES_MAX + 1)
    if len(raw) > JSON_BYTES_MAX:
        raise BadTranscript(f"{shown(path)} is over {JSON_BYTES_MAX >> 20} MiB; split it into smaller files.")
    try:
        return decode(raw, notes, "the file")
    except BadTranscript as error:
        what = str(error).removesuffix(".")
        raise BadTranscript(f"{shown(path)}: {what}; repair it, or give a JSON or JSONL transcript.") from None


def values(path: Path, notes: Notes) -> Iterator[tuple[str, Json]]:
    """The values of a file with what a person calls them: its lines, the items of its list, or its one value.

    Only one of them is in memory at a time.
    """
    if is_lines(path):
        yield from ((f"line {number}", value) for number, value in lines(path, notes))
    elif is_list(path):
        yield from ((f"item {number}", value) for number, value in enumerate(items(path, notes), 1))
    else:
        yield "the file", load_json(path, notes)


def is_list(path: Path) -> bool:
    """Whether a file that is no JSON lines is one list."""
    with opened(path) as file:
        return file.read(PROBE_BYTES).removeprefix(_BOM).lstrip()[:1] == b"["


def items(path: Path, notes: Notes) -> Iterator[Json]:
    """The items of a JSON file that is one list, one after the other. Raises BadTranscript."""
    reader = codecs.getincrementaldecoder("utf-8-sig")("replace")
    with opened(path) as file:
        text = reader.decode(file.read(_CHUNK_CHARS)).lstrip()
        place, number, ended = 1, 1, False
        while True:
            start = _next_item(text, place)
            if text[start : start + 1] == "]":
                return
            where = f"item {number}"
            value, end, wrong = _item(text, start, where)
            if end < len(text) or (ended and not wrong):
                yield _checked(value, text[start:end], notes, where)
                place, number = end, number + 1
            elif ended:
                raise BadTranscript(f"{shown(path)}: {where} is not valid JSON: {wrong}; repair it.")
            elif len(text) - start > JSON_BYTES_MAX:
                raise BadTranscript(f"{shown(path)}: {where} is over {JSON_BYTES_MAX >> 20} MiB; split it.")
            else:
                raw = file.read(max(_CHUNK_CHARS, len(text) - start))
                text, place, ended = text[start:] + reader.decode(raw, not raw), 0, not raw


def _next_item(text: str, place: int) -> int:
    match = _BETWEEN.match(text, place)
    return match.end() if match else place


def _item(text: str, start: int, where: str) -> tuple[Json, int, str]:
    """An item, the place behind it, and what is wrong with it, which may be that its end is not there yet."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        return None, len(text), error.msg
    except RecursionError:
        raise BadTranscript(_too_deep(where)) from None
    return value, end, ""


def _checked(value: Json, raw: str, notes: Notes, where: str) -> Json:
    if "\\ud" in raw or "\\uD" in raw:
        mended = _mended(value)
        if mended != value:
            notes.add(f"{where}: {_SURROGATES}")
        value = mended
    if raw.count("[") + raw.count("{") > DEPTH_MAX and _is_deep(value):
        raise BadTranscript(_too_deep(where))
    return value


def lines(path: Path, notes: Notes, held: bool = False) -> Iterator[tuple[int, Json]]:
    """The objects and lists of a JSONL file with their line numbers; broken lines become warnings.

    `held`: the caller keeps all of them, so the file's size is bounded too. Raises BadTranscript for a line or file
    that is too large.
    """
    size = 0
    with opened(path) as file:
        for number in itertools.count(1):
            raw = file.readline(LINE_BYTES_MAX + 1)
            if not raw:
                return
            size += len(raw)
            if len(raw) > LINE_BYTES_MAX:
                raise BadTranscript(
                    f"{shown(path)}: line {number} is over {LINE_BYTES_MAX >> 20} MiB; remove or split it."
                )
            if held and size > HELD_BYTES_MAX:
                raise BadTranscript(f"{shown(path)} is over {HELD_BYTES_MAX >> 20} MiB; split it into sessions.")
            if raw.strip():
                yield from _line(number, raw, notes)


def _line(number: int, raw: bytes, notes: Notes) -> Iterator[tuple[int, Json]]:
    try:
        value = decode(raw.strip(), notes, f"line {number}")
    except BadTranscript as error:
        whole = raw.endswith(b"\n")
        notes.add(f"{error} It was left out." if whole else f"line {number} was cut off and left out")
        return
    if isinstance(value, dict | list):
        yield number, value
    else:
        notes.add(f"line {number} is not an object and was left out")


def decode(raw: bytes, notes: Notes, where: str) -> Json:
    """Parse JSON with valid Unicode and bounded depth. Raises BadTranscript naming the place."""
    try:
        value: Json = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = _decode_leniently(raw, notes, where)
    except RecursionError:
        raise BadTranscript(_too_deep(where)) from None
    # Most lines have fewer brackets than the depth allowed.
    if raw.count(b"[") + raw.count(b"{") > DEPTH_MAX and _is_deep(value):
        raise BadTranscript(_too_deep(where))
    return value


def _too_deep(where: str) -> str:
    return f"{where} is nested deeper than {DEPTH_MAX} levels, which no transcript is."


def _is_deep(value: Json) -> bool:
    level = [value]
    for _ in range(DEPTH_MAX + 1):
        level = [
            child
            for one in level
            for child in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _decode_leniently(raw: bytes, notes: Notes, where: str) -> Json:
    """Accept what other programs write and strict JSON forbids: a byte order mark, NaN, lone surrogates."""
    try:
        value: Json = json.loads(raw.decode("utf-8-sig", "surrogatepass"), parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        at = f" (row {error.lineno})" if error.lineno > 1 else ""
        raise BadTranscript(f"{where} is not valid JSON{at}: {error.msg}.") from None
    except UnicodeDecodeError:
        raise BadTranscript(f"{where} is not UTF-8 text.") from None
    except RecursionError:
        raise BadTranscript(_too_deep(where)) from None
    except ValueError as error:
        raise BadTranscript(f"{where} is not valid JSON: {str(error)[:120]}.") from None
    if _is_deep(value):
        raise BadTranscript(_too_deep(where))
    mended = _mended(value)
    if mended != value:
        notes.add(f"{where}: {_SURROGATES}")
    return mended


def _mended(value: Json) -> Json:
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {str(_mended(key)): _mended(item) for key, item in value.items()}
    return value


def message_of(blob: Json, format_: Format, notes: Notes, where: str) -> Message | None:
    """A provider's message; None with a warning when it cannot be taken.

    A part that cannot be read is left out alone, with a warning: the rest of the message is what somebody said.
    """
    blob, nameless = _with_ids(blob) if format_ == "anthropic" else (blob, False)
    try:
        message = parse(blob, format_)
    except Invalid as error:
        left = _without_broken(blob, format_)
        if left is None:
            notes.add(f"{where} was left out: {error}")
            return None
        notes.add(f"{where} lost a part: {error}")
        message = left
    if nameless:
        message = msgspec.structs.replace(message, parts=tuple(map(_without_id, message.parts)))
    return message


def _with_ids(blob: Json) -> tuple[Json, bool]:
    """An Anthropic message whose calls and answers all have ids; whether some had none, as in trimmed logs."""
    content = blob.get("content") if isinstance(blob, dict) else None
    if not isinstance(blob, dict) or not isinstance(content, list):
        return blob, False
    filled = [
        {**item, key: _NO_ID}
        if isinstance(item, dict) and (key := _ID_OF.get(str(item.get("type")))) and not item.get(key)
        else item
        for item in content
    ]
    return ({**blob, "content": filled}, True) if filled != content else (blob, False)


def _without_id(part: Part) -> Part:
    """The part without the id that was filled in; answers find calls without ids by their order."""
    if part.call_id != _NO_ID:
        return part
    kept = {key: value for key, value in part.meta.items() if value != _NO_ID}
    return msgspec.structs.replace(part, meta=kept)


def _without_broken(blob: Json, format_: Format) -> Message | None:
    """The message without the items of its lists that cannot be read; None when nothing is left."""
    if not isinstance(blob, dict):
        return None
    mended = dict(blob)
    for key in _LISTS:
        items = blob.get(key)
        if isinstance(items, list):
            alone = {other: value for other, value in blob.items() if other not in _LISTS}
            mended[key] = [item for item in items if _can_be_read({**alone, key: [item]}, format_)]
    try:
        message = parse(mended, format_) if mended != blob else None
    except Invalid:
        return None
    return message if message is not None and message.parts else None


def _can_be_read(blob: JsonObject, format_: Format) -> bool:
    try:
        return bool(parse(blob, format_).parts)
    except Invalid:
        return False


def objects(record: Json, key: str) -> list[JsonObject]:
    """The objects in the list that a record has under a key."""
    found = record.get(key) if isinstance(record, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def inner(record: Json, key: str) -> JsonObject:
    """The object that a record has under a key; an empty one when it has none."""
    found = record.get(key) if isinstance(record, dict) else None
    return found if isinstance(found, dict) else {}


def text_of(record: JsonObject, *keys: str) -> str:
    """The first of some fields that is a string and not empty, else the empty string."""
    return next((value for key in keys if isinstance(value := record.get(key), str) and value), "")


def fingerprint(value: Json) -> str:
    """A short name of a JSON value's content: 128 bits of its SHA-256, in hex."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]
