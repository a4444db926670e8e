"""An agent's or a person's words as sentences that stand in the text letter for letter.

Code blocks, tables, quoted drafts and headings are left out: they are matter, not statements. Work is bounded.
"""

import re
from collections.abc import Iterator

import msgspec

HEAD_CHARS = 8_000
TAIL_CHARS = 4_000
LINES_MAX = 400
SENTENCES_MAX = 200
_WRAP_CHARS = 60

_FENCE = re.compile(r"\s*(?:```|~~~)")
_MATTER = re.compile(
    r"\s*(?:>|\||#{1,6} |\$ |[-=*_]{3,}\s*$|@@|diff --git|\{|\}|</?[A-Za-z][^<>\n]{0,200}>\s*$)|(?: {4}|\t)\S"
    r"|\S+(?: \S+){0,4} {2,}\S"
)
_BULLET = re.compile(r"\s*(?:[-*•–+]|\(?\d{1,2}[.)]|[✅⚠️❌🔧📌➡️✓✗☑🚀]{1,2})\s+")
_STOP = re.compile(r"[.!?…]+[)\"'”’*]{0,3}(?=\s+[\"'“‘(`*_]{0,2}[A-Z0-9`À-ÝŸ]|\s*$|\s+[a-z_]+[._(])")
_ABBREVIATED = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|st|nr|vs|etc|approx|e\.g|i\.e|incl|excl|ca|cf|fig|eq|jan|feb|mar|apr|jun|jul|aug|sep"
    r"|sept|oct|nov|dec|min|max)|(?<!\d )\b[a-z]|^\s*\d{1,2})\.$",
    re.IGNORECASE,
)


class Said(msgspec.Struct, frozen=True):
    """One sentence: `raw` as it stands in the text, `text` without list marks and emphasis, `line` the block it "
    "is in."""

    raw: str
    text: str
    line: int
    bullet: bool = False


def _clean(raw: str) -> str:
    text = re.sub(r"\*\*", "", _BULLET.sub("", raw, count=1) if _BULLET.match(raw) else raw)
    return " ".join(text.replace("’", "'").split())


def _regions(text: str) -> Iterator[str]:
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        yield text
    else:
        yield text[:HEAD_CHARS]
        yield text[-TAIL_CHARS:]


def _blocks(region: str) -> Iterator[tuple[str, int, bool]]:
    """Runs of lines that were one paragraph before wrapping: (text, paragraph, is a list item)."""
    fenced, paragraph = False, 0
    held: list[str] = []
    bullet = False
    for line in region.split("\n")[:LINES_MAX]:
        wrapped = bool(held) and len(held[-1]) >= _WRAP_CHARS and line[:1].islower()
        if held and not wrapped:
            yield "\n".join(held), paragraph, bullet
            held = []
        if _FENCE.match(line):
            fenced = not fenced
        elif not line.strip():
            paragraph += 1
        elif not fenced and not _MATTER.match(line):
            bullet = bool(_BULLET.match(line)) if not held else bullet
            held.append(line)
    if held:
        yield "\n".join(held), paragraph, bullet


def said(text: str) -> list[Said]:
    """The sentences of a text in order, at most 200."""
    found: list[Said] = []
    for number, region in enumerate(_regions(text)):
        for block, paragraph, bullet in _blocks(region):
            start = 0
            for stop in [*(match.end() for match in _STOP.finditer(block)), len(block)]:
                piece = block[start:stop]
                if _ABBREVIATED.search(piece[-12:]) and stop < len(block):
                    continue
                start = stop
                raw = piece.strip()
                clean = _clean(raw)
                if clean.strip(" .!?;-"):
                    found.append(Said(raw, clean, number * LINES_MAX + paragraph, bullet))
                if len(found) >= SENTENCES_MAX:
                    return found
    return found
