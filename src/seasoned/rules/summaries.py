"""What a task's journal entry says: the agent's last report in a sentence or two, and what the user chose."""

import re
from collections.abc import Sequence
from typing import Final

from seasoned.learning.questions import DistillQuestion
from seasoned.message import NumberedMessage
from seasoned.rules.prose import said
from seasoned.rules.safety import clip, inline, is_safe, masked, one_line

SUMMARY_CHARS_MAX: Final = 300
DECISIONS_MAX: Final = 3
_CHOICE_CHARS_MAX: Final = 160
_TAIL_CHARS: Final = 400
_SENTENCES: Final = 3
_WORDS_MIN: Final = 3
_GO = re.compile(
    r"(?:ok(?:ay)?|yes|yep|yeah|go|sure|please|do it|fine|good|apply|confirmed?|agreed|perfect|thanks?)[\s,.!]*",
    re.IGNORECASE,
)
_WAYS = re.compile(r"\b(?:two|three|both|either|which|options?|ways?|or|alternatives?)\b", re.IGNORECASE)
_PLEASANT = re.compile(
    r"(?:done|hi|hello|good|glad|great|noted|understood|you're welcome|my pleasure|thank|sure|of course|ok"
    r"|dropped|fine|have a|take care)\b.{0,24}$"
    r"|.{0,40}\b(?:let me know|anything else|feel free|happy to help|don't hesitate|any (?:other|further"
    r"|more) questions?|further assistance|safe travels)\b",
    re.IGNORECASE,
)


def summary(question: DistillQuestion) -> str:
    """The first telling sentences of the agent's last report, else how the task ended."""
    for numbered in reversed(question.messages):
        message = numbered.message
        if message.role != "assistant" or message.calls_tools:
            continue
        told = [
            one.text for one in said(message.prose()) if not one.text.endswith("?") and not _PLEASANT.match(one.text)
        ]
        told = [one_line(masked(text)) for text in told if is_safe(text) and len(text.split()) >= _WORDS_MIN]
        if not told:
            continue
        joined = told[0]
        for text in told[1:_SENTENCES]:
            if len(joined) + len(text) + 1 > SUMMARY_CHARS_MAX:
                break
            joined = f"{joined} {text}"
        return clip(joined, SUMMARY_CHARS_MAX)
    return clip(inline(question.task.evidence) or f"The task ended as {question.task.status}.", SUMMARY_CHARS_MAX)


def decisions(messages: Sequence[NumberedMessage]) -> tuple[str, ...]:
    """What the user chose when the agent offered ways, at most three."""
    found: list[str] = []
    offered = False
    for numbered in messages:
        message = numbered.message
        prose = (message.words_of("person") if message.is_from_person else message.prose()).rstrip()
        if message.role == "assistant" and prose:
            tail = prose[-_TAIL_CHARS:]
            offered = tail.endswith("?") and _WAYS.search(tail) is not None
        elif message.is_from_person and offered:
            offered = False
            chosen = _choice([one.text for one in said(prose)[:_SENTENCES]])
            if chosen:
                found.append(clip(masked(one_line(chosen)), _CHOICE_CHARS_MAX))
    return tuple(found[:DECISIONS_MAX])


def _choice(sentences: Sequence[str]) -> str:
    for text in sentences:
        if len(_GO.sub("", text).split()) >= _WORDS_MIN and not text.endswith("?") and is_safe(text):
            return text
    return ""
