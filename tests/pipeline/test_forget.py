"""Forgetting: what only one source taught goes, everything else stays; then it is really gone."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from seasoned.errors import Conflict, NotFound
from seasoned.store.rows import PageQuery
from tests.pipeline.test_review import NOTES, Desk, desk
from tests.support.home import linked_session, settled

PLANTED = "zanzibar-4711"


def forget(tmp_path: Path, work: Callable[[Desk], Awaitable[None]]) -> None:
    desk(tmp_path, work, "auto")


def stored(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every byte of a home."""
    for path in sorted(home.rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes()


async def log(one: Desk) -> list[str]:
    found, _ = await one.engine.history.log(one.project_id, await one.skill_id(), PageQuery(limit=200))
    return [version.row.author for version in found]


@pytest.mark.parametrize("kind", ["session", "task", "lesson"])
def test_what_nothing_else_taught_goes_and_comes_back_with_a_revert(tmp_path: Path, kind: str) -> None:
    async def work(one: Desk) -> None:
        first = await one.learn("Deploy on Tuesdays")
        await one.learn("Deploy on Tuesdays")
        session = await one.learn(f"Back up {PLANTED}")
        before = await one.text()
        skill_id = await one.skill_id()
        why = await one.engine.blame.why(
            one.project_id, skill_id, NOTES, before.split("\n").index(f"## Back up {PLANTED}") + 1
        )
        (lesson,) = why.taught
        wanted = {"session": session, "task": lesson.lesson.task_id or "", "lesson": lesson.lesson.id}[kind]
        use = one.engine.forgetting
        planned = await use.preview(one.project_id, kind, wanted)  # type: ignore[arg-type]
        assert await one.text() == before
        head = (await one.engine.skills.get(one.project_id, skill_id)).row.head
        told = await use.forget(one.project_id, kind, wanted)  # type: ignore[arg-type]
        assert (told, f"## Back up {PLANTED}" in [place.says for place in told.removed]) == (planned, True)
        assert await one.text() == before.replace(f"\n## Back up {PLANTED}\nBack up {PLANTED}\n", "")
        assert (await log(one))[-1] == "forget"
        # What has other evidence keeps it, with the count lowered.
        told = await use.forget(one.project_id, "session", first)
        assert [(place.says, place.evidence) for place in told.kept if place.path == NOTES] == [
            ("## Deploy on Tuesdays", 1)
        ]
        assert "## Deploy on Tuesdays" in await one.text()
        await one.engine.history.revert(one.project_id, skill_id, head)
        assert await one.text() == before
        with pytest.raises(NotFound):
            await use.forget(one.project_id, kind, "018f0000-0000-7000-8000-000000000000")  # type: ignore[arg-type]

    forget(tmp_path, work)


@pytest.mark.sqlite
def test_after_a_purge_nothing_of_it_is_stored_anywhere(tmp_path: Path) -> None:
    async def work(one: Desk) -> None:
        await one.learn("Deploy on Tuesdays")
        large = f"Back up {PLANTED} " + "and then some more " * 8_000
        session = await linked_session(one.engine, one.project_id, one.space_id, f"Back up {PLANTED}", large)
        await settled(one.engine, one.project_id, one.space_id, session)
        await one.learn("Tell the team")
        assert PLANTED in await one.text()
        assert any(PLANTED.encode() in data for _, data in stored(tmp_path))
        await one.engine.forgetting.forget(one.project_id, "session", session, purge=True)
        assert [path for path, data in stored(tmp_path) if PLANTED.encode() in data or b"4711" in data] == []
        text = await one.text()
        assert ("## Deploy on Tuesdays" in text, "## Tell the team" in text) == (True, True)
        for number in range(1, 4):
            _, rows = await one.engine.history.manifest(one.project_id, await one.skill_id(), number)
            assert rows
        with pytest.raises(NotFound):
            await one.engine.sessions.get(one.project_id, session)

    forget(tmp_path, work)


def test_what_was_forgotten_is_not_learned_again(tmp_path: Path) -> None:
    async def work(one: Desk) -> None:
        session = await one.learn("Deploy on Tuesdays")
        await one.engine.forgetting.forget(one.project_id, "session", session)
        assert "Tuesdays" not in await one.text()
        with pytest.raises(Conflict, match="forgotten"):
            await one.engine.spaces.learn(one.project_id, one.space_id, session)

    forget(tmp_path, work)


def test_what_a_person_wrote_stays(tmp_path: Path) -> None:
    async def work(one: Desk) -> None:
        session = await one.learn("Deploy on Tuesdays")
        text = (await one.text()).replace("\nDeploy on Tuesdays", "\nOn Mondays, I say.")
        await one.engine.history.edit(one.project_id, await one.skill_id(), {NOTES: text.encode()})
        told = await one.engine.forgetting.forget(one.project_id, "session", session)
        assert [place.evidence for place in told.kept if place.path == NOTES] == [0]
        assert "On Mondays, I say." in await one.text()

    forget(tmp_path, work)


def test_proposals_of_what_was_forgotten_go_too(tmp_path: Path) -> None:
    async def work(one: Desk) -> None:
        session = await one.learn("Deploy on Tuesdays")
        other = await one.learn("Deploy on Tuesdays")
        await one.learn("Back up first")
        await one.engine.forgetting.forget(one.project_id, "session", session)
        assert [len(proposal.lessons) for proposal in await one.waiting()] == [1, 1]
        await one.engine.forgetting.forget(one.project_id, "session", other)
        (left,) = await one.waiting()
        assert [lesson.title for lesson in left.lessons] == ["Back up first"]

    desk(tmp_path, work)


def test_forgetting_beside_the_learner_loses_no_evidence(tmp_path: Path) -> None:
    async def work(one: Desk) -> None:
        sessions = [await one.learn("Deploy on Tuesdays") for _ in range(2)]
        await asyncio.gather(
            *(one.engine.forgetting.forget(one.project_id, "session", session) for session in sessions),
            *(one.learn("Deploy on Tuesdays") for _ in range(3)),
        )
        assert "## Deploy on Tuesdays" in await one.text()

    forget(tmp_path, work)


def test_a_description_that_a_person_wrote_stays_whole(tmp_path: Path) -> None:
    async def work(one: Desk) -> None:
        session = await one.learn("Deploy on Tuesdays")
        skill_id = await one.skill_id()
        assert " Covers: " in await one.text("SKILL.md")
        text = re.sub(
            r"description: .*", 'description: "Deployments. Covers: all that we know."', await one.text("SKILL.md")
        )
        await one.engine.history.edit(one.project_id, skill_id, {"SKILL.md": text.encode()})
        for purge in (False, True):
            await one.engine.forgetting.forget(one.project_id, "session", session, purge=purge)
            assert "Covers: all that we know." in await one.text("SKILL.md")
        described = (await one.engine.skills.get(one.project_id, skill_id)).row.description
        assert described == "Deployments. Covers: all that we know."

    forget(tmp_path, work)
