"""Users (wire contract, B.3)."""

from urllib.parse import unquote_to_bytes

import msgspec
from starlette.responses import Response

from seasoned.errors import Invalid
from seasoned.http.request import PREFIX, Call, answer, page_of, timestamps
from seasoned.store.projects import UserRow
from seasoned.store.rows import PAGE_MAX, PageQuery

PATH = f"{PREFIX}/user/"
# "All of them" is a page too: beyond this limit there is a cursor.
EVERY = 10_000


def user_json(row: UserRow) -> dict[str, object]:
    """A user in the API's form."""
    return {
        "id": row.id,
        "project_id": row.project_id,
        "identifier": row.identifier,
        **timestamps(row.created_at, row.updated_at),
    }


async def page(call: Call) -> Response:
    """GET /user/ls: without a limit all of them."""
    limit = call.number("limit", 0, 0, PAGE_MAX)
    query = PageQuery(
        limit=limit or EVERY, cursor=call.text("cursor") if limit else "", newest_first=call.flag("time_desc")
    )
    rows, cursor = await call.engine.users.page(call.project_id, query)
    return answer(page_of([user_json(row) for row in rows], cursor))


async def resources(call: Call) -> Response:
    """GET /user/{identifier}/resources: how many sessions, disks and skills a user has."""
    found = await call.engine.users.resources(call.project_id, _identifier(call))
    return answer({"counts": msgspec.to_builtins(found)})


async def delete(call: Call) -> Response:
    """DELETE /user/{identifier}: with all that is theirs; 200 also for an unknown one."""
    await call.engine.users.delete(call.project_id, _identifier(call))
    return answer(msg="ok")


def _identifier(call: Call) -> str:
    """The user's name, still percent-encoded in the path. Raises Invalid."""
    try:
        return unquote_to_bytes(call.request.path_params["identifier"]).decode()
    except UnicodeDecodeError:
        raise Invalid("The user's identifier in the path is not UTF-8; percent-encode its UTF-8 bytes.") from None
