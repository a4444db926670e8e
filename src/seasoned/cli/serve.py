"""`seasoned serve`: the HTTP server, with learning in the same process."""

import asyncio
from typing import Annotated

import typer

from seasoned.cli.console import BaseUrl, Home, load_config, out, reported
from seasoned.config import Config
from seasoned.engine import Engine
from seasoned.engine.keys import KEY_FILE


def serve(
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", help="The port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = 8029,
    base_url: BaseUrl = None,
    home: Home = None,
) -> None:
    """Serve the HTTP API, and learn in the background, until stopped."""
    from seasoned.http import server  # noqa: PLC0415 - the web framework is needed by this command only

    with reported():
        config = load_config(home, base_url=base_url)
        key, made = asyncio.run(_prepare(config))
        listener = server.listen(host, port)
        address, bound = listener.getsockname()[:2]
        shown = f"[{address}]" if ":" in address else address
        out.print(
            f"Seasoned listens on http://{shown}:{bound} (API under /api/v1); home is {config.home_path}.", markup=False
        )
        if made:
            out.print(f"A new API key was made and is kept in {config.home_path / KEY_FILE}:\n  {key}", markup=False)
        elif not config.api_key:
            out.print(f"The API key is in {config.home_path / KEY_FILE}.", markup=False)
        out.file.flush()
        server.serve(Engine.open(config), listener)


async def _prepare(config: Config) -> tuple[str, bool]:
    engine = Engine.open(config)
    try:
        _, key, made = await engine.projects.ensure_default()
        return key, made
    finally:
        await engine.close()
