"""Learning spaces as git repositories, by git's plain HTTP protocol (gitprotocol-http, "dumb clients")."""

from starlette.responses import Response

from seasoned.http.answers import Streamed, of_file
from seasoned.http.request import ApiRequest


async def head(call: ApiRequest) -> Response:
    """GET /learning_spaces/{space_id}/git/HEAD."""
    return await _file(call, "HEAD")


async def refs(call: ApiRequest) -> Response:
    """GET /learning_spaces/{space_id}/git/info/refs, with which every clone begins."""
    return await _file(call, "info/refs")


async def objects(call: ApiRequest) -> Response:
    """GET /learning_spaces/{space_id}/git/objects/{folder}/{name}."""
    parameters = call.request.path_params
    return await _file(call, f"objects/{parameters['folder']}/{parameters['name']}")


async def _file(call: ApiRequest, path: str) -> Response:
    space_id = call.id("space_id", "The space id")
    found = await call.engine.repositories.served(call.project_id, space_id, path)
    headers = {"Content-Length": str(found.stat().st_size), "Cache-Control": "no-cache"}
    opened = of_file(found.open("rb"), call.engine)
    return Streamed(opened, call.engine.home, media_type="application/octet-stream", headers=headers)
