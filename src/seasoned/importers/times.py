"""The timestamps of records, in their many forms."""

import math
from collections.abc import Sequence
from pathlib import Path

from seasoned.clock import SECOND, parse_time
from seasoned.message import JsonObject

_KEYS = ("timestamp", "created_at", "createdAt", "create_time", "time", "ts")
_TEXT_CHARS_MAX = 64
_YEAR_3000 = 32_503_680_000
# Epoch times count seconds, or thousandths, millionths or billionths of them: the one that falls before the year 3000.
_UNITS = (1, 1_000, 1_000_000, 1_000_000_000)


def time_of(record: JsonObject) -> int | None:
    """The record's time in microseconds: ISO 8601 (UTC when it names no zone) or a number since 1970; None without."""
    for key in _KEYS:
        value = record.get(key)
        if isinstance(value, str) and len(value) <= _TEXT_CHARS_MAX:
            moment = _of_text(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            moment = _of_number(value)
        else:
            moment = None
        if moment is not None:
            return moment
    return None


def _of_text(text: str) -> int | None:
    try:
        return _of_number(float(text))
    except ValueError:
        moment = parse_time(text)
        return moment if moment is not None and 0 <= moment < _YEAR_3000 * SECOND else None


def _of_number(value: float) -> int | None:
    if not 0 < value < _YEAR_3000 * _UNITS[-1] or not math.isfinite(value):
        return None
    unit = next(unit for unit in _UNITS if value < _YEAR_3000 * unit)
    # Whole numbers stay exact; a float has no more than microseconds in it anyway.
    return value * SECOND // unit if isinstance(value, int) else round(value * SECOND / unit)


def filled(times: Sequence[int | None], default: int) -> list[int]:
    """Times without gaps: missing ones take the previous time, leading ones the first known time."""
    last = next((time for time in times if time is not None), default)
    whole = []
    for time in times:
        last = last if time is None else time
        whole.append(last)
    return whole


def modified(path: Path) -> int:
    """A file's modification time, for transcripts without times; 0 if the file is gone."""
    try:
        return path.stat().st_mtime_ns // 1000
    except OSError:
        return 0
