"""`seasoned sync`: skills where agents look for them, and edits made there back into the store."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from seasoned.agents.places import AGENTS, skill_folders
from seasoned.cli.console import (
    FAILED,
    Home,
    Json,
    Space,
    load_config,
    note,
    print_json,
    reported,
    say,
    with_records,
)
from seasoned.cli.spaces import grouped
from seasoned.engine.records import Records
from seasoned.engine.skills import SkillState
from seasoned.engine.sync import Synced

WATCH_SECONDS: Final = 5.0
_DID: Final = {
    "written": "wrote",
    "taken": "took the edits of",
    "proposed": "review the edits of",
    "removed": "removed",
}
_WOULD: Final = {"written": "would write", "taken": "would take the edits of", "removed": "would remove"}


def sync(
    agent: Annotated[
        list[str] | None, typer.Option("--agent", help=f"For which agent: {', '.join(AGENTS)}. May be repeated.")
    ] = None,
    folder: Annotated[list[Path] | None, typer.Option("--dir", help="A folder of skills. May be repeated.")] = None,
    in_project: Annotated[
        bool, typer.Option("--project/--user", help="The folders of the project here, or those of the user.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on, every five seconds, until stopped.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 if something is different.")
    ] = False,
    space: Space = "",
    of_project: Annotated[str, typer.Option("--of-project", help="The name or id of the project in the store.")] = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Write the skills where agents look for them, and take edits made there back.

    Without --agent and --dir, the skills are written to the two folders that nearly every agent reads: .agents/skills
    and .claude/skills. Skills that others put there are never touched. An edit of lines that were changed in the store
    as well waits for `seasoned review`. Exits with 1 if a skill was skipped.
    """
    with reported():
        roots = [path.absolute() for path in folder or ()]
        if agent or not roots:
            roots += skill_folders(agent or [], Path.cwd() if in_project else None)

    async def work(held: Records, project_id: str) -> bool:
        while True:
            chosen = await chosen_skills(held, project_id, space)
            done = [await held.folders.run(project_id, chosen, root, check=check) for root in roots]
            _tell(done, json=json, watch=watch, check=check)
            if not watch:
                return any(one.skipped or (check and not one.is_clean) for one in done)
            await asyncio.sleep(WATCH_SECONDS)

    if with_records(load_config(home), work, of_project):
        raise typer.Exit(FAILED)


async def chosen_skills(held: Records, project_id: str, space: str) -> list[tuple[str, SkillState]]:
    """The skills of a space or of all, each with its space's id, or an empty one."""
    groups, _ = await grouped(held, project_id, space)
    return [(group.space.id if group.space else "", state) for group in groups for state in group.skills]


def _tell(done: Sequence[Synced], *, json: bool, watch: bool, check: bool) -> None:
    if json:
        print_json(list(done))
        return
    words = _WOULD if check else _DID
    for one in done:
        for field, word in words.items():
            names: list[str] = getattr(one, field)
            if names:
                say(f"{one.root}: {word} {', '.join(names)}")
        for skipped in one.skipped:
            note(f"skipped: {skipped.name}: {skipped.reason}")
        if one.is_clean and not watch:
            say(f"{one.root}: nothing to do")
