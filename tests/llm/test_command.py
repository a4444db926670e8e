"""A program as the model: what it is given, what becomes of its answers, and what is left of it at a timeout."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from seasoned import config
from seasoned.engine import models
from seasoned.errors import Invalid, ModelUnavailable
from seasoned.importers import finding
from seasoned.models import command
from seasoned.tokens import count_tokens
from tests.llm.test_language import DISTILLED, EXTRACTED, TEXTS
from tests.llm.test_providers import Learned, learn
from tests.support.home import linked_session, opened, project, until
from tests.support.patience import PATIENCE_SECONDS
from tests.support.server import wait_until

# Answers each stage as a good model does, and notes what it was given.
GOOD = r"""
import json, os, pathlib, re, sys
prompt, notes = sys.stdin.read(), pathlib.Path(NOTES)
environ = {name: value for name, value in os.environ.items() if "SEASONED" in name or "CLAUDE" in name}
given = {"prompt": prompt, "argv": sys.argv[1:], "folder": [os.getcwd(), *os.listdir()], "environ": environ}
with notes.open("a") as file:
    file.write(json.dumps(given) + "\n")
BEFORE
if "list of tasks" in prompt:
    print("Here it is:\n```json\n" + EXTRACTED + "\n```")
elif "worked on one task" in prompt:
    print(DISTILLED)
else:
    keys = re.findall(r"^(L\d+) \w+ \[", prompt, re.MULTILINE)
    create = dict(type="create_skill", name="checks", description="Use when deploying.", body="# Checks", lessons=keys)
    entry = dict(type="add_entry", skill="checks", path="health.md", title="Health", lessons=keys)
    entry["text"] = "## Health check needs 30 seconds\nWait before the first check."
    print(json.dumps(dict(edits=[create, entry])))
