"""A clock that is set back, as machines' clocks are, puts nothing out of order."""

import asyncio
from pathlib import Path

from seasoned.clock import SECOND
from seasoned.engine import Engine
from seasoned.engine.sessions import NewSessionRequest
from seasoned.store import Connection, messages
from seasoned.store.messages import MessageRow
from seasoned.testing import ManualClock
from tests.support.home import opened, project, said


async def read(engine: Engine, session_id: str) -> list[MessageRow]:
    """A session's messages in their order."""

    def load(connection: Connection) -> list[MessageRow]:
        return messages.waiting(connection, session_id, 0, 100)

    return await engine.store.read(load)


async def speak(engine: Engine, session_id: str, *texts: str) -> None:
    """Messages that come together, so that they may share a batch."""
    owner = await project(engine)
    await asyncio.gather(*(engine.messages.store(owner, session_id, said(text), None) for text in texts))


def test_the_times_of_a_sessions_messages_do_not_fall(tmp_path: Path) -> None:
    clock = ManualClock()

    async def run() -> None:
        async with opened(tmp_path, None, clock, quiet_seconds=600) as engine:
            owner = await project(engine)
            session_id, other = [(await engine.sessions.create(owner, NewSessionRequest()))[0].id for _ in range(2)]
            await speak(engine, session_id, "one", "two")
            clock.advance(-3600)
            await speak(engine, session_id, "three", "four")
            set_back = clock.now()
            await speak(engine, other, "another session")
            clock.advance(60)
            await speak(engine, session_id, "five")
            copied = await engine.sessions.copy(owner, session_id)
            await speak(engine, copied, "six")
            for rows in (await read(engine, session_id), await read(engine, copied)):
                created, said_at = [row.created_at for row in rows], [row.at for row in rows]
                assert len(rows) == (6 if rows[0].session_id == copied else 5)
                assert (created, said_at) == (sorted(created), sorted(said_at))
                assert all(row.created_at == row.updated_at for row in rows)
            assert (await read(engine, other))[0].created_at >= set_back
            # Only what is shown is kept in order: how long a session has been quiet is counted by the clock.
            last_at = (await engine.sessions.get(owner, session_id)).last_message_at
            assert last_at is not None
            assert last_at < set_back + 120 * SECOND
            clock.advance(7200)
            await speak(engine, session_id, "six")
            *_, before, newest = await read(engine, session_id)
            assert newest.created_at > before.created_at

    asyncio.run(run())
