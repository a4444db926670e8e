"""Conversations edited for their reader, and their tokens (wire contract, C.8 and C.9)."""

import json

import httpx
import pytest
from acontext import AcontextClient
from acontext.types.session import EditStrategy
from bpe_openai import get_encoding

from seasoned.message import JsonObject
from tests.support.talk import agent, call, plain, result, tell, user
from tests.support.wire import object_of, sentence_of, unknown_id

O200K = get_encoding("o200k_base")
TURNS = 5


def tokens(*texts: str) -> int:
    """How many tokens messages with these texts have."""
    return sum(len(O200K.encode_ordinary(text + "\n")) for text in texts)


def call_text(number: int) -> str:
    """What is counted of a call."""
    return json.dumps(
        {"arguments": json.dumps({"path": f"file-{number}.txt"}), "name": tool(number)}, separators=(",", ":")
    )


def tool(number: int) -> str:
    return "write" if number == 0 else "read"


@pytest.fixture
def session(client: AcontextClient, user: str) -> str:
    """An empty session that nothing reads while a test looks."""
    return client.sessions.create(user=user, disable_task_tracking=True).id


@pytest.fixture
def told(client: AcontextClient, session: str) -> list[str]:
    """A conversation of a request, five calls with their answers, and an end; the ids of its messages."""
    turns = [
        one
        for number in range(TURNS)
        for one in (call(f"c{number}", tool(number), path=f"file-{number}.txt"), result(f"c{number}", answer(number)))
    ]
    return tell(client, session, [user("Read the files"), *turns, agent("I read them")])


def answer(number: int) -> str:
    return f"answer {number} " + "words and " * 10 * number


def arguments(item: JsonObject) -> object:
    """The arguments of a message's one call."""
    made = item["tool_calls"]
    assert isinstance(made, list)
    first = made[0]
    assert isinstance(first, dict)
    function = first["function"]
    assert isinstance(function, dict)
    return function["arguments"]


def results(items: list[JsonObject]) -> list[object]:
    return [item["content"] for item in items if item["role"] == "tool"]


def test_tokens_are_those_of_o200k_base(client: AcontextClient, session: str) -> None:
    blobs: list[JsonObject] = [
        {"role": "user", "content": "Grüße an alle 👋 <b>"},
        {
            "role": "assistant",
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":"<&>"}'}}],
        },
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/y.png"}}]},
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
    ]
    for blob in blobs:
        client.sessions.store_message(session, blob=plain(blob))
    escaped = '{"arguments":"{\\"a\\":\\"\\u003c\\u0026\\u003e\\"}","name":"f"}'
    expected = tokens("Grüße an alle 👋 <b>", escaped, "one\ntwo")
    assert client.sessions.get_token_counts(session).total_tokens == expected
    assert client.sessions.get_messages(session).this_time_tokens == expected


def test_a_session_of_many_messages_is_counted_whole(client: AcontextClient, session: str) -> None:
    tell(client, session, [user(f"message {number}") for number in range(230)])
    expected = sum(tokens(f"message {number}") for number in range(230))
    assert client.sessions.get_token_counts(session).total_tokens == expected
    page = client.sessions.get_messages(session, limit=2)
    assert page.this_time_tokens == tokens("message 0", "message 1")


def test_an_empty_session_has_no_tokens(client: AcontextClient, http: httpx.Client, session: str) -> None:
    assert client.sessions.get_token_counts(session).total_tokens == 0
    sentence_of(http.get(f"/session/{unknown_id()}/token_counts"), 404)
    sentence_of(http.get("/session/nonsense/token_counts"), 400)


def test_every_strategy_edits_what_is_read_and_nothing_that_is_stored(
    client: AcontextClient, session: str, told: list[str]
) -> None:
    before = client.sessions.get_messages(session)

    def edited(*strategies: EditStrategy) -> tuple[list[JsonObject], list[str], int]:
        got = client.sessions.get_messages(session, edit_strategies=list(strategies))
        assert len(got.items) == len(got.ids) == len(got.metas)
        assert got.edit_at_message_id == told[-1]
        return got.items, got.ids, got.this_time_tokens

    items, ids, count = edited({"type": "remove_tool_result", "params": {"keep_recent_n_tool_results": 1}})
    assert results(items) == ["Done"] * 4 + [answer(4)]
    assert ids == told
    assert count == before.this_time_tokens + 4 * tokens("Done") - sum(tokens(answer(n)) for n in range(4))
    items, _, _ = edited(
        {
            "type": "remove_tool_result",
            "params": {
                "keep_recent_n_tool_results": 0,
                "keep_tools": ["write"],
                "tool_result_placeholder": "gone",
                "gt_token": 50,
            },
        }
    )
    assert results(items) == [answer(0), answer(1), answer(2), "gone", "gone"]
    items, _, _ = edited({"type": "remove_tool_call_params", "params": {"keep_recent_n_tool_calls": 4}})
    made = [arguments(item) for item in items if item.get("tool_calls")]
    assert made == ["{}"] + [json.dumps({"path": f"file-{n}.txt"}) for n in range(1, 5)]
    last_turn = tokens("I read them", answer(4), call_text(4))
    items, ids, count = edited({"type": "token_limit", "params": {"limit_tokens": last_turn}})
    assert ids == told[-3:]
    assert count == last_turn
    items, ids, count = edited({"type": "middle_out", "params": {"token_reduce_to": before.this_time_tokens - 1}})
    # Of twelve messages the seventh is the answer of the third call, which goes with its call.
    assert ids == [*told[:5], *told[7:]]
    assert count == before.this_time_tokens - tokens(call_text(2), answer(2))
    assert client.sessions.get_messages(session) == before


