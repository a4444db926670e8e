"""The engine: a store, a dispatcher, and the use cases over them."""

from pathlib import Path

from seasoned.clock import Clock
from seasoned.config import Config
from seasoned.engine.calls import ModelCalls
from seasoned.engine.keys import Keyring
from seasoned.engine.learning import Learning
from seasoned.engine.links import Links
from seasoned.engine.messages import Messages
from seasoned.engine.projects import Projects
from seasoned.engine.sessions import Sessions
from seasoned.engine.skills import Skills
from seasoned.engine.spaces import Spaces
from seasoned.errors import Invalid
from seasoned.llm.language import LanguageModel
from seasoned.llm.model import Model
from seasoned.llm.rules import Rules
from seasoned.pipeline.worker import Dispatcher
from seasoned.store import Store, health
from seasoned.store.health import Check


class Engine:
    """Everything that Seasoned can do, for one home."""

    def __init__(self, config: Config, store: Store, model: Model) -> None:
        self.config = config
        self.store = store
        self._model = model
        self.keyring = Keyring(config.home_path)
        self.calls = ModelCalls(store)
        self.dispatcher = Dispatcher(store, model, config)
        self.projects = Projects(store, config, self.keyring)
        self.sessions = Sessions(store, config, self.dispatcher)
        self.messages = Messages(store, config, self.dispatcher)
        self.links = Links(store, self.keyring)
        self.spaces = Spaces(store, config, self.dispatcher)
        self.skills = Skills(store, config)
        self.learning = Learning(store, config, self.dispatcher, self.spaces)

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
        await self.projects.ensure_default()
        await self.dispatcher.start()

    async def close(self) -> None:
        """Stop working and close the store. Work under way is due again at the next start."""
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
    provider, _, name = config.model.partition(":")
    if not provider or not name:
        raise Invalid(f"SEASONED_MODEL must be provider:name, such as openai:gpt-5-mini, not {config.model!r}.")
    return LanguageModel(
        config.model,
        ModelCalls(store),
        timeout_seconds=config.model_timeout_seconds,
        calls_at_once=config.model_calls,
    )
