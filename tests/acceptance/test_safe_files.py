"""Files that tools obey, that some system takes for one, or that are damaged: the way in, the way out, and links."""

import asyncio
import base64
import hashlib
import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from acontext import AcontextClient, FileUpload
from acontext.messages import MessagePart, build_acontext_message

from seasoned.engine import Engine, disks
from seasoned.errors import Invalid
from seasoned.formats.media import MISSING_FILE
from seasoned.store import files, skills
from seasoned.store.skills import NewSkill, NewVersion
from tests.conftest import NewProject, StartServer
from tests.support.command import seasoned
from tests.support.home import opened, project
from tests.support.server import KEY, Server
from tests.support.wire import data_of, object_of, sentence_of
from tests.support.zips import skill_md, upload, zip_of

LARGE = b"0123456789abcdef" * 8_000
FORMATS = ("acontext", "openai", "anthropic", "gemini")


def put(http: httpx.Client, disk: str, folder: str, filename: str, data: bytes = b"x") -> httpx.Response:
    return http.post(f"/disk/{disk}/artifact", data={"file_path": folder}, files={"file": (filename, data)})


# --- the way in -------------------------------------------------------------------------------------------------------


def test_what_tools_obey_is_left_out_of_an_upload_with_a_warning(client: AcontextClient, http: httpx.Client) -> None:
    archive = zip_of({"SKILL.md": skill_md("repo"), ".git/config": "x", ".claude/settings.json": "{}", "x/HEAD": "x"})
    answer = object_of(http.post("/agent_skills", files={"file": ("a.zip", archive)}), 201)
    assert answer["file_index"] == [{"path": "SKILL.md", "mime": "text/markdown"}]
    warnings = answer["warnings"]
    assert isinstance(warnings, list)
    assert "'.git/config', '.claude/settings.json', 'x/HEAD'" in str(warnings[0])


@pytest.mark.parametrize("name", ["..", "../../x", ".hidden", "con", "aux.txt", "a.", "a\u202eb", "n" * 300])
def test_a_skill_name_that_is_no_folders_is_refused(http: httpx.Client, name: str) -> None:
    archive = zip_of({"SKILL.md": skill_md(f'"{name}"')})
    sentence = sentence_of(http.post("/agent_skills", files={"file": ("a.zip", archive)}), 400)
    assert "is not a valid folder name" in sentence


@pytest.mark.parametrize(
    "path", ["aux.txt", "a.md.", "a?.md", "a\u200b.md", "skill.md", "notes/E\u0301.md", "git~1/config", "SKILL.md/a.md"]
)
def test_an_upload_with_a_name_that_is_not_the_same_everywhere_is_refused(http: httpx.Client, path: str) -> None:
    archive = zip_of({"SKILL.md": skill_md("names"), "notes/\u00e9.md": "e", path: "x"})
    sentence_of(http.post("/agent_skills", files={"file": ("a.zip", archive)}), 400)


@pytest.mark.parametrize(
    ("folder", "filename"),
    [("/.git/", "config"), ("/", ".envrc"), ("/", "HEAD"), ("/", "aux.txt"), ("/", "skill.md"), ("/", "a.md.")],
)
def test_the_same_holds_for_a_skills_disk(
    client: AcontextClient, http: httpx.Client, folder: str, filename: str
) -> None:
    skill = upload(client, {"SKILL.md": skill_md("disk-names")})
    sentence_of(put(http, skill.disk_id, folder, filename), 400)
    assert [file.path for file in client.skills.get(skill.id).file_index] == ["SKILL.md"]


def test_on_an_agents_own_disk_hidden_files_are_its_own_and_names_differ_everywhere(http: httpx.Client) -> None:
    disk = str(object_of(http.post("/disk"), 201)["id"])
    assert put(http, disk, "/.config/", ".env").status_code == 201
    assert put(http, disk, "/notes/", "\u00e9.md").status_code == 201
    assert put(http, disk, "/notes/", "\u00e9.md", b"again").status_code == 201
    for folder, filename in (("/notes/", "\u00c9.md"), ("/Notes/", "\u00e9.md"), ("/notes/", "\u00e9.md.")):
        assert "which some systems cannot tell from" in sentence_of(put(http, disk, folder, filename), 400)
    assert put(http, disk, "/notes/", "e.md").status_code == 201


# --- the way out ------------------------------------------------------------------------------------------------------

BAD: dict[str, bytes] = {
    "SKILL.md": skill_md("older").encode(),
    ".git/config": b"[core]\n",
    "aux.txt": b"aux",
    "notes/a.md": b"a",
}


