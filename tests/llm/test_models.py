"""Which model is asked, what it may spend, and what becomes of answers that are only partly right."""

import asyncio
import json
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from seasoned import config
from seasoned.engine import Engine
from seasoned.engine.model_calls import ModelCalls
from seasoned.errors import ModelUnavailable
from seasoned.learning.accounting import Scope
from seasoned.learning.questions import DistillQuestion, ExtractQuestion
from seasoned.message import NumberedMessage
from seasoned.models.language import LanguageModel
from seasoned.models.providers import Price
from seasoned.store import Store
from seasoned.task import Task
from seasoned.testing import Asked, Fault, provider
from tests.llm.test_language import TEXTS, good, stage_of
from tests.support.home import answered, linked_session, opened, project, said, settled, skill_files, until
from tests.support.patience import PATIENCE_SECONDS

MESSAGES = (NumberedMessage(1, 0, said(TEXTS[0])), NumberedMessage(2, 0, answered(TEXTS[1])))


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")


def ask(
    home: Path, question: Callable[[LanguageModel, Scope], Any], name: str = "openai:main", **settings: Any
) -> tuple[Any, list[tuple[str, str, int | None]]]:
    """What a model answers to one question, and the calls that were kept: stage, model and price."""

    async def run() -> tuple[Any, list[tuple[str, str, int | None]]]:
        loaded = config.load({}, home=home)
        engine = Engine.open(loaded)
        row = await engine.projects.default()
        await engine.close()
        store = Store.open(loaded)
        calls = ModelCalls(store, loaded)
        model = LanguageModel(name, calls, timeout_seconds=PATIENCE_SECONDS, calls_at_once=2, **settings)
        try:
            answer = await question(model, Scope(project_id=row.id))
            rows = (await calls.usage(row.id, 1)).items
            return answer, [(one.stage, one.model, one.price_micros) for one in rows]
        finally:
            await model.close()
            store.close()

    return asyncio.run(run())


def extract(model: LanguageModel, scope: Scope) -> Any:
    return model.extract(ExtractQuestion(messages=MESSAGES, scope=scope))


def distill(model: LanguageModel, scope: Scope) -> Any:
    task = Task(order=1, title="Deploy", status="success", first=1, last=2)
    return model.distill(DistillQuestion(task=task, messages=MESSAGES, scope=scope))


def test_each_stage_can_have_a_model_of_its_own_at_a_base_url(tmp_path: Path) -> None:
    with provider(good) as server:
        by_stage = {"distill": "openai:careful"}
        _, calls = ask(tmp_path / "a", extract, by_stage=by_stage, base_url=server.url)
        assert [call[:2] for call in calls] == [("extract", "openai:main")]
        _, calls = ask(tmp_path / "b", distill, by_stage=by_stage, base_url=server.url)
        assert [call[:2] for call in calls] == [("distill", "openai:careful")]


def test_a_model_that_is_away_is_replaced_by_its_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with provider(good) as server:
        monkeypatch.setenv("OLLAMA_BASE_URL", server.url)
        answer, calls = ask(tmp_path, extract, fallbacks=("ollama:small",))
    assert answer.tasks[0].title == "Deploy API v2"
    assert sorted(call[:2] for call in calls) == [("extract", "ollama:small"), ("extract", "openai:main")]


def test_without_any_model_in_reach_the_first_reason_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        ask(tmp_path, extract, base_url="http://127.0.0.1:9/v1", fallbacks=("openai:other",))


