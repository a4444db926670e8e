"""Names of persons that tools told or were told: customers, passengers, recipients. They are no part of a lesson."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from seasoned.message import NumberedMessage

NAMES_MAX: Final = 60
_TEXT_CHARS_MAX: Final = 20_000
_MESSAGES_MAX: Final = 400
_PART_OF_NAME = re.compile(
    r"[\"'](?:first|last|given|family|sur|middle|nick)_?-?name[\"']\s*:\s*[\"']([A-Z][^\W\d_][\w'’-]{1,30})[\"']",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"[\"']?\b(?:(?:full|customer|passenger|guest|patient|contact|recipient|consignee|holder|user|account|display"
    r"|billing|shipping|ship_to)"
    r"_?(?:name)?|name|to|attn|buyer|customer|recipient|consignee|holder|passenger)[\"']?\s*[:=]\s*[\"']?"
    r"([A-Z][\w'’-]{1,20}(?: [A-Z]\.)?(?: (?:van|von|de|der|da|di|la|le|al"
    r"|bin))?(?: [A-Z][\w'’-]{1,24}){1,2})(?=[\"',;<(\n]|$)"
)


def names(messages: Sequence[NumberedMessage]) -> re.Pattern[str]:
    """What matches the names of persons in a task's calls and their answers."""
    found = sorted(islice(dict.fromkeys(_names(messages)), NAMES_MAX), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, found))})\b(?:'s\b)?" if found else r"(?!)")


def _names(messages: Sequence[NumberedMessage]) -> Iterator[str]:
    for part in (part for numbered in messages[:_MESSAGES_MAX] for part in numbered.message.parts):
        text = part.arguments if part.type == "tool-call" else part.text if part.type == "tool-result" else None
        for pattern in (_PART_OF_NAME, _NAME):
            yield from (match.group(1) for match in pattern.finditer((text or "")[:_TEXT_CHARS_MAX]))
