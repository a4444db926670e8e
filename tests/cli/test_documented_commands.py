"""Every command of the README and the docs is run, or stands in a list here with the reason why it is not."""

import json
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from seasoned import config
from seasoned.cli.commands import Later, program
from tests.support import forks
from tests.support.command import environment, seasoned
from tests.support.postgres import Postgres
from tests.support.server import wait_until

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")))
START_SECONDS_MAX = 60.0

NOT_RUN = {
    "make demo": "it installs; what it runs then is run below",
    "make test": "it would run this test",
    "aws s3 sync ~/.seasoned/blobs s3://my-bucket/seasoned": "a program of others, on a bucket",
    "seasoned skills edit git-and-ci git.md": "it opens an editor; tests/cli/test_history.py has one",
    "git clone ./skills.git": "a program of others; tests/acceptance/test_history.py clones",
    "git clone http://x:sk-ac-...@127.0.0.1:8029/api/v1/learning_spaces/SPACE_ID/git": "as above",
    "seasoned sync --project --space shop": "it would write into this project",
    'pg_dump --format=custom --file=seasoned.dump "$SEASONED_DATABASE"': "a program of others",
    "seasoned eval make NAME --space shop": "it needs later sessions; tests/cli/test_evals.py has some",
    "seasoned eval make NAME --version 3": "as above",
    "seasoned eval run NAME --agent 'claude -p' --noise --trust-checks": "it needs an agent",
    "seasoned eval run NAME --agent 'codex exec --full-auto {prompt}' --version 5 --old 4 --trust-checks": "as above",
    "seasoned eval show NAME": "it shows what was run",
    "rsync -a HOME/blobs/ /backups/blobs/": "a program of others",
}
# What readers have, and what stands for it here; `{}` is a folder of the test.
STANDS_FOR = {
    "~/.claude/projects": str(ROOT / "examples"),
    "~/exports": str(ROOT / "examples"),
    "./skills": "{}/skills",
    "./skills.git": "{}/skills.git",
    "/backups/2026-01-31": "{}/backup",
    "~/.seasoned": "{}/restored",
}
# The commands that list what these ids name.
LISTS = {"SESSION_ID": ("sessions", "list", "--space", "work"), "PROPOSAL_ID": ("review", "list")}


def _lines(page: str) -> Iterator[str]:
    """The commands of a page's code blocks; those of other languages than a shell's have none."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE):
        if language in ("", "sh") and "──" not in block:
            for line in block.splitlines():
                bare = re.sub(r"\s+#.*$", "", line).strip()
                if bare:
                    yield bare


@pytest.mark.sqlite
@pytest.mark.parametrize("page", [page for page in PAGES if list(_lines(page))])
def test_every_command_of_the_code_blocks_works(page: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    home, exported, ids = tmp_path / "home", dict[str, str](), dict[str, str]()
    assert seasoned(home, "learn", str(ROOT / "examples" / "claude-code.jsonl")).code == 0
    for line in _lines(page):
        words = shlex.split(line)
        if line in NOT_RUN:
            continue
        if words[0] == "export":
            exported |= dict(word.split("=", 1) for word in words[1:])
            config.load(exported)
            if "SEASONED_BLOBS" in words[1]:
                exported["SEASONED_BLOBS"] = str(tmp_path / "bucket")
            if "SEASONED_DATABASE" in words[1]:
                server: Postgres = request.getfixturevalue("postgres_server")
                exported["SEASONED_DATABASE"] = server.database()
        elif words[:2] == [".venv/bin/pip", "install"]:
            _check_extra(words)
        elif words[0] in ("seasoned", ".venv/bin/seasoned"):
            own = {"HOME": str(_machine(tmp_path)), **exported}
            _run(home, [_meant(word, tmp_path, ids, home) for word in words[1:]], own)
        else:
            pytest.fail(f"{page}: {line!r} is neither run nor in the list of what is not")


def test_what_is_not_run_is_still_documented() -> None:
    assert set(NOT_RUN) <= {line for page in PAGES for line in _lines(page)}


@pytest.mark.parametrize("page", PAGES)
def test_every_command_in_the_text_has_its_options(page: str) -> None:
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(), flags=re.DOTALL | re.MULTILINE)
    for code in re.findall(r"`(?:\.venv/bin/)?(seasoned [a-z-][^`]*)`", text):
        for part in code.split("&&"):
            _check_options(page, part.split()[1:])


def test_the_demo_traces_a_line_to_its_messages_and_ends_with_commands_that_work(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    words = [sys.executable, str(ROOT / "examples" / "demo.py"), "--home", str(home)]
    done = subprocess.run(words, env=environment(home), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    quoted = r"^  (2026-03-\d\d)\S+, message \d+ \((?:tool|assistant|user)\): “.+”$"
    assert len(set(re.findall(quoted, done.stdout.partition("Who taught it that?")[2], re.MULTILINE))) >= 2
    named = re.findall(r"^  (\S*seasoned) (.*?)(?:  +#.*)?$", done.stdout, re.MULTILINE)
    assert [words.split()[0] for _, words in named] == ["skills", "learn", "serve"]
    assert {program for program, _ in named} == {".venv/bin/seasoned"}
    assert seasoned(home, *shlex.split(named[0][1])).code == 0


def _check_options(page: str, words: list[str]) -> None:
    command, options = None, set[str]()
    choices = dict(program().commands)
    for word in words:
        name = word.strip("[](),.").split("=")[0]
        if name in choices:
            command = choices[name]
            command = command.load() if isinstance(command, Later) else command
            options = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
            choices = dict(getattr(command, "commands", {}))
        elif name.startswith("-") and command is not None:
            assert name in options, f"{page}: {' '.join(words)}: {name}"
    assert command is not None, f"{page}: {' '.join(words)}"


def _check_extra(words: list[str]) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert words[2:5] == ["-c", "constraints.txt", "-e"]
    assert words[5].strip(".[]") in extras


def _machine(folder: Path) -> Path:
    """A person's folder in which an agent has kept a session."""
    kept = folder / "person" / ".claude" / "projects" / "shop"
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "session.jsonl").write_bytes((ROOT / "examples" / "claude-code.jsonl").read_bytes())
    return folder / "person"


def _meant(word: str, folder: Path, ids: dict[str, str], home: Path) -> str:
    if word in LISTS:
        # The same id wherever it stands on the page.
        if word not in ids:
            ids[word] = str(json.loads(seasoned(home, *LISTS[word], "--json").out)[0]["id"])
        return ids[word]
    return STANDS_FOR.get(word, word).replace("{}", str(folder))


def _run(home: Path, words: list[str], settings: Mapping[str, str]) -> None:
    if words[0] not in ("serve", "ui", "worker", "watch"):
        # At a terminal, it asks.
        more = ["--yes"] if words[0] == "learn" else []
        done = seasoned(home, *words, *more, settings=settings)
        assert done.code == 0, (words, done)
        return
    more = {"serve": ["--port", "0"], "ui": ["--port", "0", "--no-browser"]}.get(words[0], [])
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = forks.started([*words, *more], environment(home, **settings), out.fileno(), err.fileno())

        def said() -> bool:
            out.seek(0)
            return bool(out.read()) or process.poll() is not None

        wait_until(said, "it says that it runs", START_SECONDS_MAX)
        assert process.poll() is None, (words, err.seek(0), err.read())
        process.terminate()
        assert process.wait(START_SECONDS_MAX) in (0, -15)
