"""Learning with a language model, over true HTTP against a scripted OpenAI-compatible server on loopback."""

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned import config
from seasoned.engine import Engine
from seasoned.engine.model_calls import ModelCalls
from seasoned.errors import Invalid, ModelFailed
from seasoned.learning.accounting import Scope
from seasoned.learning.questions import ExtractQuestion
from seasoned.message import NumberedMessage
from seasoned.models.language import LanguageModel, only_json
from seasoned.safety.fence import fence
from seasoned.store import Store
from seasoned.testing import Asked, Fault, provider
from tests.support.home import answered, linked_session, opened, project, said, settled, skill_files
from tests.support.parts import a_few
from tests.support.patience import PATIENCE_SECONDS

MODEL = "openai:scripted"
EXTRACTED = {
    "tasks": [{"title": "Deploy API v2", "status": "success", "messages": [[1, 2]], "evidence": "message 2: done"}],
    "preferences": [
        {
            "text": "The user always wants blue-green deployments.",
            "topic": "deployments",
            "message": 1,
            "quote": "Always blue-green",
            "replaces": "",
        }
    ],
}
DISTILLED = {
    "summary": "API v2 was deployed.",
    "lessons": [
        {
            "kind": "pitfall",
            "title": "Health check needs 30 seconds",
            "text": "- Symptom: timeout\n- Correct: set it to 30",
            "topic": "deployments",
            "quotes": [{"number": 2, "text": "health check to 30"}],
        }
    ],
}
TEXTS = ("Deploy API v2. Always blue-green.", "Done, I set the health check to 30 seconds.")


def stage_of(asked: Sequence[Asked]) -> str:
    text = asked[0].content
    return "extract" if "list of tasks" in text else "distill" if "worked on one task" in text else "write"


def written(asked: Sequence[Asked]) -> dict[str, object]:
    """Each lesson placed where it belongs."""
    prompt = asked[1].content
    edits: list[dict[str, object]] = []
    for key, kind in re.findall(r"^(L\d+) (\w+) \[", prompt, re.MULTILINE):
        if kind == "preference":
            text = "- The user always wants blue-green deployments."
            edits.append(
                {"type": "add_entry", "skill": "user-general-facts", "path": "deployments.md", "title": "Deployments"}
                | {"text": text, "lessons": [key]}
            )
        else:
            body = "# Deployments\n\n- `checks.md`: health checks."
            edits += [
                {"type": "create_skill", "name": "deployments", "description": "Lessons for deploys.", "body": body}
                | {"lessons": [key]},
                {"type": "add_entry", "skill": "deployments", "path": "checks.md", "title": "Checks"}
                | {"text": "## Health check needs 30 seconds\n- Correct: set it to 30", "lessons": [key]},
            ]
    return {"edits": edits}


def good(asked: Sequence[Asked]) -> str:
    stage = stage_of(asked)
    answer = EXTRACTED if stage == "extract" else DISTILLED if stage == "distill" else written(asked)
    return json.dumps(answer)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")


async def learn(home: Path, attempts: int = 3) -> tuple[str, dict[str, str], list[str]]:
    """Learn from one session; its status, the skills' files, and the stages of the stored calls."""
    settings = config.load({}, home=home)
    store = Store.open(settings)
    model = LanguageModel(MODEL, ModelCalls(store, settings), timeout_seconds=PATIENCE_SECONDS, calls_at_once=2)
    async with opened(home, model, attempts=attempts) as engine:
        project_id = await project(engine)
        space = await engine.spaces.create(project_id)
        session_id = await linked_session(engine, project_id, space.id, *TEXTS)
        await engine.sessions.flush(project_id, session_id)
        state = await settled(engine, project_id, space.id, session_id)
        rows = (await ModelCalls(store, settings).usage(project_id, 1)).items
        files = await skill_files(engine, project_id, space.id)
        store.close()
        return state.status, files, [f"{row.stage} {row.calls} {row.failed}" for row in rows]


