"""The engine: a store, a scheduler, and the use cases over them."""

from pathlib import Path

import msgspec

from seasoned.clock import Clock
from seasoned.config import Config
from seasoned.engine.blame import Blame
from seasoned.engine.budget import MemoryBudget
from seasoned.engine.disks import Disks
from seasoned.engine.forgetting import Forgetting
from seasoned.engine.gc import GarbageCollection
from seasoned.engine.health import Health
from seasoned.engine.history import History
from seasoned.engine.keys import Keyring
from seasoned.engine.learning import Learning
from seasoned.engine.links import Links
from seasoned.engine.merging import Imports
from seasoned.engine.messages import Messages
from seasoned.engine.model_calls import ModelCalls
from seasoned.engine.models import model_of
from seasoned.engine.overview import Overview
from seasoned.engine.pages import Pages
from seasoned.engine.projects import Projects
from seasoned.engine.proposals import Proposals
from seasoned.engine.readiness import ReadinessProbe
from seasoned.engine.repositories import Repositories
from seasoned.engine.search import Search
from seasoned.engine.sessions import Sessions
from seasoned.engine.skills import Skills
from seasoned.engine.spaces import Spaces
from seasoned.engine.use import Use
from seasoned.engine.users import Users
from seasoned.engine.visits import Visits
from seasoned.errors import DatabaseDamaged, Invalid
from seasoned.learning.questions import Model
from seasoned.scheduling.child import ChildScheduler
from seasoned.scheduling.local import LocalScheduler
from seasoned.scheduling.procrastinate import ProcrastinateScheduler
from seasoned.scheduling.scheduler import Scheduler
from seasoned.store import Store, health
from seasoned.store.health import HealthCheck


class Engine:
    """All use cases, for one home."""

    def __init__(
        self, config: Config, store: Store, model: Model, scheduler: Scheduler | None = None, *, serves: bool = False
    ) -> None:
        self.config = config
        self.store = store
        self._model = model
        self.keyring = Keyring(config.home_path, config.secret)
        self.calls = ModelCalls(store, config)
        self.answers = MemoryBudget(config.answers_bytes_max)
        self.scheduler = scheduler or _scheduler(store, model, config, serves=serves)
        self.projects = Projects(store, config, self.keyring)
        self.sessions = Sessions(store, config, self.scheduler)
        self.messages = Messages(store, config, self.scheduler)
        self.pages = Pages(store, config, self.answers)
        self.links = Links(store, self.keyring, by_store=config.blob_links == "store")
        self.spaces = Spaces(store, config, self.scheduler)
        self.users = Users(store)
        self.use = Use(store)
        self.search = Search(store)
        self.visits = Visits(store, self.keyring)
        self.overview = Overview(store, config)
        self.history = History(store, config)
        self.blame = Blame(store)
        self.forgetting = Forgetting(store, config)
        self.proposals = Proposals(store, config, self.history)
        self.health = Health(store, config)
        self.repositories = Repositories(store, config)
        self.disks = Disks(store, config, self.history, self.use)
        self.skills = Skills(store, config, self.answers)
        self.imports = Imports(self.history, self.skills)
        self.learning = Learning(store, config, self.scheduler, self.spaces)
        self.collecting = GarbageCollection(store, config)
        self.conditions = ReadinessProbe(store, config, self.scheduler)

    @classmethod
    def open(
        cls, config: Config, *, clock: Clock | None = None, model: Model | None = None, serves: bool = False
    ) -> "Engine":
        """Open a home, creating it if needed. Nothing is learned until `start`.

        A server (`serves`) learns where the setting `worker` says, everything else in this process.
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
        """Ensure that the default project exists, and start working on what is due."""
        await self.projects.default()
        await self.scheduler.start()
        if not self.scheduler.has_child:
            self.collecting.start()

    async def close(self) -> None:
        """Stop working and close the store. Unfinished work is due again at the next start."""
        await self.collecting.close()
        await self.store.index.close()
        await self.conditions.close()
        await self.use.close()
        await self.scheduler.close()
        await self._model.close()
        self.store.close()

    async def doctor(self) -> list[HealthCheck]:
        """Health checks of the home."""
        try:
            return await self.store.read(lambda connection: health.examine(connection, self.home))
        except DatabaseDamaged as error:
            return health.given_up(self.home, error)


def _scheduler(store: Store, model: Model, config: Config, *, serves: bool) -> Scheduler:
    """The scheduler that goes with a store: Procrastinate on PostgreSQL, else this process alone.

    For a server it is a child process, unless the settings say otherwise.
    """
    if not serves or config.worker == "inline":
        return ProcrastinateScheduler(store, model, config) if config.database else LocalScheduler(store, model, config)
    hears = (
        ProcrastinateScheduler(store, model, msgspec.structs.replace(config, worker="none"))
        if config.database
        else None
    )
    if hears is not None and config.worker == "none":
        return hears
    return ChildScheduler(config, hears)
