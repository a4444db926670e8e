"""Users (wire contract, B.3)."""

from typing import Annotated
from urllib.parse import unquote_to_bytes

import msgspec

from seasoned.errors import Invalid
from seasoned.http.fields import ProjectId, about, moment, uuid
from seasoned.http.request import PREFIX, Answer, ApiRequest, Page, answer, done, page_of, timestamps
from seasoned.store.projects import UserRow
from seasoned.store.rows import PAGE_MAX, PageQuery
from seasoned.store.users import Resources

PATH = f"{PREFIX}/user/"
# "All of them" is a page too: beyond this limit there is a cursor.
EVERY = 10_000


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever an agent works for."""

    id: Annotated[str, uuid("The user's id.")]
    project_id: ProjectId
    identifier: Annotated[str, about("The free text that names the user.")]
    created_at: Annotated[str, moment("When the user was created.")]
    updated_at: Annotated[str, moment("When the user last changed.")]

    @classmethod
    def of(cls, row: UserRow) -> "User":
        """A user as the wire shows it."""
        times = timestamps(row.created_at, row.updated_at)
        return cls(id=row.id, project_id=row.project_id, identifier=row.identifier, **times)


class _Owned(msgspec.Struct, frozen=True):
    """What the user has."""

    counts: Annotated[Resources, about("The counts.")]


async def page(call: ApiRequest) -> Answer[Page[User]]:
    """GET /user/ls: without a limit all of them."""
    limit = call.number("limit", 0, 0, PAGE_MAX)
    query = PageQuery(
        limit=limit or EVERY, cursor=call.text("cursor") if limit else "", newest_first=call.flag("time_desc")
    )
    rows, cursor = await call.engine.users.page(call.project_id, query)
    return answer(page_of([User.of(row) for row in rows], cursor))


async def resources(call: ApiRequest) -> Answer[_Owned]:
    """GET /user/{identifier}/resources: how many sessions, disks and skills a user has."""
    return answer(_Owned(await call.engine.users.resources(call.project_id, _identifier(call))))


async def delete(call: ApiRequest) -> Answer[None]:
    """DELETE /user/{identifier}: with all that is theirs; 200 also for an unknown one."""
    await call.engine.users.delete(call.project_id, _identifier(call))
    return done()


def _identifier(call: ApiRequest) -> str:
    """The user's name, still percent-encoded in the path. Raises Invalid."""
    try:
        return unquote_to_bytes(call.request.path_params["identifier"]).decode()
    except UnicodeDecodeError:
        raise Invalid("The user's identifier in the path is not UTF-8; percent-encode its UTF-8 bytes.") from None
