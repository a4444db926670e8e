"""What the rules point out to a model: what cost most, each matter once, with the line that tells it."""

import json

from seasoned.clock import SECOND
from seasoned.message import Message, NumberedMessage, Part
from seasoned.rules.hints import noticed

Step = tuple[int, Message]


def said(text: str, at: int = 0) -> Step:
    return at, Message("user", (Part("text", text),))


def answered(text: str, at: int = 0) -> Step:
    return at, Message("assistant", (Part("text", text),))


def call(name: str, arguments: dict[str, str], answer: str, at: int = 0, seconds: int = 1) -> tuple[Step, Step]:
    key = f"{name}{at}{answer[:9]}"
    asks = Part("tool-call", meta={"id": key, "name": name, "arguments": json.dumps(arguments)})
    told = Part("tool-result", answer, {"tool_call_id": key})
    return (at, Message("assistant", (asks,))), (at + seconds, Message("user", (told,)))


def hints(*steps: Step, first: int = 1) -> tuple[str, ...]:
    return noticed(numbered(*steps, first=first)).lines


def numbered(*steps: Step, first: int = 1) -> list[NumberedMessage]:
    return [NumberedMessage(number, (at + 1) * SECOND, one) for number, (at, one) in enumerate(steps, start=first)]


def test_a_slow_kind_of_call_is_summed_and_stands_before_a_cheap_failure() -> None:
    steps = [said("split it")]
    steps += call("bash", {"command": "cat x"}, "cat: x: No such file or directory\nexit code 1", 5)
    for step in range(10):
        steps += call("bash", {"command": f"git commit -m 'part {step}'"}, "[main] done", 1_000 * step, 182)
    found = hints(*steps, answered("Done.", 20_000))
    assert found[0].startswith("git commit was slow 10 times, 1,820 s in all (messages 4, 6,")
    assert any("No such file" in line for line in found[1:])


def test_the_same_failure_is_told_once_with_its_telling_line_and_what_worked() -> None:
    steps = [said("push it")]
    for at in (10, 20, 30):
        failed = "error: some noise\nfatal: The current branch has no upstream branch.\nexit code 128"
        steps += call("bash", {"command": "git push"}, failed, at)
    steps += call("bash", {"command": "git push --set-upstream origin HEAD"}, "branch set up to track", 40)
    lines = [line for line in hints(*steps, answered("Pushed.")) if "failed" in line]
    assert len(lines) == 1
    assert "3 times" in lines[0]
    assert "no upstream" in lines[0]
    telling = noticed(numbered(*steps)).telling
    assert {2, 3} <= telling
    assert 6 not in telling


def test_writes_say_whether_a_yes_came_and_values_that_nobody_named() -> None:
    look = call("get_reservation", {"reservation_id": "ZK4P91"}, '{"reservation_id": "ZK4P91", "payment": "gift_77"}')
    write = call("cancel_reservation", {"reservation_id": "ZK4P91", "payment_id": "credit_card_4421"}, "ok")
    found = hints(said("cancel ZK4P91, or what would it cost?"), *look, said("how much is that"), *write)
    assert any("credit_card_4421" in line and "named nowhere" in line for line in found)
    assert not any("ZK4P91" in line and "named nowhere" in line for line in found)
    assert any("no yes came right before it" in line for line in found)
    agreed = hints(said("cancel ZK4P91"), *look, answered("Shall I?"), said("yes, go ahead"), *write)
    assert any("after a yes in message 5" in line for line in agreed)


def test_repeated_calls_and_how_the_run_ended_are_told() -> None:
    look = [call("get_user", {"user_id": "mia_3668"}, '{"name": "x"}', at) for at in (1, 5, 9)]
    found = hints(said("help"), *look[0], *look[1], *look[2])
    assert any("called 3 times with the same arguments" in line for line in found)
    assert any("cut off" in line for line in found)
    moved = hints(said("help"), *call("transfer_to_human_agents", {"summary": "x"}, "Transfer successful"))
    assert any(line.startswith("it ended with transfer_to_human_agents") for line in moved)
    assert not any("cut off" in line for line in moved)


def test_an_uneventful_task_has_no_hints() -> None:
    edit = call("edit_file", {"path": "a.py", "old": "x", "new": "y"}, "edited")
    assert hints(said("rename it"), *edit, answered("Renamed.")) == ()
