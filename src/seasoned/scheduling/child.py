"""Learning in a child process of a server, so that requests never wait for the learner's interpreter lock.

The two share the database and exchange hints over a socket, one JSON object per line. A hint may be lost, since due
work is in the rows and a new child reads them all. The child exits when the socket closes, so at the latest with its
parent. A child that crashes is restarted with backoff.
"""

import asyncio
import contextlib
import logging
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import TypeVar

import msgspec

from seasoned import instrumentation
from seasoned.config import Config
from seasoned.instrumentation import ModelCall, StageRun
from seasoned.learning.accounting import Stage
from seasoned.scheduling.scheduler import Heartbeat, Scheduler

log = logging.getLogger(__name__)

RESTART_SECONDS = (0.5, 30.0)
# A child that ran this long is restarted at once.
WELL_SECONDS = 60.0
END_SECONDS = 5.0
ANSWER_SECONDS = 2.0
# A new child counts as working for this long.
START_SECONDS = 15.0
# Hints of messages are collected for this long.
GATHER_SECONDS = 0.05
LINE_BYTES_MAX = 4 * 1024 * 1024
# A socket that accepts no more hints belongs to a hanging child; its next sweep finds what it missed.
UNSENT_BYTES_MAX = 8 * 1024 * 1024


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """The first line: the settings of the server, as `config.load` takes them."""

    settings: dict[str, str | int | float]


class Wake(msgspec.Struct, frozen=True, tag="wake"):
    """A piece of work may be due."""

    stage: Stage
    key: str


class LookAt(msgspec.Struct, frozen=True, tag="look_at"):
    """Start what is due for a session."""

    session_id: str


class Arrived(msgspec.Struct, frozen=True, tag="arrived"):
    """Sessions were written to."""

    session_ids: tuple[str, ...]


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """Asks for a heartbeat."""

    number: int


class Changed(msgspec.Struct, frozen=True, tag="changed"):
    """Stages have committed."""


class HeartbeatReply(msgspec.Struct, frozen=True, tag="heartbeat"):
    """The answer to the `Ask` with this number."""

    number: int
    heartbeat: Heartbeat


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """A run of a stage or a call of a model has ended after so many seconds."""

    work: StageRun | ModelCall
    seconds: float


ToChild = Begin | Wake | LookAt | Arrived | Ask
ToParent = Changed | HeartbeatReply | Ended
IN_CHILD: msgspec.json.Decoder[ToChild] = msgspec.json.Decoder(ToChild)
IN_PARENT: msgspec.json.Decoder[ToParent] = msgspec.json.Decoder(ToParent)
Line = TypeVar("Line")


class ChildScheduler:
    """Sends wake-ups to a child process that runs the stages. Belongs to the event loop that called `start`.

    On PostgreSQL, `other` listens for changes of all processes.
    """

    has_child = True

    def __init__(self, config: Config, other: Scheduler | None = None) -> None:
        self._settings = {
            name: value if isinstance(value, str | int | float) else str(value)
            for name, value in msgspec.structs.asdict(config).items()
        }
        self._other = other
        self._keeper: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._line: asyncio.StreamWriter | None = None
        self._arrived: set[str] = set()
        self._changed = asyncio.Event()
        self._asked: dict[int, asyncio.Future[Heartbeat]] = {}
        self._questions = 0
        self._started = 0.0
        # Whether the current child has sent anything.
        self._heard = False

    async def start(self) -> None:
        """Start the child, and restart it whenever it exits."""
        if self._other is not None:
            await self._other.start()
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Stop the child; unfinished work is due again at the next start."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._other is not None:
            await self._other.close()

    def wake(self, stage: Stage, key: str) -> None:
        """Have the child look soon whether this piece of work is due."""
        self._send(Wake(stage, key))

    async def look_at(self, session_id: str) -> None:
        """Have the child start what is due for a session."""
        self._send(LookAt(session_id))

    def message_arrived(self, session_id: str) -> None:
        """Have the child look at a session once it has been quiet, or full."""
        if not self._arrived:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._send_arrived)
        self._arrived.add(session_id)

    def next_change(self) -> asyncio.Event:
        """An event that is set when the child has next committed. Take it before looking at the rows."""
        return self._changed if self._other is None else self._other.next_change()

    async def heartbeat(self) -> Heartbeat:
        """Whether the child responds and works; a new child counts as working."""
        if not self._heard:
            starting = asyncio.get_running_loop().time() - self._started < START_SECONDS
            return Heartbeat(ok=starting, here=True, beat_at=None, pid=self._pid())
        self._questions += 1
        number = self._questions
        answer: asyncio.Future[Heartbeat] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            self._send(Ask(number))
            async with asyncio.timeout(ANSWER_SECONDS):
                return await answer
        except TimeoutError:
            return Heartbeat(ok=False, here=True, beat_at=None, pid=self._pid())
        finally:
            del self._asked[number]

    def _pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def _send_arrived(self) -> None:
        arrived, self._arrived = self._arrived, set()
        self._send(Arrived(tuple(arrived)))

    def _send(self, hint: ToChild) -> None:
        line = self._line
        if line is None or line.transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            return  # it reads all rows when it starts or sweeps
        line.write(encoded(hint))

    async def _keep(self) -> None:
        loop, wait = asyncio.get_running_loop(), RESTART_SECONDS[0]
        while True:
            self._started, self._heard = loop.time(), False
            try:
                await self._run()
            except OSError as error:
                log.warning("the learning process could not be started", extra={"error": type(error).__name__})
            else:
                log.warning("the learning process has ended by itself; it is started again")
            wait = (
                RESTART_SECONDS[0] if loop.time() - self._started > WELL_SECONDS else min(wait * 2, RESTART_SECONDS[1])
            )
            await asyncio.sleep(wait)

    async def _run(self) -> None:
        """One child, from its start to its end."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                command = [sys.executable, "-m", "seasoned.cli.learner", str(theirs.fileno())]
                self._process = await asyncio.create_subprocess_exec(
                    *command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
                )
            reader, self._line = await asyncio.open_connection(sock=ours, limit=LINE_BYTES_MAX)
            self._send(Begin(self._settings))
            await each_line(reader, IN_PARENT, self._hear)
        finally:
            await self._end()

    async def _end(self) -> None:
        line, process, self._line, self._process = self._line, self._process, None, None
        if line is not None:
            line.close()
        if process is None:
            return
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _hear(self, told: ToParent) -> None:
        self._heard = True
        match told:
            case Changed():
                changed, self._changed = self._changed, asyncio.Event()
                changed.set()
            case HeartbeatReply():
                waiting = self._asked.get(told.number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(told.heartbeat)
            case Ended():
                instrumentation.relay(told.work, told.seconds)


async def each_line(
    reader: asyncio.StreamReader, decoder: msgspec.json.Decoder[Line], hear: Callable[[Line], None]
) -> None:
    """Pass on each line until the other side closes."""
    with contextlib.suppress(ConnectionError):
        while line := await reader.readline():
            hear(decoder.decode(line))


def encoded(line: ToChild | ToParent) -> bytes:
    """A line for the other side."""
    return msgspec.json.encode(line) + b"\n"
