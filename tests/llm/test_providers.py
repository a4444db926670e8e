"""The whole path over true HTTP, for the API of each provider, and what becomes of it when the provider fails."""

import asyncio
import json
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from seasoned.engine import Engine
from seasoned.engine.spaces import LearningState
from seasoned.store.calls import UsageRow
from seasoned.testing import Asked, Fault, Provider, provider, recorder, replay
from tests.llm.test_language import TEXTS, good, stage_of
from tests.support.home import linked_session, opened, project, settled, skill_files, until

# The model of each API, and where its client looks for the address and the key.
APIS = {
    "openai": ("openai:scripted", "OPENAI"),
    "openai-responses": ("openai-responses:scripted", "OPENAI"),
    "anthropic": ("anthropic:scripted", "ANTHROPIC"),
    "google": ("google:gemini-scripted", "GOOGLE"),
}
CACHED = 64


class Learned(msgspec.Struct, frozen=True):
    """What one session left behind."""

    state: LearningState
    files: dict[str, str]
    usage: list[UsageRow]


def point_at(monkeypatch: pytest.MonkeyPatch, server: Provider) -> None:
    """Let every client find the server."""
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.root)
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.root)
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.setenv(name, "not-a-key")


async def learn(home: Path, model: str, attempts: int = 3) -> Learned:
    """Learn from one session."""
    async with opened(home, model=model, attempts=attempts) as engine:
        project_id = await project(engine)
        space = await engine.spaces.create(project_id)
        session_id = await linked_session(engine, project_id, space.id, *TEXTS)
        await engine.sessions.flush(project_id, session_id)
        state = await settled(engine, project_id, space.id, session_id)
        usage = (await engine.calls.usage(project_id, 1)).items
        return Learned(state, await skill_files(engine, project_id, space.id), usage)


@pytest.mark.parametrize("api", APIS)
def test_a_session_becomes_skills_and_its_tokens_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    with provider(good, cached_tokens=CACHED) as server:
        point_at(monkeypatch, server)
        learned = asyncio.run(learn(tmp_path, APIS[api][0]))
    assert learned.state.status == "completed"
    assert "## Health check needs 30 seconds" in learned.files["deployments/checks.md"]
    assert [stage_of(asked) for asked in server.requests] == ["extract", "distill", "write"]
    assert sum(row.cached_tokens for row in learned.usage) == 3 * CACHED
    asked = sum(len(one.content) for request in server.requests for one in request) // 4
    assert asked * 0.9 < sum(row.input_tokens for row in learned.usage) < asked * 1.1
    assert all(row.output_tokens > 0 for row in learned.usage)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429),
        Fault(status=429, retry_after=0.01),
        Fault(status=500),
        Fault(status=503),
        Fault(status=401),
        Fault(cut_off=True),
        Fault(cut_short=True),
        Fault(malformed=True),
    ],
    ids=["429", "429 with a wait", "500", "503", "401", "cut off", "cut short", "malformed"],
)
@pytest.mark.parametrize("api", APIS)
def test_a_provider_that_is_away_for_a_while_parks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str, fault: Fault
) -> None:
    left = {"faults": 4}

    def away_at_first(asked: Sequence[Asked]) -> str | Fault:
        if left["faults"]:
            left["faults"] -= 1
            return fault
        return good(asked)

    with provider(away_at_first) as server:
        point_at(monkeypatch, server)
        learned = asyncio.run(learn(tmp_path, APIS[api][0], attempts=1))
    assert learned.state.status == "completed"
    assert "deployments/checks.md" in learned.files


@pytest.mark.parametrize(
    "fault",
    [
        Fault(text=""),
        Fault(text="I cannot help with that."),
        Fault(text='{"tasks": [{"title": "Deploy', truncated=True),
        Fault(status=400),
    ],
    ids=["empty", "refusal", "truncated", "rejected"],
)
def test_useless_answers_end_in_a_visible_state_and_a_flush_gives_another_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    broken = {"now": True}

    async def run() -> tuple[LearningState, LearningState, dict[str, str]]:
        async with opened(tmp_path, model="openai:scripted", attempts=2) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, *TEXTS)
            await engine.sessions.flush(project_id, session_id)
            first = await settled(engine, project_id, space.id, session_id)
            broken["now"] = False
            await engine.sessions.flush(project_id, session_id)
            second = await settled(engine, project_id, space.id, session_id)
            return first, second, await skill_files(engine, project_id, space.id)

    with provider(lambda asked: fault if broken["now"] else good(asked)) as server:
        point_at(monkeypatch, server)
        first, second, files = asyncio.run(run())
    assert first.status == "failed"
    assert first.reason.startswith("The model ")
    assert second.status == "completed"
    assert "deployments/checks.md" in files


def test_few_calls_are_under_way_at_once_and_slow_ones_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def slow(asked: Sequence[Asked]) -> str | Fault:
        return Fault(text=good(asked), hold=gate)

    async def run(server: Provider) -> list[str]:
        async with opened(tmp_path, model="openai:scripted", model_calls=2, concurrency=8) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            ids = [
                await linked_session(engine, project_id, space.id, TEXTS[0], f"{TEXTS[1]} Run {number}.")
                for number in range(5)
            ]
            await asyncio.gather(*(_flush(engine, project_id, one) for one in ids))

            async def two_asked() -> bool | None:
                return len(server.requests) >= 2 or None

            await until(engine, two_asked)
            gate.set()
            return [(await settled(engine, project_id, space.id, one)).status for one in ids]

    with provider(slow) as server:
        point_at(monkeypatch, server)
        states = asyncio.run(run(server))
    assert states == ["completed"] * 5
    assert server.most_at_once == 2


async def _flush(engine: Engine, project_id: str, session_id: str) -> None:
    engine.dispatcher.wake("extract", session_id)
    await engine.dispatcher.look_at(session_id)


def test_what_was_recorded_is_played_again_and_what_was_not_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "recording.jsonl"
    with provider(good) as real, recorder(real.url, "scripted", "sk-very-secret", file) as between:
        point_at(monkeypatch, between)
        first = asyncio.run(learn(tmp_path / "one", "openai:scripted"))
    assert first.state.status == "completed"
    assert len(file.read_text().splitlines()) == 3
    assert "sk-very-secret" not in file.read_text()
    with provider(replay(file)) as server:
        point_at(monkeypatch, server)
        asked = json.loads(file.read_text().splitlines()[0])["messages"]
        assert server.answer("scripted", [Asked(**one) for one in asked]) is not None
        refused = server.answer("scripted", [Asked("user", "Something else")])
    assert isinstance(refused, Fault)
    assert "not recorded" in refused.says
