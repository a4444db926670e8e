"""The commands and their modules. A module is imported when its command is called, since imports are most of a
command's time.
"""

import gc
import importlib
import os
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from seasoned import __version__

if TYPE_CHECKING:
    from typer._click import Command, Context


class _Location(msgspec.Struct, frozen=True):
    """A command's module, the function or Typer application in it, and its line in the help."""

    module: str
    name: str
    help: str


COMMANDS: Final = {
    "learn": _Location("learn", "learn", "Learn from past sessions: transcripts in, skills out."),
    "watch": _Location("watch", "watch", "Follow the folders of agents, and learn from each session once it is quiet."),
    "serve": _Location("serve", "serve", "Serve the HTTP API, and learn in the background, until stopped."),
    "ui": _Location("serve", "ui", "Look at what is learned, in a browser that is signed in."),
    "worker": _Location("serve", "work", "Learn from the sessions in a PostgreSQL database, until stopped."),
    "mcp": _Location("mcp", "mcp", "Serve MCP on standard input and output, for one agent."),
    "sync": _Location("sync", "sync", "Write the skills where agents look for them, and take edits made there back."),
    "skills": _Location("skills", "app", "List, show, compare, edit and export skills."),
    "search": _Location("search", "search", "Search skills, entries, lessons, tasks and messages."),
    "review": _Location("review", "app", "Approve, edit or reject what waits for review."),
    "eval": _Location("evals", "app", "Make cases of past sessions, and see whether a skill helps."),
    "forget": _Location("forget", "forget", "Forget what a session, a user, a task or a lesson taught."),
    "spaces": _Location("lists", "spaces_app", "List learning spaces, set their policies."),
    "sessions": _Location("lists", "sessions_app", "List and export sessions."),
    "projects": _Location("projects", "app", "Create and list projects and their keys."),
    "usage": _Location("lists", "usage", "Show the cost of model calls, and today's budgets."),
    "doctor": _Location("doctor", "doctor", "Check the home, or with --url a running server."),
    "backup": _Location("backups", "backup", "Back up the home to a folder, and verify the backup."),
    "restore": _Location("backups", "restore", "Verify a backup and restore it into the home."),
    "gc": _Location("gc", "collect", "Delete unreferenced stored files."),
    "migrate": _Location("move", "migrate", "Migrate the database to this release's schema."),
    "copy": _Location("move", "copy", "Copy a whole home to another database."),
}


class Later(TyperCommand):
    """A command whose module is imported when the command or its help is called."""

    def __init__(self, name: str, place: _Location) -> None:
        super().__init__(name=name, callback=None, help=place.help)
        self._place = place

    def load(self) -> "Command":
        """Import the command."""
        found = getattr(importlib.import_module(f"seasoned.cli.{self._place.module}"), self._place.name)
        if isinstance(found, typer.Typer):
            app = found
        else:
            app = typer.Typer(add_completion=False)
            app.command()(found)
        command = get_command(app)
        command.name = self.name
        gc.enable()
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: "Context | None" = None, **extra: object
    ) -> "Context":
        """The context of the imported command, which is then the one that runs."""
        return self.load().make_context(info_name, args, parent, **extra)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"seasoned {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[  # noqa: ARG001 - its callback has ended the program
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log each request, stage and model call to standard error.")
    ] = False,
) -> None:
    if verbose and os.environ.get("SEASONED_LOG_LEVEL") != "debug":
        os.environ["SEASONED_LOG_LEVEL"] = "info"


def program() -> TyperGroup:
    """The program with all of its commands."""
    app = typer.Typer(
        name="seasoned",
        help="Turn what AI agents did in past sessions into skills that any agent can use next time.",
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    group = get_command(app)
    if not isinstance(group, TyperGroup):
        raise TypeError("Typer made no group of commands.")
    for name, place in COMMANDS.items():
        group.add_command(Later(name, place), name)
    return group


def run() -> int:
    """Run the command of the command line; its exit code."""
    try:
        program()()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
