"""Language models behind the seam: each question becomes one prompt, each answer is parsed and checked.

The model is asked for one JSON object and has no tools. What does not parse, or claims something the messages do not
support, goes back to it with the reasons; parts that are wrong again are rejected alone. Every answer is stored before
it is used and looked up by the hash of the whole question, so that none is paid for twice.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib import resources
from typing import TYPE_CHECKING, TypeVar

import msgspec

from seasoned import instrumentation
from seasoned.errors import ModelFailed, ModelUnavailable, OverBudget
from seasoned.instrumentation import ModelCall
from seasoned.learning.accounting import CallLog, CallRecord, Scope, Stage
from seasoned.learning.questions import (
    ContrastAnswer,
    ContrastQuestion,
    DistillAnswer,
    DistillQuestion,
    ExtractAnswer,
    ExtractQuestion,
    Hints,
    WriteAnswer,
    WriteQuestion,
)
from seasoned.models import answers, prompts, providers
from seasoned.models.answers import PROBLEMS_MAX, Problems
from seasoned.models.providers import Price, Providers

if TYPE_CHECKING:
    from pydantic_ai import Agent, RunUsage
    from pydantic_ai.models import Model as ProviderModel

A = TypeVar("A", ExtractAnswer, DistillAnswer, ContrastAnswer, WriteAnswer)
Reader = Callable[[bytes, Problems], A]

# The default output limit: current models support it, and a list of edits can be long.
OUTPUT_TOKENS_MAX = 16_000
# How often an answer is sent back in one stage run.
CORRECTIONS_MAX = 2
ANSWER_CHARS_MAX = 400_000
SLOW_REMEMBERED_MAX = 1_000
TRIVIAL = "A short question that was answered without tools or corrections teaches nothing."
_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)\n?```", re.DOTALL)


class _Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question as it is sent."""

    stage: Stage
    instructions: str
    prompt: str
    scope: Scope
    # What the prompt begins with in common with others of the session.
    prefix: str = ""
    # What is hashed when it is not the prompt, because that also says how things stand now.
    key: str = ""

    def sha256(self, model: str) -> str:
        """The hash of this question to this model."""
        return hashlib.sha256(f"{model}\0{self.instructions}\0{self.key or self.prompt}".encode()).hexdigest()


