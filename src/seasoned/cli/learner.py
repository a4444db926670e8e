"""The learning process of a server: `python -m seasoned.cli.learner FD`, started by `seasoned.scheduling.child` alone.

It runs the stages on the server's home until the other end of the socket is closed.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Coroutine
from functools import partial

import msgspec

from seasoned import __version__, config, instrumentation
from seasoned.cli.console import without_secrets
from seasoned.engine import Engine
from seasoned.errors import SeasonedError
from seasoned.instrumentation import HttpRequest, Operation
from seasoned.scheduling import child
from seasoned.scheduling.child import (
    Arrived,
    Ask,
    Begin,
    Changed,
    Ended,
    HeartbeatReply,
    LookAt,
    ToChild,
    ToParent,
    Wake,
)
from seasoned.telemetry import logs, running

# Serving has priority when CPUs are scarce.
NICENESS = 10
# Changes within this time are sent as one line.
GATHER_SECONDS = 0.02
END_SECONDS = 4.0


class _Learner:
    """One engine, and the socket to the server."""

    def __init__(self, engine: Engine, line: asyncio.StreamWriter) -> None:
        self._engine = engine
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, hint: ToChild) -> None:
        """Handle a hint."""
        match hint:
            case Wake():
                self._engine.scheduler.wake(hint.stage, hint.key)
            case Arrived():
                for session_id in hint.session_ids:
                    self._engine.scheduler.message_arrived(session_id)
            case LookAt():
                self._run(self._engine.scheduler.look_at(hint.session_id))
            case Ask():
                self._run(self._answer(hint.number))
            case Begin():
                pass  # only ever the first line

    async def tell_changes(self) -> None:
        """Tell the server whenever stages have committed."""
        while True:
            await self._engine.scheduler.next_change().wait()
            await asyncio.sleep(GATHER_SECONDS)
            self.tell(Changed())

    def tell(self, told: ToParent) -> None:
        """Send a line; from any thread."""
        self._loop.call_soon_threadsafe(self._line.write, child.encoded(told))

    def begin(self, work: Operation) -> None:
        """Nothing: the server counts finished work."""

    def end(self, work: Operation, seconds: float) -> None:
        """Tell the server, which counts for `/metrics`."""
        if not isinstance(work, HttpRequest):
            self.tell(Ended(work, seconds))

    def cut_off(self) -> None:
        """Nothing: the server has the connections."""

    def stored(self, messages: int) -> None:
        """Nothing: the server stores."""

    async def _answer(self, number: int) -> None:
        self.tell(HeartbeatReply(number, await self._engine.scheduler.heartbeat()))

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _learn(wire: socket.socket) -> None:
    reader, line = await asyncio.open_connection(sock=wire, limit=child.LINE_BYTES_MAX)
    first = msgspec.json.decode(await reader.readline(), type=Begin)
    settings = config.load({}, **{**first.settings, "worker": "inline"})
    logs.set_up(settings.log, settings.log_level, without_secrets, process="learner")
    engine = Engine.open(settings)
    stop_telling = running.start(__version__)
    try:
        learner = _Learner(engine, line)
        instrumentation.listen(learner)
        await engine.start()
        learner.tell(Changed())
        changes = asyncio.create_task(learner.tell_changes())
        await child.each_line(reader, child.IN_CHILD, learner.hear)
        changes.cancel()
    finally:
        _end_soon()
        await engine.close()
        stop_telling()


def _end_soon() -> None:
    """Exit soon after the server even if something hangs; unfinished work is due again."""
    timer = threading.Timer(END_SECONDS, partial(os._exit, 1))
    timer.daemon = True
    timer.start()


def main() -> None:
    """Learn until the server ends."""
    # Ctrl-C reaches every process of the terminal; the server decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    try:
        with socket.socket(fileno=int(sys.argv[1])) as wire:
            asyncio.run(_learn(wire))
    except (SeasonedError, ConnectionError, EOFError, msgspec.DecodeError) as error:
        sys.exit(f"The learning process cannot work: {error}")


if __name__ == "__main__":
    main()
