"""What endpoints share: the envelope, the caller's project, and parsing requests."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from seasoned.clock import to_rfc3339
from seasoned.engine import Engine
from seasoned.errors import (
    Busy,
    Conflict,
    Forbidden,
    HeadMoved,
    Invalid,
    NotFound,
    SeasonedError,
    StorageFull,
    TooDeep,
    TooLarge,
    TooSlow,
    Unauthorized,
)
from seasoned.http.fields import about, count
from seasoned.http.nesting import CONTAINERS_MAX, DEPTH_MAX, has_too_many, is_too_deep
from seasoned.ids import is_id, parse_id
from seasoned.message import Json, JsonObject
from seasoned.store.rows import PAGE_MAX, PageQuery

T = TypeVar("T")

PREFIX = "/api/v1"
# Reads of skills with it are told from others (`engine.use`).
SESSION_HEADER = b"seasoned-session"

# The first match gives the status, so subclasses come first.
STATUS: tuple[tuple[type[SeasonedError], int], ...] = (
    (TooLarge, 413),
    (TooSlow, 408),
    (Invalid, 400),
    (Unauthorized, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (HeadMoved, 412),
    (Conflict, 409),
    (Busy, 503),
    (StorageFull, 507),
)
RETRY_AFTER_SECONDS = 1
PAGE_DEFAULT = 20
QUERY_CHARS_MAX = 64 * 1024
FILTER_CHARS_MAX = 4 * 1024
TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"", "0", "f", "F", "FALSE", "false", "False"})
TOO_DEEP = f"JSON may have at most {DEPTH_MAX} arrays and objects in each other; nest it less."


class Answer(Response, Generic[T]):
    """A success whose `data` is a `T`; None stands for none."""


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A page of the list."""

    items: Annotated[list[T], about("The page's items.")]
    has_more: Annotated[bool, about("Whether more items follow.")]
    next_cursor: Annotated[
        str | UnsetType, about("Pass it as `cursor` to get the next page; only there when `has_more` is true.")
    ] = UNSET


class Error(msgspec.Struct, frozen=True):
    """What every refusal and failure looks like."""

    code: Annotated[int, count("The HTTP status again.", 400, 599)]
    msg: Annotated[str, about("The sentence again, or a word that clients know.", minLength=1)]
    error: Annotated[str, about("A sentence that says what is wrong and what to do.", minLength=1)]


def answer(data: T, *, status: int = 200, msg: str = "") -> Answer[T]:
    """A success with data: code 0."""
    return Answer(msgspec.json.encode({"code": 0, "msg": msg, "data": data}), status, media_type="application/json")


def done(msg: str = "ok") -> Answer[None]:
    """A success without data."""
    return Answer(msgspec.json.encode({"code": 0, "msg": msg}), media_type="application/json")


def failure(
    status: int, sentence: str, headers: Mapping[str, str] | None = None, *, msg: str | None = None
) -> Response:
    """An error: the HTTP status as `code`, and a message that says what to do; `msg` is a code that clients know."""
    body = envelope(status, sentence, msg)
    return Response(msgspec.json.encode(body), status, media_type="application/json", headers=headers)


def envelope(status: int, sentence: str, msg: str | None = None) -> Error:
    """The JSON object of an error."""
    return Error(status, sentence if msg is None else msg, sentence)


def failure_of(error: SeasonedError) -> Response:
    """The answer to an error of ours."""
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if isinstance(error, Busy) else None
    # A code that clients know (wire contract, A.2).
    msg = "Unauthorized" if isinstance(error, Unauthorized) else None
    return failure(status, str(error), headers, msg=msg)


