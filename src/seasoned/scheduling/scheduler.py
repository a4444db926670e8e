"""What the use cases ask of a scheduler: wake-ups in, news of commits out, and whether a worker is alive."""

import asyncio
from typing import Protocol

import msgspec

from seasoned.learning.accounting import Stage

# A commit of another process may go unnoticed, so waiters poll.
POLL_SECONDS = 1.0


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """`ok` says whether a worker is alive, `here` whether this process should run one.

    `beat_at` is the time of the last heartbeat in microseconds, None if there was none. `pid` is the process that works
    for this server, if it is a single one.
    """

    ok: bool
    here: bool
    beat_at: int | None
    pid: int | None = None


class Scheduler(Protocol):
    """Runs the stages for whatever the committed rows make due, in this process or in others."""

    @property
    def has_child(self) -> bool:
        """Whether a process of its own does this process's background work, such as collecting unreferenced blobs."""
        ...

    async def start(self) -> None:
        """Start the work that this process does, and listen for changes."""
        ...

    async def close(self) -> None:
        """Stop. Running stages end in order if there is time; otherwise their work is due again."""
        ...

    def wake(self, stage: Stage, key: str) -> None:
        """Check soon whether this piece of work is due."""
        ...

    async def look_at(self, session_id: str) -> None:
        """Start what is due for a session: reading it, distilling its tasks, writing to its space."""
        ...

    def message_arrived(self, session_id: str) -> None:
        """Check a session that got a message once it is quiet, or full. Cheap, since it is called for each message."""
        ...

    def next_change(self) -> asyncio.Event:
        """An event that is set when a stage next commits. Take it before you read the rows.

        News of another process's commit may come late or not at all, so waiters also poll (`until_changed`).
        """
        ...

    async def heartbeat(self) -> Heartbeat:
        """Whether a worker is alive."""
        ...


class NullScheduler:
    """Schedules nothing, for commands that learn nothing: workers find what is due in the rows."""

    has_child = False

    async def start(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""

    def wake(self, stage: Stage, key: str) -> None:
        """Do nothing."""

    async def look_at(self, session_id: str) -> None:
        """Do nothing."""

    def message_arrived(self, session_id: str) -> None:
        """Do nothing."""

    def next_change(self) -> asyncio.Event:
        """An event that is never set; waiters poll."""
        return asyncio.Event()

    async def heartbeat(self) -> Heartbeat:
        """No worker runs here."""
        return Heartbeat(ok=False, here=False, beat_at=None)


async def until_changed(change: asyncio.Event, seconds: float = POLL_SECONDS) -> None:
    """Wait until `change` is set, for at most `seconds` and never longer than POLL_SECONDS."""
    try:
        async with asyncio.timeout(max(0.0, min(seconds, POLL_SECONDS))):
            await change.wait()
    except TimeoutError:
        return
