"""The engine: a store, a dispatcher, and the use cases over them."""

from pathlib import Path

import msgspec

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
from seasoned.engine.models import model_of
from seasoned.engine.pages import Pages
from seasoned.engine.projects import Projects
from seasoned.engine.sessions import Sessions
from seasoned.engine.skills import Skills
from seasoned.engine.spaces import Spaces
from seasoned.engine.users import Users
from seasoned.errors import DatabaseDamaged, Invalid
from seasoned.llm.model import Model
from seasoned.pipeline.carrier import Carrier
from seasoned.pipeline.child import ChildScheduler
from seasoned.pipeline.jobs import JobWorker
from seasoned.pipeline.worker import Dispatcher
from seasoned.store import Store, health
from seasoned.store.health import Check


class Engine:
    """Everything that Seasoned can do, for one home."""

    def __init__(
        self, config: Config, store: Store, model: Model, dispatcher: Carrier | None = None, *, serves: bool = False
    ) -> None:
        self.config = config
        self.store = store
        self._model = model
        self.keyring = Keyring(config.home_path, config.secret)
        self.calls = ModelCalls(store, config)
        self.answers = Budget(config.answers_bytes_max)
        self.dispatcher = dispatcher or _carrier(store, model, config, serves=serves)
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
    def open(
        cls, config: Config, *, clock: Clock | None = None, model: Model | None = None, serves: bool = False
    ) -> "Engine":
        """Open a home, making it when it is new. Nothing is learned until `start`.

        One that serves learns where the setting `worker` says, every other in this process.
        """
        store = Store.open(config, clock)
        try:
            return cls(config, store, model or model_of(config, store), serves=serves)
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
        if not isinstance(self.dispatcher, ChildScheduler):
            # Else the learning process does it.
            self.collecting.start()

    async def close(self) -> None:
        """Stop working and close the store. Work under way is due again at the next start."""
        await self.collecting.close()
        await self.store.index.close()
        await self.conditions.close()
        await self.dispatcher.close()
        await self._model.close()
        self.store.close()

    async def doctor(self) -> list[Check]:
        """Whether the home is well, check by check."""
        try:
            return await self.store.read(lambda connection: health.examine(connection, self.home))
        except DatabaseDamaged as error:
            return health.given_up(self.home, error)


def _carrier(store: Store, model: Model, config: Config, *, serves: bool) -> Carrier:
    """The carrier that goes with a store: Procrastinate on PostgreSQL, else this process alone.

    For a server it is a child process, unless its settings say otherwise.
    """
    if not serves or config.worker == "inline":
        return JobWorker(store, model, config) if config.database else Dispatcher(store, model, config)
    hears = JobWorker(store, model, msgspec.structs.replace(config, worker="none")) if config.database else None
    if hears is not None and config.worker == "none":
        return hears
    return ChildScheduler(config, hears)
