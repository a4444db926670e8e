"""What operators ask a running server: whether it is ready. Needs no key and tells nothing of what is stored."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from seasoned.engine import Engine
from seasoned.http.wire import RETRY_AFTER_SECONDS


def routes(engine: Engine) -> list[BaseRoute]:
    """The routes beside the API."""

    async def ready(_request: Request) -> Response:
        """200 when requests can be served, else 503, with the parts that were looked at."""
        found = await engine.conditions.look()
        status = 200 if found.ready else 503
        body = {"code": 0 if found.ready else status, "msg": "ready" if found.ready else "not ready", "data": found}
        headers = {"Cache-Control": "no-store"} | ({} if found.ready else {"Retry-After": str(RETRY_AFTER_SECONDS)})
        return Response(msgspec.json.encode(body), status, media_type="application/json", headers=headers)

    return [Route("/ready", ready)]
