"""A server that keeps large bytes on S3, through the published SDK."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from acontext import AcontextClient, FileUpload
from acontext.messages import MessagePart, build_acontext_message

from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import free_port
from tests.support.s3 import S3
from tests.support.server import environment, running, wait_until

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
LARGE = os.urandom(9 * 1024 * 1024)
WITH_PICTURE = '{"format":"acontext","blob":{"role":"user","parts":[{"type":"image","file_field":"f"}]}}'
LONG = "Please read all of this again. " * 4_000


def send_picture(client: AcontextClient, session: str, data: bytes) -> str:
    """Store a message with a picture; its hash."""
    message = client.sessions.store_message(
        session,
        blob=build_acontext_message(role="user", parts=[MessagePart(type="image", file_field="f")]),
        format="acontext",
        file_field="f",
        file=FileUpload(filename="dot.png", content=data, content_type="image/png"),
    )
    asset = message.parts[0].model_dump()["asset"]
    return str(asset["sha256"])


def test_files_and_long_messages_are_on_s3_and_come_back(s3: S3, tmp_path: Path) -> None:
    address = s3.address()
    with running(tmp_path, {"SEASONED_BLOBS": address}) as server, server.client() as client:
        session = client.sessions.create(disable_task_tracking=True).id
        sha256 = send_picture(client, session, PNG)
        client.sessions.store_message(session, blob={"role": "user", "content": LONG}, format="openai")
        disk = client.disks.create().id
        client.disks.artifacts.upsert(disk, file=FileUpload(filename="large.bin", content=LARGE), file_path="/data/")
        got = client.sessions.get_messages(session, format="acontext")
        assert got.public_urls is not None
        url = got.public_urls[sha256].url
        assert url.startswith(s3.endpoint)
        answer = httpx.get(url)
        assert answer.content == PNG
        assert answer.headers["Content-Disposition"] == "attachment"
        again = client.sessions.get_messages(session, format="acontext").public_urls
        assert again is not None
        assert again[sha256].url == url
        assert got.items[1]["parts"][0]["text"] == LONG
        read = client.disks.artifacts.get(disk, file_path="/data/", filename="large.bin", with_content=False)
        assert read.public_url is not None
        assert read.public_url.startswith(s3.endpoint)
        assert httpx.get(read.public_url).content == LARGE
        assert any(key.endswith(sha256) for key in s3.keys(address))
        assert not list((server.home / "blobs").glob("*/*"))
        ready = httpx.get(f"{server.url}/ready")
        assert ready.status_code == 200, ready.text


def test_a_small_file_and_a_server_that_is_told_so_have_addresses_of_the_servers_own(s3: S3, tmp_path: Path) -> None:
    settings = {"SEASONED_BLOBS": s3.address(), "SEASONED_BLOB_LINKS": "server"}
    with running(tmp_path, settings) as server, server.client() as client:
        session = client.sessions.create(disable_task_tracking=True).id
        sha256 = send_picture(client, session, PNG)
        got = client.sessions.get_messages(session, format="acontext")
        assert got.public_urls is not None
        assert got.public_urls[sha256].url.startswith(server.url)
        assert httpx.get(got.public_urls[sha256].url).content == PNG
    another = tmp_path / "another"
    another.mkdir()
    with running(another, {"SEASONED_BLOBS": s3.address()}) as server, server.client() as client:
        disk = client.disks.create().id
        client.disks.artifacts.upsert(disk, file=FileUpload(filename="a.txt", content=b"small"), file_path="/")
        read = client.disks.artifacts.get(disk, file_path="/", filename="a.txt")
        assert read.public_url is not None
        assert read.public_url.startswith(server.url)
        assert httpx.get(read.public_url).content == b"small"


def test_a_store_that_is_away_is_answered_503_and_nothing_is_half_written(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with running(tmp_path, {"SEASONED_BLOBS": s3.address()}) as server, server.http() as http:
        session = http.post("/session", json={"disable_task_tracking": True}).json()["data"]["id"]
        for refused in (
            http.post(
                f"/session/{session}/messages",
                data={"payload": WITH_PICTURE},
                files=[("f", ("dot.png", PNG))],
            ),
            http.post(
                f"/session/{session}/messages", json={"format": "openai", "blob": {"role": "user", "content": LONG}}
            ),
            _upload(http),
        ):
            assert refused.status_code == 503, refused.text
            assert refused.headers["Retry-After"]
            assert "is unreachable" in refused.json()["error"]
        assert http.get(f"/session/{session}/messages").json()["data"]["items"] == []
        assert _is_small_talk_served(http, session)
        assert httpx.get(f"{server.url}/ready").status_code == 503


def _upload(http: httpx.Client) -> httpx.Response:
    disk = http.post("/disk").json()["data"]["id"]
    answer = http.post(f"/disk/{disk}/artifact", files=[("file", ("large.bin", LARGE))])
    assert http.get(f"/disk/{disk}/artifact/ls").json()["data"]["artifacts"] == []
    return answer


def _is_small_talk_served(http: httpx.Client, session: str) -> bool:
    return http.post(f"/session/{session}/messages", json=_said("Hello")).status_code == 201


def _said(text: str) -> dict[str, object]:
    return {"format": "openai", "blob": {"role": "user", "content": text}}


def test_a_server_without_the_bucket_starts_and_says_what_is_missing(s3: S3, tmp_path: Path) -> None:
    with running(tmp_path, {"SEASONED_BLOBS": "s3://no-such-bucket/x"}) as server:
        ready = httpx.get(f"{server.url}/ready")
        assert ready.status_code == 503
        assert "The bucket in SEASONED_BLOBS does not exist" in ready.text


def test_what_was_deleted_goes_from_s3_by_itself_or_by_command(s3: S3, tmp_path: Path) -> None:
    address = s3.address()
    settings = {"SEASONED_BLOBS": address, "SEASONED_COLLECT_SECONDS": "0.1", "SEASONED_BLOB_GRACE_SECONDS": "0"}
    with running(tmp_path, settings) as server, server.client() as client:
        kept = client.sessions.create(disable_task_tracking=True).id
        dropped = client.sessions.create(disable_task_tracking=True).id
        stays, goes = send_picture(client, kept, PNG), send_picture(client, dropped, PNG + b"2")
        client.sessions.delete(dropped)
        wait_until(lambda: not any(key.endswith(goes) for key in s3.keys(address)), "the deleted picture is gone")
        got = client.sessions.get_messages(kept, format="acontext")
        assert got.public_urls is not None
        assert httpx.get(got.public_urls[stays].url).content == PNG
        assert send_picture(client, kept, PNG + b"2") == goes
        assert len(client.sessions.get_messages(kept, format="acontext").public_urls or {}) == 2
        client.sessions.delete(kept)
    by_command = {"SEASONED_BLOBS": address, "SEASONED_BLOB_GRACE_SECONDS": "0"}
    _seasoned(server.home, by_command, "gc")
    assert json.loads(_seasoned(server.home, by_command, "gc", "--dry-run", "--json"))["unnamed"] == 0
    assert [key for key in s3.keys(address) if key.endswith((stays, goes))] == []


def test_a_backup_holds_what_is_on_s3_and_is_restored_to_s3(s3: S3, tmp_path: Path) -> None:
    here, there = {"SEASONED_BLOBS": s3.address()}, {"SEASONED_BLOBS": s3.address()}
    with running(tmp_path, here) as server, server.client() as client:
        session = client.sessions.create(disable_task_tracking=True).id
        sha256 = send_picture(client, session, PNG)
    folder = tmp_path / "backup"
    _seasoned(server.home, here, "backup", str(folder))
    assert (folder / "blobs" / sha256[:2] / sha256).read_bytes() == PNG
    second = tmp_path / "second"
    second.mkdir()
    _seasoned(second / "home", there, "restore", str(folder))
    with running(second, there) as again, again.client() as client:
        got = client.sessions.get_messages(session, format="acontext")
        assert got.public_urls is not None
        assert httpx.get(got.public_urls[sha256].url).content == PNG


def _seasoned(home: Path, settings: dict[str, str], *words: str) -> bytes:
    command = [sys.executable, "-m", "seasoned", *words, "--home", str(home)]
    done = subprocess.run(
        command, env=environment(home, settings), capture_output=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
