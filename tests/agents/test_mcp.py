"""MCP through the SDK's own client: on standard input and output, and over HTTP with the API's keys."""

import asyncio
import hashlib
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from fastmcp import Client as SkillsClient
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.skills import SkillsClientExtension
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextContent, TextResourceContents

from tests.support.patience import PATIENCE_SECONDS
from tests.support.server import KEY, Server, environment, running
from tests.support.wire import items_of, object_of

TALK = [
    {"role": "user", "content": "Always use uv instead of pip in this repo. Deploy it."},
    {"role": "assistant", "content": "Done, deployed with uv."},
    {"role": "user", "content": "Thanks, that works."},
]
TOOLS = ["learning_status", "read_skill", "record_session", "report_outcome", "search_skills"]
FACT = "- The user wants the agent to always use uv instead of pip in this repo."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("mcp")) as one:
        yield one


@asynccontextmanager
async def over_http(server: Server, key: str = KEY) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=PATIENCE_SECONDS) as http,
        Client(streamable_http_client(f"{server.url}/mcp", http_client=http)) as client,
    ):
        yield client


@asynccontextmanager
async def on_stdio(home: Path) -> AsyncIterator[Client]:
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "seasoned", "mcp"], env=environment(home))
    async with Client(stdio_client(parameters)) as client:
        yield client


async def called(client: Client, tool: str, **arguments: object) -> dict[str, object]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.content[0], TextContent)
    found: dict[str, object] = json.loads(result.content[0].text)
    return found


async def refused(client: Client, tool: str, **arguments: object) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


async def use(client: Client) -> None:
    """What an agent does: hand a session over, wait, search, read, and say how it ended."""
    assert sorted(tool.name for tool in (await client.list_tools()).tools) == TOOLS
    session_id = (await called(client, "record_session", messages=TALK, space="work"))["session_id"]
    assert (await called(client, "record_session", messages=TALK, space="work"))["session_id"] == session_id
    state = await called(client, "learning_status", session_id=session_id, wait_seconds=30)
    assert state["status"] == "completed"
    found = (await called(client, "search_skills", query="Is it pip or uv?", space="work"))["entries"]
    assert isinstance(found, list)
    assert found[0] == {"skill": "user-general-facts", "path": "coding-preferences.md", "text": FACT}
    result = await client.call_tool(
        "read_skill", {"name": "user-general-facts", "path": "coding-preferences.md", "space": "work"}
    )
    assert isinstance(result.content[0], TextContent)
    assert FACT in result.content[0].text
    assert (await called(client, "report_outcome", session_id=session_id, outcome="success"))["status"] == "success"
    assert "There is no skill 'nope'" in await refused(client, "read_skill", name="nope")
    assert "role" in await refused(client, "record_session", messages=[{"role": "nobody", "content": "x"}])
    assert "No learning space learns" in await refused(client, "learning_status", session_id="nope")


def test_an_agent_uses_the_tools_over_http(server: Server) -> None:
    async def run() -> None:
        async with over_http(server) as client:
            await use(client)

    asyncio.run(run())
    with server.http() as http:
        skills: Any = items_of(http.get("/agent_skills"))
        ids = [one["id"] for one in skills if one["name"] == "user-general-facts"]
        used: Any = [object_of(http.get(f"/agent_skills/{one}/use"))["versions"] for one in ids]
    # What was searched and read counts as use.
    assert any(version["shown"] and version["loads"] for versions in used for version in versions)


def test_an_agent_uses_the_tools_on_standard_input_and_output(tmp_path: Path) -> None:
    async def run() -> None:
        async with on_stdio(tmp_path / "home") as client:
            await use(client)

    asyncio.run(run())


def test_every_skill_is_served_by_the_extension_with_the_digests_of_its_files(server: Server) -> None:
    async def run() -> None:
        transport = StreamableHttpTransport(f"{server.url}/mcp", headers={"Authorization": f"Bearer {KEY}"})
        async with SkillsClient(transport, extensions=[SkillsClientExtension()]) as client:
            skills = await client.list_skills()
            assert {skill.frontmatter.name for skill in skills} >= {"daily-logs", "user-general-facts"}
            for skill in skills:
                assert await client.get_skill(skill.uri) == skill
                for one in skill.resources:
                    content = (await client.read_resource(one.uri))[0]
                    assert isinstance(content, TextResourceContents)
                    data = content.text.encode()
                    if one.uri == skill.uri:
                        assert skill.frontmatter.root == yaml.safe_load(content.text.split("---\n")[1])
                    assert (f"sha256:{hashlib.sha256(data).hexdigest()}", len(data)) == (one.digest, one.size)

    with server.http() as http:
        assert http.post("/learning_spaces", json={}).status_code == 201
    asyncio.run(run())


def test_without_a_key_nothing_is_answered_and_another_project_sees_nothing_of_this_one(server: Server) -> None:
    answer = httpx2.post(
        f"{server.url}/mcp", timeout=PATIENCE_SECONDS, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    )
    assert answer.status_code == 401
    other = server.create_project("other-of-mcp")

    async def run() -> None:
        async with over_http(server, other.api_key) as client:
            assert (await called(client, "search_skills", query="uv instead of pip"))["entries"] == []
            assert (await client.list_resources()).resources == []
            assert "There is no skill" in await refused(client, "read_skill", name="user-general-facts")

    asyncio.run(run())
