"""Forgetting on the command line: what would go, what goes, and that it is not learned again."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_history import SKILL, learned, log, text_of  # noqa: F401
from tests.support.command import Done, seasoned
from tests.support.databases import database_of

EXAMPLES = Path(__file__).parents[2] / "examples"


def forget(home: Path, *words: str) -> Done:
    done = seasoned(home, "forget", *words)
    assert "Traceback" not in done.err
    return done


@pytest.mark.sqlite
def test_a_session_is_forgotten_purged_and_not_learned_again(learned: Path, tmp_path: Path) -> None:  # noqa: F811
    home = shutil.copytree(learned, tmp_path / "home")
    assert not database_of(home)
    before = text_of(home)
    sessions: list[dict[str, Any]] = json.loads(seasoned(home, "sessions", "list", "--json").out)
    quote = next(line for line in before.splitlines() if "Symptom" in line).split("`")[3].encode()
    planned = [forget(home, "session", one["id"], "--dry-run").out for one in sessions]
    assert any("removed git-and-ci" in text for text in planned)
    assert text_of(home) == before
    for one in sessions:
        told = json.loads(forget(home, "session", one["id"], "--json").out)
        assert all(place["evidence"] == 0 for place in told["removed"])
    assert log(home)[0][1] == "forget"
    assert seasoned(home, "skills", "revert", SKILL, "1").code == 0
    assert text_of(home) == before
    assert any(quote in path.read_bytes() for path in home.rglob("*") if path.is_file())
    for one in sessions:
        assert "purged" in forget(home, "session", one["id"], "--purge").out
    left = [path for path in home.rglob("*") if path.is_file() and quote in path.read_bytes()]
    assert left == []
    assert forget(home, "session", sessions[0]["id"]).code == 1
    again = seasoned(home, "learn", str(EXAMPLES / "shop"), "--space", "shop")
    assert "was forgotten, so it is not learned again" in again.err
    assert json.loads(seasoned(home, "sessions", "list", "--json").out) == []
