"""The agent tools and the Claude Agent SDK storage that the published SDK ships, sync and async."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, cast

import httpx
import pytest
from acontext import AcontextAsyncClient, AcontextClient
from acontext.agent.disk import DISK_TOOLS
from acontext.agent.skill import SKILL_TOOLS
from acontext.integrations.claude_agent import ClaudeAgentStorage

from tests.support.server import KEY, Server
from tests.support.wire import unknown_id
from tests.support.zips import skill_md, upload

Kind = Literal["sync", "async"]
Tool = Callable[..., str]


@pytest.fixture(params=["sync", "async"])
def disk_tool(request: pytest.FixtureRequest, server: Server, client: AcontextClient) -> Iterator[Tool]:
    """Runs a tool of `DISK_TOOLS` on a new disk."""
    with disk_tools(server, request.param, client.disks.create().id) as tool:
        yield tool


@contextmanager
def disk_tools(server: Server, kind: Kind, disk_id: str) -> Iterator[Tool]:
    """Runs tools of `DISK_TOOLS` with a client of either kind."""
    if kind == "sync":
        with server.client() as client:
            context = DISK_TOOLS.format_context(client, disk_id)
            yield lambda name, **arguments: DISK_TOOLS.execute_tool(context, name, arguments)
        return
    with asyncio.Runner() as runner, asynchronous(server, runner) as opened:
        its = runner.run(DISK_TOOLS.async_format_context(opened, disk_id))
        yield lambda name, **arguments: runner.run(DISK_TOOLS.async_execute_tool(its, name, arguments))


@contextmanager
def skill_tools(server: Server, kind: Kind, skill_ids: list[str]) -> Iterator[tuple[str, Tool]]:
    """The prompt of `SKILL_TOOLS` about some skills, and its tools with a client of either kind."""
    if kind == "sync":
        with server.client() as client:
            context = SKILL_TOOLS.format_context(client, skill_ids)
            prompt = context.get_context_prompt()
            yield prompt, lambda name, **arguments: SKILL_TOOLS.execute_tool(context, name, arguments)
        return
    with asyncio.Runner() as runner, asynchronous(server, runner) as opened:
        its = runner.run(SKILL_TOOLS.async_format_context(opened, skill_ids))
        prompt = its.get_context_prompt()
        yield prompt, lambda name, **arguments: runner.run(SKILL_TOOLS.async_execute_tool(its, name, arguments))


@contextmanager
def asynchronous(server: Server, runner: asyncio.Runner) -> Iterator[AcontextAsyncClient]:
    """The SDK's async client; every answer is checked on the way."""
    checked = httpx.AsyncClient(base_url=server.api)
    yield AcontextAsyncClient(api_key=KEY, base_url=server.api, client=checked)
    runner.run(checked.aclose())


def test_disk_tools_write_read_and_edit_files(disk_tool: Tool) -> None:
    text = "\n".join(f"line {number}" for number in range(1, 151))
    assert "written successfully to '/notes/'" in disk_tool(
        "write_file_disk", filename="a.md", file_path="notes", content=text
    )
    shown = disk_tool("read_file_disk", filename="a.md", file_path="/notes/", line_offset=10, line_limit=2)
    assert "of 150 lines" in shown
    assert "line 11\nline 12" in shown
    assert "Found 1 old_string" in disk_tool(
        "replace_string_disk", filename="a.md", file_path="/notes/", old_string="line 150", new_string="the end"
    )
    assert "the end" in disk_tool("read_file_disk", filename="a.md", file_path="/notes/", line_offset=140)
    assert "not found" in disk_tool(
        "replace_string_disk", filename="a.md", file_path="/notes/", old_string="nowhere", new_string=""
    )


