"""Bringing a database to this release's schema with Alembic, once, however many processes start together."""

import contextlib
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from seasoned.errors import Invalid

HEAD = "0003"
_MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(engine: Engine) -> None:
    """Migrate to HEAD in one transaction that holds the write lock, so that a second process waits and finds it done.

    Raises Invalid when a newer release has already migrated the database.
    """
    if _current(engine) == HEAD:
        return
    # Alembic is needed at the first start after an upgrade only; importing it would cost every start a fifth of a
    # second.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    settings = Config()
    settings.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        try:
            command.upgrade(settings, "head")
        except CommandError as error:
            raise Invalid(
                f"The database was made by another release of Seasoned ({error}); upgrade Seasoned to open it."
            ) from None


def _current(engine: Engine) -> str | None:
    with contextlib.suppress(sa.exc.OperationalError), engine.connect() as connection:
        return _version(connection)
    return None


def _version(connection: Connection) -> str | None:
    row = connection.execute(sa.text("SELECT version_num FROM alembic_version")).first()
    return str(row[0]) if row else None