async def store_as_before(engine: Engine, project_id: str, name: str, contents: dict[str, bytes]) -> str:
    """Store a skill as a release did that knew none of the rules of names."""
    packed = {path: files.pack_one(path, data, engine.store.blobs, 65_536) for path, data in contents.items()}
    new = NewSkill(project_id=project_id, name=name, description="d", user_id=None, meta=None)
    version = NewVersion(changes=packed, author="import", reason="Before.", about=files.about(name, "d", b""))
    return (await engine.store.write(lambda c: skills.create(c, new, version, engine.store.clock.now()))).id


def test_a_bad_name_in_the_store_keeps_nothing_else_from_going_out(tmp_path: Path) -> None:
    home, target = tmp_path / "home", tmp_path / "target"

    async def run() -> bytes:
        async with opened(home) as engine:
            project_id = await project(engine)
            for name in ("..", "../../x", "good"):
                await store_as_before(engine, project_id, name, {"SKILL.md": BAD["SKILL.md"]})
            older = await store_as_before(engine, project_id, "older", BAD)
            _, file = await engine.skills.zip(project_id, older)
            with file:
                return file.read()

    with zipfile.ZipFile(io.BytesIO(asyncio.run(run()))) as made:
        assert made.namelist() == ["SKILL.md", "_aux.txt", "notes/a.md", ".seasoned.json"]
        assert b".git/config" in made.comment
    done = seasoned(home, "skills", "export", str(target))
    assert done.code == 1
    for said in ("'..'", "'../../x'", "'.git/config'", "'_aux.txt'"):
        assert said in done.err
    folders = sorted(path.name for path in target.iterdir())
    assert len(folders) == 4
    assert {"good", "older"} < set(folders)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "target"]
    assert (target / "older" / "_aux.txt").read_bytes() == b"aux"
    assert not list(target.rglob(".git"))


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_git_runs_nothing_in_an_exported_folder(tmp_path: Path) -> None:
    home, ran = tmp_path / "home", tmp_path / "ran"
    config = f'[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tfsmonitor = "touch {ran}"\n'.encode()
    repository = {"config": config, "HEAD": b"ref: refs/heads/main\n", "objects/x": b"", "refs/heads/x": b""}
    hidden = {f".git/{path}": data for path, data in repository.items()}

    async def run() -> None:
        async with opened(home) as engine:
            project_id = await project(engine)
            await store_as_before(engine, project_id, "hidden", {**BAD, **hidden})
            await store_as_before(engine, project_id, "bare", {**BAD, **repository})

    asyncio.run(run())
    assert seasoned(home, "skills", "export", str(tmp_path / "out")).code == 1
    for folder in ("hidden", "bare"):
        subprocess.run(["git", "status"], cwd=tmp_path / "out" / folder, capture_output=True, check=False, timeout=60)
    assert not ran.exists()


def test_a_stored_file_of_a_bad_name_can_be_read_and_removed_but_not_written(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as engine:
            project_id = await project(engine)
            skill_id = await store_as_before(engine, project_id, "older", BAD)
            state = await engine.skills.get(project_id, skill_id)
            skill = state.row
            assert [path for path, _ in state.index] == ["SKILL.md", "aux.txt", "notes/a.md"]
            assert (await engine.skills.file(project_id, skill_id, ".git/config")).data == BAD[".git/config"]
            where = disks.place("/.git/config")
            with pytest.raises(Invalid):
                await engine.disks.put(project_id, skill.disk_id, where, b"new", None)
            await engine.disks.put(project_id, skill.disk_id, disks.place("/new.md"), b"new", None)
            await engine.disks.remove(project_id, skill.disk_id, where)
            assert sorted((await engine.skills.content(project_id, skill_id)).files) == [
                "SKILL.md",
                "aux.txt",
                "new.md",
                "notes/a.md",
            ]

    asyncio.run(run())


def test_a_skills_own_zip_is_taken_again_however_large_it_is(start_server: StartServer) -> None:
    server = start_server(SEASONED_BODY_BYTES_MAX="1000000")
    with server.client() as client, server.http() as http:
        # It shrinks so well that it comes in small; its own ZIP holds it as it is.
        piece = hashlib.shake_128(b"large").digest(700) + bytes(99_300)
        skill = upload(client, {"SKILL.md": skill_md("large"), "data.bin": piece * 20})
        own = client.skills.download_zip(skill.id)
        assert len(own) > 1_000_000
        again = client.skills.create(file=FileUpload(filename="again.zip", content=own))
        assert again.file_index == skill.file_index
        sentence_of(http.post("/session", json={"configs": {"x": "x" * 1_000_000}}), 413)


# --- damage -----------------------------------------------------------------------------------------------------------


def blob_of(server: Server, data: bytes) -> Path:
    """The file in which the server keeps these bytes."""
    found = [path for path in (server.home / "blobs").glob("*/*") if path.is_file() and path.read_bytes() == data]
    assert len(found) == 1
    return found[0]


def test_bytes_that_were_damaged_are_healed_by_the_same_upload(server: Server, http: httpx.Client) -> None:
    disk = str(object_of(http.post("/disk"), 201)["id"])
    for number, damage in enumerate((b"", b"short", None)):
        data = LARGE + bytes([number])
        assert put(http, disk, "/", "a.bin", data).status_code == 201
        path = blob_of(server, data)
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:] if damage is None else damage)
        assert http.get(f"/disk/{disk}/artifact/download?file_path=/a.bin").status_code == 404
        assert put(http, disk, "/", "b.bin", data).status_code == 201
        for name in ("a.bin", "b.bin"):
            assert http.get(f"/disk/{disk}/artifact/download?file_path=/{name}").content == data


