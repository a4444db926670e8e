"""Which database a home of the tests keeps its rows in: its own SQLite file, or a PostgreSQL database of its own."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from seasoned import config
from seasoned.store import Store
from seasoned.store.database import DATABASE_FILE
from tests.support.postgres import FAST, Postgres, postgres

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


def prepare(home: Path) -> None:
    """Put a database that is migrated already into a new home, as migrating takes longer than most tests."""
    if _servers or (home / DATABASE_FILE).exists():
        return
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = home / DATABASE_FILE
    database.touch(mode=0o600)
    database.write_bytes(_migrated())


@cache
def _migrated() -> bytes:
    """A database without rows, as a store makes it."""
    with tempfile.TemporaryDirectory() as home:
        Store.open(config.load({}, home=Path(home))).close()
        return (Path(home) / DATABASE_FILE).read_bytes()


@contextmanager
def opened(home: Path, **settings: object) -> Iterator[Store]:
    """The store of a home, closed at the end of the block; `database` among the settings is another than its own."""
    with closing(Store.open(config.load({}, home=home, **{"database": database_of(home), **settings}))) as store:
        yield store


@contextmanager
def postgres_with_template(options: str = FAST) -> Iterator[Postgres]:
    """A PostgreSQL server that `homes_on` can be told of."""
    with postgres(options) as server:
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
