"""What a provider answered is recorded and played again without it."""

import asyncio
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from seasoned.errors import Invalid
from seasoned.testing import Asked, Fault, Said, Spent, provider, recorder, replay
from tests.llm.test_language import good
from tests.llm.test_providers import APIS, CACHED, learn
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import free_port

KEY = "sk-very-secret"
QUESTION = {"model": "scripted", "max_tokens": 5, "messages": [{"role": "user", "content": "How are you?"}]}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def post(url: str, key: str = KEY) -> httpx.Response:
    return httpx.post(
        f"{url}/chat/completions", json=QUESTION, headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE_SECONDS
    )


def test_a_whole_session_is_recorded_and_learned_again_without_the_provider(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "recording.jsonl"
    with provider(good, cached_tokens=CACHED) as real, recorder(real.url, file) as between:
        monkeypatch.setenv("OPENAI_BASE_URL", between.url)
        first = asyncio.run(learn(tmp_path / "one", APIS["chat"]))
    # The recorder passes requests on as they are, limits and all.
    assert real.bodies == between.bodies
    assert all(body["max_completion_tokens"] for body in real.bodies)
    with provider(replay(file)) as played:
        monkeypatch.setenv("OPENAI_BASE_URL", played.url)
        second = asyncio.run(learn(tmp_path / "two", APIS["chat"]))
    assert first.state.status == second.state.status == "completed"
    assert first.files == second.files
    assert len(file.read_text().splitlines()) == len(played.requests) == 3
    for learned in (first, second):
        assert sum(row.cached_tokens for row in learned.usage) == 3 * CACHED
    assert [row.input_tokens for row in first.usage] == [row.input_tokens for row in second.usage]


@pytest.mark.parametrize("given", ["", "sk-another-secret"], ids=["the client's key", "a key of its own"])
def test_keys_are_passed_on_and_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    came: list[str] = []

    def post_to(url: str, **request: object) -> httpx.Response:
        headers = request["headers"]
        assert isinstance(headers, dict)
        came.append(headers["Authorization"])
        body = {"choices": [{"message": {"content": "Well."}, "finish_reason": "stop"}]}
        return httpx.Response(200, json=body, request=httpx.Request("POST", url))

    file = tmp_path / "recording.jsonl"
    with recorder("http://provider.example/v1", file, key=given) as between:
        monkeypatch.setattr("httpx2.post", post_to)
        assert post(between.url).json()["choices"][0]["message"]["content"] == "Well."
    assert came == [f"Bearer {given or KEY}"]
    assert "secret" not in file.read_text()
    assert "uthorization" not in file.read_text()


def test_what_was_cut_at_the_limit_is_played_as_cut(tmp_path: Path) -> None:
    file = tmp_path / "recording.jsonl"
    said = Said(text="Well eno", truncated=True, spent=Spent(input=7, output=3, cached=2))
    with provider(lambda _: said) as real, recorder(real.url, file) as between:
        recorded = post(between.url).json()
    with provider(replay(file)) as played:
        again = post(played.url).json()
    assert recorded == again
    assert again["choices"][0]["finish_reason"] == "length"
    assert again["usage"]["prompt_tokens_details"] == {"cached_tokens": 2}


def test_a_request_that_was_not_recorded_is_told(tmp_path: Path) -> None:
    file = tmp_path / "recording.jsonl"
    with provider(lambda _: "Well.") as real, recorder(real.url, file) as between:
        post(between.url)
    changed = replay(file)([Asked("user", "How is she?")])
    assert isinstance(changed, Fault)
    assert changed.status == 400
    assert "not recorded in recording.jsonl (1 are)" in changed.says
    assert "'How is she?'" in changed.says


def test_refusals_of_the_provider_are_passed_on_and_not_recorded(tmp_path: Path) -> None:
    file = tmp_path / "recording.jsonl"
    with (
        provider(lambda _: Fault(status=429, retry_after=7, says="slow down")) as real,
        recorder(real.url, file) as between,
    ):
        answer = post(between.url)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["error"]["message"] == "slow down"
    assert not file.exists()


@pytest.mark.parametrize("body", [b"{}", b'{"choices": []}', b"<html>"])
def test_an_answer_of_no_known_form_is_passed_on_and_not_recorded(tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "recording.jsonl"
    with provider(lambda _: Fault(body=body)) as real, recorder(real.url, file) as between:
        assert post(between.url).content == body
    assert not file.exists()


def test_a_provider_that_is_not_there_is_told(tmp_path: Path) -> None:
    with recorder(f"http://127.0.0.1:{free_port()}/v1", tmp_path / "recording.jsonl") as between:
        answer = post(between.url)
    assert answer.status_code == 502
    assert "cannot be reached: ConnectError" in answer.json()["error"]["message"]


def test_only_chat_completions_are_recorded(tmp_path: Path) -> None:
    with recorder("http://127.0.0.1:9/v1", tmp_path / "recording.jsonl") as between:
        answer = httpx.post(f"{between.url}/responses", json={"model": "scripted", "input": "Hello"})
    assert answer.status_code == 400
    assert "only Chat Completions" in answer.json()["error"]["message"]


def test_several_are_recorded_at_once(tmp_path: Path) -> None:
    file, together = tmp_path / "recording.jsonl", threading.Event()

    def second_lets_both_go(_: Sequence[Asked]) -> Fault:
        if len(real.requests) == 2:
            together.set()
        return Fault(text="Well.", hold=together)

    with provider(second_lets_both_go) as real, recorder(real.url, file) as between, ThreadPoolExecutor(2) as clients:
        answers = list(clients.map(post, [between.url] * 2))
    assert [one.status_code for one in answers] == [200, 200]
    assert real.most_at_once == between.most_at_once == 2
    pairs = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(pairs) == 2
    assert len({pair["sha256"] for pair in pairs}) == 1


@pytest.mark.parametrize("text", ["no json\n", '{"sha256": 1}\n', None], ids=["no JSON", "another form", "no file"])
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "recording.jsonl"
    if text is not None:
        file.write_text(text)
    with pytest.raises(Invalid, match=r"recording\.jsonl is no recording of a provider; record it again"):
        replay(file)
