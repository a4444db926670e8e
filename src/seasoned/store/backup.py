"""Backing up a home while it is in use, and restoring a backup.

A backup is a folder with a snapshot of the database, all blobs present after it, the home's secret and key, and a
manifest with a SHA-256 for each file. Rows reference only blobs that are already stored, so blobs copied after the
database are complete. A backup and a restored home get their name only when they are complete; an existing empty
folder, such as a mounted disk, is filled at the end, the essential files last. The database may have the schema of an
earlier release, since backups are taken before upgrades.
"""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from seasoned.clock import to_rfc3339
from seasoned.errors import Conflict, Damaged, Invalid, NotFound, StorageFull
from seasoned.ids import new_id
from seasoned.store.blob_store import BlobStore, path_of
from seasoned.store.blobs import BLOBS_FOLDER, FULL, flush, paths_of
from seasoned.store.database import DATABASE_FILE

MANIFEST = "manifest.json"
# A home's other files: without the secret no key is valid.
KEPT = ("secret", "api-key")
# The files that make a folder a home or a backup.
LAST = (DATABASE_FILE, MANIFEST)
# What an empty mounted disk contains.
ALWAYS_THERE = frozenset({"lost+found"})
CHUNK = 1 << 20
PAGES = 1_000


class BackupFile(msgspec.Struct, frozen=True):
    """A file of a backup: its path, SHA-256 and bytes."""

    path: str
    sha256: str
    size: int


class BackupManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds: the release that took it, the schema of its database, and its files."""

    version: str
    schema: str
    created_at: str
    files: tuple[BackupFile, ...]

    @property
    def blobs(self) -> int:
        """How many blobs there are."""
        return sum(1 for entry in self.files if entry.path.startswith(f"{BLOBS_FOLDER}/"))

    @property
    def size(self) -> int:
        """How many bytes all files have."""
        return sum(entry.size for entry in self.files)


def back_up(home: Path, target: Path, version: str, now: int, place: BlobStore | None = None) -> BackupManifest:
    """Back up the home to a new or empty folder; servers may keep writing.

    The blobs are those of `place`, else the home's own. Raises Invalid when there is no database or the folder cannot
    be written, Conflict when something is in the folder, StorageFull when it does not fit, BlobsAway, and Damaged when
    a blob of the place is.
    """
    if not (home / DATABASE_FILE).is_file():
        raise Invalid(f"{home} contains no {DATABASE_FILE}; choose the home with --home.")
    if target.resolve().is_relative_to(home.resolve()):
        raise Invalid(f"{target} is inside the home; choose a folder outside it.")
    if _is_taken(target):
        raise Conflict(f"{target} already exists; choose a new folder for each backup.")
    with _made_whole(target) as folder:
        schema = _copy_database(home / DATABASE_FILE, folder / DATABASE_FILE)
        names = [DATABASE_FILE]
        own = [] if place is not None else paths_of(home / BLOBS_FOLDER)
        for path in [home / name for name in KEPT if (home / name).is_file()] + own:
            name = str(path.relative_to(home))
            # Deleted during the copy, so it was unreferenced, which `verify` checks.
            if _copy(path, folder / name):
                names.append(name)
        if place is not None:
            names += _fetch(place, folder)
        files = tuple(BackupFile(name, *_digest(folder / name)) for name in sorted(names))
        manifest = BackupManifest(version=version, schema=schema, created_at=to_rfc3339(now), files=files)
        _write(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        verify(folder)
    return manifest


def restore(
    source: Path, home: Path, *, replace: bool, now: int, place: BlobStore | None = None
) -> tuple[BackupManifest, Path | None]:
    """Restore a verified backup; its manifest, and where the replaced home was moved.

    The blobs go to `place`, else into the home. Raises Invalid when the backup is damaged, Conflict when the home is
    not empty and is not to be replaced, or is in use.
    """
    manifest = verify(source)
    taken = _is_taken(home)
    if taken and not replace:
        raise Conflict(f"The home {home} is not empty; restore to another, or move it aside with --replace.")
    if taken:
        _refuse_if_in_use(home / DATABASE_FILE)
    aside = home.with_name(f"{home.name}.before-{to_rfc3339(now)[:19].replace(':', '')}")
    with _made_whole(home, aside) as made:
        for entry in manifest.files:
            if place is not None and entry.path.startswith(f"{BLOBS_FOLDER}/"):
                place.put_now((source / entry.path).read_bytes())
                continue
            _copy(source / entry.path, made / entry.path)
            if _digest(made / entry.path) != (entry.sha256, entry.size):
                raise Invalid(f"{entry.path} changed during the restore; try again.")
    return manifest, aside if taken else None


def verify(folder: Path) -> BackupManifest:
    """The manifest of a backup, after checking that every file matches its hash, the database is intact, and every
    referenced blob is present. Raises Invalid.
    """
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=BackupManifest)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        raise Invalid(f"{folder} is not a complete backup: its {MANIFEST} cannot be read.") from None
    for entry in manifest.files:
        path = folder / entry.path
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            raise Invalid(f"The backup {folder} is damaged: {entry.path} is missing.")
        if _digest(path) != (entry.sha256, entry.size):
            raise Invalid(f"The backup {folder} is damaged: {entry.path} does not match its hash.")
    if DATABASE_FILE not in {entry.path for entry in manifest.files}:
        raise Invalid(f"The backup {folder} contains no database.")
    there = {entry.path.rsplit("/", 1)[-1] for entry in manifest.files if entry.path.startswith(f"{BLOBS_FOLDER}/")}
    missing = _check_database(folder, folder / DATABASE_FILE) - there
    if missing:
        raise Invalid(
            f"The backup {folder} lacks {len(missing)} stored files, for example {min(missing)}; make a new backup."
        )
    return manifest


def _check_database(folder: Path, path: Path) -> set[str]:
    """The blobs that an intact database references. Raises Invalid if it is damaged."""
    try:
        with closing(_read_only(path)) as connection:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
            if said != "ok":
                raise Invalid(f"The database in {folder} is damaged: {said}.")
            return _named(connection, folder)
    except sqlite3.DatabaseError as error:
        raise Invalid(f"The database in {folder} cannot be read: {error}.") from None


class _Asset(msgspec.Struct):
    sha256: str = ""


class _Part(msgspec.Struct):
    asset: _Asset | None = None


def _named(connection: sqlite3.Connection, folder: Path) -> set[str]:
    """Every referenced blob: large parts of messages, messages' files, and large files of skills and disks."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    found = {
        row[0]
        # The first releases had no disks.
        for table in sorted(tables & {"files", "artifacts"})
        for row in connection.execute(
            f"SELECT DISTINCT sha256 FROM {table} WHERE sha256 NOT IN (SELECT sha256 FROM contents)"  # noqa: S608 - ours
        )
    }
    for parts, sha256 in connection.execute(
        "SELECT parts, parts_sha256 FROM messages WHERE parts_sha256 IS NOT NULL OR parts LIKE '%\"asset\"%'"
    ):
        raw = parts.encode()
        if sha256 is not None:
            found.add(sha256)
            large = folder / BLOBS_FOLDER / sha256[:2] / sha256
            raw = large.read_bytes() if large.is_file() else b"[]"
        try:
            decoded = msgspec.json.decode(raw, type=list[_Part])
        except (msgspec.DecodeError, msgspec.ValidationError):
            raise Invalid(f"A message in {folder} cannot be read; the backup is damaged.") from None
        found |= {part.asset.sha256 for part in decoded if part.asset is not None and part.asset.sha256}
    return found


