"""`seasoned skills health|use|archive`: what a person should look at, what agents read, and what is put away."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seasoned.cli.console import (
    Home,
    Json,
    Project,
    Space,
    load_config,
    one_line,
    print_json,
    print_table,
    say,
    with_records,
)
from seasoned.cli.spaces import only_space, skill_named
from seasoned.clock import to_rfc3339
from seasoned.engine.records import Records
from seasoned.engine.skills import SkillState
from seasoned.engine.use import TOLD_MIN, KindUse, SkillUse
from seasoned.store.reads import UsedSkill

if TYPE_CHECKING:
    from seasoned.engine.health import Proposed, SpaceHealth

Name = Annotated[str, typer.Argument(help="The skill's name or id.")]


def health(
    apply: Annotated[
        bool, typer.Option("--apply", help="Propose what mends it: merging, splitting, archiving; review decides.")
    ] = False,
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show what a person should look at: near-duplicates, contradictions, what is too long, past or unconfirmed.

    With several spaces, say which one. With --json the evidence of each entry is told too.
    """

    async def work(held: Records, own: str) -> "tuple[SpaceHealth, Proposed | None]":
        space_id = (await only_space(held, own, space)).id
        found = await held.health.of_space(own, space_id)
        return found, await held.health.propose(own, space_id) if apply else None

    found, proposed = with_records(load_config(home), work, project)
    if json:
        print_json(found if proposed is None else proposed)
        return
    rows = [
        (
            *(one.name, one.lines, one.tokens, len(one.entries), sum(entry.lessons for entry in one.entries)),
            *(sum(getattr(entry, what) for entry in one.entries) for what in ("successes", "failures")),
            *(one.loads, _moment(max((entry.confirmed_at or 0 for entry in one.entries), default=0) or None)),
        )
        for one in found.skills
    ]
    columns = ("NAME", "LINES", "TOKENS", "ENTRIES", "LESSONS", "SUCCEEDED", "FAILED", "READ", "CONFIRMED")
    print_table(columns, rows, "No skills yet.")
    say("" if found.findings else "\nNothing to look at.")
    for one in found.findings:
        say(f"{one.kind.replace('_', ' ')}: {one_line(one.says)}" + (f" [{one.remedy}]" if one.remedy else ""))
    if proposed is not None:
        known = f"; {proposed.known} wait already, or were rejected" if proposed.known else ""
        say(f"\nProposed {len(proposed.proposals)}{known}. `seasoned review` decides.")
    elif any(one.remedy for one in found.findings):
        say("\nWith --apply, what stands in brackets is proposed for review.")


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


def archive(name: Name, space: Space = "", project: Project = "", home: Home = None, json: Json = False) -> None:
    """Take a skill out of prompts, exports and the catalogue. Its files and history stay."""
    _set_archived(name, space, project, home, archived=True, json=json)


def unarchive(name: Name, space: Space = "", project: Project = "", home: Home = None, json: Json = False) -> None:
    """Bring an archived skill back."""
    _set_archived(name, space, project, home, archived=False, json=json)


def _set_archived(name: str, space: str, project: str, home: Path | None, *, archived: bool, json: bool) -> None:
    async def work(held: Records, own: str) -> SkillState:
        row = (await skill_named(held, own, space, name)).row
        return await held.skills.set_archived(own, row.id, archived=archived)

    row = with_records(load_config(home), work, project).row
    if json:
        print_json({"skill_id": row.id, "archived": archived})
    else:
        back = f"`seasoned skills unarchive {row.name}` brings it back"
        say(f"{row.name} is archived; {back}." if archived else f"{row.name} is back.")


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
