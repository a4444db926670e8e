"""A person's message as sentences, each with its place in the text; pasted matter is left out.

What somebody pastes (code, logs, quoted mail, tool echoes) are not their own words: no request, verdict or preference
may come from it. Work is bounded: of a very long text only the beginning and the end are read.
"""

import re
from collections.abc import Iterator

import msgspec

HEAD_CHARS = 8_000
TAIL_CHARS = 3_000
LINES_MAX = 600
SENTENCES_MAX = 160
SENTENCE_CHARS_MAX = 600
_QUOTE_BLANKS_MIN = 3
_WRAP_CHARS = 60  # a line this long that the next one continues in lower case was wrapped, not ended

_FENCE = re.compile(r"\s*(?:```|~~~)")
_PASTED = re.compile(
    r"\s*(?:>|\$ |>>> |\.\.\. |\|.*\||Traceback\b|File \"|at \S+\(|E {2,}|={4,}|-{4,}|\+\+\+ |--- |@@ )"
    r"|(?: {4}|\t)\S"
    r"|\s*(?:error|warning|warn|fatal|panic|npm err!|info|debug|err)\b\s*[:\[]"
    r"|\s*[\w.]{1,80}(?:Error|Exception|Warning)\b\s*:"
    r"|\s*[\w./\\-]{1,120}:\d{1,6}(?::\d{1,5})?:\s"
    r"|\s*\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d"
    r"|\s*(?:HTTP/\d|GET /|POST /|PUT /|DELETE /)"
    r"|\s*[{}\[\]]\s*$|\s*[{\[]\s*[\"{\[]|\s*<[!?/a-zA-Z][^<>]{0,200}>"
    r"|\s*#+ |\s*\w{1,30}\s*=\s*\S{1,80}\s*$",
    re.IGNORECASE,
)
_MAIL_START = re.compile(
    r"\s*(?:-{2,}\s*(?:original|forwarded|begin forwarded)\b|begin forwarded message|on .{4,80}\bwrote:\s*$"
    r"|(?:from|von|de)\s*:\s*\S.{0,200}$|(?:subject|betreff|objet)\s*:\s*(?:re|fwd?|aw|wg)\b)",
    re.IGNORECASE,
)
_INTRODUCES = re.compile(
    r"\b(?:wrote|writes?|says|said|mail|e-?mail|message|reads|review|comment|text|reply|reply was|letter"
    r"|note|quote|log|output|error"
    r"|trace|stack ?trace|paste[ds]?|snippet|transcript|response|got this|gets? this|here it is|complaint"
    r"|ticket)\b[^.?!]{0,40}:\s*$",
    re.IGNORECASE,
)
_TAGGED = re.compile(
    r"<(system-reminder|command-[a-z-]{1,30}|local-command-[a-z-]{1,30}|bash-[a-z-]{1,30}"
    r"|environment_context|user_instructions)>"
    r"[^\0]{0,8000}?(?:</\1>|\Z)"
)
_MARKERS = re.compile(
    r"#{2,4}[A-Z_]{2,20}#{2,4}|\[Request interrupted[^\]\n]{0,60}\]|Caveat: The messages below[^\n]{0,400}"
)
_QUOTED = re.compile(r"[\"“„«]([^\"”“«»\n]{18,600})[\"”»]")
_BULLET = re.compile(r"\s*(?:[-*•–]|\(?\d{1,2}[.)]|[a-h]\))\s+")
_STOP = re.compile(r"(?:[.!?…]+[)\"'”’]*|;)(?=\s|$)")
_EMOJI_STOP = re.compile(
    r"(?<=\s[:;]\))\s+(?=\S)|(?<=\s[:;]-\))\s+(?=\S)|(?<=\s[:;][DPp(])\s+(?=\S)"
    r"|(?<=[\U0001F300-\U0001FAFF☀-➿])\s+(?=\w)"
)
_ABBREVIATED = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|st|prof|no|nr|vs|etc|approx|e\.g|i\.e|incl|excl|ca|cf|al|fig|eq|vol|jan|feb|mar"
    r"|apr|jun|jul|aug|sept?"
    r"|oct|nov|dec|mon|tue|wed|thu|fri|min|max|dept|inc|ltd|co|corp|esp|p\.m|a\.m|tel|ext|ref|resp)"
    r"|\b[a-z]|^\s*\d{1,2})\.$",
    re.IGNORECASE,
)
_NEVER_ENDS = re.compile(r"\b(?:mr|mrs|ms|dr|st|prof|vs|e\.g|i\.e|approx|ca|cf|resp|incl|excl)\.$", re.IGNORECASE)


