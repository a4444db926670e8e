"""How work grows with what it is done on, measured against itself in one run.

Processor time of one thread, the least of a few rounds: a busy machine only adds to it, and to both sides alike.
"""

import math
import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

TIMES: Final = 4
TIMES_MAX: Final = 10  # work that grows with the square takes 16 times as long for 4 times the input
ROUNDS_MAX: Final = 6


def check_linear(make: Callable[[int], T], work: Callable[[T], object], size: int) -> None:
    """Check that work on an input of a size takes at most ten times as long as on one of a fourth of it."""
    small, large = make(size // TIMES), make(size)
    check_ratio(lambda: work(large), TIMES_MAX, lambda: work(small))


def check_ratio(work: Callable[[], object], times: float, yardstick: Callable[[], object]) -> None:
    """Check that work takes at most so many times as long as something else does."""
    yardstick()  # so that whatever is made once is made
    most, least = math.inf, math.inf
    for _ in range(ROUNDS_MAX):
        least = min(least, _seconds(yardstick))
        most = min(most, _seconds(work))
        if most <= times * least:
            return
    raise AssertionError(f"it takes {most:.3g} s, {most / least:.1f} times {least:.3g} s, not {times:g} times")


def text_of(unit: str) -> Callable[[int], str]:
    """Texts of a length that repeat a unit."""
    return lambda chars: (unit * (chars // len(unit) + 1))[:chars]


def _seconds(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began
