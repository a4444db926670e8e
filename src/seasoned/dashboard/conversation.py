"""A session's messages as pages show them: by author, tools folded, long texts cut around what lessons quote."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec
from markupsafe import Markup, escape

from seasoned import authors
from seasoned.dashboard.markdown import coded, to_html, visible
from seasoned.engine.pages import Batch
from seasoned.message import Asset, Author, Message, Part
from seasoned.skill import cut
from seasoned.store.messages import MessageRow, decoded

SHOWN_CHARS: Final = 4_000
HEAD_CHARS: Final = 1_400
AROUND_CHARS: Final = 400
PART_CHARS_MAX: Final = 400_000
ATTRIBUTED_BYTES_MAX: Final = 64 * 1024
MARKDOWN_CHARS_MAX: Final = 16_000
SUMMARY_CHARS: Final = 110
QUOTES_MAX: Final = 20
QUOTE_WORDS_MAX: Final = 60
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

Kind = Literal["text", "thinking", "call", "result", "picture", "file", "data"]
NAMES: Final[Mapping[Author, str]] = {
    "person": "Person",
    "agent": "Agent",
    "tool": "Tool",
    "harness": "Harness",
    "peer": "Another agent",
    "quoted": "Quoted",
    "recalled": "Recalled",
}


class Quoted(msgspec.Struct, frozen=True):
    """Words of a message that a lesson rests on."""

    lesson_id: str
    text: str


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a message by one author. A folded one shows its `summary`; `left_out` characters are not in `html`."""

    kind: Kind
    author: Author
    html: Markup
    summary: str = ""
    chars: int = 0
    left_out: int = 0
    part: int = 0
    is_error: bool = False
    is_open: bool = False
    event: str = ""
    asset: Asset | None = None

    @property
    def is_folded(self) -> bool:
        """Whether it is shown when it is asked for only."""
        return self.kind in ("call", "result", "thinking", "data") or self.author in ("harness", "recalled", "quoted")


class ShownMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its pieces, and who wrote the first of them."""

    row: MessageRow
    author: Author
    pieces: list[Piece]
    quoted_by: list[str]

    @property
    def name(self) -> str:
        """Its author, for people."""
        return NAMES[self.author]


def shown(batch: Batch, quotes: Mapping[int, Sequence[Quoted]]) -> list[ShownMessage]:
    """The messages of a batch; slow, so call it in a thread."""
    return [
        _message(row, present(row, encoded), quotes.get(row.number, ()))
        for row, encoded in zip(batch.rows, batch.encoded, strict=True)
    ]


def present(row: MessageRow, encoded: bytes) -> Message:
    """A stored message with the author of each piece; of a large one what its transcript said only."""
    message = decoded(row, encoded)
    return authors.attributed(message) if len(encoded) <= ATTRIBUTED_BYTES_MAX else message


def whole(message: Message, part: int) -> tuple[str, bool]:
    """A part's text, and whether that is all of it; empty without the part."""
    text = _text(message.parts[part]) if part < len(message.parts) else ""
    return text[:PART_CHARS_MAX], len(text) <= PART_CHARS_MAX


def _message(row: MessageRow, message: Message, quotes: Sequence[Quoted]) -> ShownMessage:
    pieces = [
        piece
        for place, part in enumerate(message.parts)
        for piece in _pieces(message, part, place, quotes[:QUOTES_MAX])
    ]
    first = next((one.author for one in pieces if one.author != "harness"), pieces[0].author if pieces else "agent")
    return ShownMessage(
        row=row, author=first, pieces=pieces, quoted_by=list(dict.fromkeys(one.lesson_id for one in quotes))
    )


def _pieces(message: Message, part: Part, place: int, quotes: Sequence[Quoted]) -> Iterable[Piece]:
    author = message.author_of(part)
    if part.type == "text" or (part.type == "tool-result" and part.spans):
        for passage in message.passages_of(part):
            yield _piece(part, place, passage.author, passage.text, quotes)
        return
    if part.asset is not None or part.type in ("image", "audio", "video", "file"):
        yield _file(part, place, author)
        return
    yield _piece(part, place, author, _text(part), quotes)


