"""The words in which routes are described: an operation for each method of each path, with its parameters."""

from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from seasoned.http.request import FILTER_CHARS_MAX, PAGE_DEFAULT, PREFIX, Answer
from seasoned.http.routes import ROUTES
from seasoned.message import Json, JsonObject
from seasoned.store.rows import PAGE_MAX

CURSORS = "A limit out of bounds, or a cursor of another server."


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

    description: str
    kinds: tuple[object, ...] = ()
    is_bare: bool = False
    media: str = "application/json"
    word: str = ""


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
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    answers: Mapping[int, Success]
    errors: Mapping[int, str] = {}
    needs_key: bool = True

    @property
    def may_write(self) -> bool:
        """Whether the operation writes."""
        return self.method != "GET"


class Tagged:
    """The operations of one tag, in the order in which they are described."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self.operations: list[Operation] = []

    def add(
        self,
        handler: Callable[..., object],
        id_: str,
        summary: str,
        description: str,
        answers: Mapping[int, str | Success],
        errors: Mapping[int, str] | None = None,
        *,
        parameters: tuple[Parameter, ...] = (),
        body: object = None,
    ) -> None:
        """Describe a route by its handler. A success that is only a sentence carries what the handler's annotation
        says; a `body` that is a type is the JSON that must be sent.
        """
        ((method, path),) = [(method, path) for method, path, one in ROUTES if one is handler]
        kinds = _kinds(handler)
        self.operations.append(
            Operation(
                id=id_,
                method=method,
                path=PREFIX + path.replace(":path}", "}"),
                tag=self._tag,
                summary=summary,
                description=description,
                parameters=parameters,
                body=body if body is None or isinstance(body, Body) else Body(body),
                answers={
                    status: Success(one, kinds) if isinstance(one, str) else one for status, one in answers.items()
                },
                errors=errors or {},
            )
        )

    def add_open(
        self,
        path: str,
        id_: str,
        summary: str,
        description: str,
        answers: Mapping[int, Success],
        errors: Mapping[int, str] | None = None,
        *,
        parameters: tuple[Parameter, ...] = (),
    ) -> None:
        """Describe what is read without a key."""
        self.operations.append(
            Operation(
                id=id_,
                method="GET",
                path=path,
                tag=self._tag,
                summary=summary,
                description=description,
                parameters=parameters,
                answers=answers,
                errors=errors or {},
                needs_key=False,
            )
        )

    def leave_out(self, id_: str, method: str, path: str, summary: str, *parameters: Parameter) -> None:
        """Describe a route of the protocol that answers 501."""
        self.operations.append(
            Operation(
                id=id_,
                method=method,
                path=PREFIX + path,
                tag=self._tag,
                summary=summary,
                description="Part of the protocol, not of this server.",
                parameters=parameters,
                answers={},
                errors={501: "This server does not do that; the sentence says what to do instead."},
            )
        )


def _kinds(handler: Callable[..., object]) -> tuple[object, ...]:
    """The types that a handler's answer may carry: of `Answer[T]` the T, of `Annotated[Response, T]` too."""
    found = get_type_hints(handler, include_extras=True)["return"]
    members = get_args(found) if get_origin(found) in (Union, UnionType) else (found,)
    kinds: list[object] = []
    for member in members:
        if get_origin(member) is Answer:
            kinds += [kind for kind in get_args(member) if kind is not type(None)]
        elif get_origin(member) is Annotated:
            kinds += get_args(member)[1:]
    return tuple(kinds)


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


def in_path(name: str, what: str) -> Parameter:
    """An id of the path."""
    return Parameter(name, "path", f"{what}.", {"type": "string", "format": "uuid"}, required=True)


def word_in_path(name: str, description: str) -> Parameter:
    """A text in the path."""
    return Parameter(name, "path", description, {"type": "string", "minLength": 1}, required=True)


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
