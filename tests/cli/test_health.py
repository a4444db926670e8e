"""The health and use of skills on the command line."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_history import FILE, SKILL, learned, skills  # noqa: F401 - a fixture
from tests.support.command import seasoned


def transcript(path: Path, *, name: str) -> Path:
    """A session of Claude Code, after everything else, in which it invoked a skill."""
    call = {"type": "tool_use", "id": "t1", "name": "Skill", "input": {"skill": name}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": f"Launching skill: {name}"}
    folder = f"Base directory for this skill: /home/me/.claude/skills/{name}\n\n# {name}"
    said: list[tuple[str, Any, dict[str, Any]]] = [
        ("user", "Push the branch of the shop to the server.", {}),
        ("assistant", [call], {"id": "m1"}),
        ("user", [result], {}),
        ("user", [{"type": "text", "text": folder}], {"isMeta": True}),
        ("assistant", [{"type": "text", "text": "Pushed."}], {"id": "m2"}),
        ("user", "Perfect, thanks!", {}),
    ]
    lines = [
        {
            "type": role,
            "uuid": f"u{number}",
            "parentUuid": f"u{number - 1}" if number else None,
            "sessionId": "later",
            "timestamp": f"2099-01-01T00:00:{number:02}Z",
            "isMeta": "isMeta" in more,
            "message": {"role": role, "content": content, **{key: more[key] for key in more if key == "id"}},
        }
        for number, (role, content, more) in enumerate(said)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.sqlite
def test_a_transcript_tells_which_skill_its_agent_invoked(learned: Path, tmp_path: Path) -> None:  # noqa: F811
    home = shutil.copytree(learned, tmp_path / "home")
    path = transcript(tmp_path / "later.jsonl", name=SKILL)
    assert seasoned(home, "learn", str(path), "--space", "shop").code == 0
    used = json.loads(skills(home, "use", SKILL, "--json").out)
    version = next(one for one in used["versions"] if one["loads"])
    assert (version["loads"], version["sessions"], version["loaded"], version["succeeded"]) == (2, 1, 1, 1)
    assert [(kind["loaded"], kind["difference"]) for kind in used["kinds"]] == [(1, None)]
    told = skills(home, "use", SKILL).out
    assert "1 of 1 succeeded with it, 0 of 0 without; too few to say" in told
    assert skills(home, "use").out.splitlines()[1].startswith(f"{SKILL}\t")
    assert skills(home, "use", "nothing").code == 1


@pytest.mark.sqlite
def test_health_is_shown_proposed_and_archived_skills_come_back(learned: Path, tmp_path: Path) -> None:  # noqa: F811
    home = shutil.copytree(learned, tmp_path / "home")
    copy = tmp_path / "git-copy"
    shutil.copytree(_exported(home, tmp_path) / SKILL, copy)
    text = (copy / "SKILL.md").read_text().replace(f"name: {SKILL}", "name: git-copy")
    (copy / "SKILL.md").write_text(text)
    (copy / ".seasoned.json").unlink(missing_ok=True)
    assert skills(home, "import", str(copy), "--space", "shop").code == 0
    told = skills(home, "health", "--space", "shop").out
    assert "duplicate skills: git-copy is a near-duplicate of git-and-ci" in told
    found = json.loads(skills(home, "health", "--space", "shop", "--json").out)
    entry = next(
        one for skill in found["skills"] if skill["name"] == SKILL for one in skill["entries"] if one["lessons"]
    )
    assert entry["confirmed_at"] > 0
    proposed = json.loads(skills(home, "health", "--space", "shop", "--apply", "--json").out)["proposals"]
    assert proposed
    assert "near-duplicate" in seasoned(home, "review", "show", proposed[0]).out
    assert seasoned(home, "review", "approve", proposed[0]).code == 0
    assert "git-copy" not in skills(home, "list").out
    assert "git-copy" in skills(home, "list", "--archived").out
    assert "git-copy" not in skills(home, "catalogue", "--space", "shop").out
    assert skills(home, "unarchive", "git-copy").code == 0
    assert "git-copy" in skills(home, "catalogue", "--space", "shop").out
    assert skills(home, "archive", "git-copy").code == 0
    assert not (_exported(home, tmp_path / "again") / "git-copy").exists()


def _exported(home: Path, folder: Path) -> Path:
    skills(home, "export", str(folder / "out"), "--space", "shop")
    return folder / "out"
