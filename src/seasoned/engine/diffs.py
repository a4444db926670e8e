"""Differences of files for people: unified, or with the words that changed marked in their lines."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from seasoned.store.blame import aligned, lines_of
from seasoned.store.files import as_text

CONTEXT_LINES: Final = 3
_TOKEN: Final = re.compile(r"\w+|\s+|[^\w\s]")


class FileDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What is different in a file, which was `added`, `changed` or `removed`; empty for what is no text."""

    path: str
    change: str
    text: str


class _Matcher(difflib.SequenceMatcher[str]):
    """A matcher that takes the lines for equal that blame takes for kept, in bounded time."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        self._blocks = sorted(difflib.Match(*block) for block in aligned(old, new) if block[2])
        self._blocks.append(difflib.Match(len(old), len(new), 0))
        super().__init__(None, old, new, autojunk=False)

    def get_matching_blocks(self) -> list[difflib.Match]:
        """The blocks of equal lines, in order."""
        return self._blocks


def of_files(before: Mapping[str, bytes], after: Mapping[str, bytes], *, words: bool) -> list[FileDiff]:
    """What is different in each file, by path."""
    return [
        FileDiff(path=path, change=_change(path, before, after), text=_of_file(path, before, after, words=words))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    ]


def _change(path: str, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    return "added" if path not in before else "removed" if path not in after else "changed"


def _of_file(path: str, before: Mapping[str, bytes], after: Mapping[str, bytes], *, words: bool) -> str:
    old, new = as_text(before.get(path, b"")), as_text(after.get(path, b""))
    if old is None or new is None:
        return ""
    head = [
        f"--- {f'a/{path}' if path in before else '/dev/null'}",
        f"+++ {f'b/{path}' if path in after else '/dev/null'}",
    ]
    return "\n".join([*head, *_hunks(lines_of(old), lines_of(new), words=words)]) + "\n"


def _hunks(old: Sequence[str], new: Sequence[str], *, words: bool) -> Iterator[str]:
    for group in _Matcher(old, new).get_grouped_opcodes(CONTEXT_LINES):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"
        for tag, a, a_end, b, b_end in group:
            if tag == "equal":
                yield from (line if words else f" {line}" for line in old[a:a_end])
            elif words:
                yield from _marked("\n".join(old[a:a_end]), "\n".join(new[b:b_end])).split("\n")
            else:
                yield from (f"-{line}" for line in old[a:a_end])
                yield from (f"+{line}" for line in new[b:b_end])


def _range(start: int, end: int) -> str:
    """Lines as unified diffs count them."""
    count = end - start
    return f"{start + bool(count)}" if count == 1 else f"{start + bool(count)},{count}"


def _marked(old: str, new: str) -> str:
    """Lines with what was taken out as `[-…-]` and what was put in as `{+…+}`, as git marks words."""
    olds, news = _TOKEN.findall(old), _TOKEN.findall(new)
    parts = []
    for tag, a, a_end, b, b_end in _Matcher(olds, news).get_opcodes():
        if tag == "equal":
            parts.append("".join(olds[a:a_end]))
            continue
        if a < a_end:
            parts.append(_each_line("".join(olds[a:a_end]), "[-", "-]"))
        if b < b_end:
            parts.append(_each_line("".join(news[b:b_end]), "{+", "+}"))
    return "".join(parts)


def _each_line(text: str, begin: str, end: str) -> str:
    return "\n".join(f"{begin}{line}{end}" if line else line for line in text.split("\n"))
