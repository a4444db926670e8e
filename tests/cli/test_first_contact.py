"""What somebody meets in the first minutes: wrong paths, wrong settings, several spaces, pipes, an impatient Ctrl-C."""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from skills_ref import validate

from seasoned.testing import Fault, provider
from tests.support import forks
from tests.support.command import Done, command, environment, seasoned
from tests.support.ports import free_port
from tests.support.server import Server, running
from tests.support.zips import skill_md, zip_of

EXAMPLES = Path(__file__).parents[2] / "examples"
AIRLINE = str(EXAMPLES / "airline.json")
CLAUDE = str(EXAMPLES / "claude-code.jsonl")
TALK = {"messages": [{"role": "user", "content": "Rename a.txt."}, {"role": "assistant", "content": "Done: renamed."}]}


@pytest.fixture(scope="module")
def spaces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """A home with the space `first`, a space made over HTTP and so without a name, and a skill in none; their ids."""
    folder = tmp_path_factory.mktemp("spaces")
    with running(folder) as server, server.http() as http:
        unnamed = str(http.post("/learning_spaces", json={}).json()["data"]["id"])
        archive = zip_of({"loose/SKILL.md": skill_md("loose")})
        assert http.post("/agent_skills", files={"file": ("loose.zip", archive)}).status_code == 201
        assert seasoned(server.home, "learn", CLAUDE, "--space", "first").code == 0
        first = next(str(row["id"]) for row in _listed(server.home, "spaces") if row["name"] == "first")
        yield server.home, unnamed, first


def _listed(home: Path, *words: str) -> list[dict[str, object]]:
    done = seasoned(home, words[0], "list", *words[1:], "--json")
    assert done.code == 0, done.err
    found: list[dict[str, object]] = json.loads(done.out)
    return found


def _one_line(done: Done, code: int) -> str:
    """What a command said that ended with nothing but a sentence of ours."""
    assert (done.code, done.out, len(done.err.splitlines())) == (code, "", 1), done
    assert done.err.startswith("seasoned: ")
    return done.err


READERS = (
    ("skills", "list"),
    ("skills", "show", "daily-logs"),
    ("skills", "export", "out"),
    ("spaces", "list"),
    ("sessions", "list"),
    ("projects", "list"),
    ("projects", "rotate-key"),
    ("usage",),
    ("doctor",),
    ("gc",),
    ("migrate",),
)


@pytest.mark.sqlite
@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_no_command_but_those_that_store_something_makes_a_home(words: tuple[str, ...], tmp_path: Path) -> None:
    home = tmp_path / "nope" / "home"
    assert "There is no home in" in _one_line(seasoned(home, *words), 2)
    assert not home.parent.exists()


@pytest.mark.sqlite
def test_learning_from_nothing_makes_no_home(tmp_path: Path) -> None:
    home, junk = tmp_path / "home", tmp_path / "junk.json"
    junk.write_text('{"weather": "fine"}')
    _one_line(seasoned(home, "learn", str(tmp_path / "missing")), 1)
    assert seasoned(home, "learn", str(junk)).code == 1
    assert seasoned(home, "learn", "--dry-run", AIRLINE).code == 0
    assert not home.exists()


OPENAI = {"SEASONED_MODEL": "openai:a", "OPENAI_API_KEY": "x"}
WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"SEASONED_MODEL": "gpt"}, "provider:name"),
    ({"SEASONED_MODEL": "openai:"}, "SEASONED_MODEL must be provider:name"),
    ({"SEASONED_MODEL_DISTILL": "gpt"}, "SEASONED_MODEL_DISTILL must be provider:name"),
    ({"SEASONED_MODEL_FALLBACK": "openai:a, gpt"}, "SEASONED_MODEL_FALLBACK must be provider:name"),
    ({"SEASONED_MODEL": "foo:bar"}, "the provider 'foo', which is not known"),
    ({"SEASONED_MODEL": "openai:any"}, "OPENAI_API_KEY is not set"),
    ({"SEASONED_MODEL": "anthropic:any"}, "ANTHROPIC_API_KEY is not set"),
    ({"SEASONED_MODEL": "groq:a", "GROQ_API_KEY": "x"}, "pip install -c constraints.txt 'pydantic-ai-slim[groq]'"),
    ({**OPENAI, "SEASONED_MODEL_WRITE": "foo:b"}, "SEASONED_MODEL_WRITE="),
    ({**OPENAI, "SEASONED_MODEL_FALLBACK": "foo:b"}, "SEASONED_MODEL_FALLBACK=foo:b"),
    ({**OPENAI, "SEASONED_BASE_URL": "localhost:80/v1"}, "localhost:80/v1"),
    ({**OPENAI, "OPENAI_BASE_URL": "localhost:80"}, "OPENAI_BASE_URL must"),
    ({"SEASONED_BUDGET_USD": "five"}, "SEASONED_BUDGET_USD"),
    ({"SEASONED_CONCURRENCY": "1.5"}, "SEASONED_CONCURRENCY"),
)


