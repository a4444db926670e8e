"""Searching the files of a disk by name or by content, with patterns that anybody may send.

Both go through RE2, which takes time in proportion to the text, whatever the pattern; what it cannot do in that way
(look-around, back-references) it refuses. Pattern, memory and time are bounded.
"""

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from seasoned.errors import Invalid, TooLarge

PATTERN_CHARS_MAX = 1_000
PROGRAM_MAX = 4_000
# What RE2 may have to do for one file: the steps of the program times the bytes; a few seconds at worst.
STEPS_MAX = 1_000_000_000
MEMORY_BYTES_MAX = 8 * 1024 * 1024
TEXT_MIME = ("text/", "application/json", "application/xml", "image/svg+xml", "application/x-")


class Pattern(Protocol):
    """A compiled pattern."""

    programsize: int

    def search(self, text: bytes) -> object | None:
        """What it finds in a text, None for nothing."""
        ...

    def fullmatch(self, text: bytes) -> object | None:
        """Whether it fits the whole text, None when not."""
        ...


def regex(query: str) -> Pattern:
    """A regular expression that ignores case. Raises Invalid."""
    return _compiled(query, case_sensitive=False)


def glob(query: str) -> Pattern:
    """A pattern of paths: `*` and `**` fit any run of characters, also of slashes, `?` fits one. Raises Invalid."""
    import re2  # noqa: PLC0415 - only who searches needs it

    _check(query)
    words = {"*": ".*", "?": "."}
    # Runs of stars mean the same as one.
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
    """Collects what a pattern is found in, up to a limit and until a deadline."""

    def __init__(self, pattern: Pattern, limit: int, seconds: float) -> None:
        self._pattern = pattern
        self._limit = limit
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self.found: list[int] = []

    @property
    def full(self) -> bool:
        """Whether nothing more is wanted."""
        return len(self.found) >= self._limit

    def look(self, files: Iterable[tuple[int, Callable[[], bytes]]]) -> None:
        """Search files one after the other; each is a number and how to get its bytes. Raises TooLarge."""
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
