"""The commands and where they are. A command's module is imported when it is called: most of what a command costs is
importing, and none needs what all need.
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


class _Place(msgspec.Struct, frozen=True):
    """Where a command is: the module, a function or Typer application in it, and the line that the help shows."""

    module: str
    name: str
    help: str


COMMANDS: Final = {
    "learn": _Place("learn", "learn", "Learn from past sessions: transcripts in, skills out."),
    "serve": _Place("serve", "serve", "Serve the HTTP API, and learn in the background, until stopped."),
    "worker": _Place("serve", "work", "Learn from what servers on one PostgreSQL database take in, until stopped."),
    "skills": _Place("skills", "app", "List, show and export skills."),
    "spaces": _Place("lists", "spaces_app", "List learning spaces."),
    "sessions": _Place("lists", "sessions_app", "List sessions."),
    "projects": _Place("projects", "app", "Create and list projects and their keys."),
    "usage": _Place("lists", "usage", "Show what model calls cost, and today's budgets."),
    "doctor": _Place("doctor", "doctor", "Check that the home is well, or with --url that a running server is."),
    "backup": _Place("backups", "backup", "Back the home up into a folder, and check the backup."),
    "restore": _Place("backups", "restore", "Check a backup and make the home of it."),
    "gc": _Place("gc", "collect", "Delete stored files that nothing references."),
    "migrate": _Place("move", "migrate", "Bring the database to this release's schema."),
    "copy": _Place("move", "copy", "Copy a whole home to another database."),
}


class Later(TyperCommand):
    """A command whose module is imported once the command is called, or its own help is asked for."""

    def __init__(self, name: str, place: _Place) -> None:
        super().__init__(name=name, callback=None, help=place.help)
        self._place = place

    def load(self) -> "Command":
        """The command itself, all of whose imports are done."""
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
        """The context of the command itself, which is thereby the one that is run."""
        return self.load().make_context(info_name, args, parent, **extra)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"seasoned {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[  # noqa: ARG001 - its callback has ended the program
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens to standard error.")] = False,
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
