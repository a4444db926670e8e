"""Versions over HTTP: log, diff, blame, revert, edits on a known version, imports, and git."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from acontext import AcontextClient

from tests.conftest import NewProject
from tests.support import provenance
from tests.support.command import seasoned
from tests.support.server import KEY, Server, running
from tests.support.wire import object_of, sentence_of
from tests.support.zips import skill_md, upload, zip_of

NOTES = "# Notes\n\n- Deploy on Tuesdays, after the backup.\n- Never deploy on Fridays, not even small things.\n"
EXAMPLES = Path(__file__).parents[2] / "examples"
WRITERS = (30, pytest.param(200, marks=pytest.mark.slow))
APPEND = 10


@pytest.fixture
def skill(client: AcontextClient) -> str:
    """A skill with a file of notes."""
    return str(upload(client, {"SKILL.md": skill_md("deploys", "Deploys.", "# Deploys\n"), "notes.md": NOTES}).id)


def data_of(response: httpx.Response) -> Any:
    """What a success carries; the API's description has checked its shape."""
    return object_of(response)


def put(http: httpx.Client, skill: str, files: dict[str, str | None], head: str | None) -> httpx.Response:
    headers = {} if head is None else {"If-Match": head}
    return http.put(f"/agent_skills/{skill}/files", json={"files": files, "reason": "Mine."}, headers=headers)


def text(http: httpx.Client, skill: str, path: str = "notes.md", version: int = 0) -> str:
    found = data_of(http.get(f"/agent_skills/{skill}/file", params={"file_path": path, "version": version}))
    return str(found["content"]["raw"])


def test_an_edit_is_a_version_on_the_one_that_was_read(http: httpx.Client, skill: str) -> None:
    assert http.get(f"/agent_skills/{skill}").headers["etag"] == '"1"'
    done = put(http, skill, {"notes.md": NOTES + "- One more.\n", "more/b.md": "# B\n"}, '"1"')
    made = data_of(done)
    assert (made["number"], made["author"], made["reason"], done.headers["etag"]) == (2, "user", "Mine.", '"2"')
    assert [(one["path"], one["change"]) for one in made["changes"]] == [
        ("more/b.md", "added"),
        ("notes.md", "changed"),
    ]
    for head, status in (('"1"', 412), ('"9"', 412), (None, 400), ("soon", 400), ('"1", "2"', 400)):
        sentence_of(put(http, skill, {"notes.md": "lost?"}, head), status)
    wrong: tuple[tuple[dict[str, str | None], int], ...] = (
        ({}, 400),
        ({"../x": "x"}, 400),
        ({"SKILL.md": None}, 400),
        ({"SKILL.md": "no head"}, 400),
        ({"none.md": None}, 404),
    )
    for files, status in wrong:
        sentence_of(put(http, skill, files, "*"), status)
    assert data_of(put(http, skill, {"more/b.md": "# B\n"}, "*"))["number"] == 2, "nothing is different"
    assert data_of(put(http, skill, {"more/b.md": None}, "2"))["number"] == 3
    page = data_of(http.get(f"/agent_skills/{skill}/versions", params={"limit": 2, "time_desc": True}))
    assert [one["number"] for one in page["items"]] == [3, 2]
    rest = {"limit": 2, "time_desc": True, "cursor": page["next_cursor"]}
    assert [one["number"] for one in data_of(http.get(f"/agent_skills/{skill}/versions", params=rest))["items"]] == [1]


