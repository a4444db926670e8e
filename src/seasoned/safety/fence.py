"""Untrusted text in prompts: inside a fence whose delimiter does not occur in the text, so that it cannot get out."""

import hashlib
import unicodedata
from collections.abc import Sequence

from seasoned.message import NumberedMessage, Part

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
    """Numbered messages as text: words up to `said_max` characters a part, tools' words up to `tool_max`."""
    lines = []
    for stored in messages:
        message = stored.message
        who = elide(message.original_role, NAME_CHARS_MAX) if not message.is_tool_answer else "tool"
        shown = [line for part in message.parts if (line := _part(part, said_max, tool_max))]
        lines.append(f"[{stored.number}] {who}: " + "\n".join(shown))
    return "\n".join(lines)


def _part(part: Part, said_max: int, tool_max: int) -> str:
    if part.type == "tool-call":
        return f"CALL {elide(part.tool_name, NAME_CHARS_MAX)} {elide(part.arguments, tool_max)}"
    if part.type == "tool-result":
        return f"{'ERROR' if part.is_error else 'RESULT'} {elide(part.text or '', tool_max)}"
    if part.type == "text":
        return elide(part.text or "", said_max)
    if part.type in ("thinking", "redacted_thinking"):
        return ""
    return f"({part.type}{f' {part.filename}' if part.filename else ''})"
