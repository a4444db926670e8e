"""Backups of a home: its rows, its files and its secret."""

from pathlib import Path

from seasoned import __version__
from seasoned.clock import SystemClock
from seasoned.config import Config
from seasoned.errors import Invalid
from seasoned.store import backup
from seasoned.store.backup import Manifest


def back_up(config: Config, target: Path) -> Manifest:
    """Back a home up, also while it is served. Raises Invalid, Conflict, StorageFull."""
    _refuse_postgres(config)
    return backup.back_up(config.home_path, target.expanduser().absolute(), __version__, SystemClock().now())


def restore(config: Config, source: Path, *, replace: bool) -> tuple[Manifest, Path | None]:
    """Make the home of a backup; what it held, and where the old home is now. Raises Invalid, Conflict, StorageFull."""
    _refuse_postgres(config)
    found = source.expanduser().absolute()
    return backup.restore(found, config.home_path, replace=replace, now=SystemClock().now())


def _refuse_postgres(config: Config) -> None:
    if config.database:
        raise Invalid("Rows on PostgreSQL are backed up with pg_dump; docs/operations.md says how.")
