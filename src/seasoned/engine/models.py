"""The learner that the settings choose: a language model, or the built-in rules."""

from seasoned.config import MODELS, Config
from seasoned.engine.model_calls import ModelCalls
from seasoned.learning.accounting import Stage
from seasoned.learning.questions import Model
from seasoned.models import checking
from seasoned.models.language import LanguageModel
from seasoned.models.providers import Price
from seasoned.rules import Rules, RulesHints
from seasoned.store import Store


async def check(config: Config) -> None:
    """Check that every configured model is usable. Raises Invalid with what to do."""
    if config.model:
        named = {name: setting for setting, names in reversed(config.models.items()) for name in names}
        await checking.check(named, config.base_url)


def model_of(config: Config, store: Store) -> Model:
    """The configured language model, else the built-in rules."""
    if not config.model:
        return Rules()
    by_stage: dict[Stage, str] = {
        "extract": config.model_extract,
        "distill": config.model_distill,
        "write": config.model_write,
    }
    return LanguageModel(
        config.model,
        ModelCalls(store, config),
        timeout_seconds=config.model_timeout_seconds,
        timeout_seconds_max=config.model_timeout_seconds_max,
        calls_at_once=config.model_calls,
        by_stage={stage: name for stage, name in by_stage.items() if name},
        fallbacks=config.models[MODELS[-1]],
        base_url=config.base_url,
        price=_price(config),
        output_tokens_max=config.model_output_tokens,
        hints=RulesHints(),
    )


def _price(config: Config) -> Price | None:
    if not (config.price_input_usd or config.price_output_usd):
        return None
    return Price(input_usd=config.price_input_usd, output_usd=config.price_output_usd)
