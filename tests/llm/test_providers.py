"""The whole path over true HTTP, for the API of each provider, and what becomes of it when the provider fails.

A provider that is away parks nothing: work waits, says why, and goes on by itself. Answers that are of no use end in
`failed` with the reason, nothing that stood before is touched, and a flush gives another chance.
"""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from seasoned.engine import Engine
from seasoned.engine.spaces import LearningState
from seasoned.pipeline.index import without_list
from seasoned.store import Connection, tasks
from seasoned.store.model_calls import UsageRow
from seasoned.testing import Asked, Fault, Provider, provider
from tests.llm.test_language import TEXTS, good, stage_of
from tests.support.home import linked_session, opened, project, settled, skill_files, until
from tests.support.parts import slow
from tests.support.ports import free_port
from tests.support.server import POLL_SECONDS, WAIT_SECONDS_MAX, running
from tests.support.talk import agent, user

APIS = {
    "chat": "openai:scripted",
    "responses": "openai-responses:scripted",
    "anthropic": "anthropic:scripted",
    "google": "google:gemini-scripted",
}
CACHED = 64
# As many as the tries of OpenAI's and Anthropic's own clients, so that our own waiting is needed too.
FAULTS = 3
SOON = 0.01


class Learned(msgspec.Struct, frozen=True):
    """What one session left behind."""

    state: LearningState
    files: dict[str, str]
    usage: list[UsageRow]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.setenv(name, "not-a-key")


def addresses(server: Provider) -> dict[str, str]:
    """Where each provider's client looks for its server."""
    return {
        "OPENAI_BASE_URL": server.url,
        "ANTHROPIC_BASE_URL": server.root,
        "GOOGLE_GEMINI_BASE_URL": server.root,
    }


def point_at(monkeypatch: pytest.MonkeyPatch, server: Provider) -> None:
    """Let every client find the server."""
    for name, value in addresses(server).items():
        monkeypatch.setenv(name, value)


async def started(engine: Engine) -> tuple[str, str, str]:
    """A session that a space learns from, told to be read now: project, space and session."""
    project_id = await project(engine)
    space = await engine.spaces.create(project_id)
    session_id = await linked_session(engine, project_id, space.id, *TEXTS)
    await engine.sessions.flush(project_id, session_id)
    return project_id, space.id, session_id


async def learn(home: Path, model: str, **settings: object) -> Learned:
    """Learn from one session."""
    async with opened(home, model, None, **settings) as engine:
        ids = await started(engine)
        state = await settled(engine, *ids)
        usage = (await engine.calls.usage(ids[0], 1)).items
        return Learned(state, await skill_files(engine, *ids[:2]), usage)


