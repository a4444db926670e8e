"""What carries the wake-ups, as the use cases see it."""

import asyncio
from typing import Protocol

from seasoned.scheduling.heartbeat import Life
from seasoned.store.due import Stage


class Scheduler(Protocol):
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


class Nobody:
    """Carries nothing: for who only reads what others learn."""

    async def start(self) -> None:
        """Nothing begins."""

    async def close(self) -> None:
        """Nothing ends."""

    def wake(self, stage: Stage, key: str) -> None:
        """Whoever learns finds it in the rows."""

    async def look_at(self, session_id: str) -> None:
        """Whoever learns finds it in the rows."""

    def message_arrived(self, session_id: str) -> None:
        """Whoever learns finds it in the rows."""

    def next_change(self) -> asyncio.Event:
        """An event that nobody sets; who waits looks again now and then."""
        return asyncio.Event()

    async def life(self) -> Life:
        """Nobody works here."""
        return Life(ok=False, here=False, beat_at=None)
