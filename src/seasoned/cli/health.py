"""`seasoned skills use`: which skills agents read, and how those tasks ended."""

from typing import Annotated

import typer

from seasoned.cli.console import Home, Json, Project, Space, load_config, print_json, print_table, say, with_records
from seasoned.cli.spaces import skill_named
from seasoned.clock import to_rfc3339
from seasoned.engine.records import Records
from seasoned.engine.use import TOLD_MIN, KindUse, SkillUse
from seasoned.store.reads import UsedSkill


def use(
    name: Annotated[str, typer.Argument(help="The skill's name or id; left out, all skills are listed.")] = "",
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show which skills agents read, and how the tasks of those sessions ended.

    Tasks are compared with tasks of the same kind without the skill. That is an association, not an effect.
    """

    async def work(held: Records, own: str) -> SkillUse | list[UsedSkill]:
        if name:
            return await held.use.of_skill(own, (await skill_named(held, own, space, name)).row.id)
        return await held.use.every(own, (await held.spaces.called(own, space)).id if space else "")

    found = with_records(load_config(home), work, project)
    if json:
        print_json(found)
    elif isinstance(found, SkillUse):
        _print_use(found)
    else:
        rows = [(one.name, one.version, one.shown, one.loads, one.sessions, _moment(one.last_at)) for one in found]
        print_table(("NAME", "VERSION", "SHOWN", "LOADED", "SESSIONS", "LAST READ"), rows, "No skills yet.")


def _print_use(found: SkillUse) -> None:
    rows = [
        (
            *(one.version, one.shown, one.loads, one.sessions, one.eligible, one.loaded),
            "-" if one.followed is None else one.followed,
            *(one.succeeded, _moment(one.last_at)),
        )
        for one in found.versions
    ]
    columns = ("VERSION", "SHOWN", "READ", "SESSIONS", "ELIGIBLE", "LOADED", "FOLLOWED", "SUCCEEDED", "LAST READ")
    print_table(columns, rows, "No versions.")
    if found.kinds:
        say("\nTasks with like requests, with the skill and without (an association, not an effect):")
    for kind in found.kinds:
        say(f"  {_told(kind)}: {kind.title}")


def _told(kind: KindUse) -> str:
    others = f"{kind.others_succeeded} of {kind.others} without"
    counts = f"{kind.loaded_succeeded} of {kind.loaded} succeeded with it, {others}"
    if kind.difference is None or kind.low is None or kind.high is None:
        return f"{counts}; too few to say (under {TOLD_MIN} on a side)"
    return f"{counts}; difference {kind.difference:+.0%} (95 %: {kind.low:+.0%} to {kind.high:+.0%})"


def _moment(at: int | None) -> str:
    return "-" if at is None else to_rfc3339(at)[:16]
