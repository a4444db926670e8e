"""The learner beside people: their edits never lose, and blame is right whatever happens to a file."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from seasoned import archive
from seasoned.engine import Engine
from seasoned.errors import MergeConflict
from seasoned.learning.questions import (
    AddEntry,
    Edit,
    MoveFile,
    RemoveEntry,
    ReviseEntry,
    WriteAnswer,
    WriteFile,
    WriteQuestion,
)
from seasoned.pipeline import drafts, retrieval
from seasoned.pipeline.edits import DraftSet
from seasoned.skill import SKILL_FILE, entries
from seasoned.store import Connection, skills
from seasoned.store.rows import PageQuery
from seasoned.testing import ScriptedModel
from tests.support.home import linked_session, opened, project, settled

SKILL = "scripted-lessons"
NOTES = "notes.md"


class Interrupted(ScriptedModel):
    """A scripted model during whose answers others may work."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def write(self, question: WriteQuestion) -> WriteAnswer:
        answer = await super().write(question)
        if self.meanwhile is not None:
            await self.meanwhile()
        return answer


class Bench:
    """An engine with a space in which one skill was learned."""

    def __init__(self, engine: Engine, model: Interrupted, project_id: str, space_id: str) -> None:
        self.engine, self.model = engine, model
        self.project_id, self.space_id, self.skill_id = project_id, space_id, ""

    async def learn(self, text: str) -> None:
        session_id = await linked_session(self.engine, self.project_id, self.space_id, text, "Done.")
        assert (await settled(self.engine, self.project_id, self.space_id, session_id)).status == "completed"
        found = await self.engine.skills.of_space(self.project_id, self.space_id)
        self.skill_id = next(one.row.id for one in found if one.row.name == SKILL)

    async def text(self, path: str = NOTES) -> str:
        return (await self.engine.skills.file(self.project_id, self.skill_id, path)).data.decode()

    async def edit(self, old: str, new: str, path: str = NOTES) -> int:
        text = await self.text(path)
        assert old in text
        return await self.engine.history.edit(self.project_id, self.skill_id, {path: text.replace(old, new).encode()})

    async def authors(self, path: str = NOTES) -> dict[str, str]:
        """Who brought each line."""
        found = await self.engine.blame.of_file(self.project_id, self.skill_id, path)
        return {found.lines[at - 1]: one.version.author for one in found.ranges for at in range(one.start, one.end + 1)}


def bench(tmp_path: Path, work: Callable[[Bench], Awaitable[None]]) -> None:
    """Run a test on a space that has learned one thing."""

    async def run() -> None:
        model = Interrupted()
        async with opened(tmp_path, model) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            made = Bench(engine, model, project_id, space.id)
            await made.learn("Deploy on Tuesdays")
            await work(made)

    asyncio.run(run())


def answers(model: ScriptedModel, *edits: Callable[[tuple[str, ...]], Edit]) -> None:
    """Let the model answer with edits for the lessons that it is asked about."""
    model.on_write = lambda question: WriteAnswer(
        edits=tuple(make(tuple(one.key for one in question.lessons)) for make in edits)
    )


def test_the_learners_edit_is_rebased_on_a_persons(tmp_path: Path) -> None:
    async def work(one: Bench) -> None:
        asked = len(one.model.writes)

        async def meanwhile() -> None:
            one.model.meanwhile = None
            await one.edit("## Deploy on Tuesdays", "A person was here, and wrote this line.\n\n## Deploy on Tuesdays")

        one.model.meanwhile = meanwhile
        await one.learn("Back up first")
        text = await one.text()
        assert "A person was here" in text
        assert "## Back up first" in text
        assert len(one.model.writes) == asked + 1, "the model was not asked again"
        authors = await one.authors()
        assert (authors["## Back up first"], authors["A person was here, and wrote this line."]) == ("learner", "user")

    bench(tmp_path, work)