def tokens_asked(server: Provider) -> int:
    """How many tokens the server says it was asked, cached ones included."""
    return sum(sum(len(one.content) for one in asked) // 4 for asked in server.requests)


@pytest.mark.parametrize("api", APIS)
def test_a_session_becomes_skills_and_its_tokens_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    with provider(good, cached_tokens=CACHED) as server:
        point_at(monkeypatch, server)
        learned = asyncio.run(learn(tmp_path, APIS[api]))
    assert learned.state.status == "completed"
    assert "## Health check needs 30 seconds" in learned.files["deployments/checks.md"]
    assert [stage_of(asked) for asked in server.requests] == ["extract", "distill", "write"]
    assert sum(row.cached_tokens for row in learned.usage) == 3 * CACHED
    assert sum(row.input_tokens for row in learned.usage) == tokens_asked(server)
    assert all(row.output_tokens > 0 for row in learned.usage)


@pytest.mark.parametrize("api", ["chat", "anthropic"])
def test_the_usage_of_a_server_that_the_environment_points_at_a_provider(tmp_path: Path, api: str) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(provider(good, cached_tokens=CACHED))
        environment = {**addresses(server), "SEASONED_MODEL": APIS[api]}
        seasoned = stack.enter_context(running(tmp_path, environment))
        client, http = stack.enter_context(seasoned.client()), stack.enter_context(seasoned.http())
        space, session = client.learning_spaces.create(), client.sessions.create()
        client.learning_spaces.learn(space.id, session_id=session.id)
        client.sessions.store_message(session.id, blob=user(TEXTS[0]))
        client.sessions.store_message(session.id, blob=agent(TEXTS[1]))
        client.sessions.flush(session.id)
        state = client.learning_spaces.wait_for_learning(
            space.id, session_id=session.id, timeout=WAIT_SECONDS_MAX, poll_interval=POLL_SECONDS
        )
        rows = http.get("/usage", params={"days": 1}).json()["data"]["items"]
    assert state.status == "completed"
    assert sorted((row["stage"], row["model"], row["calls"], row["failed"]) for row in rows) == [
        (stage, APIS[api], 1, 0) for stage in ("distill", "extract", "write")
    ]
    assert {row["cached_tokens"] for row in rows} == {CACHED}
    assert sum(row["input_tokens"] for row in rows) == tokens_asked(server)


AWAY = {
    "429": Fault(status=429),
    "429 with a wait": Fault(status=429, retry_after=SOON),
    "500": Fault(status=500, retry_after=SOON),
    "503": Fault(status=503, retry_after=SOON),
    "502 of a proxy": Fault(status=502, retry_after=SOON, body=b"<html>Bad gateway</html>"),
    "401": Fault(status=401),
    "cut off": Fault(cut_off=True),
    "cut short": Fault(cut_short=True, text="{}"),
    "malformed": Fault(malformed=True),
}
AWAY_BY_API = [
    *(("chat", name) for name in ("429", "503", "502 of a proxy", "401", "cut short", "malformed")),
    *zip(("responses", "anthropic", "google"), ("429 with a wait", "500", "cut off"), strict=True),
]
AWAY_SLOW = [(api, name) for api in APIS for name in ("429 with a wait", "500", "cut off")]


@pytest.mark.parametrize(("api", "fault"), [*AWAY_BY_API, *(slow(one) for one in AWAY_SLOW if one not in AWAY_BY_API)])
def test_a_provider_that_is_away_for_a_while_parks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str, fault: str
) -> None:
    left = {"faults": FAULTS}

    def away_at_first(asked: Sequence[Asked]) -> str | Fault:
        if left["faults"]:
            left["faults"] -= 1
            return AWAY[fault]
        return good(asked)

    with provider(away_at_first) as server:
        point_at(monkeypatch, server)
        # One attempt: whatever is counted as a failure would park.
        learned = asyncio.run(learn(tmp_path, APIS[api], attempts=1))
    assert learned.state.status == "completed"
    assert learned.state.reason == ""
    assert "deployments/checks.md" in learned.files
    assert len(server.requests) == FAULTS + 3


def test_work_waits_for_a_provider_that_is_not_there_and_goes_on_when_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    settings = {"attempts": 1, "retry_seconds_max": 0.1}

    async def waiting() -> tuple[str, str, str]:
        async with opened(tmp_path, APIS["chat"], None, **settings) as engine:
            ids = await started(engine)

            async def told() -> LearningState | None:
                state = await engine.spaces.state(*ids)
                return state if state.reason else None

            state = await until(engine, told)
            assert state.status == "pending"
            assert "cannot be reached" in state.reason
            return ids

    async def goes_on(ids: tuple[str, str, str]) -> LearningState:
        async with opened(tmp_path, APIS["chat"], None, **settings) as engine:
            return await settled(engine, *ids)

    ids = asyncio.run(waiting())
    # The engine was closed and opened again in between: nobody has to ask for the work again.
    with provider(good, port=port):
        state = asyncio.run(goes_on(ids))
    assert (state.status, state.reason) == ("completed", "")


def test_a_provider_that_goes_away_between_the_stages_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> tuple[LearningState, list[str]]:
        async with opened(tmp_path, model=APIS["chat"], attempts=1, retry_seconds_max=0.1) as engine:
            with provider(lambda asked: good(asked) if stage_of(asked) == "extract" else Fault(status=503)) as first:
                point_at(monkeypatch, first)
                ids = await started(engine)

                async def told() -> bool | None:
                    return "cannot be reached" in (await engine.spaces.state(*ids)).reason or None

                await until(engine, told)
                port = int(first.root.rsplit(":", 1)[1])
            with provider(good, port=port) as second:
                state = await settled(engine, *ids)
            return state, [stage_of(asked) for asked in second.requests]

    state, stages = asyncio.run(run())
    assert state.status == "completed"
    # What was paid for is not asked again.
    assert stages == ["distill", "write"]


