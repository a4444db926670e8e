"""Evaluation on the command line: cases of past sessions, runs of a scripted agent, and verdicts."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from seasoned import importers
from tests.support.command import Done, seasoned

AGENT = f"{sys.executable} -I -S {Path(__file__).parents[1] / 'support' / 'agent.py'}"
EXAMPLE = Path(__file__).parents[2] / "examples" / "claude-code.jsonl"
SKILLS = {1: "Think before you answer.", 2: "Always answer right.", 3: "Always answer wrong."}


def evals(home: Path, *words: str) -> Done:
    """`seasoned eval`, and what it must not do."""
    done = seasoned(home, "eval", *words)
    assert "Traceback" not in done.err
    return done


def suite(path: Path, *cases: Mapping[str, object]) -> Path:
    """A file of cases, checked by their agent's answer unless they say otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    check = {"check": ["grep", "-qx", "right", "answer.txt"]}
    numbered = [{"id": number, **check, **case} for number, case in enumerate(cases, start=1)]
    path.write_text(json.dumps({"skill_name": "answers", "evals": numbered}))
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a skill whose versions do nothing, help and harm."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("skill") / "answers"
    folder.mkdir()
    assert seasoned(home, "learn", str(EXAMPLE), "--space", "shop").code == 0
    for text in SKILLS.values():
        (folder / "SKILL.md").write_text(f"---\nname: answers\ndescription: How to answer.\n---\n# Answers\n\n{text}\n")
        done = seasoned(home, "skills", "import", str(folder), "--space", "shop")
        assert done.code == 0, done.err
        out = folder.parent / "out"
        assert seasoned(home, "skills", "export", str(out), "--space", "shop").code == 0
        folder = out / "answers"
    return home


@pytest.fixture(scope="module")
def cases(home: Path) -> Path:
    """Six cases that the agent gets right without a skill, and six that it gets wrong."""
    prompts = [f"An {kind} question, number {number}" for kind in ("easy", "hard") for number in range(6)]
    return suite(home / "cases" / "evals" / "evals.json", *({"prompt": prompt} for prompt in prompts))


def figures(done: Done) -> dict[str, dict[str, object]]:
    assert done.code == 0, done.err
    return {f"{one['first']} {one['second']}": one["verdict"] for one in json.loads(done.out)["comparisons"]}


@pytest.mark.sqlite
def test_a_skill_that_helps_and_one_that_harms_are_told_apart(home: Path, cases: Path) -> None:
    start = ("run", "answers", "--agent", AGENT, "--cases", str(cases), "--trust-checks", "--json")
    first = figures(evals(home, *start, "--version", "2", "--old", "1", "--noise"))
    found = {name: (one["word"], one["wins"], one["losses"], one["ties"]) for name, one in first.items()}
    assert found == {
        "none again": ("too few", 0, 0, 12),
        "none v1": ("too few", 0, 0, 12),
        "none v2": ("helps", 6, 0, 6),
        "v1 v2": ("helps", 6, 0, 6),
    }
    assert first["none v1"]["pairs_needed"] == 17, "29 cases that are alike say that nothing differs"
    harmful = figures(evals(home, *start, "--version", "3"))
    assert (harmful["none v3"]["word"], harmful["none v3"]["losses"]) == ("harms", 6)
    shown = evals(home, "show", "answers").out
    assert "v3 against no skill: harms (0 cases better, 6 worse, 6 alike, p = 0.016)." in shown
    runs = [
        json.loads(line) for line in next((home / "evals").iterdir()).joinpath("runs.jsonl").read_text().splitlines()
    ]
    assert len(runs) == len({one["key"] for one in runs}) == 12 * 3 * 5, "the arm without a skill was run once"
    arms = [one["arm"] for one in runs[:144]]
    assert all(arms[:24].count(arm) > 0 for arm in ("none", "again", "v1", "v2")), "arms run in random order"


@pytest.mark.sqlite
def test_an_evaluation_goes_on_where_it_was_stopped_and_keeps_what_was_said(
    home: Path, cases: Path, tmp_path: Path
) -> None:
    few = suite(tmp_path / "evals" / "evals.json", {"prompt": "An easy one: key sk-ant-api03-" + "a1B2" * 24 + "AA"})
    start = ("run", "answers", "--agent", AGENT, "--cases", str(few), "--trust-checks")
    assert "4 of 6 runs are done" in evals(home, *start, "--runs-max", "4").out
    (folder,) = (home / "evals").iterdir()
    before = (folder / "runs.jsonl").read_bytes()
    # A crash in the middle of the last line.
    (folder / "runs.jsonl").write_bytes(before[:-20])
    assert "3 of 6 runs are done" in evals(home, "show", "answers").out
    assert evals(home, *start).code == 0
    found = json.loads(evals(home, "show", "answers", "--json").out)
    assert (found["wanted"], [(one["runs"], one["passed"]) for one in found["arms"]]) == (6, [(3, 3), (3, 0)])
    keys = json.loads((folder / "wanted.json").read_text())
    (transcript,) = importers.read(folder / "runs" / f"{keys[0]}.json", "atif")
    prompt, answer = (one.message.prose() for one in transcript.messages)
    assert "An easy one" in prompt
    assert "a1B2" not in prompt
    assert str(home) not in answer
    assert answer.endswith("with SEASONED_ANSWERING.\n")


