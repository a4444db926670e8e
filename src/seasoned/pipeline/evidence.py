"""Stored messages as the stages show them to a model: secrets redacted, long texts shortened in their middle."""

import logging
from collections.abc import Sequence

import msgspec

from seasoned.lesson import Lesson, Quote, folded, stands_in
from seasoned.message import JsonObject, Message, NumberedMessage, Part, Span
from seasoned.safety.fence import elide
from seasoned.safety.origin import Origin
from seasoned.safety.scanner import scan
from seasoned.safety.secrets import OPEN_KEY, is_open_key, redact
from seasoned.store.blob_store import Blobs
from seasoned.store.messages import MessageRow, is_missing, numbered

log = logging.getLogger(__name__)

PART_CHARS_MAX = 12_000
# How many of a session's messages are looked at for what is said off the record.
PRIVATE_ROWS_MAX = 400
SPANS_MAX = 40
REDACTED_CHARS_MAX = 4 * PART_CHARS_MAX
QUOTE_CHARS_MAX = 300


def load(rows: Sequence[MessageRow], blobs: Blobs) -> tuple[NumberedMessage, ...]:
    """The messages of rows, redacted. Reads blobs, so call it in a thread.

    A message whose bytes are lost is empty, as its placeholder text is not part of the conversation.
    """
    redactor = Redactor()
    return tuple(_present(numbered(row, blobs), row, redactor) for row in rows)


def _present(stored: NumberedMessage, row: MessageRow, redactor: "Redactor") -> NumberedMessage:
    message = stored.message
    parts: tuple[Part, ...] = ()
    if is_missing(message):
        log.warning(
            "a message is missing from the store; learning goes on without it",
            extra={"session": row.session_id, "number": row.number, "sha256": row.parts_sha256},
        )
    else:
        parts = tuple(redactor.part(part) for part in message.parts)
    return msgspec.structs.replace(stored, message=Message(role=message.role, parts=parts, meta=message.meta))


class Redactor:
    """Redacts texts in order, since a private key may go on from one to the next."""

    def __init__(self) -> None:
        self._is_open = False

    def part(self, part: Part) -> Part:
        """A part without secrets, its spans where their text is then."""
        meta: JsonObject = part.meta
        arguments = meta.get("arguments")
        if part.type == "tool-call" and isinstance(arguments, str):
            meta = {**meta, "arguments": self._shown(arguments, PART_CHARS_MAX)}
        said = part.text
        if said is None:
            return msgspec.structs.replace(part, meta=meta)
        if len(part.spans) > SPANS_MAX:
            part = msgspec.structs.replace(part, author=part.spans[0].author, spans=())
        text, spans, start = "", [], 0
        for span in (*part.spans, None):
            between = said[start : span.start if span else None]
            text += self._shown(between, PART_CHARS_MAX // (1 + 2 * len(part.spans))) if between else ""
            if span is not None:
                own = self._shown(said[span.start : span.end], PART_CHARS_MAX // (1 + 2 * len(part.spans)))
                spans.append(Span(len(text), len(text) + len(own), span.author))
                text, start = text + own, span.end
        return msgspec.structs.replace(part, text=text, meta=meta, spans=tuple(spans))

    def _shown(self, text: str, chars_max: int) -> str:
        """Redacted before it is shortened: half a secret would match no pattern.

        Very long texts lose most of their middle first, so that the work is bounded; that cut is gone after the second.
        """
        whole = OPEN_KEY * self._is_open + elide(text, REDACTED_CHARS_MAX)
        self._is_open = is_open_key(whole)
        return elide(redact(whole).removeprefix(OPEN_KEY), chars_max)


def raw(rows: Sequence[MessageRow], blobs: Blobs) -> list[NumberedMessage]:
    """The messages of rows as they are stored. Reads blobs, so call it in a thread."""
    return [numbered(row, blobs) for row in rows]


def objection(origin: Origin, text: str) -> str:
    """Why a lesson must not be written by itself; empty when nothing speaks against it."""
    return origin.objection(text) or "; ".join(scan(text))


def admitted(origin: Origin, line: str) -> str:
    """A line of the journal, or why it is left out."""
    if origin.is_private(line):
        return "(left out, because the person asked not to write it down)"
    reason = origin.objection(line)
    return f"(left out, because {reason})" if reason else line


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
