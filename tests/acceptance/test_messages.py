"""Messages: stored in one provider's format, read back in any (wire contract, B.5 and C)."""

import asyncio
import json
from collections.abc import Iterable

import httpx
import pytest
from acontext import AcontextAsyncClient, AcontextClient
from acontext.messages import MessagePart, build_acontext_message
from openai.types.chat import ChatCompletionMessageParam

from seasoned.message import Json, JsonObject
from tests.support.server import KEY, Server
from tests.support.talk import FORMATS, Format, agent, anthropic_user, call, result, tell, user
from tests.support.wire import data_of, object_of, sentence_of, text_at, unknown_id

COMMAND: JsonObject = {"command": "kubectl get pods -n staging", "timeout": 30}
LISTING = "api-0 Running\napi-1 Running"

# One conversation in the shapes of three providers: a question, a call with words beside it, its answer, the end.
OPENAI: list[JsonObject] = [
    {"role": "user", "content": "Are the pods up? \u00fc\u4e2d\U0001f600"},
    {
        "role": "assistant",
        "content": "I'll look.",
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "shell", "arguments": json.dumps(COMMAND)}}
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": LISTING},
    {"role": "assistant", "content": "Both pods are running."},
]
ANTHROPIC: list[JsonObject] = [
    {"role": "user", "content": "Are the pods up? \u00fc\u4e2d\U0001f600"},
    {
        "role": "assistant",
        "content": [
            {"type": "text", "text": "I'll look."},
            {"type": "tool_use", "id": "call_1", "name": "shell", "input": dict(COMMAND)},
        ],
    },
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": LISTING}]},
    {"role": "assistant", "content": [{"type": "text", "text": "Both pods are running."}]},
]
ACONTEXT: list[JsonObject] = [
    {"role": "user", "parts": [{"type": "text", "text": "Are the pods up? \u00fc\u4e2d\U0001f600"}]},
    {
        "role": "assistant",
        "parts": [
            {"type": "text", "text": "I'll look."},
            {
                "type": "tool-call",
                "meta": {"id": "call_1", "name": "shell", "arguments": json.dumps(COMMAND), "type": "function"},
            },
        ],
    },
    {"role": "user", "parts": [{"type": "tool-result", "text": LISTING, "meta": {"tool_call_id": "call_1"}}]},
    {"role": "assistant", "parts": [{"type": "text", "text": "Both pods are running."}]},
]
GEMINI: list[JsonObject] = [
    {"role": "user", "parts": [{"text": "Are the pods up? \u00fc\u4e2d\U0001f600"}]},
    {
        "role": "model",
        "parts": [
            {"text": "I'll look."},
            {"functionCall": {"id": "call_1", "name": "shell", "args": dict(COMMAND)}},
        ],
    },
    {"role": "user", "parts": [{"functionResponse": {"name": "shell", "response": {"output": LISTING}}}]},
    {"role": "model", "parts": [{"text": "Both pods are running."}]},
]
SHAPES: dict[Format, list[JsonObject]] = {
    "openai": OPENAI,
    "anthropic": ANTHROPIC,
    "gemini": GEMINI,
    "acontext": ACONTEXT,
}

Piece = tuple[str, ...]


def said(item: JsonObject, read_as: Format) -> tuple[str, list[Piece]]:
    """A message as its role and its pieces, whatever format it is in; a tool's answer counts as the user's."""
    role = text_at(item, "role")
    if read_as == "openai":
        return _openai(item, role)
    blocks = item["content" if read_as == "anthropic" else "parts"]
    assert isinstance(blocks, list)
    piece = {"anthropic": _anthropic, "gemini": _gemini, "acontext": _acontext}[read_as]
    return "assistant" if role == "model" else role, [piece(block) for block in blocks if isinstance(block, dict)]


def _openai(item: JsonObject, role: str) -> tuple[str, list[Piece]]:
    content = item.get("content")
    if role == "tool":
        return "user", [("result", text_at(item, "tool_call_id"), _told(text_at(item, "content")))]
    pieces: list[Piece] = [("text", content)] if isinstance(content, str) else []
    calls = item.get("tool_calls") or []
    assert isinstance(calls, list)
    for made in calls:
        assert isinstance(made, dict)
        assert made["type"] == "function"
        function = made["function"]
        assert isinstance(function, dict)
        pieces.append(_call(text_at(made, "id"), text_at(function, "name"), json.loads(text_at(function, "arguments"))))
    return role, pieces


