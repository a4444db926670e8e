"""What commands import, in fresh processes: a list does not wait for the web, for models or for the rules."""

import subprocess
import sys
from pathlib import Path

import pytest

from seasoned import config
from seasoned.store import Store
from tests.support.command import environment, seasoned

# What learning, serving and asking models need, and what only terminals or other databases do.
HEAVY = (
    "alembic",
    "httptools",
    "markdown_it",
    "openai",
    "procrastinate",
    "psycopg",
    "pydantic_ai",
    "requests",
    "rich",
    "seasoned.engine.engine",
    "seasoned.http",
    "seasoned.models.language",
    "seasoned.rules",
    "seasoned.safety.scanner",
    "seasoned.safety.secrets",
    "seasoned.scheduling.local",
    "sqlalchemy.dialects.postgresql",
    "starlette",
    "uvicorn",
)
WITHOUT_A_HOME = (*HEAVY[:-3], "sqlalchemy", "starlette", "uvicorn")
CODE = """
import sys
sys.argv = ["seasoned", *sys.argv[1:]]
from seasoned.cli import main
try:
    main()
except SystemExit as end:
    sys.stderr.write("\\n".join([str(end.code), *sys.modules]))
"""


def _imported(words: tuple[str, ...], home: Path) -> set[str]:
    command = [sys.executable, "-c", CODE, *words, *(() if words[-1].startswith("--") else ("--home", str(home)))]
    done = subprocess.run(command, env=environment(home), capture_output=True, text=True, check=True)
    code, *modules = done.stderr.splitlines()
    assert code == "0", done.stderr[:500]
    return set(modules)


def _heavy(modules: set[str], heavy: tuple[str, ...]) -> list[str]:
    return [name for name in heavy if name in modules]


def test_the_version_is_told_without_anything(tmp_path: Path) -> None:
    modules = _imported(("--version",), tmp_path)
    assert _heavy(modules, (*WITHOUT_A_HOME, "typer", "msgspec", "asyncio", "pydantic")) == []


def test_the_help_needs_no_engine(tmp_path: Path) -> None:
    wanted = tuple(name for name in WITHOUT_A_HOME if name not in ("rich", "markdown_it"))
    assert _heavy(_imported(("--help",), tmp_path), wanted) == []
    own = tuple(name for name in HEAVY if name not in ("rich", "markdown_it"))
    assert _heavy(_imported(("skills", "--help"), tmp_path), own) == []


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("light")
    Store.open(config.load({}, home=folder)).close()
    return folder


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "words",
    [("skills", "list"), ("spaces", "list"), ("sessions", "list"), ("projects", "list"), ("usage",)],
    ids=" ".join,
)
def test_a_list_imports_nothing_that_learns_or_serves(words: tuple[str, ...], home: Path) -> None:
    assert _heavy(_imported(words, home), HEAVY) == []


@pytest.mark.sqlite
def test_a_skill_is_shown_without_what_learns(tmp_path: Path) -> None:
    assert seasoned(tmp_path, "learn", str(Path(__file__).parents[2] / "examples" / "claude-code.jsonl")).code == 0
    assert _heavy(_imported(("skills", "show", "daily-logs"), tmp_path), HEAVY) == []
