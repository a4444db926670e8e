"""What every command shares: settings, output for people or programs, errors as one line and an exit code."""

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

# As for a command line that cannot be followed.
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
    """The settings for a command; those that are None come from the environment. From now on the log follows them.

    One that tells by itself what goes wrong logs only errors, unless a level is set.
    """
    with reported():
        config = settings.load(home=home, base_url=base_url, worker=worker, concurrency=concurrency)
    level = "error" if tells and not os.environ.get("SEASONED_LOG_LEVEL") else config.log_level
    logs.set_up(config.log, level, without_secrets)
    return config


def without_secrets(text: str) -> str:
    """Text of a library or a provider for the log: neither what looks like a secret nor what this process was given."""
    from seasoned.safety.secrets import redact  # noqa: PLC0415 - few commands log what is not theirs

    for name, value in os.environ.items():
        if len(value) >= SECRET_CHARS_MIN and _SECRET_NAME.search(name):
            text = text.replace(value, "[redacted:setting]")
    return redact(text)


def say(text: str, *, end: str = "\n") -> None:
    """What a command was called for, on standard output, at once."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def note(text: str) -> None:
    """What a person should know beside it, on standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def print_json(value: object) -> None:
    """One JSON value on standard output."""
    say(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """A table for people; in a pipe, tab-separated lines under a head of the same columns."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            say("\t".join(_shown(cell) for cell in row))
        return
    if not rows:
        say(empty)
        return
    from rich.console import Console  # noqa: PLC0415 - at a terminal only
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        # Half an id cannot be copied.
        table.add_column(column, overflow="fold", no_wrap=column == "ID")
    for row in rows:
        table.add_row(*(_shown(cell).replace("[", "\\[") for cell in row))
    Console(soft_wrap=True, highlight=False).print(table)


def _shown(cell: object) -> str:
    """A cell's text in one line; what would steer the terminal is not shown as it is, since others may have sent it."""
    text = " ".join(str(cell).splitlines())
    return "".join("\ufffd" if unicodedata.category(letter) == "Cc" else letter for letter in text)


@contextmanager
def reported() -> Iterator[None]:
    """Turn our errors into one line on standard error and an exit code."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except SeasonedError as error:
        note(f"seasoned: {error}")
        raise typer.Exit(NOT_THERE if isinstance(error, NoHome) else FAILED) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        note(STOPPED)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGINT, before)


def with_records(
    config: Config, work: Callable[[Records, str], Coroutine[None, None, T]], project: str = "", *, make: bool = False
) -> T:
    """Run `work(what a home holds, project_id)`. Where there is no home it ends with a sentence, unless one is made.

    The project is the one of a name or id; the default project need not exist yet, and has nothing then.
    """

    async def run() -> T:
        held = Records.open(config, make=make)
        try:
            return await work(held, await held.projects.id_of(project or DEFAULT_PROJECT))
        finally:
            await held.close()

    with reported():
        return asyncio.run(run())


def plain(row: msgspec.Struct, *fields: str) -> Mapping[str, object]:
    """Some fields of a row, for JSON."""
    return {field: getattr(row, field) for field in fields}
