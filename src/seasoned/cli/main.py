"""The commands and where they are."""

from typing import Annotated

import typer

from seasoned import __version__
from seasoned.cli import backups, collect, doctor, learn, lists, move, projects, serve, skills

app = typer.Typer(
    name="seasoned",
    help="Turn what AI agents did in past sessions into skills that any agent can use next time.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("learn")(learn.learn)
app.command("serve")(serve.serve)
app.command("worker")(serve.work)
app.command("migrate")(move.migrate)
app.command("copy")(move.copy)
app.add_typer(skills.app, name="skills", help="List, show and export skills.")
app.add_typer(lists.spaces_app, name="spaces", help="List learning spaces.")
app.add_typer(lists.sessions_app, name="sessions", help="List sessions.")
app.add_typer(projects.app, name="projects", help="Create and list projects and their keys.")
app.command("usage")(lists.usage)
app.command("doctor")(doctor.doctor)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.command("gc")(collect.collect)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"seasoned {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens to standard error.")] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    app()
