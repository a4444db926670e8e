"""What is known of a task's end, what a lesson rests on, and what becomes of a suspicion."""

from pathlib import Path

import pytest

from seasoned.learning.questions import DistillAnswer, DistillQuestion, ExtractAnswer, ExtractQuestion, TaskChange
from seasoned.lesson import SUSPICION, Basis, Lesson, Quote
from seasoned.skill import entry_hash
from seasoned.store import lessons, messages
from seasoned.task import TaskStatus
from seasoned.testing import ScriptedModel
from tests.support.attempts import Room, answered, called, room, said

POLICY = "Refunds need the order number first."


def tasks_of(*claims: tuple[str, TaskStatus, tuple[int, ...]]) -> ScriptedModel:
    """A model that finds these tasks in every session."""

    def extract(_question: ExtractQuestion) -> ExtractAnswer:
        found = (TaskChange(title=title, status=status, messages=numbers) for title, status, numbers in claims)
        return ExtractAnswer(tasks=tuple(found))

    return ScriptedModel(on_extract=extract)


def test_a_message_that_ends_one_task_and_opens_the_next_belongs_to_both(tmp_path: Path) -> None:
    model = tasks_of(("rolls", "success", (1, 2, 3, 5, 6, 7)), ("bread", "success", (3, 4, 5)))

    async def work(one: Room) -> None:
        texts = ["bake rolls", "Done.", "perfect. next: bake bread", "Bread is done.", "no salt in it!", "Sorry.", "ok"]
        session = await one.attempt(*((said, answered)[n % 2](text) for n, text in enumerate(texts)))
        first, second = await one.tasks(session)

        def linked(task_id: str) -> list[int]:
            return [row.number for row in one.engine.store.read_now(lambda c: messages.of_task(c, task_id, 99))]

        assert (linked(first.id), linked(second.id)) == ([1, 2, 3, 5, 6, 7], [3, 4, 5])
        shown = {question.task.title: [m.number for m in question.messages] for question in model.distills}
        assert shown == {"rolls": [1, 2, 3, 5, 6, 7], "bread": [3, 4, 5]}
        rows = await one.engine.store.read(lambda c: messages.waiting(c, session, 0, 99))
        found = await one.engine.pages.tasks_of([row.id for row in rows])
        assert found[rows[2].id] == [first.id, second.id]
        assert rows[2].task_id == second.id
        assert found[rows[3].id] == [second.id]

    room(tmp_path, model, work)


def test_the_work_inside_another_task_stays_out_of_it(tmp_path: Path) -> None:
    model = tasks_of(("all of it", "success", tuple(range(1, 8))), ("the detail", "success", (3, 4, 5, 6)))

    async def work(one: Room) -> None:
        await one.attempt(said("tidy"), answered("ok"), said("and"), *called("ls"), answered("Clean."), said("fine"))
        shown = {question.task.title: [m.number for m in question.messages] for question in model.distills}
        assert shown == {"all of it": [1, 2, 3, 6, 7], "the detail": [3, 4, 5, 6]}

    room(tmp_path, model, work)


@pytest.mark.parametrize("outcome", ["success", "failed"])
def test_a_told_outcome_is_the_only_tasks_own(tmp_path: Path, outcome: TaskStatus) -> None:
    async def work(one: Room) -> None:
        session = await one.attempt(said("cancel it"), answered("Cancelled."), outcome=outcome)
        (task,) = await one.tasks(session)
        assert (task.status, task.is_told) == (outcome, outcome == "failed")
        assert ("told: failed. What was seen: success" in task.evidence) == (outcome == "failed")

    room(tmp_path, tasks_of(("cancel it", "success", (1, 2))), work)


def test_of_several_tasks_each_keeps_what_was_seen_of_it(tmp_path: Path) -> None:
    async def work(one: Room) -> None:
        session = await one.attempt(
            said("cancel"), answered("Cancelled."), said("refund"), answered("Let me see"), outcome="failed"
        )
        assert [(row.status, row.is_told) for row in await one.tasks(session)] == [("success", False), ("failed", True)]

    room(tmp_path, tasks_of(("cancel", "success", (1, 2)), ("refund", "running", (3, 4))), work)


