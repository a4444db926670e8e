"""Readiness and metrics for operators. Neither reveals stored content."""

import hmac
import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from seasoned import __version__, instrumentation
from seasoned.engine import Engine
from seasoned.errors import how_to_install
from seasoned.http.bodies import ResponseBody
from seasoned.http.fields import about
from seasoned.http.request import PREFIX, RETRY_AFTER_SECONDS, Answer, ApiRequest, answer, done, failure, header
from seasoned.telemetry.metrics import Levels, Metrics

NOT_INSTALLED = 501
FORBIDDEN = 403
TRACE_CHARS_MAX = 512


class Welcome(msgspec.Struct, frozen=True, kw_only=True):
    """The server."""

    name: Annotated[str, about("`Seasoned`.")] = "Seasoned"
    version: Annotated[str, about("The release.")] = __version__
    docs: Annotated[str, about("The reference for people.")] = "/docs"
    openapi: Annotated[str, about("The description for machines.")] = "/openapi.json"
    api: Annotated[str, about("What paths of the API begin with.")] = PREFIX
    health: Annotated[str, about("Whether the server is up.")] = "/health"
    ready: Annotated[str, about("Whether it takes requests.")] = "/ready"


class Condition(msgspec.Struct, frozen=True):
    """The envelope."""

    code: Annotated[int, about("0, or the HTTP status again.")]
    msg: Annotated[str, about("`ready` or `not ready`.")]
    data: Annotated[
        object, about("Each part: database, blobs, worker, work that waits, the queue of writes.", type="object")
    ]


async def welcome(_request: Request) -> Answer[Welcome]:
    """Where to go from here; needs no key."""
    return answer(Welcome(), msg="ok")


async def health(_request: Request) -> Answer[None]:
    """Whether the server is up; needs no key."""
    return done()


async def ping(_call: ApiRequest) -> Answer[None]:
    """Whether the key is good."""
    return done("pong")


def routes(engine: Engine, metrics: Metrics | None) -> dict[str, Callable[[Request], Awaitable[Response]]]:
    """The handlers of paths outside the API, which need no key."""

    async def ready(_request: Request) -> Response:
        """200 when requests can be served, else 503, with the state of each component."""
        found = await engine.conditions.look()
        status = 200 if found.ready else 503
        body = Condition(0 if found.ready else status, "ready" if found.ready else "not ready", found)
        headers = {"Cache-Control": "no-store"} | ({} if found.ready else {"Retry-After": str(RETRY_AFTER_SECONDS)})
        return Response(msgspec.json.encode(body), status, media_type="application/json", headers=headers)

    async def measured(request: Request) -> Response:
        """Metrics in Prometheus' text format, for this machine or clients with the token."""
        if metrics is None:
            return failure(NOT_INSTALLED, f"Metrics need a library; {how_to_install('metrics')}, then restart.")
        refused = _refused(request, engine.config.metrics_token)
        if refused is not None:
            return refused
        text, kind = metrics.text(await _levels(engine))
        return Response(text, headers={"Content-Type": kind, "Cache-Control": "no-store"})

    return {"/ready": ready, "/metrics": measured}


async def watched(answering: Awaitable[None], scope: Scope, reply: ResponseBody) -> None:
    """Answer a request and report it to the listeners."""
    headers = {name: value for name, value in scope["headers"] if name in (b"traceparent", b"tracestate")}
    request = instrumentation.HttpRequest(
        method=scope["method"],
        traceparent=headers.get(b"traceparent", b"")[:TRACE_CHARS_MAX].decode("latin-1"),
        tracestate=headers.get(b"tracestate", b"")[:TRACE_CHARS_MAX].decode("latin-1"),
    )
    with instrumentation.watch(request):
        try:
            await answering
        finally:
            request.status, request.route = reply.status, pattern(scope)


def pattern(scope: MutableMapping[str, Any]) -> str:
    """The pattern of a request's route; empty if none matched."""
    route = scope.get("route")
    return route.path if isinstance(route, Route) else ""


def _refused(request: Request, token: str) -> Response | None:
    if token:
        given = header(request.scope, b"authorization").removeprefix("Bearer ")
        if hmac.compare_digest(given.encode(), token.encode()):
            return None
        return failure(401, "Metrics need the token from SEASONED_METRICS_TOKEN, as `Authorization: Bearer`.")
    if request.client is not None and _is_this_machine(request.client.host):
        return None
    return failure(
        FORBIDDEN, "Metrics are served to this machine only; set SEASONED_METRICS_TOKEN to read them from elsewhere."
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _levels(engine: Engine) -> Levels:
    condition, backlog = await engine.conditions.look(), await engine.conditions.backlog()
    counts = await engine.conditions.skills()
    return Levels(
        ready=condition.ready,
        writes_waiting=engine.store.writes_waiting,
        writes_max=engine.config.write_queue,
        longest_write_seconds=engine.store.longest_write_seconds,
        due={str(stage): count for stage, count in backlog.due.items()} if backlog else None,
        parked={str(stage): count for stage, count in backlog.parked.items()} if backlog else None,
        oldest_due_seconds=condition.work.oldest_due_seconds,
        skills=counts[0] if counts else None,
        versions=counts[1] if counts else None,
    )