@contextmanager
def damaged(path: Path, *, missing: bool) -> Iterator[None]:
    """A stored file that is not what was stored, until the block ends."""
    data = path.read_bytes()
    if missing:
        path.unlink()
    else:
        path.write_bytes(data[:-1])
    yield
    path.write_bytes(data)


@pytest.mark.parametrize("missing", [True, False])
def test_a_lost_message_spoils_no_other(server: Server, client: AcontextClient, *, missing: bool) -> None:
    session = client.sessions.create(disable_task_tracking=True).id
    long = f"A very long message, missing or not: {missing}. " * 3_000
    for text in ("first", long, "third"):
        client.sessions.store_message(session, blob={"role": "user", "content": text}, format="openai")
    parts = next(path for path in (server.home / "blobs").glob("*/*") if long.encode() in path.read_bytes())
    with damaged(parts, missing=missing):
        for wanted in FORMATS:
            got = client.sessions.get_messages(session, format=wanted)  # type: ignore[arg-type]
            assert len(got.items) == 3
            assert "first" in str(got.items[0])
            assert "missing from the server's storage" in str(got.items[1])
            assert "third" in str(got.items[2])
            assert str(server.home) not in str(got.items)
        shown = client.sessions.get_messages(session, format="acontext").items[1]["parts"][0]
        assert shown["meta"] == {"__missing__": True}
        assert client.sessions.get_token_counts(session).total_tokens > 0
    assert client.sessions.get_messages(session, format="acontext").items[1]["parts"][0]["text"] == long


def send_picture(client: AcontextClient, session: str, data: bytes) -> str:
    """Store a message with a picture; its address."""
    client.sessions.store_message(
        session,
        blob=build_acontext_message(role="user", parts=[MessagePart(type="image", file_field="f")]),
        format="acontext",
        file_field="f",
        file=FileUpload(filename="dot.png", content=data, content_type="image/png"),
    )
    urls = client.sessions.get_messages(session, format="acontext").public_urls
    assert urls
    return next(reversed(urls.values())).url


def test_a_lost_picture_spoils_no_message(server: Server, client: AcontextClient) -> None:
    session = client.sessions.create(disable_task_tracking=True).id
    picture = b"\x89PNG\r\n\x1a\n" + b"lost one day" * 20
    url = send_picture(client, session, picture)
    with damaged(blob_of(server, picture), missing=True):
        for wanted in FORMATS:
            for with_url in (True, False):
                got = client.sessions.get_messages(session, format=wanted, with_asset_public_url=with_url)  # type: ignore[arg-type]
                assert len(got.ids) == 1
                if wanted != "acontext" and not with_url:
                    encoded = base64.b64encode(MISSING_FILE).decode()
                    assert encoded in str(got.items) or "missing from the server's storage" in str(got.items)
        assert httpx.get(url).status_code == 404
    assert httpx.get(url).content == picture


def test_a_lost_file_spoils_no_other_of_its_disk(server: Server, client: AcontextClient, http: httpx.Client) -> None:
    disk = str(object_of(http.post("/disk"), 201)["id"])
    lost = b"needle in a lost file\n" * 5_000
    put(http, disk, "/", "lost.txt", lost)
    put(http, disk, "/", "there.txt", b"needle")
    with damaged(blob_of(server, lost), missing=True):
        found = data_of(http.get(f"/disk/{disk}/artifact/grep?query=needle"))
        assert isinstance(found, list)
        assert [one["filename"] for one in found if isinstance(one, dict)] == ["there.txt"]
        shown = object_of(http.get(f"/disk/{disk}/artifact?file_path=/lost.txt"))
        assert sorted(shown) == ["artifact", "public_url"]
        assert put(http, disk, "/", "lost.txt", b"new").status_code == 201


