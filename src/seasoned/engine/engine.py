"""The engine: a store, a dispatcher, and the use cases over them."""

from pathlib import Path

from seasoned.clock import Clock
from seasoned.config import Config
from seasoned.engine.budget import Budget
from seasoned.engine.calls import ModelCalls
from seasoned.engine.collecting import Collecting
from seasoned.engine.condition import Conditions
from seasoned.engine.disks import Disks
from seasoned.engine.keys import Keyring
from seasoned.engine.learning import Learning
from seasoned.engine.links import Links
from seasoned.engine.messages import Messages
from seasoned.engine.pages import Pages
from seasoned.engine.projects import Projects
from seasoned.engine.sessions import Sessions
from seasoned.engine.skills import Skills
from seasoned.engine.spaces import Spaces
from seasoned.engine.users import Users
from seasoned.errors import Invalid
from seasoned.llm.calls import Stage
from seasoned.llm.language import LanguageModel
from seasoned.llm.model import Model
from seasoned.llm.providers import Price
from seasoned.llm.rules import Rules
from seasoned.pipeline.carrier import Carrier, carrier
from seasoned.store import Store, health
from seasoned.store.health import Check


class Engine:
    """Everything that Seasoned can do, for one home."""

    def __init__(self, config: Config, store: Store, model: Model, dispatcher: Carrier | None = None) -> None:
        self.config = config
        self.store = store
        self._model = model
        self.keyring = Keyring(config.home_path, config.secret)
        self.calls = ModelCalls(store, config)
        self.answers = Budget(config.answers_bytes_max)
        self.dispatcher = dispatcher or carrier(store, model, config)
        self.projects = Projects(store, config, self.keyring)
        self.sessions = Sessions(store, config, self.dispatcher)
        self.messages = Messages(store, config, self.dispatcher)
        self.pages = Pages(store, config, self.answers)
        self.links = Links(store, self.keyring, by_store=config.blob_links == "store")
        self.spaces = Spaces(store, config, self.dispatcher)
        self.users = Users(store)
        self.disks = Disks(store, config)
        self.skills = Skills(store, config, self.answers)
        self.learning = Learning(store, config, self.dispatcher, self.spaces)
        self.collecting = Collecting(store, config)
        self.conditions = Conditions(store, config, self.dispatcher)

    @classmethod
    def open(cls, config: Config, *, clock: Clock | None = None, model: Model | None = None) -> "Engine":
        """Open a home, making it when it is new. Nothing is learned until `start`."""
        store = Store.open(config, clock)
        try:
            return cls(config, store, model or _model(config, store))
        except Invalid:
            store.close()
            raise

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.config.home_path

    async def start(self) -> None:
        """Make sure that the default project exists, and begin to work on what is due."""
        await self.projects.default()
        await self.dispatcher.start()
        self.collecting.start()

    async def close(self) -> None:
        """Stop working and close the store. Work under way is due again at the next start."""
        await self.collecting.close()
        await self.conditions.close()
        await self.dispatcher.close()
        await self._model.close()
        self.store.close()

    async def doctor(self) -> list[Check]:
        """Whether the home is well, check by check."""
        return await self.store.read(lambda connection: health.examine(connection, self.home))


def _model(config: Config, store: Store) -> Model:
    """Who learns: the language model of the settings, else the built-in rules. Raises Invalid for a name of none."""
    if not config.model:
        return Rules()
    by_stage: dict[Stage, str] = {
        "extract": config.model_extract,
        "distill": config.model_distill,
        "write": config.model_write,
    }
    fallbacks = [name.strip() for name in config.model_fallback.split(",") if name.strip()]
    for name in [config.model, *filter(None, by_stage.values()), *fallbacks]:
        provider, _, model = name.partition(":")
        if not provider or not model:
            raise Invalid(f"A model must be provider:name, such as openai:gpt-5-mini, not {name[:80]!r}.")
    return LanguageModel(
        config.model,
        ModelCalls(store, config),
        timeout_seconds=config.model_timeout_seconds,
        timeout_seconds_max=config.model_timeout_seconds_max,
        calls_at_once=config.model_calls,
        by_stage={stage: name for stage, name in by_stage.items() if name},
        fallbacks=fallbacks,
        base_url=config.base_url,
        price=_price(config),
        output_tokens_max=config.model_output_tokens,
    )


def _price(config: Config) -> Price | None:
    if not (config.price_input_usd or config.price_output_usd):
        return None
    return Price(input_usd=config.price_input_usd, output_usd=config.price_output_usd)
