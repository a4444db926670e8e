"""The history of skills on the command line: log, diff, blame, revert, pins, and edits by hand."""

import hashlib
import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.command import Done, seasoned

EXAMPLES = Path(__file__).parents[2] / "examples"
SKILL = "git-and-ci"
FILE = "git.md"


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with something learned."""
    home = tmp_path_factory.mktemp("home")
    assert seasoned(home, "learn", str(EXAMPLES / "shop"), "--space", "shop").code == 0
    return home


def skills(home: Path, *words: str, editor: str = "") -> Done:
    """`seasoned skills`, and what it must not do."""
    done = seasoned(home, "skills", *words, settings={"EDITOR": editor, "VISUAL": ""})
    assert "Traceback" not in done.err
    return done


def log(home: Path, name: str = SKILL) -> list[tuple[int, str]]:
    """The versions of a skill with their authors, the newest first."""
    return [(one["number"], one["author"]) for one in json.loads(skills(home, "log", name, "--json").out)]


def text_of(home: Path, file: str = FILE, *more: str) -> str:
    return skills(home, "show", SKILL, file, *more).out


def evidence(home: Path) -> list[str]:
    """The lessons that support the entry of the last line that has any."""
    why = json.loads(skills(home, "blame", SKILL, FILE, "--why", "5", "--json").out)
    return sorted(one["id"] for one in (*why["lessons"], *why["evidence"]))


def editor(tmp_path: Path, program: str) -> str:
    """An editor that runs a line of Python on the text."""
    script = tmp_path / "editor.py"
    script.write_text(
        "import sys, pathlib\npath = pathlib.Path(sys.argv[-1])\ntext = path.read_text()\n"
        f"{program}\npath.write_text(text)\n"
    )
    return f"{sys.executable} {script}"


@pytest.mark.sqlite
def test_who_taught_a_line_is_told_down_to_the_message(learned: Path) -> None:
    lines = skills(learned, "blame", f"{SKILL}/{FILE}").out.splitlines()
    assert next(line.split(") ", 1)[1] for line in lines if ") " in line) == "# Git"
    assert all(line.split()[1] == "learner" for line in lines)
    number = next(at for at, line in enumerate(lines, start=1) if "Symptom" in line)
    why = json.loads(skills(learned, "blame", SKILL, FILE, "--why", str(number), "--json").out)
    (lesson,) = why["lessons"]
    sources = lesson["messages"]
    assert all(one["is_quoted"] for one in sources)
    told = skills(learned, "blame", SKILL, FILE, "--why", str(number)).out
    for part in (lesson["id"], lesson["task_id"], sources[0]["session_id"], sources[0]["quote"]):
        assert part in told
    assert skills(learned, "blame", SKILL, FILE, "--why", "9999").code == 1
    assert skills(learned, "blame", SKILL, "nothing.md").code == 1


@pytest.mark.sqlite
def test_an_agent_trace_names_the_conversations(learned: Path) -> None:
    trace = json.loads(skills(learned, "blame", SKILL, "--trace").out)
    assert (trace["version"], {"id", "timestamp", "files"} <= set(trace)) == ("0.1.0", True)
    for file in trace["files"]:
        covered = [
            n for c in file["conversations"] for r in c["ranges"] for n in range(r["start_line"], r["end_line"] + 1)
        ]
        assert sorted(covered) == list(range(1, len(text_of(learned, file["path"]).splitlines()) + 1))
        assert all(one["contributor"]["type"] == "ai" and "/messages" in one["url"] for one in file["conversations"])


@pytest.mark.sqlite
def test_an_edit_is_a_version_that_can_be_compared_and_reverted(learned: Path, tmp_path: Path) -> None:
    home = shutil.copytree(learned, tmp_path / "home")
    before, (head, _), supported = text_of(home), log(home)[0], evidence(home)
    assert supported
    program = editor(
        tmp_path, "text = text.replace('Symptom', 'What one sees') + '- Ask for the payment method first.\\n'"
    )
    assert skills(home, "edit", SKILL, FILE, "--reason", "Plain words", editor=program).out.endswith(
        f"{head + 1} now.\n"
    )
    assert log(home)[0] == (head + 1, "user")
    unified = skills(home, "diff", SKILL).out
    assert "+- Ask for the payment method first." in unified
    assert "-- Symptom:" in unified
    assert "[-Symptom-]{+What one sees+}" in skills(home, "diff", SKILL, "--words").out
    blamed = skills(home, "blame", SKILL, FILE).out
    assert [line.split()[1] for line in blamed.splitlines() if "Ask for" in line or "What one" in line] == ["user"] * 2
    assert evidence(home) == supported, "an entry that is reworded keeps what supports it"
    assert text_of(home, FILE, "--version", str(head)) == before
    assert skills(home, "revert", SKILL, str(head)).code == 0
    assert (text_of(home), log(home)[0]) == (before, (head + 2, "revert"))
    assert "user" not in skills(home, "blame", SKILL, FILE).out
    assert skills(home, "diff", SKILL, str(head), str(head + 2)).out == ""
    assert hashlib.sha256(before.encode()).hexdigest() in skills(home, "show", SKILL, "--manifest").out
    assert "already" in skills(home, "revert", SKILL, str(head)).out
    assert skills(home, "revert", SKILL, "99").code == 1
    assert "Nothing was changed" in skills(home, "edit", SKILL, FILE, editor=editor(tmp_path, "pass")).out
    assert skills(home, "edit", SKILL, FILE, editor="false").code == 1


@pytest.mark.sqlite
def test_what_was_exported_finds_its_skill_again(learned: Path, tmp_path: Path) -> None:
    home, out = shutil.copytree(learned, tmp_path / "home"), tmp_path / "out"
    (head, _) = log(home)[0]
    assert skills(home, "export", str(out)).code == 0
    mine = out / SKILL / FILE
    mine.write_text("- A line of mine at the top, as long as it gets.\n" + mine.read_text())
    (out / SKILL / "mine.md").write_text("# Mine\n")
    # Meanwhile somebody changed the same file elsewhere.
    program = editor(tmp_path, "text += '- An entry at the end.\\n'")
    assert skills(home, "edit", SKILL, FILE, editor=program).code == 0
    assert f"{SKILL} is at version {head + 2} now." in skills(home, "import", str(out)).out
    assert text_of(home).startswith("- A line of mine")
    assert text_of(home).endswith("- An entry at the end.\n")
    assert text_of(home, "mine.md") == "# Mine\n"
    assert [author for _, author in log(home)[:2]] == ["import", "user"]
    assert "unchanged" in skills(home, "import", str(out / "daily-logs")).out
    assert skills(home, "export", str(tmp_path / "zips"), "--as", "zip").code == 0
    assert "unchanged" in skills(home, "import", str(tmp_path / "zips" / f"{SKILL}.zip")).out
    assert skills(home, "export", str(tmp_path / "all.git"), "--as", "git").code == 0
    assert skills(home, "export", str(out), "--as", "git").code == 1, "that folder holds other things"


@pytest.mark.sqlite
def test_lines_that_both_sides_changed_are_shown_and_nothing_is_written(learned: Path, tmp_path: Path) -> None:
    home, out = shutil.copytree(learned, tmp_path / "home"), tmp_path / "out"
    assert skills(home, "export", str(out)).code == 0
    mine = out / SKILL / FILE
    mine.write_text(mine.read_text().replace("Symptom", "Mine"))
    assert (
        skills(home, "edit", SKILL, FILE, editor=editor(tmp_path, "text = text.replace('Symptom', 'Theirs')")).code == 0
    )
    before = log(home)
    refused = skills(home, "import", str(out / SKILL))
    assert (refused.code, log(home)) == (1, before)
    assert "section " in refused.err
    assert "  mine:   - Mine:" in refused.err
    assert "  stored: - Theirs:" in refused.err
    assert skills(home, "import", str(out / SKILL), "--prefer", "mine").code == 0
    assert "- Mine:" in text_of(home)
    assert "Theirs" not in text_of(home)


@pytest.mark.sqlite
def test_a_folder_that_is_not_from_here_is_a_new_skill(learned: Path, tmp_path: Path) -> None:
    home, folder = shutil.copytree(learned, tmp_path / "home"), tmp_path / "notes"
    folder.mkdir()
    (folder / "SKILL.md").write_text("---\nname: notes\ndescription: Mine.\n---\n# Notes\n")
    assert "notes is new" in skills(home, "import", str(folder), "--space", "shop").out
    assert log(home, "notes") == [(1, "import")]
    assert skills(home, "import", str(folder), "--space", "shop").code == 1
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("other/SKILL.md", "---\nname: other\ndescription: Mine.\n---\n# Other\n")
    assert "other is new" in skills(home, "import", str(tmp_path / "other.zip")).out
    for wrong in (str(tmp_path / "nothing"), str(tmp_path)):
        assert skills(home, "import", wrong + "/none").code == 1


@pytest.mark.sqlite
def test_pins_are_kept_listed_and_removed(learned: Path, tmp_path: Path) -> None:
    home = shutil.copytree(learned, tmp_path / "home")
    assert skills(home, "pin", SKILL).out == "Nothing is pinned.\n"
    assert skills(home, "pin", SKILL, "## Git!").out == "git\n"
    assert json.loads(skills(home, "pin", SKILL, "--json").out) == {"headings": ["git"]}
    assert skills(home, "pin", SKILL, "git", "--remove").code == 0
    assert skills(home, "pin", SKILL, "git", "--remove").code == 1