class Sentence(msgspec.Struct, frozen=True):
    """One sentence: `raw` is `text[start:end]` of the message, `words` the same with quotes masked."""

    raw: str
    words: str
    start: int
    end: int
    paragraph: int
    bullet: bool = False

    @property
    def asks(self) -> bool:
        return self.raw.rstrip(" \"')”").endswith("?")


def plain(text: str) -> str:
    """The text with typographic apostrophes and dashes made plain; the length stays the same."""
    return text.translate(_PLAIN)


_PLAIN = str.maketrans({"’": "'", "‘": "'", "`": "`", "–": "-", "—": "-", "\u00a0": " ", "\t": " "})


def _masked(text: str) -> str:
    """The text with machine-made blocks blanked out, offsets kept."""
    for pattern in (_TAGGED, _MARKERS):
        text = pattern.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    return text


def _regions(text: str) -> Iterator[tuple[int, str]]:
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        yield 0, text
        return
    yield 0, text[:HEAD_CHARS]
    start = len(text) - TAIL_CHARS
    yield start, text[start:]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    place = 0
    for line in text.split("\n")[:LINES_MAX]:
        yield place, line
        place += len(line) + 1


def _own_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines somebody wrote themself; an empty line stands for each gap and each pasted block."""
    fenced = False
    quoted_block = False  # inside the paragraph that a line such as "she writes:" introduces
    armed = False
    for place, line in _lines(text):
        if _FENCE.match(line):
            fenced = not fenced
            armed = quoted_block = False
            yield place, ""
        elif fenced:
            continue
        elif not line.strip():
            quoted_block = False
            yield place, ""
        elif _MAIL_START.match(line):
            return
        elif armed or quoted_block:
            quoted_block, armed = True, False
            yield place, ""
        elif _PASTED.match(line) and not _BULLET.match(line):
            yield place, ""
        else:
            armed = bool(_INTRODUCES.search(line[-120:]))
            yield place, line


def _blocks(text: str) -> Iterator[tuple[int, str, int, bool]]:
    """Runs of prose that belong together: (offset, text, paragraph, bullet)."""
    paragraph, start, end, bullet = 0, -1, -1, False
    previous = ""
    for place, line in _own_lines(text):
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


def _cuts(block: str) -> Iterator[tuple[int, int]]:
    start = 0
    stops = sorted(
        {found.end() for found in _STOP.finditer(block)} | {found.start() for found in _EMOJI_STOP.finditer(block)}
    )
    for stop in stops:
        before = block[max(start, stop - 12) : stop]
        after = block[stop:].lstrip()[:1]
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


def sentences(text: str) -> list[Sentence]:
    """The sentences that the writer of a message put into their own words, in order, at most 160."""
    found: list[Sentence] = []
    shift = 0
    for offset, region in _regions(text):
        for place, block, paragraph, bullet in _blocks(_masked(plain(region))):
            for start, end in _cuts(block):
                own = block[start:end].strip()[:SENTENCE_CHARS_MAX].rstrip()
                first = offset + place + start + len(block[start:end]) - len(block[start:end].lstrip())
                raw = text[first : first + len(own)]
                words = _mask_quotes(own)
                found.append(Sentence(raw, words, first, first + len(raw), shift + paragraph, bullet))
                if len(found) >= SENTENCES_MAX:
                    return found
        shift += LINES_MAX
    return found