"""


def program(folder: Path, before: str = "") -> str:
    """The setting that names a program with a code of its own, run first."""
    path = folder / "model with a space.py"
    answers = {"EXTRACTED": repr(json.dumps(EXTRACTED)), "DISTILLED": repr(json.dumps(DISTILLED))}
    code = GOOD
    for word, value in ({"NOTES": repr(str(folder / "notes")), "BEFORE": before} | answers).items():
        code = code.replace(word, value)
    path.write_text(code)
    return f"command:{sys.executable} '{path}' --tools '' $HOME"


def notes(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "notes").read_text().splitlines()]


def run(home: Path, model: str, **settings: object) -> Learned:
    return asyncio.run(learn(home, model, **settings))


def test_a_session_becomes_skills_and_the_tokens_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEASONED_API_KEY", "sk-ac-not-for-others")
    monkeypatch.setenv("CLAUDECODE", "1")
    learned = run(tmp_path / "home", program(tmp_path))
    asked = notes(tmp_path)
    assert learned.state.status == "completed"
    assert "## Health check needs 30 seconds" in learned.files["checks/health.md"]
    assert len(asked) == 3
    assert sum(row.input_tokens for row in learned.usage) == sum(count_tokens(str(one["prompt"])) for one in asked)
    assert all(row.output_tokens > 0 for row in learned.usage)
    # No shell has expanded anything, the folder is empty and gone, and nothing of ours or of an outer agent is told.
    assert all(one["argv"] == ["--tools", "", "$HOME"] for one in asked)
    assert all(one["environ"] == {command.ANSWERING: "1"} for one in asked)
    folders = [one["folder"] for one in asked]
    assert all(isinstance(folder, list) and len(folder) == 1 and not Path(folder[0]).exists() for folder in folders)


def test_what_a_program_records_of_our_questions_is_no_session_of_a_user(tmp_path: Path) -> None:
    run(tmp_path / "home", program(tmp_path))
    folder = notes(tmp_path)[0]["folder"]
    assert isinstance(folder, list)
    projects = tmp_path / "projects"
    for name in (folder[0].replace("/", "-"), "-home-alice-shop"):
        (projects / name).mkdir(parents=True)
        (projects / name / "1.jsonl").write_text("{}")
    assert list(finding.candidates(projects)) == [projects / "-home-alice-shop" / "1.jsonl"]


def test_a_wrong_answer_goes_back_with_the_reasons(tmp_path: Path) -> None:
    once = "if not notes.with_suffix('.x').exists():\n    notes.with_suffix('.x').touch(); print('Sure!'); sys.exit()"
    learned = run(tmp_path / "home", program(tmp_path, once), attempts=1)
    asked = notes(tmp_path)
    assert learned.state.status == "completed"
    assert len(asked) == 4
    again = str(asked[1]["prompt"])
    assert again.startswith(str(asked[0]["prompt"]))
    assert "Sure!" in again.removeprefix(str(asked[0]["prompt"]))
    assert "the answer contains no JSON object" in again


async def _told(home: Path, model: str) -> str:
    async with opened(home, model, None, attempts=1, retry_seconds_max=0.1) as engine:
        project_id = await project(engine)
        space = await engine.spaces.create(project_id)
        session_id = await linked_session(engine, project_id, space.id, *TEXTS)
        await engine.sessions.flush(project_id, session_id)

        async def reason() -> str | None:
            return (await engine.spaces.state(project_id, space.id, session_id)).reason or None

        return await until(engine, reason)


def test_a_program_that_fails_is_waited_for_and_its_words_are_not_repeated(tmp_path: Path) -> None:
    failing = "print('token sk-secret is over its limit', file=sys.stderr); sys.exit(7)"
    reason = asyncio.run(_told(tmp_path / "home", program(tmp_path, failing)))
    assert "ended with status 7" in reason
    assert "sk-secret" not in reason


def test_too_much_output_ends_in_failed(tmp_path: Path) -> None:
    learned = run(tmp_path / "home", program(tmp_path, "print('x' * 3_000_000); sys.exit()"), attempts=1)
    assert learned.state.status == "failed"
    assert "wrote more than" in learned.state.reason


def test_at_the_timeout_the_program_and_what_it_started_are_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    hang = (
        "import subprocess\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(pids)!r}).write_text(f'{{os.getpid()}} {{child.pid}}')\n"
        "child.wait()"
    )

    async def hangs() -> None:
        name = program(tmp_path, hang)
        work = asyncio.create_task(command.run(command.command_of(name), "list of tasks"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.to_thread(wait_until, lambda: pids.exists() and " " in pids.read_text(), "started")
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(hangs())
    for pid in map(int, pids.read_text().split()):
        assert not _is_running(pid)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_slow_program_gets_more_time(tmp_path: Path) -> None:
    slow_once = (
        "import time\nif not notes.with_suffix('.x').exists():\n    notes.with_suffix('.x').touch(); time.sleep(600)"
    )
    learned = run(tmp_path / "home", program(tmp_path, slow_once), attempts=1, model_timeout_seconds=0.5)
    assert learned.state.status == "completed"
    assert sum(row.failed for row in learned.usage) >= 1


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("command:no-such-program -p", "'no-such-program' is not found"),
        ("command:'", "the quotes of the command do not match"),
        ("codex", "'codex' is not found"),
    ],
)
def test_a_command_that_cannot_run_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch, model: str, says: str) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Invalid, match="SEASONED_MODEL=") as told:
        asyncio.run(models.check(config.load({}, model=model)))
    assert says in str(told.value)


def test_a_program_that_is_gone_is_waited_for(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="cannot be started"):
        asyncio.run(command.run([str(tmp_path / "gone")], "?"))


def test_presets_have_their_tools_off_and_take_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("claude", "codex", "gemini", "llm", "ollama"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    claude = command.command_of("claude-code:opus")
    assert claude[claude.index("--tools") + 1] == ""
    assert claude[-2:] == ["--model", "opus"]
    gemini = command.command_of("gemini")
    policy = Path(gemini[gemini.index("--policy") + 1])
    assert 'decision = "deny"' in policy.read_text()
    assert command.command_of("codex")[:2] == ["codex", "exec"]
    assert command.command_of("llm:qwen3")[-2:] == ["--model", "qwen3"]
    assert command.command_of("ollama:qwen3")[-1] == "qwen3"
    monkeypatch.setenv("OLLAMA_BASE_URL", "http://127.0.0.1:11434/v1")
    # Where the address of its server is set, the server is asked itself.
    assert command.command_of("ollama:qwen3") == []
    assert config.load({}, model="claude-code", model_fallback="llm, ollama:qwen3").models[
        "SEASONED_MODEL_FALLBACK"
    ] == [
        "llm",
        "ollama:qwen3",
    ]
