"""Names of persons that tools told or were told: customers, passengers, recipients. They are no part of a lesson."""

import re
from collections.abc import Sequence
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
_CAPITAL = re.compile(r"[A-Z]")


class People:
    """The names of persons in a task's calls and their answers; found when first needed."""

    def __init__(self, messages: Sequence[NumberedMessage]) -> None:
        self._messages = messages
        self._pattern: re.Pattern[str] | None = None

    def hide(self, text: str) -> str:
        """The text with each name replaced by `<name>`."""
        if not _CAPITAL.search(text):
            return text
        if self._pattern is None:
            self._pattern = _alternatives(_names(self._messages))
        return self._pattern.sub("<name>", text)


def _names(messages: Sequence[NumberedMessage]) -> list[str]:
    found: dict[str, None] = {}
    for numbered in messages[:_MESSAGES_MAX]:
        for part in numbered.message.parts:
            text = part.arguments if part.type == "tool-call" else part.text if part.type == "tool-result" else None
            if not text:
                continue
            for pattern in (_PART_OF_NAME, _NAME):
                for match in pattern.finditer(text[:_TEXT_CHARS_MAX]):
                    found[match.group(1)] = None
                    if len(found) >= NAMES_MAX:
                        return list(found)
    return list(found)


def _alternatives(names: list[str]) -> re.Pattern[str]:
    if not names:
        return re.compile(r"(?!)")
    return re.compile(rf"\b(?:{'|'.join(re.escape(name) for name in sorted(names, key=len, reverse=True))})\b(?:'s\b)?")