def test_edits_end_at_the_pin(client: AcontextClient, session: str, told: list[str]) -> None:
    wanted: list[EditStrategy] = [{"type": "remove_tool_result", "params": {"keep_recent_n_tool_results": 0}}]
    # Up to the answer of the second call.
    got = client.sessions.get_messages(session, edit_strategies=wanted, pin_editing_strategies_at_message=told[4])
    assert results(got.items) == ["Done", "Done", answer(2), answer(3), answer(4)]
    assert got.edit_at_message_id == told[4]
    more = tell(client, session, [call("c9", "read", path="x"), result("c9", "the newest")])
    again = client.sessions.get_messages(session, edit_strategies=wanted, pin_editing_strategies_at_message=told[4])
    assert again.items[: len(got.items)] == got.items
    assert again.ids == [*told, *more]
    unknown = client.sessions.get_messages(
        session, edit_strategies=wanted, pin_editing_strategies_at_message=unknown_id()
    )
    assert results(unknown.items) == ["Done"] * 6
    assert unknown.edit_at_message_id == more[-1]
    # Everything before the pin may go; the pin is still told.
    cut: list[EditStrategy] = [{"type": "token_limit", "params": {"limit_tokens": 1}}]
    rest = client.sessions.get_messages(session, edit_strategies=cut, pin_editing_strategies_at_message=told[4])
    assert rest.ids == [*told[5:], *more]
    assert rest.edit_at_message_id == told[4]


def test_all_messages_may_be_edited_away(client: AcontextClient, session: str, told: list[str]) -> None:
    cut: list[EditStrategy] = [{"type": "middle_out", "params": {"token_reduce_to": 1}}]
    got = client.sessions.get_messages(session, edit_strategies=cut)
    assert (got.items, got.ids, got.metas, got.this_time_tokens) == ([], [], [], 0)
    assert got.edit_at_message_id == told[-1]


def test_edits_reach_only_the_page(client: AcontextClient, session: str, told: list[str]) -> None:
    wanted: list[EditStrategy] = [{"type": "remove_tool_result", "params": {"keep_recent_n_tool_results": 1}}]
    got = client.sessions.get_messages(session, limit=5, edit_strategies=wanted)
    assert results(got.items) == ["Done", answer(1)]
    assert got.edit_at_message_id == told[4]
    assert got.has_more
    last = client.sessions.get_messages(session, limit=5, time_desc=True, edit_strategies=wanted)
    assert results(last.items) == ["Done", answer(4)]


@pytest.mark.parametrize(
    "strategies",
    ["{", "{}", '[{"type": "shrink"}]', '[{"type": "token_limit", "params": {"limit_tokens": 0}}]', "[null]"],
)
def test_strategies_that_cannot_be_are_refused(http: httpx.Client, session: str, strategies: str) -> None:
    sentence_of(http.get(f"/session/{session}/messages", params={"edit_strategies": strategies}), 400)


def test_events_may_be_asked_for(client: AcontextClient, session: str, told: list[str]) -> None:
    assert client.sessions.get_messages(session, with_events=True).ids == told


def test_an_edited_conversation_reads_alike_in_every_format(
    client: AcontextClient, http: httpx.Client, session: str, told: list[str]
) -> None:
    wanted = json.dumps([{"type": "remove_tool_result", "params": {"keep_recent_n_tool_results": 0}}])
    for read_as in ("openai", "anthropic", "gemini", "acontext"):
        got = object_of(http.get(f"/session/{session}/messages", params={"format": read_as, "edit_strategies": wanted}))
        assert json.dumps(got["items"]).count('"Done"') == TURNS
        assert "words and" not in json.dumps(got["items"])
        assert got["ids"] == told
