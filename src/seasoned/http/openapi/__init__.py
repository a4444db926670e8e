"""What the HTTP API is, for readers and machines: every route with its parameters, bodies, answers and errors.

A new route is described in the module of its area, or in a new module whose OPERATIONS is added below: what it does,
its parameters and errors. What it takes and answers is described by the types that its handler decodes and returns
(`Answer[T]`, or `Annotated[Response, T]` where the answer is written piece by piece). `make reference` then renews
docs/http-api.md. Tests hold each description against the route table and against what a live server answers.
"""

from functools import cache

import msgspec

from seasoned.http.openapi import disks, forgetting, history, messages, proposals, sessions, skills, spaces, system
from seasoned.http.openapi.document import document_of
from seasoned.http.openapi.operations import Operation
from seasoned.message import JsonObject

OPERATIONS: tuple[Operation, ...] = (
    *sessions.OPERATIONS,
    *messages.OPERATIONS,
    *spaces.OPERATIONS,
    *skills.OPERATIONS,
    *history.OPERATIONS,
    *proposals.OPERATIONS,
    *forgetting.OPERATIONS,
    *disks.OPERATIONS,
    *system.OPERATIONS,
)


def document() -> JsonObject:
    """The OpenAPI document as a JSON object."""
    return document_of(OPERATIONS)


@cache
def document_bytes() -> bytes:
    """The OpenAPI document as JSON, built once."""
    return msgspec.json.encode(document())


__all__ = ["OPERATIONS", "Operation", "document", "document_bytes"]
