"""`seasoned skills`: reading and exporting what was learned."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from seasoned.cli.console import (
    FAILED,
    Home,
    Json,
    Project,
    Space,
    load_config,
    note,
    print_json,
    print_table,
    say,
    with_records,
)
from seasoned.cli.exports import Exported, export_groups
from seasoned.cli.spaces import Group, grouped, labels
from seasoned.clock import to_rfc3339
from seasoned.engine.catalogue import Catalogue
from seasoned.engine.records import Records
from seasoned.engine.skills import SkillFile, SkillState
from seasoned.errors import Conflict, NotFound
from seasoned.skill import SKILL_FILE, parse_skill_file

app = typer.Typer(no_args_is_help=True, add_completion=False, help="List, show and export skills.")

# Shown for a skill that is in no space.
NO_SPACE = "-"
NAMED_MAX = 20


@app.command("list")
def list_(space: Space = "", project: Project = "", home: Home = None, json: Json = False) -> None:
    """List the skills of each space."""
    groups, called = with_records(load_config(home), lambda held, own: grouped(held, own, space), project)
    found = [(group, state) for group in groups for state in group.skills]
    if json:
        print_json([{**_skill_json(state), **_space_json(group, called)} for group, state in found])
        return
    rows = [
        (_called(group, called), s.row.name, len(s.index), to_rfc3339(s.row.updated_at)[:16], s.row.description)
        for group, s in found
    ]
    columns = ("SPACE", "NAME", "FILES", "CHANGED", "DESCRIPTION")
    print_table(columns, rows, "No skills yet; run `seasoned learn PATH`.")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="The skill's name or id.")],
    file: Annotated[str, typer.Argument(help="A file of the skill.")] = SKILL_FILE,
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show a file of a skill, by default its SKILL.md."""
    found = with_records(load_config(home), lambda held, own: _file(held, own, space, name, file), project)
    text = found.data.decode(errors="replace")
    if json:
        print_json({"path": found.path, "mime": found.mime, "text": text})
    elif sys.stdout.isatty() and found.path.endswith(".md"):
        _render(_readable(text) if found.path == SKILL_FILE else text)
    else:
        say(text, end="")


@app.command("catalogue")
def catalogue(space: Space = "", project: Project = "", home: Home = None, json: Json = False) -> None:
    """Print a catalogue of a space's skills for a prompt: one line each with when to use it, at most 8,000 characters.

    With several spaces, say which one.
    """
    found = with_records(load_config(home), lambda held, own: _catalogue(held, own, space), project)
    if json:
        print_json(found)
    elif found.text:
        say(found.text)


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="Where to write the skills.")],
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Export the skills to a folder, one SKILL.md folder each; with several spaces, one folder per space.

    Skills edited there are never overwritten: they are listed and skipped. Exits with 1 if a skill was skipped or could
    not be written exactly as stored.
    """
    done = with_records(load_config(home), lambda held, own: _export(held, own, space, folder), project)
    if json:
        print_json(done)
    else:
        for line in done.notes:
            note(line)
        for one in done.skipped:
            note(f"skipped: {one.name}: {one.reason}")
        skipped = f"; {len(done.skipped)} skipped" if done.skipped else ""
        count = len(done.written)
        say(f"Wrote {count} {'skill' if count == 1 else 'skills'} to {folder}{skipped}.")
    if done.skipped or done.notes:
        raise typer.Exit(FAILED)


def _render(markdown: str) -> None:
    from rich.console import Console  # noqa: PLC0415 - at a terminal only
    from rich.markdown import Markdown  # noqa: PLC0415

    Console(soft_wrap=True, highlight=False).print(Markdown(markdown))


def _readable(text: str) -> str:
    """A SKILL.md with its front matter as prose."""
    head = parse_skill_file(text)
    return f"**{head.name}**: {head.description}\n\n{head.body}"


async def _file(held: Records, project_id: str, space: str, name: str, path: str) -> SkillFile:
    groups, called = await grouped(held, project_id, space)
    found = {
        state.row.id: _called(group, called)
        for group in groups
        for state in group.skills
        if name in (state.row.name, state.row.id)
    }
    if not found:
        raise NotFound(f"There is no skill {name!r}; run `seasoned skills list` to see them.")
    if len(found) > 1:
        each = ", ".join(f"{skill_id} (space {where})" for skill_id, where in list(found.items())[:NAMED_MAX])
        raise Conflict(f"There are {len(found)} skills {name!r}; use --space or an id: {each}.")
    return await held.skills.file(project_id, next(iter(found)), path)


async def _catalogue(held: Records, project_id: str, space: str) -> Catalogue:
    rows = [await held.spaces.called(project_id, space)] if space else await held.spaces.every(project_id)
    if not rows:
        raise NotFound("There is no learning space yet; run `seasoned learn PATH`.")
    if len(rows) > 1:
        names = ", ".join(list(labels(rows).values())[:NAMED_MAX])
        raise Conflict(f"There are {len(rows)} learning spaces; use --space with one of them: {names}.")
    return await held.spaces.catalogue(project_id, rows[0].id)


async def _export(held: Records, project_id: str, space: str, folder: Path) -> Exported:
    groups, _ = await grouped(held, project_id, space)
    return await export_groups(held, project_id, groups, folder)


def _called(group: Group, called: dict[str, str]) -> str:
    return called[group.space.id] if group.space else NO_SPACE


def _space_json(group: Group, called: dict[str, str]) -> dict[str, object]:
    return {
        "space_id": group.space.id if group.space else None,
        "space": called[group.space.id] if group.space else None,
    }


def _skill_json(state: SkillState) -> dict[str, object]:
    return {
        "id": state.row.id,
        "name": state.row.name,
        "description": state.row.description,
        "files": [path for path, _ in state.index],
        "version": state.row.head,
        "updated_at": to_rfc3339(state.row.updated_at),
    }
