"""Learning spaces as git repositories, by git's plain HTTP protocol (gitprotocol-http, "dumb clients")."""

from starlette.responses import Response

from seasoned.http.answers import Streamed, of_file
from seasoned.http.request import Call

TYPES = {"info/refs": "text/plain", "HEAD": "text/plain", "objects/info/packs": "text/plain"}


async def file(call: Call) -> Response:
    """GET /learning_spaces/{space_id}/git/{path}."""
    path = str(call.request.path_params["path"])
    space_id = call.id("space_id", "The space id")
    found = await call.engine.repositories.served(call.project_id, space_id, path)
    headers = {"Content-Length": str(found.stat().st_size), "Cache-Control": "no-cache"}
    kind = TYPES.get(path, "application/octet-stream")
    return Streamed(of_file(found.open("rb"), call.engine), call.engine.home, media_type=kind, headers=headers)
