"""Disks and their files, by the published SDK and its agent tools; skills are disks too."""

from typing import Any

import httpx
import pytest
from acontext import AcontextClient, FileUpload
from acontext.agent.disk import DISK_TOOLS
from acontext.agent.skill import SKILL_TOOLS
from acontext.errors import APIError

from tests.conftest import StartServer
from tests.support.server import Server
from tests.support.zips import skill_md, upload

NOTE = "Deploy on Tuesdays.\nNever on Fridays.\n"


def put(client: AcontextClient, disk_id: str, path: str, filename: str, content: str) -> None:
    file = FileUpload(filename=filename, content=content.encode())
    client.disks.artifacts.upsert(disk_id, file=file, file_path=path)


def names(found: Any) -> list[str]:
    """The names of some artifacts; the SDK's own annotation is hidden by its method `list`."""
    return [one.filename for one in found]


def test_files_are_written_listed_read_found_and_deleted(server: Server) -> None:
    with server.client() as client:
        disk = client.disks.create(user="disk@example.com")
        assert disk.id in [one.id for one in client.disks.list(user="disk@example.com").items]
        put(client, disk.id, "/notes/", "deploy.md", NOTE)
        put(client, disk.id, "/notes/old/", "a.py", "print('deploy')\n")
        put(client, disk.id, "/", "data.json", '{"a": 1}')
        listing = client.disks.artifacts.list(disk.id, path="/notes/")
        assert [one.filename for one in listing.artifacts] == ["deploy.md"]
        assert listing.directories == ["old"]
        read = client.disks.artifacts.get(disk.id, file_path="/notes/", filename="deploy.md", with_content=True)
        assert read.content is not None
        assert read.content.raw == NOTE
        assert read.public_url
        found = client.disks.artifacts.grep_artifacts(disk.id, query="DEPLOY on t")
        assert names(found) == ["deploy.md"]
        assert names(client.disks.artifacts.glob_artifacts(disk.id, query="*.py")) == ["a.py"]
        client.disks.artifacts.update(disk.id, file_path="/notes/", filename="deploy.md", meta={"k": 1})
        again = client.disks.artifacts.get(disk.id, file_path="/notes/", filename="deploy.md")
        assert again.artifact.meta["k"] == 1
        client.disks.artifacts.delete(disk.id, file_path="/notes/", filename="deploy.md")
        with pytest.raises(APIError) as gone:
            client.disks.artifacts.get(disk.id, file_path="/notes/", filename="deploy.md")
        assert gone.value.status_code == 404
        client.disks.delete(disk.id)
        with pytest.raises(APIError):
            client.disks.artifacts.list(disk.id, path="/")


def test_text_of_every_name_is_found(server: Server) -> None:
    with server.client() as client:
        disk = client.disks.create()
        ends = ["rs", "sql", "xml", "svg", "dart", "ts", "m", "geojson", "pem", "none", "md", "py"]
        for end in ends:
            put(client, disk.id, "/", f"q.{end}", "<!-- needle -->")
        client.disks.artifacts.upsert(disk.id, file=FileUpload(filename="q.bin", content=b"\x00needle"), file_path="/")
        found = client.disks.artifacts.grep_artifacts(disk.id, query="needle")
        assert sorted(names(found)) == sorted(f"q.{end}" for end in ends)


def test_a_pattern_that_would_take_minutes_is_refused(server: Server) -> None:
    with server.client() as client:
        disk = client.disks.create()
        put(client, disk.id, "/", "a.txt", "ab" * 4_000_000)
        with pytest.raises(APIError) as error:
            client.disks.artifacts.grep_artifacts(disk.id, query="a[ab]{990}c")
        assert error.value.status_code == 413
        assert names(client.disks.artifacts.grep_artifacts(disk.id, query="abab"))
        with pytest.raises(APIError) as error:
            put(client, disk.id, "/" + "\u4e2d" * 80 + ("/" + "\u4e2d" * 80) * 9 + "/", "a.txt", "x")
        assert error.value.status_code == 400


def test_a_skill_md_that_an_upload_takes_can_be_written_back(server: Server) -> None:
    with server.client() as client:
        for number, form in enumerate(["\n{}", "# Title\n\n{}", "name: loose-2\ndescription: Without fences.\n"]):
            text = form.format(skill_md(f"loose-{number}", "A skill.", "# Notes\n"))
            skill = upload(client, {"SKILL.md": text})
            put(client, skill.disk_id, "/", "SKILL.md", text)
            assert client.skills.get(skill.id).name == f"loose-{number}"
            with pytest.raises(APIError) as error:
                put(client, skill.disk_id, "/", "SKILL.md", text.replace(f"loose-{number}", "another"))
            assert error.value.status_code == 400