class ApiRequest:
    """A request with the key of a project."""

    __slots__ = ("engine", "project_id", "request")

    def __init__(self, engine: Engine, project_id: str, request: Request) -> None:
        self.engine = engine
        self.project_id = project_id
        self.request = request

    def id(self, name: str, what: str) -> str:
        """An id from the path. Raises Invalid."""
        return parse_id(self.request.path_params[name], what)

    def header(self, name: bytes) -> str:
        """A header by its lower-case name; empty if missing."""
        return header(self.request.scope, name)

    @property
    def session(self) -> str:
        """The session in which the agent that asks works, when it says so with a header; else empty."""
        value = self.header(SESSION_HEADER).lower()
        return value if is_id(value) else ""

    async def body(self, kind: type[T], *, optional: bool = False) -> T:
        """The JSON body as a typed value; an empty one counts as `{}` when `optional`. Raises Invalid."""
        raw = await self.raw()
        return decode(b"{}" if optional and not raw else raw, kind)

    async def raw(self) -> bytes:
        """The raw body. Raises HTTPException if it is compressed."""
        self.refuse_packed()
        return await self.request.body()

    def refuse_packed(self) -> None:
        """A compressed body could expand to any size, so it is refused. Raises HTTPException."""
        if self.header(b"content-encoding").strip().lower() not in ("", "identity"):
            raise HTTPException(415, "Content-Encoding is not supported; send the body uncompressed.")

    def text(self, name: str) -> str:
        """A query parameter; empty if missing. Raises Invalid if it is too long."""
        value = self.request.query_params.get(name, "")
        if len(value) > QUERY_CHARS_MAX:
            raise Invalid(f"The query parameter {name!r} is longer than {QUERY_CHARS_MAX} characters.")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean query parameter. Raises Invalid."""
        value = self.request.query_params.get(name)
        if value is None:
            return default
        if value not in TRUE | FALSE:
            raise Invalid(f"The query parameter {name!r} must be true or false, not {value[:40]!r}.")
        return value in TRUE

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number of the query within bounds. Raises Invalid."""
        value = self.request.query_params.get(name)
        if value is None or value == "":
            return default
        digits = value.removeprefix("-")
        if (
            not digits.isascii()
            or not digits.isdigit()
            or len(digits) > len(str(high))
            or not low <= int(value) <= high
        ):
            raise Invalid(
                f"The query parameter {name!r} must be a whole number from {low} to {high}, not {value[:40]!r}."
            )
        return int(value)

    def page(self, default: int = PAGE_DEFAULT) -> PageQuery:
        """The requested page: limit 1 to 200 (default 20), cursor, time_desc. Raises Invalid."""
        return PageQuery(
            limit=self.number("limit", default, 1, PAGE_MAX),
            cursor=self.text("cursor"),
            newest_first=self.flag("time_desc"),
        )

    def filter(self, name: str) -> JsonObject | None:
        """A JSON object in the query, such as filter_by_meta; None when absent. Raises Invalid."""
        value = self.text(name)
        if not value:
            return None
        if len(value) > FILTER_CHARS_MAX:
            raise Invalid(f"The filter {name!r} is longer than {FILTER_CHARS_MAX} characters; use fewer conditions.")
        return decode_object(value, f'The query parameter {name!r} must be a JSON object, for example {{"key": 1}}.')

    def json_text(self, name: str) -> str:
        """A query parameter with JSON, not yet parsed. Raises Invalid if it is too long or nested too deeply."""
        value = self.text(name)
        if is_too_deep(value.encode(errors="replace")):
            raise TooDeep(TOO_DEEP)
        return value


def decode(raw: bytes, kind: type[T]) -> T:
    """JSON bytes as a typed value. Raises Invalid with what is wrong and where."""
    if has_too_many(raw):
        raise Invalid(f"The JSON has more than {CONTAINERS_MAX} arrays and objects; send less per request.")
    try:
        value = msgspec.json.decode(raw, type=kind)
        deep = is_too_deep(raw)
    except RecursionError:
        deep = True
    except msgspec.ValidationError as error:
        raise Invalid(f"The body has the wrong structure: {error}.") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise Invalid(f"The body is not valid JSON: {str(error)[:200]}.") from None
    if deep:
        raise TooDeep(TOO_DEEP)
    return value


def decode_object(text: str, wrong: str) -> JsonObject:
    """A JSON object sent as text, such as a filter. Raises Invalid with the message `wrong`, or TooDeep."""
    try:
        return decode(text.encode(), dict[str, Json])
    except TooDeep:
        raise
    except (Invalid, UnicodeEncodeError):
        raise Invalid(wrong) from None


def header(scope: Scope, name: bytes) -> str:
    """The first header with a lower-case name; empty if missing."""
    for key, value in scope["headers"]:
        if key == name:
            found: str = value.decode("latin-1")
            return found
    return ""


Handler = Callable[[ApiRequest], Awaitable[Response]]


def timestamps(created_at: int, updated_at: int) -> dict[str, str]:
    """A resource's two timestamps as the API has them."""
    created = to_rfc3339(created_at)
    return {"created_at": created, "updated_at": created if updated_at == created_at else to_rfc3339(updated_at)}


def raw_json(text: str | None) -> msgspec.Raw | None:
    """A column's JSON text, to be sent unchanged."""
    return None if text is None else msgspec.Raw(text.encode())


def page_of(items: list[T], cursor: str | None) -> Page[T]:
    """A page of a list; `next_cursor` only when there is more."""
    return Page(items=items, has_more=cursor is not None, next_cursor=UNSET if cursor is None else cursor)
