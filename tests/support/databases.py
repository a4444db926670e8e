"""Which database a home of the tests keeps its rows in: its own SQLite file, or a PostgreSQL database of its own."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from seasoned import config
from seasoned.store import Store
from tests.support.postgres import Postgres, postgres

TEMPLATE = "seasoned_template"

_servers: list[Postgres] = []
_by_home: dict[Path, str] = {}


def database_of(home: Path) -> str:
    """The setting for a home: empty for SQLite; the same home always gets the same database."""
    if not _servers:
        return ""
    key = home.absolute()
    if key not in _by_home:
        _by_home[key] = _servers[-1].database(template=TEMPLATE)
    return _by_home[key]


@contextmanager
def opened(home: Path, **settings: object) -> Iterator[Store]:
    """The store of a home, closed at the end of the block; `database` among the settings is another than its own."""
    with closing(Store.open(config.load({}, home=home, **{"database": database_of(home), **settings}))) as store:
        yield store


@contextmanager
def postgres_with_template() -> Iterator[Postgres]:
    """A PostgreSQL server that `homes_on` can be told of."""
    with postgres() as server:
        migrate(server.database(TEMPLATE))
        yield server


@contextmanager
def homes_on(server: Postgres) -> Iterator[None]:
    """Until the block ends, homes keep their rows on a PostgreSQL server."""
    _servers.append(server)
    try:
        yield
    finally:
        _servers.pop()


def migrate(url: str) -> None:
    """Bring a database to the schema."""
    with tempfile.TemporaryDirectory() as home:
        Store.open(config.load({}, home=Path(home), database=url)).close()