def test_versions_are_compared_blamed_and_reverted(http: httpx.Client, skill: str) -> None:
    first = data_of(http.get(f"/agent_skills/{skill}/versions/1"))["files"]
    put(http, skill, {"notes.md": NOTES.replace("Tuesdays", "Mondays"), "b.md": "# B\n"}, "*").raise_for_status()
    unified = data_of(http.get(f"/agent_skills/{skill}/diff"))
    assert (unified["from"], unified["to"]) == (1, 2)
    assert "+- Deploy on Mondays, after the backup.\n" in str(unified["files"]).replace("\\n", "\n")
    words = http.get(f"/agent_skills/{skill}/diff", params={"words": True, "file_path": "notes.md"}).text
    assert "[-Tuesdays-]{+Mondays+}" in words
    params: dict[str, str | int] = {"file_path": "notes.md", "start": 3, "end": 4}
    blamed = data_of(http.get(f"/agent_skills/{skill}/blame", params=params))
    assert [(one["start"], one["end"], one["version"]["author"]) for one in blamed["ranges"]] == [
        (3, 3, "user"),
        (4, 4, "import"),
    ]
    reverted = data_of(http.post(f"/agent_skills/{skill}/revert", json={"version": 1}, headers={"If-Match": '"2"'}))
    assert (reverted["number"], reverted["author"], reverted["files"]) == (3, "revert", first)
    assert text(http, skill) == text(http, skill, version=1) == NOTES
    assert "Mondays" in text(http, skill, version=2)
    why = data_of(http.get(f"/agent_skills/{skill}/why", params={"file_path": "notes.md", "line": 3}))
    assert (why["version"]["number"], why["lessons"]) == (1, [])
    for path, status in (
        ("versions/9", 404),
        ("versions/x", 400),
        ("diff?from=9", 404),
        ("diff?file_path=none.md", 404),
        ("blame", 400),
        ("blame?file_path=none.md", 404),
        ("blame?file_path=notes.md&start=9", 404),
        ("why?file_path=notes.md&line=99", 404),
        ("trace?version=9", 404),
        ("file?file_path=notes.md&version=9", 404),
    ):
        sentence_of(http.get(f"/agent_skills/{skill}/{path}"), status)
    sentence_of(http.post(f"/agent_skills/{skill}/revert", json={"version": 9}), 404)
    sentence_of(http.post(f"/agent_skills/{skill}/revert", json={"version": 1}, headers={"If-Match": '"1"'}), 412)


def test_another_project_sees_and_changes_nothing(server: Server, new_project: NewProject, skill: str) -> None:
    other = new_project()
    with server.http(other.api_key) as http:
        for path in (
            "versions",
            "versions/1",
            "diff",
            "blame?file_path=notes.md",
            "why?file_path=notes.md",
            "trace",
            "pins",
        ):
            sentence_of(http.get(f"/agent_skills/{skill}/{path}"), 404)
        sentence_of(put(http, skill, {"notes.md": "x"}, "*"), 404)
        sentence_of(http.post(f"/agent_skills/{skill}/revert", json={"version": 1}), 404)
        sentence_of(http.post(f"/agent_skills/{skill}/pins", json={"heading": "x"}), 404)


