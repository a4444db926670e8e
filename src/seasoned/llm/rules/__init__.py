"""The rules engine: the three stages' questions answered without a model, deterministic and offline."""

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

__all__ = ["Rules"]


class Rules:
    """Answers by fixed rules (see `seasoned.llm.model.Model`); never fails and keeps nothing between questions."""

    name = "rules"

    async def extract(self, question: ExtractQuestion) -> ExtractAnswer:
        """Which requests, outcomes and stated preferences the messages hold outright."""
        return extract(question)

    async def distill(self, question: DistillQuestion) -> DistillAnswer:
        """Which errors, fixes and corrections a finished task holds outright."""
        return distill(question)

    async def write(self, question: WriteQuestion) -> WriteAnswer:
        """Where the lessons go, without rewording them."""
        return write(question)
