"""Accounting of model calls: for whom, at what cost, and stored answers, so that none is paid for twice."""

from typing import Literal, Protocol

import msgspec

Stage = Literal["extract", "distill", "write"]


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """On whose behalf a question is asked: ids, empty if they do not apply."""

    project_id: str = ""
    space_id: str = ""
    session_id: str = ""
    task_id: str = ""


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One model call. `answer` is set if it was usable, otherwise `error` says why not.

    `requests` includes corrections. The price is in millionths of a dollar, None if unknown.
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
    """The store of calls."""

    async def allow(self, scope: Scope) -> None:
        """Whether a call may be made now. Raises OverBudget when a budget is used up."""
        ...

    async def answer_to(self, question_sha256: str) -> str | None:
        """The stored answer to the same question, if any."""
        ...

    async def add(self, call: CallRecord) -> None:
        """Store a call; its answer may be used after this returns."""
        ...
