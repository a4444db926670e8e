"""The words in which routes are described: operations, and JSON Schemas made of small functions."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from seasoned.http.request import FILTER_CHARS_MAX
from seasoned.message import Json, JsonObject
from seasoned.store.rows import PAGE_MAX

PAGE_DEFAULT = 20

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of the path, the query or the headers."""

    name: str
    where: Literal["path", "query", "header"]
    description: str
    schema: JsonObject
    required: bool = False


class Body(msgspec.Struct, frozen=True):
    """A request's body: a schema by media type."""

    content: Mapping[str, JsonObject]
    required: bool = True
    description: str = ""


class Answer(msgspec.Struct, frozen=True):
    """A success: its whole JSON body's schema (of a stream, that of each event's data), or none for other bytes."""

    description: str
    schema: JsonObject | None = None
    media: str = "application/json"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path.

    `errors` are those of the operation itself, each with what leads to it; what all operations with a key share (401,
    503, of those that write also 507, of those with a body also 408, 413 and 415) is added when the document is made.
    """

    id: str
    method: Method
    path: str
    tag: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    answers: Mapping[int, Answer]
    errors: Mapping[int, str] = {}
    needs_key: bool = True
    writes: bool | None = None
    """Whether the store may refuse a write; None means that all but GET do."""

    @property
    def may_write(self) -> bool:
        """Whether the operation writes."""
        return self.method != "GET" if self.writes is None else self.writes


# Schemas


def text(description: str, **more: Json) -> JsonObject:
    """A string."""
    return {"type": "string", "description": description, **more}


def number(description: str, low: int | None = 0, high: int | None = None, default: int | None = None) -> JsonObject:
    """A whole number."""
    bounds: dict[str, int | None] = {"minimum": low, "maximum": high, "default": default}
    return {
        "type": "integer",
        "description": description,
        **{key: value for key, value in bounds.items() if value is not None},
    }


def flag(description: str, default: bool | None = None) -> JsonObject:
    """A boolean."""
    schema: JsonObject = {"type": "boolean", "description": description}
    return schema if default is None else {**schema, "default": default}


def uuid(description: str) -> JsonObject:
    """An id."""
    return text(description, format="uuid")


def moment(description: str) -> JsonObject:
    """A time: RFC 3339 with offset and microseconds."""
    return text(description, format="date-time")


def nullable(schema: JsonObject) -> JsonObject:
    """A schema, or null."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def listed(items: JsonObject, description: str, **more: Json) -> JsonObject:
    """An array."""
    return {"type": "array", "items": items, "description": description, **more}


def free(description: str) -> JsonObject:
    """An object with any keys."""
    return {"type": "object", "description": description, "additionalProperties": True}


def record(description: str, fields: JsonObject, optional: JsonObject | None = None) -> JsonObject:
    """An object whose `fields` are always there (in a request: must be) and whose `optional` ones may be."""
    return {
        "type": "object",
        "description": description,
        "properties": {**fields, **(optional or {})},
        "required": list(fields),
    }


def ref(name: str) -> JsonObject:
    """A named shape of `shapes.SHAPES`."""
    return {"$ref": f"#/components/schemas/{name}"}


def times(what: str) -> JsonObject:
    """The two times of a resource."""
    return {"created_at": moment(f"When {what} was created."), "updated_at": moment(f"When {what} last changed.")}


# Answers


def success(data: JsonObject, description: str) -> Answer:
    """A success that carries data."""
    return Answer(description, _envelope({"data": data}))


def done(description: str) -> Answer:
    """A success that carries nothing."""
    return Answer(description, _envelope({}))


def page(items: JsonObject, description: str) -> Answer:
    """A page of a list."""
    data = record(
        "A page of the list.",
        {"items": listed(items, "The page's items."), "has_more": flag("Whether more items follow.")},
        {"next_cursor": text("Pass it as `cursor` to get the next page; only there when `has_more` is true.")},
    )
    return success(data, description)


def _envelope(data: JsonObject) -> JsonObject:
    return record(
        "The envelope of a success.",
        {
            "code": {"type": "integer", "const": 0, "description": "0: it succeeded."},
            "msg": text("Empty, or a word such as `ok`."),
            **data,
        },
    )


# Parameters


def in_path(name: str, what: str) -> Parameter:
    """An id of the path."""
    return Parameter(name, "path", f"{what}.", {"type": "string", "format": "uuid"}, required=True)


def in_query(name: str, schema: JsonObject, *, required: bool = False) -> Parameter:
    """A parameter of the query; the schema's description is the parameter's."""
    rest = {key: value for key, value in schema.items() if key != "description"}
    return Parameter(name, "query", str(schema["description"]), rest, required)


def with_json(name: str, whose: str) -> Parameter:
    """The filter by a JSON object that another contains; `whose` is such as `sessions whose configs`."""
    return in_query(
        name,
        text(
            f"Only the {whose} contain this JSON object: every key with an equal value, nested objects likewise, "
            f"arrays as sets. At most {FILTER_CHARS_MAX} characters.",
            format="json-object",
        ),
    )


def of_user(what: str) -> Parameter:
    """The filter by a user."""
    return in_query("user", text(f"Only {what} of this user, by exact identifier; an unknown one has none."))


def paging(
    default: int = PAGE_DEFAULT, low: int = 1, every: str = "", cursor_format: str = "cursor"
) -> tuple[Parameter, ...]:
    """The parameters of a page; `every` says what no limit means, where there need not be one."""
    limit = number(f"The most items of a page.{every}", low, PAGE_MAX, default)
    cursor = text("Where the page begins: `next_cursor` of the page before; empty for the first.", format=cursor_format)
    newest = flag("Newest items first; give it again with a cursor.", default=False)
    return in_query("limit", limit), in_query("cursor", cursor), in_query("time_desc", newest)


# Bodies


def json_body(schema: JsonObject, *, required: bool = True, description: str = "") -> Body:
    """A JSON body."""
    return Body({"application/json": schema}, required, description)


def file_field(description: str) -> JsonObject:
    """A file of a form."""
    return text(description, format="binary")