def test_an_entry_that_a_person_changed_meanwhile_is_asked_about_again(tmp_path: Path) -> None:
    def revise(keys: tuple[str, ...]) -> Edit:
        entry = "## Deploy on Tuesdays\nDeploy on Tuesdays"
        return ReviseEntry(skill=SKILL, path=NOTES, entry=entry, text="## Deploy on Sundays\nAlways.", lessons=keys)

    async def work(one: Bench) -> None:
        asked = len(one.model.writes)
        answers(one.model, revise)

        async def meanwhile() -> None:
            one.model.meanwhile = None
            await one.edit("## Deploy on Tuesdays\nDeploy on Tuesdays", "## Deploy on Mondays\nMy words.")

        one.model.meanwhile = meanwhile
        await one.learn("Deploy on Sundays")
        assert "## Deploy on Mondays\nMy words.\n" in await one.text()
        assert "Sundays" not in await one.text()
        assert len(one.model.writes) > asked + 1, "the model was asked again"
        assert any("no entry with this text" in reason for reason in one.model.writes[-1].refused)

    bench(tmp_path, work)


@pytest.mark.parametrize("kind", ["revise", "remove", "write"])
def test_what_a_person_wrote_is_not_rewritten_but_added_to(tmp_path: Path, kind: str) -> None:
    mine = "## Deploy on Tuesdays\nNever before noon."
    edits: dict[str, Callable[[tuple[str, ...]], Edit]] = {
        "revise": lambda keys: ReviseEntry(skill=SKILL, path=NOTES, entry=mine, text="## X\ny", lessons=keys),
        "remove": lambda keys: RemoveEntry(skill=SKILL, path=NOTES, entry=mine, lessons=keys),
        "write": lambda keys: WriteFile(skill=SKILL, path=NOTES, text="# All new\n", lessons=keys),
    }

    async def work(one: Bench) -> None:
        await one.edit("\nDeploy on Tuesdays", "\nNever before noon.")
        answers(one.model, edits[kind])
        await one.learn("Deploy at noon")
        assert mine in await one.text()
        assert any("A person wrote 'Never before noon.'" in reason for reason in one.model.writes[-1].refused)
        answers(one.model, lambda keys: AddEntry(skill=SKILL, path=NOTES, text="## Beside\nIt stands.", lessons=keys))
        await one.learn("Deploy beside")
        assert (await one.text()).endswith(f"{mine}\n\n## Beside\nIt stands.\n")

    bench(tmp_path, work)


def test_a_pinned_section_stays_and_entries_come_beside_it(tmp_path: Path) -> None:
    entry = "## Deploy on Tuesdays\nDeploy on Tuesdays"

    async def work(one: Bench) -> None:
        assert await one.engine.history.pin(one.project_id, one.skill_id, "Deploy on Tuesdays") == [
            "deploy on tuesdays"
        ]
        answers(one.model, lambda keys: ReviseEntry(skill=SKILL, path=NOTES, entry=entry, text="## X\ny", lessons=keys))
        await one.learn("Change what is pinned")
        assert entry in await one.text()
        assert any("is pinned" in reason for reason in one.model.writes[-1].refused)
        answers(
            one.model,
            lambda keys: AddEntry(skill=SKILL, path=NOTES, text="## Beside\nIt stands here.", lessons=keys),
            lambda keys: AddEntry(skill=SKILL, path="more.md", text="- At the end of another file.", lessons=keys),
        )
        await one.learn("Add beside it")
        assert "## Beside" in await one.text()
        # What belongs to the whole file when its title is pinned goes into another one.
        await one.engine.history.pin(one.project_id, one.skill_id, "# Notes")
        answers(one.model, lambda keys: AddEntry(skill=SKILL, path=NOTES, text="## Elsewhere\nYes.", lessons=keys))
        before = await one.text()
        await one.learn("Add elsewhere")
        assert (await one.text(), "## Elsewhere" in await one.text("notes-2.md")) == (before, True)
        await one.engine.history.unpin(one.project_id, one.skill_id, "Deploy on Tuesdays")
        await one.engine.history.unpin(one.project_id, one.skill_id, "notes")
        answers(one.model, lambda keys: ReviseEntry(skill=SKILL, path=NOTES, entry=entry, text="## X\ny", lessons=keys))
        await one.learn("Change what was pinned")
        assert "## X\ny" in await one.text()

    bench(tmp_path, work)