def test_links_begin_with_the_address_that_clients_use(start_server: StartServer) -> None:
    server = start_server(SEASONED_PUBLIC_URL="https://seasoned.example.org/agents/")
    with server.client() as client:
        disk = client.disks.create()
        put(client, disk.id, "/", "a.md", NOTE)
        url = client.disks.artifacts.get(disk.id, file_path="/", filename="a.md").public_url
        assert url is not None
        assert url.startswith("https://seasoned.example.org/agents/api/v1/material/")
        token = url.rpartition("/")[2]
        assert httpx.get(f"{server.api}/material/{token}").text == NOTE


def test_a_change_on_a_skills_disk_is_a_version_of_the_skill(server: Server) -> None:
    with server.client() as client:
        files: dict[str, str | bytes] = {"SKILL.md": skill_md("disk-skill", "A skill on a disk.", "# Notes\n")}
        skill = upload(client, files)
        put(client, skill.disk_id, "/notes/", "a.md", "# A\n\n- one\n")
        changed = client.skills.get(skill.id)
        assert [file.path for file in changed.file_index] == ["SKILL.md", "notes/a.md"]
        assert changed.updated_at > skill.updated_at
        content = client.skills.get_file(skill_id=skill.id, file_path="notes/a.md").content
        assert content is not None
        assert "- one" in content.raw
        with pytest.raises(APIError) as error:
            client.disks.artifacts.delete(skill.disk_id, file_path="/", filename="SKILL.md")
        assert error.value.status_code == 400
        with pytest.raises(APIError) as error:
            put(client, skill.disk_id, "/", "SKILL.md", "no front matter")
        assert error.value.status_code == 400
        client.disks.artifacts.delete(skill.disk_id, file_path="/notes/", filename="a.md")
        assert [file.path for file in client.skills.get(skill.id).file_index] == ["SKILL.md"]
        client.disks.delete(skill.disk_id)
        with pytest.raises(APIError) as gone:
            client.skills.get(skill.id)
        assert gone.value.status_code == 404


@pytest.mark.parametrize("query", ["(", "a{1001}", "(?=x)"])
def test_a_pattern_that_cannot_be_searched_safely_is_refused(server: Server, query: str) -> None:
    with server.client() as client:
        disk = client.disks.create()
        put(client, disk.id, "/", "a.txt", "a" * 10_000)
        with pytest.raises(APIError) as refused:
            client.disks.artifacts.grep_artifacts(disk.id, query=query)
        assert refused.value.status_code == 400


def test_a_path_that_leaves_the_disk_is_refused(server: Server) -> None:
    with server.client() as client:
        disk = client.disks.create()
        with pytest.raises(APIError) as refused:
            put(client, disk.id, "/../etc/", "passwd", "x")
        assert refused.value.status_code == 400


def test_the_agent_tools_of_the_sdk_work_on_disks_and_skills(server: Server) -> None:
    with server.client() as client:
        disk = client.disks.create()
        context = DISK_TOOLS.format_context(client, disk.id)
        DISK_TOOLS.execute_tool(context, "write_file_disk", {"filename": "n.txt", "content": "one\ntwo\n"})
        assert "two" in DISK_TOOLS.execute_tool(context, "read_file_disk", {"filename": "n.txt"})
        DISK_TOOLS.execute_tool(
            context, "replace_string_disk", {"filename": "n.txt", "old_string": "two", "new_string": "three"}
        )
        assert "three" in DISK_TOOLS.execute_tool(context, "read_file_disk", {"filename": "n.txt"})
        assert "n.txt" in DISK_TOOLS.execute_tool(context, "list_disk", {"file_path": "/"})
        assert "n.txt" in DISK_TOOLS.execute_tool(context, "grep_disk", {"query": "three"})
        assert "n.txt" in DISK_TOOLS.execute_tool(context, "glob_disk", {"query": "*.txt"})
        assert "http" in DISK_TOOLS.execute_tool(context, "download_file_disk", {"filename": "n.txt"})
        skill = upload(client, {"SKILL.md": skill_md("tool-skill", "Read by tools.", "# Body of it\n")})
        skills = SKILL_TOOLS.format_context(client, [skill.id])
        assert "tool-skill" in skills.get_context_prompt()
        assert "SKILL.md" in SKILL_TOOLS.execute_tool(skills, "get_skill", {"skill_name": "tool-skill"})
        text = SKILL_TOOLS.execute_tool(skills, "get_skill_file", {"skill_name": "tool-skill", "file_path": "SKILL.md"})
        assert "Body of it" in text
