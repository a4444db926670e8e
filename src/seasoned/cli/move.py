"""`seasoned migrate` and `seasoned copy`: bringing a database to this release, and moving a home to another one."""

import hashlib
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from seasoned import config as settings
from seasoned.cli.console import Home, Json, load_config, print_json, reported, say
from seasoned.cli.progress import progress
from seasoned.config import Config
from seasoned.engine.keys import HASHING_FILE, KEY_FILE, keep_secret
from seasoned.errors import Conflict, Invalid
from seasoned.store import Store
from seasoned.store.blobs import BLOBS_FOLDER, paths_of
from seasoned.store.database import DATABASE_FILE
from seasoned.store.migrate import HEAD
from seasoned.store.postgres import is_address, shown
from seasoned.store.transfer import copy_rows, total


def migrate(home: Home = None, json: Json = False) -> None:
    """Migrate the database to this release's schema. Every other command except `backup` does so too."""
    config = load_config(home)
    with reported():
        # On PostgreSQL this prepares a new server; a missing home folder is probably a typo.
        Store.open(config, make=bool(config.database)).close()
    name = shown(config.database) if config.database else str(config.home_path / DATABASE_FILE)
    if json:
        print_json({"database": name, "schema": HEAD})
    else:
        say(f"{name} has schema {HEAD}.")


def copy(
    source: Annotated[str, typer.Argument(help="The source: a home folder, or postgresql://…")],
    target: Annotated[str, typer.Argument(help="The target: a home folder, or postgresql://…")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Copy a whole home to another database.

    Copies rows, files and the secret that keys are hashed with. Stop the source's servers first. A home folder has its
    own files; a PostgreSQL database uses those of --home. Rerun the command to resume an interrupted copy.
    """
    with reported():
        from_config, to_config = _place(source, home), _place(target, home)
        if from_config.database == to_config.database and from_config.home_path == to_config.home_path:
            raise Invalid("The source and the target are the same.")
        if not from_config.database and not (from_config.home_path / DATABASE_FILE).exists():
            raise Invalid(f"There is no home in {from_config.home_path}.")
        _keep_secrets(from_config.home_path, to_config.home_path)
        with closing(Store.open(from_config)) as here, closing(Store.open(to_config)) as there, progress() as bar:
            task = bar.add_task("Rows", total=total(here))
            copied = copy_rows(here, there, lambda _table, rows: bar.advance(task, rows))
            bar.update(task, completed=sum(copied.rows.values()))
            # Both share the store in SEASONED_BLOBS; the source's folder may hold older files.
            own = to_config.blobs == "" and from_config.home_path == to_config.home_path
            files, size = (0, 0) if own else _copy_files(from_config.home_path, there, bar)
    result = {"rows": copied.rows, "added": copied.added, "files": files, "file_bytes": size, "verified": True}
    if json:
        print_json(result)
    else:
        say(
            f"{sum(copied.rows.values())} rows copied, {copied.added} of them new, and {files} files "
            f"({size} bytes); all verified."
        )


def _place(name: str, home: Path | None) -> Config:
    """The settings of a place: a database at an address, or the SQLite file of a folder."""
    if is_address(name):
        return settings.load(home=home, database=name)
    return settings.load(home=Path(name), database="")


def _keep_secrets(source: Path, target: Path) -> None:
    """Give the target's home the source's secret and key. Raises Conflict when it has another secret."""
    if source == target:
        return
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in (HASHING_FILE, KEY_FILE):
        here, there = source / name, target / name
        if here.exists() and keep_secret(there, here.read_text().strip()) != here.read_text().strip():
            raise Conflict(f"{there} differs from {here}: keys of the source would not work. Use another --home.")


def _copy_files(source: Path, there: Store, bar: Progress) -> tuple[int, int]:
    """Copy the large files that the target lacks; their count and bytes."""
    paths = paths_of(source / BLOBS_FOLDER)
    task = bar.add_task("Files", total=len(paths))
    size = 0
    for path in paths:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != path.name:
            raise Conflict(f"{path} is damaged: its bytes do not match its hash. Restore it first.")
        there.blobs.put_now(data)
        size += len(data)
        bar.advance(task)
    return len(paths), size
