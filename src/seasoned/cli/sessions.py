"""`seasoned sessions export`: one session, in a form for people or for other programs."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import typer

from seasoned.cli.console import Home, Project, load_config, say, with_records
from seasoned.engine.records import Records
from seasoned.errors import Invalid, NotFound
from seasoned.formats import sessions
from seasoned.message import Asset, NumberedMessage
from seasoned.store.blob_store import Blobs
from seasoned.store.rows import load_object

BATCH_MESSAGES = 100


class _Files:
    """The bytes of a session's pictures; those that are lost are not shown."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def url(self, asset: Asset, filename: str) -> str:  # noqa: ARG002 - the protocol's
        """No address: nothing serves the files of an export."""
        return ""

    def data(self, asset: Asset) -> bytes | None:
        """The bytes of a file."""
        try:
            return self._blobs.get_now(asset.sha256)
        except NotFound:
            return None


def export(
    session_id: Annotated[str, typer.Argument(metavar="ID", help="The session's id; `seasoned sessions list` has it.")],
    format: Annotated[  # noqa: A002 - the option's name
        str, typer.Option("--format", help=f"The form: {', '.join(sessions.FORMS)}.")
    ] = "markdown",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of standard output.")] = None,
    project: Project = "",
    home: Home = None,
) -> None:
    """Export a session: ATIF or OpenAI's JSON lines for programs, Markdown or HTML for people."""
    form = next((one for one in sessions.FORMS if one == format), None)

    async def run(held: Records, project_id: str) -> None:
        if form is None:
            raise Invalid(f"The form {format[:40]!r} is unknown; use one of {', '.join(sessions.FORMS)}.")
        row = await held.sessions.get(project_id, session_id)
        told = load_object(row.configs).get("format")
        program = told if isinstance(told, str) else ""
        head = sessions.Head(id=row.id, source=row.source, program=program, outcome=row.outcome)
        loop = asyncio.get_running_loop()

        def messages() -> Iterator[NumberedMessage]:
            last = 0
            while batch := asyncio.run_coroutine_threadsafe(
                held.sessions.numbered(row.id, last, BATCH_MESSAGES), loop
            ).result():
                yield from batch
                last = batch[-1].number

        def write(file: TextIO) -> None:
            file.writelines(sessions.written(form, head, messages(), _Files(held.store.blobs)))

        if output is None:
            await asyncio.to_thread(write, sys.stdout)
            return
        try:
            with output.open("w", encoding="utf-8", newline="\n") as file:
                await asyncio.to_thread(write, file)
        except OSError as error:
            raise Invalid(f"{output} cannot be written ({error.strerror}); give another path.") from None
        say(str(output))

    with_records(load_config(home), run, project)