def _anthropic(block: JsonObject) -> Piece:
    kind = block["type"]
    if kind == "tool_use":
        return _call(text_at(block, "id"), text_at(block, "name"), block["input"])
    if kind == "tool_result":
        assert block.get("is_error", False) is False
        assert isinstance(block["content"], list)
        texts = [text_at(inner, "text") for inner in block["content"] if isinstance(inner, dict)]
        return ("result", text_at(block, "tool_use_id"), _told("".join(texts)))
    assert kind == "text"
    return ("text", text_at(block, "text"))


def _acontext(part: JsonObject) -> Piece:
    kind, meta = part["type"], part.get("meta") or {}
    assert isinstance(meta, dict)
    if kind == "tool-call":
        return _call(text_at(meta, "id"), text_at(meta, "name"), json.loads(text_at(meta, "arguments")))
    if kind == "tool-result":
        return ("result", text_at(meta, "tool_call_id"), _told(text_at(part, "text")))
    assert kind == "text"
    return ("text", text_at(part, "text"))


def _gemini(part: JsonObject) -> Piece:
    if isinstance(call := part.get("functionCall"), dict):
        return _call(text_at(call, "id"), text_at(call, "name"), call["args"])
    if isinstance(answer := part.get("functionResponse"), dict):
        assert answer["name"] == "shell"
        return ("result", text_at(answer, "id"), _output(answer["response"]))
    return ("text", text_at(part, "text"))


def _output(response: Json) -> str:
    """What a function said: Gemini's responses are objects, other formats' are texts."""
    assert isinstance(response, dict)
    assert set(response) == {"output"}
    return text_at(response, "output")


def _told(text: str) -> str:
    return _output(json.loads(text)) if text.startswith('{"output":') else text


def _call(call_id: str, name: str, arguments: Json) -> Piece:
    return ("call", call_id, name, json.dumps(arguments, sort_keys=True))


def store(http: httpx.Client, session: str, blobs: Iterable[JsonObject], stored_as: Format) -> list[JsonObject]:
    """Store messages; the server's answers."""
    return [
        object_of(http.post(f"/session/{session}/messages", json={"blob": blob, "format": stored_as}), 201)
        for blob in blobs
    ]


@pytest.fixture
def session(client: AcontextClient, user: str) -> str:
    """An empty session; nothing reads it while a test looks, so that its messages' states stay."""
    return client.sessions.create(user=user, disable_task_tracking=True).id


@pytest.mark.parametrize("read_as", FORMATS)
@pytest.mark.parametrize("stored_as", FORMATS)
def test_a_conversation_reads_the_same_in_every_format(
    client: AcontextClient, http: httpx.Client, session: str, stored_as: Format, read_as: Format
) -> None:
    stored = store(http, session, SHAPES[stored_as], stored_as)
    got = client.sessions.get_messages(session, format=read_as)
    assert [said(item, read_as) for item in got.items] == [said(item, "openai") for item in OPENAI]
    assert got.ids == [one["id"] for one in stored]
    assert got.metas == [{}] * len(stored)
    assert not got.has_more
    assert got.this_time_tokens > 0


@pytest.mark.parametrize("read_as", FORMATS)
def test_what_the_sdk_builds_can_be_stored(client: AcontextClient, session: str, read_as: Format) -> None:
    client.sessions.store_message(session, blob=user("one"))
    client.sessions.store_message(session, blob=agent("two"))
    client.sessions.store_message(session, blob=call("call_3", "shell", command="ls"))
    client.sessions.store_message(session, blob=result("call_3", "file"))
    client.sessions.store_message(session, blob=anthropic_user("four"), format="anthropic")
    blob = build_acontext_message(role="assistant", parts=[MessagePart(type="text", text="five")])
    client.sessions.store_message(session, blob=blob, format="acontext")
    assert [said(item, read_as) for item in client.sessions.get_messages(session, format=read_as).items] == [
        ("user", [("text", "one")]),
        ("assistant", [("text", "two")]),
        ("assistant", [("call", "call_3", "shell", '{"command": "ls"}')]),
        ("user", [("result", "call_3", "file")]),
        ("user", [("text", "four")]),
        ("assistant", [("text", "five")]),
    ]


def test_a_stored_message_is_answered_with_its_fields(http: httpx.Client, session: str) -> None:
    body = {"blob": OPENAI[0], "meta": {"trace": 1}}
    message = object_of(http.post(f"/session/{session}/messages", json=body), 201)
    assert message["session_id"] == session
    assert message["role"] == "user"
    assert message["parent_id"] is None
    assert message["task_id"] is None
    assert message["meta"] == {"trace": 1}
    assert message["parts"] == [{"type": "text", "text": OPENAI[0]["content"]}]
    assert message["session_task_process_status"] == "disable_tracking"
    assert {"created_at", "updated_at"} <= set(message)


