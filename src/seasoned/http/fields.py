"""How the fields of bodies and answers are described, for the types that handlers use and the OpenAPI document shows.

A type that is an object which may hold other keys beside its own is a subclass of `Open`; what is really sent is then
annotated with `shown_as`.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from seasoned.message import Json, JsonObject


class Open(msgspec.Struct):
    """An object that may have other keys too; only described, never made."""


def about(description: str, **more: Json) -> Meta:
    """A field with what it is, and what else its JSON Schema says; decoding does not look at that."""
    return Meta(description=description, extra_json_schema=more or None)


def uuid(description: str) -> Meta:
    """An id."""
    return about(description, format="uuid")


def moment(description: str) -> Meta:
    """A time: RFC 3339 with offset and microseconds."""
    return about(description, format="date-time")


def one_of(words: Sequence[str], description: str) -> Meta:
    """One of some words, in this order."""
    return about(description, enum=[*words])


def count(description: str, low: int = 0, high: int | None = None) -> Meta:
    """A whole number within bounds."""
    return Meta(description=description, ge=low, le=high)


def shown_as(shape: type[Open]) -> Meta:
    """A JSON object that looks like `shape`."""
    return Meta(description=shape.__doc__, extra_json_schema={"$ref": reference(shape.__name__)})


def reference(name: str) -> str:
    """Where a shape stands in the document."""
    return f"#/components/schemas/{name}"


UserId = Annotated[str | None, uuid("Whose it is: the id of the user; null when it was created without one.")]
ProjectId = Annotated[str, uuid("The project it belongs to.")]
SessionId = Annotated[str, uuid("The session it belongs to.")]
CreatedAt = Annotated[str, moment("When it was created.")]
UpdatedAt = Annotated[str, moment("When it last changed.")]
# The JSON text of a column, sent as it is.
Stored = Annotated[msgspec.Raw, Meta(extra_json_schema={"type": "object"})]
Keys = Annotated[JsonObject | None, about("Any keys that the caller wants to keep beside it.")]
