"""A skill is created only together with something that goes into it."""

import asyncio
from pathlib import Path

import pytest

from seasoned.learning.questions import AddEntry, CreateSkill, DistillAnswer, DistillQuestion, WriteAnswer
from seasoned.lesson import Lesson, Quote
from seasoned.pipeline.draft import Draft
from seasoned.pipeline.edits import DraftSet
from seasoned.testing import ScriptedModel
from tests.support.home import linked_session, opened, project, settled, skill_files

TEXT = "Retry the upload with a smaller chunk when the gateway answers 413."
OTHER = "zeta"


def _on(topic: str) -> ScriptedModel:
    """Teaches TEXT on a topic, and leaves where it goes to the fallback."""

    def distill(question: DistillQuestion) -> DistillAnswer:
        first = question.messages[0]
        quote = Quote(number=first.number, text=next(first.message.texts(), "")[:50])
        name = topic if question.task.title.startswith("second") else "uploads"
        lesson = Lesson(kind="fact", title="Chunks", text=TEXT, topic=name, quotes=(quote,))
        return DistillAnswer(summary="done", lessons=(lesson,))

    return ScriptedModel(on_distill=distill, on_write=lambda _question: WriteAnswer())


def test_a_lesson_that_stands_elsewhere_makes_no_empty_skill(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path, model=_on(OTHER)) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            for words in ("first upload", "second upload"):
                session_id = await linked_session(engine, project_id, space.id, words, "Done.")
                assert (await settled(engine, project_id, space.id, session_id)).status == "completed"
            files = await skill_files(engine, project_id, space.id)
            assert TEXT in files["uploads/notes.md"]
            assert not [path for path in files if path.startswith(f"{OTHER}/")]

    asyncio.run(run())


CREATE = CreateSkill(name="new", description="What is new.", body="# New", lessons=("a",))
GOOD = AddEntry(skill="new", path="notes.md", text="## Chunks\nUse chunks of 5 MB.", lessons=("a",))
TWIN = AddEntry(skill="new", path="notes.md", text="## Chunks\nThe same as in old.", lessons=("a",))
REFUSED = AddEntry(skill="new", path="../notes.md", text="## Chunks\nUse chunks.", lessons=("a",))
OLD = AddEntry(skill="old", path="notes.md", text=TWIN.text, lessons=("b",))


@pytest.mark.parametrize(
    ("edits", "stands"),
    [((CREATE,), True), ((CREATE, GOOD), True), ((CREATE, TWIN), False), ((CREATE, REFUSED), False)],
)
def test_a_created_skill_stays_only_with_what_was_meant_for_it(
    edits: tuple[CreateSkill | AddEntry, ...], stands: bool
) -> None:
    bench = DraftSet([Draft(name="old", skill_id="1", head=1)])
    assert bench.apply(OLD) == ""
    for edit in edits:
        bench.apply(edit)
    bench = bench.copy()
    bench.drop_empty()
    assert ("new" in bench.drafts) == stands
    assert [note.skill for note in bench.notes if note.skill not in bench.drafts] == []
