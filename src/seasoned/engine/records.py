"""The use cases that learn nothing: reading and maintaining a home without importing what learning needs."""

from functools import cached_property
from typing import TYPE_CHECKING

from seasoned.config import Config
from seasoned.engine.blame import Blame
from seasoned.engine.budget import MemoryBudget
from seasoned.engine.forgetting import Forgetting
from seasoned.engine.gc import GarbageCollection
from seasoned.engine.history import History
from seasoned.engine.keys import Keyring
from seasoned.engine.merging import Imports
from seasoned.engine.model_calls import ModelCalls
from seasoned.engine.projects import Projects
from seasoned.engine.repositories import Repositories
from seasoned.engine.search import Search
from seasoned.engine.sessions import Sessions
from seasoned.engine.skills import Skills
from seasoned.engine.spaces import Spaces
from seasoned.engine.use import Use
from seasoned.errors import DatabaseDamaged
from seasoned.scheduling.scheduler import NullScheduler
from seasoned.store import Store, health
from seasoned.store.health import HealthCheck

if TYPE_CHECKING:
    from seasoned.engine.health import Health
    from seasoned.engine.proposals import Proposals
    from seasoned.engine.sync import FolderSync


class Records:
    """The use cases that learn nothing. What they make due is found in the rows by the workers."""

    def __init__(self, config: Config, store: Store) -> None:
        scheduler = NullScheduler()
        self.config = config
        self.store = store
        self.keyring = Keyring(config.home_path, config.secret)
        self.calls = ModelCalls(store, config)
        self.collecting = GarbageCollection(store, config)
        self.projects = Projects(store, config, self.keyring)
        self.sessions = Sessions(store, config, scheduler)
        self.search = Search(store)
        self.history = History(store, config)
        self.blame = Blame(store)
        self.use = Use(store)
        self.forgetting = Forgetting(store, config)
        self.repositories = Repositories(store, config)
        self.skills = Skills(store, config, MemoryBudget(config.answers_bytes_max))
        self.imports = Imports(self.history, self.skills)
        self.spaces = Spaces(store, config, scheduler)

    @classmethod
    def open(cls, config: Config, *, make: bool = False) -> "Records":
        """Open a home. Raises NoHome where there is none, unless one is to be made."""
        return cls(config, Store.open(config, make=make))

    @cached_property
    def proposals(self) -> "Proposals":
        """Use cases of review, which need what writes skills."""
        from seasoned.engine.proposals import Proposals  # noqa: PLC0415 - `seasoned review` only

        return Proposals(self.store, self.config, self.history)

    @cached_property
    def health(self) -> "Health":
        """Use cases of health, which need what writes skills."""
        from seasoned.engine.health import Health  # noqa: PLC0415 - `seasoned skills health` only

        return Health(self.store, self.config)

    @cached_property
    def folders(self) -> "FolderSync":
        """Use cases of folders that agents read."""
        from seasoned.engine.sync import FolderSync  # noqa: PLC0415 - `seasoned sync` and `install` only

        return FolderSync(self.store, self.config, self.history, self.skills)

    async def close(self) -> None:
        """Stop what runs and close the store."""
        await self.collecting.close()
        self.store.close()

    async def doctor(self) -> list[HealthCheck]:
        """Health checks of the home."""
        try:
            found = await self.store.read(lambda connection: health.examine(connection, self.config.home_path))
            return [*found, await self.projects.check_keys()]
        except DatabaseDamaged as error:
            return health.given_up(self.config.home_path, error)
