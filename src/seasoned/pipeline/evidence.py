"""Stored messages as the stages show them: who wrote what, secrets redacted, long texts without their middle."""

import asyncio
import logging
from collections.abc import Collection, Sequence

import msgspec

from seasoned import authors
from seasoned.lesson import Lesson, Quote, folded, stands_in
from seasoned.message import Author, JsonObject, Message, NumberedMessage, Part, Span
from seasoned.safety.fence import elide
from seasoned.safety.secrets import redact, redact_pieces
from seasoned.store import Connection, Store, search
from seasoned.store.messages import MessageRow, is_missing, numbered

log = logging.getLogger(__name__)

PART_CHARS_MAX = 12_000
REDACTED_CHARS_MAX = 4 * PART_CHARS_MAX
QUOTE_CHARS_MAX = 300
# Of a part with more passages, the first third and the last two thirds are shown.
PASSAGES_MAX = 120
# How many lines of a batch are looked up among the entries of a space, and how many entries are compared with each.
LINES_LOOKED_UP_MAX = 24
ENTRIES_COMPARED = 3


async def load(store: Store, rows: Sequence[MessageRow], space_id: str) -> tuple[NumberedMessage, ...]:
    """The messages of rows as they are shown; lines that repeat an entry of the space's skills are recalled.

    A message whose bytes are lost is empty, as its placeholder text is not part of the conversation.
    """
    stored = await asyncio.to_thread(lambda: [_present(numbered(row, store.blobs), row) for row in rows])
    shown = await asyncio.to_thread(lambda: [authors.attributed(one.message) for one in stored])
    wanted = list(dict.fromkeys(line for one in shown for line in authors.lines_to_look_up(one)))[:LINES_LOOKED_UP_MAX]
    if wanted and space_id:
        entries = await store.read(lambda connection: _entries(connection, space_id, wanted))
        shown = await asyncio.to_thread(lambda: [authors.attributed(one.message, entries) for one in stored])
    return await asyncio.to_thread(lambda: tuple(map(_safe, stored, shown)))


def _entries(connection: Connection, space_id: str, lines: Sequence[str]) -> Collection[str]:
    """The lines of the entries that are closest to some lines."""
    hits = (hit for line in lines for hit in search.near(connection, space_id, line, ENTRIES_COMPARED) if hit.path)
    return {authors.line_key(line) for hit in hits for line in hit.text.split("\n")}


def _present(stored: NumberedMessage, row: MessageRow) -> NumberedMessage:
    if not is_missing(stored.message):
        return stored
    log.warning(
        "a message is missing from the store; learning goes on without it",
        extra={"session": row.session_id, "number": row.number, "sha256": row.parts_sha256},
    )
    return msgspec.structs.replace(stored, message=msgspec.structs.replace(stored.message, parts=()))


def _safe(stored: NumberedMessage, message: Message) -> NumberedMessage:
    parts = tuple(_safe_part(part) for part in message.parts)
    return msgspec.structs.replace(stored, message=msgspec.structs.replace(message, parts=parts))


def _safe_part(part: Part) -> Part:
    meta: JsonObject = part.meta
    arguments = meta.get("arguments")
    if part.type == "tool-call" and isinstance(arguments, str):
        meta = {**meta, "arguments": elide(redact(elide(arguments, REDACTED_CHARS_MAX)), PART_CHARS_MAX)}
    if not part.text:
        return msgspec.structs.replace(part, meta=meta)
    owners, texts = _cut(part.text, part.spans)
    # Redacted before it is shortened: half a secret would match no pattern. Very long texts lose most of their middle
    # first, so that the work is bounded; that cut is gone after the second.
    shown = _fitted(redact_pieces(_fitted(texts, REDACTED_CHARS_MAX)), PART_CHARS_MAX)
    spans, place = list[Span](), 0
    for owner, text in zip(owners, shown, strict=True):
        if owner is not None and text:
            spans.append(Span(place, place + len(text), owner))
        place += len(text)
    return msgspec.structs.replace(part, text="".join(shown), meta=meta, spans=tuple(spans))


def _cut(text: str, spans: Sequence[Span]) -> tuple[list[Author | None], list[str]]:
    """A text's pieces where the author changes, and the author of each; None for the part's own."""
    owners: list[Author | None] = []
    texts: list[str] = []
    start = 0
    for span in (*spans, Span(len(text), len(text), "person")):
        owners += [None, span.author]
        texts += [text[start : span.start], text[span.start : span.end]]
        start = span.end
    if len(texts) > PASSAGES_MAX:
        head, tail = PASSAGES_MAX // 3, PASSAGES_MAX - PASSAGES_MAX // 3
        note = f" [... {len(texts) - PASSAGES_MAX} passages left out ...] "
        return [*owners[:head], "harness", *owners[-tail:]], [*texts[:head], note, *texts[-tail:]]
    return owners, texts


def _fitted(texts: Sequence[str], chars_max: int) -> list[str]:
    """Texts shortened in their middle to about so many characters together, the longest first."""
    shown, left = list(texts), chars_max
    for index, count in zip(
        sorted(range(len(shown)), key=lambda i: len(shown[i])), range(len(shown), 0, -1), strict=True
    ):
        share = left // count
        left -= min(len(shown[index]), share)
        shown[index] = elide(shown[index], share)
    return shown


def verify(lesson: Lesson, messages: Sequence[NumberedMessage]) -> Lesson:
    """The lesson with each quote marked as found, or not, in the text of the message that it names."""
    texts = {stored.number: folded("\n".join(stored.message.texts())) for stored in messages}
    quotes = tuple(
        Quote(
            number=quote.number,
            text=quote.text[:QUOTE_CHARS_MAX],
            verified=stands_in(quote.text, texts.get(quote.number, "")),
        )
        for quote in lesson.quotes
    )
    return msgspec.structs.replace(lesson, quotes=quotes)