@pytest.mark.sqlite
def test_the_agent_begins_where_the_session_began(home: Path, tmp_path: Path) -> None:
    repository, git = tmp_path / "shop", ("git", "-c", "user.name=A", "-c", "user.email=a@example.org")
    repository.mkdir()
    subprocess.run([*git, "init", "-q", "-b", "main"], cwd=repository, check=True)
    for day, text in (("01", "old"), ("03", "new")):
        (repository / "state.txt").write_text(f"{text}\n")
        dated = {"GIT_AUTHOR_DATE": f"2026-03-{day}T00:00:00Z", "GIT_COMMITTER_DATE": f"2026-03-{day}T00:00:00Z"}
        subprocess.run([*git, "add", "."], cwd=repository, check=True)
        subprocess.run(
            [*git, "commit", "-q", "-m", text], cwd=repository, check=True, env={"PATH": "/usr/bin:/bin", **dated}
        )
    begun = {"directory": str(repository), "branch": "main", "at": "2026-03-02T00:00:00Z"}
    held = suite(
        tmp_path / "evals" / "evals.json",
        {"prompt": "Go on", "start": begun, "check": ["grep", "-qx", "old", "state.txt"]},
        {"prompt": "Go on", "start": {**begun, "directory": str(tmp_path)}},
        {"prompt": "Go on", "check": []},
    )
    done = evals(home, "run", "answers", "--agent", AGENT, "--cases", str(held), "--trust-checks", "--json")
    assert [one["passed"] for one in json.loads(done.out)["arms"]] == [3, 3]
    assert "case 2: its folder" in done.err
    assert "case 3: it has no command that checks it" in done.err
    assert (repository / "state.txt").read_text() == "new\n"


@pytest.mark.sqlite
def test_what_cannot_be_run_says_why_and_records_nothing(home: Path, cases: Path, tmp_path: Path) -> None:
    (folder,) = (home / "evals").iterdir()
    before = (folder / "runs.jsonl").read_bytes()
    asked = ("run", "answers", "--cases", str(cases))
    assert "grep -qx right answer.txt" in evals(home, *asked, "--agent", AGENT).err, "checks are shown before they run"
    for agent, why in (("", "is empty"), ("no-such-agent", "cannot be started"), ("false", "5 times in a row")):
        done = evals(home, *asked, "--trust-checks", "--agent", agent)
        assert (done.code, why in done.err) == (1, True), done.err
    outside = suite(tmp_path / "evals" / "evals.json", {"prompt": "Go", "files": ["../secret.txt"]})
    assert "outside" in evals(home, "run", "answers", "--cases", str(outside), "--trust-checks", "--agent", AGENT).err
    assert (folder / "runs.jsonl").read_bytes() == before
    slow = ("--agent", f"{sys.executable} -c 'import time; time.sleep(60)'", "--run-seconds", "1", "--runs-max", "1")
    assert evals(home, *asked, "--trust-checks", *slow).code == 0
    assert "did not end in 1 seconds" in (folder / "runs.jsonl").read_text().splitlines()[-1]


def session(folder: Path, name: str, day: int, prompt: str, *, cwd: str, failed: bool = False) -> None:
    """A session of Claude Code that ends with a test."""
    output = "1 failed, 3 passed\nExit code 1" if failed else "4 passed in 0.1s"
    said: list[tuple[str, object]] = [
        ("user", prompt),
        ("assistant", [{"type": "text", "text": "I will run the tests."}]),
        (
            "assistant",
            [
                {
                    "type": "tool_use",
                    "id": "t1",
                    "name": "Bash",
                    "input": {"command": "cd api && pytest -q tests 2>&1 | tail -3"},
                }
            ],
        ),
        ("user", [{"type": "tool_result", "tool_use_id": "t1", "content": output, "is_error": failed}]),
        ("assistant", [{"type": "text", "text": "Done: the tests pass."}]),
        ("user", "Perfect, thanks, that works."),
    ]
    lines = [
        {
            "type": role,
            "uuid": f"{name}-{at}",
            "parentUuid": f"{name}-{at - 1}" if at else None,
            "sessionId": name,
            "cwd": cwd,
            "gitBranch": "main",
            "timestamp": f"2026-03-{day:02}T10:{at:02}:00Z",
            "message": {"role": role, "content": content},
        }
        for at, (role, content) in enumerate(said)
    ]
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.sqlite
def test_later_sessions_become_cases_that_are_held_out(tmp_path: Path) -> None:
    home, early, late = tmp_path / "home", tmp_path / "early", tmp_path / "late"
    early.mkdir()
    late.mkdir()
    session(
        early,
        "first",
        1,
        "Remember: in this repository always run pytest with -q. Fix the login test.",
        cwd="/srv/shop",
    )
    assert seasoned(home, "learn", str(early), "--space", "shop").code == 0
    session(
        late,
        "second",
        5,
        "Make the basket total round to cents; my token is ghp_" + "a1B2c3D4" * 4 + "e5F6",
        cwd="/srv/shop",
    )
    session(late, "third", 6, "Check it: the user wants the agent to always run pytest", cwd="/srv/shop")
    assert seasoned(home, "learn", str(late), "--space", "shop").code == 0
    done = evals(home, "make", "user-general-facts", "--version", "2", "--json")
    assert done.code == 0, done.err
    made = json.loads(done.out)
    (case,) = made["cases"]
    assert case["prompt"].startswith("Make the basket total round to cents; my token is [redacted")
    assert (case["check"], case["start"]) == (
        ["pytest", "-q", "tests"],
        {"directory": "/srv/shop", "branch": "main", "at": "2026-03-05T10:00:00.000000+00:00"},
    )
    assert sorted(one["reason"] for one in made["refused"]) == [
        "it is not later than what the skill rests on",
        "the skill quotes it, so it would not be held out",
    ]
    written = json.loads(Path(made["path"]).read_text())
    assert set(written) == {"skill_name", "evals"}
    assert {"id", "prompt", "expected_output", "assertions"} <= set(written["evals"][0])
