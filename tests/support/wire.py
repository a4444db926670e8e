"""Reading raw answers: every one is checked against the envelope of the wire contract (A.3, A.4) on the way."""

import uuid

import httpx

from seasoned.message import Json, JsonObject


def data_of(response: httpx.Response, status: int = 200) -> Json:
    """What a success carries; None when it carries nothing."""
    assert response.status_code == status, response.text[:500]
    body = _envelope(response)
    assert body["code"] == 0
    return body.get("data")


def object_of(response: httpx.Response, status: int = 200) -> JsonObject:
    """The JSON object that a success carries."""
    data = data_of(response, status)
    assert isinstance(data, dict)
    return data


def list_of(response: httpx.Response) -> list[Json]:
    """The list that a success carries: never null."""
    data = data_of(response)
    assert isinstance(data, list)
    return data


def items_of(response: httpx.Response) -> list[JsonObject]:
    """The items of a page."""
    items = object_of(response)["items"]
    assert isinstance(items, list)
    return [item for item in items if isinstance(item, dict)]


def sentence_of(response: httpx.Response, *statuses: int) -> str:
    """The sentence of a refusal whose status is one of those given; its code repeats the status."""
    assert response.status_code in statuses, f"{response.status_code}: {response.text[:500]}"
    body = _envelope(response)
    assert body["code"] == response.status_code
    sentence = body["msg"]
    assert isinstance(sentence, str)
    assert sentence.strip(), "a refusal must say what is wrong"
    return sentence


def text_at(data: JsonObject, key: str) -> str:
    """A string of a JSON object."""
    value = data[key]
    assert isinstance(value, str), f"{key} is {value!r}"
    return value


def unknown_id() -> str:
    """A well-formed id that nothing has."""
    return str(uuid.uuid4())


def _envelope(response: httpx.Response) -> JsonObject:
    assert "application/json" in response.headers["content-type"]
    body: Json = response.json()
    assert isinstance(body, dict)
    assert isinstance(body["msg"], str)
    return body
