"""The engine: a store, a dispatcher, and the use cases over them."""

from pathlib import Path

from seasoned.clock import Clock
from seasoned.config import Config
from seasoned.engine.keys import Keyring
from seasoned.engine.learning import Learning
from seasoned.engine.projects import Projects
from seasoned.engine.sessions import Sessions
from seasoned.engine.skills import Skills
from seasoned.engine.spaces import Spaces
from seasoned.errors import Invalid
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
        self.keyring = Keyring(config.home_path)
        self.dispatcher = Dispatcher(store, model, config)
        self.projects = Projects(store, config, self.keyring)
        self.sessions = Sessions(store, config, self.dispatcher)
        self.spaces = Spaces(store, config, self.dispatcher)
        self.skills = Skills(store, config, self.keyring)
        self.learning = Learning(store, config, self.dispatcher, self.spaces)

    @classmethod
    def open(cls, config: Config, *, clock: Clock | None = None, model: Model | None = None) -> "Engine":
        """Open a home, making it when it is new. Nothing is learned until `start`."""
        _require_rules(config.model)
        return cls(config, Store.open(config, clock), model or Rules())

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
        self.store.close()

    async def doctor(self) -> list[Check]:
        """Whether the home is well, check by check."""
        return await self.store.read(lambda connection: health.examine(connection, self.home))


def _require_rules(model: str) -> None:
    """Refuse a model setting that this release cannot follow, rather than learn with something else in silence."""
    if model:
        raise Invalid(
            f"SEASONED_MODEL is {model!r}, but this release learns with its built-in rules only; unset SEASONED_MODEL."
        )