def test_disk_tools_list_search_and_share_files(disk_tool: Tool) -> None:
    disk_tool("write_file_disk", filename="plan.md", content="# Plan\n\nTODO: fix the bug\n")
    disk_tool("write_file_disk", filename="run.py", file_path="/src/", content="print('hello')\n")
    listing = disk_tool("list_disk", file_path="/")
    assert "plan.md" in listing
    assert "src" in listing
    assert "No files or directories" in disk_tool("list_disk", file_path="/empty/")
    assert "plan.md" in disk_tool("grep_disk", query="todo.*bug")
    assert "run.py" in disk_tool("glob_disk", query="**/*.py")
    shared = disk_tool("download_file_disk", filename="run.py", file_path="/src/", expire=60)
    url = next(word for word in shared.split() if word.startswith("http"))
    assert httpx.get(url).text == "print('hello')\n"


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_skill_tools_show_skills_and_their_files(server: Server, client: AcontextClient, kind: Kind) -> None:
    image = b"\x89PNG\r\n\x1a\n\x00"
    first = upload(client, {"SKILL.md": skill_md("first-skill", "Deploys."), "scripts/run.py": "print(1)\n"})
    second = upload(client, {"SKILL.md": skill_md("second-skill", "Tests."), "image.png": image})
    with skill_tools(server, kind, [first.id, second.id]) as (prompt, tool):
        assert "first-skill" in prompt
        assert "Tests." in prompt
        described = tool("get_skill", skill_name="first-skill")
        assert first.id in described
        assert "scripts/run.py" in described
        assert "print(1)" in tool("get_skill_file", skill_name="first-skill", file_path="scripts/run.py")
        shown = tool("get_skill_file", skill_name="second-skill", file_path="image.png", expire=60)
        url = next(word for word in shown.split() if word.startswith("http"))
        assert httpx.get(url).content == image


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_disk_tools_edit_a_skill(server: Server, client: AcontextClient, kind: Kind) -> None:
    skill = upload(client, {"SKILL.md": skill_md("edited-by-tool"), "notes/a.md": "- old\n"})
    with disk_tools(server, kind, skill.disk_id) as tool:
        tool("replace_string_disk", filename="a.md", file_path="/notes/", old_string="old", new_string="new")
    got = client.skills.get_file(skill_id=skill.id, file_path="notes/a.md").content
    assert got is not None
    assert got.raw == "- new\n"


def test_claude_agent_messages_are_stored(server: Server, client: AcontextClient, user: str) -> None:
    chosen = unknown_id()
    errors: list[Exception] = []
    stream: list[dict[str, object]] = [
        {"subtype": "init", "data": {"session_id": chosen}},
        {"content": "Which files are there?"},
        {
            "model": "claude-x",
            "content": [
                {"thinking": "Let me look.", "signature": "s"},
                {"text": "I look."},
                {"id": "t1", "name": "Bash", "input": {"command": "ls"}},
            ],
        },
        {"content": [{"tool_use_id": "t1", "content": [{"text": "a.md"}], "is_error": False}]},
        {"model": "claude-x", "content": [{"text": "There is a.md."}]},
        {"content": ""},
        {"subtype": "success", "session_id": chosen},
    ]

    async def run() -> str | None:
        async with httpx.AsyncClient(base_url=server.api) as checked:
            opened = AcontextAsyncClient(api_key=KEY, base_url=server.api, client=checked)
            storage = ClaudeAgentStorage(
                opened, user=user, include_thinking=True, on_error=lambda error, _: errors.append(error)
            )
            for message in stream:
                await storage.save_message(message)
            # A second run over the same session finds it there.
            again = ClaudeAgentStorage(opened, session_id=chosen, on_error=lambda error, _: errors.append(error))
            await again.save_message({"content": "Thanks!"})
            return storage.session_id

    assert asyncio.run(run()) == chosen
    assert errors == []
    found = client.sessions.get_messages(chosen, format="anthropic")
    assert [item["role"] for item in found.items] == ["user", "assistant", "user", "assistant", "user"]
    kinds = [block["type"] for block in cast("list[dict[str, str]]", found.items[1]["content"])]
    assert kinds == ["thinking", "text", "tool_use"]
    assert found.metas is not None
    assert found.metas[1] == {"model": "claude-x", "has_thinking": True}
    assert [one.id for one in client.sessions.list(user=user).items] == [chosen]
