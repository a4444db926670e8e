"""Sessions in which an agent serves customers: what is kept of them names no customer and no order of one."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

import msgspec

from seasoned.learning.questions import DistillAnswer, ExtractAnswer
from seasoned.message import NumberedMessage
from seasoned.safety.people import names

VALUES_MAX: Final = 400
_CHARS_MAX: Final = 20_000
# Values of a call or an answer that belong to one customer.
_OWN: Final = re.compile(
    r"[\"'](?:\w*_id|id|\w+Id|e?mail\w*|phone\w*|zip\w*|dob|date_of_birth|birth\w*|address\d?|card_number)[\"']\s*:\s*"
    r"[\"']([^\"'\n]{4,80})[\"']",
    re.IGNORECASE,
)
_KNOWS_DIGIT: Final = re.compile(r"[\d@]")
_REPEATED: Final = re.compile(r"\ba customer(?:'s)?(?:[ ,]+(?:and )?a customer)+", re.IGNORECASE)


class Anonymous:
    """Takes the names and ids of customers, as tools told them in some messages, out of texts."""

    def __init__(self, messages: Sequence[NumberedMessage]) -> None:
        self._names = names(messages)
        found = sorted(islice(dict.fromkeys(_values(messages)), VALUES_MAX), key=len, reverse=True)
        self._ids = re.compile(rf"(?<!\w)#?(?:{'|'.join(map(re.escape, found))})(?!\w)" if found else r"(?!)")

    def text(self, text: str) -> str:
        """A text about any customer."""
        return _REPEATED.sub("a customer", self._names.sub("a customer", self._ids.sub("<id>", text)))

    def lines(self, lines: Sequence[str]) -> tuple[str, ...]:
        """Some texts."""
        return tuple(map(self.text, lines))


def found(answer: ExtractAnswer, messages: Sequence[NumberedMessage]) -> ExtractAnswer:
    """What was found in messages, without customers: their wishes are nobody's preferences."""
    anonymous = Anonymous(messages)
    tasks = tuple(
        msgspec.structs.replace(
            claim,
            title=anonymous.text(claim.title),
            progress=anonymous.lines(claim.progress),
            evidence=anonymous.text(claim.evidence),
        )
        for claim in answer.tasks
    )
    return ExtractAnswer(tasks=tasks)


def learned(answer: DistillAnswer, messages: Sequence[NumberedMessage]) -> DistillAnswer:
    """What messages teach about any customer. Quotes stay as they were said, since they are checked."""
    anonymous = Anonymous(messages)
    lessons = tuple(
        msgspec.structs.replace(lesson, title=anonymous.text(lesson.title), text=anonymous.text(lesson.text))
        for lesson in answer.lessons
    )
    return msgspec.structs.replace(
        answer,
        summary=anonymous.text(answer.summary),
        decisions=anonymous.lines(answer.decisions),
        learnings=anonymous.lines(answer.learnings),
        lessons=lessons,
        skip_reason=anonymous.text(answer.skip_reason),
    )


def _values(messages: Sequence[NumberedMessage]) -> Iterator[str]:
    for part in (part for numbered in messages for part in numbered.message.parts):
        text = part.arguments if part.type == "tool-call" else part.text if part.type == "tool-result" else None
        for found in _OWN.finditer((text or "")[:_CHARS_MAX]):
            if _KNOWS_DIGIT.search(found[1]):
                yield found[1]
