"""The words in which routes are described: an operation for each method of each path, with its parameters."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import replace
from starlette.responses import Response

from seasoned.http.request import FILTER_CHARS_MAX, PAGE_DEFAULT, PREFIX, Answer
from seasoned.http.routes import ROUTES
from seasoned.message import Json, JsonObject
from seasoned.store.rows import PAGE_MAX

_FILE = Path(__file__).with_name("operations.md")


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of the path, the query or the headers."""

    name: str
    where: Literal["path", "query", "header"]
    description: str
    schema: JsonObject
    required: bool = False


class Body(msgspec.Struct, frozen=True):
    """A request's body: the types of its JSON and of its multipart form, and what else is to be said of it."""

    json: object = None
    form: object = None
    required: bool = True
    note: str = ""


class Success(msgspec.Struct, frozen=True):
    """What a success carries: the types that `data` may have, or with `is_bare` the whole body; or none, but a word."""

    kinds: tuple[object, ...] = ()
    is_bare: bool = False
    media: str = "application/json"
    word: str = ""
    description: str = ""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path.

    `errors` are those of the operation itself, each with what leads to it; what all operations with a key share (401,
    503, of those that write also 507, of those with a body also 408, 413 and 415) is added when the document is made.
    """

    id: str
    method: str
    path: str
    tag: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    answers: Mapping[int, Success]
    errors: Mapping[int, str]
    needs_key: bool

    @property
    def may_write(self) -> bool:
        """Whether the operation writes."""
        return self.method != "GET"


class Words(msgspec.Struct, frozen=True):
    """What `operations.md` says of an operation."""

    tag: str
    summary: str
    description: str
    responses: Mapping[int, str]


@cache
def words() -> Mapping[str, Words]:
    """The words of each operation by its id: a heading, a line that describes it, and a line for each response."""
    found = {}
    for group in _FILE.read_text(encoding="utf-8").removeprefix("# ").split("\n# "):
        tag, *blocks = group.strip().split("\n\n## ")
        for block in blocks:
            heading, description, *lines = block.split("\n")
            id_, summary = heading.split(": ", 1)
            pairs = (line.split(": ", 1) for line in lines)
            found[id_] = Words(tag, summary, description, {int(status): said for status, said in pairs})
    return found


def operation(
    what: Callable[..., object] | str,
    id_: str,
    *parameters: Parameter,
    body: object = None,
    answers: Mapping[int, Success] | None = None,
    needs_key: bool = True,
) -> Operation:
    """Describe what a handler does, or a route such as `GET /docs`.

    The route table says the method and the path, so `parameters` are those beside the path's, and the errors that its
    first id may lead to need not be given. A response below 400 carries what the handler's annotation says, unless
    `answers` has it; a `body` that is a type is the JSON that must be sent.
    """
    said, given = words()[id_], answers or {}
    method, path = what.split() if isinstance(what, str) else _route(what)
    in_path = [_IN_PATH[name] for name in re.findall(r"{(\w+)}", path)]
    successes = {status: about for status, about in said.responses.items() if status < 400 or status in given}  # noqa: PLR2004
    return Operation(
        id=id_,
        method=method,
        path=path,
        tag=said.tag,
        summary=said.summary,
        description=said.description,
        parameters=(*(one.parameter for one in in_path), *parameters),
        body=body if body is None or isinstance(body, Body) else Body(body),
        answers={
            status: replace(given.get(status) or Success(_kinds(what)), description=about)
            for status, about in successes.items()
        },
        errors={
            **(in_path[0].errors if in_path else {}),
            **{status: about for status, about in said.responses.items() if status not in successes},
        },
        needs_key=needs_key,
    )


def left_out(id_: str, route: str, summary: str) -> Operation:
    """A route of the protocol that answers 501."""
    method, path = route.split()
    return Operation(
        id=id_,
        method=method,
        path=PREFIX + path,
        tag="Left out",
        summary=summary,
        description="Part of the protocol, not of this server.",
        parameters=tuple(_IN_PATH[name].parameter for name in re.findall(r"{(\w+)}", path)),
        body=None,
        answers={},
        errors={501: "This server does not do that; the sentence says what to do instead."},
        needs_key=True,
    )


class _InPath(msgspec.Struct, frozen=True):
    """A parameter of paths, and what it may lead to."""

    parameter: Parameter
    errors: Mapping[int, str] = {}


def _id(name: str, description: str, what: str = "", of: str = "") -> _InPath:
    errors = {400: f"The {what} id is not a UUID.", 404: f"The project has no such {of or what}."} if what else {}
    schema: JsonObject = {"type": "string", "format": "uuid"}
    return _InPath(Parameter(name, "path", description, schema, required=True), errors)


def _word(name: str, description: str) -> _InPath:
    return _InPath(Parameter(name, "path", description, {"type": "string", "minLength": 1}, required=True))


_IN_PATH = {
    one.parameter.name: one
    for one in (
        _id("session_id", "The session's id.", "session"),
        _id("message_id", "The message's id."),
        _id("space_id", "The space's id.", "space", "learning space"),
        _id("skill_id", "The skill's id.", "skill"),
        _id("proposal_id", "The proposal's id.", "proposal"),
        _id("disk_id", "The disk's id, or a skill's `disk_id`.", "disk"),
        _InPath(
            Parameter(
                "number",
                "path",
                "The version's number.",
                {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
                required=True,
            )
        ),
        _word("folder", "A folder of objects, such as `pack`."),
        _word("name", "A file in it."),
        _word("identifier", "What names the user; encode a slash as %2F."),
        _word("token", "The signed token."),
        _word("sandbox_id", "The sandbox's id."),
    )
}


def _route(handler: Callable[..., object]) -> tuple[str, str]:
    ((method, path),) = [(method, path) for method, path, one in ROUTES if one is handler]
    return method, PREFIX + path.replace(":path}", "}")


def _kinds(handler: object) -> tuple[object, ...]:
    """The types that a handler's answer may carry: of `Answer[T]` the T, of `Annotated[Response, T]` too."""
    found = get_type_hints(handler, include_extras=True)["return"]
    members = get_args(found) if get_origin(found) in (Union, UnionType) else (found,)
    typed = [get_args(one) for one in members if get_origin(one) in (Answer, Annotated)]
    if not typed:
        raise TypeError(f"{handler} must say what it answers: Answer[T], or Annotated[Response, T].")
    return tuple(kind for one in typed for kind in one if kind not in (type(None), Response))


