"""Backups of a home: its rows, its files and its secret."""

from pathlib import Path

from seasoned import __version__
from seasoned.clock import SystemClock
from seasoned.config import Config
from seasoned.errors import Invalid
from seasoned.store import backup
from seasoned.store.backup import BackupManifest
from seasoned.store.blob_store import BlobStore
from seasoned.store.blobs import blobs_at


def back_up(config: Config, target: Path) -> BackupManifest:
    """Back up a home, also while a server uses it. Raises Invalid, Conflict, StorageFull."""
    _refuse_postgres(config)
    folder = target.expanduser().absolute()
    return backup.back_up(config.home_path, folder, __version__, SystemClock().now(), _place(config))


def restore(config: Config, source: Path, *, replace: bool) -> tuple[BackupManifest, Path | None]:
    """Restore a backup; its manifest, and where the old home was moved. Raises Invalid, Conflict, StorageFull."""
    _refuse_postgres(config)
    found = source.expanduser().absolute()
    return backup.restore(found, config.home_path, replace=replace, now=SystemClock().now(), place=_place(config))


def _place(config: Config) -> BlobStore | None:
    """The blob store, unless it is the home's own folder."""
    return blobs_at(config.blobs, config.home_path) if config.blobs else None


def _refuse_postgres(config: Config) -> None:
    if config.database:
        raise Invalid("Back up PostgreSQL with pg_dump; see docs/operations.md.")
