"""`seasoned gc`: deleting stored files that nothing names any more."""

from typing import Annotated

import msgspec
import typer

from seasoned.cli.console import Home, Json, load_config, print_json, say, with_records


def collect(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Delete unreferenced stored files.

    A file is deleted once no message, skill or disk has referenced it for the grace period. A server does the same in
    the background; both may run at once.
    """
    config = load_config(home)
    found = with_records(config, lambda held, _: held.collecting.preview() if dry_run else held.collecting.run())
    if json:
        print_json({"dry_run": dry_run, "grace_seconds": config.blob_grace_seconds, **msgspec.structs.asdict(found)})
        return
    done = "would be deleted" if dry_run else "were deleted"
    seen, unnamed, deleted = (found.total(what) for what in ("seen", "unnamed", "deleted"))
    say(f"{seen[0]} stored files ({seen[1]} bytes) were looked at.")
    say(f"{deleted[0]} of them ({deleted[1]} bytes) {done}.")
    say(
        f"Nothing names {unnamed[0]} ({unnamed[1]} bytes); each is deleted once that has been so for "
        f"{config.blob_grace_seconds:g} seconds (SEASONED_BLOB_GRACE_SECONDS)."
    )
