"""An engine on a fresh home with a scripted model, for tests inside one process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TypeVar

from seasoned import config
from seasoned.clock import Clock
from seasoned.engine import Engine
from seasoned.engine.pages import Edits, MessagePage
from seasoned.engine.sessions import NewSessionRequest
from seasoned.engine.spaces import LearningState
from seasoned.learning.questions import Model
from seasoned.message import Message, Part
from seasoned.store.messages import MessageRow
from seasoned.store.rows import PageQuery
from seasoned.testing import ScriptedModel
from tests.support.databases import database_of, prepare
from tests.support.patience import PATIENCE_SECONDS

T = TypeVar("T")

KEY = "sk-ac-test"


def said(text: str) -> Message:
    """A person's message."""
    return Message(role="user", parts=(Part("text", text=text),))


def answered(text: str) -> Message:
    """An agent's message."""
    return Message(role="assistant", parts=(Part("text", text=text),))


async def page_of(
    engine: Engine, project_id: str, session_id: str, query: PageQuery, edits: Edits | None = None
) -> tuple[list[MessageRow], list[Message], MessagePage]:
    """A page of a session read to its end: its rows, its messages, and what is known of it then."""
    page = await engine.pages.open(project_id, session_id, query, edits)
    rows: list[MessageRow] = []
    messages: list[Message] = []
    async with aclosing(page.shown()) as batches:
        async for shown in batches:
            rows += shown.rows
            messages += shown.messages
    return rows, messages, page


@asynccontextmanager
async def opened(
    home: Path, model: Model | str | None = None, clock: Clock | None = None, **settings: object
) -> AsyncIterator[Engine]:
    """An engine that learns with a model, or with the one that a `provider:name` names, closed at the end."""
    given: dict[str, object] = {"quiet_seconds": 0.05, "retry_seconds": 0.01, **settings}
    prepare(home)
    named = model if isinstance(model, str) else None
    loaded = config.load({}, home=home, database=database_of(home), api_key=KEY, model=named, **given)
    own = None if isinstance(model, str) else model or ScriptedModel()
    engine = Engine.open(loaded, model=own, clock=clock)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def project(engine: Engine) -> str:
    """The default project's id."""
    row = await engine.projects.default()
    return row.id


async def linked_session(engine: Engine, project_id: str, space_id: str, *texts: str) -> str:
    """A session with messages, user and agent in turn, that teaches a space."""
    row, _ = await engine.sessions.create(project_id, NewSessionRequest())
    await engine.spaces.learn(project_id, space_id, row.id)
    for index, text in enumerate(texts):
        message = answered(text) if index % 2 else said(text)
        await engine.messages.store(project_id, row.id, message, None)
    return row.id


async def settled(engine: Engine, project_id: str, space_id: str, session_id: str) -> LearningState:
    """The state of a session's learning once it is completed or failed."""

    async def look() -> LearningState | None:
        state = await engine.spaces.state(project_id, space_id, session_id)
        return state if state.status in ("completed", "failed") else None

    return await until(engine, look)


async def until(engine: Engine, look: Callable[[], Coroutine[None, None, T | None]]) -> T:
    """The first thing that `look` finds, looking again whenever a stage has committed."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            change = engine.scheduler.next_change()
            found = await look()
            if found is not None:
                return found
            try:
                async with asyncio.timeout(0.05):
                    await change.wait()
            except TimeoutError:
                continue


async def skill_files(engine: Engine, project_id: str, space_id: str) -> dict[str, str]:
    """Every file of a space's skills by `skill/path`."""
    return {
        f"{state.row.name}/{path}": data.decode()
        for state in await engine.skills.of_space(project_id, space_id)
        for path, data in (await engine.skills.content(project_id, state.row.id)).files.items()
    }
