"""`seasoned serve`: the HTTP server, and learning in the background."""

import asyncio
import signal
import socket
from typing import Annotated, Literal

import typer

from seasoned import __version__
from seasoned.cli.console import BaseUrl, Home, load_config, note, reported, say
from seasoned.config import Config
from seasoned.engine import Engine, models, serving
from seasoned.engine.keys import KEY_FILE
from seasoned.engine.records import Records
from seasoned.engine.visits import Visits
from seasoned.errors import Invalid
from seasoned.telemetry import running

Where = Literal["process", "inline", "none"]


def serve(
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", help="The port to listen on; 0 picks a free one.", min=0, max=65535)
    ] = 8029,
    worker: Annotated[
        Where | None,
        typer.Option(
            "--worker",
            help="Where to learn: in a separate process, inline in the server's process, or none (then run `seasoned "
            "worker`; PostgreSQL only).",
            show_default="SEASONED_WORKER, process",
        ),
    ] = None,
    base_url: BaseUrl = None,
    home: Home = None,
) -> None:
    """Serve the HTTP API, and learn in the background, until stopped."""
    from seasoned.http import server  # noqa: PLC0415 - the web framework is needed by this command only

    with reported():
        config = load_config(home, base_url=base_url, worker=worker)
        if config.worker == "none":
            _needs_postgres(config, "--worker=none")
        key, made, _ = asyncio.run(_prepare(config))
        listener = server.listen(host, port)
        url = _url(listener)
        with serving.announced(config.home_path, url) as other:
            if other is not None and not config.database:
                note(
                    f"warning: process {other.pid} at {other.url} already serves this home; both work, "
                    "but one server is enough, so stop one of them unless you want two."
                )
            pages = "" if config.pages == "none" else "pages at /, "
            say(f"Seasoned listens on {url} ({pages}API under /api/v1); home is {config.home_path}.")
            if made:
                say(f"A new API key was created and stored in {config.home_path / KEY_FILE}:\n  {key}")
            elif not config.api_key:
                say(f"The API key is in {config.home_path / KEY_FILE}.")
            server.serve(Engine.open(config, serves=True), listener, at_end=running.start(__version__))


def ui(
    port: Annotated[
        int, typer.Option("--port", help="The port to listen on; 0 picks a free one.", min=0, max=65535)
    ] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser, or only say where.")] = True,
    base_url: BaseUrl = None,
    home: Home = None,
) -> None:
    """Look at what is learned, in a browser that is signed in; learn in the background, until stopped.

    If a server serves the home already, its pages are opened, and the command ends.
    """
    from seasoned.http import server  # noqa: PLC0415 - the web framework is needed by few commands

    with reported():
        config = load_config(home, base_url=base_url)
        if config.pages == "none":
            raise Invalid("The pages are turned off; unset SEASONED_PAGES.")
        _, _, invitation = asyncio.run(_prepare(config))
        listener = server.listen("127.0.0.1", port)
        url = _url(listener)
        with serving.announced(config.home_path, url) as other:
            say(f"Open {(other.url if other else url)}/enter?token={invitation} within a minute; it works once.")
            if browser:
                import webbrowser  # noqa: PLC0415 - only here

                webbrowser.open(f"{(other.url if other else url)}/enter?token={invitation}")
            if other is not None:
                listener.close()
                return
            server.serve(Engine.open(config, serves=True), listener, at_end=running.start(__version__))


def _url(listener: socket.socket) -> str:
    address, bound = listener.getsockname()[:2]
    return f"http://{f'[{address}]' if ':' in address else address}:{bound}"


def work(
    concurrency: Annotated[
        int | None,
        typer.Option(
            "--concurrency", help="How many stages run at once.", min=1, show_default="SEASONED_CONCURRENCY, 4"
        ),
    ] = None,
    base_url: BaseUrl = None,
    home: Home = None,
) -> None:
    """Learn from the sessions in a PostgreSQL database, until stopped, without serving HTTP."""
    with reported():
        config = load_config(home, base_url=base_url, concurrency=concurrency, worker="inline")
        _needs_postgres(config, "seasoned worker")
        asyncio.run(_work(config))


async def _work(config: Config) -> None:
    """Learn until a signal arrives. Raises KeyboardInterrupt for SIGINT."""
    await models.check(config)
    stop, came = asyncio.Event(), list[int]()

    def told(number: int) -> None:
        came.append(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told, number)
    engine, stop_telling = Engine.open(config), running.start(__version__)
    try:
        await engine.start()
        say(f"The worker runs {config.concurrency} stages at once; stop it with Ctrl-C or SIGTERM.")
        await stop.wait()
    finally:
        await engine.close()
        stop_telling()
    if signal.SIGINT in came:
        raise KeyboardInterrupt


def _needs_postgres(config: Config, what: str) -> None:
    if not config.database:
        raise Invalid(f"{what} needs PostgreSQL: set SEASONED_DATABASE. On SQLite, `seasoned serve` learns.")


async def _prepare(config: Config) -> tuple[str, bool, str]:
    """The default project's key, whether it is new, and an invitation to its pages, after checking that the server can
    start.
    """
    if config.worker:
        await models.check(config)
    held = Records.open(config, make=True)
    try:
        row, key, made = await held.projects.ensure_default()
        return key, made, await Visits(held.store, held.keyring).invite(row.id)
    finally:
        await held.close()
