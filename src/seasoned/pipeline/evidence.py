"""Stored messages as the stages show them to a model: secrets redacted, long texts shortened in their middle."""

from collections.abc import Sequence

import msgspec

from seasoned.lesson import Lesson, Quote
from seasoned.llm.secrets import redact
from seasoned.message import JsonObject, Message, NumberedMessage, Part
from seasoned.store.blobs import FolderBlobs
from seasoned.store.messages import MessageRow, numbered

PART_CHARS_MAX = 12_000
QUOTE_CHARS_MAX = 300


def load(rows: Sequence[MessageRow], blobs: FolderBlobs) -> tuple[NumberedMessage, ...]:
    """The messages of rows, safe to show. Reads blobs, so it belongs into a thread."""
    return tuple(_safe(numbered(row, blobs)) for row in rows)


def _safe(stored: NumberedMessage) -> NumberedMessage:
    message = stored.message
    parts = tuple(_safe_part(part) for part in message.parts)
    return msgspec.structs.replace(stored, message=Message(role=message.role, parts=parts, meta=message.meta))


def _safe_part(part: Part) -> Part:
    text = None if part.text is None else redact(elide(part.text))
    meta: JsonObject = part.meta
    arguments = meta.get("arguments")
    if part.type == "tool-call" and isinstance(arguments, str):
        meta = {**meta, "arguments": redact(elide(arguments))}
    return msgspec.structs.replace(part, text=text, meta=meta)


def elide(text: str, chars_max: int = PART_CHARS_MAX) -> str:
    """A text of at most about `chars_max` characters: the middle goes, since errors stand at the end."""
    if len(text) <= chars_max:
        return text
    head, tail = chars_max // 3, chars_max - chars_max // 3
    return f"{text[:head]}\n[... {len(text) - head - tail} characters left out ...]\n{text[-tail:]}"


def verify(lesson: Lesson, messages: Sequence[NumberedMessage]) -> Lesson:
    """The lesson with each quote marked as found, or not, in the text of the message that it names.

    White space and case do not count, nor does a quote of less than three characters.
    """
    texts = {stored.number: _folded("\n".join(stored.message.texts())) for stored in messages}
    quotes = tuple(
        Quote(
            number=quote.number,
            text=quote.text[:QUOTE_CHARS_MAX],
            verified=len(wanted := _folded(quote.text)) > 2 and wanted in texts.get(quote.number, ""),  # noqa: PLR2004
        )
        for quote in lesson.quotes
    )
    return msgspec.structs.replace(lesson, quotes=quotes)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