class LanguageModel:
    """Answers the stages' questions with a provider's model, `provider:name`.

    `by_stage` names another model for some stages; `fallbacks` are tried in turn when a model is unavailable. After a
    timeout, the next call gets twice as long, up to `timeout_seconds_max`.
    """

    mends_refused_edits = True

    def __init__(
        self,
        name: str,
        log: CallLog,
        *,
        timeout_seconds: float,
        calls_at_once: int,
        timeout_seconds_max: float = 0.0,
        by_stage: Mapping[Stage, str] | None = None,
        fallbacks: Sequence[str] = (),
        base_url: str = "",
        price: Price | None = None,
        output_tokens_max: int = OUTPUT_TOKENS_MAX,
        hints: Hints | None = None,
    ) -> None:
        self._hints = hints
        self._output_tokens_max = output_tokens_max
        self._name = name
        self._log = log
        self._timeout = timeout_seconds
        self._timeout_max = max(timeout_seconds, timeout_seconds_max)
        self._by_stage = dict(by_stage or {})
        self._fallbacks = tuple(fallbacks)
        self._slots = asyncio.Semaphore(calls_at_once)
        self._providers = Providers(base_url, price)
        self._slow: dict[str, int] = {}

    @property
    def name(self) -> str:
        """`provider:name` of the model that answers unless a stage has its own."""
        return self._name

    async def extract(self, question: ExtractQuestion) -> ExtractAnswer:
        """Which tasks and preferences the new messages hold."""
        if self._hints is not None:
            lines = await asyncio.to_thread(self._hints.for_extract, question)
            question = msgspec.structs.replace(question, hints=lines)
        read = partial(_read_extract, question)
        prompt, prefix = prompts.extract_prompt(question), prompts.standing(question.session)
        asked = _question("extract", prompt, question.scope, prefix=prefix)
        return await self._ask(asked, read)

    async def distill(self, question: DistillQuestion) -> DistillAnswer:
        """What a finished task teaches. A plain answer to a short question teaches nothing: no model is asked."""
        if prompts.is_trivial(question):
            return DistillAnswer(summary="", skip_reason=TRIVIAL)
        if self._hints is not None:
            noticed = await asyncio.to_thread(self._hints.for_distill, question.messages)
            question = msgspec.structs.replace(question, hints=noticed.lines, telling=noticed.telling)
        read = partial(_read_distill, question)
        prompt, prefix = prompts.distill_prompt(question), prompts.standing(question.session)
        # After a crash the entries may be others: the same task is not paid for twice.
        key = prompts.distill_prompt(msgspec.structs.replace(question, entries=()))
        return await self._ask(_question("distill", prompt, question.scope, prefix=prefix, key=key), read)

    async def contrast(self, question: ContrastQuestion) -> ContrastAnswer:
        """What made the difference between a successful and a failed attempt at the same request."""
        read = partial(_read_contrast, question)
        prompt, prefix = prompts.contrast_prompt(question), prompts.standing(question.session)
        return await self._ask(_question("distill", prompt, question.scope, prefix=prefix, told="contrast"), read)

    async def write(self, question: WriteQuestion) -> WriteAnswer:
        """How the lessons change the skills."""
        keys = {f"L{number}": pending.key for number, pending in enumerate(question.lessons, start=1)}
        asked = _question("write", prompts.write_prompt(question), question.scope)
        return await self._ask(asked, partial(_read_write, keys))

    async def close(self) -> None:
        """Close the providers' connections."""
        await self._providers.close()

    async def _ask(self, question: _Question, read: Reader[A]) -> A:
        absent: ModelUnavailable | None = None
        for name in dict.fromkeys((self._by_stage.get(question.stage, self._name), *self._fallbacks)):
            known = await self._log.answer_to(question.sha256(name))
            if known is not None:
                return read(known.encode(), [])
            try:
                async with self._slots:
                    return await self._call(name, question, read)
            except OverBudget:
                raise
            except ModelUnavailable as error:
                absent = absent or error
        raise absent or ModelUnavailable("No model is set.")

    async def _call(self, name: str, question: _Question, read: Reader[A]) -> A:
        await self._log.allow(question.scope)
        call = ModelCall(
            stage=question.stage,
            model=name,
            output_tokens_max=self._output_tokens_max,
            **msgspec.structs.asdict(question.scope),
        )
        with instrumentation.watch(call):
            return await self._watched(name, question, read, call)

    async def _watched(self, name: str, question: _Question, read: Reader[A], signal: ModelCall) -> A:
        from pydantic_ai import Agent, RunUsage  # noqa: PLC0415 - heavy, and only for who has a model
        from pydantic_ai.exceptions import AgentRunError, UserError  # noqa: PLC0415

        asked, usage, started = question.sha256(name), RunUsage(), time.monotonic()
        model: ProviderModel = await self._providers.model(name)
        agent: Agent[None, str] = Agent(model, instructions=question.instructions, retries=CORRECTIONS_MAX)
        check = _AnswerCheck(agent, read)
        settings = providers.settings_for(name, self._seconds(asked), self._output_tokens_max)
        try:
            given = providers.prompt_for(name, question.prompt, question.prefix)
            result = await agent.run(given, usage=usage, model_settings=settings)
            answer = result.output
        except (AgentRunError, UserError, ModelFailed) as error:
            if providers.is_timeout(error):
                self._note_slow(asked)
            if check.usable is None:
                failure = providers.failure(error, check.refused, name)
                await self._keep(name, question, usage, started, None, str(failure), signal)
                raise failure from error
            answer = check.usable
        raw = only_json(answer)
        await self._keep(name, question, usage, started, raw.decode(), "", signal)
        self._slow.pop(asked, None)
        return read(raw, [])

    async def _keep(
        self,
        name: str,
        question: _Question,
        usage: "RunUsage",
        started: float,
        answer: str | None,
        error: str,
        signal: ModelCall,
    ) -> None:
        call = CallRecord(
            scope=question.scope,
            stage=question.stage,
            model=name,
            prompt_sha256=hashlib.sha256(question.instructions.encode()).hexdigest(),
            question_sha256=question.sha256(name),
            answer=answer,
            error=error,
            requests=usage.requests,
            input_tokens=usage.input_tokens,
            cached_tokens=usage.cache_read_tokens,
            output_tokens=usage.output_tokens,
            price_micros=self._providers.price_micros(usage),
            latency_ms=int((time.monotonic() - started) * 1000),
        )
        for field in ("requests", "input_tokens", "cached_tokens", "output_tokens", "price_micros"):
            setattr(signal, field, getattr(call, field))
        await self._log.add(call)

    def _seconds(self, asked: str) -> float:
        """The timeout of a call, doubled for each earlier timeout."""
        return float(min(self._timeout * 2 ** self._slow.get(asked, 0), self._timeout_max))

    def _note_slow(self, asked: str) -> None:
        if len(self._slow) >= SLOW_REMEMBERED_MAX:
            self._slow.clear()
        self._slow[asked] = self._slow.get(asked, 0) + 1