def test_a_tracked_message_waits_to_be_read(http: httpx.Client) -> None:
    session = text_at(object_of(http.post("/session", json={}), 201), "id")
    message = object_of(http.post(f"/session/{session}/messages", json={"blob": OPENAI[0]}), 201)
    assert message["session_task_process_status"] == "pending"


@pytest.mark.parametrize("role", ["system", "developer"])
def test_a_system_prompt_comes_back_as_one(client: AcontextClient, http: httpx.Client, session: str, role: str) -> None:
    stored = store(http, session, [{"role": role, "content": "Be brief."}], "openai")
    assert stored[0]["role"] == "user"
    assert client.sessions.get_messages(session).items == [{"role": role, "content": "Be brief."}]
    assert client.sessions.get_messages(session, format="anthropic").items[0]["role"] == "user"


def test_messages_form_a_chain(client: AcontextClient, session: str) -> None:
    ids = tell(client, session, [user(f"message {number}") for number in range(4)])
    items = client.sessions.get_messages(session, format="acontext").items
    assert [item["parent_id"] for item in items] == [None, *ids[:-1]]
    times = [item["created_at"] for item in items]
    assert times == sorted(times)


def test_messages_stored_at_the_same_time_form_one_chain(server: Server, client: AcontextClient, session: str) -> None:
    async def store_all() -> list[str]:
        async with AcontextAsyncClient(api_key=KEY, base_url=server.api) as opened:
            storing = (opened.sessions.store_message(session, blob=user(f"message {n}")) for n in range(30))
            return [message.id for message in await asyncio.gather(*storing)]

    ids = asyncio.run(store_all())
    got = client.sessions.get_messages(session, format="acontext")
    assert sorted(got.ids) == sorted(ids)
    assert [item["parent_id"] for item in got.items] == [None, *got.ids[:-1]]


def test_user_meta_is_kept_apart_and_parallel(client: AcontextClient, session: str) -> None:
    metas = [{"n": 1, "deep": {"a": [1, None, "x"]}}, None, {"n": 3}]
    for meta in metas:
        stored = client.sessions.store_message(session, blob=user("text"), meta=meta)
        assert stored.meta == (meta or {})
    for read_as in FORMATS:
        got = client.sessions.get_messages(session, format=read_as)
        assert got.metas == [meta or {} for meta in metas]
        assert len(got.ids) == len(got.items) == 3


def test_patching_user_meta_merges_and_null_deletes(client: AcontextClient, http: httpx.Client, session: str) -> None:
    message = client.sessions.store_message(session, blob=user("text"), meta={"a": 1, "b": {"x": 1}})
    patched = client.sessions.patch_message_meta(session, message.id, meta={"a": None, "b": {"y": 2}, "c": 3})
    assert patched == {"b": {"y": 2}, "c": 3}
    assert client.sessions.get_messages(session).metas == [patched]
    sentence_of(http.patch(f"/session/{session}/messages/{unknown_id()}/meta", json={"meta": {"a": 1}}), 404)
    sentence_of(http.patch(f"/session/{session}/messages/{message.id}/meta", json={}), 400)
    too_big = {"meta": {"text": "x" * 70_000}}
    sentence_of(http.patch(f"/session/{session}/messages/{message.id}/meta", json=too_big), 400, 413)
    assert client.sessions.get_messages(session).metas == [patched]


@pytest.mark.parametrize("limit", [None, 0])
def test_without_a_limit_all_messages_are_answered(client: AcontextClient, session: str, limit: int | None) -> None:
    ids = tell(client, session, [user(f"message {number}") for number in range(25)])
    got = client.sessions.get_messages(session, limit=limit)
    assert got.ids == ids
    assert not got.has_more
    assert got.next_cursor is None


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_pages_go_forward_from_the_oldest(client: AcontextClient, session: str, limit: int) -> None:
    ids = tell(client, session, [user(f"message {number}") for number in range(7)])
    pages = read_pages(client, session, limit, newest_first=False)
    assert [one for page in pages for one in page] == ids
    assert all(len(page) <= limit for page in pages)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_pages_go_back_from_the_newest_each_in_ascending_order(
    client: AcontextClient, session: str, limit: int
) -> None:
    ids = tell(client, session, [user(f"message {number}") for number in range(7)])
    pages = read_pages(client, session, limit, newest_first=True)
    assert pages[0] == ids[-limit:]
    assert [one for page in reversed(pages) for one in page] == ids


