"""Signed links: how long they last, and when they are the same link again."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from seasoned import config
from seasoned.clock import SECOND
from seasoned.engine.keys import Keyring
from seasoned.engine.links import Links
from seasoned.store import Store
from seasoned.testing import ManualClock

HOUR = 3_600


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_750_003_200 * SECOND + 1)


@pytest.fixture
def links(tmp_path: Path, clock: ManualClock) -> Iterator[Links]:
    with closing(Store.open(config.load({}, home=tmp_path), clock)) as store:
        yield Links(store, Keyring(tmp_path))


def test_a_link_lasts_as_long_as_it_was_made_for(links: Links, clock: ManualClock) -> None:
    _, expires_at = links.make("p", "a" * 64, "text/plain", "x", 900)
    assert 0 <= expires_at - clock.now() + 2 - 900 * SECOND <= 2


def test_a_link_with_a_step_is_the_same_until_the_step_is_over(links: Links, clock: ManualClock) -> None:
    def make() -> tuple[str, int]:
        return links.make("p", "a" * 64, "text/plain", "x", 24 * HOUR, step_seconds=HOUR)

    first = make()
    assert 23 * HOUR * SECOND < first[1] - clock.now() <= 24 * HOUR * SECOND
    until_next = HOUR - clock.now() // SECOND % HOUR
    clock.advance(until_next - 1)
    assert make() == first
    clock.advance(2)
    later = make()
    assert later[0] != first[0]
    assert later[1] == first[1] + HOUR * SECOND
