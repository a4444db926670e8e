"""What a task's journal entry says: the agent's last report in a sentence or two, and what the user chose."""

import re
from collections.abc import Sequence
from typing import Final

from seasoned.learning.questions import DistillQuestion
from seasoned.message import Message, NumberedMessage
from seasoned.rules.explained import said
from seasoned.rules.safety import clip, inline, is_safe, masked, one_line
from seasoned.rules.text import sentences

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
    """How the task ended: the first telling sentences of the agent's last report, else the evidence.

    The report of a task that failed may claim success, so it is marked as the agent's.
    """
    report = next((text for one in reversed(question.messages) if (text := _report(one.message))), "")
    evidence = inline(question.task.evidence)
    if question.task.status == "failed":
        report = f"It failed. {f'The agent said last: {report}' if report else evidence}"
    return clip(report or evidence or f"The task ended as {question.task.status}.", SUMMARY_CHARS_MAX)


def _report(message: Message) -> str:
    if message.role != "assistant" or message.calls_tools:
        return ""
    told = [one for one in sentences(said(message, "agent"), "agent") if not one.asks and not _PLEASANT.match(one.text)]
    lines = [one_line(masked(one.text)) for one in told if is_safe(one.text) and len(one.text.split()) >= _WORDS_MIN]
    lines = [line for line in lines if not line.endswith(":")]
    joined = "".join(lines[:1])
    for text in lines[1:_SENTENCES]:
        if len(joined) + len(text) + 1 > SUMMARY_CHARS_MAX:
            break
        joined = f"{joined} {text}"
    return joined


def decisions(messages: Sequence[NumberedMessage]) -> tuple[str, ...]:
    """What the user chose when the agent offered ways, at most three."""
    found: list[str] = []
    offered = False
    for numbered in messages:
        message = numbered.message
        tail, chosen_in = said(message, "agent").rstrip()[-_TAIL_CHARS:], said(message, "person")
        if tail:
            offered = tail.endswith("?") and _WAYS.search(tail) is not None
        elif chosen_in and offered:
            offered = False
            chosen = _choice([one.text for one in sentences(chosen_in)[:_SENTENCES]])
            if chosen:
                found.append(clip(masked(one_line(chosen)), _CHOICE_CHARS_MAX))
    return tuple(found[:DECISIONS_MAX])


def _choice(sentences: Sequence[str]) -> str:
    for text in sentences:
        if len(_GO.sub("", text).split()) >= _WORDS_MIN and not text.endswith("?") and is_safe(text):
            return text
    return ""
