"""Months of history: what agents keep on a machine, copies of sessions, sessions out again, followed folders."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from atif import Trajectory

from seasoned import importers
from tests.support import programs
from tests.support.command import Done, command, environment, seasoned
from tests.support.patience import PATIENCE_SECONDS
from tests.support.programs import Call, Talk, Turn

FIRST: Talk = (
    Turn("person", "Set the port of the preview server to 4100."),
    Turn("agent", "I look.", "It is in start.js.", (Call("c1", "read_file", {"path": "start.js"}),)),
    Turn("tool", "port = 3000", answers="c1"),
    Turn("agent", "The server listens on 4100 now."),
    Turn("person", "Thanks, works."),
)
# The same session, resumed under another id.
RESUMED: Talk = (
    *FIRST,
    Turn("person", "Rename the package to shoplib."),
    Turn("agent", "The package is called shoplib now."),
    Turn("person", "Great, thanks."),
)


class Machine:
    """A person's machine with the sessions of two agents, and a home of Seasoned."""

    def __init__(self, root: Path) -> None:
        self.root, self.home = root / "person", root / "seasoned"
        self.codex = self.root / ".codex" / "sessions" / "2026" / "03" / "14"
        self.claude = self.root / ".claude" / "projects" / "-srv-shop"
        self.keep(self.codex / "rollout-a.jsonl", programs.codex(FIRST))
        self.keep(self.claude / "b.jsonl", programs.claude_code([*FIRST[:-1], Turn("person", "Good.")]))

    def keep(self, path: Path, written: programs.Written, session: str = "") -> Path:
        (content,) = written.values()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.replace(programs.SESSION.encode(), (session or programs.SESSION).encode()))
        return path

    def run(self, *words: str) -> Done:
        return seasoned(
            self.home, *words, settings={"HOME": str(self.root), "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": ""}
        )

    def sessions(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(self.run("sessions", "list", "--json").out)
        return found[::-1]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_a_path_it_says_what_it_found_and_learns_once_it_may(machine: Machine) -> None:
    asked = machine.run("learn")
    assert asked.code == 1
    assert "Claude Code        1 file" in asked.out
    assert "About 2 sessions (from a sample of 2 files)." in asked.out
    assert "The built-in rules cost nothing" in asked.out
    assert "add --yes" in asked.err
    assert not machine.home.exists()

    newest = machine.codex / "rollout-a.jsonl"
    os.utime(newest, (4_000_000_000, 4_000_000_000))
    report = machine.run("learn", "--yes", "--limit", "1", "--json").json()
    assert [one["source"] for one in as_list(report["sessions"])] == ["rollout-a.jsonl"]
    report = machine.run("learn", "--yes", "--json").json()
    assert [(one["source"], one["added"]) for one in as_list(report["sessions"])] == [
        ("rollout-a.jsonl", 0),
        ("b.jsonl", 5),
    ]
    assert "0 sessions" in machine.run("learn", "--yes", "--since", "2090-01-01").out
    assert "is no time" in machine.run("learn", "--yes", "--since", "soon").err


def as_list(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value


def test_a_copy_of_a_session_under_another_id_teaches_only_what_is_new(machine: Machine) -> None:
    first = machine.codex / "rollout-a.jsonl"
    assert machine.run("learn", str(first)).code == 0
    copy = machine.keep(
        machine.codex / "rollout-b.jsonl", programs.codex(RESUMED), "0195a1b2-0000-7000-8000-00000000000b"
    )
    # A copy has times of its own.
    copy.write_bytes(copy.read_bytes().replace(b"2026-03-14T09", b"2026-03-15T10"))
    report = machine.run("learn", str(copy), "--json").json()
    (session,) = as_list(report["sessions"])
    assert (session["messages"], session["added"], session["tasks"]) == (11, 11, 1)
    assert [one["tasks"] for one in machine.sessions()] == [1, 1]

    # A copy that says nothing new teaches nothing, and a grown file adds what is new.
    again = machine.keep(
        machine.codex / "rollout-c.jsonl", programs.codex(RESUMED), "0195a1b2-0000-7000-8000-00000000000c"
    )
    assert as_list(machine.run("learn", str(again), "--json").json()["sessions"])[0]["tasks"] == 0
    machine.keep(first, programs.codex([*FIRST, Turn("person", "Delete the old port."), Turn("agent", "It is gone.")]))
    report = machine.run("learn", str(machine.codex), "--json").json()
    assert sorted(str(one["added"]) for one in as_list(report["sessions"])) == ["0", "0", "2"]


def test_the_same_content_elsewhere_is_not_read_again(machine: Machine) -> None:
    assert machine.run("learn", str(machine.codex)).code == 0
    moved = machine.root / "backup" / "x.jsonl"
    moved.parent.mkdir()
    (machine.codex / "rollout-a.jsonl").rename(moved)
    assert "Learned from 0 sessions; 1 already learned." in machine.run("learn", str(moved)).out
    # Once its session is deleted, it is.
    assert importers.fingerprint(moved) != importers.fingerprint(moved, "codex")


def test_pictures_are_kept_as_files_and_given_back(machine: Machine) -> None:
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    asked: list[object] = [
        {"type": "text", "text": "Make it look like this."},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{pixel}"}},
    ]
    chat = machine.root / "chat.json"
    chat.write_text(json.dumps([{"role": "user", "content": asked}, {"role": "assistant", "content": "Done."}]))
    assert machine.run("learn", str(chat)).code == 0
    (session,) = machine.sessions()
    blobs = [path for path in (machine.home / "blobs").rglob("*") if path.is_file() and len(path.name) == 64]
    assert [path.read_bytes()[:4] for path in blobs] == [b"\x89PNG"]
    lines = machine.run("sessions", "export", str(session["id"]), "--format", "openai").out.splitlines()
    assert json.loads(lines[0])["content"][1]["image_url"]["url"] == f"data:image/png;base64,{pixel}"
    assert (
        f'src="data:image/png;base64,{pixel}"'
        in machine.run("sessions", "export", str(session["id"]), "--format", "html").out
    )


def test_a_session_is_exported_in_each_form_and_read_again(machine: Machine, tmp_path: Path) -> None:
    talk = [Turn("person", "Print </pre><script>alert(1)</script> and ````."), *FIRST[1:]]
    source = machine.keep(tmp_path / "x.jsonl", programs.codex(talk))
    assert machine.run("learn", str(source)).code == 0
    id_ = str(machine.sessions()[0]["id"])
    target = tmp_path / "trajectory.json"
    assert machine.run("sessions", "export", id_, "--format", "atif", "--output", str(target)).code == 0
    trajectory = Trajectory.model_validate_json(target.read_text())
    assert [step.source for step in trajectory.steps[1:]] == ["user", "agent", "agent", "user"]
    (again,) = importers.read(target)
    (before,) = importers.read(source)
    assert texts(again) == texts(before)
    target.write_text(machine.run("sessions", "export", id_, "--format", "openai").out)
    assert texts(next(importers.read(target))) == texts(before)
    page = machine.run("sessions", "export", id_).out
    assert page.startswith("# Session x.jsonl\n")
    assert "Calls `read_file`:\n\n```json\n" in page
    page = machine.run("sessions", "export", id_, "--format", "html").out
    assert "<script>" not in page
    assert "&lt;/pre&gt;&lt;script&gt;" in page
    refused = machine.run("sessions", "export", id_, "--format", "pdf")
    assert (refused.code, "use one of atif, openai, markdown, html" in refused.err) == (1, True)


def texts(transcript: importers.Transcript) -> list[str]:
    return sorted(
        text.replace(": ", ":") for timed in transcript.messages for text in timed.message.texts() if text.strip()
    )


@pytest.fixture
def following(machine: Machine) -> Iterator[subprocess.Popen[str]]:
    """`watch` on the machine's Codex sessions."""
    process = subprocess.Popen(
        command("watch", str(machine.codex), "--quiet-seconds", "0.2"),
        env=environment(machine.home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_SECONDS)


def test_watch_learns_from_a_session_once_it_is_quiet(machine: Machine, following: subprocess.Popen[str]) -> None:
    assert following.stdout is not None
    assert following.stdout.readline() == f"Following {machine.codex}\n"
    machine.keep(machine.codex / "rollout-new.jsonl", programs.codex(RESUMED))
    assert following.stdout.readline() == "rollout-new.jsonl: 11 new messages\n"
    following.send_signal(signal.SIGINT)
    _, errors = following.communicate(timeout=PATIENCE_SECONDS)
    assert following.returncode == 130, errors
    assert "Traceback" not in errors
