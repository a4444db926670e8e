"""When files are lost or cannot be reached, answers say so in our words: no path, nothing of the system's own."""

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import StartServer
from tests.support.server import Server
from tests.support.zips import skill_md, upload

LARGE = "large enough not to be kept in a row. " * 50
FOREIGN = ("Errno", "No such file", "Not a directory", "directory", "blobs/", "Traceback", "sqlite", "psycopg")
PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + LARGE.encode()).decode()


@pytest.fixture(scope="module")
def broken(start_server: StartServer) -> Server:
    """A server whose files are lost."""
    return start_server(SEASONED_INLINE_BYTES_MAX="64", SEASONED_QUIET_SECONDS="3600")


def stored(server: Server) -> list[str]:
    """Where large things can be read: messages, a message's file, an artifact and a skill's file."""
    with server.client() as client, server.http() as http:
        session = client.sessions.create().id
        picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}
        for content in (LARGE, [{"type": "text", "text": "look"}, picture]):
            blob = {"format": "openai", "blob": {"role": "user", "content": content}}
            assert http.post(f"/session/{session}/messages", json=blob).status_code == 201
        disk = http.post("/disk", json={}).json()["data"]["id"]
        http.post(f"/disk/{disk}/artifact", files={"file": ("a.txt", LARGE.encode())}).raise_for_status()
        skill = upload(client, {"SKILL.md": skill_md("own-words"), "notes.md": LARGE})
        files = http.get(f"/disk/{disk}/artifact", params={"file_path": "/a.txt", "with_public_url": "true"}).json()
    link = str(files["data"]["public_url"]).removeprefix(server.api)
    return [
        f"/session/{session}/messages",
        f"/session/{session}/messages?format=anthropic&with_asset_public_url=false",
        f"/session/{session}/token_counts",
        f"/disk/{disk}/artifact?file_path=/a.txt&with_content=true",
        f"/disk/{disk}/artifact/download?file_path=/a.txt",
        f"/disk/{disk}/artifact/grep?query=large",
        f"/agent_skills/{skill.id}/file?file_path=notes.md",
        f"/agent_skills/{skill.id}/download_zip",
        link,
    ]


def answers(server: Server, paths: list[str]) -> Iterator[httpx.Response]:
    with server.http() as http:
        for path in paths:
            yield http.get(path)
        blob = {"format": "openai", "blob": {"role": "user", "content": f"another, {LARGE}"}}
        yield http.post(f"/session/{http.post('/session', json={}).json()['data']['id']}/messages", json=blob)
        disk = http.post("/disk", json={}).json()["data"]["id"]
        yield http.post(f"/disk/{disk}/artifact", files={"file": ("b.txt", f"another, {LARGE}".encode())})
    yield httpx.get(f"{server.url}/ready", timeout=20.0)


def test_lost_and_unreachable_files_are_told_in_our_words(broken: Server) -> None:
    paths, blobs = stored(broken), broken.home / "blobs"
    assert {answer.status_code for answer in answers(broken, paths)} <= {200, 201}
    shutil.rmtree(blobs)
    lost = list(answers(broken, paths))
    shutil.rmtree(blobs, ignore_errors=True)
    Path(blobs).write_text("no folder")
    away = list(answers(broken, paths))
    # A path in any answer fails by itself: see `presence`.
    for answer in [*lost, *away]:
        assert answer.status_code in {200, 201, 404, 503}, answer.text
        if answer.status_code >= 400:
            assert [words for words in FOREIGN if words in answer.text] == [], answer.text
    assert sum(answer.status_code == 404 for answer in lost) >= 3
    assert sum(answer.status_code == 503 for answer in away) >= 5
