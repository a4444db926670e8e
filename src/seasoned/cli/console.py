"""What every command shares: settings, output for people or programs, errors as one line and an exit code."""

import asyncio
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import click
import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from seasoned import config as settings
from seasoned.config import Config
from seasoned.engine import Engine
from seasoned.errors import SeasonedError
from seasoned.telemetry import logs

T = TypeVar("T")

FAILED = 1
INTERRUPTED = 130
SECRET_CHARS_MIN = 6
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

Home = Annotated[
    Path | None,
    typer.Option(
        "--home", help="The folder with the database and the key.", envvar="SEASONED_HOME", show_default="~/.seasoned"
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        help="Where `openai:` models are served, for OpenAI-compatible servers.",
        envvar="SEASONED_BASE_URL",
        show_default="OPENAI_BASE_URL, or the provider's own",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text for people.")]


def load_config(
    home: Path | None, base_url: str | None = None, *, worker: str | None = None, concurrency: int | None = None
) -> Config:
    """The settings for a command; those that are None come from the environment. From now on the log follows them."""
    with reported():
        config = settings.load(home=home, base_url=base_url, worker=worker, concurrency=concurrency)
    command = click.get_current_context(silent=True)
    verbose = command is not None and command.find_root().params.get("verbose")
    level = "info" if verbose and config.log_level != "debug" else config.log_level
    logs.set_up(config.log, level, without_secrets)
    return config


def without_secrets(text: str) -> str:
    """Text of a library or a provider for the log: neither what looks like a secret nor what this process was given."""
    from seasoned.llm.secrets import redact  # noqa: PLC0415 - few commands log what is not theirs

    for name, value in os.environ.items():
        if len(value) >= SECRET_CHARS_MIN and _SECRET_NAME.search(name):
            text = text.replace(value, "[redacted:setting]")
    return redact(text)


def print_json(value: object) -> None:
    """One JSON value on standard output."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """A table for people; in a pipe, tab-separated lines without a head."""
    if not out.is_terminal:
        for row in rows:
            out.print("\t".join(_shown(cell) for cell in row), markup=False)
        return
    if not rows:
        out.print(empty, markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        # Half an id cannot be copied.
        table.add_column(column, overflow="fold", no_wrap=column == "ID")
    for row in rows:
        table.add_row(*(_shown(cell).replace("[", "\\[") for cell in row))
    out.print(table)


def _shown(cell: object) -> str:
    """A cell's text in one line; what would steer the terminal is not shown as it is, since others may have sent it."""
    text = " ".join(str(cell).splitlines())
    return "".join("\ufffd" if unicodedata.category(letter) == "Cc" else letter for letter in text)


def progress(*, quiet: bool = False) -> Progress:
    """A progress bar on standard error, for people at a terminal only."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        disable=quiet or not err.is_terminal,
        transient=True,
    )


@contextmanager
def reported() -> Iterator[None]:
    """Turn our errors into one line on standard error and an exit code."""
    try:
        yield
    except SeasonedError as error:
        err.print(f"seasoned: {error}", markup=False)
        raise typer.Exit(FAILED) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        err.print("seasoned: stopped; start the same command again to go on.", markup=False)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does.
        sys.stderr.close()
        raise typer.Exit(0) from None


def with_engine(config: Config, work: Callable[[Engine, str], Coroutine[None, None, T]]) -> T:
    """Run `work(engine, project_id)` on a home, for the default project, without learning in the background."""

    async def run() -> T:
        engine = Engine.open(config)
        try:
            project = await engine.projects.default()
            return await work(engine, project.id)
        finally:
            await engine.close()

    with reported():
        return asyncio.run(run())


def plain(row: msgspec.Struct, *fields: str) -> Mapping[str, object]:
    """Some fields of a row, for JSON."""
    return {field: getattr(row, field) for field in fields}
