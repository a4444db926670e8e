"""The application: routes, authentication and error responses."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Receive, Scope, Send

from seasoned import instrumentation
from seasoned.engine import Engine
from seasoned.errors import NotFound, SeasonedError, Unauthorized, how_to_install
from seasoned.http import not_implemented, ops, stopping, users
from seasoned.http.answers import held, weighed
from seasoned.http.bodies import RequestBody, ResponseBody
from seasoned.http.downloads import download
from seasoned.http.request import PREFIX, ApiRequest, Handler, failure, failure_of, header
from seasoned.http.routes import ROUTES
from seasoned.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from seasoned.dashboard import Dashboard
    from seasoned.mcp.web import McpApp

log = logging.getLogger(__name__)

# In the scope of a request for a page.
PAGE: Final = "seasoned.page"
MCP: Final = "/mcp"

OpenHandler = Callable[[Request], Awaitable[Response]]


async def openapi(_request: Request) -> Response:
    """The OpenAPI document; needs no key."""
    from seasoned.http.openapi import document_bytes  # noqa: PLC0415 - no start needs the descriptions

    return Response(document_bytes(), media_type="application/json")


async def docs(_request: Request) -> Response:
    """The API's documentation; needs no key."""
    from seasoned.http.openapi.reference import html  # noqa: PLC0415 - no start needs the descriptions

    return HTMLResponse(html())


INTERNAL = "Internal server error; see the server's log."
UPLOADS = (PREFIX + "/agent_skills", PREFIX + "/agent_skills/import")


