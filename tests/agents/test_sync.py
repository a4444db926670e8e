"""Folders that agents read: what others put there stays, what people edit there comes back, a crash loses nothing."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from seasoned import config
from seasoned.archive import MANIFEST, SkillUpload
from seasoned.engine.records import Records
from seasoned.engine.sync import Synced
from seasoned.errors import Busy
from seasoned.skill import SKILL_FILE
from seasoned.store.rows import PageQuery
from seasoned.testing.faults import SimulatedCrash, armed, crash
from tests.support.command import seasoned

NOTES = "# Notes\n\n- one\n- two\n- three\n"


def text(name: str) -> bytes:
    return f"---\nname: {name}\ndescription: 'Use when testing {name}.'\n---\n\n# {name}\n\n- `notes.md`\n".encode()


def upload(name: str) -> SkillUpload:
    files = {SKILL_FILE: text(name), "notes.md": NOTES.encode(), "scripts/run.sh": b"echo 1\n"}
    return SkillUpload(name=name, description=f"Use when testing {name}.", files=files, warnings=[])


class Held(msgspec.Struct):
    """A home with a space of skills, and the folder that they are synced to."""

    records: Records
    project_id: str
    space_id: str
    root: Path

    async def add(self, name: str) -> str:
        state, _ = await self.records.skills.add(self.project_id, upload(name), space_id=self.space_id)
        return state.row.id

    async def sync(self, *, check: bool = False) -> Synced:
        states = await self.records.skills.of_space(self.project_id, self.space_id)
        # Only those of the test: a space begins with two of its own.
        chosen = [(self.space_id, one) for one in states if one.row.name.startswith("t-")]
        return await self.records.folders.run(self.project_id, chosen, self.root, check=check)

    async def edit(self, skill_id: str, path: str, data: bytes) -> None:
        number = (await self.records.skills.get(self.project_id, skill_id)).row.head
        await self.records.imports.edit(self.project_id, skill_id, number, {path: data}, reason="")

    async def stored(self, skill_id: str) -> dict[str, bytes]:
        return (await self.records.skills.content(self.project_id, skill_id)).files

    async def authors(self, skill_id: str) -> list[str]:
        versions, _ = await self.records.history.log(self.project_id, skill_id, PageQuery(limit=50))
        return [one.row.author for one in versions]


@asynccontextmanager
async def held(tmp_path: Path) -> AsyncIterator[Held]:
    records = Records.open(config.load({}, home=tmp_path / "home", api_key="sk-ac-test"), make=True)
    try:
        project_id = (await records.projects.default()).id
        space = await records.spaces.create(project_id)
        yield Held(records, project_id, space.id, tmp_path / "project" / ".claude" / "skills")
    finally:
        await records.close()


def tree(root: Path) -> dict[str, str]:
    """Every file with its bytes' hash, links by their target."""
    return {
        path.relative_to(root).as_posix(): str(path.readlink())
        if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def folder_files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_skills_are_written_as_copies_and_a_second_sync_has_nothing_to_do(tmp_path: Path) -> None:
    async def run() -> None:
        async with held(tmp_path) as one:
            skill_id = await one.add("t-one")
            assert (await one.sync(check=True)).written == ["t-one"]
            assert not one.root.exists()
            assert (await one.sync()).written == ["t-one"]
            assert folder_files(one.root / "t-one") == await one.stored(skill_id)
            assert not any(path.is_symlink() for path in one.root.rglob("*"))
            assert (await one.sync()).is_clean
            await one.edit(skill_id, "notes.md", NOTES.replace("two", "2").encode())
            assert (await one.sync()).written == ["t-one"]
            assert b"- 2" in folder_files(one.root / "t-one")["notes.md"]

    asyncio.run(run())


def test_edits_new_files_and_deletions_come_back_as_one_version_merged_with_what_changed_in_the_store(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with held(tmp_path) as one:
            skill_id = await one.add("t-one")
            await one.sync()
            folder = one.root / "t-one"
            (folder / "notes.md").write_text(NOTES.replace("one", "1"))
            (folder / "more.md").write_text("# More\n")
            (folder / "scripts" / "run.sh").unlink()
            await one.edit(skill_id, "notes.md", NOTES.replace("three", "3").encode())
            assert (await one.sync(check=True)).taken == ["t-one"]
            assert (await one.sync()).taken == ["t-one"]
            stored = await one.stored(skill_id)
            assert stored["notes.md"].decode() == "# Notes\n\n- 1\n- two\n- 3\n"
            assert "scripts/run.sh" not in stored
            assert stored["more.md"] == b"# More\n"
            assert folder_files(folder) == stored
            assert (await one.authors(skill_id))[-1] == "sync"
            assert (await one.sync()).is_clean

    asyncio.run(run())


def test_an_edit_of_lines_that_changed_in_the_store_waits_as_a_proposal_and_is_approved(tmp_path: Path) -> None:
    async def run() -> None:
        async with held(tmp_path) as one:
            skill_id = await one.add("t-one")
            await one.sync()
            (one.root / "t-one" / "notes.md").write_text(NOTES.replace("two", "mine"))
            await one.edit(skill_id, "notes.md", NOTES.replace("two", "theirs").replace("# Notes", "# All").encode())
            assert (await one.sync()).proposed == ["t-one"]
            assert b"theirs" in folder_files(one.root / "t-one")["notes.md"]
            waiting, _ = await one.records.proposals.page(one.project_id, PageQuery(limit=5), status="pending")
            assert len(waiting) == 1
            await one.records.proposals.approve(one.project_id, [waiting[0].row.id])
            assert (await one.stored(skill_id))["notes.md"].decode() == "# All\n\n- one\n- mine\n- three\n"
            assert (await one.authors(skill_id))[-1] == "sync"
            assert (await one.sync()).written == ["t-one"]
            assert folder_files(one.root / "t-one") == await one.stored(skill_id)

    asyncio.run(run())


def test_skills_of_others_links_and_unwritable_files_are_left_alone_and_do_not_stop_the_rest(tmp_path: Path) -> None:
    async def run() -> None:
        async with held(tmp_path) as one:
            names = ("t-foreign", "t-link", "t-inner", "t-read-only", "t-fine")
            ids = {name: await one.add(name) for name in names}
            outside = tmp_path / "outside"
            outside.mkdir()
            (outside / "notes.md").write_text("not ours")
            (one.root / "t-foreign").mkdir(parents=True)
            (one.root / "t-foreign" / SKILL_FILE).write_bytes(text("t-foreign"))
            (one.root / "of-somebody").mkdir()
            (one.root / "of-somebody" / SKILL_FILE).write_text("theirs")
            (one.root / "t-link").symlink_to(outside)
            before = tree(one.root) | tree(outside)
            done = await one.sync()
            assert {skipped.name for skipped in done.skipped} == {"t-foreign", "t-link"}
            # A link that leads out of the tree, in a folder of ours, is not followed either.
            inner = one.root / "t-inner" / "scripts"
            (inner / "run.sh").unlink()
            inner.rmdir()
            inner.symlink_to(outside)
            (one.root / "t-read-only" / "notes.md").chmod(0o400)
            for name in ("t-inner", "t-read-only", "t-fine"):
                await one.edit(ids[name], "notes.md", b"# Notes\n\n- new\n")
            done = await one.sync()
            assert {skipped.name for skipped in done.skipped} == {"t-foreign", "t-link", "t-inner"}
            assert (one.root / "t-read-only" / "notes.md").read_bytes() == b"# Notes\n\n- new\n"
            assert (one.root / "t-fine" / "notes.md").read_bytes() == b"# Notes\n\n- new\n"
            after = tree(one.root) | tree(outside)
            assert {path: after[path] for path in before} == before
            assert (await one.stored(ids["t-inner"]))["scripts/run.sh"] == b"echo 1\n"

    asyncio.run(run())


def test_a_skill_that_is_gone_leaves_and_edits_of_it_that_are_not_stored_stay(tmp_path: Path) -> None:
    async def run() -> None:
        async with held(tmp_path) as one:
            first, second = await one.add("t-one"), await one.add("t-two")
            await one.sync()
            (one.root / "t-two" / "notes.md").write_text("mine")
            for skill_id in (first, second):
                await one.records.skills.delete(one.project_id, skill_id)
            assert (await one.sync()).removed == ["t-one", "t-two"]
            assert set(tree(one.root)) == {f"t-two/{MANIFEST}", "t-two/notes.md"}
            assert (one.root / "t-two" / "notes.md").read_text() == "mine"

    asyncio.run(run())


def test_a_skill_that_is_no_longer_chosen_leaves_once_its_edits_are_stored(tmp_path: Path) -> None:
    async def run() -> None:
        async with held(tmp_path) as one:
            skill_id = await one.add("t-one")
            await one.sync()
            (one.root / "t-one" / "notes.md").write_text("# Notes\n\n- mine\n")
            done = await one.records.folders.run(one.project_id, [], one.root)
            assert (done.removed, done.taken) == (["t-one"], ["t-one"])
            assert not (one.root / "t-one").exists()
            assert (await one.stored(skill_id))["notes.md"] == b"# Notes\n\n- mine\n"

    asyncio.run(run())


def test_two_syncs_at_once_take_turns(tmp_path: Path) -> None:
    async def run() -> None:
        async with held(tmp_path) as one:
            ids = [await one.add(f"t-{number}") for number in range(4)]
            await one.sync()
            for number in range(4):
                (one.root / f"t-{number}" / "notes.md").write_text(NOTES.replace("one", "1"))
            first, second = await asyncio.gather(one.sync(), one.sync())
            assert sorted([*first.taken, *second.taken]) == [f"t-{number}" for number in range(4)]
            assert not first.skipped and not second.skipped
            for skill_id in ids:
                assert (await one.authors(skill_id)).count("sync") == 1

    asyncio.run(run())


def test_a_sync_that_does_not_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seasoned.engine.sync.WAIT_SECONDS", 0.0)

    async def run() -> None:
        async with held(tmp_path) as one:
            await one.add("t-one")
            from seasoned.engine.sync import _alone  # noqa: PLC0415

            await one.sync()
            async with _alone(one.root):
                with pytest.raises(Busy, match="Another sync"):
                    await one.sync()

    asyncio.run(run())


# A transaction is one step: what is before it has not happened, what is after it is `folder.taken`.
CRASHES = [
    *(f"{point}:{hit}" for point in ("folder.noted", "folder.file") for hit in (1, 2, 3)),
    *("folder.file:6", "folder.taken:1", "folder.taken:2"),
]


@pytest.mark.parametrize("place", CRASHES)
def test_a_crash_at_any_step_loses_nothing_and_the_next_sync_completes_it(tmp_path: Path, place: str) -> None:
    point, _, hit = place.partition(":")

    async def run() -> None:
        async with held(tmp_path) as one:
            merged, clashing, new = await one.add("t-1"), await one.add("t-2"), ""
            await one.sync()
            foreign = one.root / "of-somebody" / SKILL_FILE
            foreign.parent.mkdir()
            foreign.write_text("theirs")
            (one.root / "t-1" / "notes.md").write_text(NOTES.replace("one", "1"))
            (one.root / "t-1" / "more.md").write_text("# More\n")
            (one.root / "t-2" / "notes.md").write_text(NOTES.replace("two", "mine"))
            await one.edit(merged, "notes.md", NOTES.replace("three", "3").encode())
            await one.edit(clashing, "notes.md", NOTES.replace("two", "theirs").encode())
            new = await one.add("t-3")
            with armed({point: crash(on=int(hit))}) as hits:
                try:
                    await one.sync()
                except SimulatedCrash:
                    pass
                else:
                    raise AssertionError(f"{place} was not passed: {hits}")
            await one.sync()
            assert (await one.stored(merged))["notes.md"].decode() == "# Notes\n\n- 1\n- two\n- 3\n"
            assert (await one.stored(merged))["more.md"] == b"# More\n"
            waiting, _ = await one.records.proposals.page(one.project_id, PageQuery(limit=5), status="pending")
            assert [list(one.row.edit_list()) != [] for one in waiting] == [True]
            for name, skill_id in (("t-1", merged), ("t-2", clashing), ("t-3", new)):
                assert folder_files(one.root / name) == await one.stored(skill_id)
            assert foreign.read_text() == "theirs"
            assert (await one.sync()).is_clean

    asyncio.run(run())


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    examples = Path(__file__).parents[2] / "examples" / "shop"
    assert seasoned(home, "learn", str(examples), "--space", "shop").code == 0
    yield home


def test_the_command_writes_where_agents_look_and_says_what_it_did(learned: Path, tmp_path: Path) -> None:
    own: Mapping[str, str] = {"HOME": str(tmp_path), "CLAUDE_CONFIG_DIR": "", "CODEX_HOME": str(tmp_path / "c")}
    done = seasoned(learned, "sync", settings=own)
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / ".claude" / "skills" / "git-and-ci" / SKILL_FILE).is_file()
    assert (tmp_path / ".agents" / "skills" / "git-and-ci" / SKILL_FILE).is_file()
    assert seasoned(learned, "sync", "--check", settings=own).code == 0
    assert seasoned(learned, "sync", "--agent", "codex", "--check", settings=own).code == 1
    assert seasoned(learned, "sync", "--agent", "codex", settings=own).code == 0
    assert (tmp_path / "c" / "skills" / "git-and-ci" / SKILL_FILE).is_file()
    unknown = seasoned(learned, "sync", "--agent", "pencil", settings=own)
    assert (unknown.code, "no agent 'pencil'" in unknown.err) == (1, True)
