"""Reading chats in OpenAI's and Anthropic's forms, and tau-bench's runs."""

import json
from pathlib import Path

import pytest

from seasoned import importers
from seasoned.errors import BadTranscript
from seasoned.importers import Transcript, openai_chat
from seasoned.message import Json, JsonObject
from seasoned.task import TaskStatus

DATA = Path(__file__).parents[1] / "data"
ASKED: JsonObject = {"role": "user", "content": "List the files"}
CALLED: JsonObject = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "ls", "arguments": '{"path": "."}'}}],
}
ANSWERED: JsonObject = {"role": "tool", "tool_call_id": "c1", "content": "Error: no such folder"}
DONE: JsonObject = {"role": "assistant", "content": "There is none."}
CHAT: list[Json] = [ASKED, CALLED, ANSWERED, DONE]


def read(path: Path) -> list[Transcript]:
    return list(importers.read(path))


def from_json(tmp_path: Path, value: Json, name: str = "chat.json") -> list[Transcript]:
    path = tmp_path / name
    path.write_text(json.dumps(value, indent=2))
    return read(path)


def from_lines(tmp_path: Path, *records: Json, name: str = "chat.jsonl") -> list[Transcript]:
    path = tmp_path / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return read(path)


class TestChats:
    def test_every_shape_of_file_gives_the_same_messages(self, tmp_path: Path) -> None:
        shapes = [
            from_json(tmp_path, CHAT),
            from_json(tmp_path, {"messages": CHAT}),
            from_json(tmp_path, [{"messages": CHAT}]),
            from_json(tmp_path, [CHAT]),
            from_lines(tmp_path, *CHAT),
            from_lines(tmp_path, {"messages": CHAT}),
            from_lines(tmp_path, CHAT),
            from_lines(tmp_path, *CHAT, name="misnamed.json"),
            from_json(tmp_path, {"messages": CHAT}, name="misnamed.jsonl"),
        ]
        expected = [timed.message for timed in shapes[0][0].messages]
        assert [part.type for message in expected for part in message.parts] == [
            "text",
            "tool-call",
            "tool-result",
            "text",
        ]
        for found in shapes:
            assert [[timed.message for timed in one.messages] for one in found] == [expected]
            assert [one.warnings for one in found] == [()]
            assert [one.format for one in found] == ["openai-chat"]

    def test_calls_and_answers_stay_tied(self, tmp_path: Path) -> None:
        (chat,) = from_json(tmp_path, CHAT)
        assert chat.messages[1].message.parts[0].call_id == chat.messages[2].message.parts[0].call_id == "c1"

    def test_each_conversation_of_a_file_is_a_transcript(self, tmp_path: Path) -> None:
        other: list[Json] = [{"role": "user", "content": "Other"}, DONE]
        for found in (
            from_json(tmp_path, [{"messages": CHAT}, {"messages": other}]),
            from_lines(tmp_path, {"messages": CHAT}, {"messages": other}),
        ):
            assert [len(one.messages) for one in found] == [4, 2]
            assert len({one.key for one in found}) == 2
            assert [one.source.split(" ")[1] for one in found] == ["#1", "#2"]

    def test_a_conversation_that_is_none_is_told_and_the_others_are_read(self, tmp_path: Path) -> None:
        found = from_json(tmp_path, [{"messages": CHAT}, {"messages": []}, {"messages": [DONE]}, 3])
        assert [len(one.messages) for one in found] == [4, 1]
        assert [one.warnings for one in found] == [
            (),
            (
                "conversation 2 has no list of messages and was left out",
                "conversation 4 has no list of messages and was left out",
            ),
        ]

    def test_a_message_that_is_refused_is_told_with_its_place(self, tmp_path: Path) -> None:
        (chat,) = from_json(tmp_path, [ASKED, {"role": "wizard", "content": "x"}, 5, DONE])
        assert len(chat.messages) == 2
        assert [warning[:24] for warning in chat.warnings] == ["message 2 was left out: ", "message 3 was left out: "]
        (chat,) = from_lines(tmp_path, ASKED, {"role": "user", "content": 7}, DONE)
        assert [warning[:21] for warning in chat.warnings] == ["line 2 was left out: "]

    def test_a_chat_in_which_every_message_is_refused_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadTranscript, match="contains no message in the format openai-chat"):
            from_json(tmp_path, [{"role": "user", "content": 7}])

    def test_anthropics_blocks_are_read(self, tmp_path: Path) -> None:
        (chat,) = from_json(
            tmp_path,
            {
                "messages": [
                    ASKED,
                    {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "ls", "input": {}}]},
                    {
                        "role": "user",
                        "content": [{"type": "tool_result", "tool_use_id": "t", "content": "denied", "is_error": True}],
                    },
                    {"role": "assistant", "content": [{"type": "text", "text": "I may not."}]},
                ]
            },
        )
        assert [part.type for timed in chat.messages for part in timed.message.parts] == [
            "text",
            "tool-call",
            "tool-result",
            "text",
        ]
        assert chat.messages[2].message.parts[0].is_error
        assert chat.warnings == ()

    def test_times_stand_in_messages_or_beside_them(self, tmp_path: Path) -> None:
        (chat,) = from_json(tmp_path, [{**ASKED, "created_at": "2026-01-02T00:00:00"}, DONE])
        assert [timed.at for timed in chat.messages] == [1_767_312_000_000_000] * 2
        (chat,) = from_json(tmp_path, {"created_at": 1_767_312_000, "messages": [ASKED, DONE]})
        assert [timed.at for timed in chat.messages] == [1_767_312_000_000_000] * 2

    @pytest.mark.parametrize(
        ("beside", "outcome"),
        [
            ({"outcome": "success"}, "success"),
            ({"outcome": " Failed "}, "failed"),
            ({"label": "failure"}, "failed"),
            ({"label": "spam"}, None),
            ({"success": True}, "success"),
            ({"resolved": False}, "failed"),
            ({"reward": 1}, "success"),
            ({"reward": 0.0}, "failed"),
            ({"reward": 0.5}, None),
            ({"reward": True}, None),
            ({"reward": 10**400}, None),
            ({"reward": "1.0"}, None),
            ({"outcome": "failed", "reward": 1.0}, "failed"),
            ({"outcome": {"x": 1}}, None),
            ({}, None),
        ],
    )
    def test_the_outcome_is_what_the_file_tells(
        self, tmp_path: Path, beside: JsonObject, outcome: TaskStatus | None
    ) -> None:
        (chat,) = from_json(tmp_path, {"messages": CHAT, **beside})
        assert chat.outcome == outcome
        (chat,) = from_lines(tmp_path, {"messages": CHAT, **beside})
        assert chat.outcome == outcome

    def test_a_line_behind_the_messages_may_tell_the_outcome(self, tmp_path: Path) -> None:
        (chat,) = from_lines(tmp_path, *CHAT, {"outcome": "failed"})
        assert chat.outcome == "failed"
        assert chat.warnings == ()

    def test_the_user_is_taken_when_it_is_a_name(self, tmp_path: Path) -> None:
        assert from_json(tmp_path, {"messages": CHAT, "user": "ada@example.com"})[0].user == "ada@example.com"
        assert from_json(tmp_path, {"messages": CHAT, "user": {"id": 1}})[0].user == ""

    def test_too_many_lines_of_messages_are_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(openai_chat, "MESSAGES_MAX", 3)
        with pytest.raises(BadTranscript, match=r"over 3 messages; split it into sessions"):
            from_lines(tmp_path, *CHAT)