def test_a_lost_file_spoils_no_other_of_its_skill(server: Server, client: AcontextClient, http: httpx.Client) -> None:
    lost = b"# Lost\n\n- an entry of a lost file\n" * 3_000
    skill = upload(client, {"SKILL.md": skill_md("partly-lost"), "lost.md": lost, "there.md": "there"})
    with damaged(blob_of(server, lost), missing=False):
        sentence = sentence_of(http.get(f"/agent_skills/{skill.id}/file?file_path=lost.md"), 404)
        assert "'lost.md'" in sentence
        assert client.skills.get_file(skill_id=skill.id, file_path="there.md").content is not None
        with zipfile.ZipFile(io.BytesIO(client.skills.download_zip(skill.id))) as made:
            assert made.namelist() == ["SKILL.md", "MISSING-FILES.txt", "there.md"]
            assert b"lost.md" in made.read("MISSING-FILES.txt")
        assert put(http, skill.disk_id, "/", "lost.md", b"# New\n").status_code == 201
    got = client.skills.get_file(skill_id=skill.id, file_path="lost.md").content
    assert got is not None
    assert got.raw == "# New\n"


def test_a_skill_whose_skill_md_is_lost_is_no_zip(server: Server, client: AcontextClient, http: httpx.Client) -> None:
    text = skill_md("headless", body="# Long\n" + "words and more\n" * 6_000)
    skill = upload(client, {"SKILL.md": text, "there.md": "there"})
    with damaged(blob_of(server, text.encode()), missing=True):
        assert "SKILL.md" in sentence_of(http.get(f"/agent_skills/{skill.id}/download_zip"), 404)


# --- links ------------------------------------------------------------------------------------------------------------


def artifact_url(client: AcontextClient, disk: str, filename: str, data: bytes) -> str:
    client.disks.artifacts.upsert(disk, file=FileUpload(filename=filename, content=data), file_path="/")
    url = client.disks.artifacts.get(disk, file_path="/", filename=filename, with_content=False).public_url
    assert url is not None
    return url


def overwrite(client: AcontextClient, disk: str) -> None:
    artifact_url(client, disk, "a.bin", b"other bytes")


ENDINGS: dict[str, Callable[[AcontextClient, str, str], None]] = {
    "the disk is deleted": lambda client, disk, _user: client.disks.delete(disk),
    "the user is deleted": lambda client, _disk, user: client.users.delete(user),
    "the file is deleted": lambda client, disk, _user: client.disks.artifacts.delete(
        disk, file_path="/", filename="a.bin"
    ),
    "other bytes take its place": lambda client, disk, _user: overwrite(client, disk),
}


@pytest.mark.parametrize("size", [13, 100_000])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_link_ends_with_the_file_that_it_names(client: AcontextClient, user: str, ending: str, size: int) -> None:
    data = (ending.encode() * size)[:size]
    disk, other = client.disks.create(user=user).id, client.disks.create().id
    url = artifact_url(client, disk, "a.bin", data)
    # The same bytes are elsewhere too, so they are not gone: the link has to know what it was for.
    elsewhere = artifact_url(client, other, "a.bin", data)
    artifact_url(client, disk, "b.bin", b"beside it")
    assert httpx.get(url).content == data
    ENDINGS[ending](client, disk, user)
    assert httpx.get(url).status_code == 404
    assert httpx.get(elsewhere).content == data


def test_a_link_to_a_skills_file_ends_with_it(client: AcontextClient) -> None:
    skill = upload(client, {"SKILL.md": skill_md("linked"), "a.bin": b"\x00first", "b.bin": b"\x00second"})
    first, second = (client.skills.get_file(skill_id=skill.id, file_path=f"{one}.bin").url for one in "ab")
    assert first is not None
    assert second is not None
    assert [httpx.get(url).content for url in (first, second)] == [b"\x00first", b"\x00second"]
    client.disks.artifacts.upsert(skill.disk_id, file=FileUpload(filename="a.bin", content=b"\x00new"), file_path="/")
    assert [httpx.get(url).status_code for url in (first, second)] == [404, 200]
    client.skills.delete(skill.id)
    assert httpx.get(second).status_code == 404


def test_a_link_to_a_messages_file_ends_with_its_session(client: AcontextClient) -> None:
    sessions = [client.sessions.create(disable_task_tracking=True).id for _ in range(2)]
    urls = [send_picture(client, session, b"\x89PNG\r\n\x1a\n shared") for session in sessions]
    client.sessions.delete(sessions[0])
    assert [httpx.get(url).status_code for url in urls] == [404, 200]


def test_links_end_with_the_projects_key(server: Server, new_project: NewProject) -> None:
    there = new_project()
    with server.client(there.api_key) as client:
        url = artifact_url(client, client.disks.create().id, "a.bin", b"kept secret")
    assert httpx.get(url).content == b"kept secret"
    done = seasoned(server.home, "projects", "rotate-key", there.id, "--json", settings={"SEASONED_API_KEY": KEY})
    assert done.code == 0, done.err
    assert httpx.get(url).status_code == 404