def teaching(basis: Basis, number: int, quote: str, text: str = POLICY) -> ScriptedModel:
    """A model that finds one task in a session, seen as a success, and one lesson in it."""

    def distill(question: DistillQuestion) -> DistillAnswer:
        quotes = (Quote(number=number, text=quote),)
        lesson = Lesson(kind="pitfall", title="Refunds", text=text, topic="refunds", quotes=quotes, basis=basis)
        return DistillAnswer(summary=question.task.title, lessons=(lesson,))

    return ScriptedModel(on_distill=distill)


REFUND = said("refund my order"), *called("refund", "Error: order number missing"), answered("It was refunded.")


@pytest.mark.parametrize(
    ("basis", "number", "quote", "kept"),
    [
        ("error", 3, "order number missing", "error"),
        ("check", 3, "order number missing", "check"),
        ("correction", 1, "refund my order", "correction"),
        ("error", 4, "It was refunded", "outcome"),
        ("correction", 3, "order number missing", "outcome"),
        ("", 3, "order number missing", "outcome"),
        ("outcome", 3, "order number missing", "outcome"),
    ],
)
def test_of_a_told_failure_only_what_its_quotes_bear_out_is_confirmed(
    tmp_path: Path, basis: Basis, number: int, quote: str, kept: Basis
) -> None:
    async def work(one: Room) -> None:
        session = await one.attempt(*REFUND, outcome="failed")
        (lesson,) = await one.lessons(session)
        assert lesson.basis == kept
        assert lesson.status == ("proposed" if kept == "outcome" else "written")
        assert (POLICY in await one.text()) == (kept != "outcome")

    room(tmp_path, teaching(basis, number, quote), work)


def test_a_suspicion_goes_live_with_a_second_session_that_shows_the_same(tmp_path: Path) -> None:
    model = teaching("outcome", 1, "refund my order")

    async def work(one: Room) -> None:
        first = await one.attempt(*REFUND, outcome="failed")
        (waiting,) = await one.proposals()
        assert waiting.row.finding_list() == [SUSPICION]
        assert POLICY not in await one.text()
        second = await one.attempt(said("refund my order too"), *REFUND[1:], outcome="failed")
        assert POLICY in await one.text()
        statuses = [row.status for key in (first, second) for row in await one.lessons(key)]
        assert statuses == ["reinforced", "written"]
        (decided,) = await one.proposals("approved")
        assert decided.row.id == waiting.row.id
        found = await one.engine.skills.of_space(one.project_id, one.space_id)
        skill_id = next(state.row.id for state in found if state.row.name == "scripted-lessons")
        behind = await one.engine.store.read(
            lambda c: lessons.of_entry(c, skill_id, entry_hash(f"## Refunds\n{POLICY}"))
        )
        assert behind == sorted([row.id for key in (first, second) for row in await one.lessons(key)])

    room(tmp_path, model, work)


def test_a_person_can_let_a_suspicion_go_live_and_it_says_what_it_is(tmp_path: Path) -> None:
    async def work(one: Room) -> None:
        await one.attempt(*REFUND, outcome="failed")
        (waiting,) = await one.proposals()
        await one.engine.proposals.approve(one.project_id, [waiting.row.id])
        assert f"{POLICY}\n- Suspected: {SUSPICION}" in await one.text()

    room(tmp_path, teaching("outcome", 1, "refund my order"), work)


def test_the_same_session_seconds_nothing(tmp_path: Path) -> None:
    claims = tuple(TaskChange(title=f"refund {n}", status="running", messages=(n,)) for n in (1, 4))
    model = teaching("outcome", 1, "refund my order")
    model.on_extract = lambda _question: ExtractAnswer(tasks=claims)

    async def work(one: Room) -> None:
        session = await one.attempt(*REFUND, outcome="failed")
        assert [row.status for row in await one.tasks(session)] == ["failed", "failed"]
        assert POLICY not in await one.text()

    room(tmp_path, model, work)