def _copy_database(source: Path, target: Path) -> str:
    """Copy a snapshot of the database to one file; returns its schema. Raises Invalid, StorageFull."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with closing(_read_only(source)) as here, closing(sqlite3.connect(target, isolation_level=None)) as there:
            # One transaction holds the snapshot; otherwise every concurrent write would restart the copy.
            here.execute("BEGIN")
            schema = here.execute("SELECT version_num FROM alembic_version").fetchone()
            here.backup(there, pages=PAGES)
            there.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        if "full" in str(error):
            raise StorageFull(f"No space left for {target.name} ({error}); free some.") from None
        raise Invalid(f"{source} cannot be backed up: {error}.") from None
    flush(target)
    if schema is None:
        raise Invalid(f"{source} is not a Seasoned database: it has no schema version.")
    return str(schema[0])


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=60)


def _refuse_if_in_use(path: Path) -> None:
    """Raise Conflict when another process has the database open."""
    if not path.is_file():
        return
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            raise Conflict(f"{path.parent} is in use; stop the server that serves it first.") from None
        except sqlite3.DatabaseError:
            return  # damaged, which is why it is being replaced


def _fetch(place: BlobStore, folder: Path) -> list[str]:
    """Copy every blob of a place into a backup's folder; their paths there."""
    names: list[str] = []
    after = ""
    while page := place.listed(after, PAGES):
        for blob in page:
            name = f"{BLOBS_FOLDER}/{path_of(blob.sha256)}"
            try:
                data = place.get_now(blob.sha256)
            except Damaged:
                raise
            except NotFound:
                continue  # deleted during the copy, so it was unreferenced, which `verify` checks
            (folder / name).parent.mkdir(exist_ok=True, mode=0o700)
            _write(folder / name, data)
            names.append(name)
        after = page[-1].sha256
    return names


def _copy(source: Path, target: Path) -> bool:
    """Copy a file for its owner only; whether it was there."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with source.open("rb") as read:
            descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb") as written:
                shutil.copyfileobj(read, written, CHUNK)
                written.flush()
                os.fsync(written.fileno())
    except FileNotFoundError:
        return False
    return True


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


def _is_taken(folder: Path) -> bool:
    if not folder.is_dir():
        return folder.exists()
    return any(path.name not in ALWAYS_THERE and not _is_part(path) for path in folder.iterdir())


def _is_part(path: Path) -> bool:
    """Whether a killed run left it."""
    return path.name.startswith(".") and path.name.endswith(".part")


@contextmanager
def _made_whole(folder: Path, aside: Path | None = None) -> Iterator[Path]:
    """A folder to fill that gets its name when the block succeeds; an existing one is moved `aside`.

    An existing empty folder is kept: it may be a mounted disk, or its parent not writable.
    """
    there = folder.is_dir() and not _is_taken(folder)
    part = folder / f".{new_id()}.part" if there else folder.with_name(f".{folder.name}-{new_id()}.part")
    try:
        part.mkdir(parents=True, mode=0o700)
        (part / BLOBS_FOLDER).mkdir(mode=0o700)
        yield part
        if there:
            _move_into(part, folder)
        else:
            if folder.exists() and aside is not None:
                folder.rename(aside)
            part.rename(folder)
            flush(folder.parent)
    except OSError as error:
        where, why = error.filename or folder, error.strerror
        if error.errno in FULL:
            raise StorageFull(f"{where} could not be written ({why}); free some space and try again.") from None
        raise Invalid(f"{where} cannot be read or written ({why}); fix that or choose another folder.") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _move_into(part: Path, folder: Path) -> None:
    for left in filter(_is_part, list(folder.iterdir())):
        if left != part:
            shutil.rmtree(left, ignore_errors=True)
    names = sorted((path.name for path in part.iterdir()), key=lambda name: (name in LAST, name == MANIFEST, name))
    for name in names:
        (part / name).rename(folder / name)
    flush(folder)
