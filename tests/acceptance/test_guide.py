"""The guide "Learn agent skills from past sessions", run as it is printed, with the sync and the async client.

Only the address and the key come from the environment, and fixed messages stand in for the answers of a language model.
"""

import asyncio
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import pytest
from acontext import AcontextAsyncClient, AcontextClient, FileUpload

from tests.support.listed import as_records, as_skills, records_of, skills_of
from tests.support.server import KEY, WAIT_SECONDS_MAX, Server
from tests.support.talk import REQUEST, deployment, tell
from tests.support.zips import skill_md, zip_of

DEFAULT_SKILLS = ["daily-logs", "user-general-facts"]
DOMAIN = {"domain": "deployments"}
POLL_SECONDS = 0.05


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the guide's script saw: the status that `learn` gave, the last one, and the files of each skill."""

    first_status: str
    listed_status: str
    last_status: str
    files: Mapping[str, Mapping[str, str]]


@pytest.fixture(autouse=True)
def environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two variables that the guide's reader sets."""
    monkeypatch.setenv("ACONTEXT_BASE_URL", server.api)
    monkeypatch.setenv("ACONTEXT_API_KEY", KEY)


def run_guide(user: str) -> Seen:
    client = AcontextClient(api_key=os.getenv("ACONTEXT_API_KEY"))
    space = client.learning_spaces.create(user=user, meta=DOMAIN)
    session = client.sessions.create(user=user)
    result = client.learning_spaces.learn(space.id, session_id=session.id)
    tell(client, session.id, deployment())
    listed = records_of(client, space.id)
    assert [one.session_id for one in listed] == [session.id]
    last = client.learning_spaces.wait_for_learning(
        space.id, session_id=session.id, timeout=WAIT_SECONDS_MAX, poll_interval=POLL_SECONDS
    )
    files: dict[str, dict[str, str]] = {}
    for skill in skills_of(client, space.id):
        files[skill.name] = {}
        for entry in skill.file_index:
            content = client.skills.get_file(skill_id=skill.id, file_path=entry.path)
            assert content.content is not None
            files[skill.name][entry.path] = content.content.raw
    client.close()
    return Seen(first_status=result.status, listed_status=listed[0].status, last_status=last.status, files=files)


async def run_guide_async(user: str) -> Seen:
    client = AcontextAsyncClient(api_key=os.getenv("ACONTEXT_API_KEY"))
    space = await client.learning_spaces.create(user=user, meta=DOMAIN)
    session = await client.sessions.create(user=user)
    result = await client.learning_spaces.learn(space.id, session_id=session.id)
    for message in deployment():
        await client.sessions.store_message(session.id, blob=message)
    listed = as_records(await client.learning_spaces.list_sessions(space.id))
    assert [one.session_id for one in listed] == [session.id]
    last = await client.learning_spaces.wait_for_learning(
        space.id, session_id=session.id, timeout=WAIT_SECONDS_MAX, poll_interval=POLL_SECONDS
    )
    files: dict[str, dict[str, str]] = {}
    for skill in as_skills(await client.learning_spaces.list_skills(space.id)):
        files[skill.name] = {}
        for entry in skill.file_index:
            content = await client.skills.get_file(skill_id=skill.id, file_path=entry.path)
            assert content.content is not None
            files[skill.name][entry.path] = content.content.raw
    await client.aclose()
    return Seen(first_status=result.status, listed_status=listed[0].status, last_status=last.status, files=files)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_the_guide_learns_the_journal_and_the_facts(user: str, is_async: bool) -> None:
    day_before = datetime.now(UTC).date()
    seen = asyncio.run(run_guide_async(user)) if is_async else run_guide(user)
    days = {day_before.isoformat(), datetime.now(UTC).date().isoformat()}

    assert seen.first_status == "pending"
    assert seen.listed_status in {"pending", "running", "completed"}
    assert seen.last_status == "completed"
    assert list(seen.files)[:2] == DEFAULT_SKILLS
    assert all("SKILL.md" in files for files in seen.files.values())

    journal = [name for name in seen.files["daily-logs"] if name != "SKILL.md"]
    assert len(journal) == 1, "one task makes one day's file"
    assert journal[0].removesuffix(".md") in days
    check_journal(seen.files["daily-logs"][journal[0]], journal[0].removesuffix(".md"))

    facts = {name: text for name, text in seen.files["user-general-facts"].items() if name != "SKILL.md"}
    with_name = [name for name, text in facts.items() if "Gus" in text]
    assert len(with_name) == 1, facts
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.md", with_name[0])
    assert re.match(r"# \S", facts[with_name[0]]), "a topic's file begins with the topic"
    assert re.search(r"^- .*Gus", facts[with_name[0]], re.MULTILINE), "a fact is a list item"


