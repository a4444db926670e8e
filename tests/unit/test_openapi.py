"""The OpenAPI description: complete, valid, and the same as the reference in docs/."""

import re
from pathlib import Path
from typing import cast

import jsonschema_rs
import msgspec
import pytest

from seasoned.engine import Engine
from seasoned.http import skills, stream
from seasoned.http.app import App
from seasoned.http.openapi import OPERATIONS, Operation, document, document_bytes, operations
from seasoned.http.openapi.document import Schemas
from seasoned.http.openapi.reference import html, markdown
from seasoned.message import Json, JsonObject

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "http-api.md"


def name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def test_every_route_is_described_and_no_other() -> None:
    routes = {f"{method} {re.sub(':path}', '}', path)}" for method, path in App(cast(Engine, None)).routes}
    described = [name(operation) for operation in OPERATIONS]
    assert len(described) == len(set(described)), "an operation is described twice"
    missing, gone = sorted(routes - set(described)), sorted(set(described) - routes)
    assert not missing, f"describe these in src/seasoned/http/openapi/ (its docstring says how): {missing}"
    assert not gone, f"these are described, but there are no such routes: {gone}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_an_operation_says_all_that_a_caller_must_know(operation: Operation) -> None:
    assert re.fullmatch(r"[A-Z].{3,70}[^.]", operation.summary), "a summary is a short phrase without a full stop"
    assert operation.description.endswith((".", "`"))
    assert {one.name for one in operation.parameters if one.where == "path"} == set(
        re.findall(r"{(\w+)}", operation.path)
    )
    assert all(one.description.endswith(".") for one in operation.parameters)
    assert all(text.endswith(".") for text in operation.errors.values())
    assert any(status < 400 for status in operation.answers) or list(operation.errors) == [501]


def test_operations_have_ids_of_their_own() -> None:
    ids = [operation.id for operation in OPERATIONS]
    assert len(ids) == len(set(ids))
    wordless = [operation.id for operation in OPERATIONS if list(operation.errors) == [501]]
    assert set(operations.words()) == set(ids) - set(wordless)


def test_a_number_in_the_words_is_that_of_the_code() -> None:
    assert f"after {stream.STREAM_SECONDS_MAX:g} seconds" in operations.words()["stream_lessons"].description


def references(value: Json) -> set[str]:
    """Every $ref of a document."""
    if isinstance(value, list):
        return {found for one in value for found in references(one)}
    if not isinstance(value, dict):
        return set()
    own = {ref} if isinstance(ref := value.get("$ref"), str) else set()
    return own.union(*(references(one) for one in value.values()))


def test_every_reference_leads_to_a_component_and_every_component_is_used() -> None:
    built = document()
    components = cast(dict[str, JsonObject], built["components"])
    there = {
        f"#/components/{kind}/{one}" for kind, named in components.items() for one in named if kind != "securitySchemes"
    }
    assert references(built) == there


def test_every_schema_is_a_json_schema() -> None:
    for schema in cast(dict[str, dict[str, JsonObject]], document()["components"])["schemas"].values():
        jsonschema_rs.meta.validate(schema)


def test_every_shape_is_named_and_says_what_its_fields_are() -> None:
    for name, shape in cast(dict[str, dict[str, JsonObject]], document()["components"])["schemas"].items():
        assert re.fullmatch(r"[A-Z][A-Za-z]+", name), f"{name}: two types of answers have the same name"
        assert str(shape["description"]).endswith(".")
        for field, schema in cast(dict[str, JsonObject], shape["properties"]).items():
            assert "description" in schema or "$ref" in schema, f"{name}.{field} says nothing"


class _Answered(msgspec.Struct):
    kept: int
    filled: int = 0
    left_out: int | msgspec.UnsetType = msgspec.UNSET


def test_an_answer_always_has_what_is_not_left_out_and_a_body_may_leave_out_defaults() -> None:
    def required(*, are_answers: bool) -> Json:
        return Schemas([_Answered], are_answers=are_answers).of(_Answered)["required"]

    assert required(are_answers=True) == ["kept", "filled"]
    assert required(are_answers=False) == ["kept"]


def test_a_handler_that_does_not_say_what_it_answers_is_refused() -> None:
    with pytest.raises(TypeError, match="must say what it answers"):
        operations.operation(skills.download_zip, "get_skill")


def test_the_document_is_built_once_and_is_json() -> None:
    assert document_bytes() is document_bytes()
    assert msgspec.json.decode(document_bytes()) == document()


def test_the_reference_is_up_to_date() -> None:
    assert REFERENCE.read_text() == markdown(), "run `make reference`"


@pytest.mark.parametrize("render", [markdown, html])
def test_the_reference_names_every_operation_with_its_errors(render: object) -> None:
    assert callable(render)
    text = render()
    assert isinstance(text, str)
    for operation in OPERATIONS:
        assert operation.path in text
        assert all(str(status) in text for status in operation.errors)


def test_the_reference_page_needs_nothing_from_elsewhere() -> None:
    page = html()
    assert "<script" not in page
    assert not re.search(r"(src|@import|url\()", page)
    assert all(target.startswith(("#", "/openapi.json")) for target in re.findall(r'href="([^"]*)"', page))
