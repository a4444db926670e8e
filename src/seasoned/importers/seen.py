"""Describes a file that is not a transcript in a few words, without secrets."""

import itertools
import re
from pathlib import Path
from typing import Final

from seasoned.importers import reading
from seasoned.message import Json

KEYS_SHOWN_MAX: Final = 8
LINE_CHARS_MAX: Final = 60
LINE_BYTES_MAX: Final = 4_096
_KEY: Final = re.compile(r"[A-Za-z_$][\w.$-]{0,39}")
# Keys whose values say what an object is; such a value is a word.
_KINDS: Final = ("type", "role", "kind", "format", "version")
_WORD: Final = re.compile(r"[A-Za-z][a-z_.-]{0,31}|\d{1,4}(?:\.\d{1,4}){0,3}")
# Anything that may be a secret: what is set to something, and what is long.
_ASSIGNED: Final = re.compile(r"([:=]\s*)\S+")
_LONG: Final = re.compile(r"[\w+/=-]{16,}")


def seen_in(path: Path) -> str:
    """What stands first in a file. Raises BadTranscript when it cannot be read."""
    if reading.is_lines(path):
        first = next((value for _, value in itertools.islice(reading.lines(path, reading.Notes()), 1)), None)
        return f"its first line is {_described(first)}" if first is not None else f"it begins with {_begins(path)}"
    return f"it is {_described(reading.load_json(path, reading.Notes()))}"


def _described(value: Json) -> str:
    if isinstance(value, dict):
        keys = [f"{_key(key)}{_kind(key, one)}" for key, one in itertools.islice(value.items(), KEYS_SHOWN_MAX)]
        more = f" and {len(value) - KEYS_SHOWN_MAX} more" if len(value) > KEYS_SHOWN_MAX else ""
        return f"an object with the keys {', '.join(keys)}{more}" if keys else "an empty object"
    if isinstance(value, list):
        return f"a list whose first item is {_described(value[0])}" if value else "an empty list"
    return "a text" if isinstance(value, str) else "a plain value"


def _key(key: str) -> str:
    return key if _KEY.fullmatch(key) and not _LONG.fullmatch(key) else "..."


def _kind(key: str, value: Json) -> str:
    shown = str(value) if isinstance(value, str | int) else ""
    return f" ({shown})" if key in _KINDS and _WORD.fullmatch(shown) else ""


def _begins(path: Path) -> str:
    with reading.opened(path) as file:
        line = next((line for line in file.read(LINE_BYTES_MAX).splitlines() if line.strip()), b"")
    text = _LONG.sub("...", _ASSIGNED.sub(r"\1...", line.decode(errors="replace")))
    plain = "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(text.split()))
    return repr(plain[:LINE_CHARS_MAX])
