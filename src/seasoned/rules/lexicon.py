"""Long lists of words and patterns, written over several lines."""

import re


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def pattern(text: str, *, case: bool = False) -> re.Pattern[str]:
    """A pattern written over several lines: line feeds and the indents behind them do not count. `case`: it matters."""
    return re.compile(re.sub(r"\n\s*", "", text), 0 if case else re.IGNORECASE)
