"""`seasoned projects`: tenants and their keys."""

from typing import Annotated

import typer

from seasoned.cli.console import Home, Json, load_config, plain, print_json, print_table, say, with_records
from seasoned.clock import to_rfc3339

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Create and list projects and their keys.")


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="The project's name.")], home: Home = None, json: Json = False
) -> None:
    """Create a project. Its key is printed once and not stored."""
    row, key = with_records(load_config(home), lambda held, _: held.projects.create(name), make=True)
    _print_key(row.id, row.name, key, json)


@app.command("list")
def list_(home: Home = None, json: Json = False) -> None:
    """List the projects."""
    rows = with_records(load_config(home), lambda held, _: held.projects.every())
    if json:
        print_json([{**plain(row, "id", "name"), "created_at": to_rfc3339(row.created_at)} for row in rows])
    else:
        print_table(
            ("ID", "NAME", "CREATED"), [(r.id, r.name, to_rfc3339(r.created_at)) for r in rows], "No project yet."
        )


@app.command("rotate-key")
def rotate_key(
    name: Annotated[str, typer.Argument(help="The project's name or id.")] = "default",
    home: Home = None,
    json: Json = False,
) -> None:
    """Give a project a new key; the old one stops working within seconds."""
    row, key = with_records(load_config(home), lambda held, _: held.projects.rotate_key(name))
    _print_key(row.id, row.name, key, json)


def _print_key(project_id: str, name: str, key: str, json: bool) -> None:
    if json:
        print_json({"id": project_id, "name": name, "api_key": key})
    else:
        say(f"Project {name} ({project_id})\nAPI key: {key}")
