"""Stored messages as the stages show them: who wrote what, secrets redacted, long texts without their middle."""

import asyncio
import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from seasoned import authors
from seasoned.lesson import Lesson, Quote, folded, stands_in
from seasoned.message import Author, JsonObject, Message, NumberedMessage, Part, Span
from seasoned.pipeline.off_record import OffRecord
from seasoned.safety.fence import elide
from seasoned.safety.origin import Origin
from seasoned.safety.scanner import scan
from seasoned.safety.secrets import OPEN_KEY, is_open_key, redact_pieces
from seasoned.store import Connection, Store, search
from seasoned.store.blob_store import Blobs
from seasoned.store.messages import MessageRow, is_missing, numbered

log = logging.getLogger(__name__)

PART_CHARS_MAX = 12_000
# How many of a session's messages are looked at for what is said off the record.
PRIVATE_ROWS_MAX = 400
REDACTED_CHARS_MAX = 4 * PART_CHARS_MAX
QUOTE_CHARS_MAX = 300
# How much redacted text is kept, for the next stage that shows the same messages.
KEPT_CHARS_MAX = 4_000_000
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
    redactor = Redactor()
    return await asyncio.to_thread(lambda: tuple(map(redactor.message, stored, shown)))


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


class Redactor:
    """Redacts texts in order, since a private key may go on from one to the next."""

    def __init__(self, chars_max: int = PART_CHARS_MAX) -> None:
        self._is_open = False
        self._chars_max = chars_max

    def message(self, stored: NumberedMessage, message: Message) -> NumberedMessage:
        """A message without secrets, in the place of a stored one."""
        parts = tuple(self.part(part) for part in message.parts)
        return msgspec.structs.replace(stored, message=msgspec.structs.replace(message, parts=parts))

    def part(self, part: Part) -> Part:
        """A part without secrets and bounded, its spans where their text is then."""
        meta: JsonObject = part.meta
        arguments = meta.get("arguments")
        if part.type == "tool-call" and isinstance(arguments, str):
            meta = {**meta, "arguments": self._shown([arguments])[0]}
        if not part.text:
            return msgspec.structs.replace(part, meta=meta)
        owners, texts = _cut(part.text, part.spans)
        spans, place, shown = list[Span](), 0, self._shown(texts)
        for owner, text in zip(owners, shown, strict=True):
            if owner is not None and text:
                spans.append(Span(place, place + len(text), owner))
            place += len(text)
        return msgspec.structs.replace(part, text="".join(shown), meta=meta, spans=tuple(spans))

    def _shown(self, texts: Sequence[str]) -> Sequence[str]:
        """Redacted before it is shortened: half a secret would match no pattern.

        Very long texts lose most of their middle first, so that the work is bounded; the second cut counts it too.
        """
        first, *rest = _fitted(texts, REDACTED_CHARS_MAX)
        shown, self._is_open = _RECENT.redacted([OPEN_KEY * self._is_open + first, *rest])
        first, *rest = shown
        return _fitted([first.removeprefix(OPEN_KEY), *rest], self._chars_max)


class _Recent:
    """What was redacted lately, by hash, so that no secret is kept: distill shows what extract has shown."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, tuple[Sequence[str], bool]] = OrderedDict()
        self._chars = 0

    def redacted(self, pieces: Sequence[str]) -> tuple[Sequence[str], bool]:
        """The pieces redacted, and whether they end inside a private key."""
        key = hashlib.sha256(repr(pieces).encode()).digest()
        with self._lock:
            if found := self._kept.get(key):
                self._kept.move_to_end(key)
                return found
        found = redact_pieces(pieces), is_open_key("".join(pieces))
        with self._lock:
            if key not in self._kept:
                self._kept[key] = found
                self._chars += sum(map(len, found[0]))
            while self._chars > KEPT_CHARS_MAX:
                self._chars -= sum(map(len, self._kept.popitem(last=False)[1][0]))
        return found


_RECENT: Final = _Recent()


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


def raw(rows: Sequence[MessageRow], blobs: Blobs) -> list[NumberedMessage]:
    """The messages of rows with their secrets, told who wrote what. Reads blobs, so call it in a thread."""
    stored = [numbered(row, blobs) for row in rows]
    return [msgspec.structs.replace(one, message=authors.attributed(one.message)) for one in stored]


def objection(origin: Origin, text: str) -> str:
    """Why a lesson must not be written by itself; empty when nothing speaks against it."""
    return origin.objection(text) or "; ".join(scan(text))


def admitted(origin: Origin, private: OffRecord, line: str) -> str:
    """A line of the journal, or why it is left out."""
    if private.is_repeated_in(line):
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
