"""Live pages: one look a second at each project that somebody watches, whoever many they are, told to all of them.

A page hears only that something changed, and then asks for its parts that show it. Server-sent events (WHATWG HTML,
section 9.2) carry it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from starlette.responses import Response, StreamingResponse

from seasoned.dashboard.call import Call
from seasoned.engine import Engine
from seasoned.errors import Busy, SeasonedError
from seasoned.scheduling.scheduler import until_changed
from seasoned.store.overview import Pulse

VIEWERS_MAX: Final = 256
LOOK_SECONDS: Final = 1.0
BEAT_SECONDS: Final = 15.0
STREAM_SECONDS_MAX: Final = 3_600.0
PROJECTS_MAX: Final = 1_000
# In the scope of a request with an endless response, as `http` has it.
ENDLESS: Final = "seasoned.endless"


class _Watched:
    """A project that is watched: what was seen last, how often it changed, and who is to be told."""

    def __init__(self) -> None:
        self.pulse: Pulse | None = None
        self.changes = 0
        self.viewers = 0
        self.told = asyncio.Event()


class Live:
    """What every viewer of this process shares."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watched: dict[str, _Watched] = {}
        self._task: asyncio.Task[None] | None = None
        self._pulses: dict[str, tuple[Pulse, float]] = {}
        self._is_over = False

    async def pulse(self, project_id: str) -> Pulse:
        """How a project stands, at most a second old."""
        now = asyncio.get_running_loop().time()
        known = self._pulses.get(project_id)
        if known is not None and now - known[1] < LOOK_SECONDS:
            return known[0]
        found = await self._engine.overview.pulse(project_id)
        if len(self._pulses) >= PROJECTS_MAX:
            self._pulses.clear()
        self._pulses[project_id] = (found, now)
        return found

    async def changes(self, project_id: str) -> AsyncIterator[Pulse | None]:
        """How a project stands whenever that changed; None where nothing did for a while. Raises Busy."""
        if sum(one.viewers for one in self._watched.values()) >= VIEWERS_MAX:
            raise Busy(f"{VIEWERS_MAX} pages are live already; this one shows what was when it was loaded.")
        watched = self._watched.setdefault(project_id, _Watched())
        watched.viewers += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        try:
            seen, loop = watched.changes, asyncio.get_running_loop()
            until = loop.time() + STREAM_SECONDS_MAX
            while loop.time() < until and not self._is_over:
                told = watched.told
                if watched.changes == seen:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(BEAT_SECONDS):
                            await told.wait()
                yield watched.pulse if watched.changes != seen else None
                seen = watched.changes
        finally:
            watched.viewers -= 1
            if not watched.viewers:
                self._watched.pop(project_id, None)

    def close(self) -> None:
        """End all streams: the server stops."""
        self._is_over = True
        for watched in self._watched.values():
            watched.told.set()

    async def _look(self) -> None:
        """Look at every watched project, until nobody watches any more."""
        while self._watched and not self._is_over:
            change = self._engine.scheduler.next_change()
            for project_id, watched in list(self._watched.items()):
                # What cannot be read now is read a second later.
                with contextlib.suppress(SeasonedError):
                    await self._look_at(project_id, watched)
            await asyncio.sleep(LOOK_SECONDS / 2)
            await until_changed(change, LOOK_SECONDS)

    async def _look_at(self, project_id: str, watched: _Watched) -> None:
        found = await self._engine.overview.pulse(project_id)
        if found == watched.pulse:
            return
        is_first, watched.pulse = watched.pulse is None, found
        if not is_first:
            watched.changes += 1
            told, watched.told = watched.told, asyncio.Event()
            told.set()


async def stream(call: Call) -> Response:
    """GET /live: an event whenever something changed."""
    changes = call.request.state.live.changes(call.project_id)
    call.request.scope[ENDLESS] = True
    return StreamingResponse(
        _events(changes),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
    )


async def _events(changes: AsyncIterator[Pulse | None]) -> AsyncIterator[bytes]:
    yield b": what changes\n\n"
    async for pulse in changes:
        yield b": nothing new\n\n" if pulse is None else b"event: learned\ndata: %b\n\n" % msgspec.json.encode(pulse)
