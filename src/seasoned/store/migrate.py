"""Migrates a database to this release's schema with Alembic, once, even if several processes start together."""

import contextlib
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from seasoned.errors import Invalid
from seasoned.store.rows import on_postgres
from seasoned.store.schema import metadata
from seasoned.store.search import TABLES, create_postgres, create_sqlite

HEAD = "0014"
# Any number, always the same: what processes that start together wait for.
_LOCK = 7_275_733_261
_MIGRATIONS = Path(__file__).with_name("migrations")
# Alembic's own table: the last step that a database has taken.
_VERSION = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def upgrade(engine: Engine, *, make: bool = True) -> bool:
    """Migrate to HEAD in one transaction that holds the write lock, so that a second process waits and finds it done.

    False when the database is empty and is not to be made. Raises Invalid when a newer release has already migrated it.
    """
    if _current(engine) == HEAD:
        return True
    # READ COMMITTED, so that who waited for the lock sees what was done meanwhile.
    with engine.execution_options(**_isolation(engine)).begin() as connection:
        if _is_empty_once_locked(connection):
            if not make:
                return False
            _create(connection)
        else:
            migrate(connection)
    return True


def migrate(connection: Connection) -> None:
    """Take every step that a database has not taken yet, from the first on. Raises Invalid as `upgrade` does."""
    # Needed at the first start after an upgrade only; importing it would cost every start a fifth of a second.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    settings = Config()
    settings.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    settings.attributes["connection"] = connection
    try:
        command.upgrade(settings, "head")
    except CommandError as error:
        raise Invalid(
            f"The database was written by a newer release of Seasoned ({error}); upgrade Seasoned to open it."
        ) from None


def _isolation(engine: Engine) -> dict[str, str]:
    return {"isolation_level": "READ COMMITTED"} if engine.dialect.name == "postgresql" else {}


def _is_empty_once_locked(connection: Connection) -> bool:
    """Whether nothing is there yet, asked when no other process migrates; the lock is kept until the commit."""
    # On SQLite a transaction that writes has the lock from its beginning.
    if on_postgres(connection):
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    return not sa.inspect(connection).has_table(_VERSION.name)


def _create(connection: Connection) -> None:
    """Make a fresh database, as all the steps together would."""
    metadata.create_all(connection)
    create_index = create_postgres if on_postgres(connection) else create_sqlite
    for statement in (one for table in TABLES for one in create_index(table)):
        connection.execute(sa.text(statement))
    if on_postgres(connection):
        from procrastinate.schema import SchemaManager  # noqa: PLC0415 - an extra

        connection.exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    _VERSION.create(connection)
    connection.execute(sa.insert(_VERSION).values(version_num=HEAD))


def _current(engine: Engine) -> str | None:
    # No such table: a new database.
    with contextlib.suppress(sa.exc.OperationalError, sa.exc.ProgrammingError), engine.connect() as connection:
        return _version(connection)
    return None


def _version(connection: Connection) -> str | None:
    row = connection.execute(sa.text("SELECT version_num FROM alembic_version")).first()
    return str(row[0]) if row else None
