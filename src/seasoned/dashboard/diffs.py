"""Differences as rows of a table: which lines are gone and which came, with the words that changed in them marked."""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec
from markupsafe import Markup, escape

from seasoned.dashboard.markdown import visible
from seasoned.engine.diffs import FileDiff

LINE_CHARS_MAX: Final = 2_000
TOKENS_MAX: Final = 400
ROWS_MAX: Final = 2_000
_RANGES: Final = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_TOKEN: Final = re.compile(r"\w+|\s+|[^\w\s]")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line of both sides; `kind` says whether it is the same, gone, new or changed, or where a hunk begins."""

    kind: Literal["same", "gone", "new", "changed", "hunk"]
    old: int = 0
    new: int = 0
    left: Markup = Markup()
    right: Markup = Markup()


class ShownDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What is different in a file; `is_cut` when there is more than a page shows."""

    path: str
    change: str
    rows: list[Row]
    is_cut: bool


def shown(found: Sequence[FileDiff]) -> list[ShownDiff]:
    """Differences of files, for a page; slow for many lines."""
    told = []
    for one in found:
        rows = list[Row]()
        for row in _rows(one.text):
            if len(rows) == ROWS_MAX:
                break
            rows.append(row)
        told.append(ShownDiff(path=one.path, change=one.change, rows=rows, is_cut=len(rows) == ROWS_MAX))
    return told


def _rows(text: str) -> Iterator[Row]:
    """The rows of a unified diff."""
    gone: list[str] = []
    came: list[str] = []
    old = new = 0
    for line in text.split("\n")[2:]:
        sign, said = line[:1], line[1:]
        if sign == "-" and not came:
            gone.append(said)
            continue
        if sign == "+":
            came.append(said)
            continue
        yield from _changed(gone, came, old, new)
        old, new = old + len(gone), new + len(came)
        gone, came = ([said] if sign == "-" else []), []
        if sign == "@":
            match = _RANGES.match(line)
            if match is not None:
                old, new = int(match[1]) or 1, int(match[3]) or 1
            yield Row(kind="hunk", left=escape(line))
        elif sign == " ":
            yield Row(kind="same", old=old, new=new, left=_line(said), right=_line(said))
            old, new = old + 1, new + 1
    yield from _changed(gone, came, old, new)


def _changed(gone: Sequence[str], came: Sequence[str], old: int, new: int) -> Iterator[Row]:
    for at in range(max(len(gone), len(came))):
        if at >= len(came):
            yield Row(kind="gone", old=old + at, left=_line(gone[at]))
        elif at >= len(gone):
            yield Row(kind="new", new=new + at, right=_line(came[at]))
        else:
            left, right = _words(gone[at], came[at])
            yield Row(kind="changed", old=old + at, new=new + at, left=left, right=right)


def _line(text: str) -> Markup:
    return escape(visible(text if len(text) <= LINE_CHARS_MAX else f"{text[:LINE_CHARS_MAX]} …"))


def _words(old: str, new: str) -> tuple[Markup, Markup]:
    """Two lines, with what is different in them marked."""
    olds, news = _TOKEN.findall(old), _TOKEN.findall(new)
    if max(len(olds), len(news)) > TOKENS_MAX or max(len(old), len(new)) > LINE_CHARS_MAX:
        return _line(old), _line(new)
    left, right = [], []
    matcher = difflib.SequenceMatcher(None, olds, news, autojunk=False)
    if matcher.ratio() < 0.3:  # noqa: PLR2004 - other lines, in which single words that are the same mean nothing
        return _line(old), _line(new)
    for tag, a, a_end, b, b_end in matcher.get_opcodes():
        before, after = visible("".join(olds[a:a_end])), visible("".join(news[b:b_end]))
        if tag == "equal":
            left.append(escape(before))
            right.append(escape(after))
        else:
            left += [Markup("<del>{}</del>").format(before)] if before else []
            right += [Markup("<ins>{}</ins>").format(after)] if after else []
    return Markup("").join(left), Markup("").join(right)
