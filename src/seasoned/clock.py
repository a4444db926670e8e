"""Times as integer microseconds since 1970, UTC.

Integers compare, sort and store the same way in SQLite and PostgreSQL; datetimes appear only in HTTP and the command
line.
"""

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

SECOND = 1_000_000


class Clock(Protocol):
    """The source of time; tests and simulations have their own."""

    def now(self) -> int:
        """Microseconds since the epoch."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1000


def to_datetime(micros: int) -> datetime:
    """The moment as an aware datetime in UTC."""
    return datetime.fromtimestamp(micros // SECOND, UTC).replace(microsecond=micros % SECOND)


def to_rfc3339(micros: int) -> str:
    """The moment as RFC 3339 with microseconds and offset, as the API has it."""
    return f"{_second(micros // SECOND)}.{micros % SECOND:06d}+00:00"


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    # Many rows share their second; formatting it is most of the work.
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def from_datetime(moment: datetime) -> int:
    """Microseconds of a datetime; one without a zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    delta = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds


def parse_time(text: str) -> int | None:
    """Microseconds of an ISO 8601 time such as `2026-03-02T09:12:00Z`; None when it is none."""
    try:
        return from_datetime(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None
