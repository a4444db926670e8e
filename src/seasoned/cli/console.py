"""What commands share: settings, output for people or programs, errors as one line and an exit code."""

import asyncio
import os
import re
import signal
import sys
import unicodedata
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer

from seasoned import config as settings
from seasoned.cli.door import INTERRUPTED, STOPPED
from seasoned.config import Config
from seasoned.engine.projects import DEFAULT_PROJECT
from seasoned.engine.records import Records
from seasoned.errors import NoHome, SeasonedError
from seasoned.telemetry import logs

T = TypeVar("T")

FAILED = 1
SECRET_CHARS_MIN = 6
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)

# Like a usage error.
NOT_THERE = 2

Home = Annotated[
    Path | None,
    typer.Option(
        "--home", help="The folder with the database and the key.", envvar="SEASONED_HOME", show_default="~/.seasoned"
    ),
]
Project = Annotated[str, typer.Option("--project", help="The name or id of the project.")]
Space = Annotated[str, typer.Option("--space", help="Only the learning space with this name or id.")]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        help="The base URL for `openai:` models, for OpenAI-compatible servers.",
        envvar="SEASONED_BASE_URL",
        show_default="OPENAI_BASE_URL, or the provider's own",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def load_config(
    home: Path | None,
    base_url: str | None = None,
    *,
    worker: str | None = None,
    concurrency: int | None = None,
    tells: bool = False,
) -> Config:
    """The settings of a command; those that are None come from the environment. Also configures the log.

    A command that reports problems itself (`tells`) logs only errors, unless a level is set.
    """
    with reported():
        config = settings.load(home=home, base_url=base_url, worker=worker, concurrency=concurrency)
    level = "error" if tells and not os.environ.get("SEASONED_LOG_LEVEL") else config.log_level
    logs.set_up(config.log, level, without_secrets)
    return config


def without_secrets(text: str) -> str:
    """Mask secrets in text of a library or a provider: whatever looks like one, and the values of secret settings."""
    from seasoned.safety.secrets import redact  # noqa: PLC0415 - few commands log what is not theirs

    for name, value in os.environ.items():
        if len(value) >= SECRET_CHARS_MIN and _SECRET_NAME.search(name):
            text = text.replace(value, "[redacted:setting]")
    return redact(text)


def say(text: str, *, end: str = "\n") -> None:
    """Print a result to standard output and flush."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def note(text: str) -> None:
    """Print a note to standard error and flush."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def print_json(value: object) -> None:
    """One JSON value on standard output."""
    say(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """A table for people; in a pipe, tab-separated lines with a header."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            say("\t".join(one_line(cell) for cell in row))
        return
    if not rows:
        say(empty)
        return
    from rich.console import Console  # noqa: PLC0415 - at a terminal only
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        # A wrapped id cannot be copied.
        table.add_column(column, overflow="fold", no_wrap=column == "ID")
    for row in rows:
        table.add_row(*(one_line(cell).replace("[", "\\[") for cell in row))
    Console(soft_wrap=True, highlight=False).print(table)


def one_line(cell: object) -> str:
    """A text in one line, with control characters replaced, since it may come from untrusted clients."""
    text = " ".join(str(cell).splitlines())
    return "".join("\ufffd" if unicodedata.category(letter) == "Cc" else letter for letter in text)


@contextmanager
def reported(told: Callable[[SeasonedError], None] = lambda _error: None) -> Iterator[None]:
    """Turn our errors into one line on standard error and an exit code; `told` may say more."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except SeasonedError as error:
        note(f"seasoned: {error}")
        told(error)
        raise typer.Exit(NOT_THERE if isinstance(error, NoHome) else FAILED) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        note(STOPPED)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGINT, before)


def with_records(
    config: Config,
    work: Callable[[Records, str], Coroutine[None, None, T]],
    project: str = "",
    *,
    make: bool = False,
    told: Callable[[SeasonedError], None] = lambda _error: None,
) -> T:
    """Run `work(records, project_id)`. Without a home it exits with an error, unless `make` creates one.

    `project` is a name or id; the default project need not exist yet and is empty then. `told` says more of errors.
    """

    async def run() -> T:
        held = Records.open(config, make=make)
        try:
            return await work(held, await held.projects.id_of(project or DEFAULT_PROJECT))
        finally:
            await held.close()

    with reported(told):
        return asyncio.run(run())


def plain(row: msgspec.Struct, *fields: str) -> Mapping[str, object]:
    """Some fields of a row, for JSON."""
    return {field: getattr(row, field) for field in fields}
