"""What the stages tell the model besides messages, and what of its answers may reach a skill."""

import asyncio
from pathlib import Path

import msgspec

from seasoned.engine import Engine
from seasoned.engine.sessions import NewSessionRequest
from seasoned.learning.questions import (
    AddEntry,
    CreateSkill,
    DistillAnswer,
    DistillQuestion,
    ExtractAnswer,
    ExtractQuestion,
    PreferenceFound,
    TaskChange,
    WriteAnswer,
    WriteQuestion,
)
from seasoned.lesson import Lesson, Quote
from seasoned.message import JsonObject, Message, Part
from seasoned.store.rows import PageQuery
from seasoned.testing import ScriptedModel
from tests.support.home import answered, opened, project, said, settled, skill_files

POLICY = "You are an airline customer service agent. Basic economy flights cannot be modified."


def system(text: str) -> Message:
    return Message("user", (Part("text", text),), {"original_role": "system"})


def called(name: str, arguments: str, answer: str) -> tuple[Message, Message]:
    asks = Message("assistant", (Part("tool-call", meta={"id": "c1", "name": name, "arguments": arguments}),))
    return asks, Message("user", (Part("tool-result", answer, {"tool_call_id": "c1"}),))


async def learned(
    engine: Engine, space_id: str, *messages: Message, user: str = "ann", configs: JsonObject | None = None
) -> str:
    """A session with these messages, learned from; its id."""
    project_id = await project(engine)
    row, _ = await engine.sessions.create(project_id, NewSessionRequest(user=user, configs=configs))
    await engine.spaces.learn(project_id, space_id, row.id)
    for message in messages:
        await engine.messages.store(project_id, row.id, message, None)
    await engine.sessions.flush(project_id, row.id)
    assert (await settled(engine, project_id, space_id, row.id)).status == "completed"
    return row.id


def two_tasks(question: ExtractQuestion) -> ExtractAnswer:
    """The first messages are one task, the last two are another, which goes on; the first states a preference."""
    numbers = [one.number for one in question.messages]
    first = next(one for one in question.messages if one.message.is_from_person)
    quote = first.message.prose()[:40]
    return ExtractAnswer(
        tasks=(
            TaskChange(title=first.message.prose(), status="success", messages=tuple(numbers[:-2])),
            TaskChange(title="write the report", status="success", messages=tuple(numbers[-2:])),
            TaskChange(title="send the report", status="running", messages=tuple(numbers[-1:])),
        ),
        preferences=(
            PreferenceFound(text="The user wants short reports.", topic="reporting", message=first.number, quote=quote),
        ),
    )