def read_pages(client: AcontextClient, session: str, limit: int, *, newest_first: bool) -> list[list[str]]:
    """The ids of all pages, following the cursors; what each page holds must fit its ids."""
    pages: list[list[str]] = []
    cursor: str | None = None
    for _ in range(20):
        got = client.sessions.get_messages(session, limit=limit, cursor=cursor, time_desc=newest_first)
        numbers = [int(item["content"].removeprefix("message ")) for item in got.items]
        assert numbers == sorted(numbers)
        assert len(got.ids) == len(got.metas) == len(got.items)
        pages.append(got.ids)
        cursor = got.next_cursor
        if not got.has_more:
            break
    assert cursor is None
    return pages


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_skip_and_repeat_nothing_while_messages_come_in(
    server: Server, client: AcontextClient, session: str, *, newest_first: bool
) -> None:
    before = tell(client, session, [user(f"message {number}") for number in range(30)])

    async def read_while_others_write() -> list[list[str]]:
        async with AcontextAsyncClient(api_key=KEY, base_url=server.api) as opened:

            async def write(first: int) -> None:
                for number in range(first, first + 15):
                    await opened.sessions.store_message(session, blob=user(f"message {number}"))

            writing = [asyncio.create_task(write(100 * writer)) for writer in range(1, 5)]
            pages: list[list[str]] = []
            cursor: str | None = None
            while True:
                got = await opened.sessions.get_messages(session, limit=7, cursor=cursor, time_desc=newest_first)
                pages.append(got.ids)
                cursor = got.next_cursor
                if not got.has_more:
                    break
            await asyncio.gather(*writing)
            return pages

    pages = asyncio.run(read_while_others_write())
    read = [one for page in (reversed(pages) if newest_first else pages) for one in page]
    every = client.sessions.get_messages(session).ids
    assert len(every) == 90
    assert len(set(read)) == len(read)
    # What was there when the reading began is read; what came meanwhile only where the reading had not been yet.
    assert [one for one in read if one in before] == before
    assert read == [one for one in every if one in set(read)]
    assert read == (every[: len(read)] if not newest_first else every[: every.index(read[-1]) + 1])


def test_an_empty_session_has_empty_lists(http: httpx.Client, session: str) -> None:
    got = object_of(http.get(f"/session/{session}/messages"))
    assert got["items"] == got["ids"] == got["metas"] == []
    assert got["has_more"] is False
    assert got.get("next_cursor") is None
    assert got["this_time_tokens"] == 0


@pytest.mark.parametrize(
    "params",
    [
        {"format": "morse"},
        {"limit": "-1"},
        {"limit": "201"},
        {"limit": "x"},
        {"cursor": "nonsense", "limit": "2"},
        {"time_desc": "x"},
    ],
    ids="-".join,
)
def test_a_page_of_messages_that_cannot_be_is_refused(http: httpx.Client, session: str, params: dict[str, str]) -> None:
    sentence_of(http.get(f"/session/{session}/messages", params=params), 400)


def test_messages_of_an_unknown_session_are_refused(http: httpx.Client) -> None:
    path = f"/session/{unknown_id()}/messages"
    sentence_of(http.get(path), 400, 404)
    sentence_of(http.post(path, json={"blob": OPENAI[0]}), 400, 404)


def test_an_assistant_with_null_content_and_extra_fields_is_stored(client: AcontextClient, session: str) -> None:
    blob: ChatCompletionMessageParam = {"role": "assistant", "content": None, "refusal": None, "audio": None}
    client.sessions.store_message(session, blob=blob)
    got = client.sessions.get_messages(session)
    assert got.items[0]["role"] == "assistant"
    assert not got.items[0].get("content")


def test_the_explicit_nulls_of_the_sdks_own_format_are_ignored(http: httpx.Client, session: str) -> None:
    part: JsonObject = {"type": "text", "text": "hello", "meta": None, "file_field": None}
    stored = store(http, session, [{"role": "user", "parts": [part], "meta": None}], "acontext")
    assert stored[0]["parts"] == [{"type": "text", "text": "hello"}]


def test_a_message_is_durable_once_it_is_answered(http: httpx.Client, session: str) -> None:
    for number in range(20):
        store(http, session, [{"role": "user", "content": f"message {number}"}], "openai")
        items = object_of(http.get(f"/session/{session}/messages"))["items"]
        assert isinstance(items, list)
        assert len(items) == number + 1
    data_of(http.delete(f"/session/{session}"))
