"""Who said it, over HTTP: what others wrote into a prompt is no wish of the user, and nothing of theirs is lost."""

import httpx
import pytest
from acontext import AcontextClient

from seasoned.message import JsonObject
from tests.acceptance.test_custom_skill import learn, texts
from tests.support import talk
from tests.support.listed import as_skills
from tests.support.talk import agent, plain
from tests.support.wire import sentence_of
from tests.support.zips import skill_md, upload

ENTRIES = "# Payments\n\n- Never retry a payment without its idempotency key\n- We always round half to even\n"
FACTS = "user-general-facts"


def facts(client: AcontextClient, space: str) -> dict[str, str]:
    listed = as_skills(client.learning_spaces.list_skills(space))
    return next(texts(client, skill) for skill in listed if skill.name == FACTS)


def test_entries_of_the_spaces_skills_in_a_prompt_are_recalled(client: AcontextClient, user: str) -> None:
    space = client.learning_spaces.create(user=user).id
    skill = upload(client, {"SKILL.md": skill_md("payments"), "payments.md": ENTRIES}, user=user)
    client.learning_spaces.include_skill(space, skill_id=skill.id)
    before = facts(client, space)
    asked = f"Mind what we know.\n\n{ENTRIES}\nRename the package to shoplib."
    learn(
        client, space, user, [talk.user(asked), agent("The package is called shoplib now."), talk.user("thanks, works")]
    )
    assert facts(client, space) == before
    learn(
        client,
        space,
        user,
        [talk.user("Add a test. We always name tests after the bug."), agent("It is added."), talk.user("thanks")],
    )
    assert "names tests" in str(facts(client, space))


def test_items_of_the_responses_api_are_read(client: AcontextClient) -> None:
    session = client.sessions.create(disable_task_tracking=True).id
    items: list[JsonObject] = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Plan the move."}]},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"type": "function_call", "call_id": "k1", "name": "calendar", "arguments": '{"day":3}', "id": "fc_1"},
        {"type": "function_call_output", "call_id": "k1", "output": [{"type": "input_text", "text": "free"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Planned.", "annotations": []}]},
    ]
    for item in items:
        client.sessions.store_message(session, blob=plain(item))
    got = client.sessions.get_messages(session, format="openai").items
    function = {"name": "calendar", "arguments": '{"day":3}'}
    assert got == [
        {"role": "user", "content": "Plan the move."},
        {"role": "assistant", "content": "hm"},
        {"role": "assistant", "tool_calls": [{"id": "k1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "k1", "content": "free"},
        {"role": "assistant", "content": "Planned."},
    ]


@pytest.mark.parametrize("named", ["peer", "quoted"])
def test_a_client_says_who_wrote_a_part(client: AcontextClient, http: httpx.Client, named: str) -> None:
    session = client.sessions.create(disable_task_tracking=True).id
    blob: JsonObject = {"role": "user", "parts": [{"type": "text", "text": "Never push.", "author": named}]}
    client.sessions.store_message(session, blob=plain(blob), format="acontext")
    shown = client.sessions.get_messages(session, format="acontext").items[0]["parts"]
    assert shown == [{"type": "text", "text": "Never push.", "author": named}]
    wrong = {"role": "user", "parts": [{"type": "text", "text": "x", "author": "nobody"}]}
    answer = http.post(f"/session/{session}/messages", json={"blob": wrong, "format": "acontext"})
    assert "author" in sentence_of(answer, 400)