class TestKeysOfChats:
    def key(self, tmp_path: Path, *messages: Json, **beside: Json) -> str:
        return from_json(tmp_path, {"messages": list(messages), **beside})[0].key

    def test_conversations_that_begin_alike_have_different_keys(self, tmp_path: Path) -> None:
        assert self.key(tmp_path, ASKED, DONE) != self.key(tmp_path, ASKED, CALLED, ANSWERED, DONE)
        (one,) = from_lines(tmp_path, ASKED, DONE, {"role": "user", "content": "Now rename it"})
        (two,) = from_lines(tmp_path, ASKED, DONE, {"role": "user", "content": "Now delete it"})
        assert one.key != two.key

    def test_the_same_number_in_two_sets_is_not_the_same_conversation(self, tmp_path: Path) -> None:
        other: JsonObject = {"role": "user", "content": "Something else"}
        assert self.key(tmp_path, ASKED, DONE, id=1) != self.key(tmp_path, other, DONE, id=1)
        assert self.key(tmp_path, ASKED, DONE, id=1) != self.key(tmp_path, ASKED, DONE, id=2)

    def test_a_conversation_with_an_id_or_times_that_has_grown_keeps_its_key(self, tmp_path: Path) -> None:
        more: JsonObject = {"role": "user", "content": "Thanks"}
        assert self.key(tmp_path, ASKED, DONE, id="x") == self.key(tmp_path, ASKED, DONE, more, id="x")
        timed: JsonObject = {**ASKED, "timestamp": "2026-01-02T00:00:00Z"}
        assert self.key(tmp_path, timed, DONE) == self.key(tmp_path, timed, DONE, more)

    def test_an_id_of_any_length_gives_a_short_key(self, tmp_path: Path) -> None:
        assert len(self.key(tmp_path, ASKED, DONE, id="x" * 100_000)) < 200