@pytest.mark.parametrize("writers", WRITERS)
def test_concurrent_writers_lose_nothing(server: Server, http: httpx.Client, skill: str, writers: int) -> None:
    """Some append to what they read, again when others were faster; the others write files through the disk."""
    disk = str(data_of(http.get(f"/agent_skills/{skill}"))["disk_id"])

    async def append(client: httpx.AsyncClient, number: int) -> None:
        while True:
            head = (await client.get(f"/agent_skills/{skill}")).headers["etag"]
            params = {"file_path": "notes.md", "version": head.strip('"')}
            before = (await client.get(f"/agent_skills/{skill}/file", params=params)).json()["data"]["content"]["raw"]
            body = {"files": {"notes.md": f"{before}- writer {number} was here\n"}}
            done = await client.put(f"/agent_skills/{skill}/files", json=body, headers={"If-Match": head})
            if done.status_code != 412:
                assert done.status_code == 200, done.text
                return

    async def write(client: httpx.AsyncClient, number: int) -> None:
        file = {"file": (f"{number}.md", f"# {number}\n".encode())}
        done = await client.post(f"/disk/{disk}/artifact", files=file)
        assert done.status_code == 201, done.text

    async def run() -> None:
        limits = httpx.Limits(max_connections=writers)
        headers = {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(base_url=server.api, headers=headers, timeout=120, limits=limits) as client:
            appends = [append(client, number) for number in range(APPEND)]
            await asyncio.gather(*appends, *(write(client, number) for number in range(APPEND, writers)))

    asyncio.run(run())
    assert sorted(text(http, skill).removeprefix(NOTES).splitlines()) == sorted(
        f"- writer {number} was here" for number in range(APPEND)
    )
    files = data_of(http.get(f"/agent_skills/{skill}/versions/{writers + 1}"))["files"]
    assert len(files) == 2 + writers - APPEND


def test_a_downloaded_zip_comes_back_to_its_skill(http: httpx.Client, skill: str) -> None:
    downloaded = http.get(f"/agent_skills/{skill}/download_zip").content
    same = object_of(http.post("/agent_skills/import", files={"file": ("a.zip", downloaded)}))
    assert (same["id"], same["version"], same["is_new"], same["is_changed"]) == (skill, 1, False, False)
    put(http, skill, {"notes.md": NOTES.replace("Tuesdays", "Mondays")}, "*").raise_for_status()
    manifest = f'{{"skill_id": "{skill}", "version": 1}}'
    edited = {"SKILL.md": skill_md("deploys", "Deploys.", "# Deploys\n"), ".seasoned.json": manifest}
    clashing = zip_of({**edited, "notes.md": NOTES.replace("Tuesdays", "Sundays")})
    told = sentence_of(http.post("/agent_skills/import", files={"file": ("a.zip", clashing)}), 409)
    assert "notes.md, 'Notes'" in told
    fitting = zip_of({**edited, "notes.md": NOTES.replace("small things", "big things"), "new.md": "# New\n"})
    done = object_of(http.post("/agent_skills/import", files={"file": ("a.zip", fitting)}))
    assert (done["id"], done["version"], done["is_changed"]) == (skill, 3, True)
    assert text(http, skill) == NOTES.replace("Tuesdays", "Mondays").replace("small things", "big things")
    mine = http.post("/agent_skills/import", files={"file": ("a.zip", clashing)}, data={"prefer": "mine"})
    assert object_of(mine)["version"] == 4
    assert "Sundays" in text(http, skill)
    sentence_of(http.post("/agent_skills/import", files={"file": ("a.zip", clashing)}, data={"prefer": "x"}), 400)
    for other in ("", "no JSON", "[]", '{"skill_id": "\\u0000", "version": 1}', manifest.replace("1}", "99}")):
        new = zip_of({"SKILL.md": skill_md("brand-new", "New.", "# New\n"), ".seasoned.json": other})
        assert data_of(http.post("/agent_skills/import", files={"file": ("a.zip", new)}))["is_new"] is True


def test_a_space_is_cloned_with_git(http: httpx.Client, server: Server, skill: str, tmp_path: Path) -> None:
    space = object_of(http.post("/learning_spaces", json={}), 201)["id"]
    http.post(f"/learning_spaces/{space}/skills", json={"skill_id": skill}).raise_for_status()
    put(http, skill, {"notes.md": NOTES + "- One more.\n"}, "*").raise_for_status()
    url = f"{server.api}/learning_spaces/{space}/git"
    clone = tmp_path / "clone"
    _git(tmp_path, "clone", "--quiet", url.replace("http://", f"http://x:{KEY}@"), str(clone))
    assert (clone / "deploys" / "notes.md").read_text() == NOTES + "- One more.\n"
    assert _git(clone, "log", "--format=%an %s", "-1").strip() == "user deploys: Mine."
    assert _git(clone, "log", "--format=%(trailers:key=Version,valueonly)", "-1").strip() == "2"
    put(http, skill, {"notes.md": NOTES}, "*").raise_for_status()
    _git(clone, "pull", "--quiet")
    assert (clone / "deploys" / "notes.md").read_text() == NOTES
    _git(clone, "fsck", "--strict")
    with pytest.raises(subprocess.CalledProcessError):
        _git(tmp_path, "clone", "--quiet", url.replace("http://", "http://x:sk-ac-wrong@"), "other")
    for path in ("config", "objects/pack", "objects/pack/config", "none"):
        sentence_of(http.get(f"/learning_spaces/{space}/git/{path}"), 404)
    assert httpx.get(f"{url}/info/refs").headers["www-authenticate"] == 'Basic realm="Seasoned"'
    http.delete(f"/learning_spaces/{space}").raise_for_status()
    sentence_of(http.get(f"/learning_spaces/{space}/git/HEAD"), 404)


def test_every_learned_line_leads_to_the_messages_that_taught_it(tmp_path: Path) -> None:
    with running(tmp_path) as server, server.http() as http:
        for name in ("airline.json", "claude-code.jsonl"):
            done = seasoned(server.home, "learn", str(EXAMPLES / name), settings={"SEASONED_API_KEY": KEY})
            assert done.code == 0, done.err
        counts = provenance.check(http)
    assert counts["quoted"] > 20
    assert set(counts) <= {"learner", "seasoned", "quoted", "told"}


def _git(folder: Path, *words: str) -> str:
    settings = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "PATH": "/usr/bin:/bin:/usr/local/bin",
    }
    done = subprocess.run(["git", *words], cwd=folder, env=settings, capture_output=True, text=True, check=True)
    return done.stdout