def test_a_price_of_the_settings_is_counted(tmp_path: Path) -> None:
    with provider(good) as server:
        _, calls = ask(tmp_path, extract, base_url=server.url, price=Price(input_usd=2.0, output_usd=10.0))
        tokens_in = sum(len(one.content) for one in server.requests[0]) // 4
    assert len(calls) == 1
    price = calls[0][2]
    assert price is not None
    assert 2 * tokens_in < price < 2 * tokens_in + 10_000


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"title": "Ghost", "status": "success", "messages": [[40, 50]]}, "is no range"),
        ({"title": "Ghost", "status": "splendid", "messages": [[1, 2]]}, "Invalid enum value"),
        ({"order": 9, "status": "success", "messages": [[1, 2]]}, "no known task of order 9"),
        ({"title": "Ghost", "status": "success", "messages": [["a"]]}, "Expected"),
    ],
    ids=["range", "status", "order", "type"],
)
def test_a_wrong_task_is_sent_back_once_and_then_refused_alone(
    tmp_path: Path, wrong: dict[str, object], reason: str
) -> None:
    def stubborn(asked: Sequence[Asked]) -> str:
        answer = json.loads(good(asked))
        answer["tasks"].append(wrong)
        return json.dumps(answer)

    with provider(stubborn) as server:
        answer, _ = ask(tmp_path, extract, base_url=server.url)
    assert [task.title for task in answer.tasks] == ["Deploy API v2"]
    assert len(answer.preferences) == 1
    assert len(server.requests) == 2
    assert reason in server.requests[1][-1].content


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "The user is a king.", "message": 2, "quote": "Done"},
        {"text": "The user is a king.", "message": 1, "quote": "I am a king"},
        {"text": "The user is a king.", "message": 77, "quote": "Deploy"},
    ],
    ids=["said by the agent", "never said", "no such message"],
)
def test_a_preference_that_the_user_did_not_state_is_refused_alone(tmp_path: Path, wrong: dict[str, object]) -> None:
    def stubborn(asked: Sequence[Asked]) -> str:
        answer = json.loads(good(asked))
        answer["preferences"].append(wrong)
        return json.dumps(answer)

    with provider(stubborn) as server:
        answer, _ = ask(tmp_path, extract, base_url=server.url)
    assert [one.text for one in answer.preferences] == ["The user always wants blue-green deployments."]


def test_an_edit_of_an_unknown_kind_is_refused_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(asked: Sequence[Asked]) -> str:
        answer = json.loads(good(asked))
        if stage_of(asked) == "write":
            answer["edits"].append({"type": "erase_everything", "lessons": ["L1"]})
        return json.dumps(answer)

    async def run() -> dict[str, str]:
        async with opened(tmp_path, model="openai:main") as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, *TEXTS)
            await engine.sessions.flush(project_id, session_id)
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"
            return await skill_files(engine, project_id, space.id)

    with provider(odd) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        files = asyncio.run(run())
    assert "deployments/checks.md" in files


def test_a_budget_pauses_learning_with_a_visible_reason_and_learning_goes_on_when_it_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(server_url: str) -> None:
        monkeypatch.setenv("OPENAI_BASE_URL", server_url)
        async with opened(tmp_path, model="openai:main", budget_tokens=100) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, *TEXTS)
            await engine.sessions.flush(project_id, session_id)

            async def paused() -> str | None:
                state = await engine.spaces.state(project_id, space.id, session_id)
                return state.reason if "budget" in state.reason else None

            reason = await until(engine, paused)
            assert "of 100 tokens a day is used up" in reason
            assert (await engine.spaces.state(project_id, space.id, session_id)).status == "running"
            usage = await engine.calls.usage(project_id, 1)
            assert [(one.of, one.unit, one.is_used_up) for one in usage.budgets] == [("project", "tokens", True)]
        async with opened(tmp_path, model="openai:main", budget_tokens=1_000_000) as engine:
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"

    with provider(good) as server:
        asyncio.run(run(server.url))
        assert [stage_of(asked) for asked in server.requests][:1] == ["extract"]
        assert len(server.requests) == 3