@pytest.mark.parametrize(("settings", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_wrong_with_the_settings_for_good_ends_learning_and_serving_at_once(
    settings: dict[str, str], said: str, tmp_path: Path
) -> None:
    own = {"OPENAI_API_KEY": "", "ANTHROPIC_API_KEY": "", "OPENAI_BASE_URL": "", **settings}
    for words in (("learn", AIRLINE), ("serve", "--port", str(free_port()))):
        line = _one_line(seasoned(tmp_path / "home", *words, settings=own), 1)
        assert said in line
        assert not [word for word in ("pydantic.dev", "Provider(", "infer", "Traceback") if word in line]


@pytest.mark.sqlite
def test_a_home_is_made_for_nothing_that_is_wrong_with_the_settings(tmp_path: Path) -> None:
    for words in (("learn", AIRLINE), ("serve", "--port", str(free_port()))):
        assert seasoned(tmp_path / "home", *words, settings={"SEASONED_MODEL": "foo:bar"}).code == 1
    assert not (tmp_path / "home").exists()


def test_who_only_reads_needs_no_model_that_works(spaces: tuple[Path, str, str]) -> None:
    settings = {"SEASONED_MODEL": "foo:bar"}
    assert seasoned(spaces[0], "skills", "list", settings=settings).code == 0
    assert seasoned(spaces[0], "learn", "--dry-run", AIRLINE, settings=settings).code == 0


def test_a_key_that_the_provider_refuses_is_waited_for_as_before(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "talk.json").write_text(json.dumps(TALK))
    with provider(lambda asked: Fault(status=401)) as server:
        settings = {"SEASONED_MODEL": "openai:any", "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "refused"}
        process = _interruptible("learn", str(folder), home=tmp_path / "home", settings=settings)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("waiting: ")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert (process.returncode, len(said.splitlines())) == (130, 1)


def test_every_list_says_which_space_and_takes_its_name_or_its_id(spaces: tuple[Path, str, str]) -> None:
    home, unnamed, first = spaces
    assert {row["space"] for row in _listed(home, "skills")} == {"first", unnamed, None}
    assert {row["space"] for row in _listed(home, "sessions")} == {"first"}
    assert unnamed in seasoned(home, "spaces", "list").out
    text = seasoned(home, "skills", "list").out.splitlines()
    assert {line.split("\t")[0] for line in text[1:]} == {"first", unnamed, "-"}
    for called, space_id in (("first", first), (first, first), (first.upper(), first), (unnamed, unnamed)):
        assert {row["space_id"] for row in _listed(home, "skills", "--space", called)} == {space_id}
        assert seasoned(home, "skills", "show", "daily-logs", "--space", called).code == 0
    assert len(_listed(home, "sessions", "--space", "first")) == 1
    assert _listed(home, "sessions", "--space", unnamed) == []
    for words in (("skills", "list"), ("skills", "export", "out"), ("sessions", "list")):
        assert "spaces list" in _one_line(seasoned(home, *words, "--space", "nowhere"), 1)


def test_a_name_that_several_skills_have_is_refused_with_their_ids(spaces: tuple[Path, str, str]) -> None:
    home, unnamed, _ = spaces
    ids = [str(row["id"]) for row in _listed(home, "skills") if row["name"] == "daily-logs"]
    line = _one_line(seasoned(home, "skills", "show", "daily-logs"), 1)
    assert all(one in line for one in (*ids, "first", unnamed, "--space"))
    assert len({seasoned(home, "skills", "show", one).out for one in ids}) == 1
    assert seasoned(home, "skills", "show", "loose").code == 0


def test_learning_takes_a_space_by_its_id_and_makes_none_of_an_id(spaces: tuple[Path, str, str]) -> None:
    home, unnamed, _ = spaces
    assert seasoned(home, "learn", AIRLINE, "--dry-run", "--space", unnamed).code == 0
    nobody = "01999999-0000-7000-8000-000000000000"
    for words in (("learn", AIRLINE), ("learn", AIRLINE, "--dry-run")):
        assert nobody in _one_line(seasoned(home, *words, "--space", nobody), 1)


def test_lists_and_learning_see_one_project(tmp_path: Path) -> None:
    project = json.loads(seasoned(tmp_path, "projects", "create", "other", "--json").out)["id"]
    assert seasoned(tmp_path, "learn", CLAUDE, "--project", "other").code == 0
    for words in (("skills",), ("spaces",), ("sessions",)):
        assert _listed(tmp_path, *words) == []
        assert _listed(tmp_path, *words, "--project", "other") == _listed(tmp_path, *words, "--project", project) != []
    assert seasoned(tmp_path, "skills", "show", "daily-logs", "--project", "other").code == 0
    assert "projects list" in _one_line(seasoned(tmp_path, "skills", "list", "--project", "none"), 1)


def test_an_export_has_a_folder_for_each_space_and_every_skill_is_valid(
    spaces: tuple[Path, str, str], tmp_path: Path
) -> None:
    home, unnamed, _ = spaces
    assert seasoned(home, "skills", "export", str(tmp_path / "all")).code == 0
    assert {one.name for one in (tmp_path / "all").iterdir()} == {"first", unnamed, "no-space"}
    assert seasoned(home, "skills", "export", str(tmp_path / "one"), "--space", unnamed).code == 0
    assert {one.name for one in (tmp_path / "one").iterdir()} == {"daily-logs", "user-general-facts"}
    folders = [path.parent for path in tmp_path.rglob("SKILL.md")]
    assert len(folders) >= 7
    assert {str(folder): validate(folder) for folder in folders} == {str(folder): [] for folder in folders}


def test_one_edited_skill_is_skipped_and_the_others_are_written(spaces: tuple[Path, str, str], tmp_path: Path) -> None:
    home, unnamed, _ = spaces
    assert seasoned(home, "skills", "export", str(tmp_path)).code == 0
    edited, gone = tmp_path / unnamed / "daily-logs" / "SKILL.md", tmp_path / "first" / "daily-logs" / "SKILL.md"
    edited.write_text("mine")
    gone.unlink()
    done = seasoned(home, "skills", "export", str(tmp_path), "--json")
    assert done.code == 1
    said = json.loads(done.out)
    assert [(one["name"], one["space_id"]) for one in said["skipped"]] == [("daily-logs", unnamed)]
    assert "was edited since" in said["skipped"][0]["reason"]
    assert str(gone.parent) in said["written"]
    assert (edited.read_text(), gone.exists()) == ("mine", True)
    text = seasoned(home, "skills", "export", str(tmp_path))
    assert (text.code, "skipped: daily-logs: " in text.err, "; 1 skipped" in text.out) == (1, True, True)


DROID = '{"type": "session_start", "version": 2, "id": "a", "cwd": "/x"}\n'
UNKNOWN = (
    ("droid.jsonl", DROID, "type (session_start), version (2), id, cwd"),
    ("inspect.json", '{"version": 2, "status": "success", "eval": {}}', "version (2), status, eval"),
    ("list.json", '[{"weather": "fine"}]', "a list whose first item is an object with the keys weather"),
    ("text.jsonl", "token=hunter2 sk-proj-abcdefghijklmnop0123 hello\n", "it begins with 'token=..."),
)


@pytest.mark.parametrize(("name", "data", "seen"), UNKNOWN, ids=[name for name, _, _ in UNKNOWN])
def test_each_file_that_was_not_read_is_named_with_what_was_seen_in_it(
    name: str, data: str, seen: str, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / name).write_text(data)
    (folder / "talk.json").write_text(json.dumps(TALK))
    done = seasoned(tmp_path / "home", "learn", str(folder), "--json")
    assert done.code == 0
    [line] = [line for line in done.err.splitlines() if line.startswith("note: ")]
    assert name in line
    assert seen in line
    assert not [secret for secret in ("hunter2", "abcdefghijklmnop") if secret in line]
    assert done.json()["unread"] == [line.removeprefix("note: not read: ")]
    assert seen in seasoned(tmp_path / "home", "learn", str(folder / name)).err


def test_sessions_that_teach_nothing_say_why(tmp_path: Path) -> None:
    silent, done = tmp_path / "silent.json", tmp_path / "done.json"
    silent.write_text(json.dumps({"messages": [{"role": "user", "content": "Hi."}]}))
    done.write_text(json.dumps(TALK))
    found = seasoned(tmp_path / "home", "learn", str(silent), str(done), "--json").json()["sessions"]
    assert isinstance(found, list)
    whys = {Path(one["source"]).name: one.get("why_nothing") for one in found}
    assert whys["silent.json"] in ("it contains no task", "none of its tasks is finished, as far as one can tell")
    assert whys["done.json"]
    text = seasoned(tmp_path / "other", "learn", str(silent), str(done)).out
    assert all(str(why) in text for why in whys.values())


def test_piped_lists_have_a_head(spaces: tuple[Path, str, str]) -> None:
    home = spaces[0]
    for words, first in (
        (("skills", "list"), "SPACE\tNAME"),
        (("spaces", "list"), "ID\tNAME"),
        (("sessions", "list"), "ID\tSPACE"),
        (("projects", "list"), "ID\tNAME"),
        (("usage",), "DAY\tSPACE"),
    ):
        assert seasoned(home, *words).out.startswith(first)
    assert "STAGE\tCALLS\tINPUT TOKENS\n" in seasoned(home, "learn", AIRLINE, "--dry-run").out


PRINTING = (("skills", "list"), ("skills", "list", "--json"), ("--help",), ("--version",))


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_a_reader_that_has_gone_is_no_fault_and_a_full_disk_is_a_sentence(
    words: tuple[str, ...], spaces: tuple[Path, str, str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    assert _printed_to(writing, words, spaces[0]) == (0, "")
    code, said = _printed_to(os.open("/dev/full", os.O_WRONLY), words, spaces[0])
    assert code == 1
    assert said == "seasoned: the output cannot be written (No space left on device); send it somewhere else.\n"


def _printed_to(descriptor: int, words: tuple[str, ...], home: Path) -> tuple[int, str]:
    with os.fdopen(descriptor, "wb") as out, tempfile.TemporaryFile() as err:
        process = forks.started(words, environment(home), out.fileno(), err.fileno())
        code = process.wait(60)
        err.seek(0)
        return code, err.read().decode()


def _interruptible(*words: str, home: Path, settings: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """A command that hears Ctrl-C, however the tests were started."""
    return subprocess.Popen(
        command(*words),
        env=environment(home, **(settings or {})),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )


SLOW_IMPORTS = """
import os, sys, time
class Finder:
    seen = 0
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("typer", "sqlalchemy", "seasoned.", "pydantic", "uvicorn")) and name != "seasoned.cli":
            Finder.seen += 1
            if Finder.seen == int(os.environ["STOP_AT"]):
                sys.stderr.write("importing\\n"); sys.stderr.flush()
                time.sleep(600)
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize("words", [("skills", "list"), ("learn", AIRLINE), ("serve", "--port", "0")], ids=" ".join)
@pytest.mark.parametrize("stop_at", [4, 120])
def test_ctrl_c_while_modules_are_imported_ends_with_one_line(
    words: tuple[str, ...], stop_at: int, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_IMPORTS)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    process = _interruptible(*words, home=tmp_path / "home", settings={"PYTHONPATH": path, "STOP_AT": str(stop_at)})
    assert process.stderr is not None
    assert process.stderr.readline() == "importing\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines() == ["seasoned: stopped; rerun the command to resume."]


@pytest.mark.sqlite
def test_a_server_says_that_another_one_serves_the_home(server: Server) -> None:
    with running(server.home.parent) as second:
        line = second.said()
    assert f"process {server.process.pid} at {server.url} already serves this home" in line


def test_the_first_page_names_the_others(server: Server) -> None:
    told = httpx.get(f"{server.url}/").json()["data"]
    assert {told["docs"], told["openapi"], told["api"]} == {"/docs", "/openapi.json", "/api/v1"}
    for key in ("docs", "openapi", "health"):
        assert httpx.get(server.url + told[key]).status_code == 200


def test_a_skill_that_is_included_twice_needs_nothing(http: httpx.Client) -> None:
    space = http.post("/learning_spaces", json={}).json()["data"]["id"]
    skill = http.get(f"/learning_spaces/{space}/skills").json()["data"][0]["id"]
    again = http.post(f"/learning_spaces/{space}/skills", json={"skill_id": skill})
    assert again.status_code == 409
    assert "already in this learning space" in again.json()["error"]
    other = http.post("/learning_spaces", json={}).json()["data"]["id"]
    same_name = http.get(f"/learning_spaces/{other}/skills").json()["data"][0]["id"]
    refused = http.post(f"/learning_spaces/{space}/skills", json={"skill_id": same_name})
    assert (refused.status_code, "exclude it first" in refused.json()["error"]) == (409, True)


def test_a_lost_secret_is_told_and_not_made_anew(tmp_path: Path) -> None:
    key = json.loads(seasoned(tmp_path, "projects", "create", "team", "--json").out)["api_key"]
    (tmp_path / "secret").unlink()
    for words in (("serve", "--port", str(free_port())), ("projects", "create", "another")):
        assert "restore it from a backup" in _one_line(seasoned(tmp_path, *words), 1)
    told = seasoned(tmp_path, "doctor", "--json")
    assert (told.code, [one["name"] for one in json.loads(told.out) if not one["ok"]]) == (1, ["keys"])
    assert seasoned(tmp_path, "skills", "list").code == 0
    assert not (tmp_path / "secret").exists()
    rotated = json.loads(seasoned(tmp_path, "projects", "rotate-key", "team", "--json").out)["api_key"]
    assert rotated != key
    assert seasoned(tmp_path, "doctor").code == 0
