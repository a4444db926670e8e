"""Language models behind the seam: each question becomes one prompt, each answer is parsed and checked.

The model is asked for one JSON object and has no tools. What does not parse goes back to it with the error, once or
twice; after that the stage tries again later. Messages stand in the prompt as fenced data. Providers come through
pydantic-ai; it is imported when the first question is asked, since it costs most of a second.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING, TypeVar

import msgspec

from seasoned.errors import ModelFailed, ModelUnavailable
from seasoned.llm import asking
from seasoned.llm.calls import Call, CallLog, Scope, Stage
from seasoned.llm.model import (
    DistillAnswer,
    DistillQuestion,
    ExtractAnswer,
    ExtractQuestion,
    WriteAnswer,
    WriteQuestion,
)

if TYPE_CHECKING:
    from pydantic_ai.models import Model as ProviderModel

A = TypeVar("A", ExtractAnswer, DistillAnswer, WriteAnswer)

OUTPUT_TOKENS_MAX = 16_000
# How often an answer that does not parse is sent back within one run of a stage.
CORRECTIONS_MAX = 2
ANSWER_CHARS_MAX = 400_000
SERVER_ERRORS = 500
WAITING_STATUSES = frozenset({401, 402, 403, 404, 408, 409, 425, 429})
_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)\n?```", re.DOTALL)


class LanguageModel:
    """Answers the stages' questions with a provider's model, `provider:name`."""

    def __init__(self, name: str, log: CallLog, *, timeout_seconds: float, calls_at_once: int) -> None:
        self._name = name
        self._log = log
        self._timeout = timeout_seconds
        self._slots = asyncio.Semaphore(calls_at_once)
        self._provider: ProviderModel | None = None

    @property
    def name(self) -> str:
        """`provider:name`."""
        return self._name

    async def extract(self, question: ExtractQuestion) -> ExtractAnswer:
        """Which tasks and preferences the new messages hold."""
        return await self._ask("extract", asking.extract_prompt(question), question.scope, asking.read_extract)

    async def distill(self, question: DistillQuestion) -> DistillAnswer:
        """What a finished task teaches."""
        return await self._ask("distill", asking.distill_prompt(question), question.scope, asking.read_distill)

    async def write(self, question: WriteQuestion) -> WriteAnswer:
        """How the lessons change the skills."""
        keys = {f"L{number}": pending.key for number, pending in enumerate(question.lessons, start=1)}
        return await self._ask(
            "write", asking.write_prompt(question), question.scope, lambda raw: asking.read_write(raw, keys)
        )

    async def close(self) -> None:
        """Let go of the provider's connections."""
        if self._provider is not None:
            await self._provider.__aexit__(None, None, None)
            self._provider = None

    async def _ask(self, stage: Stage, prompt: str, scope: Scope, read: Callable[[bytes], A]) -> A:
        instructions = (resources.files("seasoned") / "llm" / "prompts" / f"{stage}.md").read_text()
        asked = hashlib.sha256(f"{self._name}\0{instructions}\0{prompt}".encode()).hexdigest()
        known = await self._log.answer_to(asked)
        if known is not None:
            return read(known.encode())
        async with self._slots:
            return await self._call(stage, instructions, prompt, scope, asked, read)

    async def _call(
        self, stage: Stage, instructions: str, prompt: str, scope: Scope, asked: str, read: Callable[[bytes], A]
    ) -> A:
        from pydantic_ai import Agent, ModelRetry, RunUsage  # noqa: PLC0415 - heavy, and only for who has a model
        from pydantic_ai.exceptions import AgentRunError, UserError  # noqa: PLC0415

        usage, started = RunUsage(), time.monotonic()
        refused: list[str] = []
        agent = Agent(await self._model(), instructions=instructions, retries=CORRECTIONS_MAX)

        @agent.output_validator
        def check(text: str) -> str:
            try:
                read(only_json(text))
            except (ModelFailed, msgspec.DecodeError) as error:
                refused.append(str(error))
                raise ModelRetry(f"That cannot be used: {error}. Answer with the corrected JSON object only.") from None
            return text

        def call(answer: str | None, error: str) -> Call:
            return Call(
                scope=scope,
                stage=stage,
                model=self._name,
                prompt_sha256=hashlib.sha256(instructions.encode()).hexdigest(),
                question_sha256=asked,
                answer=answer,
                error=error,
                input_tokens=usage.input_tokens,
                cached_tokens=usage.cache_read_tokens,
                output_tokens=usage.output_tokens,
                latency_ms=int((time.monotonic() - started) * 1000),
            )

        try:
            result = await agent.run(
                prompt, usage=usage, model_settings={"timeout": self._timeout, "max_tokens": OUTPUT_TOKENS_MAX}
            )
        except (AgentRunError, UserError) as error:
            failure = _failure(error, refused)
            await self._log.add(call(None, str(failure)))
            raise failure from None
        raw = only_json(result.output)
        await self._log.add(call(raw.decode(), ""))
        return read(raw)

    async def _model(self) -> "ProviderModel":
        if self._provider is None:
            from pydantic_ai.exceptions import UserError  # noqa: PLC0415
            from pydantic_ai.models import infer_model  # noqa: PLC0415

            # Every OpenAI-compatible server speaks Chat Completions; `openai-responses:` asks for the other API.
            name = re.sub(r"^openai:", "openai-chat:", self._name)
            try:
                # Entered until `close`, so that all calls share the provider's connections.
                self._provider = await infer_model(name).__aenter__()
            except (UserError, ImportError, ValueError) as error:
                raise ModelUnavailable(f"The model {self._name!r} cannot be used: {error}") from None
        return self._provider


def only_json(text: str) -> bytes:
    """The JSON object of an answer, without the prose or code fence that models put around it.

    Raises ModelFailed when there is none.
    """
    if len(text) > ANSWER_CHARS_MAX:
        raise ModelFailed(f"the answer has more than {ANSWER_CHARS_MAX} characters")
    fenced = _FENCED.search(text)
    body = fenced[1] if fenced else text
    start, end = body.find("{"), body.rfind("}")
    if start < 0 or end < start:
        raise ModelFailed("the answer holds no JSON object")
    return body[start : end + 1].encode()


def _failure(error: Exception, refused: list[str]) -> ModelFailed:
    """Whether the provider is out of reach, which waiting cures, or the answers were of no use."""
    from pydantic_ai import exceptions  # noqa: PLC0415

    sentence = " ".join(str(error).split())[:500]
    status = getattr(error, "status_code", None)
    passing = isinstance(error, (exceptions.ModelConnectionError, exceptions.UserError))
    # A wrong key or an exhausted quota is mended by the operator, the rest by the provider: neither by giving up.
    if passing or (isinstance(status, int) and (status in WAITING_STATUSES or status >= SERVER_ERRORS)):
        return ModelUnavailable(f"The model cannot be reached: {sentence}")
    last = f" (the last answer: {refused[-1][:300]})" if refused else ""
    return ModelFailed(f"The model gave no usable answer: {sentence}{last}")