class _AnswerCheck:
    """Checks each answer of a run, and sends it back with its errors; for wrong claims only once.

    `usable` is the newest usable answer, `refused` the reason why the last unusable one was rejected.
    """

    def __init__(self, agent: "Agent[None, str]", read: Callable[[bytes, Problems], object]) -> None:
        self.usable: str | None = None
        self.refused = ""
        self._read = read
        agent.output_validator(self._look)

    def _look(self, text: str) -> str:
        from pydantic_ai import ModelRetry  # noqa: PLC0415

        problems: Problems = []
        try:
            self._read(only_json(text), problems)
        except (ModelFailed, msgspec.DecodeError) as error:
            self.refused = str(error) if isinstance(error, ModelFailed) else _form(error)
            raise ModelRetry(
                f"Invalid answer: {str(error).removesuffix('.')}. Answer with the corrected JSON object only."
            ) from None
        first, self.usable = self.usable is None, text
        if problems and first:
            wrong = "\n".join(f"- {problem}" for problem in problems[:PROBLEMS_MAX])
            raise ModelRetry(
                f"Parts of the answer are invalid:\n{wrong}\nAnswer with the whole corrected JSON object only."
            )
        return text


def _form(error: msgspec.DecodeError) -> str:
    """A JSON error without the content: its path has only our own names."""
    _, _, place = str(error).partition(" - at ")
    return f"the JSON has not the form that was asked for{f' at {place}' if place else ''}."


@cache
def instructions(name: str) -> str:
    """What the model is told to do, by a stage's name or a question's own."""
    return (resources.files("seasoned") / "models" / "prompts" / f"{name}.md").read_text()


def _question(stage: Stage, prompt: str, scope: Scope, prefix: str = "", key: str = "", told: str = "") -> _Question:
    how = instructions(told or stage)
    return _Question(stage=stage, instructions=how, prompt=prompt, scope=scope, prefix=prefix, key=key)


def _read_extract(question: ExtractQuestion, raw: bytes, problems: Problems) -> ExtractAnswer:
    return answers.read_extract(raw, question, problems)


def _read_distill(question: DistillQuestion, raw: bytes, problems: Problems) -> DistillAnswer:
    return answers.read_distill(raw, question, problems)


def _read_contrast(question: ContrastQuestion, raw: bytes, problems: Problems) -> ContrastAnswer:
    return answers.read_contrast(raw, question, problems)


def _read_write(keys: Mapping[str, str], raw: bytes, problems: Problems) -> WriteAnswer:
    return answers.read_write(raw, keys, problems)


def only_json(text: str) -> bytes:
    """The JSON object of an answer, without the prose or code fence that models put around it.

    Raises ModelFailed when there is none.
    """
    if len(text) > ANSWER_CHARS_MAX:
        raise ModelFailed(f"the answer is longer than {ANSWER_CHARS_MAX} characters.")
    fenced = _FENCED.search(text)
    body = fenced[1] if fenced else text
    start, end = body.find("{"), body.rfind("}")
    if start < 0 or end < start:
        raise ModelFailed("the answer contains no JSON object.")
    return body[start : end + 1].encode()
