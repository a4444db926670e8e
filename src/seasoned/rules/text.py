"""Texts as sentences, each with its place, and sentences as words. Matter is left out.

What somebody pastes (code, logs, tables, quoted mail) are not their own words: no request, verdict, preference or
explanation may come from it. People also write without capitals, so their text is cut at every full stop; an agent's
only before a capital. Work is bounded: of a very long text only the beginning and the end are read.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, Literal

import msgspec

from seasoned.rules.phrases import form

HEAD_CHARS: Final = 8_000
TAIL_CHARS: Final = 3_000
LINES_MAX: Final = 600
SENTENCES_MAX: Final = 160
SENTENCE_CHARS_MAX: Final = 600
_LINE_CHARS: Final = 400  # as much of a line is looked at to tell what it is
_QUOTE_BLANKS_MIN: Final = 3
_WRAP_CHARS: Final = 60  # a line this long that the next one continues in lower case was wrapped, not ended

_PLAIN = str.maketrans({"’": "'", "‘": "'", "–": "-", "—": "-", "\u00a0": " ", "\t": " "})
_FENCE = re.compile(r"\s*(?:```|~~~)")
_MATTER = form("text.matter")
_LOG = form("text.log")
_MAIL_START = form("text.mail_start")
_INTRODUCES = form("text.introduces")
_QUOTED = re.compile(r"[\"“„«]([^\"”“«»\n]{18,600})[\"”»]")
_BULLET = re.compile(r"\s*(?:[-*•–+]|\(?\d{1,2}[.)]|[a-h]\)|[✅⚠️❌🔧📌➡️✓✗☑🚀]{1,2})\s+")
_STOP = form("text.stop")
_AGENT_STOP = re.compile(r"[.!?…]+[)\"'”’*]{0,3}(?=\s+[\"'“‘(`*_]{0,2}[A-Z0-9`À-ÝŸ]|\s*$|\s+[a-z_]+[._(])")
_ABBREVIATED = form("text.abbreviated")
_NEVER_ENDS = re.compile(r"\b(?:mr|mrs|ms|dr|st|prof|vs|e\.g|i\.e|approx|ca|cf|resp|incl|excl)\.$", re.IGNORECASE)

Writer = Literal["person", "agent"]


class Sentence(msgspec.Struct, frozen=True):
    """One sentence: `raw` is `text[start:end]`, `words` the same on one line with longer quotes blanked out.

    `low` are the words in lower case without closing marks, as phrases are looked for. `paragraph` counts the blocks
    between empty lines; `bullet` is a list item.
    """

    raw: str
    words: str
    low: str
    start: int
    end: int
    paragraph: int
    bullet: bool = False

    @property
    def asks(self) -> bool:
        """Whether it ends with a question mark."""
        return self.raw.rstrip(" \"')”").endswith("?")

    @property
    def text(self) -> str:
        """The sentence on one line, with plain apostrophes and without emphasis."""
        return " ".join(plain(self.raw).replace("**", "").split())


def plain(text: str) -> str:
    """The text with typographic apostrophes and dashes made plain; the length stays the same."""
    return text.translate(_PLAIN)


def sentences(text: str, writer: Writer = "person") -> list[Sentence]:
    """The sentences that the writer put into their own words, in order, at most 160."""
    found: list[Sentence] = []
    for number, (offset, region) in enumerate(_regions(text)):
        for place, block, paragraph, bullet in _blocks(plain(region), writer):
            for start, end in _cuts(block, writer):
                own = block[start:end].strip()[:SENTENCE_CHARS_MAX].rstrip()
                first = offset + place + start + len(block[start:end]) - len(block[start:end].lstrip())
                raw, words = text[first : first + len(own)], _mask_quotes(own)
                low = " ".join(words.lower().split()).rstrip(".!;,… ")
                at = number * LINES_MAX + paragraph
                found.append(Sentence(raw, words, low, first, first + len(raw), at, bullet))
                if len(found) >= SENTENCES_MAX:
                    return found
    return found


def _regions(text: str) -> Iterator[tuple[int, str]]:
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        yield 0, text
        return
    yield 0, text[:HEAD_CHARS]
    yield len(text) - TAIL_CHARS, text[-TAIL_CHARS:]


def _own_lines(text: str, writer: Writer) -> Iterator[tuple[int, str]]:
    """The lines somebody wrote themself; an empty line stands for each gap and each piece of matter."""
    fenced = introduced = quoting = False
    place = 0
    for line in text.split("\n")[:LINES_MAX]:
        at, place = place, place + len(line) + 1
        head = line[:_LINE_CHARS]
        if _FENCE.match(head):
            fenced, introduced, quoting = not fenced, False, False
            yield at, ""
        elif fenced:
            continue
        elif not head.strip():
            quoting = False
            yield at, ""
        elif writer == "person" and _MAIL_START.match(head):
            return
        elif introduced or quoting:
            # The paragraph after a line such as "she writes:".
            quoting, introduced = True, False
            yield at, ""
        elif not _BULLET.match(head) and (_MATTER.match(head) or (writer == "person" and _LOG.match(head))):
            yield at, ""
        else:
            introduced = writer == "person" and _INTRODUCES.search(line[-120:]) is not None
            yield at, line


def _blocks(text: str, writer: Writer) -> Iterator[tuple[int, str, int, bool]]:
    """Runs of prose that belong together: (offset, text, paragraph, bullet)."""
    paragraph, start, end, bullet = 0, -1, -1, False
    previous = ""
    for place, line in _own_lines(text, writer):
        marked = _BULLET.match(line)
        wrapped = start >= 0 and len(previous) >= _WRAP_CHARS and line[:1].islower() and not marked
        if start >= 0 and not wrapped:
            yield start, text[start:end], paragraph, bullet
            start = -1
        if not line.strip():
            paragraph += 1
            previous = ""
            continue
        if start < 0:
            bullet = marked is not None
            start = place + (marked.end() if marked else len(line) - len(line.lstrip()))
        end = place + len(line.rstrip())
        previous = line
    if start >= 0:
        yield start, text[start:end], paragraph, bullet


def _cuts(block: str, writer: Writer) -> Iterator[tuple[int, int]]:
    start = 0
    for found in (_STOP if writer == "person" else _AGENT_STOP).finditer(block):
        stop = found.end()
        before = block[max(start, stop - 12) : stop]
        after = block[stop : stop + 8].lstrip()[:1]
        if _NEVER_ENDS.search(before) or (_ABBREVIATED.search(before) and after and not after.isupper()):
            continue
        if block[start:stop].strip(" .!?;:)("):
            yield start, stop
            start = stop
    if block[start:].strip(" .!?;:)("):
        yield start, len(block)


def _mask_quotes(raw: str) -> str:
    def blank(found: re.Match[str]) -> str:
        inner = found.group(1)
        return f'"{" " * len(inner)}"' if inner.count(" ") >= _QUOTE_BLANKS_MIN else found.group()

    return _QUOTED.sub(blank, raw)


def listed(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


@cache
def words(name: str) -> frozenset[str]:
    """A list of `words.toml`."""
    return listed(tomllib.loads(files("seasoned.rules").joinpath("words.toml").read_text(encoding="utf-8"))[name])


_EMPTY: Final = listed("""
the user users wants want agent agents a an and or of to in on for with is are be it its that this from now as at by
not no does do never always only up any all anything everything every each who so says say team their them they
than then when whenever if one has have had will would should today own still just more most less first again s
""")
_WORD = re.compile(r"[£$€]?\d[\w.,:%]*\w|[£$€]?\d|[a-z][a-z'+#-]+")
_PLURAL_CHARS_MIN: Final = 4
_STEM_CHARS_MIN: Final = 3


@lru_cache(maxsize=4_096)
def key_words(text: str) -> frozenset[str]:
    """The words of a text that say what it is about, stemmed; numbers keep their currency."""
    found = {word.rstrip(".,:") for word in _WORD.findall(plain(text).lower())}
    return frozenset(stem(word) for word in found - _EMPTY)


@lru_cache(maxsize=4_096)
def numbers(text: str) -> frozenset[str]:
    """The numbers among the key words."""
    return frozenset(word for word in key_words(text) if not word[0].isalpha())


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A word without plural, past and progressive endings; numbers and names with digits stay."""
    if not word[0].isalpha():
        return word
    word = word.removesuffix("'s")
    if len(word) >= _PLURAL_CHARS_MIN and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if len(word) - len(ending) >= _STEM_CHARS_MIN:
            word = word.removesuffix(ending)
    return word.removesuffix("e") if len(word) >= _PLURAL_CHARS_MIN else word
