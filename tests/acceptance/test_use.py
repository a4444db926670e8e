"""Use over HTTP and the published SDK: which version was read in which session, and how its tasks ended."""

from typing import Any

import httpx
import pytest
from acontext import AcontextClient
from acontext.agent.disk import DISK_TOOLS
from acontext.agent.skill import SKILL_TOOLS

from tests.conftest import NewProject
from tests.support.server import Server
from tests.support.wire import items_of, object_of, sentence_of, unknown_id
from tests.support.zips import skill_md, upload

TOOL = "refund_order"


def skill_in(client: AcontextClient, http: httpx.Client, space: str) -> Any:
    files = {"SKILL.md": skill_md("refunds"), "rules.md": f"# Rules\n\n## Refund\nCall `{TOOL}` once.\n"}
    made = upload(client, files)
    object_of(http.post(f"/learning_spaces/{space}/skills", json={"skill_id": made.id}), 201)
    return made


def session_of(http: httpx.Client, space: str) -> str:
    session: Any = object_of(http.post("/session"), 201)["id"]
    object_of(http.post(f"/learning_spaces/{space}/learn", json={"session_id": session}), 201)
    return str(session)


def finish(http: httpx.Client, space: str, session: str, *, calls: str = "") -> None:
    """One task that ends well; with the call of a tool when asked."""
    blobs: list[Any] = [{"role": "user", "content": "Please refund order 4711 of Ada."}]
    if calls:
        function = {"name": calls, "arguments": "{}"}
        blobs.append({"role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": function}]})
        blobs.append({"role": "tool", "tool_call_id": "c1", "content": "ok"})
    blobs += [{"role": "assistant", "content": "Refunded."}, {"role": "user", "content": "Perfect, thanks!"}]
    for blob in blobs:
        object_of(http.post(f"/session/{session}/messages", json={"blob": blob}), 201)
    object_of(http.post(f"/session/{session}/flush"))
    http.get(f"/learning_spaces/{space}/sessions/{session}", params={"wait": 20}).raise_for_status()


def test_reads_lead_to_how_the_tasks_of_their_sessions_ended(
    client: AcontextClient, http: httpx.Client, server: Server
) -> None:
    space = str(client.learning_spaces.create().id)
    skill = skill_in(client, http, space)
    reader, other, unsaid = (session_of(http, space) for _ in range(3))
    with_session = {"Seasoned-Session": reader}
    for _ in range(2):
        path = f"/agent_skills/{skill.id}/file"
        http.get(path, params={"file_path": "rules.md"}, headers=with_session).raise_for_status()
    for session in (reader, other, unsaid):
        finish(http, space, session, calls=TOOL if session == reader else "")
    used: Any = object_of(http.get(f"/agent_skills/{skill.id}/use"))
    (version,) = used["versions"]
    assert {key: version[key] for key in ("version", "loads", "sessions", "eligible", "loaded")} == {
        "version": 1,
        "loads": 2,
        "sessions": 1,
        "eligible": 3,
        "loaded": 1,
    }
    assert (version["followed"], version["succeeded"]) == (1, 1)
    (kind,) = used["kinds"]
    assert (kind["loaded"], kind["others"], kind["difference"]) == (1, 2, None)
    first = items_of(http.get(f"/learning_spaces/{space}/use"))[0]
    assert (first["name"], first["loads"], first["sessions"]) == ("refunds", 2, 1)


def test_the_sdk_s_tools_count_without_a_session(client: AcontextClient, http: httpx.Client) -> None:
    space = str(client.learning_spaces.create().id)
    skill = skill_in(client, http, space)
    context = SKILL_TOOLS.format_context(client, [skill.id])
    SKILL_TOOLS.execute_tool(context, "get_skill_file", {"skill_name": "refunds", "file_path": "rules.md"})
    disk = DISK_TOOLS.format_context(client, skill.disk_id)
    DISK_TOOLS.execute_tool(disk, "grep_disk", {"query": "Refund"})
    DISK_TOOLS.execute_tool(disk, "read_file_disk", {"filename": "rules.md", "file_path": "/"})
    used: Any = object_of(http.get(f"/agent_skills/{skill.id}/use"))
    (version,) = used["versions"]
    assert (version["shown"], version["loads"], version["sessions"], version["loaded"]) == (2, 2, 0, 0)


@pytest.mark.parametrize("session", ["soon", "018f0000-0000-7000-8000-000000000000", ""])
def test_an_unknown_session_breaks_no_read(client: AcontextClient, http: httpx.Client, session: str) -> None:
    skill = upload(client, {"SKILL.md": skill_md("refunds")})
    read = http.get(
        f"/agent_skills/{skill.id}/file", params={"file_path": "SKILL.md"}, headers={"Seasoned-Session": session}
    )
    assert object_of(read)["path"] == "SKILL.md"
    used: Any = object_of(http.get(f"/agent_skills/{skill.id}/use"))
    (version,) = used["versions"]
    assert (version["loads"], version["sessions"]) == (1, 0)


def test_other_projects_see_no_use(
    client: AcontextClient, http: httpx.Client, server: Server, new_project: NewProject
) -> None:
    skill, space = upload(client, {"SKILL.md": skill_md("refunds")}), client.learning_spaces.create().id
    sentence_of(http.get(f"/agent_skills/{unknown_id()}/use"), 404)
    sentence_of(http.get("/agent_skills/soon/use"), 400)
    with server.http(new_project().api_key) as stranger:
        sentence_of(stranger.get(f"/agent_skills/{skill.id}/use"), 404)
        sentence_of(stranger.get(f"/learning_spaces/{space}/use"), 404)
