"""Which tests run when: a few of many that differ little always, the others with the slow ones; those in parts."""

import zlib
from collections.abc import Iterable
from typing import Any

import pytest


def a_few(values: Iterable[Any], count: int) -> list[Any]:
    """Parameters of a test: as many as said run always, evenly chosen, the others with the slow tests."""
    every = list(values)
    always = {at * len(every) // count for at in range(count)}
    return [one if at in always else slow(one) for at, one in enumerate(every)]


def slow(value: object) -> Any:
    """A parameter, or a tuple of them, whose test runs with the slow ones."""
    return pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=pytest.mark.slow)


def in_part(items: Iterable[pytest.Item], part: str) -> list[pytest.Item]:
    """The tests of one part, as `2/5` says: by their names, so that each is in the same part everywhere."""
    which, parts = map(int, part.split("/"))
    return [item for item in items if zlib.crc32(item.nodeid.encode()) % parts == which % parts]
