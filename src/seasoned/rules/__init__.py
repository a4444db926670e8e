"""The rules engine: the three stages' questions answered without a model, deterministic and offline."""

import asyncio
from collections.abc import Sequence

from seasoned.learning.questions import (
    ContrastAnswer,
    ContrastQuestion,
    DistillAnswer,
    DistillQuestion,
    ExtractAnswer,
    ExtractQuestion,
    Noticed,
    TaskChange,
    WriteAnswer,
    WriteQuestion,
)
from seasoned.message import NumberedMessage

__all__ = ["Rules", "RulesHints", "extract_tasks"]

RULES = "rules"
HINT_CHARS_MAX = 160
EXTRACT_HINTS_MAX = 20

# The rules compile some hundred patterns, which takes half a second: only who learns pays for it, at first use.


def _extract(question: ExtractQuestion) -> ExtractAnswer:
    from seasoned.rules.extract import extract  # noqa: PLC0415

    return extract(question)


def _distill(question: DistillQuestion) -> DistillAnswer:
    from seasoned.rules.distill import distill  # noqa: PLC0415

    return distill(question)


def _write(question: WriteQuestion) -> WriteAnswer:
    from seasoned.rules.write import write  # noqa: PLC0415

    return write(question)


def extract_tasks(question: ExtractQuestion) -> tuple[TaskChange, ...]:
    """The tasks that the rules find, for counting them without a model."""
    return _extract(question).tasks


def extract_hints(question: ExtractQuestion, at_most: int) -> tuple[str, ...]:
    """What the rules notice in new messages, as lines for a model's prompt: where requests begin, what users prefer."""
    found = _extract(question)
    begun = ", ".join(str(task.messages[0]) for task in found.tasks if task.order is None)
    lines = [f"requests seem to begin in messages {begun}"] if begun else []
    lines += [f"message {one.message} seems to state: {one.text[:HINT_CHARS_MAX]}" for one in found.preferences]
    return tuple(lines[:at_most])


class Rules:
    """Answers by fixed rules (see `learning.questions.Model`); never fails and keeps nothing between questions.

    Long texts take a while, so the rules run in a thread and the event loop goes on.
    """

    name = RULES
    mends_refused_edits = False  # the same question gets the same answer

    async def extract(self, question: ExtractQuestion) -> ExtractAnswer:
        """Which requests, outcomes and stated preferences the messages hold outright."""
        return await asyncio.to_thread(_extract, question)

    async def distill(self, question: DistillQuestion) -> DistillAnswer:
        """Which errors, fixes and corrections a finished task holds outright."""
        return await asyncio.to_thread(_distill, question)

    async def contrast(self, _: ContrastQuestion) -> ContrastAnswer:
        """Nothing: two attempts prove nothing by rule; what recurs in three is a procedure."""
        return ContrastAnswer(skip_reason="The rules count over sessions, and compare no two of them.")

    async def write(self, question: WriteQuestion) -> WriteAnswer:
        """Where the lessons go, without rewording them."""
        return await asyncio.to_thread(_write, question)

    async def close(self) -> None:
        """Nothing is held."""


class RulesHints:
    """What the rules notice, as lines for a model's prompts (see `learning.questions.Hints`)."""

    def for_extract(self, question: ExtractQuestion) -> tuple[str, ...]:
        """Where requests begin, and what users prefer."""
        return extract_hints(question, EXTRACT_HINTS_MAX)

    def for_distill(self, messages: Sequence[NumberedMessage]) -> Noticed:
        """What failed, cost time or was written without a yes, and how it ended."""
        from seasoned.rules.hints import noticed  # noqa: PLC0415

        return noticed(messages)
