"""The pages' routes, and what every page's answer has in common: who may see it, and what a browser may do with it."""

import mimetypes
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route

from seasoned.dashboard import access, home, live, pipeline, rendering, review, searching, sessions, skills, spaces
from seasoned.dashboard.call import SEE_OTHER, Call, here
from seasoned.engine import Engine

Handler = Callable[[Call], Awaitable[Response]]

# In the scope of a request for a page: an error is answered with a page, too.
PAGE: Final = "seasoned.page"
YEAR_SECONDS: Final = 31_536_000

# Those that need no visit.
OPEN: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("GET", "/sign-in", access.sign_in_page),
    ("POST", "/sign-in", access.sign_in),
    ("GET", "/enter", access.enter),
)
ROUTES: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("GET", "/", home.show),
    ("GET", "/parts/standing", home.standing),
    ("POST", "/sign-out", access.sign_out),
    ("POST", "/examples", home.learn_examples),
    ("GET", "/live", live.stream),
    ("GET", "/search", searching.show),
    ("GET", "/spaces", spaces.listed),
    ("GET", "/spaces/{id}", spaces.show),
    ("POST", "/spaces/{id}/policy", spaces.set_policy),
    ("GET", "/skills/{id}", skills.show),
    ("GET", "/skills/{id}/why", skills.why),
    ("GET", "/skills/{id}/versions", skills.versions),
    ("GET", "/skills/{id}/diff", skills.diff),
    ("GET", "/skills/{id}/edit", skills.edit_page),
    ("POST", "/skills/{id}/edit", skills.edit),
    ("POST", "/skills/{id}/remove", skills.remove),
    ("POST", "/skills/{id}/revert", skills.revert),
    ("POST", "/skills/{id}/pin", skills.pin),
    ("GET", "/sessions", sessions.listed),
    ("GET", "/sessions/{id}", sessions.show),
    ("GET", "/sessions/{id}/messages/{number}/parts/{part}", sessions.part),
    ("POST", "/sessions/{id}/retry", sessions.retry),
    ("POST", "/sessions/{id}/tasks/{task}/outcome", sessions.set_outcome),
    ("GET", "/forget", sessions.forgetting),
    ("POST", "/forget", sessions.forget),
    ("GET", "/review", review.show),
    ("POST", "/review", review.decide),
    ("POST", "/review/{id}/approve", review.approve),
    ("POST", "/review/{id}/reject", review.reject),
    ("POST", "/review/{id}/undo", review.undo),
    ("GET", "/pipeline", pipeline.show),
    ("POST", "/pipeline/retry", pipeline.retry_all),
    ("GET", "/usage", pipeline.usage),
    ("GET", "/usage/calls/{id}", pipeline.one_call),
)


class Dashboard:
    """The pages of a server."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.live = live.Live(engine)
        self._handlers = {(method, path): handler for method, path, handler in (*OPEN, *ROUTES)}
        self._open = {(method, path) for method, path, _ in OPEN}
        self._routes = [Route(path, _nothing) for path in dict.fromkeys(path for _, path in self._handlers)]

    async def answer(self, request: Request) -> Response | None:
        """The answer to a request for a page; None if there is no such page. Raises SeasonedError."""
        scope, method = request.scope, "GET" if request.method == "HEAD" else request.method
        if scope["path"].startswith("/static/") and method == "GET":
            return _static(scope["path"].removeprefix("/static/"))
        for route in self._routes:
            matched, found = route.matches({**scope, "method": "GET"})
            if matched is not Match.NONE and (method, route.path) in self._handlers:
                scope.update(found, route=route)
                scope[PAGE] = True
                return await self._page(request, method, route.path)
        return None

    async def _page(self, request: Request, method: str, path: str) -> Response:
        call = Call(self._engine, request)
        if method == "POST":
            access.check_origin(call)
        visit = await access.visit_of(call)
        if visit is not None:
            call.visit, call.project = visit
        if (method, path) in self._open:
            return _guarded(await self._handlers[method, path](call), call)
        if visit is None:
            return _guarded(_to_sign_in(call), call)
        if method == "POST" and path != "/sign-out":
            access.check_form(call, await call.form())
        if not call.is_fragment:
            call.pulse = await self.live.pulse(call.project_id)
        request.state.live = self.live
        return _guarded(await self._handlers[method, path](call), call)

    def failure(self, request: Request, status: int, sentence: str) -> Response:
        """A page that says what went wrong; for a part of a page only the sentence."""
        call = Call(self._engine, request)
        template = "_failure.html" if call.is_fragment else "failure.html"
        return _guarded(call.show(template, status=status, sentence=sentence), call)


async def _nothing(_request: Request) -> Response:
    raise NotImplementedError


def _to_sign_in(call: Call) -> Response:
    to = call.request.url.path
    if call.request.method == "GET" and not call.is_fragment:
        query = call.request.url.query
        return RedirectResponse(here("/sign-in", to=f"{to}?{query}" if query else to if to != "/" else ""), SEE_OTHER)
    return Response(None, 401, {"HX-Redirect": "/sign-in"})


def _guarded(response: Response, call: Call) -> Response:
    """The answer with what browsers shall hold to: only our scripts run, and nothing is loaded from elsewhere."""
    policy = (
        f"default-src 'none'; script-src 'nonce-{call.nonce}'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types htmx"
    )
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _static(name: str) -> Response | None:
    try:
        data = rendering.static(name) if name.isascii() and "/" not in name else None
    except OSError:
        data = None
    if data is None:
        return None
    kept = {"Cache-Control": f"public, max-age={YEAR_SECONDS}, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type=mimetypes.guess_type(name)[0] or "application/octet-stream", headers=kept)
