"""Gemini messages: each answer of a function finds the oldest open call of its session (wire contract, C.4)."""

import asyncio
from collections import Counter
from typing import cast

import httpx
import pytest
from acontext import AcontextAsyncClient, AcontextClient
from google.genai import types
from openai.types.chat import ChatCompletionMessageParam

from seasoned.message import Json, JsonObject
from tests.support.server import KEY, Server
from tests.support.talk import plain
from tests.support.wire import object_of, sentence_of, text_at


def model(*parts: Json) -> JsonObject:
    return {"role": "model", "parts": list(parts)}


def person(*parts: Json) -> JsonObject:
    return {"role": "user", "parts": list(parts)}


def call(name: str, call_id: str = "", **args: Json) -> JsonObject:
    return {"functionCall": {"name": name, "args": args, **({"id": call_id} if call_id else {})}}


def response(name: str, call_id: str = "", **said: Json) -> JsonObject:
    return {"functionResponse": {"name": name, "response": said, **({"id": call_id} if call_id else {})}}


@pytest.fixture
def session(client: AcontextClient, user: str) -> str:
    """An empty session that nothing reads while a test looks."""
    return client.sessions.create(user=user, disable_task_tracking=True).id


def store(client: AcontextClient, session: str, *blobs: JsonObject) -> None:
    for blob in blobs:
        client.sessions.store_message(session, blob=plain(blob), format="gemini")


def refused(http: httpx.Client, session: str, blob: JsonObject) -> str:
    body = {"blob": blob, "format": "gemini"}
    return sentence_of(http.post(f"/session/{session}/messages", json=body), 400)


def ids(client: AcontextClient, session: str) -> list[str]:
    """The ids of the calls that the session's answers belong to."""
    items = client.sessions.get_messages(session, format="gemini").items
    answers = [part["functionResponse"] for item in items for part in item["parts"] if "functionResponse" in part]
    return [answer["id"] for answer in answers]


def open_calls(client: AcontextClient, session: str) -> list[str]:
    """The names of the calls that the session says are still open."""
    items = client.sessions.get_messages(session, format="acontext").items
    return [one["name"] for item in items for one in item["meta"].get("__gemini_call_info__", [])]


