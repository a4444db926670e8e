"""`seasoned skills`: reading and exporting what was learned."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown

from seasoned import archive
from seasoned.cli.console import FAILED, Home, Json, err, load_config, out, print_json, print_table, with_engine
from seasoned.clock import to_rfc3339
from seasoned.engine import Engine
from seasoned.engine.skills import SkillFile, SkillState
from seasoned.errors import NotFound
from seasoned.paths import same_name_key
from seasoned.skill import SKILL_FILE, parse_skill_file
from seasoned.store.rows import PAGE_MAX, PageQuery

app = typer.Typer(no_args_is_help=True)

SKILLS_MAX = 10_000

Space = Annotated[str, typer.Option("--space", help="Only the skills of the learning space of this name.")]


@app.command("list")
def list_(space: Space = "", home: Home = None, json: Json = False) -> None:
    """List the skills."""
    states = with_engine(load_config(home), lambda engine, project: _states(engine, project, space))
    if json:
        print_json([_skill_json(state) for state in states])
        return
    rows = [(s.row.name, len(s.index), to_rfc3339(s.row.updated_at)[:16], s.row.description) for s in states]
    print_table(("NAME", "FILES", "CHANGED", "DESCRIPTION"), rows, "No skill yet; `seasoned learn PATH` makes some.")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="The skill's name or id.")],
    file: Annotated[str, typer.Argument(help="A file of the skill.")] = SKILL_FILE,
    space: Space = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show a file of a skill, its SKILL.md when none is named."""
    found = with_engine(load_config(home), lambda engine, project: _file(engine, project, space, name, file))
    text = found.data.decode(errors="replace")
    if json:
        print_json({"path": found.path, "mime": found.mime, "text": text})
    elif out.is_terminal and found.path.endswith(".md"):
        out.print(Markdown(_readable(text) if found.path == SKILL_FILE else text))
    else:
        out.print(text, markup=False, end="")


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="Where to write one folder for each skill.")],
    space: Space = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Write the skills into a folder, one SKILL.md folder each. Files that were edited there are never overwritten."""
    written = with_engine(load_config(home), lambda engine, project: _export(engine, project, space, folder))
    if json:
        print_json([str(one.folder) for one in written])
    else:
        out.print(f"Wrote {len(written)} skills to {folder}.", markup=False)
    notes = [f"{one.folder.name}: {note}" for one in written for note in one.notes]
    for note in notes:
        err.print(f"seasoned: {note}", markup=False)
    if notes:
        raise typer.Exit(FAILED)


def _readable(text: str) -> str:
    """A SKILL.md with its front matter as prose."""
    head = parse_skill_file(text)
    return f"**{head.name}**: {head.description}\n\n{head.body}"


async def _states(engine: Engine, project_id: str, space: str) -> list[SkillState]:
    if space:
        return await engine.skills.of_space(project_id, (await engine.spaces.named(project_id, space)).id)
    states: list[SkillState] = []
    cursor: str | None = ""
    while cursor is not None and len(states) < SKILLS_MAX:
        page, cursor = await engine.skills.page(project_id, PageQuery(limit=PAGE_MAX, cursor=cursor))
        states.extend(page)
    return states


async def _file(engine: Engine, project_id: str, space: str, name: str, path: str) -> SkillFile:
    states = await _states(engine, project_id, space)
    state = next((one for one in states if name in (one.row.name, one.row.id)), None)
    if state is None:
        raise NotFound(f"There is no skill {name!r}; `seasoned skills list` names them.")
    return await engine.skills.file(project_id, state.row.id, path)


async def _export(engine: Engine, project_id: str, space: str, folder: Path) -> list[archive.Written]:
    taken: set[str] = set()
    written = []
    for state in await _states(engine, project_id, space):
        # Two spaces may have skills of one name; the second gets its id behind it.
        key = same_name_key(state.row.name)
        name = state.row.name if key not in taken else f"{state.row.name}-{state.row.id[-8:]}"
        taken.add(key)
        content = await engine.skills.content(project_id, state.row.id)
        written.append(archive.export_folder(folder, name, content.files, content.lost))
    return written


def _skill_json(state: SkillState) -> dict[str, object]:
    return {
        "id": state.row.id,
        "name": state.row.name,
        "description": state.row.description,
        "files": [path for path, _ in state.index],
        "version": state.row.head,
        "updated_at": to_rfc3339(state.row.updated_at),
    }
