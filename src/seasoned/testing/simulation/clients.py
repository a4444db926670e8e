"""Simulated users of the API: agents that run sessions, editors of skills, a librarian, an importer.

Whatever was acknowledged is written into the ledger. A call that was cut off is made again, as a careful client does,
so that a message may be there twice.
"""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from seasoned.archive import write_zip
from seasoned.clock import SECOND
from seasoned.config import Config
from seasoned.engine import Engine
from seasoned.engine.sessions import NewSessionRequest
from seasoned.errors import AlreadyLearned, Busy, Conflict, NotFound, StorageFull, Superseded
from seasoned.ids import new_id
from seasoned.importers import Transcript
from seasoned.importers.transcript import TimedMessage
from seasoned.message import Message, Part, Role
from seasoned.skill import add_entry
from seasoned.store import Connection, files, skills
from seasoned.store.skills import NewVersion
from seasoned.testing.simulation import script
from seasoned.testing.simulation.cluster import Cluster, Lost
from seasoned.testing.simulation.ledger import Ledger, SessionRecord
from seasoned.testing.simulation.world import START, World

T = TypeVar("T")

TRIES_MAX = 200
# In one run of so many, and there so many of sixteen sessions, are forgotten while they are still being learned from.
FORGETTING_EVERY = 8
FORGOTTEN_OF_16 = 8
LARGE_CHARS = 1_500
NOTES = "notes.md"


