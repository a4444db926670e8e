"""The other commands, as processes of their own on one home, beside a running server too."""

import json
import stat
from pathlib import Path

import httpx
import pytest

from seasoned.testing import provider
from tests.support.command import seasoned
from tests.support.server import Server, running
from tests.support.zips import skill_md, zip_of

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with something learned; tests only read it, or add projects."""
    folder = tmp_path_factory.mktemp("home")
    assert seasoned(folder, "learn", str(EXAMPLES / "airline.json"), "--space", "airline").code == 0
    return folder


def test_lists_are_for_people_and_with_json_for_programs(home: Path) -> None:
    for words, key in ((("skills", "list"), "name"), (("spaces", "list"), "name"), (("sessions", "list"), "source")):
        text, data = seasoned(home, *words), json.loads(seasoned(home, *words, "--json").out)
        assert text.code == 0
        assert data
        for row in data:
            assert str(row[key]) in text.out


def test_the_list_of_spaces_counts_their_sessions_and_skills(home: Path) -> None:
    (space,) = json.loads(seasoned(home, "spaces", "list", "--json").out)
    for noun in ("sessions", "skills"):
        assert space[noun] == len(json.loads(seasoned(home, noun, "list", "--json").out)) > 0


def test_the_space_is_found_by_its_name_and_an_unknown_one_is_refused(home: Path) -> None:
    assert json.loads(seasoned(home, "spaces", "list", "--json").out)[0]["name"] == "airline"
    assert "daily-logs" in seasoned(home, "skills", "list", "--space", "airline").out
    done = seasoned(home, "skills", "list", "--space", "nowhere")
    assert (done.code, "spaces list" in done.err) == (1, True)


def test_the_catalogue_of_a_space_is_one_line_a_skill(home: Path) -> None:
    skills = json.loads(seasoned(home, "skills", "list", "--json").out)
    told = seasoned(home, "skills", "catalogue").out
    assert sorted(told.splitlines()) == sorted(f"- {skill['name']}: {skill['description']}" for skill in skills)
    assert seasoned(home, "skills", "catalogue", "--space", "airline").out == told
    found = json.loads(seasoned(home, "skills", "catalogue", "--json").out)
    assert (found["text"], found["left_out"], len(found["skills"])) == (told.rstrip("\n"), 0, len(skills))
    assert seasoned(home, "skills", "catalogue", "--space", "nowhere").code == 1


def test_show_prints_a_file_of_a_skill_as_it_is(home: Path) -> None:
    assert seasoned(home, "skills", "show", "daily-logs").out.startswith("---\nname: daily-logs\n")
    done = seasoned(home, "skills", "show", "daily-logs", "nothing.md")
    assert (done.code, "file_index" in done.err) == (1, True)
    assert seasoned(home, "skills", "show", "no-such-skill").code == 1


def test_an_export_is_repeatable_and_never_overwrites_an_edit(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "skills"
    assert seasoned(home, "skills", "export", str(target)).code == 0
    assert seasoned(home, "skills", "export", str(target)).code == 0
    edited = target / "daily-logs" / "SKILL.md"
    edited.write_text("mine")
    done = seasoned(home, "skills", "export", str(target))
    assert (done.code, "was edited since" in done.err) == (1, True)
    assert edited.read_text() == "mine"


def test_projects_are_created_listed_and_their_keys_rotated(home: Path) -> None:
    created = json.loads(seasoned(home, "projects", "create", "second", "--json").out)
    assert created["api_key"].startswith("sk-ac-")
    assert seasoned(home, "projects", "create", "second").code == 1
    names = [row["name"] for row in json.loads(seasoned(home, "projects", "list", "--json").out)]
    assert names == ["default", "second"]
    rotated = json.loads(seasoned(home, "projects", "rotate-key", "second", "--json").out)
    assert rotated["id"] == created["id"]
    assert rotated["api_key"] != created["api_key"]
    assert seasoned(home, "projects", "rotate-key", "nobody").code == 1


@pytest.mark.parametrize("settings", [{}, {"SEASONED_API_KEY": "sk-ac-another"}], ids=["without", "another"])
def test_a_command_leaves_the_key_of_a_running_server_as_it_is(tmp_path: Path, settings: dict[str, str]) -> None:
    with running(tmp_path) as server:
        assert seasoned(server.home, "skills", "list", settings=settings).code == 0
        learned = seasoned(server.home, "learn", str(EXAMPLES / "airline.json"), "--dry-run", settings=settings)
        assert learned.code == 0
        with server.http() as http:
            assert http.get("/session").status_code == 200


@pytest.mark.sqlite
def test_the_generated_key_is_kept_for_its_owner_only(home: Path) -> None:
    kept = home / "api-key"
    assert kept.read_text().startswith("sk-ac-")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text().strip().encode() not in (home / "seasoned.db").read_bytes()


def test_doctor_finds_a_healthy_home_well_and_says_what_is_not(home: Path, tmp_path: Path) -> None:
    done = seasoned(home, "doctor")
    assert done.code == 0, done.out
    assert {check["name"] for check in json.loads(seasoned(home, "doctor", "--json").out)} >= {"database", "parked"}
    sick = tmp_path / "sick"
    assert seasoned(sick, "projects", "create", "first").code == 0
    assert seasoned(sick, "doctor").code == 0
    (sick / "secret").chmod(0o644)
    done = seasoned(sick, "doctor")
    assert (done.code, "chmod 600" in done.out) == (1, True)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SEASONED_MODEL", "gpt", "provider:name"),
        ("SEASONED_CONCURRENCY", "many", "SEASONED_CONCURRENCY"),
        ("SEASONED_ATTEMPTS", "0", "at least 1"),
        ("SEASONED_API_KEY", "secret", "sk-ac-"),
    ],
)
def test_a_setting_that_cannot_be_followed_is_named(home: Path, name: str, value: str, sentence: str) -> None:
    done = seasoned(home, "skills", "list", settings={name: value})
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert sentence in done.err


def test_commands_work_beside_a_running_server_on_the_same_home(server: Server, http: httpx.Client) -> None:
    done = seasoned(
        server.home,
        "learn",
        str(EXAMPLES / "claude-code.jsonl"),
        "--space",
        "beside",
        "--json",
        settings={"SEASONED_API_KEY": http.headers["authorization"].removeprefix("Bearer ")},
    )
    assert done.code == 0, done.err
    space = done.json()["space_id"]
    listed = http.get(f"/learning_spaces/{space}/sessions").json()["data"]
    assert [one["status"] for one in listed] == ["completed"]


def test_collecting_counts_the_small_files_of_what_was_deleted(tmp_path: Path) -> None:
    archive = zip_of({"notes/SKILL.md": skill_md("notes"), "notes/small.txt": b"what nobody shall read any more"})
    with running(tmp_path) as server, server.http() as http:
        skill = http.post("/agent_skills", files={"file": ("notes.zip", archive)}).json()["data"]
        before = seasoned(server.home, "gc", "--dry-run", "--json").json()
        assert http.delete(f"/agent_skills/{skill['id']}").status_code == 200
        after = seasoned(server.home, "gc", "--json").json()
    assert (before["small_seen"], before["small_unnamed"]) == (2, 0)
    assert (after["small_seen"], after["small_unnamed"], after["small_deleted"]) == (2, 2, 0)
    assert "Nothing names 2 (" in seasoned(server.home, "gc", "--dry-run").out


def test_a_port_that_is_taken_is_named(server: Server, tmp_path: Path) -> None:
    done = seasoned(tmp_path, "serve", "--port", server.url.rsplit(":", 1)[1])
    assert (done.code, "choose another" in done.err) == (1, True)


def test_a_model_of_the_settings_learns_and_its_use_is_shown(tmp_path: Path) -> None:
    with provider(lambda asked: '{"tasks": [], "preferences": []}') as server:
        settings = {"SEASONED_MODEL": "openai:any", "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "none"}
        done = seasoned(tmp_path, "learn", str(EXAMPLES / "claude-code.jsonl"), settings=settings)
    assert done.code == 0, done.err
    rows = json.loads(seasoned(tmp_path, "usage", "--json").out)["items"]
    assert [(row["stage"], row["model"], row["calls"]) for row in rows] == [("extract", "openai:any", 1)]
    assert rows[0]["input_tokens"] > 0
    assert "openai:any" in seasoned(tmp_path, "usage").out
