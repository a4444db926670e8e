"""Every answer of a live server is held against its description, whichever test asked for it.

While `watched` is on, each httpx client (the published SDK's among them) hands what a running server answers to
`check`: the status must be described, and JSON must fit the status's schema with two things added that no client may
have to forgive: the keys that the TypeScript SDK needs to be there, and nothing that is not described. No answer may
tell where on its machine the server keeps its files.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache, partialmethod
from typing import Any, cast

import httpx
import jsonschema_rs
import pytest
from starlette.routing import compile_path

from seasoned.dashboard.app import OPEN, ROUTES
from seasoned.http.not_implemented import AREAS
from seasoned.http.openapi import OPERATIONS, document
from seasoned.message import Json, JsonObject
from tests.support.server import RUNNING

# The TypeScript SDK is stricter than the Python one (wire contract, A.9): these keys must be there ...
PRESENT = {
    "Session": ("configs", "disable_task_tracking"),
    "Message": ("parent_id", "task_id", "meta", "parts"),
    "Skill": ("meta", "file_index", "description"),
    "UploadedSkill": ("meta", "file_index", "description"),
    "ListedSkill": ("meta", "file_index", "description"),
    "Artifact": ("meta",),
}
# ... and of them only these may be null.
MAY_BE_NULL = {"configs", "parent_id", "task_id"}
NULLABLE = {("Skill", "meta"), ("UploadedSkill", "meta"), ("ListedSkill", "meta")}


def check(method: str, path: str, status: int, media: str, body: bytes) -> None:
    """Raises AssertionError when an answer is not as its operation is described.

    Routes that do not exist are not described; they must answer 404, or lead from a slash at the end to those that do,
    or 501 where upstream has an area outside of the API that this server leaves out.
    """
    operation = operation_of(method, path)
    if _is_of_a_page(method, path, media):
        return
    if operation is None:
        left_out = {501} if path.startswith(AREAS) else set()
        assert status in {404, 307, *left_out}, f"{method} {path} is not described, but answers {status}"
        return
    validator = validators().get((*operation, status))
    assert validator is not None, f"{' '.join(operation)} answers {status}, which is not described: {body[:300]!r}"
    if media == "application/json" and not isinstance(validator, str):
        errors = [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(_json(body))]
        assert not errors, f"{' '.join(operation)} answers {status} not as described: {errors[:5]} in {body[:300]!r}"
    else:
        assert isinstance(validator, str), f"{' '.join(operation)} answers {status} as {media}"
        assert validator in ("*/*", media), f"{' '.join(operation)} answers {status} as {media}, not {validator}"


def _is_of_a_page(method: str, path: str, media: str) -> bool:
    """Whether it is of the pages for people, which are not described; `/` is one for browsers."""
    if path == "/":
        return media in ("text/html", "")
    known = (route for asked, route, _ in (*OPEN, *ROUTES) if asked == ("GET" if method == "HEAD" else method))
    return path.startswith("/static/") or any(compile_path(route)[0].match(path) for route in known)


@contextmanager
def watched() -> Iterator[None]:
    """Checks every answer of the running servers that an httpx client reads while the block lasts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.Client, "send", partialmethod(_send, httpx.Client.send))
        patch.setattr(httpx.AsyncClient, "send", partialmethod(_send_async, httpx.AsyncClient.send))
        yield


def _send(client: httpx.Client, send: Any, *args: Any, **kwargs: Any) -> httpx.Response:
    return _checked(send(client, *args, **kwargs))


async def _send_async(client: httpx.AsyncClient, send: Any, *args: Any, **kwargs: Any) -> httpx.Response:
    return _checked(await send(client, *args, **kwargs))


def _checked(response: httpx.Response) -> httpx.Response:
    url = response.request.url
    asked = next((server for server in RUNNING if server.url == f"{url.scheme}://{url.netloc.decode()}"), None)
    if asked is not None and response.is_closed:
        assert str(asked.home).encode() not in response.content, f"{url} tells a path: {response.content[:300]!r}"
        media = response.headers.get("content-type", "").split(";")[0]
        path = url.raw_path.decode("ascii").split("?")[0]
        check(response.request.method, path, response.status_code, media, response.content)
    return response


