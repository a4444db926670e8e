"""Where a session is cut into batches does not decide what is learned from it."""

import asyncio
from pathlib import Path

import pytest

from seasoned.engine.sessions import NewSessionRequest
from seasoned.rules import Rules
from seasoned.store import lessons
from tests.support.home import answered, opened, project, said, settled

TALK = (
    said("Please deploy the billing service to staging."),
    answered("I ran deploy.sh and it failed: permission denied."),
    said("No, use deploy-tool instead of deploy.sh."),
    answered("Done, the billing service is deployed with deploy-tool."),
    said("Perfect, thanks."),
    answered("You are welcome."),
)


@pytest.mark.parametrize("cuts", [set(), {1}, {2}, {3}, {4}, {5}, {2, 4}, {1, 2, 3, 4, 5}], ids=str)
def test_a_correction_is_learned_wherever_the_batches_are_cut(tmp_path: Path, cuts: set[int]) -> None:
    async def run() -> None:
        async with opened(tmp_path, Rules(), quiet_seconds=1_000.0) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            row, _ = await engine.sessions.create(project_id, NewSessionRequest())
            await engine.spaces.learn(project_id, space.id, row.id)
            for number, message in enumerate(TALK, start=1):
                await engine.messages.store(project_id, row.id, message)
                if number in cuts:
                    await engine.sessions.flush(project_id, row.id)
            await engine.sessions.flush(project_id, row.id)
            assert (await settled(engine, project_id, space.id, row.id)).status == "completed"
            found = await engine.store.read(lambda c: lessons.of_session(c, row.id))
            taught = [one for one in found if one.kind != "skip"]
            assert [(one.kind, one.status) for one in taught] == [("pitfall", "written")]

    asyncio.run(run())
