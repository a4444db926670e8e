"""What the check of every answer finds: a key that is missing, null or not described, and a status."""

from collections.abc import Callable

import msgspec
import pytest

from tests.support.presence import MAY_BE_NULL, NULLABLE, PRESENT, check, operation_of, shape_validator

ID = "00000000-0000-7000-8000-000000000000"
SESSION = f"/api/v1/session/{ID}/configs"
MOMENT = "2026-01-01T00:00:00.000000+00:00"


def session() -> dict[str, object]:
    ids: dict[str, object] = {"id": ID, "project_id": ID, "user_id": None}
    return {**ids, "disable_task_tracking": False, "configs": None, "created_at": MOMENT, "updated_at": MOMENT}


def check_session(data: object, status: int = 200) -> None:
    check("GET", SESSION, status, "application/json", msgspec.json.encode({"code": 0, "msg": "", "data": data}))


def test_an_answer_that_is_as_described_passes() -> None:
    check_session(session())
    check("GET", f"/api/v1/disk/{ID}/artifact/download", 200, "image/png", b"\x89PNG")


CHANGES: dict[str, Callable[[dict[str, object]], dict[str, object]]] = {
    "a key is missing": lambda one: {key: value for key, value in one.items() if key != "configs"},
    "a key is null": lambda one: {**one, "disable_task_tracking": None},
    "a key is not described": lambda one: {**one, "secret": 1},
    "a time has no offset": lambda one: {**one, "created_at": "2026-01-01T00:00:00"},
    "an id is none": lambda one: {**one, "id": "x"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_answer_that_is_not_as_described_is_found(change: str) -> None:
    with pytest.raises(AssertionError, match="not as described"):
        check_session(CHANGES[change](session()))


def test_a_status_that_is_not_described_is_found() -> None:
    with pytest.raises(AssertionError, match="answers 418, which is not described"):
        check_session(session(), 418)


def test_an_answer_that_should_be_json_is_found() -> None:
    with pytest.raises(AssertionError, match="answers 200 as text/plain"):
        check("GET", SESSION, 200, "text/plain", b"ok")


def test_a_route_that_is_not_described_must_not_be_there() -> None:
    check("GET", "/api/v1/nothing", 404, "application/json", b"{}")
    with pytest.raises(AssertionError, match="is not described"):
        check("GET", "/api/v1/nothing", 200, "application/json", b"{}")


def test_operations_are_found_by_their_path() -> None:
    assert operation_of("GET", "/api/v1/user/a%2Fb/resources") == ("GET", "/api/v1/user/{identifier}/resources")
    assert operation_of("GET", "/api/v1/user/ls") == ("GET", "/api/v1/user/ls")
    assert operation_of("GET", "/api/v1/session/") is None


@pytest.mark.parametrize(("shape", "key"), [(shape, key) for shape, keys in PRESENT.items() for key in keys])
def test_the_keys_that_a_strict_client_needs_are_demanded(shape: str, key: str) -> None:
    validator = shape_validator(shape)
    assert any(f'"{key}" is a required property' in error.message for error in validator.iter_errors({}))
    is_refused = any(error.instance_path == [key] for error in validator.iter_errors({key: None}))
    assert is_refused is (key not in MAY_BE_NULL and (shape, key) not in NULLABLE)
