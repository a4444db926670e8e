"""Providers of language models through pydantic-ai: opening them once, calling them, and translating errors.

pydantic-ai is imported when the first question is asked, since it costs most of a second.
"""

import asyncio
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from seasoned.errors import ModelFailed, ModelUnavailable
from seasoned.models import command

if TYPE_CHECKING:
    from pydantic_ai import RunUsage
    from pydantic_ai.messages import UserContent
    from pydantic_ai.models import Model as ProviderModel
    from pydantic_ai.providers import Provider
    from pydantic_ai.settings import ModelSettings

MICROS = 1_000_000
# Shorter prefixes are not cached by themselves; with the stage's instructions before it, this one is.
CACHED_CHARS_MIN = 1_000
_KEY_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9_]*_KEY\b")
OPENAI = ("openai", "openai-chat", "openai-responses")


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """The price of a million tokens in dollars."""

    input_usd: float
    output_usd: float


class Providers:
    """The models in use, each opened once, so that all calls share its connections."""

    def __init__(self, base_url: str = "", price: Price | None = None) -> None:
        self._base_url = base_url
        self._price = price
        self._open: dict[str, ProviderModel] = {}
        self._opening = asyncio.Lock()

    async def model(self, name: str) -> "ProviderModel":
        """The model `provider:name`. Raises ModelUnavailable when its provider cannot be used."""
        async with self._opening:
            if name not in self._open:
                self._open[name] = await self._enter(name)
            return self._open[name]

    async def _enter(self, name: str) -> "ProviderModel":
        if command.unusable(name) or command.command_of(name):
            return command.opened(name)
        from openai import OpenAIError  # noqa: PLC0415 - heavy, and only for who has a model
        from pydantic_ai.exceptions import UserError  # noqa: PLC0415
        from pydantic_ai.models import infer_model  # noqa: PLC0415

        # Every OpenAI-compatible server speaks Chat Completions; `openai-responses:` asks for the other API.
        full = re.sub(r"^openai:", "openai-chat:", name)
        try:
            return await infer_model(full, self._provider).__aenter__()
        except (UserError, OpenAIError, ImportError, ValueError) as error:
            # Such as an empty key, which is one for pydantic-ai but none for OpenAI's client.
            raise ModelUnavailable(_cannot_be_used(name, error)) from error

    def _provider(self, name: str) -> "Provider[Any]":  # what a provider's client is differs with each
        from pydantic_ai.providers import infer_provider  # noqa: PLC0415

        if self._base_url and name in OPENAI:
            from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415

            return OpenAIProvider(base_url=self._base_url)
        return infer_provider(name)

    def price_micros(self, usage: "RunUsage") -> int | None:
        """The price of a run's calls in millionths of a dollar; None if the model is in no price list."""
        if self._price is not None:
            dollars = usage.input_tokens * self._price.input_usd + usage.output_tokens * self._price.output_usd
            return round(dollars)
        return None if usage.cost is None else int(usage.cost * Decimal(MICROS))

    async def close(self) -> None:
        """Close every provider's connections."""
        opened, self._open = self._open, {}
        for model in opened.values():
            await model.__aexit__(None, None, None)


def settings_for(name: str, timeout_seconds: float, tokens_max: int) -> "ModelSettings":
    """The settings of a model call: timeout, output limit, and caching where a provider needs it."""
    if name.startswith("anthropic:"):
        from pydantic_ai.models.anthropic import AnthropicModelSettings  # noqa: PLC0415

        return AnthropicModelSettings(timeout=timeout_seconds, max_tokens=tokens_max, anthropic_cache_instructions=True)
    return {"timeout": timeout_seconds, "max_tokens": tokens_max}


def prompt_for(name: str, prompt: str, prefix: str) -> "str | list[UserContent]":
    """A prompt as a provider takes it: where its cache has to be told, the common prefix is a part of its own."""
    if not name.startswith("anthropic:") or len(prefix) < CACHED_CHARS_MIN or not prompt.startswith(prefix):
        return prompt
    from pydantic_ai.messages import CachePoint  # noqa: PLC0415

    return [prefix, CachePoint(), prompt[len(prefix) :]]