def check_journal(text: str, day: str) -> None:
    """A day's file has the guide's form: the day, and one entry with its lines in order, none of them empty."""
    entry = re.fullmatch(
        rf"# {day}\s*\n"
        r"## \[(?P<hour>[0-2]\d):(?P<minute>[0-5]\d)\] Task: (?P<title>[^\n]+)\n\s*"
        r"- \*\*Outcome\*\*: (?P<outcome>\w+)\n"
        r"- \*\*Summary\*\*: (?P<summary>[^\n]+)\n"
        r"(- \*\*Key Decisions\*\*: (?!none)[^\n]+\n)?"
        r"(- \*\*Learnings\*\*: (?!none)[^\n]+\n)?\n*",
        text,
    )
    assert entry is not None, text
    assert REQUEST.lower() in entry["title"].lower(), "the title is in the user's own words"
    assert entry["outcome"] == "success"
    assert len(entry["summary"]) > 10


def test_the_guides_task_can_be_looked_up(client: AcontextClient, user: str) -> None:
    session = client.sessions.create(user=user)
    tell(client, session.id, deployment())
    assert client.sessions.flush(session.id).status == 200
    tasks = client.sessions.get_tasks(session.id).items
    assert [(task.order, task.status) for task in tasks] == [(1, "success")]
    assert REQUEST in tasks[0].data.task_description
    assert REQUEST in client.sessions.get_session_summary(session.id)


def test_spaces_are_listed_filtered_and_paged_as_the_guide_ends(client: AcontextClient, user: str) -> None:
    made = [client.learning_spaces.create(user=user, meta=DOMAIN | {"number": number}).id for number in range(3)]
    other = client.learning_spaces.create(user=user, meta={"domain": "billing"}).id

    assert len(client.learning_spaces.list(limit=2).items) == 2
    assert [space.id for space in client.learning_spaces.list(user=user).items] == [*made, other]
    by_meta = client.learning_spaces.list(user=user, filter_by_meta=DOMAIN)
    assert [space.id for space in by_meta.items] == made

    page = client.learning_spaces.list(user=user, limit=3)
    assert page.has_more
    assert page.next_cursor
    rest = client.learning_spaces.list(user=user, limit=3, cursor=page.next_cursor)
    assert [space.id for space in (*page.items, *rest.items)] == [*made, other]
    assert not rest.has_more
    assert rest.next_cursor is None

    updated = client.learning_spaces.update(made[0], meta={"version": "2.0"})
    assert updated.meta == DOMAIN | {"number": 0, "version": "2.0"}
    assert client.learning_spaces.get(made[0]).meta == updated.meta


def test_an_uploaded_skill_joins_the_space_and_leaves_it(client: AcontextClient, user: str) -> None:
    space = client.learning_spaces.create(user=user, meta=DOMAIN)
    archive = zip_of({"runbook/SKILL.md": skill_md("runbook", "Keeps our runbook. Use it for each deployment.")})
    skill = client.skills.create(file=FileUpload(filename="runbook.zip", content=archive))
    client.learning_spaces.include_skill(space.id, skill_id=skill.id)
    listed = skills_of(client, space.id)
    assert [one.name for one in listed] == [*DEFAULT_SKILLS, "runbook"]
    assert listed[2].description == "Keeps our runbook. Use it for each deployment."

    client.learning_spaces.exclude_skill(space.id, skill_id=skill.id)
    client.learning_spaces.exclude_skill(space.id, skill_id=skill.id)
    assert [one.name for one in skills_of(client, space.id)] == DEFAULT_SKILLS
    assert client.skills.get(skill.id).name == "runbook"


def test_deleting_a_space_keeps_its_skills_and_sessions(client: AcontextClient, user: str) -> None:
    space = client.learning_spaces.create(user=user)
    session = client.sessions.create(user=user)
    client.learning_spaces.learn(space.id, session_id=session.id)
    skills = skills_of(client, space.id)

    client.learning_spaces.delete(space.id)

    assert client.learning_spaces.list(user=user).items == []
    assert [one.id for one in client.sessions.list(user=user).items] == [session.id]
    assert [client.skills.get(skill.id).name for skill in skills] == DEFAULT_SKILLS
