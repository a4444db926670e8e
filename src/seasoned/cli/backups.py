"""`seasoned backup` and `seasoned restore`."""

from pathlib import Path
from typing import Annotated

import typer

from seasoned.cli.console import Home, Json, load_config, print_json, reported, say
from seasoned.engine import backups


def backup(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Back up the home to a folder, and verify the backup. A server may keep running."""
    with reported():
        manifest = backups.back_up(load_config(home), folder)
    if json:
        counts = {"blobs": manifest.blobs, "bytes": manifest.size}
        print_json({"folder": str(folder), "created_at": manifest.created_at, **counts})
        return
    say(f"{folder} holds the database, {manifest.blobs} stored files and the keys; it is verified.")
    say("Keep it as secret as the home itself.")


def restore(
    folder: Annotated[Path, typer.Argument(help="A folder written by `seasoned backup`.")],
    replace: Annotated[bool, typer.Option("--replace", help="If the home is not empty, move it aside first.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Verify a backup and restore it into the home. Refuses a home that is not empty, unless --replace is given."""
    config = load_config(home)
    with reported():
        manifest, aside = backups.restore(config, folder, replace=replace)
    if json:
        print_json({"home": str(config.home_path), "created_at": manifest.created_at, "replaced": aside and str(aside)})
        return
    say(f"{config.home_path} is restored to its state at {manifest.created_at}.")
    if aside is not None:
        say(f"The previous home was moved to {aside}.")
