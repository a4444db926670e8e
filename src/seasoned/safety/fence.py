"""Untrusted text in prompts: inside a fence whose delimiter does not occur in the text, so that it cannot get out."""

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence

from seasoned.message import Author, Message, NumberedMessage, Passage

TRIES_MAX = 1_000
# Names of tools and roles are the client's own words too.
NAME_CHARS_MAX = 200


def fence(text: str) -> str:
    """The text between two lines that cannot occur in it in any writing; the same text gives the same fence."""
    # Full-width digits and capitals read the same to a model.
    seen = unicodedata.normalize("NFKC", text).casefold()
    for attempt in range(TRIES_MAX):
        mark = hashlib.sha256(f"{attempt}\0{text}".encode(errors="surrogatepass")).hexdigest()[:16]
        if mark not in seen and mark not in text:
            break
    return f"<data {mark}>\n{text}\n</data {mark}>"


def elide(text: str, chars_max: int) -> str:
    """A text of about `chars_max` characters: the middle goes, since errors stand at the end."""
    if len(text) <= chars_max:
        return text
    head, tail = chars_max // 3, chars_max - chars_max // 3
    return f"{text[:head]} [... {len(text) - head - tail} characters left out ...] {text[-tail:]}"


def transcript(messages: Sequence[NumberedMessage], said_max: int, tool_max: int) -> str:
    """Numbered messages as text, each run of one author's words under its number and author.

    The words of people and agents have up to `said_max` characters a passage, those of others up to `tool_max`.
    """
    lines = []
    for stored in messages:
        author: Author | None = None
        for one in _passages(stored.message, said_max, tool_max):
            lines.append(one.text if one.author == author else f"[{stored.number}] {one.author}: {one.text}")
            author = one.author
        if author is None:
            lines.append(f"[{stored.number}] {'agent' if stored.message.role == 'assistant' else 'person'}: ")
    return "\n".join(lines)


def _passages(message: Message, said_max: int, tool_max: int) -> Iterator[Passage]:
    for part in message.parts:
        if part.type == "tool-call":
            yield Passage("agent", f"CALL {elide(part.tool_name, NAME_CHARS_MAX)} {elide(part.arguments, tool_max)}")
        elif part.type == "tool-result":
            told = f"{part.event.upper()} BY THE PERSON" if part.event else "ERROR" if part.is_error else "RESULT"
            passages = list(message.passages_of(part)) or [Passage("tool", "")]
            for place, one in enumerate(passages):
                yield Passage(one.author, f"{'' if place else f'{told} '}{elide(one.text, tool_max)}")
        elif part.type == "text":
            for one in message.passages_of(part):
                own = one.author in ("person", "agent")
                yield Passage(one.author, elide(one.text, said_max if own else max(tool_max, said_max // 4)))
        elif part.type not in ("thinking", "redacted_thinking"):
            yield Passage(message.author_of(part), f"({part.type}{f' {part.filename}' if part.filename else ''})")
