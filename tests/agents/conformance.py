"""The official conformance scenarios of the protocol that have to do with skills, against the MCP server.

    python -m tests.agents.conformance NODE FOLDER

NODE is Node.js 22 or newer, FOLDER has `@modelcontextprotocol/conformance` installed. The scenarios send no key, so the
server here serves one project to everybody.
"""

import asyncio
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import uvicorn

from seasoned import config
from seasoned.engine import Engine
from seasoned.mcp.server import server
from tests.support.ports import free_port
from tests.support.server import wait_until

SCENARIOS = (
    "server-stateless",
    "server-initialize",
    "tools-list",
    "resources-list",
    "ping",
    "sep-2640-skills-enumeration",
    "sep-2640-skills-manifest",
    "sep-2640-skills-directory",
)


def main(node: str, folder: str) -> int:
    """Run the scenarios; how many failed."""
    port, ready, stop = free_port(), threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(port, ready, stop)), daemon=True)
    thread.start()
    wait_until(ready.is_set, "the server is up")
    program = Path(folder) / "node_modules" / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
    failed = 0
    for scenario in SCENARIOS:
        words = [node, str(program), "server", "--url", f"http://127.0.0.1:{port}/mcp", "--scenario", scenario]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        print(done.stdout, done.stderr if done.returncode else "")
        failed += done.returncode != 0
    stop.set()
    thread.join()
    return failed


async def _serve(port: int, ready: threading.Event, stop: threading.Event) -> None:
    with tempfile.TemporaryDirectory() as home:
        engine = Engine.open(config.load({}, home=Path(home)))
        await engine.start()
        project_id = (await engine.projects.default()).id
        await engine.spaces.create(project_id)

        async def own() -> str:
            return project_id

        app = server(engine, own).http_app(path="/mcp", stateless_http=True, json_response=True)
        web = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
        serving = asyncio.create_task(web.serve())
        while not web.started:
            await asyncio.sleep(0.05)
        ready.set()
        await asyncio.to_thread(stop.wait)
        web.should_exit = True
        await serving
        await engine.close()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
