"""The OpenAPI 3.1 document, made of the descriptions."""

import re
from collections.abc import Sequence

from seasoned.http.openapi.shapes import SHAPES
from seasoned.http.openapi.words import Operation, Parameter, ref
from seasoned.message import Json, JsonObject

VERSION = "1"
ABOUT = """\
Seasoned turns agents' past sessions into skills. This is its HTTP API; the published `acontext` SDKs speak it.

**Keys.** Everything under `/api/v1` needs `Authorization: Bearer sk-ac-...`, except public file addresses. A key \
selects one project; what other projects have is answered like what does not exist.

**Answers.** A success is `{"code": 0, "msg": ..., "data": ...}`; `data` is left out when there is none. An error has \
its HTTP status as `code` too, and a sentence that says what to do as `error`; `msg` is the same sentence, or a word \
that clients know. A failure of the server itself is a 500 in the same form.

**Requests.** Unknown fields are ignored, and null stands for a field that may be left out. Ids are UUIDs in any usual \
form. Booleans in a query may also be written 1, 0, t, f, T, F, TRUE, FALSE, True or False. An unknown path, or a \
method that a path does not have, is answered 404.

**Retrying.** 503 says that nothing was taken; try again after `Retry-After` seconds. 507 says that the disk is full \
and nothing was written.
"""
TAGS = {
    "Sessions": "A session is one run of an agent, with its messages, the tasks found in them, and events.",
    "Messages": "Messages come in the form of a provider and can be read in the form of another.",
    "Learning spaces": "A learning space says which sessions teach which skills.",
    "Skills": "Agent skills: folders with a SKILL.md.",
    "Disks": "Files that agents keep. Each skill is a disk too; a change there is a new version of the skill.",
    "Users": "A user is whoever an agent works for, named by free text; it exists once something is created for it.",
    "Project": "The project whose key is used.",
    "Server": "The server itself.",
    "Left out": "Routes of the protocol that this server answers with 501.",
}
SHARED_ERRORS = {
    401: ("Unauthorized", "The key is missing or not known."),
    408: ("TooSlow", "The body did not come in time."),
    413: ("TooLarge", "The body is larger than the server takes."),
    415: ("Packed", "The body has a Content-Encoding; send it as it is."),
    503: ("Busy", "Too much is waiting, or the database cannot be reached; nothing was taken, try again."),
    507: ("StorageFull", "The disk is full; nothing was written."),
}


def document_of(operations: Sequence[Operation]) -> JsonObject:
    """The document as a JSON object."""
    paths: dict[str, dict[str, Json]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Seasoned", "version": VERSION, "description": ABOUT},
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": {**paths},
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "The project's API key."}},
            "responses": {name: _error(text, retry=status == 503) for status, (name, text) in SHARED_ERRORS.items()},  # noqa: PLR2004
            "schemas": {**SHAPES},
        },
    }


def shared_errors(operation: Operation) -> list[int]:
    """The statuses that an operation shares with all of its kind."""
    if list(operation.errors) == [501]:
        return [401, 503]
    found = [401, 503] if operation.needs_key else []
    found += [408, 413, 415] if operation.body is not None else []
    found += [507] if operation.may_write else []
    return sorted(set(found) - set(operation.errors))


def _operation(operation: Operation) -> JsonObject:
    responses: dict[int, Json] = {}
    for status, answer in operation.answers.items():
        content: JsonObject = {} if answer.schema is None else {"schema": answer.schema}
        responses[status] = {"description": answer.description, "content": {answer.media: content}}
    responses |= {status: _error(text) for status, text in operation.errors.items()}
    for status in shared_errors(operation):
        responses[status] = {"$ref": f"#/components/responses/{SHARED_ERRORS[status][0]}"}
    described: JsonObject = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [_parameter(one) for one in operation.parameters],
        "responses": {str(status): responses[status] for status in sorted(responses)},
        "security": [{"key": []}] if operation.needs_key else [],
    }
    if operation.body is not None:
        described["requestBody"] = {
            "description": operation.body.description,
            "required": operation.body.required,
            "content": {media: {"schema": schema} for media, schema in operation.body.content.items()},
        }
    return described


def _parameter(parameter: Parameter) -> JsonObject:
    described: JsonObject = {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required,
        "description": parameter.description,
        "schema": parameter.schema,
    }
    if parameter.where == "query" and parameter.schema["type"] in ("integer", "boolean"):
        # An empty number counts as left out, an empty boolean as false.
        described["allowEmptyValue"] = True
    return described


def _error(description: str, *, retry: bool = False) -> JsonObject:
    described: JsonObject = {
        "description": description,
        "content": {"application/json": {"schema": ref("Error")}},
    }
    if retry:
        schema: JsonObject = {"type": "integer", "minimum": 1}
        wait: JsonObject = {"description": "After how many seconds to try again.", "schema": schema}
        described["headers"] = {"Retry-After": wait}
    return described


def anchor(operation: Operation) -> str:
    """The place of an operation on a page."""
    return re.sub(r"[^a-z0-9]+", "-", operation.id.lower())
