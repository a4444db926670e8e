"""Health: what is found is proposed, reviewed like anything else, and can be undone."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from seasoned.archive import SkillUpload
from seasoned.clock import SECOND, SystemClock
from seasoned.engine import Engine
from seasoned.engine.health import UNCONFIRMED_DAYS, Finding
from seasoned.engine.proposals import Proposal
from seasoned.skill import SKILL_FILE
from seasoned.store.rows import PageQuery
from seasoned.testing import ScriptedModel
from tests.support.home import linked_session, opened, project, settled

WORDS = "Export the table, check the totals of every column, then send the signed report to the auditor on Friday."


class LaterClock(SystemClock):
    """The machine's clock, which can be put forward."""

    ahead = 0

    def now(self) -> int:
        return super().now() + self.ahead


class Ward:
    """An engine with a space of some skills that people brought."""

    def __init__(self, engine: Engine, clock: LaterClock, project_id: str, space_id: str) -> None:
        self.engine, self.clock, self.project_id, self.space_id = engine, clock, project_id, space_id

    async def bring(self, name: str, description: str = "", **files: str) -> str:
        head = f"---\nname: {name}\ndescription: {description or f'All about {name}'}\n---\n"
        contents = {SKILL_FILE: (head + files.pop("body", f"# {name}\n")).encode()}
        contents |= {f"{stem}.md": text.encode() for stem, text in files.items()}
        upload = SkillUpload(name=name, description=description or f"All about {name}", files=contents, warnings=[])
        return (await self.engine.skills.add(self.project_id, upload, space_id=self.space_id))[0].row.id

    async def findings(self, kind: str) -> list[Finding]:
        found = await self.engine.health.of_space(self.project_id, self.space_id)
        return [one for one in found.findings if one.kind == kind]

    async def proposed(self, word: str) -> Proposal:
        await self.engine.health.propose(self.project_id, self.space_id)
        found, _ = await self.engine.proposals.page(self.project_id, PageQuery(limit=200), status="pending")
        (one,) = [one for one in found if word in one.row.why]
        return one

    async def approve(self, one: Proposal) -> None:
        await self.engine.proposals.approve(self.project_id, [one.row.id])

    async def undo(self, one: Proposal) -> None:
        await self.engine.proposals.undo(self.project_id, one.row.id)

    async def files(self) -> Mapping[str, str]:
        return {
            f"{state.row.name}/{path}": data.decode()
            for state in await self.engine.skills.of_space(self.project_id, self.space_id)
            for path, data in (await self.engine.skills.content(self.project_id, state.row.id)).files.items()
        }


def ward(tmp_path: Path, work: Callable[[Ward], Awaitable[None]]) -> None:
    async def run() -> None:
        clock = LaterClock()
        async with opened(tmp_path, ScriptedModel(), clock) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            await work(Ward(engine, clock, project_id, space.id))

    asyncio.run(run())


def test_near_duplicate_skills_are_merged_and_come_back(tmp_path: Path) -> None:
    async def work(one: Ward) -> None:
        both = f"# Notes\n\n## Report\n{WORDS}\n"
        await one.bring("reports", "Write the yearly report", notes=both)
        await one.bring("reporting", "Make reports", notes=f"{both}\n## Ask Ada\nShe knows the totals.\n")
        before = await one.files()
        (found,) = await one.findings("duplicate_skills")
        assert (found.remedy, [place.skill for place in found.places]) == ("merge", ["reports", "reporting"])
        proposal = await one.proposed("near-duplicate")
        shown = await one.engine.proposals.show(one.project_id, proposal.row.id)
        assert (shown.conflict, proposal.row.finding_list(), proposal.lessons) == ("", [], [])
        await one.approve(proposal)
        after = await one.files()
        assert {path.split("/")[0] for path in after} == {path.split("/")[0] for path in before} - {"reports"}
        assert after["reporting/notes.md"] == before["reporting/notes.md"]
        assert "reports:" not in (await one.engine.spaces.catalogue(one.project_id, one.space_id)).text
        await one.undo(proposal)
        assert await one.files() == before

    ward(tmp_path, work)


def test_what_only_the_other_says_goes_along_with_its_evidence(tmp_path: Path) -> None:
    async def work(one: Ward) -> None:
        await one.bring(
            "reports", "Write the yearly report", notes=f"# N\n\n## Report\n{WORDS}\n\n## Ask Ada\nShe knows.\n"
        )
        await one.bring(
            "z-reports", "Make reports", notes=f"# N\n\n## Report\n{WORDS}\n", rules="# R\n\n- Sign twice.\n"
        )
        await one.approve(await one.proposed("near-duplicate"))
        files = await one.files()
        assert "- Sign twice." in files["reports/rules.md"]
        assert files["reports/notes.md"].count(WORDS) == 1
        assert not any(path.startswith("z-reports/") for path in files)

    ward(tmp_path, work)


