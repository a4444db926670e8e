"""Accounting of model calls: what was asked for whom, what it cost, and answers that need not be paid for twice."""

from typing import Literal, Protocol

import msgspec

Stage = Literal["extract", "distill", "write"]


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """For whom a question is asked: ids, empty where they do not apply."""

    project_id: str = ""
    space_id: str = ""
    session_id: str = ""
    task_id: str = ""


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a model. `answer` is set when it was usable, else `error` says why not.

    `requests` counts the corrections in. The price is in millionths of a dollar, None when it is not known.
    """

    scope: Scope
    stage: Stage
    model: str
    prompt_sha256: str
    question_sha256: str
    answer: str | None = None
    error: str = ""
    requests: int = 1
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    price_micros: int | None = None
    latency_ms: int = 0


class CallLog(Protocol):
    """Where calls are kept."""

    async def allow(self, scope: Scope) -> None:
        """Whether a call may be made now. Raises OverBudget when a budget is used up."""
        ...

    async def answer_to(self, question_sha256: str) -> str | None:
        """The stored answer to the same question, if any."""
        ...

    async def add(self, call: CallRecord) -> None:
        """Store a call; its answer may be used after this returns."""
        ...
