"""A page that is read in many batches is the page that is read at once, on every kind of database."""

import asyncio
from pathlib import Path

import pytest

from seasoned.engine import Engine, pages
from seasoned.engine.pages import Edits
from seasoned.engine.sessions import NewSessionRequest
from seasoned.message import Message, Part
from seasoned.store.rows import PAGE_MAX, PageQuery
from seasoned.strategies import apply, read
from seasoned.testing import ManualClock
from seasoned.tokens import count_tokens
from tests.support.home import answered, opened, page_of, project, said

TURNS = 6
STRATEGIES = [
    "",
    '[{"type": "remove_tool_result", "params": {"keep_recent_n_tool_results": 2}}]',
    '[{"type": "remove_tool_result", "params": {"keep_recent_n_tool_results": 0, "keep_tools": ["look"]}}]',
    '[{"type": "remove_tool_result", "params": {"keep_recent_n_tool_results": 1, "gt_token": 12}}]',
    '[{"type": "remove_tool_call_params", "params": {"keep_recent_n_tool_calls": 1, "keep_tools": ["look"]}}]',
    '[{"type": "token_limit", "params": {"limit_tokens": 90}}]',
    '[{"type": "middle_out", "params": {"token_reduce_to": 120}}]',
    '[{"type": "middle_out", "params": {"token_reduce_to": 1}}]',
    '[{"type": "remove_tool_result", "params": {"keep_recent_n_tool_results": 1}},'
    ' {"type": "middle_out", "params": {"token_reduce_to": 150}},'
    ' {"type": "token_limit", "params": {"limit_tokens": 70}}]',
]


def conversation() -> list[Message]:
    """Calls of two tools with their answers, texts of many lengths, and one message that is kept in a blob."""
    told = [said("Look at the files, grüße 👋")]
    for turn in range(TURNS):
        tool = "look" if turn % 2 else "search"
        called = {"id": f"c{turn % 4}", "name": tool, "arguments": f'{{"number": {turn}}}', "type": "function"}
        told.append(Message("assistant", (Part("tool-call", meta=dict(called)), Part("text", "so " * turn))))
        told.append(Message("user", (Part("tool-result", "found " * 4 * turn, {"tool_call_id": f"c{turn % 4}"}),)))
    return [*told, said("long " * 300), answered("Done.")]


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: PageQuery, pin: int | None = None) -> None:
    async def stored(engine: Engine, project_id: str) -> tuple[str, list[str]]:
        session, _ = await engine.sessions.create(project_id, NewSessionRequest(disable_task_tracking=True))
        rows = [
            (await engine.messages.store(project_id, session.id, message, {"place": place}))[0]
            for place, message in enumerate(conversation())
        ]
        return session.id, [row.id for row in rows]

    async def body() -> None:
        async with opened(tmp_path, inline_bytes_max=1_000) as engine:
            project_id = await project(engine)
            session_id, ids = await stored(engine, project_id)
            rows, whole, _ = await page_of(engine, project_id, session_id, query)
            places = [row.id for row in rows]
            end = places.index(ids[pin]) + 1 if pin is not None else len(places)
            for strategies in STRATEGIES:
                edits = Edits(read(strategies), ids[pin] if pin is not None else "")
                edited = apply(edits.strategies, whole[:end], count_tokens)
                left = [one.message for one in edited] + whole[end:]
                found = []
                for batch_bytes in (10**9, 1, 900):
                    monkeypatch.setattr(pages, "BATCH_BYTES", batch_bytes)
                    rows, messages, page = await page_of(engine, project_id, session_id, query, edits)
                    assert engine.answers.free == engine.answers.size
                    found.append((rows, messages, page.tokens, page.cursor, page.edited_at, page.span))
                assert found[0] == found[1] == found[2], strategies
                assert found[0][1] == left
                assert found[0][2] == sum(count_tokens(message.counted()) for message in left)
            total = await engine.pages.tokens(project_id, session_id)
            _, _, page = await page_of(engine, project_id, session_id, PageQuery(limit=0))
            assert page.tokens == total

    asyncio.run(body())


@pytest.mark.parametrize("limit", [0, PAGE_MAX])
def test_all_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    run(tmp_path, monkeypatch, PageQuery(limit=limit))


def test_some_of_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, monkeypatch, PageQuery(limit=7, newest_first=True))


@pytest.mark.parametrize("pin", [0, 6])
def test_edits_up_to_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pin: int) -> None:
    run(tmp_path, monkeypatch, PageQuery(limit=0), pin)


def test_a_session_without_messages(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path) as engine:
            project_id = await project(engine)
            session, _ = await engine.sessions.create(project_id, NewSessionRequest())
            for limit in (0, 5):
                rows, messages, page = await page_of(engine, project_id, session.id, PageQuery(limit=limit))
                assert (rows, messages, page.tokens, page.cursor, page.edited_at, page.span) == (
                    [],
                    [],
                    0,
                    None,
                    None,
                    None,
                )
            assert await engine.pages.tokens(project_id, session.id) == 0

    asyncio.run(body())


def test_events_of_one_moment_are_read_some_at_a_time(tmp_path: Path) -> None:
    async def body() -> None:
        clock = ManualClock()
        async with opened(tmp_path, None, clock) as engine:
            project_id = await project(engine)
            session, _ = await engine.sessions.create(project_id, NewSessionRequest())
            told = []
            for number in range(9):
                clock.advance(number % 4 == 3)
                told.append((await engine.sessions.add_event(project_id, session.id, "k", {"n": number})).id)
            first, last, after, found = 0, clock.now(), "", list[str]()
            while some := await engine.sessions.events_between(session.id, first, last, 2, after):
                found += [one.id for one in some]
                first, after = some[-1].created_at, some[-1].id
            assert found == told

    asyncio.run(body())