def operation_of(method: str, path: str) -> tuple[str, str] | None:
    """The method and the path, as described, of a request; None when there is no such operation."""
    for known, pattern, template in _patterns():
        if known == method and pattern.fullmatch(path):
            return method, template
    return None


@cache
def _patterns() -> list[tuple[str, re.Pattern[str], str]]:
    """Every operation; paths without parameters first."""
    described = sorted(OPERATIONS, key=lambda one: one.path.count("{"))
    return [(one.method, re.compile(_regex(one.path)), one.path) for one in described]


def _regex(path: str) -> str:
    # An identifier of a user is encoded in a path, but the route takes slashes too.
    whole = re.sub(r"\\{identifier\\}", ".+", re.escape(path))
    return re.sub(r"\\{\w+\\}", "[^/]+", whole)


@cache
def validators() -> dict[tuple[str, str, int], "jsonschema_rs.Validator | str"]:
    """For each method, path and status the schema of the answer, or its media type when it is no JSON."""
    strict = strict_document()
    found: dict[tuple[str, str, int], jsonschema_rs.Validator | str] = {}
    for path, methods in cast(dict[str, dict[str, JsonObject]], strict["paths"]).items():
        for method, operation in methods.items():
            for status, response in cast(dict[str, JsonObject], operation["responses"]).items():
                described = _followed(strict, response)
                ((media, content),) = cast(dict[str, JsonObject], described["content"]).items()
                found[method.upper(), path, int(status)] = (
                    _validator(strict, cast(JsonObject, content["schema"])) if media == "application/json" else media
                )
    return found


def strict_document() -> JsonObject:
    """The description with the keys that must be present, and closed: what is not described may not be answered."""
    strict = deepcopy(document())
    strict["paths"] = {
        path: {
            method: {**operation, "responses": _closed(operation["responses"])} for method, operation in methods.items()
        }
        for path, methods in cast(dict[str, dict[str, JsonObject]], strict["paths"]).items()
    }
    components = cast(JsonObject, strict["components"])
    shapes = cast(dict[str, JsonObject], _closed(components["schemas"]))
    components["schemas"] = {name: _with_present(name, schema) for name, schema in shapes.items()}
    return strict


def _with_present(name: str, schema: JsonObject) -> JsonObject:
    keys = PRESENT.get(name, ())
    not_null = [key for key in keys if key not in MAY_BE_NULL and (name, key) not in NULLABLE]
    demanded: JsonObject = {
        "required": list(keys),
        "properties": {key: {"not": {"type": "null"}} for key in not_null},
    }
    return {**schema, "allOf": [demanded]} if keys else schema


def _closed(value: Json) -> Json:
    if isinstance(value, list):
        return [_closed(one) for one in value]
    if not isinstance(value, dict):
        return value
    closed = {key: _closed(one) for key, one in value.items()}
    is_object = isinstance(value.get("properties"), dict) and value.get("type") == "object"
    return {"additionalProperties": False, **closed} if is_object else closed


def check_shape(name: str, value: object) -> None:
    """Raises AssertionError when a value is not what a named shape must be."""
    errors = [f"{error.instance_path}: {error.message}" for error in shape_validator(name).iter_errors(value)]
    assert not errors, f"not as the shape {name} is described: {errors[:5]}"


def shape_validator(name: str) -> jsonschema_rs.Validator:
    """What a named shape must be."""
    return _validator(strict_document(), {"$ref": f"#/components/schemas/{name}"})


def _followed(whole: JsonObject, value: JsonObject) -> JsonObject:
    ref = value.get("$ref")
    if not isinstance(ref, str):
        return value
    for step in ref.removeprefix("#/").split("/"):
        whole = cast(JsonObject, whole[step])
    return whole


def _validator(whole: JsonObject, schema: JsonObject) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": {"schemas": cast(JsonObject, whole["components"])["schemas"]}}, validate_formats=True
    )


def _json(body: bytes) -> Json:
    value: Json = httpx.Response(200, content=body).json()
    return value