class App:
    """The ASGI application: limits bodies, routes requests, and turns exceptions into responses.

    Starlette's middleware would do the same in several layers, which cost more than a small request.
    """

    def __init__(self, engine: Engine, metrics: Metrics | None = None) -> None:
        self._engine = engine
        self._mcp: McpApp | None = None
        by_path: dict[str, dict[str, Handler]] = {}
        for method, path, handler in ROUTES:
            by_path.setdefault(PREFIX + path, {})[method] = handler
        routes: list[BaseRoute] = [_Path(path, _Endpoint(engine, handlers)) for path, handlers in by_path.items()]
        self._open: dict[str, OpenHandler] = {
            PREFIX + "/material/{token}": self._material,
            "/": self._root,
            "/health": ops.health,
            "/openapi.json": openapi,
            "/docs": docs,
            **ops.routes(engine, metrics),
        }
        routes += [Route(path, _OpenEndpoint(handler)) for path, handler in self._open.items()]
        routes += [Route(path, not_implemented.Area()) for path in not_implemented.AREAS]
        self._router = Router(routes, default=self._elsewhere, lifespan=self._lifespan)

    @cached_property
    def _dashboard(self) -> "Dashboard":
        from seasoned.dashboard import Dashboard  # noqa: PLC0415 - no start needs the templates

        return Dashboard(self._engine)

    @property
    def routes(self) -> list[tuple[str, str]]:
        """Every method and path."""
        return [*((method, PREFIX + path) for method, path, _ in ROUTES), *(("GET", path) for path in self._open)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        body = RequestBody(scope, receive, self._bytes_max(scope), self._engine.config.body_seconds)
        reply = ResponseBody(body, send)
        if instrumentation.heard():
            await ops.watched(self._answer(scope, body, reply), scope, reply)
        else:
            await self._answer(scope, body, reply)

    def _bytes_max(self, scope: Scope) -> int:
        config, is_skill = self._engine.config, scope["path"] in UPLOADS and scope["method"] == "POST"
        return max(config.body_bytes_max, config.skill_zip_bytes_max) if is_skill else config.body_bytes_max

    async def _answer(self, scope: Scope, body: RequestBody, reply: ResponseBody) -> None:
        if scope["path"].startswith(users.PATH):
            # A user's name may contain slashes, so these paths are matched while still percent-encoded.
            scope["path"] = scope["raw_path"].decode("ascii")
        try:
            await self._router(scope, body.receive, reply.send)
        except ClientDisconnect:
            return
        except SeasonedError as error:
            if error.__cause__ is not None:
                log.debug("why a request was refused", extra=_about(scope), exc_info=error)
            response = self._told(scope, failure_of(error), str(error))
            if isinstance(error, Unauthorized) and "/git/" in scope["path"]:
                # Without this git does not send the key that it was given.
                response.headers["WWW-Authenticate"] = 'Basic realm="Seasoned"'
        except HTTPException as error:
            response = self._told(scope, failure(error.status_code, error.detail), error.detail)
        except asyncio.CancelledError:
            # The server cancels what takes too long during shutdown.
            if not stopping.has_begun():
                raise
            response = failure_of(stopping.refusal())
        except Exception:
            log.exception("a request failed", extra=_about(scope))
            log.debug("why a request failed", extra=_about(scope), exc_info=True)
            response = self._told(scope, failure(500, INTERNAL), INTERNAL)
        else:
            return
        if reply.status:
            # Only closing the connection in the middle of the body can still tell the client.
            log.warning("an answer was broken off", extra={"route": ops.pattern(scope)})
        else:
            await response(scope, body.receive, reply.send)

    def _told(self, scope: Scope, response: Response, sentence: str) -> Response:
        """The answer to an error; on pages, a page."""
        if PAGE not in scope:
            return response
        return self._dashboard.failure(Request(scope), response.status_code, sentence)

    async def _root(self, request: Request) -> Response:
        """Where to go from here; a page for browsers, which need not have a key for it."""
        if self._engine.config.pages != "none" and "text/html" in header(request.scope, b"accept"):
            return await self._dashboard.answer(request) or await ops.welcome(request)
        return await ops.welcome(request)

    async def _speak_mcp(self, scope: Scope, receive: Receive, send: Send) -> None:
        project_id = await self._engine.projects.authenticate(header(scope, b"authorization"))
        await (self._mcp or await self._begin_mcp()).answer(project_id, scope, receive, send)

    async def _begin_mcp(self) -> "McpApp":
        # Others are answered meanwhile: the import takes seconds on a busy machine.
        made = await asyncio.to_thread(_mcp_app)
        self._mcp = self._mcp or made(self._engine, MCP)
        return self._mcp

    async def _elsewhere(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whatever is no route of the API: MCP, a page, or nothing."""
        if scope["path"] == MCP:
            await self._speak_mcp(scope, receive, send)
            return
        response = None
        if self._engine.config.pages != "none" and not scope["path"].startswith(f"{PREFIX}/"):
            response = await self._dashboard.answer(Request(scope, receive))
        await (response or _unknown(scope))(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, _app: object) -> AsyncIterator[None]:
        await self._engine.start()
        try:
            yield
        finally:
            if self._mcp is not None:
                await self._mcp.close()
            await self._engine.close()

    async def _material(self, request: Request) -> Response:
        links, token = self._engine.links, request.path_params["token"]

        async def made() -> Response:
            shown, data = await links.open(token)
            return download(data, shown.mime, shown.filename)

        # A bad link is refused before anything else.
        size = await links.size(token)
        return await weighed(self._engine, self._engine.config.body_bytes_max if size is None else size, made)


def _mcp_app() -> "type[McpApp]":
    try:
        from seasoned.mcp.web import McpApp  # noqa: PLC0415 - an extra, and a second of imports
    except ImportError:
        raise NotFound(f"MCP needs a library; {how_to_install('mcp')} on the server.") from None
    return McpApp


def _about(scope: Scope) -> dict[str, str]:
    return {"method": scope["method"], "route": ops.pattern(scope)}


class _Path(Route):
    """A path with its methods; other methods may belong to another path.

    When no path has it, the answer is that of an unknown path (wire contract, A.1).
    """

    def __init__(self, path: str, endpoint: "_Endpoint") -> None:
        super().__init__(path, endpoint)
        self._known = endpoint.handlers.keys()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and scope["method"] not in self._known:
            return Match.NONE, {}
        return super().matches(scope)


class _Endpoint:
    """One path: checks the key, then calls the method's handler."""

    def __init__(self, engine: Engine, handlers: dict[str, Handler]) -> None:
        self._engine = engine
        self.handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self.handlers[scope["method"]]
        request = Request(scope, receive)
        project_id = await self._engine.projects.authenticate(header(scope, b"authorization"))
        response = await handler(ApiRequest(self._engine, project_id, request))
        await (await held(response, self._engine))(scope, receive, send)


class _OpenEndpoint:
    """One path that needs no key."""

    def __init__(self, handler: OpenHandler) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _unknown(scope)(scope, receive, send)
            return
        response = await self._handler(Request(scope, receive))
        await response(scope, receive, send)


def _unknown(scope: Scope) -> Response:
    return failure(404, f"Unknown route {scope['method']} {scope['path']}.")
