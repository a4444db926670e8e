"""`seasoned backup` and `seasoned restore`."""

from pathlib import Path
from typing import Annotated

import typer

from seasoned.cli.console import Home, Json, load_config, print_json, reported, say
from seasoned.engine import backups


def backup(
    folder: Annotated[Path, typer.Argument(help="A folder that is new or empty.")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Back the home up into a folder, and check the backup. A server may use the home meanwhile."""
    with reported():
        manifest = backups.back_up(load_config(home), folder)
    if json:
        counts = {"blobs": manifest.blobs, "bytes": manifest.size}
        print_json({"folder": str(folder), "created_at": manifest.created_at, **counts})
        return
    say(f"{folder} holds the database, {manifest.blobs} stored files and the keys; it was checked.")
    say("It is as secret as the home itself.")


def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that `seasoned backup` made.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Move a home that is not empty aside and put the backup in its place.")
    ] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Check a backup and make the home of it. A home that is not empty stays as it is, unless --replace is given."""
    config = load_config(home)
    with reported():
        manifest, aside = backups.restore(config, folder, replace=replace)
    if json:
        print_json({"home": str(config.home_path), "created_at": manifest.created_at, "replaced": aside and str(aside)})
        return
    say(f"{config.home_path} is as it was at {manifest.created_at}.")
    if aside is not None:
        say(f"What was there before is in {aside}.")
