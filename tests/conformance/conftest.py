"""Every test here runs on every database."""

from collections.abc import Iterator

import pytest

from tests.support.databases import homes_on


@pytest.fixture(params=["sqlite", "postgres"])
def store_kind(request: pytest.FixtureRequest) -> str:
    """The kind of database that a test's homes keep their rows in."""
    return str(request.param)


@pytest.fixture(autouse=True)
def _on_both(store_kind: str, request: pytest.FixtureRequest) -> Iterator[None]:
    if store_kind == "sqlite":
        yield
        return
    with homes_on(request.getfixturevalue("postgres_server")):
        yield
