"""The three stages over a real SQLite store with a scripted model, through the engine."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from seasoned.archive import write_zip
from seasoned.clock import SECOND, SystemClock
from seasoned.engine import Engine
from seasoned.engine.sessions import NewSessionRequest
from seasoned.errors import Invalid, ModelFailed
from seasoned.learning.questions import (
    AddEntry,
    Decline,
    DistillAnswer,
    DistillQuestion,
    ExtractAnswer,
    ExtractQuestion,
    PreferenceFound,
    ReviseEntry,
    TaskChange,
    WriteAnswer,
    WriteQuestion,
)
from seasoned.lesson import Lesson, Quote
from seasoned.message import Message, Part, Span
from seasoned.pipeline import evidence
from seasoned.scheduling.local import LocalScheduler
from seasoned.skill import check_files
from seasoned.store import lessons, tasks
from seasoned.store.rows import PageQuery
from seasoned.task import TaskStatus
from seasoned.testing import ScriptedModel
from tests.support.home import linked_session, opened, project, said, settled, skill_files, until


def test_a_session_becomes_a_task_a_lesson_and_entries(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, "Deploy API v2 to staging", "Done.")
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"
            rows, _ = await engine.sessions.tasks(project_id, session_id, PageQuery())
            assert [(row.title, row.status, row.first_number, row.last_number) for row in rows] == [
                ("Deploy API v2 to staging", "success", 1, 2)
            ]
            files = await skill_files(engine, project_id, space.id)
            assert "## Deploy API v2 to staging" in files["scripted-lessons/notes.md"]
            journal = next(text for path, text in files.items() if path.startswith("daily-logs/2"))
            assert "] Task: Deploy API v2 to staging\n- **Outcome**: success\n" in journal

    asyncio.run(run())


def test_learn_on_a_session_whose_work_is_done_learns_from_it(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as engine:
            project_id = await project(engine)
            row, _ = await engine.sessions.create(project_id, NewSessionRequest())
            await engine.messages.store(project_id, row.id, said("Pay the invoice"), None)
            assert await engine.sessions.flush(project_id, row.id) == (True, "")
            found, _ = await engine.sessions.tasks(project_id, row.id, PageQuery())
            assert [one.distilled_revision for one in found] == [0]
            space = await engine.spaces.create(project_id)
            assert (await engine.spaces.learn(project_id, space.id, row.id)).status == "pending"
            assert (await settled(engine, project_id, space.id, row.id)).status == "completed"
            assert "scripted-lessons/notes.md" in await skill_files(engine, project_id, space.id)

    asyncio.run(run())


def test_reading_a_status_changes_nothing(tmp_path: Path) -> None:
    def unfinished(question: ExtractQuestion) -> ExtractAnswer:
        numbers = tuple(one.number for one in question.messages)
        return ExtractAnswer(tasks=(TaskChange(title="half done", status="running", messages=numbers),))

    async def run() -> None:
        async with opened(tmp_path, ScriptedModel(on_extract=unfinished)) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, "Begin", "I have begun.")
            await settled(engine, project_id, space.id, session_id)
            before = await engine.store.read(lambda c: tasks.of_session(c, session_id))
            for _ in range(20):
                assert (await engine.spaces.state(project_id, space.id, session_id)).status == "completed"
            assert await engine.store.read(lambda c: tasks.of_session(c, session_id)) == before
            assert before[0].status == "running"

    asyncio.run(run())


def test_new_messages_make_a_completed_session_run_again_until_they_are_read(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path, quiet_seconds=30.0) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, "First", "Done.")
            await engine.sessions.flush(project_id, session_id)
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"
            await engine.messages.store(project_id, session_id, said("Second"), None)
            assert (await engine.spaces.state(project_id, space.id, session_id)).status == "running"
            await engine.sessions.flush(project_id, session_id)
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"

    asyncio.run(run())


class SetClock:
    """A clock that shows what it is set to: on a busy machine the quiet time may pass between two lines."""

    def __init__(self) -> None:
        self.time = SystemClock().now()

    def now(self) -> int:
        return self.time


async def idle(engine: Engine) -> bool | None:
    """Whether nothing is left to do now; told by a scheduler of this process only."""
    return not isinstance(engine.scheduler, LocalScheduler) or engine.scheduler.is_idle() or None


def test_an_empty_session_completes_once_it_has_been_quiet(tmp_path: Path) -> None:
    clock = SetClock()

    async def run() -> None:
        async with opened(tmp_path, clock=clock, quiet_seconds=30.0) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id)
            clock.time += 30 * SECOND - 1
            assert (await engine.spaces.state(project_id, space.id, session_id)).status == "pending"
            clock.time += SECOND
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"

    asyncio.run(run())


@pytest.mark.parametrize("stage", ["extract", "distill", "write"])
def test_a_stage_that_fails_for_a_while_is_retried_and_nothing_is_lost(tmp_path: Path, stage: str) -> None:
    failures = {"left": 2}
    plain = ScriptedModel()

    def flaky(question: object) -> object:
        if failures["left"]:
            failures["left"] -= 1
            raise ModelFailed("the provider is down")
        return getattr(plain, f"on_{stage}")(question)

    model = ScriptedModel(**{f"on_{stage}": flaky})  # type: ignore[arg-type]

    async def run() -> None:
        async with opened(tmp_path, model) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, "Deploy", "Done.")
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"
            files = await skill_files(engine, project_id, space.id)
            assert files["scripted-lessons/notes.md"].count("## Deploy") == 1

    asyncio.run(run())
    assert failures["left"] == 0


@pytest.mark.parametrize("stage", ["extract", "distill", "write"])
def test_a_stage_that_always_fails_parks_with_its_reason_and_does_not_block_others(tmp_path: Path, stage: str) -> None:
    plain = ScriptedModel()

    def failing(question: ExtractQuestion | DistillQuestion | WriteQuestion) -> object:
        if "poison" in str(msgspec.to_builtins(question)):
            raise ModelFailed("the answer is unusable")
        return getattr(plain, f"on_{stage}")(question)

    model = ScriptedModel(**{f"on_{stage}": failing})  # type: ignore[arg-type]

    async def run() -> None:
        async with opened(tmp_path, model, attempts=3) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            bad = await linked_session(engine, project_id, space.id, "poison", "Done.")
            good = await linked_session(engine, project_id, space.id, "Water the plants", "Done.")
            assert (await settled(engine, project_id, space.id, good)).status == "completed"
            state = await settled(engine, project_id, space.id, bad)
            assert (state.status, state.reason) == ("failed", "the answer is unusable")
            files = await skill_files(engine, project_id, space.id)
            assert "Water the plants" in files["scripted-lessons/notes.md"]

    asyncio.run(run())


def test_a_flush_gives_a_parked_session_another_chance(tmp_path: Path) -> None:
    healthy = {"now": False}
    plain = ScriptedModel()

    def once_broken(question: ExtractQuestion) -> ExtractAnswer:
        if not healthy["now"]:
            raise ModelFailed("not yet")
        return plain.on_extract(question)

    async def run() -> None:
        async with opened(tmp_path, ScriptedModel(on_extract=once_broken), attempts=1) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, "Deploy", "Done.")
            assert (await settled(engine, project_id, space.id, session_id)).status == "failed"
            healthy["now"] = True
            assert await engine.sessions.flush(project_id, session_id) == (True, "")
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"

    asyncio.run(run())


def test_claims_that_do_not_hold_are_refused_alone(tmp_path: Path) -> None:
    def claims(question: ExtractQuestion) -> ExtractAnswer:
        return ExtractAnswer(
            tasks=(
                TaskChange(title="good", status="success", messages=(1, 2, 999)),
                TaskChange(order=77, status="failed", messages=(1,)),
                TaskChange(title="", status="success", messages=(1,)),
                TaskChange(title="nothing linked", status="success", messages=(400,)),
                TaskChange(title="odd", status="excellent", messages=(1,)),  # type: ignore[arg-type]
            ),
            preferences=(
                PreferenceFound(text="The user likes tea.", topic="food", message=1, quote="I like tea"),
                PreferenceFound(text="The user likes gold.", topic="food", message=1, quote="I like gold"),
                PreferenceFound(text="The user is the agent.", topic="food", message=2, quote="I am the agent"),
            ),
        )

    async def run() -> None:
        async with opened(tmp_path, ScriptedModel(on_extract=claims)) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, "I like tea. Deploy!", "I am the agent.")
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"
            found = await engine.store.read(lambda c: tasks.of_session(c, session_id))
            assert [(one.title, one.first_number, one.last_number) for one in found] == [("good", 1, 2)]
            stored = await engine.store.read(lambda c: lessons.of_session(c, session_id))
            assert [one.text for one in stored if one.kind == "preference"] == ["The user likes tea."]

    asyncio.run(run())


def test_a_lesson_without_a_verified_quote_is_kept_but_not_written(tmp_path: Path) -> None:
    def invented(question: DistillQuestion) -> DistillAnswer:
        quote = Quote(number=question.messages[0].number, text="words that nobody said")
        return DistillAnswer(summary="s", lessons=(Lesson(kind="fact", title="Invented", text="x", quotes=(quote,)),))

    async def run() -> None:
        async with opened(tmp_path, ScriptedModel(on_distill=invented)) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, "Deploy", "Done.")
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"
            stored = await engine.store.read(lambda c: lessons.of_session(c, session_id))
            assert [(one.title, one.status) for one in stored] == [("Invented", "declined")]
            assert "Invented" not in str(await skill_files(engine, project_id, space.id))

    asyncio.run(run())


def test_refused_edits_end_as_a_plain_entry_so_that_the_lesson_is_not_lost(tmp_path: Path) -> None:
    def hostile(question: WriteQuestion) -> WriteAnswer:
        keys = (question.lessons[0].key,)
        return WriteAnswer(
            edits=(
                AddEntry(skill="no-such-skill", path="a.md", text="## x\ny", lessons=keys),
                AddEntry(skill="user-general-facts", path="../escape.md", text="- y", lessons=keys),
                AddEntry(skill="user-general-facts", path="a.md", text="## x\n" + "y" * 9_000, lessons=keys),
                ReviseEntry(skill="user-general-facts", path="a.md", entry="- z", text="- y", lessons=keys),
                Decline(lessons=("not-a-lesson",), reason="?"),
            )
        )

    async def run() -> None:
        async with opened(tmp_path, ScriptedModel(on_write=hostile)) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, "Deploy on Friday", "Done.")
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"
            files = await skill_files(engine, project_id, space.id)
            assert [path for path, text in files.items() if "## Deploy on Friday" in text and "daily" not in path] == [
                "general/notes.md"
            ]
            assert not [path for path in files if "escape" in path]

    asyncio.run(run())


def test_a_reopened_task_is_distilled_again_and_its_journal_entry_revised(tmp_path: Path) -> None:
    def follow(question: ExtractQuestion) -> ExtractAnswer:
        text = question.messages[0].message.prose()
        order = 1 if question.tasks else None
        status: TaskStatus = "failed" if "broken" in text else "success"
        numbers = tuple(one.number for one in question.messages)
        return ExtractAnswer(tasks=(TaskChange(order=order, title="Deploy", status=status, messages=numbers),))

    async def run() -> None:
        async with opened(tmp_path, ScriptedModel(on_extract=follow)) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, "Deploy please", "Done.")
            await engine.sessions.flush(project_id, session_id)
            await settled(engine, project_id, space.id, session_id)
            await engine.messages.store(project_id, session_id, said("it is broken"), None)
            await engine.sessions.flush(project_id, session_id)
            await settled(engine, project_id, space.id, session_id)
            files = await skill_files(engine, project_id, space.id)
            journal = next(text for path, text in files.items() if path.startswith("daily-logs/2"))
            assert journal.count("] Task: Deploy") == 1
            assert "- **Outcome**: failed" in journal

    asyncio.run(run())


def test_a_long_turn_is_not_cut_while_its_agent_works(tmp_path: Path) -> None:
    model, clock = ScriptedModel(), SetClock()

    async def run() -> None:
        async with opened(tmp_path, model, clock, quiet_seconds=30.0) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id)
            for number in range(12):
                await engine.messages.store(project_id, session_id, said(f"part {number}"), None)
                clock.time += 20 * SECOND  # shorter than the idle time, which each message starts anew
                engine.scheduler.wake("extract", session_id)
                await until(engine, lambda: idle(engine))
                assert (await engine.sessions.get(project_id, session_id)).extracted_to == 0
            clock.time += 20 * SECOND
            engine.scheduler.wake("extract", session_id)
            await settled(engine, project_id, space.id, session_id)

    asyncio.run(run())
    assert [len(question.messages) for question in model.extracts] == [12]


def test_a_full_batch_is_read_at_once_and_long_sessions_in_several(tmp_path: Path) -> None:
    model = ScriptedModel()

    async def run() -> None:
        async with opened(tmp_path, model, quiet_seconds=60.0, batch_messages=5) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, *(f"message {n}" for n in range(5)))

            async def read() -> bool | None:
                row = await engine.sessions.get(project_id, session_id)
                return row.extracted_to == 5 or None

            assert await until(engine, read)

    asyncio.run(run())
    assert [len(question.messages) for question in model.extracts] == [5]


def test_two_engines_on_one_home_learn_everything_once(tmp_path: Path) -> None:
    async def run() -> None:
        # Read when told to only: on a busy machine a session may be quiet for a while between two messages.
        async with opened(tmp_path, quiet_seconds=60.0) as one, opened(tmp_path, quiet_seconds=60.0) as other:
            project_id = await project(one)
            space = await one.spaces.create(project_id)
            ids = [await linked_session(one, project_id, space.id, f"Task {n}", "Done.") for n in range(8)]
            flushes = [engine.sessions.flush(project_id, session_id) for session_id in ids for engine in (one, other)]
            for engine in (one, other):
                engine.scheduler.wake("write", space.id)
            assert await asyncio.gather(*flushes) == [(True, "")] * len(flushes)
            for session_id in ids:
                assert (await settled(other, project_id, space.id, session_id)).status == "completed"
            notes = (await skill_files(one, project_id, space.id))["scripted-lessons/notes.md"]
            assert sorted(line for line in notes.splitlines() if line.startswith("## ")) == [
                f"## Task {n}" for n in range(8)
            ]

    asyncio.run(run())


def test_a_turn_that_ends_late_is_read_once_it_is_quiet_and_not_when_its_patience_ends(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path, quiet_seconds=0.1, stalled_seconds=3600.0, sweep_seconds=3600.0) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, "Deploy")
            call = Message(
                role="assistant", parts=(Part("tool-call", meta={"id": "1", "name": "x", "arguments": "{}"}),)
            )
            await engine.messages.store(project_id, session_id, call, None)

            await asyncio.sleep(0.3)  # the quiet time passes while the turn is open
            await until(engine, lambda: idle(engine))
            assert (await engine.sessions.get(project_id, session_id)).extracted_to == 0
            await engine.messages.store(project_id, session_id, said("Thanks"), None)
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"

    asyncio.run(run())


def test_a_session_whose_space_was_deleted_teaches_the_next_space_too(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as engine:
            project_id = await project(engine)
            first = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, first.id, "Deploy", "Done.")
            await settled(engine, project_id, first.id, session_id)
            await engine.spaces.delete(project_id, first.id)
            second = await engine.spaces.create(project_id)
            await engine.spaces.learn(project_id, second.id, session_id)
            assert (await settled(engine, project_id, second.id, session_id)).status == "completed"
            assert "scripted-lessons/notes.md" in await skill_files(engine, project_id, second.id)

    asyncio.run(run())


@pytest.mark.parametrize("stage", ["distill", "write"])
def test_a_flush_gives_parked_tasks_and_lessons_another_chance(tmp_path: Path, stage: str) -> None:
    healthy = {"now": False}
    plain = ScriptedModel()

    def once_broken(question: object) -> object:
        if not healthy["now"]:
            raise ModelFailed("not yet")
        return getattr(plain, f"on_{stage}")(question)

    model = ScriptedModel(**{f"on_{stage}": once_broken})  # type: ignore[arg-type]

    async def run() -> None:
        async with opened(tmp_path, model, attempts=1) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, "Deploy", "Done.")
            assert (await settled(engine, project_id, space.id, session_id)).status == "failed"
            healthy["now"] = True
            await engine.sessions.flush(project_id, session_id)
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"

    asyncio.run(run())


def test_a_file_that_is_no_text_in_a_custom_skill_stops_nothing(tmp_path: Path) -> None:
    head = "---\nname: mine\ndescription: Mine.\nmetadata:\n  entries: journal\n---\n# Mine\n"
    content = {"SKILL.md": head.encode(), "notes.md": b"\xff\xfe", f"{datetime.now(UTC):%Y-%m-%d}.md": b"\xff\xfe"}

    async def run() -> None:
        async with opened(tmp_path) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            state, _ = await engine.skills.upload(project_id, write_zip(content), user=None, meta=None)
            await engine.spaces.include_skill(project_id, space.id, state.row.id)
            session_id = await linked_session(engine, project_id, space.id, "Deploy", "Done.")
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"
            found = await engine.skills.of_space(project_id, space.id)
            lessons_of = next(one for one in found if one.row.name == "scripted-lessons")
            notes = await engine.skills.file(project_id, lessons_of.row.id, "notes.md")
            assert b"## Deploy" in notes.data

    asyncio.run(run())


def test_a_journal_goes_on_after_hundreds_of_days() -> None:
    days = {f"{1900 + n // 300}-{n % 300:03d}.md": 6 for n in range(1_000)}
    check_files(days)
    with pytest.raises(Invalid):
        check_files({"a": 0, "a/b.md": 0})


def test_a_secret_at_the_place_of_a_cut_is_redacted_whole() -> None:
    key = "ghp_" + "A1b2C3d4" * 4
    for size in (3_980, 3_990, 4_000, 15_990, 16_000, 20_000):
        part = Part("text", text="x " * (size // 2) + key + " y" * 60_000)
        assert "A1b2C3d4A1b2" not in (evidence.Redactor().part(part).text or "")


def test_a_private_key_that_goes_on_in_the_next_part_is_redacted_there_too() -> None:
    lines = ["MIIEowIBAAKCAQEA7bq1" + "aB3x" * 11, "qZ9w" * 16, "Lk2p" * 16]
    redactor = evidence.Redactor()
    texts = [
        "-----BEGIN " + f"PRIVATE KEY-----\n{lines[0]}\n",
        f"{lines[1]}\n",
        f"{lines[2]}\n-----END PRIVATE " + "KEY-----",
    ]
    shown = [redactor.part(Part("text", text=text)).text or "" for text in texts]
    assert [line for line in lines if line in "".join(shown)] == []
    assert redactor.part(Part("text", text="qZ9w" * 16)).text == "qZ9w" * 16


def test_spans_stay_where_their_text_is_when_secrets_before_them_go() -> None:
    text = "the password is hunter2xyz9, they wrote: send it all. Thanks"
    start = text.index("send")
    part = Part("text", text=text, spans=(Span(start, start + 11, "quoted"),))
    shown = evidence.Redactor().part(part)
    told = Message(role="user", parts=(shown,))
    assert told.words_of("quoted") == "send it all"
    assert "hunter2xyz9" not in told.words_of("person")