@pytest.mark.parametrize("writers", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_many_people_write_while_the_learner_does(tmp_path: Path, writers: int) -> None:
    async def work(one: Bench) -> None:
        async def person(number: int) -> None:
            line = f"- person {number} wrote this line"
            row, file = await one.engine.history.file(one.project_id, one.skill_id, 2, "people.md")
            text = (await one.engine.skills.load(row, file)).data.decode()
            mine = {"people.md": f"{text}{line}\n".encode()}
            await one.engine.imports.edit(one.project_id, one.skill_id, 2, mine, reason="")

        await one.engine.history.edit(one.project_id, one.skill_id, {"people.md": b"# People\n"})
        lessons = [f"Lesson {number} of many" for number in range(5)]
        await asyncio.gather(*(person(number) for number in range(writers)), *(one.learn(text) for text in lessons))
        people = (await one.text("people.md")).splitlines()
        assert sorted(people[1:]) == sorted(f"- person {number} wrote this line" for number in range(writers))
        notes = await one.text()
        assert all(f"## {text}\n" in notes for text in lessons)
        assert set((await one.authors("people.md")).values()) == {"user"}
        assert set((await one.authors()).values()) == {"learner"}

    bench(tmp_path, work)


# Blame against a slow reference


class Book:
    """A skill that everybody changes at random; every line that says something is unlike all others."""

    def __init__(self, engine: Engine, project_id: str, space_id: str, skill_id: str, seed: int) -> None:
        self.engine, self.project_id, self.space_id, self.skill_id = engine, project_id, space_id, skill_id
        self.dice = random.Random(seed)  # noqa: S311 - a test's
        self.count = 0
        self.lesson_of: dict[str, str] = {}
        self.versions: dict[int, dict[str, bytes]] = {}

    def entry(self, lesson: str = "") -> str:
        """A new entry, and the lesson that its lines lead to."""
        self.count += 1
        lines = [
            f"entry {self.count} line {n} {self.dice.getrandbits(64):016x}" for n in range(self.dice.randint(1, 3))
        ]
        text = f"## {lines[0]}\n" + "\n".join(lines[1:]) if self.dice.random() < 0.5 else "- " + "\n  ".join(lines)
        self.lesson_of |= dict.fromkeys(text.rstrip().split("\n"), lesson)
        return text.rstrip()

    async def state(self) -> tuple[int, dict[str, str]]:
        content = await self.engine.skills.content(self.project_id, self.skill_id)
        return content.number, {path: data.decode() for path, data in content.files.items()}

    def a_file(self, texts: dict[str, str]) -> str:
        return self.dice.choice(sorted(path for path in texts if path != SKILL_FILE) or ["a.md"])

    async def learner(self) -> None:
        """Some edits of the learner, in one version, as the write stage makes it."""
        head, texts = await self.state()
        edits: list[Edit] = []
        for at in range(self.dice.randint(1, 4)):
            lesson, path = f"lesson {head}-{at}", self.a_file(texts)
            found = entries(texts.get(path, ""))
            kind = self.dice.random()
            if kind < 0.5 or not found:
                path = path if self.dice.random() < 0.7 else f"{self.dice.choice('abcdef')}.md"
                edits.append(AddEntry(skill="book", path=path, title=path, text=self.entry(lesson), lessons=(lesson,)))
            elif kind < 0.7:
                old = self.dice.choice(found).text
                kept = old.split("\n", 1)[0]
                more = self.entry(lesson).replace("## ", "").replace("- ", "").split("\n", 1)[0]
                self.lesson_of[f"  {more}"] = lesson
                text = f"{kept}\n  {more}"
                edits.append(ReviseEntry(skill="book", path=path, entry=old, text=text, lessons=(lesson,)))
            elif kind < 0.85:
                edits.append(
                    RemoveEntry(skill="book", path=path, entry=self.dice.choice(found).text, lessons=(lesson,))
                )
            else:
                edits.append(MoveFile(skill="book", path=path, to=f"moved-{head}-{at}.md", lessons=(lesson,)))
        await asyncio.to_thread(self._write, edits)

    def _write(self, edits: list[Edit]) -> None:
        def load(connection: Connection) -> retrieval.LoadedSkill:
            return retrieval.load(connection, skills.get(connection, self.project_id, self.skill_id))

        store = self.engine.store
        draft_set = DraftSet([retrieval.draft_of(store.read_now(load), store)])
        for edit in edits:
            draft_set.apply(edit)
        (draft,) = draft_set.drafts.values()
        if draft.changed:
            version = drafts._version(draft, store, self.engine.config, "learner")
            store.write_now(lambda c: skills.commit(c, draft.skill_id, draft.head, version, store.clock.now()))

    async def person(self, *, is_late: bool = False) -> None:
        """A person writes, moves blocks and files, and removes: on the newest version, or merging an older one."""
        head, texts = await self.state()
        if is_late:
            head = self.dice.randint(max(1, head - 3), head)
            texts = {path: data.decode() for path, data in self.versions[head].items()}
        path, other = self.a_file(texts), f"{self.dice.choice('abcdef')}.md"
        lines = texts.get(path, "# A\n").split("\n")[:-1]
        wanted: dict[str, str | None] = {}
        kind = self.dice.random()
        found = entries(texts.get(path, ""))
        if kind < 0.4 or not found:
            lines.insert(self.dice.randint(1, len(lines)) if lines else 0, self.entry())
            wanted[path] = "\n".join(lines) + "\n"
        elif kind < 0.6 and other != path:
            block = self.dice.choice(found)
            wanted[path] = "\n".join([*lines[: block.start], *lines[block.end :]]) + "\n"
            wanted[other] = texts.get(other, f"# {other}\n") + f"\n{block.text}\n"
        elif kind < 0.75:
            wanted |= {path: None, f"renamed-{self.count}.md": texts[path]}
        elif kind < 0.9:
            block = self.dice.choice(found)
            rest = [*lines[: block.start], *lines[block.end :]]
            wanted[path] = "\n".join([block.text, *rest]) + "\n"
        else:
            block = self.dice.choice(found)
            wanted[path] = "\n".join([*lines[: block.start], *lines[block.end :]]) + "\n"
        encoded = {one: None if text is None else text.encode() for one, text in wanted.items()}
        if not is_late:
            await self.engine.history.edit(self.project_id, self.skill_id, encoded)
            return
        whole = {one: data for one, data in self.versions[head].items() if one not in encoded}
        whole |= {one: data for one, data in encoded.items() if data is not None}
        upload = archive.SkillUpload(
            name="book", description="", files=whole, warnings=[], origin=archive.ExportOrigin(self.skill_id, head)
        )
        try:
            await self.engine.imports.bring(self.project_id, upload)
        except MergeConflict:
            return

    async def step(self) -> None:
        """One change, and what the skill is then."""
        head, _ = await self.state()
        kind = self.dice.random()
        if kind < 0.4:
            await self.learner()
        elif kind < 0.75:
            await self.person()
        elif kind < 0.9:
            await self.person(is_late=True)
        else:
            number = self.dice.randint(1, head)
            new = await self.engine.history.revert(self.project_id, self.skill_id, number)
            content = await self.engine.skills.content(self.project_id, self.skill_id)
            assert content.files == self.versions[number], f"revert({number}) is version {new}, but not the same"
        content = await self.engine.skills.content(self.project_id, self.skill_id)
        self.versions.setdefault(content.number, content.files)

    async def check_blame(self) -> int:
        """Hold blame against the earliest version that has the line; how many lines were looked at."""
        first: dict[str, int] = {}
        for number, content in sorted(self.versions.items()):
            for data in content.values():
                for line in data.decode().split("\n"):
                    first.setdefault(line, number)
        looked_at = 0
        head = max(self.versions)
        for path in self.versions[head]:
            found = await self.engine.blame.of_file(self.project_id, self.skill_id, path)
            for one in found.ranges:
                for at in range(one.start, one.end + 1):
                    line = found.lines[at - 1]
                    number = one.version.number
                    assert any(line in data.decode().split("\n") for data in self.versions[number].values())
                    if line in self.lesson_of:
                        looked_at += 1
                        assert number == first[line], (path, at, line)
                        assert one.lessons == [self.lesson_of[line]] * bool(self.lesson_of[line]), (path, at, line)
        return looked_at

    async def check_versions(self) -> None:
        """Every version has the files that it had, and their hashes."""
        for number, content in self.versions.items():
            _, rows = await self.engine.history.manifest(self.project_id, self.skill_id, number)
            assert {row.path: row.sha256 for row in rows} == {
                path: hashlib.sha256(data).hexdigest() for path, data in content.items()
            }
            assert await self.engine.history.content(self.project_id, self.skill_id, number) == content

    async def check_git(self, folder: Path) -> None:
        """Each commit has the files of its version, and a second export has the same commits."""
        from dulwich.repo import Repo  # noqa: PLC0415 - as in the product

        first = await self.engine.repositories.export(self.project_id, self.space_id, folder / "a.git")
        second = await self.engine.repositories.export(self.project_id, self.space_id, folder / "b.git")
        assert first.head == second.head
        with Repo(str(folder / "a.git")) as repo:
            number = max(self.versions)
            for entry in repo.get_walker():
                if not entry.commit.message.startswith(b"book:"):
                    continue
                root = repo.object_store[entry.commit.tree]
                tree = root[b"book"][1]  # type: ignore[index]
                found = {
                    item.path.decode(): repo.object_store[item.sha].as_raw_string()
                    for item in repo.object_store.iter_tree_contents(tree)
                }
                assert found == self.versions[number]
                number -= 1
            assert number == 0


@pytest.mark.parametrize(
    ("seed", "edits"), [(1, 40), *(pytest.param(seed, 500, marks=pytest.mark.slow) for seed in range(2, 6))]
)
def test_blame_is_that_of_a_slow_reference_after_any_edits(tmp_path: Path, seed: int, edits: int) -> None:
    async def run() -> None:
        async with opened(tmp_path) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            head = b"---\nname: book\ndescription: Everybody writes here.\n---\n# Book\n"
            upload = archive.SkillUpload(name="book", description="d", files={SKILL_FILE: head}, warnings=[])
            state, _ = await engine.skills.add(project_id, upload, space_id=space.id)
            book = Book(engine, project_id, space.id, state.row.id, seed)
            book.versions[1] = {SKILL_FILE: head}
            looked_at = 0
            for number in range(edits):
                await book.step()
                if number % 10 == 9:
                    looked_at += await book.check_blame()
            await book.check_versions()
            await book.check_git(tmp_path)
            assert looked_at > edits
            log, _ = await engine.history.log(project_id, state.row.id, PageQuery(limit=200))
            assert {one.row.author for one in log} == {"learner", "user", "import", "revert"}

    asyncio.run(run())


def test_the_list_of_files_follows_a_person_s_edit_and_stays_the_learner_s(tmp_path: Path) -> None:
    async def work(one: Bench) -> None:
        listed = [line for line in (await one.text(SKILL_FILE)).split("\n") if line.startswith("- notes.md")]
        assert listed == ["- notes.md: Deploy on Tuesdays"]
        await one.edit("## Deploy on Tuesdays", "## Never deploy on Fridays")
        await one.engine.history.edit(one.project_id, one.skill_id, {"more.md": b"# More\n\n- Call Ada.\n"})
        text = await one.text(SKILL_FILE)
        assert "- notes.md: Never deploy on Fridays" in text
        assert "- more.md: Call Ada" in text
        await one.engine.history.edit(one.project_id, one.skill_id, {"more.md": None})
        assert "more.md" not in await one.text(SKILL_FILE)
        # The description is still kept by the learner.
        await one.learn("Rotate the keys")
        assert "Rotate the keys" in (await one.engine.skills.get(one.project_id, one.skill_id)).row.description

    bench(tmp_path, work)