def is_timeout(error: Exception) -> bool:
    """Whether a call timed out."""
    from pydantic_ai.exceptions import ModelTimeoutError  # noqa: PLC0415

    return isinstance(error, ModelTimeoutError)


def failure(error: Exception, refused: str, name: str) -> ModelFailed:
    """The error as ModelUnavailable (waiting helps) or ModelFailed (the answers were unusable).

    The operator can fix a wrong key or an exhausted quota, and the provider the rest, so work must wait, not fail. The
    message is ours for the class of error, since a provider's text may repeat the key.
    """
    if isinstance(error, ModelFailed):
        return error
    absence = _sentence(error, name, _AWAY)
    if absence:
        wait: float | None = getattr(error, "retry_after", None)
        return ModelUnavailable(f"The model cannot be reached: {absence}", retry_after_seconds=wait or 0.0)
    useless = _sentence(error, name, _USELESS) or refused or "no answer had the form that was asked for."
    return ModelFailed(f"The model gave no usable answer: {useless}")


# Classes of pydantic-ai's errors, looked through in order: a class stands before its base.
_AWAY = (
    ("ModelAuthenticationError", "the provider refused the key{status}; check the key of `{provider}`."),
    (
        "ModelNotFoundError",
        "the provider knows no such model or address{status}; check SEASONED_MODEL and where `{provider}` is served.",
    ),
    ("ModelRequestRejectedError", ""),
    ("ModelQuotaExceededError", "the account's quota or credit is used up{status}; raise it at `{provider}`."),
    ("ModelRateLimitError", "the provider limits how much may be asked{status}; learning goes on by itself."),
    (
        "ModelUnavailableError",
        "the provider is out of service or overloaded{status}; learning goes on by itself when it is back.",
    ),
    (
        "ModelTimeoutError",
        "the answer did not come in time; it is asked for again with more (SEASONED_MODEL_TIMEOUT_SECONDS).",
    ),
    (
        "ModelConnectionError",
        "the connection to the provider failed; check the network and where `{provider}` is served.",
    ),
    ("ModelAPIError", "the provider failed{status}; learning goes on by itself when it is back."),
    ("UserError", "the settings of `{provider}` cannot be used; check SEASONED_MODEL and its key."),
)
_USELESS = (
    (
        "ModelContextWindowExceededError",
        "the question is longer than the model takes{status}; choose a larger model, or lower SEASONED_BATCH_CHARS.",
    ),
    ("ModelRequestRejectedError", "the provider rejected the request{status}; check the model and its settings."),
    ("ContentFilterError", "the model refused to answer."),
    ("OutputTokenLimitExceeded", "the answer was cut at the limit of tokens; raise SEASONED_MODEL_OUTPUT_TOKENS."),
)


def _sentence(error: Exception, name: str, sentences: Sequence[tuple[str, str]]) -> str:
    """Our message for an error, with the status of the response; empty for other classes."""
    from pydantic_ai import exceptions  # noqa: PLC0415

    status = f" (HTTP {error.status_code})" if isinstance(error, exceptions.ModelHTTPError) else ""
    for kind, sentence in sentences:
        if isinstance(error, getattr(exceptions, kind)):
            return sentence.format(status=status, provider=name.partition(":")[0])
    return ""


def _cannot_be_used(name: str, error: Exception) -> str:
    provider = name.partition(":")[0]
    if isinstance(error, ImportError):
        return f"The model {name!r} cannot be used: the client library of `{provider}` is not installed."
    # Only the names of variables are taken from the library's message.
    variables = " or ".join(dict.fromkeys(_KEY_VARIABLE.findall(str(error))))
    remedy = f"set its key in {variables}" if variables else "check SEASONED_MODEL and the provider's key"
    return f"The model {name!r} cannot be used: `{provider}` is unknown or not configured; {remedy}."
