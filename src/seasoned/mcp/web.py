"""MCP over streamable HTTP: one application in a server, started by the first request, since it costs a second."""

import asyncio
from contextlib import suppress

from fastmcp.server.dependencies import get_http_request
from starlette.types import ASGIApp, Receive, Scope, Send

from seasoned.engine import Engine
from seasoned.mcp.server import server

# In the scope of a request: the project of its key.
PROJECT = "seasoned.project"


class McpApp:
    """The application of the path for MCP."""

    def __init__(self, engine: Engine, path: str) -> None:
        mcp = server(engine, _project)
        self._app = mcp.http_app(path=path, stateless_http=True, json_response=True)
        self._answers: ASGIApp = self._app
        self._ended = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def answer(self, project_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whose key was checked."""
        scope[PROJECT] = project_id
        if self._running is None:
            self._running = asyncio.create_task(self._live())
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait({ready, self._running}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        await self._answers(scope, receive, send)

    async def _live(self) -> None:
        # One task, as what it enters has to be left in the same.
        async with self._app.router.lifespan_context(self._app):
            self._ready.set()
            await self._ended.wait()

    async def close(self) -> None:
        """End what the requests share."""
        self._ended.set()
        if self._running is not None:
            with suppress(asyncio.CancelledError):
                await self._running


async def _project() -> str:
    found = get_http_request().scope[PROJECT]
    return found if isinstance(found, str) else ""
