"""How long a test waits for what must come before it gives up: the same everywhere, enough for a slow, busy machine.

No test asserts how fast anything is, benchmarks say that. Bounds on work are counts or ratios (`growth.py`).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PATIENCE_SECONDS: Final = 120.0


@contextmanager
def at_least(seconds: float) -> Iterator[None]:
    """Assert that the block lasts as long as it must, at least; no machine is too slow for that."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began >= seconds
