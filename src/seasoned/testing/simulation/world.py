"""What all of a simulation shares: the loop, the clock, the seeded dice, and the log of what happened."""

import hashlib
import random
import uuid

import msgspec

from seasoned.clock import SECOND
from seasoned.testing.simulation.loop import OWNER, SimulatedLoop
from seasoned.testing.simulation.model import Moods

# Ten past midnight: a run stays within a day, so that a journal's day does not change under a task.
START = 1_750_032_600 * SECOND
LINES_MAX = 400_000


class LogLine(msgspec.Struct, frozen=True):
    """One line of the log: seconds since the start, the process, and what happened."""

    at: float
    who: str
    what: str

    def __str__(self) -> str:
        return f"{self.at:10.4f}  {self.who:<9} {self.what}"


class World:
    """One run's shared state. Each use has dice of its own, so that one more throw here changes nothing there."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.latencies = random.Random(f"{seed} latencies")  # noqa: S311 - dice, not secrets
        self.faults = random.Random(f"{seed} faults")  # noqa: S311
        self.plans = random.Random(f"{seed} plans")  # noqa: S311
        self.shape = random.Random(f"{seed} shape")  # noqa: S311
        self._ids = random.Random(f"{seed} ids")  # noqa: S311
        self.loop = SimulatedLoop(self._latency)  # type: ignore[abstract]  # it needs no sockets
        self.moods = Moods()
        self.calm = False
        self.log: list[LogLine] = []
        self._last = 0
        self._made = 0

    def now(self) -> int:
        """The clock of every process: microseconds, no two the same."""
        self._last = max(self._last + 1, START + int(self.loop.time() * SECOND))
        return self._last

    def new_id(self) -> uuid.UUID:
        """An identifier as UUIDv7 makes them: it grows with time, and its end comes from the seed."""
        self._made += 1
        millis = START // 1000 + int(self.loop.time() * 1000)
        tail = (0b10 << 62) | self._ids.getrandbits(62)
        return uuid.UUID(int=(millis << 80) | (0x7 << 76) | ((self._made & 0xFFF) << 64) | tail)

    def note(self, what: str) -> None:
        """Write a line of the log for the process that runs now."""
        owner = OWNER.get()
        if len(self.log) < LINES_MAX:
            self.log.append(LogLine(self.loop.time(), owner.name if owner else "-", what))

    def digest(self) -> str:
        """The hash of the log: two runs of a seed have the same."""
        digest = hashlib.sha256()
        for event in self.log:
            digest.update(f"{event.at!r} {event.who} {event.what}\n".encode())
        return digest.hexdigest()

    def _latency(self) -> float:
        """How long a thread's work takes to begin, or its result to come back: mostly nothing, sometimes for ever."""
        dice = self.latencies.random()
        if dice < 0.85 or self.calm:  # noqa: PLR2004
            return self.latencies.uniform(0.0001, 0.003)
        return self.latencies.uniform(0.003, 0.3) if dice < 0.98 else self.latencies.uniform(0.3, 6.0)  # noqa: PLR2004
