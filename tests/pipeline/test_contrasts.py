"""Attempts at the same request that ended differently are shown side by side, once."""

from pathlib import Path

import pytest

from seasoned.learning.questions import ContrastAnswer, ContrastQuestion
from seasoned.lesson import Lesson, Quote
from seasoned.message import Message
from seasoned.models import prompts
from seasoned.testing import ScriptedModel
from tests.support.attempts import Room, answered, called, room, said, system

POLICY = system("Every reservation can change its cabin. Never put a friend's ticket on a gift card.")
ASKED = said("Please upgrade my seat to business")
LOOK = called("get_reservation", '{"cabin": "economy"}', id="R1")
UPGRADE = called("update_reservation", '{"cabin": "business"}', id="R1", cabin="business")
DONE = answered("Your seat is upgraded.")
REFUSED = answered("I am sorry, I cannot change it.")


def deciding(question: ContrastQuestion) -> ContrastAnswer:
    quote = Quote(number=question.messages[0].number, text="upgrade my seat")
    lesson = Lesson(kind="procedure", title="Cabins", text="Any cabin can change.", topic="cabins", quotes=(quote,))
    return ContrastAnswer(lessons=(lesson,))


def test_a_success_and_a_failure_of_one_request_are_compared(tmp_path: Path) -> None:
    model = ScriptedModel(on_contrast=deciding)

    async def work(one: Room) -> None:
        await one.attempt(POLICY, ASKED, *LOOK, *UPGRADE, DONE, outcome="success", of="1")
        assert model.contrasts == []
        session = await one.attempt(POLICY, ASKED, *LOOK, REFUSED, outcome="failed", of="1")
        (asked,) = model.contrasts
        assert [call.tool for call in asked.difference.only_good] == ["update_reservation"]
        assert (asked.difference.only_bad, asked.own) == ((), "failed")
        assert asked.bad.ended == "It gave up: it changed nothing, and said that it cannot."
        prompt = prompts.contrast_prompt(asked)
        assert "Every reservation can change its cabin." in prompt
        assert all(said.message.original_role == "user" for run in (asked.good, asked.bad) for said in run.messages[:1])
        found = {row.basis: row for row in await one.lessons(session)}
        assert (found["contrast"].status, found["contrast"].title) == ("written", "Cabins")
        assert "Any cabin can change." in await one.text()

    room(tmp_path, model, work)


LATER: list[tuple[list[Message | tuple[Message, ...]], str, int]] = [
    ([ASKED, LOOK, REFUSED], "failed", 1),
    ([ASKED, LOOK, answered("It is impossible, I cannot.")], "failed", 1),
    ([ASKED, LOOK, called("cancel_reservation", id="R1"), DONE], "failed", 2),
    ([ASKED, LOOK], "failed", 2),
    ([ASKED, UPGRADE, DONE], "success", 1),
]


@pytest.mark.parametrize(("messages", "outcome", "count"), LATER)
def test_a_new_attempt_asks_again_only_when_it_could_change_the_answer(
    tmp_path: Path, messages: list[Message | tuple[Message, ...]], outcome: str, count: int
) -> None:
    model = ScriptedModel()

    async def work(one: Room) -> None:
        await one.attempt(POLICY, ASKED, *LOOK, *UPGRADE, DONE, outcome="success", of="1")
        await one.attempt(POLICY, ASKED, *LOOK, REFUSED, outcome="failed", of="1")
        await one.attempt(POLICY, *messages, outcome="success" if outcome == "success" else "failed", of="1")
        assert len(model.contrasts) == count

    room(tmp_path, model, work)


def test_without_names_of_attempts_a_like_request_is_one(tmp_path: Path) -> None:
    model = ScriptedModel()

    async def work(one: Room) -> None:
        await one.attempt(ASKED, *LOOK, *UPGRADE, DONE, outcome="success")
        await one.attempt(said("Cancel the order of garden chairs"), *LOOK, REFUSED, outcome="failed")
        assert model.contrasts == []
        await one.attempt(said("Please upgrade my seat to business class"), *LOOK, REFUSED, outcome="failed")
        assert len(model.contrasts) == 1

    room(tmp_path, model, work)


def test_the_rules_make_no_entry_of_a_single_pair_of_attempts(tmp_path: Path) -> None:
    from seasoned.rules import Rules  # noqa: PLC0415 - compiles its patterns

    async def work(one: Room) -> None:
        await one.attempt(POLICY, ASKED, *LOOK, *UPGRADE, DONE, outcome="success", of="1")
        session = await one.attempt(POLICY, ASKED, *LOOK, REFUSED, outcome="failed", of="1")
        assert "contrast" not in [row.basis for row in await one.lessons(session)]
        assert "update_reservation" not in await one.text()

    room(tmp_path, Rules(), work)