USELESS = {
    "empty": Fault(text=""),
    "words only": Fault(text="I cannot help with that."),
    "refused": Fault(refused=True, says="I cannot help with that."),
    "cut at the limit": Fault(text='{"tasks": [{"title": "Deploy', truncated=True),
    "cut before a word": Fault(text="", truncated=True),
    "of no known form": Fault(body=b'{"object": "other"}'),
    "rejected": Fault(status=400),
}
USELESS_BY_STAGE = [
    *(("chat", "extract", name) for name in USELESS),
    *(("chat", stage, name) for stage in ("distill", "write") for name in ("refused", "cut at the limit", "rejected")),
    *(
        (api, "extract", name)
        for api in ("responses", "anthropic", "google")
        for name in ("refused", "cut at the limit")
    ),
]
USELESS_ALWAYS = [
    *(
        ("chat", "extract", name)
        for name in ("empty", "words only", "cut before a word", "of no known form", "rejected")
    ),
    *(("chat", "distill", "refused"), ("chat", "write", "cut at the limit")),
    *((api, "extract", "refused") for api in ("responses", "google")),
    ("anthropic", "extract", "cut at the limit"),
]


@pytest.mark.parametrize(
    ("api", "stage", "fault"), [one if one in USELESS_ALWAYS else slow(one) for one in USELESS_BY_STAGE]
)
def test_useless_answers_end_in_a_visible_state_and_a_flush_gives_another_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str, stage: str, fault: str
) -> None:
    broken = threading.Event()
    broken.set()

    def weak(asked: Sequence[Asked]) -> str | Fault:
        return USELESS[fault] if broken.is_set() and stage_of(asked) == stage else good(asked)

    async def run() -> None:
        async with opened(tmp_path, model=APIS[api], attempts=2) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            before = await skill_files(engine, project_id, space.id)
            session_id = await linked_session(engine, project_id, space.id, *TEXTS)
            ids = (project_id, space.id, session_id)
            await engine.sessions.flush(project_id, session_id)
            first = await settled(engine, *ids)
            assert first.status == "failed"
            assert first.reason.startswith("The model gave no usable answer: ")
            after = await skill_files(engine, project_id, space.id)
            assert {path: without_list(after[path]) for path in before} == before
            broken.clear()
            await engine.sessions.flush(project_id, session_id)
            second = await settled(engine, *ids)
            assert (second.status, second.reason) == ("completed", "")
            files = await skill_files(engine, project_id, space.id)
            assert files["deployments/checks.md"].count("## Health check needs 30 seconds") == 1
            assert "- The user always wants blue-green" in files["user-general-facts/deployments.md"]

            def titles(connection: Connection) -> list[str]:
                return [row.title for row in tasks.of_session(connection, session_id)]

            assert await engine.store.read(titles) == ["Deploy API v2"]

    with provider(weak) as server:
        point_at(monkeypatch, server)
        asyncio.run(run())


def test_few_calls_are_under_way_at_once_and_slow_ones_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, sessions = threading.Event(), 5

    def slow(asked: Sequence[Asked]) -> str | Fault:
        return Fault(text=good(asked), hold=gate)

    async def run(server: Provider) -> list[str]:
        async with opened(tmp_path, model=APIS["chat"], model_calls=2, concurrency=8) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            # Other words in each: the same question would be answered from the calls that were kept.
            texts = [f"{TEXTS[1]} Run {number}." for number in range(sessions)]
            ids = [await linked_session(engine, project_id, space.id, TEXTS[0], text) for text in texts]
            flushes = [asyncio.create_task(engine.sessions.flush(project_id, one)) for one in ids]

            async def two_asked() -> bool | None:
                return len(server.requests) >= 2 or None

            await until(engine, two_asked)
            gate.set()
            await asyncio.gather(*flushes)
            return [(await settled(engine, project_id, space.id, one)).status for one in ids]

    with provider(slow) as server:
        point_at(monkeypatch, server)
        states = asyncio.run(run(server))
    assert states == ["completed"] * sessions
    assert server.most_at_once == 2


def test_an_answer_that_comes_too_late_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    never, left = threading.Event(), {"slow": FAULTS}

    def slow_at_first(asked: Sequence[Asked]) -> str | Fault:
        if left["slow"]:
            left["slow"] -= 1
            return Fault(text=good(asked), hold=never)
        return good(asked)

    with provider(slow_at_first) as server:
        point_at(monkeypatch, server)
        learned = asyncio.run(learn(tmp_path, APIS["chat"], attempts=1, model_timeout_seconds=0.25))
    assert learned.state.status == "completed"
    # At least: on a slow machine a good answer may come too late as well.
    assert len(server.requests) >= FAULTS + 3
    assert server.most_at_once == 1
