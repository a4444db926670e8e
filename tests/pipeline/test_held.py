"""Entries and suspicions that sessions which succeeded contradict are softened, removed or rejected."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from seasoned.learning.questions import DistillAnswer, DistillQuestion
from seasoned.lesson import Basis, Lesson, Quote
from seasoned.message import Message
from seasoned.pipeline.claims import claims
from seasoned.pipeline.held import BROKEN
from seasoned.testing import ScriptedModel
from tests.support.attempts import Room, answered, called, room, said

ASKED = said("Please see to it")
TEACHES = "teach"
BUT = "1 session that succeeded did otherwise"


def teacher(text: str, basis: Basis = "error") -> ScriptedModel:
    """A model that learns one text from the sessions whose request says so, and nothing from others."""

    def distill(question: DistillQuestion) -> DistillAnswer:
        first = question.messages[0]
        if TEACHES not in first.message.prose():
            return DistillAnswer(summary="done", skip_reason="Nothing new.")
        quote = Quote(number=first.number, text=TEACHES)
        lesson = Lesson(kind="pitfall", title="Rule", text=text, topic="orders", quotes=(quote,), basis=basis)
        return DistillAnswer(summary="done", lessons=(lesson,))

    return ScriptedModel(on_distill=distill)


Calls = tuple[Message, ...]
# What an entry says, and the calls of a success that broke it.
PLANTED: list[tuple[str, Calls]] = [
    ("Never call `cancel_order`.", called("cancel_order", id="7")),
    ("Do not use `cancel_order`; escalate.", called("cancel_order", id="7")),
    ("Avoid `book cabin=business`.", called("book", cabin="business", id="7")),
    ("- Symptom: it fails\n- Not: `git push --force`", called("bash", command="cd x && git push --force origin")),
    ("You must not run `npm install`!", called("shell", cmd="npm install left-pad")),
    ("Always call `get_user` before `cancel_order`.", called("cancel_order", id="7")),
    ("Never `cancel_order` before `get_user`.", called("cancel_order", id="7")),
    ("It is required to run `make lint` before `git commit`.", called("bash", command="git commit -m done")),
    ("Look closely. Never send `refund`.\nThe rest is fine.", called("refund", amount=3)),
    ("- Cause: it locks\n- Correct: never call `lock_table`", called("lock_table", name="t")),
    ("Never call `drop_row` or `drop_table`, because both last.", called("drop_table", name="t")),
    ("Do not run the `make clean` command.", called("bash", command="make clean")),
]


@pytest.mark.parametrize(("text", "made"), PLANTED)
def test_an_entry_that_a_success_broke_is_softened_and_then_removed(tmp_path: Path, text: str, made: Calls) -> None:
    async def work(one: Room) -> None:
        await one.attempt(said(TEACHES), answered("Done."))
        assert text in await one.text()
        await one.attempt(ASKED, *made, answered("Done."))
        assert text in (softened := await one.text())
        assert BUT in softened
        await one.attempt(ASKED, *made, answered("Done."))
        assert text not in await one.text()

    room(tmp_path, teacher(text), work)


def test_an_entry_whose_title_may_narrow_it_is_only_softened(tmp_path: Path) -> None:
    text, made = "Never call `cancel_order`.", called("cancel_order", id="7")
    model = teacher(text)
    teach = model.on_distill
    assert teach is not None

    def narrowed(question: DistillQuestion) -> DistillAnswer:
        answer = teach(question)
        found = (msgspec.structs.replace(one, title="Gold members") for one in answer.lessons)
        return msgspec.structs.replace(answer, lessons=tuple(found))

    model.on_distill = narrowed

    async def work(one: Room) -> None:
        await one.attempt(said(TEACHES), answered("Done."))
        for count in ("1 session", "2 sessions", "3 sessions"):
            await one.attempt(ASKED, *made, answered("Done."))
            assert f"{text}\n- But: {count} that succeeded did otherwise" in await one.text()

    room(tmp_path, model, work)


@pytest.mark.parametrize(("text", "made"), PLANTED[::4])
def test_an_entry_is_held_against_earlier_successes_before_it_goes_live(tmp_path: Path, text: str, made: Calls) -> None:
    async def work(one: Room) -> None:
        await one.attempt(ASKED, *made, answered("Done."))
        await one.attempt(said(TEACHES), answered("Done."))
        assert BUT in await one.text()

    room(tmp_path, teacher(text), work)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Avoid `book cabin=business`.", called("book", cabin="economy")),
        ("Never call `cancel_order`.", called("cancel_order", "Error: no such order", id="7")),
        ("Do not run `npm install`.", called("bash", "npm ERR! missing script", command="npm install x")),
        ("Always call `get_user` before `cancel_order`.", (*called("get_user"), *called("cancel_order", id="7"))),
        ("Use `cancel_order`.", called("cancel_order", id="7")),
        ("Never call `cancel_order` when a part was delivered.", called("cancel_order", id="7")),
    ],
)
def test_what_a_success_did_not_break_stays(tmp_path: Path, text: str, made: Sequence[Message]) -> None:
    async def work(one: Room) -> None:
        await one.attempt(said(TEACHES), answered("Done."))
        await one.attempt(ASKED, *made, answered("Done."))
        assert text in (kept := await one.text())
        assert BUT not in kept

    room(tmp_path, teacher(text), work)


@pytest.mark.parametrize(
    "text",
    [
        "Do not guess the id but call `get_user`.",
        "Never use `rm_all`, call `rm_one` instead, unless told.",
        "Never call `cancel_order` twice.",
        "Never call `cancel_order` for members.",
        "Never call `cancel_order` before asking.",
        "In staging never call `cancel_order`.",
        "Staging: never call `cancel_order`.",
        "## On basic economy\nNever call `cancel_order`.",
        "Never call `cancel_order`.\nOnly gold members may.",
        "- Symptom: `cancel_order` must not be called",
    ],
)
def test_what_has_a_condition_or_another_meaning_claims_nothing(text: str) -> None:
    assert claims(text) == ()


def test_only_the_forbidden_call_is_claimed_and_not_the_one_instead() -> None:
    assert [one.code for one in claims("Never use `npm install`, use `pnpm install` instead.")] == ["npm install"]


def test_a_failed_session_and_the_teaching_session_contradict_nothing(tmp_path: Path) -> None:
    text, made = PLANTED[0]

    async def work(one: Room) -> None:
        await one.attempt(said(TEACHES), *made, answered("Done."))
        await one.attempt(ASKED, *made, answered("Done."), outcome="failed")
        assert text in (kept := await one.text())
        assert BUT not in kept

    room(tmp_path, teacher(text), work)


def test_what_a_person_corrected_stays(tmp_path: Path) -> None:
    text, made = PLANTED[0]

    async def work(one: Room) -> None:
        await one.attempt(said(TEACHES), answered("Done."))
        await one.attempt(ASKED, *made, answered("Done."))
        assert text in (kept := await one.text())
        assert BUT not in kept

    room(tmp_path, teacher(text, "correction"), work)


@pytest.mark.parametrize(("text", "made"), PLANTED)
def test_a_suspicion_with_counter_evidence_is_never_live(tmp_path: Path, text: str, made: Calls) -> None:
    async def work(one: Room) -> None:
        first = await one.attempt(said(TEACHES), answered("Done."), outcome="failed")
        assert len(await one.proposals()) == 1
        await one.attempt(ASKED, *made, answered("Done."))
        (fallen,) = await one.proposals("rejected")
        assert fallen.row.reason == BROKEN
        assert [row.status for row in await one.lessons(first)] == ["rejected"]
        later = await one.attempt(said(TEACHES), answered("Done."), outcome="failed")
        assert [row.status for row in await one.lessons(later)] == ["declined"]
        assert text not in await one.text()

    room(tmp_path, teacher(text, "outcome"), work)


def test_a_suspicion_that_an_earlier_success_broke_is_declined(tmp_path: Path) -> None:
    text, made = PLANTED[0]

    async def work(one: Room) -> None:
        await one.attempt(ASKED, *made, answered("Done."))
        session = await one.attempt(said(TEACHES), answered("Done."), outcome="failed")
        assert [(row.status, row.reason) for row in await one.lessons(session)] == [("declined", BROKEN)]
        assert not await one.proposals()

    room(tmp_path, teacher(text, "outcome"), work)


def test_a_suspicion_that_went_live_falls_with_the_first_success_and_can_be_brought_back(tmp_path: Path) -> None:
    text, made = PLANTED[0]

    async def work(one: Room) -> None:
        for _ in range(2):
            await one.attempt(said(TEACHES), answered("Done."), outcome="failed")
        assert text in await one.text()
        (skill,) = [
            state.row
            for state in await one.engine.skills.of_space(one.project_id, one.space_id)
            if state.row.name == "scripted-lessons"
        ]
        await one.attempt(ASKED, *made, answered("Done."))
        assert text not in await one.text()
        await one.engine.history.revert(one.project_id, skill.id, skill.head)
        assert text in await one.text()

    room(tmp_path, teacher(text, "outcome"), work)