def test_a_prompt_knows_the_session_what_was_done_in_it_and_what_is_kept_already(tmp_path: Path) -> None:
    model = ScriptedModel(on_extract=two_tasks)
    talk = [
        said("look into the build, and keep reports short"),
        *called("read_file", '{"path": "build.log"}', "ok"),
        answered("It is fine."),
        said("write the report"),
        answered("Written."),
    ]

    async def run() -> None:
        async with opened(tmp_path, model, quiet_seconds=30.0) as engine:
            space = await engine.spaces.create(await project(engine))
            configs: JsonObject = {"cwd": "/srv/api", "git_branch": "main", "original_date": "2026-03-02"}
            await learned(engine, space.id, *talk, configs=configs)
            await learned(engine, space.id, *talk)
            files = await skill_files(engine, await project(engine), space.id)
        assert "- The user wants short reports." in files["user-general-facts/reporting.md"]

    model.on_write = placed
    asyncio.run(run())
    told = model.extracts[0].session
    assert (told.directory, told.branch) == ("/srv/api", "main")
    report = next(one for one in model.distills if one.task.title == "write the report")
    assert report.earlier == ('[2] read_file {"path": "build.log"}',)
    assert report.kept == ("The user wants short reports.",)
    dates = {pending.lesson.at // 86_400_000_000 for pending in model.writes[0].lessons}
    assert dates == {20_514}  # 2026-03-02
    again = model.extracts[-1]
    assert (again.preferences, again.topics) == (("The user wants short reports.",), ("reporting",))
    assert again.left_running == ("send the report",)
    assert any("write the report" in title for title in model.distills[-1].entries)


def placed(question: WriteQuestion) -> WriteAnswer:
    """Preferences go into their topics' files, lessons into one skill."""
    edits: list[AddEntry | CreateSkill] = []
    for one in question.lessons:
        if one.lesson.kind == "preference":
            path, text = f"{one.lesson.topic}.md", f"- {one.lesson.text}"
            edits.append(AddEntry(skill="user-general-facts", path=path, title="T", text=text, lessons=(one.key,)))
        else:
            create = CreateSkill(name="work", description="Work.", body="# Work", lessons=(one.key,))
            text = f"## {one.lesson.title}\n{one.lesson.text}"
            edits += [create, AddEntry(skill="work", path="notes.md", title="Notes", text=text, lessons=(one.key,))]
    return WriteAnswer(edits=tuple(edits))


def test_of_customers_nothing_is_kept_and_no_title_names_one(tmp_path: Path) -> None:
    def naming(question: DistillQuestion) -> DistillAnswer:
        quotes = (Quote(number=2, text="cancel ZK4P91"),)
        text = "Mia Li's reservation ZK4P91 was cancelled; look at `created_at` first."
        lesson = Lesson(kind="fact", title="Cancel for Mia Li", text=text, topic="flights", quotes=quotes)
        return DistillAnswer(summary="Mia Li had ZK4P91 cancelled.", lessons=(lesson,))

    model = ScriptedModel(on_extract=two_tasks, on_distill=naming)
    look = '{"user": {"first_name": "Mia", "last_name": "Li"}, "reservation_id": "ZK4P91"}'
    talk = [
        system(POLICY),
        said("I am Mia Li, please cancel ZK4P91. I always want short answers."),
        *called("get_reservation", '{"reservation_id": "ZK4P91"}', look),
        answered("Cancelled."),
        said("thanks"),
        answered("Bye."),
    ]

    async def run() -> None:
        async with opened(tmp_path, model, quiet_seconds=30.0) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await learned(engine, space.id, *talk)
            tasks, _ = await engine.sessions.tasks(project_id, session_id, PageQuery())
            files = await skill_files(engine, project_id, space.id)
            stated = "\n".join([*(one.title for one in tasks), *files.values()])
            assert "Mia" not in stated
            assert "ZK4P91" not in stated
            assert "a customer" in tasks[0].title
            assert "`created_at`" in stated
            assert not any(path.startswith("user-general-facts/") and "SKILL" not in path for path in files)

    asyncio.run(run())
    assert model.extracts[0].session.serves
    assert POLICY in model.distills[0].session.instructions
    assert model.distills[0].session.told_in == frozenset({1})


def test_what_a_writer_invents_goes_back_once_and_then_the_lesson_stands_in_its_own_words(tmp_path: Path) -> None:
    def inventing(question: WriteQuestion) -> WriteAnswer:
        edits: list[AddEntry | CreateSkill] = []
        for one in question.lessons:
            create = CreateSkill(name="work", description="Work.", body="# Work", lessons=(one.key,))
            text = f"## {one.lesson.title}\nCompare `flight_dates` for 48 hours."
            edits += [create, AddEntry(skill="work", path="flights.md", title="Flights", text=text, lessons=(one.key,))]
        return WriteAnswer(edits=tuple(edits))

    model = ScriptedModel(on_write=inventing)

    async def run() -> dict[str, str]:
        async with opened(tmp_path, model, quiet_seconds=30.0) as engine:
            space = await engine.spaces.create(await project(engine))
            await learned(engine, space.id, said("cancel by created_at within 24 hours"), answered("Done."))
            return await skill_files(engine, await project(engine), space.id)

    files = asyncio.run(run())
    assert len(model.writes) == 2
    assert "flight_dates" in model.writes[1].refused[0]
    assert "48" in model.writes[1].refused[0]
    assert "flight_dates" not in files["work/flights.md"]
    assert "cancel by created_at within 24 hours" in files["work/flights.md"]


def test_a_fact_that_holds_for_a_time_keeps_its_date(tmp_path: Path) -> None:
    def passing(question: DistillQuestion) -> DistillAnswer:
        quotes = (Quote(number=1, text="is spent"),)
        lesson = Lesson(kind="fact", title="GPU quota", text="The quota is spent.", topic="gpu", quotes=quotes)
        return DistillAnswer(summary="s", lessons=(msgspec.structs.replace(lesson, until="2026-04-01"),))

    def shortened(question: WriteQuestion) -> WriteAnswer:
        edits: list[AddEntry | CreateSkill] = []
        for one in question.lessons:
            create = CreateSkill(name="gpu", description="GPUs.", body="# GPUs", lessons=(one.key,))
            text = "## GPU quota\nThe quota is spent."
            edits += [create, AddEntry(skill="gpu", path="quota.md", title="Quota", text=text, lessons=(one.key,))]
        return WriteAnswer(edits=tuple(edits))

    model = ScriptedModel(on_distill=passing, on_write=shortened)

    async def run() -> dict[str, str]:
        async with opened(tmp_path, model, quiet_seconds=30.0) as engine:
            space = await engine.spaces.create(await project(engine))
            await learned(engine, space.id, said("the GPU quota is spent until April"), answered("I see."))
            return await skill_files(engine, await project(engine), space.id)

    assert "The quota is spent. (until 2026-04-01)" in asyncio.run(run())["gpu/quota.md"]
