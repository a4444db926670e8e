"""`seasoned forget`: take what something taught out of the skills, and delete it."""

from typing import Annotated

import typer

from seasoned.cli.console import Home, Json, Project, load_config, one_line, print_json, say, with_records
from seasoned.engine.forgetting import Forgotten
from seasoned.engine.records import Records
from seasoned.store.forgetting import Kind


def forget(
    kind: Annotated[Kind, typer.Argument(help="What is to be forgotten.")],
    wanted: Annotated[str, typer.Argument(metavar="ID", help="Its id; a user's identifier.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be forgotten.")] = False,
    purge: Annotated[
        bool,
        typer.Option(
            "--purge", help="Then delete it for good: messages, files, models' answers, and its text in old versions."
        ),
    ] = False,
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Forget what a session, a user, a task or a lesson taught: entries that nothing else taught go.

    Each skill gets a version without them, which can be reverted until you purge. It is not learned again.
    """

    async def work(held: Records, own: str) -> Forgotten:
        if dry_run:
            return await held.forgetting.preview(own, kind, wanted)
        return await held.forgetting.forget(own, kind, wanted, purge=purge)

    found = with_records(load_config(home), work, project)
    if json:
        print_json(found)
        return
    for one in found.removed:
        say(f"removed {one.skill}/{one.path}: {one_line(one.says)}")
    for one in found.kept:
        say(f"kept    {one.skill}/{one.path}: {one_line(one.says)} (supported by {one.evidence})")
    count = len(found.lessons)
    done = "would be" if dry_run else "purged" if purge else "forgotten"
    say(f"{count} {'lesson' if count == 1 else 'lessons'} {f'{done} forgotten' if dry_run else done}.")
