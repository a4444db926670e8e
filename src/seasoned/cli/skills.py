"""`seasoned skills`: what was learned, its history, and how it leaves."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from seasoned.cli import edits, health, history
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
from seasoned.cli.spaces import Group, called_space, grouped, only_space, skill_named
from seasoned.clock import to_rfc3339
from seasoned.engine import repositories
from seasoned.engine.catalogue import Catalogue
from seasoned.engine.records import Records
from seasoned.engine.skills import SkillFile, SkillState
from seasoned.skill import SKILL_FILE, parse_skill_file

app = typer.Typer(no_args_is_help=True, add_completion=False, help="List, show, compare, edit and export skills.")

app.command("edit")(edits.edit)
app.command("import")(edits.import_)
for _command in (
    *(history.log, history.diff, history.revert, history.blame, history.pin),
    *(health.health, health.use, health.archive, health.unarchive),
):
    app.command(_command.__name__)(_command)


@app.command("list")
def list_(
    archived: Annotated[bool, typer.Option("--archived", help="List the archived skills instead.")] = False,
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """List the skills of each space."""
    groups, called = with_records(
        load_config(home), lambda held, own: grouped(held, own, space, archived=archived), project
    )
    found = [(group, state) for group in groups for state in group.skills]
    if json:
        print_json([{**_skill_json(state), **_space_json(group, called)} for group, state in found])
        return
    rows = [
        (called_space(group, called), s.row.name, len(s.index), to_rfc3339(s.row.updated_at)[:16], s.row.description)
        for group, s in found
    ]
    columns = ("SPACE", "NAME", "FILES", "CHANGED", "DESCRIPTION")
    print_table(columns, rows, "No skills yet; run `seasoned learn PATH`.")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="The skill's name or id.")],
    file: Annotated[str, typer.Argument(help="A file of the skill.")] = SKILL_FILE,
    version: Annotated[int, typer.Option("--version", help="Of which version; the newest if left out.", min=0)] = 0,
    manifest: Annotated[
        bool, typer.Option("--manifest", help="List the files of the version with their SHA-256.")
    ] = False,
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show a file of a skill, by default its SKILL.md."""
    if manifest:
        history.show_manifest(name, version, space, project, home, json=json)
        return
    found = with_records(load_config(home), lambda held, own: _file(held, own, space, name, file, version), project)
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
    form: Annotated[
        Literal["folder", "zip", "git"],
        typer.Option("--as", help="A folder or a ZIP for each skill, or a bare git repository."),
    ] = "folder",
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Export the skills to a folder, one SKILL.md folder each; with several spaces, one folder per space.

    With --as git the folder is a repository of one space, with a commit for each version; the same versions give the
    same commits. It needs the extra `git`.

    Skills edited there are never overwritten: they are listed and skipped. Exits with 1 if a skill was skipped or could
    not be written exactly as stored.
    """
    if form == "git":
        _export_git(space, project, home, folder, json=json)
        return
    is_zip = form == "zip"
    done = with_records(load_config(home), lambda held, own: _export(held, own, space, folder, is_zip=is_zip), project)
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


async def _file(held: Records, project_id: str, space: str, name: str, path: str, version: int) -> SkillFile:
    skill_id = (await skill_named(held, project_id, space, name)).row.id
    if version:
        return await held.skills.load(*await held.history.file(project_id, skill_id, version, path))
    return await held.skills.file(project_id, skill_id, path)


async def _catalogue(held: Records, project_id: str, space: str) -> Catalogue:
    return await held.spaces.catalogue(project_id, (await only_space(held, project_id, space)).id)


async def _export(held: Records, project_id: str, space: str, folder: Path, *, is_zip: bool) -> Exported:
    groups, _ = await grouped(held, project_id, space)
    return await export_groups(held, project_id, groups, folder, is_zip=is_zip)


def _export_git(space: str, project: str, home: Path | None, folder: Path, *, json: bool) -> None:
    async def work(held: Records, own: str) -> repositories.Exported:
        return await held.repositories.export(own, (await only_space(held, own, space)).id, folder)

    done = with_records(load_config(home), work, project)
    if json:
        print_json(done)
    else:
        say(f"{done.folder} has {done.commits} commits; `git clone {done.folder}` gives a copy to work in.")


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