class TestTauBench:
    def test_runs_are_read_with_their_rewards_as_outcomes(self) -> None:
        first, second = read(DATA / "tau-bench.json")
        assert (first.outcome, second.outcome) == ("success", "failed")
        assert first.key.startswith("tau-bench:12/3:")
        assert first.source == "tau-bench.json #1 (task 12/3)"
        assert first.format == "tau-bench"
        assert first.warnings == second.warnings == ()

    def test_the_policy_is_a_system_prompt_and_tools_answers_are_nobodys_words(self) -> None:
        _, run = read(DATA / "tau-bench.json")
        messages = [timed.message for timed in run.messages]
        assert messages[0].original_role == "system"
        answers = [message for message in messages if message.is_tool_answer]
        assert any((message.parts[0].text or "").startswith("Error: payment amount") for message in answers)
        assert sum(message.calls_tools for message in messages) == len(answers)

    def test_the_mark_at_the_end_is_not_the_users_words(self, tmp_path: Path) -> None:
        for run in read(DATA / "tau-bench.json"):
            assert all("###STOP###" not in timed.message.prose() for timed in run.messages)
        marked: list[Json] = [ASKED, DONE, {"role": "user", "content": "Thank you! ###STOP###\n"}]
        bare: list[Json] = [ASKED, DONE, {"role": "user", "content": "###STOP###"}]
        quoted: list[Json] = [ASKED, DONE, {"role": "user", "content": "What does ###STOP### do?"}]
        found = from_json(tmp_path, [{"task_id": 1, "reward": 1.0, "traj": traj} for traj in (marked, bare, quoted)])
        assert [one.messages[-1].message.prose() for one in found] == [
            "Thank you!",
            "There is none.",
            "What does ###STOP### do?",
        ]

    @pytest.mark.parametrize(
        ("reward", "outcome"), [(1.0, "success"), (1, "success"), (0.99, "failed"), (0.0, "failed"), (None, None)]
    )
    def test_only_a_full_reward_is_success(self, tmp_path: Path, reward: Json, outcome: TaskStatus | None) -> None:
        (run,) = from_json(tmp_path, [{"task_id": 1, "reward": reward, "traj": CHAT}])
        assert run.outcome == outcome

    def test_two_trials_and_two_different_runs_of_one_trial_have_different_keys(self, tmp_path: Path) -> None:
        short = CHAT[:2]
        found = from_json(
            tmp_path,
            [
                {"task_id": 1, "trial": 0, "traj": CHAT},
                {"task_id": 1, "trial": 1, "traj": CHAT},
                {"task_id": 1, "trial": 0, "traj": short},
            ],
        )
        assert len({one.key for one in found}) == 3

    def test_a_run_without_a_trajectory_is_told_and_the_others_are_read(self, tmp_path: Path) -> None:
        (run,) = from_json(tmp_path, [{"task_id": 1, "traj": CHAT}, {"task_id": 2}, {"task_id": 3, "traj": []}])
        assert run.warnings == (
            "run 2 has no trajectory and was left out",
            "run 3 has no message that can be read and was left out",
        )
