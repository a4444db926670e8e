"""Review on the command line: by commands for scripts, and by single keys at a terminal."""

import contextlib
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Done, command, environment, seasoned
from tests.support.server import wait_until

EXAMPLES = Path(__file__).parents[2] / "examples"
SECONDS_MAX = 60.0


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose only space has proposals that wait."""
    home = tmp_path_factory.mktemp("home")
    assert seasoned(home, "learn", str(EXAMPLES / "claude-code.jsonl"), "--space", "work").code == 0
    assert json.loads(seasoned(home, "spaces", "policy", "work", "review", "--json").out)["policy"] == "review"
    assert seasoned(home, "learn", str(EXAMPLES / "shop"), "--space", "work").code == 0
    return home


def review(home: Path, *words: str) -> Done:
    done = seasoned(home, "review", *words)
    assert "Traceback" not in done.err
    return done


def ids(home: Path, status: str = "pending") -> list[str]:
    return [one["id"] for one in listed(home, status)]


def listed(home: Path, status: str = "pending") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(review(home, "list", "--status", status, "--json").out)
    return found


def at_terminal(home: Path, answers: Sequence[str], **settings: str) -> str:
    """What `seasoned review` shows to a person who answers each time that it asks."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("review"), env=environment(home, **settings), stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    shown, seen, left = "", 0, list(answers)
    # Linux says with an error that nobody has the other end open any more.
    with contextlib.suppress(OSError):
        while more := os.read(ours, 65536):
            shown += more.decode(errors="replace")
            asked = re.search(r"(q quit|Why:)\s*$", shown[seen:])
            if left and asked:
                seen = len(shown)
                if asked[1] != "Why:":
                    # What is typed before the terminal is set to single keys gets lost.
                    wait_until(lambda: not termios.tcgetattr(ours)[3] & termios.ICANON, "it waits for a key")
                os.write(ours, left.pop(0).encode())
    os.close(ours)
    assert (process.wait(SECONDS_MAX), left) == (0, []), shown
    return shown


@pytest.mark.sqlite
def test_scripts_list_show_approve_reject_and_undo(learned: Path, tmp_path: Path) -> None:
    home = shutil.copytree(learned, tmp_path / "home")
    waiting = listed(home)
    assert waiting
    first = waiting[0]["id"]
    assert first in review(home, "list", "--space", "work").out
    shown = json.loads(review(home, "show", first, "--json").out)
    assert shown["files"][0]["text"].startswith("---")
    assert shown["conflict"] == ""
    told = review(home, "show", first).out
    assert waiting[0]["lessons"][0]["id"] in told
    assert "message " in told
    rejected = json.loads(review(home, "reject", *ids(home), "--reason", "Not ours.", "--json").out)
    assert {one["status"] for one in rejected} == {"rejected"}
    assert review(home, "reject", first, "--reason", "Again.").code == 1
    assert "waits" not in review(home, "undo", first).err
    assert ids(home) == [first]
    assert "version" in review(home, "approve", first).out
    assert ids(home, "approved") == [first]
    assert review(home, "approve", first).code == 1
    assert review(home, "show", "018f0000-0000-7000-8000-000000000000").code == 1
    assert "Nothing waits" in review(home).out


@pytest.mark.sqlite
def test_without_a_terminal_it_says_what_to_use(learned: Path) -> None:
    done = review(learned)
    assert (done.code, "seasoned review list" in done.err) == (1, True)


@pytest.mark.sqlite
def test_a_person_reviews_with_one_key_each(learned: Path, tmp_path: Path) -> None:
    home = shutil.copytree(learned, tmp_path / "home")
    first, second, third = ids(home)[:3]
    script = tmp_path / "editor.py"
    script.write_text(
        "import sys, pathlib\npath = pathlib.Path(sys.argv[-1])\npath.write_text(path.read_text() + 'By me.\\n')\n"
    )
    editor = f"{sys.executable} {script}"
    # Forth and back; approve, undo, approve; reject with a reason; edit; an unknown key; leave.
    keys = ("j", "k", "a", "u", "a", "r", "Not ours.\n", "e", "x", "q")
    shown = at_terminal(home, keys, EDITOR=editor, VISUAL="")
    assert f"{first} waits again." in shown
    assert (ids(home, "approved"), ids(home, "rejected")) == ([first, third], [second])
    assert listed(home, "rejected")[0]["reason"] == "Not ours."
    made = listed(home, "approved")[1]["made"][0]
    logged = json.loads(seasoned(home, "skills", "log", made["skill_id"], "--json").out)
    assert [one["author"] for one in logged if one["number"] == made["version"]] == ["user"]
