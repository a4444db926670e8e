"""The protocol's official conformance scenarios that fit, against the MCP server: `make test-mcp`.

    python -m tests.agents.conformance NODE FOLDER

NODE is Node.js 22 or newer, FOLDER has `@modelcontextprotocol/conformance` installed. The scenarios send no key, so the
server here serves one project to everybody.
"""

import asyncio
import socket
import sys
import tempfile
from pathlib import Path

import uvicorn

from seasoned import config
from seasoned.engine import Engine
from seasoned.mcp.server import server
from tests.support.ports import free_port

# Those that ask for tools of their own are left out.
SCENARIOS = (
    "server-initialize",
    "tools-list",
    "resources-list",
    "ping",
    "sep-2640-skills-enumeration",
    "sep-2640-skills-manifest",
    "sep-2640-skills-directory",
)


class _Server(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, configured: uvicorn.Config) -> None:
        super().__init__(configured)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


async def main(node: str, folder: str) -> int:
    """Run the scenarios; how many failed."""
    program = Path(folder) / "node_modules" / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
    with tempfile.TemporaryDirectory() as home:
        engine = Engine.open(config.load({}, home=Path(home)))
        await engine.start()
        project_id = (await engine.projects.default()).id
        await engine.spaces.create(project_id)

        async def own() -> str:
            return project_id

        app = server(engine, own).http_app(path="/mcp", stateless_http=True, json_response=True)
        port = free_port()
        web = _Server(uvicorn.Config(app, port=port, log_level="error"))
        serving = asyncio.create_task(web.serve())
        await web.listens.wait()
        failed = 0
        for scenario in SCENARIOS:
            words = (str(program), "server", "--url", f"http://127.0.0.1:{port}/mcp", "--scenario", scenario)
            failed += await (await asyncio.create_subprocess_exec(node, *words)).wait() != 0
        web.should_exit = True
        await serving
        await engine.close()
    return failed


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
