"""A clock that only tests move."""

from seasoned.clock import SECOND


class ManualClock:
    """Starts at a moment in microseconds; each look moves it on by one, so that no two moments are equal."""

    def __init__(self, start: int = 1_750_000_000 * SECOND) -> None:
        self._now = start

    def now(self) -> int:
        self._now += 1
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += int(seconds * SECOND)
