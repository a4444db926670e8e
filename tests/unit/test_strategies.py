"""Edit strategies, as the wire contract's table says them (C.9), and against a plain reading of it."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned.errors import Invalid
from seasoned.message import Json, JsonObject, Message, Part
from seasoned.strategies import NAMES, MiddleOut, TokenLimit, apply, read


def said(text: str) -> Message:
    return Message("user", (Part("text", text),))


def call(call_id: str, name: str = "look", arguments: str = '{"a": "some words"}') -> Message:
    meta: JsonObject = {"id": call_id, "name": name, "arguments": arguments, "type": "function"}
    return Message("assistant", (Part("tool-call", meta=meta),))


def result(call_id: str, text: str = "a long answer") -> Message:
    return Message("user", (Part("tool-result", text, {"tool_call_id": call_id}),))


def turns(count: int) -> list[Message]:
    """Calls and their answers, in turn."""
    return [one for number in range(count) for one in (call(f"c{number}"), result(f"c{number}", f"answer {number}"))]


def words(text: str) -> int:
    return len(text.split())


def edited(messages: Sequence[Message], *wanted: JsonObject) -> list[Message]:
    return [one.message for one in apply(read(json.dumps(wanted)), messages, words)]


def texts(messages: Sequence[Message]) -> list[str | None]:
    return [part.text for message in messages for part in message.parts if part.type == "tool-result"]


def arguments(messages: Sequence[Message]) -> list[str]:
    return [part.arguments for message in messages for part in message.parts if part.type == "tool-call"]


def strategy(name: str, **params: Json) -> JsonObject:
    return {"type": name, "params": params}


def test_old_answers_become_a_placeholder() -> None:
    assert texts(edited(turns(5), strategy("remove_tool_result"))) == [
        "Done",
        "Done",
        *(f"answer {n}" for n in (2, 3, 4)),
    ]
    kept_one = strategy("remove_tool_result", keep_recent_n_tool_results=1, tool_result_placeholder=" gone ")
    assert texts(edited(turns(3), kept_one)) == ["gone", "gone", "answer 2"]
    kept_none = strategy("remove_tool_result", keep_recent_n_tool_results=0, tool_result_placeholder="  ")
    assert texts(edited(turns(2), kept_none)) == ["Done", "Done"]


def test_an_answer_that_was_removed_leaves_nothing_of_itself() -> None:
    whole = Part("tool-result", "words", {"tool_call_id": "c0", "is_error": True, "extra": {"content": ["a picture"]}})
    messages = [call("c0"), Message("user", (whole,), {"source_format": "anthropic"})]
    left = edited(messages, strategy("remove_tool_result", keep_recent_n_tool_results=0))[1].parts[0]
    assert left == Part("tool-result", "Done", {"tool_call_id": "c0", "is_error": True})


def test_answers_of_tools_that_are_kept_do_not_count() -> None:
    messages = [call("a", "read"), result("a", "one"), *turns(2), call("b", "read"), result("b", "two")]
    wanted = strategy("remove_tool_result", keep_recent_n_tool_results=1, keep_tools=["read"])
    assert texts(edited(messages, wanted)) == ["one", "Done", "answer 1", "two"]


def test_only_what_is_large_is_removed() -> None:
    messages = [call("a"), result("a", "one two three"), call("b"), result("b", "one two")]
    wanted = strategy("remove_tool_result", keep_recent_n_tool_results=0, gt_token=2)
    assert texts(edited(messages, wanted)) == ["Done", "one two"]
    calls = [call("a", arguments="one two three"), call("b", arguments="one two")]
    wanted = strategy("remove_tool_call_params", keep_recent_n_tool_calls=0, gt_token=2)
    assert arguments(edited(calls, wanted)) == ["{}", "one two"]


def test_old_arguments_are_emptied() -> None:
    some = '{"a": "some words"}'
    assert arguments(edited(turns(5), strategy("remove_tool_call_params"))) == ["{}", "{}", some, some, some]
    wanted = strategy("remove_tool_call_params", keep_recent_n_tool_calls=0, keep_tools=["read"])
    left = edited([call("a", "read"), call("b")], wanted)
    assert arguments(left) == [some, "{}"]
    assert left[1].parts[0].meta == {"id": "b", "name": "look", "arguments": "{}", "type": "function"}


def test_the_oldest_messages_go_until_the_rest_fits() -> None:
    messages = [said("one two"), said("three four"), said("five six")]
    assert edited(messages, strategy("token_limit", limit_tokens=4)) == messages[1:]
    assert edited(messages, strategy("token_limit", limit_tokens=6)) == messages
    assert edited(messages, strategy("token_limit", limit_tokens=1)) == []


def test_a_call_takes_its_answers_with_it() -> None:
    messages = [call("a"), said("between"), result("a"), said("end")]
    left = edited(messages, strategy("token_limit", limit_tokens=3))
    assert left == [messages[1], messages[3]]


def test_the_middle_goes_first() -> None:
    messages = [said(f"word {number}") for number in range(5)]
    # Of five the third, of four (0 1 3 4) again the third, of three (0 1 4) the second, of two the first.
    for tokens, left in ((8, "0134"), (6, "014"), (4, "04"), (2, "4"), (1, "")):
        assert edited(messages, strategy("middle_out", token_reduce_to=tokens)) == [messages[int(n)] for n in left]


def test_ids_that_a_server_uses_again_tie_only_neighbours() -> None:
    messages = [call("same"), result("same"), call("same"), result("same"), call("same"), result("same")]
    left = edited(messages, strategy("token_limit", limit_tokens=2 * (words(messages[0].counted()) + 3)))
    assert left == messages[2:]


def test_strategies_are_applied_in_their_own_order() -> None:
    names = ["token_limit", "middle_out", "remove_tool_call_params", "remove_tool_result"]
    params: JsonObject = {"limit_tokens": 1, "token_reduce_to": 1}
    found = read(json.dumps([{"type": name, "params": params} for name in names]))
    assert [type(one).__name__ for one in found] == [
        "RemoveToolResult",
        "RemoveToolCallParams",
        "MiddleOut",
        "TokenLimit",
    ]
    # What was emptied first need not be dropped.
    messages = [call("c0"), result("c0", "many words " * 50), said("end")]
    small = words(call("c0").counted()) + 2
    limit = strategy("token_limit", limit_tokens=small)
    emptied = strategy("remove_tool_result", keep_recent_n_tool_results=0)
    assert len(edited(messages, limit, emptied)) == 3
    assert len(edited(messages, limit)) == 1


@pytest.mark.parametrize("given_text", ["", " ", "[]"])
def test_nothing_means_none(given_text: str) -> None:
    assert read(given_text) == ()


def test_numbers_may_be_written_with_a_fraction() -> None:
    limit: Json = 7.9
    assert read(json.dumps([strategy("token_limit", limit_tokens=limit)])) == (TokenLimit(7),)
    assert read('[{"type": "middle_out", "params": {"token_reduce_to": 5e3}}]') == (MiddleOut(5_000),)
    explicit: JsonObject = {"keep_recent_n_tool_results": None, "gt_token": None, "keep_tools": None, "other": 1}
    plain = read('[{"type": "remove_tool_result"}]')
    assert read(json.dumps([{"type": "remove_tool_result", "params": explicit}])) == plain


@pytest.mark.parametrize(
    ("given_text", "told"),
    [
        ("{", "JSON array"),
        ("{}", "JSON array"),
        ("[1]", "JSON array"),
        ('"x"', "JSON array"),
        ("[" * 5_000, "JSON array"),
        ("[{}]", "type is no string"),
        ('[{"type": "shrink"}]', "'shrink'"),
        ('[{"type": ["token_limit"]}]', "type is no string"),
        ('[{"type": "token_limit"}]', "needs the parameter limit_tokens"),
        ('[{"type": "token_limit", "params": []}]', "params"),
        ('[{"type": "token_limit", "params": {"limit_tokens": 0}}]', "limit_tokens"),
        ('[{"type": "token_limit", "params": {"limit_tokens": 0.9}}]', "limit_tokens"),
        ('[{"type": "token_limit", "params": {"limit_tokens": "9"}}]', "limit_tokens"),
        ('[{"type": "token_limit", "params": {"limit_tokens": true}}]', "limit_tokens"),
        ('[{"type": "middle_out", "params": {}}]', "token_reduce_to"),
        ('[{"type": "middle_out", "params": {"token_reduce_to": 5.5}}]', "token_reduce_to"),
        ('[{"type": "middle_out", "params": {"token_reduce_to": -1}}]', "token_reduce_to"),
        (
            '[{"type": "remove_tool_result", "params": {"keep_recent_n_tool_results": -1}}]',
            "keep_recent_n_tool_results",
        ),
        ('[{"type": "remove_tool_result", "params": {"gt_token": 0}}]', "gt_token"),
        ('[{"type": "remove_tool_result", "params": {"keep_tools": "x"}}]', "keep_tools"),
        ('[{"type": "remove_tool_result", "params": {"keep_tools": [1]}}]', "keep_tools"),
        ('[{"type": "remove_tool_result", "params": {"tool_result_placeholder": 1}}]', "tool_result_placeholder"),
        (
            '[{"type": "remove_tool_call_params", "params": {"keep_recent_n_tool_calls": {}}}]',
            "keep_recent_n_tool_calls",
        ),
        (json.dumps([{"type": "remove_tool_result"}] * 21), "at most 20"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(given_text: str, told: str) -> None:
    with pytest.raises(Invalid, match=told) as caught:
        read(given_text)
    assert str(caught.value).endswith(".")


# Conversations in which calls and answers stand anywhere.
pieces = st.one_of(
    st.builds(said, st.text("ab ", min_size=1, max_size=8)),
    st.builds(call, st.sampled_from("abcde")),
    st.builds(result, st.sampled_from("abcde"), st.text("ab ", max_size=8)),
    st.builds(
        lambda ids: Message("user", tuple(Part("tool-result", "x", {"tool_call_id": one}) for one in ids)),
        st.lists(st.sampled_from("abcde"), min_size=2, max_size=3),
    ),
)
conversations = st.lists(pieces, max_size=14)


def tied(messages: Sequence[Message], index: int) -> set[int]:
    """The messages that go when one goes: over and over those that hold the other ends of its calls."""
    pairs: set[tuple[int, int]] = set()
    last: dict[str, int] = {}
    for place, message in enumerate(messages):
        for part in message.parts:
            if part.type == "tool-call":
                last[part.call_id] = place
            elif part.type == "tool-result" and part.call_id in last:
                pairs |= {(place, last[part.call_id]), (last[part.call_id], place)}
    found = {index}
    while more := {b for a, b in pairs if a in found} - found:
        found |= more
    return found


def plainly_from_middle(messages: Sequence[Message], limit: int) -> list[int]:
    """The contract's sentence, word by word."""
    left = list(range(len(messages)))
    while left and sum(words(messages[one].counted()) for one in left) > limit:
        index = left[0] if len(left) <= 2 else left[len(left) // 2]
        gone = tied(messages, index)
        left = [one for one in left if one not in gone]
    return left


def plainly_from_oldest(messages: Sequence[Message], limit: int) -> list[int]:
    left = list(range(len(messages)))
    while left and sum(words(messages[one].counted()) for one in left) > limit:
        gone = tied(messages, left[0])
        left = [one for one in left if one not in gone]
    return left


@given(messages=conversations, limit=st.integers(1, 40))
def test_dropping_does_what_the_contract_says(messages: list[Message], limit: int) -> None:
    middle = apply([MiddleOut(limit)], messages, words)
    assert [one.place for one in middle] == plainly_from_middle(messages, limit)
    oldest = apply([TokenLimit(limit)], messages, words)
    assert [one.place for one in oldest] == plainly_from_oldest(messages, limit)
    for left in (middle, oldest):
        assert sum(words(one.message.counted()) for one in left) <= limit
        assert all(one.message is messages[one.place] for one in left)


def test_a_hundred_thousand_messages_are_shortened_at_once() -> None:
    """Each step is short: with a list that is cut in the middle this would take minutes."""
    messages = [said("a")] * 100_000
    assert len(apply([MiddleOut(10)], messages, words)) == 10
    assert len(apply([TokenLimit(10)], messages, words)) == 10


def test_every_strategy_of_the_sdk_is_known() -> None:
    from acontext.types import session  # noqa: PLC0415 - only this test needs the package

    told = {
        name.removesuffix("Strategy") for name in vars(session) if name.endswith("Strategy") and name != "EditStrategy"
    }
    ours = {"".join(word.title() for word in name.split("_")) for name in NAMES}
    assert told == ours
