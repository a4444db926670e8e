"""Upstream endpoints that this server does not implement: answered 501 with an explanation."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from seasoned.http.request import ApiRequest, failure

# Outside the API's prefix, with all paths below.
AREAS = ("/admin/v1", "/admin/v1/{rest:path}", "/metrics/v1", "/metrics/v1/{rest:path}")


async def sandboxes(_call: ApiRequest) -> Response:
    """Sandboxes and the transfers to and from them."""
    return failure(501, "This server has no sandboxes; run commands in a sandbox of your own.")


async def encryption(_call: ApiRequest) -> Response:
    """Encryption of a project's data by its key."""
    return failure(501, "This server does not encrypt projects; keep its home on an encrypted disk.")


async def assets(_call: ApiRequest) -> Response:
    """Raw downloads by storage key."""
    return failure(501, "This server has no storage keys; read messages with their public URLs.")


class Area:
    """Administration and metrics over HTTP: any method, and no key, since upstream's are other keys than ours."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sentence = "This server is administered with `seasoned projects` and `seasoned usage`, not over HTTP."
        await failure(501, sentence)(scope, receive, send)
