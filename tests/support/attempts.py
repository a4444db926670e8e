"""Imported sessions with calls and told outcomes, for tests of evidence inside one process."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from seasoned.engine import Engine
from seasoned.engine.proposals import Proposal
from seasoned.importers.transcript import TimedMessage, Transcript
from seasoned.learning.questions import Model
from seasoned.message import Message, Part
from seasoned.store import lessons, tasks
from seasoned.store.lessons import LessonRow
from seasoned.store.rows import PAGE_MAX, PageQuery
from seasoned.store.tasks import TaskRow
from seasoned.task import TaskStatus
from tests.support.home import answered, opened, project, said, settled, skill_files


def called(tool: str, answer: str = "ok", **arguments: object) -> tuple[Message, Message]:
    """A call of a tool and its answer."""
    key = hashlib.sha256(f"{tool}{arguments}{answer}".encode()).hexdigest()[:12]
    call = Part("tool-call", meta={"name": tool, "arguments": json.dumps(arguments), "id": key})
    result = Part("tool-result", text=answer, meta={"tool_call_id": key})
    return Message("assistant", (call,)), Message("user", (result,))


def system(text: str) -> Message:
    """The agent's standing instructions."""
    return Message("user", (Part("text", text=text),), {"original_role": "system"})


class Room:
    """A space whose sessions are imported."""

    def __init__(self, engine: Engine, project_id: str, space_id: str) -> None:
        self.engine, self.project_id, self.space_id = engine, project_id, space_id
        self._count = 0

    async def attempt(
        self, *messages: Message | Sequence[Message], outcome: TaskStatus | None = None, of: str = ""
    ) -> str:
        """Import a session, and wait until it is learned from; its id."""
        self._count += 1
        flat = [one for some in messages for one in ([some] if isinstance(some, Message) else some)]
        timed = tuple(TimedMessage(1_000_000 * (self._count * 1_000 + n), one) for n, one in enumerate(flat))
        made = Transcript(
            key=f"run-{self._count}",
            source=f"run {self._count}",
            format="test",
            messages=timed,
            outcome=outcome,
            attempt_of=of,
        )
        taken = await self.engine.learning.take(self.project_id, self.space_id, made)
        assert taken is not None
        assert (await settled(self.engine, self.project_id, self.space_id, taken.session_id)).status == "completed"
        return taken.session_id

    async def tasks(self, session_id: str) -> list[TaskRow]:
        return await self.engine.store.read(lambda connection: tasks.of_session(connection, session_id))

    async def lessons(self, session_id: str) -> list[LessonRow]:
        return await self.engine.store.read(lambda connection: lessons.of_session(connection, session_id))

    async def proposals(self, status: str = "pending") -> list[Proposal]:
        query = PageQuery(limit=PAGE_MAX)
        return (await self.engine.proposals.page(self.project_id, query, status=status))[0]

    async def text(self) -> str:
        """All that the space's skills say, the journal left out."""
        files = await skill_files(self.engine, self.project_id, self.space_id)
        return "\n".join(text for path, text in files.items() if not path.startswith("daily-logs/"))


def room(tmp_path: Path, model: Model | None, work: Callable[[Room], Awaitable[None]]) -> None:
    """Run a test in a new space."""

    async def run() -> None:
        async with opened(tmp_path, model) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            await work(Room(engine, project_id, space.id))

    asyncio.run(run())


__all__ = ["Room", "answered", "called", "room", "said", "system"]