def test_what_was_stored_is_read_back(client: AcontextClient, session: str) -> None:
    blobs = [
        person({"text": "Look"}, {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo=", "displayName": "x"}}),
        model({"text": "hm", "thought": True, "thoughtSignature": "c2ln"}, call("look", "c1", at_what=[1, None])),
        person(response("look", "c1", found={"a": 1})),
        model({"executableCode": {"language": "PYTHON", "code": "1"}}, {"text": "done"}),
        person(),
    ]
    store(client, session, *blobs)
    got = client.sessions.get_messages(session, format="gemini")
    assert got.items == blobs
    assert len(got.ids) == len(got.metas) == 5


def test_answers_without_an_id_get_that_of_the_oldest_open_call(client: AcontextClient, session: str) -> None:
    store(client, session, model(call("look", "a"), call("look", "b")), model(call("write", "c")))
    assert open_calls(client, session) == ["look", "look", "write"]
    stored = client.sessions.store_message(session, blob=plain(person(response("look", n=1))), format="gemini")
    assert [part.meta for part in stored.parts] == [{"name": "look", "tool_call_id": "a"}]
    assert stored.meta == {}
    assert open_calls(client, session) == ["look", "write"]
    store(client, session, person({"text": "go on"}), person(response("look", n=2), response("write", "c", n=3)))
    assert ids(client, session) == ["a", "b", "c"]
    assert open_calls(client, session) == []
    assert all(
        "__gemini" not in key
        for item in client.sessions.get_messages(session, format="acontext").items
        for key in item["meta"]
    )


def test_a_call_without_an_id_gets_one(client: AcontextClient, session: str) -> None:
    store(client, session, model(call("look")), person(response("look", n=1)))
    made = client.sessions.get_messages(session, format="gemini").items[0]["parts"][0]["functionCall"]["id"]
    assert made.startswith("call_")
    assert len(made) == len("call_") + 8
    assert ids(client, session) == [made]
    tool = client.sessions.get_messages(session).items[1]
    assert tool == {"role": "tool", "tool_call_id": made, "content": '{"n":1}'}


def test_what_the_google_sdk_builds_can_be_stored(client: AcontextClient, session: str) -> None:
    """It dumps snake_case keys with nulls; arguments keep their own names."""
    made = types.Content(
        role="model", parts=[types.Part(function_call=types.FunctionCall(id="a", name="look", args={"at_what": 1}))]
    )
    said = types.Content(
        role="user",
        parts=[types.Part(function_response=types.FunctionResponse(name="look", response={"was_found": {"x_y": 1}}))],
    )
    for content in (made, said):
        client.sessions.store_message(session, blob=cast(ChatCompletionMessageParam, content), format="gemini")
    items = client.sessions.get_messages(session, format="gemini").items
    assert items == [model(call("look", "a", at_what=1)), person(response("look", "a", was_found={"x_y": 1}))]
    assert types.Content.model_validate(items[0]) == made


def test_a_large_answer_finds_its_call_too(client: AcontextClient, session: str) -> None:
    store(client, session, model(call("look", "a")), person(response("look", text="x" * 200_000)))
    assert ids(client, session) == ["a"]


def test_an_answer_that_fits_no_open_call_is_refused_and_changes_nothing(
    client: AcontextClient, http: httpx.Client, session: str
) -> None:
    assert "look" in refused(http, session, person(response("look")))
    store(client, session, model(call("look", "a"), call("write", "b")))
    assert "'look'" in refused(http, session, person(response("write")))
    assert "'a'" in refused(http, session, person(response("look", "z")))
    refused(http, session, person(response("write", "a")))
    # The second answer is wrong, so the first does not count either.
    refused(http, session, person(response("look"), response("look")))
    assert open_calls(client, session) == ["look", "write"]
    store(client, session, person(response("look"), response("write", "b")))
    assert ids(client, session) == ["a", "b"]
    refused(http, session, person(response("write", "b")))
    assert len(client.sessions.get_messages(session).ids) == 3


def test_an_answer_names_an_id_that_its_call_had_not(client: AcontextClient, session: str) -> None:
    """Some clients number only the answers; such a call stays open for no later answer."""
    store(client, session, model(call("look")), model(call("write")), model(call("look", "b")))
    store(client, session, person(response("write", "write-17", n=1)), person(response("look", "b", n=2)))
    assert open_calls(client, session) == ["look"]
    store(client, session, person(response("look", "look-18", n=3)), person({"text": "thanks"}))
    made = [
        part["functionCall"]["id"]
        for item in client.sessions.get_messages(session, format="gemini").items
        for part in item["parts"]
        if "functionCall" in part
    ]
    assert ids(client, session) == [made[1], "b", made[0]]
    assert open_calls(client, session) == []


def test_answers_of_the_role_function_and_words_without_a_role_are_the_users(
    client: AcontextClient, session: str
) -> None:
    words: JsonObject = {"parts": [{"text": "Count the lamps."}]}
    store(client, session, words, model(call("look", "a")), {**person(response("look", "a")), "role": "function"})
    found = client.sessions.get_messages(session, format="acontext").items
    assert [item["role"] for item in found] == ["user", "assistant", "user"]
    assert ids(client, session) == ["a"]


def test_an_answer_that_goes_on_keeps_its_call_open(client: AcontextClient, session: str) -> None:
    first = response("look", n=1)
    assert isinstance(first["functionResponse"], dict)
    first["functionResponse"]["willContinue"] = True
    store(client, session, model(call("look", "a"), call("look", "b")), person(first), person(response("look", n=2)))
    assert ids(client, session) == ["a", "a"]
    assert open_calls(client, session) == ["look"]


def test_sessions_do_not_answer_each_others_calls(client: AcontextClient, http: httpx.Client, session: str) -> None:
    other = client.sessions.create(disable_task_tracking=True).id
    store(client, session, model(call("look", "a")))
    refused(http, other, person(response("look")))
    store(client, session, person(response("look")))


def test_answers_at_the_same_time_each_find_a_call_of_their_own(
    server: Server, client: AcontextClient, session: str
) -> None:
    count = 40
    store(client, session, model(*(call("look", f"c{number}") for number in range(count))))

    async def answer_all() -> None:
        async with AcontextAsyncClient(api_key=KEY, base_url=server.api) as opened:
            blobs = [person(response("look", n=number)) for number in range(count)]
            await asyncio.gather(
                *(opened.sessions.store_message(session, blob=plain(one), format="gemini") for one in blobs)
            )

    asyncio.run(answer_all())
    assert ids(client, session) == [f"c{number}" for number in range(count)]


def test_the_name_of_a_tool_is_found_on_the_page_before(client: AcontextClient, session: str) -> None:
    asked: JsonObject = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    http_body: list[JsonObject] = [
        {"role": "assistant", "tool_calls": [asked]},
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
    ]
    for blob in http_body:
        client.sessions.store_message(session, blob=plain(blob))
    got = client.sessions.get_messages(session, format="gemini", limit=1, time_desc=True)
    assert got.items == [person({"functionResponse": {"id": "c1", "name": "look", "response": {"output": "found"}}})]


def test_what_gemini_cannot_say_is_left_out_with_its_id(
    client: AcontextClient, http: httpx.Client, session: str
) -> None:
    """An empty message would be refused by the API; ids and metas stay beside their items."""
    for blob in ({"role": "assistant"}, {"role": "user", "content": "hello"}):
        object_of(http.post(f"/session/{session}/messages", json={"blob": blob, "meta": {"n": 1}}), 201)
    got = object_of(http.get(f"/session/{session}/messages", params={"format": "gemini"}))
    assert got["items"] == [person({"text": "hello"})]
    every = client.sessions.get_messages(session).ids
    assert got["ids"] == every[1:]
    assert got["metas"] == [{"n": 1}]
    assert text_at(got, "edit_at_message_id") == every[1]


def test_parallel_answers_of_another_format_are_one_message_each_for_openai(
    client: AcontextClient, session: str
) -> None:
    blocks: list[Json] = [{"type": "tool_result", "tool_use_id": f"c{n}", "content": f"answer {n}"} for n in range(3)]
    blob: JsonObject = {"role": "user", "content": [*blocks, {"type": "text", "text": "go on"}]}
    client.sessions.store_message(session, blob=plain(blob), format="anthropic", meta={"n": 1})
    got = client.sessions.get_messages(session)
    assert [item["role"] for item in got.items] == ["tool", "tool", "tool", "user"]
    assert Counter(got.ids) == {got.ids[0]: 4}
    assert got.metas == [{"n": 1}] * 4
