"""The rules engine: the three stages' questions answered without a model, deterministic and offline."""

import asyncio

from seasoned.llm.model import (
    DistillAnswer,
    DistillQuestion,
    ExtractAnswer,
    ExtractQuestion,
    WriteAnswer,
    WriteQuestion,
)
from seasoned.llm.rules.distill import distill
from seasoned.llm.rules.extract import extract
from seasoned.llm.rules.write import write

__all__ = ["RULES", "Rules"]

RULES = "rules"


class Rules:
    """Answers by fixed rules (see `seasoned.llm.model.Model`); never fails and keeps nothing between questions.

    Long texts take a while, so the rules run in a thread and the event loop goes on.
    """

    name = RULES

    async def extract(self, question: ExtractQuestion) -> ExtractAnswer:
        """Which requests, outcomes and stated preferences the messages hold outright."""
        return await asyncio.to_thread(extract, question)

    async def distill(self, question: DistillQuestion) -> DistillAnswer:
        """Which errors, fixes and corrections a finished task holds outright."""
        return await asyncio.to_thread(distill, question)

    async def write(self, question: WriteQuestion) -> WriteAnswer:
        """Where the lessons go, without rewording them."""
        return await asyncio.to_thread(write, question)

    async def close(self) -> None:
        """Nothing is held."""
