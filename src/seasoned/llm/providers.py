"""Providers of language models through pydantic-ai: opening them once, asking them, and telling what went wrong.

pydantic-ai is imported when the first question is asked, since it costs most of a second.
"""

import asyncio
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from seasoned.errors import ModelFailed, ModelUnavailable

if TYPE_CHECKING:
    from pydantic_ai import RunUsage
    from pydantic_ai.models import Model as ProviderModel
    from pydantic_ai.providers import Provider
    from pydantic_ai.settings import ModelSettings

MICROS = 1_000_000
REASON_CHARS_MAX = 500
OPENAI = ("openai", "openai-chat", "openai-responses")


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a million tokens cost, in dollars."""

    input_usd: float
    output_usd: float


class Providers:
    """The models that were asked for, each opened once, so that all calls share its connections."""

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
        from openai import OpenAIError  # noqa: PLC0415 - heavy, and only for who has a model
        from pydantic_ai.exceptions import UserError  # noqa: PLC0415
        from pydantic_ai.models import infer_model  # noqa: PLC0415

        # Every OpenAI-compatible server speaks Chat Completions; `openai-responses:` asks for the other API.
        full = re.sub(r"^openai:", "openai-chat:", name)
        try:
            return await infer_model(full, self._provider).__aenter__()
        except (UserError, OpenAIError, ImportError, ValueError) as error:
            # Such as an empty key, which is one for pydantic-ai but none for OpenAI's client.
            raise ModelUnavailable(f"The model {name!r} cannot be used: {_sentence(error)}") from None

    def _provider(self, name: str) -> "Provider[Any]":  # what a provider's client is differs with each
        from pydantic_ai.providers import infer_provider  # noqa: PLC0415

        if self._base_url and name in OPENAI:
            from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415

            return OpenAIProvider(base_url=self._base_url)
        return infer_provider(name)

    def price_micros(self, usage: "RunUsage") -> int | None:
        """What the calls of a run cost, in millionths of a dollar; None when no price list knows the model."""
        if self._price is not None:
            dollars = usage.input_tokens * self._price.input_usd + usage.output_tokens * self._price.output_usd
            return round(dollars)
        return None if usage.cost is None else int(usage.cost * Decimal(MICROS))

    async def close(self) -> None:
        """Let go of every provider's connections."""
        opened, self._open = self._open, {}
        for model in opened.values():
            await model.__aexit__(None, None, None)


def settings_for(name: str, timeout_seconds: float, tokens_max: int) -> "ModelSettings":
    """How a model is called: the time for one try, the longest answer, and caching where a provider must be told."""
    if name.startswith("anthropic:"):
        from pydantic_ai.models.anthropic import AnthropicModelSettings  # noqa: PLC0415

        return AnthropicModelSettings(timeout=timeout_seconds, max_tokens=tokens_max, anthropic_cache_instructions=True)
    return {"timeout": timeout_seconds, "max_tokens": tokens_max}


def is_timeout(error: Exception) -> bool:
    """Whether a call ran out of its time."""
    from pydantic_ai.exceptions import ModelTimeoutError  # noqa: PLC0415

    return isinstance(error, ModelTimeoutError)


def failure(error: Exception, refused: str) -> ModelFailed:
    """Whether the provider is out of reach, which waiting cures, or the answers were of no use.

    A wrong key or an exhausted quota is mended by the operator, the rest by the provider: neither by giving up.
    """
    from pydantic_ai import exceptions  # noqa: PLC0415

    sentence = _sentence(error)
    curable = (exceptions.ModelAuthenticationError, exceptions.ModelNotFoundError)
    rejected = isinstance(error, exceptions.ModelRequestRejectedError) and not isinstance(error, curable)
    if isinstance(error, exceptions.UserError) or (isinstance(error, exceptions.ModelAPIError) and not rejected):
        wait = getattr(error, "retry_after", None)
        return ModelUnavailable(f"The model cannot be reached: {sentence}", retry_after_seconds=wait or 0.0)
    last = f" (the last answer: {refused[:300]})" if refused else ""
    return ModelFailed(f"The model gave no usable answer: {sentence}{last}")


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())[:REASON_CHARS_MAX]
