"""What upstream has and this server has not: answered 501 with a sentence, so that a client knows."""

from starlette.responses import Response

from seasoned.http.wire import Call, failure


async def sandboxes(_call: Call) -> Response:
    """Sandboxes and the transfers to and from them."""
    return failure(501, "This server has no sandboxes; run commands in a sandbox of your own.")


async def encryption(_call: Call) -> Response:
    """Encryption of a project's data by its key."""
    return failure(501, "This server does not encrypt projects; keep its home on an encrypted disk.")


async def assets(_call: Call) -> Response:
    """Raw downloads by storage key."""
    return failure(501, "This server has no storage keys; read messages with their public URLs.")


async def admin(_call: Call) -> Response:
    """Administration over HTTP."""
    return failure(501, "This server is administered with `seasoned projects` and `seasoned usage`.")
