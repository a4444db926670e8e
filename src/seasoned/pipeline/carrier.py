"""What carries the wake-ups, as the use cases see it."""

import asyncio
from typing import Protocol

import msgspec

from seasoned.config import Config
from seasoned.llm.model import Model
from seasoned.pipeline.child import ChildScheduler
from seasoned.pipeline.jobs import JobWorker
from seasoned.pipeline.life import Life
from seasoned.pipeline.worker import Dispatcher
from seasoned.store import Store
from seasoned.store.work import Stage


class Carrier(Protocol):
    """Sees to it that what the committed rows make due is done: in this process, or in whichever has room."""

    async def start(self) -> None:
        """Begin to work, as far as this process does, and to hear of changes."""
        ...

    async def close(self) -> None:
        """Stop. Work under way is ended in order if there is time, and is due again if not."""
        ...

    def wake(self, stage: Stage, key: str) -> None:
        """Look soon whether this piece of work is due."""
        ...

    async def look_at(self, session_id: str) -> None:
        """Start what is due for a session: reading it, distilling its tasks, writing to its space."""
        ...

    def message_arrived(self, session_id: str) -> None:
        """A session was written to: look at it once it has been quiet, or full. Cheap: it is told of every message."""
        ...

    def next_change(self) -> asyncio.Event:
        """An event that is set when a stage has next committed. Take it before looking at the rows.

        A change of another process may be told late or not at all: whoever waits looks again now and then.
        """
        ...

    async def life(self) -> Life:
        """Whether somebody works."""
        ...


def carrier(store: Store, model: Model, config: Config, *, serves: bool = False) -> Carrier:
    """The carrier that goes with a store: Procrastinate on PostgreSQL, else this process alone.

    For a server it is a child process, unless its settings say otherwise.
    """
    if not serves or config.worker == "inline":
        return JobWorker(store, model, config) if config.database else Dispatcher(store, model, config)
    hears = JobWorker(store, model, msgspec.structs.replace(config, worker="none")) if config.database else None
    if hears is not None and config.worker == "none":
        return hears
    return ChildScheduler(config, hears)
