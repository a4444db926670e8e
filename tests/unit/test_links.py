"""Signed links: how long they last, and when they are the same link again."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from seasoned import config
from seasoned.clock import SECOND
from seasoned.engine.keys import Keyring, Shown
from seasoned.engine.links import Links
from seasoned.store import Store, projects
from seasoned.testing import ManualClock

HOUR = 3_600


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_750_003_200 * SECOND + 1)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    with closing(Store.open(config.load({}, home=tmp_path), clock)) as opened:
        yield opened


@pytest.fixture
def links(store: Store, tmp_path: Path) -> Links:
    return Links(store, Keyring(tmp_path))


@pytest.fixture
def shown(store: Store) -> Shown:
    project = store.write_now(lambda connection: projects.create(connection, "p", "hashed", store.clock.now()))
    return Shown(project_id=project.id, sha256="a" * 64, mime="text/plain", filename="x", disk_id="d", path="/x")


def test_a_link_lasts_as_long_as_it_was_made_for(links: Links, shown: Shown, clock: ManualClock) -> None:
    _, expires_at = asyncio.run(links.make(shown, 900))
    assert 0 <= expires_at - clock.now() + 2 - 900 * SECOND <= 2


def test_a_link_with_a_step_is_the_same_until_the_step_is_over(links: Links, shown: Shown, clock: ManualClock) -> None:
    def make() -> tuple[str, int]:
        return asyncio.run(links.make(shown, 24 * HOUR, step_seconds=HOUR))

    first = make()
    assert 23 * HOUR * SECOND < first[1] - clock.now() <= 24 * HOUR * SECOND
    until_next = HOUR - clock.now() // SECOND % HOUR
    clock.advance(until_next - 1)
    assert make() == first
    clock.advance(2)
    later = make()
    assert later[0] != first[0]
    assert later[1] == first[1] + HOUR * SECOND