def _piece(part: Part, place: int, author: Author, text: str, quotes: Sequence[Quoted]) -> Piece:
    kinds: dict[str, Kind] = {
        "text": "text",
        "thinking": "thinking",
        "redacted_thinking": "thinking",
        "tool-call": "call",
        "tool-result": "result",
    }
    kind = kinds.get(part.type, "data")
    spans = list(_spans(text, quotes))
    if kind == "call" and not spans and len(text) <= SHOWN_CHARS:
        html, left_out = coded(visible(text), "json"), 0
    elif kind == "text" and author == "agent" and not spans and len(text) <= MARKDOWN_CHARS_MAX:
        html, left_out = to_html(text), 0
    else:
        html, left_out = _marked(text, spans)
    first = next((line for line in text.splitlines() if line.strip()), "")
    return Piece(
        kind=kind,
        author=author,
        html=html,
        summary=cut(f"{part.tool_name} {_flat(part.arguments)}" if kind == "call" else first, SUMMARY_CHARS),
        chars=len(text),
        left_out=left_out,
        part=place,
        is_error=part.is_error,
        is_open=bool(spans),
        event=part.event or "",
    )


def _file(part: Part, place: int, author: Author) -> Piece:
    is_picture = part.asset is not None and part.asset.mime in PICTURES
    about = part.filename or (part.asset.mime if part.asset else part.type)
    return Piece(
        kind="picture" if is_picture else "file",
        author=author,
        html=escape(visible(about)),
        summary=about,
        part=place,
        asset=part.asset,
    )


def _text(part: Part) -> str:
    """What is shown of a part: its text, a call's arguments, or what else its provider said."""
    if part.type == "tool-call":
        return _pretty(part.arguments)
    return part.text if part.text is not None else _pretty(msgspec.json.encode(part.meta).decode())


def _pretty(text: str) -> str:
    try:
        return msgspec.json.format(text, indent=2) if len(text) <= PART_CHARS_MAX else text
    except msgspec.DecodeError:
        return text


def _flat(arguments: str) -> str:
    """A call's arguments in a line: its texts without their names."""
    try:
        found = msgspec.json.decode(arguments, type=dict[str, object]) if len(arguments) <= PART_CHARS_MAX else {}
    except msgspec.DecodeError:
        found = {}
    return " · ".join(str(value) for value in found.values() if isinstance(value, str | int)) or arguments[:SHOWN_CHARS]


def _spans(text: str, quotes: Sequence[Quoted]) -> Iterable[tuple[int, int, str]]:
    """Where quotes stand in a text, and whose they are."""
    for quote in quotes:
        words = quote.text.strip(".… ").split()[:QUOTE_WORDS_MAX]
        match = re.search(r"\s+".join(map(re.escape, words)), text, re.IGNORECASE) if words else None
        if match is not None:
            yield match.start(), match.end(), quote.lesson_id


def _marked(text: str, spans: Sequence[tuple[int, int, str]]) -> tuple[Markup, int]:
    """A text with its quotes marked and without its middle if it is long, and how many characters are left out."""
    kept = _kept(len(text), spans)
    out, at, left_out = [], 0, 0
    for start, end in kept:
        if start > at:
            left_out += start - at
            out.append(Markup('<span class="cut">… {:,} characters …</span>').format(start - at))
        out.append(_with_marks(text, start, end, spans))
        at = end
    return Markup("").join(out), left_out


def _kept(length: int, spans: Sequence[tuple[int, int, str]]) -> list[tuple[int, int]]:
    """The pieces of a text that are shown: all of a short one, else both ends and what surrounds the quotes."""
    if length <= SHOWN_CHARS:
        return [(0, length)]
    wanted = [(0, HEAD_CHARS), (length - (SHOWN_CHARS - HEAD_CHARS), length)]
    wanted += [(max(0, start - AROUND_CHARS), min(length, end + AROUND_CHARS)) for start, end, _ in spans]
    kept: list[tuple[int, int]] = []
    for start, end in sorted(wanted):
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(kept[-1][1], end))
        else:
            kept.append((start, end))
    return kept


def _with_marks(text: str, start: int, end: int, spans: Sequence[tuple[int, int, str]]) -> Markup:
    out, at = [], start
    for first, last, lesson_id in sorted(spans):
        if at <= first and last <= end:
            out.append(escape(visible(text[at:first])))
            quoted = visible(text[first:last])
            out.append(Markup('<mark id="q-{}">{}</mark>').format(lesson_id, quoted))
            at = last
    out.append(escape(visible(text[at:end])))
    return Markup("").join(out)
