"""`seasoned mcp`: the MCP server on standard input and output, for one agent."""

import asyncio

from seasoned.cli.console import BaseUrl, Home, Project, load_config, reported
from seasoned.config import Config
from seasoned.engine import Engine, models
from seasoned.engine.projects import DEFAULT_PROJECT
from seasoned.errors import Invalid, how_to_install


def mcp(base_url: BaseUrl = None, project: Project = "", home: Home = None) -> None:
    """Serve MCP on standard input and output, for one agent, and learn in the background until it ends.

    A server that runs (`seasoned serve`) has the same tools at /mcp.
    """
    with reported():
        asyncio.run(_serve(load_config(home, base_url=base_url), project or DEFAULT_PROJECT))


async def _serve(config: Config, project: str) -> None:
    try:
        from seasoned.mcp.server import server  # noqa: PLC0415 - an extra
    except ImportError:
        raise Invalid(f"`seasoned mcp` needs a library; {how_to_install('mcp')}.") from None
    await models.check(config)
    engine = Engine.open(config)
    try:
        await engine.start()
        project_id = await engine.projects.id_of(project)

        async def own() -> str:
            return project_id

        await server(engine, own).run_async(transport="stdio", show_banner=False)
    finally:
        await engine.close()