def test_a_space_can_have_a_budget_of_its_own_in_its_meta(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> tuple[str, str]:
        async with opened(tmp_path, model="openai:main") as engine:
            project_id = await project(engine)
            poor = await engine.spaces.create(project_id, meta={"learning_budget_tokens": 1})
            rich = await engine.spaces.create(project_id)
            first = await linked_session(engine, project_id, poor.id, *TEXTS)
            # Other words: the same question would be answered from the calls of the other space, for nothing.
            second = await linked_session(engine, project_id, rich.id, TEXTS[0], f"{TEXTS[1]} All is well.")
            for session_id in (first, second):
                await engine.sessions.flush(project_id, session_id)
            done = (await settled(engine, project_id, rich.id, second)).status

            async def paused() -> str | None:
                return (await engine.spaces.state(project_id, poor.id, first)).reason or None

            return done, await until(engine, paused)

    with provider(good) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        done, reason = asyncio.run(run())
    assert done == "completed"
    assert "the space's budget of 1 tokens" in reason


def test_a_provider_that_is_away_is_the_reason_that_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> str:
        async with opened(tmp_path, model="openai:main", retry_seconds=30) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            session_id = await linked_session(engine, project_id, space.id, *TEXTS)
            done, why = await engine.sessions.flush(project_id, session_id)
            assert not done
            state = await engine.spaces.state(project_id, space.id, session_id)
            assert state.reason == why
            return why

    with provider(lambda _: Fault(status=503)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        assert "cannot be reached" in asyncio.run(run())


def test_a_call_that_ran_out_of_time_gets_more_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def twice(model: LanguageModel, scope: Scope) -> list[float]:
        question = ExtractQuestion(messages=MESSAGES, scope=scope)
        asked: list[float] = []
        original = model._seconds

        def noted(name: str) -> float:
            asked.append(original(name))
            return asked[-1] if release["slow"] else PATIENCE_SECONDS

        monkeypatch.setattr(model, "_seconds", noted)
        model._timeout = 0.2
        with pytest.raises(ModelUnavailable):
            await model.extract(question)
        model._timeout_max = 10.0
        await model.extract(question)
        return asked

    # The client itself tries three times; each of these answers comes too late.
    release, never = {"slow": 3}, threading.Event()

    def slow_at_first(asked: Sequence[Asked]) -> str:
        if release["slow"]:
            release["slow"] -= 1
            never.wait(0.6)
        return good(asked)

    with provider(slow_at_first) as server:
        asked, _ = ask(tmp_path, twice, base_url=server.url)
    assert asked == [0.2, 0.4]


CUSTOM = {
    "people": ("One file for each person, `first-name.md`; list items with what is known of them.", "priya.md"),
    "runbooks": ("One runbook for each project, `project.md`; one section for each procedure.", "ledger.md"),
    "error-patterns": ("Error patterns by category, `category.md`; Symptom, Cause, Fix.", "errors/timeouts.md"),
}


def test_skills_of_the_user_are_shown_with_their_instructions_and_filled_in_their_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seasoned.archive import write_zip  # noqa: PLC0415 - for this test only

    shown: list[str] = []

    def by_the_book(asked: Sequence[Asked]) -> str:
        if stage_of(asked) != "write":
            return good(asked)
        prompt = asked[1].content
        shown.append(prompt)
        edits: list[dict[str, object]] = []
        for key in re.findall(r"^(L\d+) \w+ \[", prompt, re.MULTILINE):
            for name, (_, path) in CUSTOM.items():
                text = f"- Known of {name} by {key}." if name == "people" else f"## Of {name} {key}\n- Fix: it"
                place = {"skill": name, "path": path, "title": "Title", "text": text}
                edits.append({"type": "add_entry", "lessons": [key], **place})
        return json.dumps({"edits": edits})

    async def run() -> dict[str, str]:
        async with opened(tmp_path, model="openai:main") as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            for name, (rule, _) in CUSTOM.items():
                head = f"---\nname: {name}\ndescription: What is known of {name}.\n---\n# {name}\n\n{rule}\n"
                state, _ = await engine.skills.upload(
                    project_id, write_zip({"SKILL.md": head.encode()}), user=None, meta=None
                )
                await engine.spaces.include_skill(project_id, space.id, state.row.id)
            session_id = await linked_session(engine, project_id, space.id, *TEXTS)
            await engine.sessions.flush(project_id, session_id)
            assert (await settled(engine, project_id, space.id, session_id)).status == "completed"
            return await skill_files(engine, project_id, space.id)

    with provider(by_the_book) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        files = asyncio.run(run())
    for name, (rule, path) in CUSTOM.items():
        assert f"=== skill {name} (made by the user)" in shown[0]
        assert rule in shown[0]
        assert f"{name}/{path}" in files, sorted(files)
