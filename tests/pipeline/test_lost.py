"""Learning goes on when the store has lost the bytes of a message or of a skill's file."""

import asyncio
import hashlib
import logging
from pathlib import Path

import pytest

from seasoned.archive import write_zip
from seasoned.engine.sessions import NewSessionRequest
from seasoned.learning.questions import ExtractAnswer, ExtractQuestion, TaskChange
from seasoned.store.blob_store import path_of
from seasoned.testing import ScriptedModel
from tests.support.home import answered, opened, project, said, settled, skill_files
from tests.support.zips import skill_md

LONG = "The whole output of a long build. " * 4_000


def lose(home: Path, text: str) -> None:
    """Damage the one blob that holds a text."""
    found = [path for path in (home / "blobs").glob("*/*") if text.encode() in path.read_bytes()]
    assert len(found) == 1
    found[0].write_bytes(b"something else")


def test_a_session_with_a_lost_message_is_learned_from_without_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[tuple[int, tuple[str, ...]]] = []

    def extract(question: ExtractQuestion) -> ExtractAnswer:
        seen.extend((one.number, tuple(one.message.texts())) for one in question.messages)
        numbers = tuple(one.number for one in question.messages)
        return ExtractAnswer(tasks=(TaskChange(title="Deploy", status="success", messages=numbers),))

    async def run() -> None:
        async with opened(tmp_path, ScriptedModel(on_extract=extract), quiet_seconds=3_600) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            row, _ = await engine.sessions.create(project_id, NewSessionRequest())
            await engine.spaces.learn(project_id, space.id, row.id)
            for message in (said("Deploy it"), said(LONG), answered("Done.")):
                await engine.messages.store(project_id, row.id, message, None)
            lose(tmp_path, LONG)
            assert await engine.sessions.flush(project_id, row.id) == (True, "")
            assert (await settled(engine, project_id, space.id, row.id)).status == "completed"
            assert "## Deploy" in (await skill_files(engine, project_id, space.id))["scripted-lessons/notes.md"]

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert seen[:3] == [(1, ("Deploy it",)), (2, ()), (3, ("Done.",))]
    assert any("learning goes on without it" in record.message for record in caplog.records)


def test_a_skill_with_a_lost_file_is_still_written_to(tmp_path: Path) -> None:
    lost = "# Lost\n\n" + "- an entry that is lost\n" * 4_000
    files = {"SKILL.md": skill_md("scripted-lessons").encode(), "lost.md": lost.encode()}

    async def run() -> None:
        async with opened(tmp_path, quiet_seconds=3_600) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            skill, _ = await engine.skills.upload(project_id, write_zip(files), user=None, meta=None)
            await engine.spaces.include_skill(project_id, space.id, skill.row.id)
            lose(tmp_path, lost)
            row, _ = await engine.sessions.create(project_id, NewSessionRequest())
            await engine.spaces.learn(project_id, space.id, row.id)
            await engine.messages.store(project_id, row.id, said("Deploy it"), None)
            assert await engine.sessions.flush(project_id, row.id) == (True, "")
            assert (await settled(engine, project_id, space.id, row.id)).status == "completed"
            content = await engine.skills.content(project_id, skill.row.id)
            assert content.lost == ["lost.md"]
            assert b"## Deploy it" in content.files["notes.md"]
            blob = tmp_path / "blobs" / path_of(hashlib.sha256(lost.encode()).hexdigest())
            assert blob.read_bytes() == b"something else"  # nobody wrote over what could still be restored

    asyncio.run(run())