def test_duplicate_entries_are_merged_and_contradictions_shown(tmp_path: Path) -> None:
    async def work(one: Ward) -> None:
        other = "## Refund\nA customer gets the money back within 14 days.\n"
        await one.bring("alpha", notes="# N\n\n## Refund\nA customer gets the money back within 30 days.\n")
        await one.bring("beta", rules=f"# R\n\n- Call Bob.\n\n{other}")
        await one.bring("gamma", tips=f"# T\n\n- Be kind.\n\n{other}")
        assert [one.remedy for one in await one.findings("contradiction")] == ["", ""]
        proposal = await one.proposed("say the same")
        await one.approve(proposal)
        texts = " ".join((await one.files()).values())
        assert (texts.count("within 14 days"), texts.count("within 30 days")) == (1, 1)
        assert "- Call Bob." in texts
        assert "- Be kind." in texts

    ward(tmp_path, work)


def test_a_long_skill_file_is_split_and_a_past_entry_swept(tmp_path: Path) -> None:
    async def work(one: Ward) -> None:
        rows = "\n".join(f"Row {number} of the long table." for number in range(300))
        names = "\n".join(f"Name {number}." for number in range(220))
        body = f"# Long\n\n## Table of rows\n{rows}\n\n### More\nEnd.\n\n## Names\n{names}\n"
        skill_id = await one.bring("long", body=body)
        await one.bring("sales", notes="# N\n\n- All is cheap (until 2001-04-01).\n- Be kind.\n")
        before = await one.files()
        (found,) = await one.findings("long")
        assert found.remedy == "split"
        split, swept = await one.proposed("lines and"), await one.proposed("held until")
        await one.approve(split)
        await one.approve(swept)
        files = await one.files()
        assert "Row 299 of" not in files["long/SKILL.md"]
        assert "## Table of rows\n\nRead `table-of-rows.md`." in files["long/SKILL.md"]
        assert files["long/table-of-rows.md"].endswith("Row 299 of the long table.\n\n### More\nEnd.\n")
        assert (await one.findings("long"), await one.findings("past")) == ([], [])
        assert files["sales/notes.md"] == "# N\n\n- Be kind.\n"
        blamed = await one.engine.blame.of_file(one.project_id, skill_id, SKILL_FILE)
        assert blamed.ranges[0].version.author == "import"
        await one.undo(split)
        await one.undo(swept)
        assert await one.files() == before

    ward(tmp_path, work)


def test_what_was_never_confirmed_and_never_read_is_put_away(tmp_path: Path) -> None:
    async def work(one: Ward) -> None:
        for text in ("Deploy on Tuesdays", "Rotate the keys"):
            session = await linked_session(one.engine, one.project_id, one.space_id, text, "Done.")
            await settled(one.engine, one.project_id, one.space_id, session)
        assert await one.findings("unconfirmed") == []
        one.clock.ahead = (UNCONFIRMED_DAYS + 1) * 86_400 * SECOND
        proposal = await one.proposed("Nothing of scripted-lessons was confirmed")
        found = await one.engine.health.of_space(one.project_id, one.space_id)
        (skill,) = [skill for skill in found.skills if skill.name == "scripted-lessons"]
        entries = [entry for entry in skill.entries if entry.lessons]
        assert [(entry.lessons, entry.successes, entry.failures) for entry in entries] == [(1, 1, 0)] * 2
        await one.approve(proposal)
        assert not any(path.startswith("scripted-lessons/") for path in await one.files())
        assert await one.findings("unconfirmed") == []
        # What is learned again is still written there, and it comes back whole.
        session = await linked_session(one.engine, one.project_id, one.space_id, "Deploy on Tuesdays", "Done.")
        await settled(one.engine, one.project_id, one.space_id, session)
        await one.engine.skills.set_archived(one.project_id, skill.skill_id, archived=False)
        assert "Tuesdays" in (await one.files())["scripted-lessons/notes.md"]

    ward(tmp_path, work)


def test_what_was_rejected_or_waits_is_not_proposed_again(tmp_path: Path) -> None:
    async def work(one: Ward) -> None:
        await one.bring("sales", notes="# N\n\n- All is cheap (until 2001-04-01).\n")
        first = await one.engine.health.propose(one.project_id, one.space_id)
        again = await one.engine.health.propose(one.project_id, one.space_id)
        assert (len(first.proposals), first.known, again.proposals, again.known) == (1, 0, [], 1)
        await one.engine.proposals.reject(one.project_id, first.proposals, "It holds on.")
        assert (await one.engine.health.propose(one.project_id, one.space_id)).proposals == []

    ward(tmp_path, work)