class Clients:
    """All clients of a simulation."""

    def __init__(self, world: World, cluster: Cluster, ledger: Ledger, config: Config) -> None:
        self._world = world
        self._cluster = cluster
        self._ledger = ledger
        self._config = config
        self._dice = world.plans
        self._forgets = world.seed % FORGETTING_EVERY == 0

    async def prepare(self, spaces: int) -> None:
        """The learning spaces that the others use."""
        self._ledger.project_id = (await self._until_done("project", lambda e: e.projects.default())).id
        for _ in range(spaces):
            self._ledger.spaces.append(await self._make_space(self._ledger.name("space")))

    async def _make_space(self, name: str) -> str:
        row = await self._until_done("space", lambda e: e.learning.space_named(self._ledger.project_id, name))
        return row.id

    async def agent(self) -> None:
        """One session from its start to its end, with a few tasks."""
        await self._pause(20)
        record = SessionRecord(new_id())
        request = NewSessionRequest(use_uuid=record.id)
        await self._until_done("create", lambda e: e.sessions.create(self._ledger.project_id, request))
        self._ledger.sessions[record.id] = record
        linked = self._dice.choice(["early", "early", "late", "after", "never"])
        if linked == "early":
            await self._learn(record)
        steps = list(self._plan())
        for index, text in enumerate(steps):
            await self._say(record, text)
            if linked == "late" and index == len(steps) // 2:
                await self._learn(record)
            await self._pause(self._dice.choice([0.1, 1.0, 4.0, 30.0]))
            if self._dice.random() < 0.1:  # noqa: PLR2004
                await self._flush(record)
        if self._dice.random() < 0.6:  # noqa: PLR2004
            await self._flush(record)
        if linked == "after":
            await self._pause(60)
            await self._learn(record)
        if self._dice.random() < 0.12:  # noqa: PLR2004
            await self._pause(60)
            await self._delete(record)
        elif record.space_id and self._forgets and int(record.id[-1], 16) < FORGOTTEN_OF_16:
            await self._forget(record)

    def _plan(self) -> Iterator[str]:
        """What is said in a session: one or two tasks, some of them reopened, with preferences in between."""
        for _ in range(self._dice.randint(1, 2)):
            task = self._ledger.name("T")
            yield f"begin {task}"
            yield from (f"work {task}" for _ in range(self._dice.randint(0, 2)))
            if self._dice.random() < 0.4:  # noqa: PLR2004
                yield f"prefer {self._ledger.name('P')}"
            if self._dice.random() < 0.1:  # noqa: PLR2004
                continue
            yield self._ending(task)
            while self._dice.random() < 0.25:  # noqa: PLR2004
                yield f"reopen {task}"
                yield self._ending(task)

    def _ending(self, task: str) -> str:
        taught = [self._ledger.name("K") for _ in range(self._dice.choice([0, 1, 1, 2]))]
        if self._dice.random() < 0.2:  # noqa: PLR2004
            taught.append(f"C{self._dice.randint(1, 4)}")
        if self._dice.random() < 0.1:  # noqa: PLR2004
            taught.append(self._ledger.name("U"))
        outcome = self._dice.choice(["success", "success", "failed"])
        return " ".join([f"finish {task} {outcome}", *(f"+{token}" for token in taught)])

    async def _say(self, record: SessionRecord, text: str) -> None:
        """Append a message; sometimes it is large, sometimes it calls a tool, sometimes two are sent at once."""
        if text.startswith("work") and self._dice.random() < 0.3:  # noqa: PLR2004
            await asyncio.gather(*(self._append(record, text) for _ in range(self._dice.randint(2, 6))))
        else:
            await self._append(record, text)

    async def _append(self, record: SessionRecord, text: str) -> None:
        filler = " padding" * (LARGE_CHARS // 8) if self._dice.random() < 0.1 else ""  # noqa: PLR2004
        whole = text + filler
        parts = [Part("text", text=whole)]
        if text.startswith("work") and self._dice.random() < 0.2:  # noqa: PLR2004
            parts.append(Part("tool-call", meta={"id": "call", "name": "run", "arguments": "{}"}))
        message = Message(role=_role(text), parts=tuple(parts))
        record.asked.append(whole)
        row, _ = await self._until_done(
            "message", lambda e: e.messages.store(self._ledger.project_id, record.id, message, None)
        )
        record.messages[row.number] = whole

    async def _learn(self, record: SessionRecord) -> None:
        space_id = self._dice.choice(self._ledger.spaces)
        # It says so when the call before, which was cut off, did it.
        with suppress(AlreadyLearned):
            await self._until_done("learn", lambda e: e.spaces.learn(self._ledger.project_id, space_id, record.id))
        record.space_id = space_id

    async def _flush(self, record: SessionRecord) -> None:
        await self._until_done("flush", lambda e: e.sessions.flush(self._ledger.project_id, record.id))

    async def _delete(self, record: SessionRecord) -> None:
        record.deletion_asked = True
        with suppress(NotFound):
            await self._until_done("delete", lambda e: e.sessions.delete(self._ledger.project_id, record.id))
        record.deleted = True

    async def _forget(self, record: SessionRecord) -> None:
        record.deletion_asked = True
        project_id = self._ledger.project_id
        # A person looks first, and takes a while; meanwhile the learner goes on.
        await self._until_done("preview", lambda e: e.forgetting.preview(project_id, "session", record.id))
        await self._pause(20)
        with suppress(NotFound):
            await self._until_done(
                "forget", lambda e: e.forgetting.forget(project_id, "session", record.id, purge=True)
            )
        record.deleted = record.forgotten = True

    async def editor(self, edits: int) -> None:
        """Edits skills while the learner writes to them, with the same compare-and-swap."""
        for _ in range(edits):
            await self._pause(10)
            learned = await self._learned_skills(self._dice.choice(self._ledger.spaces))
            if learned:
                await self._edit(self._dice.choice(learned), self._ledger.name("E"))

    async def _learned_skills(self, space_id: str) -> list[str]:
        states = await self._until_done("skills", lambda e: e.skills.of_space(self._ledger.project_id, space_id))
        return [state.row.id for state in states if state.row.name.startswith(("skill-", "handbook-"))]

    async def _edit(self, skill_id: str, token: str) -> None:
        entry = f"## By hand\n{script.lesson_text(token)}"
        for _ in range(TRIES_MAX):
            try:
                await self._until_done("edit", lambda e: self._edit_once(e, skill_id, entry))
            except Superseded:
                continue
            except NotFound:
                return  # all that it said was forgotten
            self._ledger.edits[token] = skill_id
            return

    async def _edit_once(self, engine: Engine, skill_id: str, entry: str) -> None:
        def read(connection: Connection) -> tuple[int, list[skills.FileRow]]:
            return skills.get(connection, self._ledger.project_id, skill_id).head, skills.head_files(
                connection, skill_id
            )

        head, rows = await engine.store.read(read)
        content = {row.path: files.unpack(row, engine.store.blobs) for row in rows}
        text = content.get(NOTES, b"# Notes\n").decode()
        if entry in text:
            return
        content[NOTES] = add_entry(text, entry).encode()
        # A person takes a while: in between, others may commit.
        await asyncio.sleep(self._dice.uniform(0.1, 10.0))
        packed = files.pack(
            {NOTES: content[NOTES]},
            engine.store.blobs,
            self._config.inline_bytes_max,
            before={row.path: row for row in rows},
            number=head + 1,
        )
        version = NewVersion(changes=packed, author="user", reason="Edited by hand.")
        await engine.store.write(lambda c: skills.commit(c, skill_id, head, version, engine.store.clock.now()))

    async def librarian(self, rounds: int) -> None:
        """Uploads handbooks, lets spaces write to them, and takes skills out again."""
        for _ in range(rounds):
            topic, space_id = self._dice.choice(script.TOPICS), self._dice.choice(self._ledger.spaces)
            skill_id = await self._upload(topic)
            await self._include(space_id, skill_id)
            await self._pause(80)
            learned = await self._learned_skills(space_id)
            if learned and self._dice.random() < 0.5:  # noqa: PLR2004
                await self._exclude(space_id, self._dice.choice(learned))

    async def _include(self, space_id: str, skill_id: str) -> None:
        # The space may have one of this name already.
        with suppress(Conflict):
            await self._until_done(
                "include", lambda e: e.spaces.include_skill(self._ledger.project_id, space_id, skill_id)
            )

    async def _exclude(self, space_id: str, skill_id: str) -> None:
        await self._until_done("exclude", lambda e: e.spaces.exclude_skill(self._ledger.project_id, space_id, skill_id))

    async def _upload(self, topic: str) -> str:
        large = f"{self._ledger.name('upload')} ".encode() * (LARGE_CHARS // 8)
        head = f"---\nname: handbook-{topic}\ndescription: All about {topic}.\n---\n# {topic}\n"
        data = write_zip({"SKILL.md": head.encode(), "reference.txt": large})
        state, _ = await self._until_done(
            "upload", lambda e: e.skills.upload(self._ledger.project_id, data, user=None, meta=None)
        )
        self._ledger.uploads[state.row.id] = hashlib.sha256(large).hexdigest()
        return state.row.id

    async def importer(self, transcripts: int) -> None:
        """Imports transcripts one after the other; they must be learned in this order."""
        self._ledger.in_order = True
        for number in range(transcripts):
            await self._import(number, self._ledger.spaces[number % len(self._ledger.spaces)])
            if self._dice.random() < 0.3:  # noqa: PLR2004
                await self._pause(5)

    async def _import(self, number: int, space_id: str) -> None:
        texts = list(self._plan())
        begun = START + number * 60 * SECOND
        said = tuple(
            TimedMessage(begun + at, Message(role=_role(text), parts=(Part("text", text=text),)))
            for at, text in enumerate(texts)
        )
        transcript = Transcript(key=f"transcript{number}", source="simulated", format="simulated", messages=said)
        imported = await self._until_done(
            "import", lambda e: e.learning.take(self._ledger.project_id, space_id, transcript)
        )
        if imported is None:
            return
        record = SessionRecord(imported.session_id, dict(enumerate(texts, start=1)), texts, space_id)
        self._ledger.sessions[record.id] = record

    async def retry_parked(self, session_ids: list[str]) -> None:
        """Retry everything that is parked, as a user would."""
        for session_id in session_ids:
            await self._flush(self._ledger.sessions[session_id])

    async def _until_done(self, what: str, use: Callable[[Engine], Coroutine[Any, Any, T]]) -> T:
        for _ in range(TRIES_MAX):
            self._ledger.calls[what] += 1
            try:
                return await self._cluster.call(use)
            except (Lost, Busy, StorageFull) as error:
                self._world.note(f"{what}: {type(error).__name__}")
                await asyncio.sleep(self._dice.uniform(0.05, 3.0))
        raise RuntimeError(f"A client gave up on {what} after {TRIES_MAX} tries.")

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(self._dice.uniform(0.01, seconds))


def _role(text: str) -> Role:
    return "assistant" if text.startswith(("work", "finish")) else "user"
