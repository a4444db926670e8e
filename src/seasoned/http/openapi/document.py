"""The OpenAPI 3.1 document, made of the descriptions."""

import re
from collections.abc import Sequence
from typing import cast

import msgspec
from msgspec import UNSET

from seasoned.http.fields import Open, reference
from seasoned.http.openapi.operations import Body, Operation, Parameter, Success
from seasoned.http.request import Error
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
    "History": "Every change of a skill, by anyone, is a version that can be looked at, compared, blamed and reverted.",
    "Use": "Which skills agents read, and how those tasks ended.",
    "Health": "What a person should look at in a space's skills, and proposals that mend it.",
    "Review": "What the learner proposes waits for a person, who approves, edits or rejects it.",
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
    answers = Schemas(
        [Error, *(kind for one in operations for answer in one.answers.values() for kind in answer.kinds)],
        are_answers=True,
    )
    bodies = Schemas(
        [kind for one in operations if one.body for kind in (one.body.json, one.body.form) if kind is not None],
        are_answers=False,
    )
    answers.of(Error)
    paths: dict[str, dict[str, Json]] = {}
    for operation in operations:
        described = _operation(operation, answers)
        if operation.body is not None:
            described["requestBody"] = _body(operation.body, bodies)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "Seasoned", "version": VERSION, "description": ABOUT},
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": {**paths},
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "The project's API key."}},
            "responses": {name: _error(text, retry=status == 503) for status, (name, text) in SHARED_ERRORS.items()},  # noqa: PLR2004
            "schemas": {**answers.shapes},
        },
    }


class Schemas:
    """The JSON Schemas of types.

    Public types of answers stand in the document by their names: `shapes` are those that were asked for so far. All
    others are written out where they are used.
    """

    def __init__(self, kinds: Sequence[object], *, are_answers: bool) -> None:
        """Answers are always sent with all that has a value, also when it is the default."""
        opened = Open.__subclasses__()
        found, components = msgspec.json.schema_components([*kinds, *opened], ref_template=reference("{name}"))
        for component in components.values() if are_answers else ():
            fields, required = component["properties"], component["required"]
            component["required"] = [
                name for name, field in fields.items() if field.pop("default", UNSET) is not UNSET or name in required
            ]
        for one in opened:
            components[one.__name__]["additionalProperties"] = True
        self._are_answers = are_answers
        self._components = cast(dict[str, JsonObject], components)
        self._schemas = {repr(kind): cast(JsonObject, schema) for kind, schema in zip(kinds, found, strict=False)}
        self.shapes: dict[str, JsonObject] = {}

    def of(self, kind: object) -> JsonObject:
        """The schema of a type."""
        return cast(JsonObject, self._plain(self._schemas[repr(kind)]))

    def _plain(self, value: Json) -> Json:
        """A schema as it stands in the document."""
        if isinstance(value, list):
            return [self._plain(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return self._followed(value)
        plain = {key: self._plain(one) for key, one in value.items() if not _is_noise(key, one)}
        match plain.get("anyOf"):
            case [{"type": str(kind)} as known, {"type": "null"}]:
                # A list of types says the same in fewer words.
                del plain["anyOf"]
                plain = cast(JsonObject, known) | plain | {"type": [kind, "null"]}
        return plain

    def _followed(self, value: JsonObject) -> Json:
        name = str(value["$ref"]).rsplit("/", 1)[-1]
        if not self._are_answers or "_" in name:
            return self._plain(self._components[name] | {key: value[key] for key in value if key != "$ref"})
        if name not in self.shapes:
            self.shapes[name] = {}
            self.shapes[name] = cast(JsonObject, self._plain(self._components[name]))
        return {key: value[key] for key in ("description", "$ref") if key in value}


def _is_noise(key: str, value: Json) -> bool:
    """The name of a type where it is no field's, and that null stands for what is left out, which holds everywhere."""
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


def shared_errors(operation: Operation) -> list[int]:
    """The statuses that an operation shares with all of its kind."""
    if list(operation.errors) == [501]:
        return [401, 503]
    found = [401, 503] if operation.needs_key else []
    found += [408, 413, 415] if operation.body is not None else []
    found += [507] if operation.may_write else []
    return sorted(set(found) - set(operation.errors))


def _operation(operation: Operation, schemas: Schemas) -> JsonObject:
    responses: dict[int, Json] = {
        status: {"description": answer.description, "content": {answer.media: _content(answer, schemas)}}
        for status, answer in operation.answers.items()
    }
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
    return described


def _body(body: Body, schemas: Schemas) -> JsonObject:
    by_media = {"application/json": body.json, "multipart/form-data": body.form}
    return {
        "description": body.note,
        "required": body.required,
        "content": {media: {"schema": schemas.of(kind)} for media, kind in by_media.items() if kind is not None},
    }


def _content(answer: Success, schemas: Schemas) -> JsonObject:
    if answer.media not in ("application/json", "text/event-stream"):
        return {}
    found: list[Json] = [schemas.of(kind) for kind in answer.kinds]
    data: Json = found[0] if len(found) == 1 else {"oneOf": found}
    if answer.is_bare:
        return {"schema": data}
    msg: JsonObject = {"type": "string", "description": "Empty, or a word such as `ok`."}
    properties: dict[str, Json] = {
        "code": {"type": "integer", "const": 0, "description": "0: it succeeded."},
        "msg": {**msg, "const": answer.word} if answer.word else msg,
    }
    if found:
        properties["data"] = data
    envelope: JsonObject = {"type": "object", "description": "The envelope of a success."}
    return {"schema": {**envelope, "properties": properties, "required": [*properties]}}


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
        "content": {"application/json": {"schema": {"$ref": reference(Error.__name__)}}},
    }
    if retry:
        schema: JsonObject = {"type": "integer", "minimum": 1}
        wait: JsonObject = {"description": "After how many seconds to try again.", "schema": schema}
        described["headers"] = {"Retry-After": wait}
    return described


def anchor(operation: Operation) -> str:
    """The place of an operation on a page."""
    return re.sub(r"[^a-z0-9]+", "-", operation.id.lower())
