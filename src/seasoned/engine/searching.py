"""Searching the files of a disk by name or content, with untrusted patterns.

Both use RE2, whose time is linear in the text for any pattern; it does not support look-around and back-references.
Pattern, memory and time are bounded.
"""

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from seasoned.errors import Invalid, TooLarge

PATTERN_CHARS_MAX = 1_000
PROGRAM_MAX = 4_000
# The work limit for one file: program size times bytes; a few seconds at worst.
STEPS_MAX = 1_000_000_000
MEMORY_BYTES_MAX = 8 * 1024 * 1024
TEXT_MIME = ("text/", "application/json", "application/xml", "image/svg+xml", "application/x-")


class Pattern(Protocol):
    """A compiled pattern."""

    programsize: int

    def search(self, text: bytes) -> object | None:
        """The match in a text, or None."""
        ...

    def fullmatch(self, text: bytes) -> object | None:
        """The match of the whole text, or None."""
        ...


def regex(query: str) -> Pattern:
    """A regular expression that ignores case. Raises Invalid."""
    return _compiled(query, case_sensitive=False)


def glob(query: str) -> Pattern:
    """A path pattern: `*` and `**` match any characters including slashes, `?` matches one. Raises Invalid."""
    import re2  # noqa: PLC0415 - only who searches needs it

    _check(query)
    words = {"*": ".*", "?": "."}
    # Several stars mean the same as one.
    while "**" in query:
        query = query.replace("**", "*")
    return _compiled("".join(words.get(letter) or re2.escape(letter) for letter in query), case_sensitive=True)


def _check(query: str) -> None:
    if not query:
        raise Invalid("The query parameter 'query' is missing; set it to what to search for.")
    if len(query) > PATTERN_CHARS_MAX:
        raise Invalid(f"The pattern is longer than {PATTERN_CHARS_MAX} characters; use a shorter one.")


def _compiled(query: str, *, case_sensitive: bool) -> Pattern:
    import re2  # noqa: PLC0415 - only who searches needs it

    options = re2.Options()
    options.case_sensitive = case_sensitive
    options.dot_nl = case_sensitive  # a path may hold any character
    options.never_capture = True
    options.log_errors = False
    options.max_mem = MEMORY_BYTES_MAX
    try:
        encoded = query.encode()
        pattern: Pattern = re2.compile(encoded, options)
    except UnicodeEncodeError:
        raise Invalid("The pattern contains a lone surrogate; send valid UTF-8.") from None
    except re2.error as error:
        reason = error.args[0]
        said = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise Invalid(
            f"The pattern cannot be used ({said[:200]}); look-around and back-references are not supported."
        ) from None
    if pattern.programsize > PROGRAM_MAX:
        raise Invalid("The pattern has too many repetitions; simplify it.")
    return pattern


class Hits:
    """Collects the files that match a pattern, up to a limit and until a deadline."""

    def __init__(self, pattern: Pattern, limit: int, seconds: float) -> None:
        self._pattern = pattern
        self._limit = limit
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self.found: list[int] = []

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return len(self.found) >= self._limit

    def look(self, files: Iterable[tuple[int, Callable[[], bytes]]]) -> None:
        """Search files in order; each is a number and a function that loads its bytes. Raises TooLarge."""
        for number, read in files:
            if self.full:
                return
            if time.monotonic() > self._deadline:
                raise TooLarge(
                    f"The search exceeded {self._seconds} seconds; search a smaller disk, or with a lower limit."
                )
            data = read()
            if self._pattern.programsize * len(data) > STEPS_MAX:
                raise TooLarge("The pattern is too complex for a file of this size; simplify it.")
            if self._pattern.search(data) is not None:
                self.found.append(number)


def is_searched(mime: str, size: int) -> bool:
    """Whether grep looks into a file of this type."""
    return size > 0 and mime.startswith(TEXT_MIME)