# Parameters


def text(name: str, description: str, *, required: bool = False, **more: Json) -> Parameter:
    """A text in the query."""
    return Parameter(name, "query", description, {"type": "string", **more}, required)


def number(name: str, description: str, low: int = 0, high: int | None = None, default: int | None = None) -> Parameter:
    """A whole number in the query."""
    bounds: dict[str, int | None] = {"minimum": low, "maximum": high, "default": default}
    schema: JsonObject = {key: value for key, value in bounds.items() if value is not None}
    return Parameter(name, "query", description, {"type": "integer", **schema})


def flag(name: str, description: str, *, default: bool = False) -> Parameter:
    """A boolean in the query."""
    return Parameter(name, "query", description, {"type": "boolean", "default": default})


def with_json(name: str, whose: str) -> Parameter:
    """The filter by a JSON object that another contains; `whose` is such as `sessions whose configs`."""
    return text(
        name,
        f"Only the {whose} contain this JSON object: every key with an equal value, nested objects likewise, "
        f"arrays as sets. At most {FILTER_CHARS_MAX} characters.",
        format="json-object",
    )


def of_user(what: str) -> Parameter:
    """The filter by a user."""
    return text("user", f"Only {what} of this user, by exact identifier; an unknown one has none.")


def paging(
    default: int = PAGE_DEFAULT, low: int = 1, every: str = "", cursor_format: str = "cursor"
) -> tuple[Parameter, ...]:
    """The parameters of a page; `every` says what no limit means, where there need not be one."""
    where = "Where the page begins: `next_cursor` of the page before; empty for the first."
    return (
        number("limit", f"The most items of a page.{every}", low, PAGE_MAX, default),
        text("cursor", where, format=cursor_format),
        flag("time_desc", "Newest items first; give it again with a cursor."),
    )
