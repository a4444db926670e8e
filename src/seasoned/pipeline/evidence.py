"""Stored messages as the stages show them to a model: secrets redacted, long texts shortened in their middle."""

import logging
from collections.abc import Sequence

import msgspec

from seasoned.lesson import Lesson, Quote, folded, stands_in
from seasoned.message import JsonObject, Message, NumberedMessage, Part
from seasoned.safety.fence import elide
from seasoned.safety.secrets import redact
from seasoned.store.blob_store import Blobs
from seasoned.store.messages import MessageRow, is_missing, numbered

log = logging.getLogger(__name__)

PART_CHARS_MAX = 12_000
REDACTED_CHARS_MAX = 4 * PART_CHARS_MAX
QUOTE_CHARS_MAX = 300


def load(rows: Sequence[MessageRow], blobs: Blobs) -> tuple[NumberedMessage, ...]:
    """The messages of rows, redacted. Reads blobs, so call it in a thread.

    A message whose bytes are lost is empty, as its placeholder text is not part of the conversation.
    """
    return tuple(_present(numbered(row, blobs), row) for row in rows)


def _present(stored: NumberedMessage, row: MessageRow) -> NumberedMessage:
    if not is_missing(stored.message):
        return _safe(stored)
    log.warning(
        "a message is missing from the store; learning goes on without it",
        extra={"session": row.session_id, "number": row.number, "sha256": row.parts_sha256},
    )
    return msgspec.structs.replace(stored, message=msgspec.structs.replace(stored.message, parts=()))


def _safe(stored: NumberedMessage) -> NumberedMessage:
    message = stored.message
    parts = tuple(_safe_part(part) for part in message.parts)
    return msgspec.structs.replace(stored, message=Message(role=message.role, parts=parts, meta=message.meta))


def _safe_part(part: Part) -> Part:
    text = None if part.text is None else _shown(part.text)
    meta: JsonObject = part.meta
    arguments = meta.get("arguments")
    if part.type == "tool-call" and isinstance(arguments, str):
        meta = {**meta, "arguments": _shown(arguments)}
    return msgspec.structs.replace(part, text=text, meta=meta)


def _shown(text: str) -> str:
    """Redacted before it is shortened: half a secret would match no pattern.

    Very long texts lose most of their middle first, so that the work is bounded; that cut is gone after the second.
    """
    return elide(redact(elide(text, REDACTED_CHARS_MAX)), PART_CHARS_MAX)


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