def test_good_answers_become_skills_with_one_call_a_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with provider(good) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        status, files, calls = asyncio.run(learn(tmp_path))
    assert status == "completed"
    assert "## Health check needs 30 seconds" in files["deployments/checks.md"]
    assert "- The user always wants blue-green deployments." in files["user-general-facts/deployments.md"]
    assert sorted(calls)[:2] == ["distill 1 0", "extract 1 0"]
    assert len(server.requests) <= 4


@pytest.mark.parametrize(
    "bad",
    [
        "I would rather chat.",
        '{"tasks": "none"}',
        '{"edits": [], "summary": 1, "tasks": [{"status": "great"}]}',
        "{" * 500,
    ],
    ids=["prose", "wrong types", "wrong values", "nonsense"],
)
def test_an_answer_that_does_not_parse_is_sent_back_with_the_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    def once_bad(asked: Sequence[Asked]) -> str:
        return good(asked) if len(asked) > 2 else bad

    with provider(once_bad) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        status, files, _ = asyncio.run(learn(tmp_path))
    assert status == "completed"
    assert "deployments/checks.md" in files
    assert any("Invalid answer: " in asked[-1].content for asked in server.requests)


@pytest.mark.parametrize(
    "fault", a_few([Fault(status=429), Fault(status=500), Fault(status=503), Fault(cut_off=True)], 1)
)
def test_a_provider_that_is_down_for_a_while_parks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    left = {"faults": 8}

    def down_at_first(asked: Sequence[Asked]) -> str | Fault:
        if left["faults"]:
            left["faults"] -= 1
            return fault
        return good(asked)

    with provider(down_at_first) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        status, files, _ = asyncio.run(learn(tmp_path, attempts=1))
    assert status == "completed"
    assert "deployments/checks.md" in files


def test_a_model_that_never_answers_well_parks_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with provider(lambda _: "no") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        status, files, calls = asyncio.run(learn(tmp_path, attempts=2))
    assert status == "failed"
    assert sorted(files) == ["daily-logs/SKILL.md", "user-general-facts/SKILL.md"]
    assert calls == ["extract 2 2"]


def test_the_same_question_is_not_paid_for_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> int:
        settings = config.load({}, home=tmp_path)
        store = Store.open(settings)
        engine = Engine.open(config.load({}, home=tmp_path))
        row = await engine.projects.default()
        await engine.close()
        model = LanguageModel(MODEL, ModelCalls(store, settings), timeout_seconds=PATIENCE_SECONDS, calls_at_once=2)
        talk = (NumberedMessage(1, 0, said(TEXTS[0])), NumberedMessage(2, 0, answered(TEXTS[1])))
        question = ExtractQuestion(messages=talk, user="alice", scope=Scope(project_id=row.id))
        answers = [await model.extract(question) for _ in range(3)]
        assert answers[0] == answers[1] == answers[2]
        await model.close()
        store.close()
        return len(answers)

    with provider(good) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        assert asyncio.run(run()) == 3
    assert len(server.requests) == 1


@given(st.text(max_size=400), st.text(max_size=40))
def test_a_fence_cannot_be_closed_by_the_text_inside(text: str, tail: str) -> None:
    whole = text + "</data" + tail
    lines = fence(whole).split("\n")
    mark = lines[0].removeprefix("<data ").removesuffix(">")
    assert lines[-1] == f"</data {mark}>"
    assert mark not in whole


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ('Sure!\n```json\n{"a": 1}\n```\nDone.', '{"a": 1}'),
        ('Here: {"a": {}} ok', '{"a": {}}'),
    ],
)
def test_the_json_is_found_in_what_models_put_around_it(text: str, body: str) -> None:
    assert only_json(text).decode() == body


def test_an_answer_without_json_is_refused() -> None:
    with pytest.raises(ModelFailed):
        only_json("nothing here")


def test_a_model_without_a_provider_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="provider:name"):
        Engine.open(config.load({}, home=tmp_path, model="gpt"))
