"""SKILL.md of a learned skill lists the files that it has now; what a person wrote in one stays."""

from acontext import AcontextClient, FileUpload
from acontext.types.skill import Skill
from openai.types.chat import ChatCompletionMessageParam

from seasoned.skill import parse_skill_file
from tests.support.listed import skills_of
from tests.support.server import POLL_SECONDS, WAIT_SECONDS_MAX
from tests.support.talk import agent, call, result, tell, user
from tests.support.zips import skill_md, upload

OWN = {"daily-logs", "user-general-facts"}


def repaired(tool: str, wrong: str, error: str, right: str) -> list[ChatCompletionMessageParam]:
    """A command fails, another works; the user accepts."""
    return [
        user(f"Run {tool} for the billing service, please."),
        call("call_1", "bash", command=wrong),
        result("call_1", f"{error}\n[exit code 1]"),
        call("call_2", "bash", command=right),
        result("call_2", "ok\n[exit code 0]"),
        agent(f"Done with `{right}`."),
        user("Perfect, that worked. Thank you!"),
    ]


PYTEST = repaired(
    "pytest", "pytest tests/billing", "pytest: error: unrecognized arguments: --cov", "pytest tests/billing -p no:cov"
)
MYPY = repaired(
    "mypy", "mypy billing", "mypy: can't read file 'billing': No such file or directory", "mypy src/billing"
)


def learn(client: AcontextClient, space: str, messages: list[ChatCompletionMessageParam]) -> None:
    session = client.sessions.create()
    client.learning_spaces.learn(space, session_id=session.id)
    tell(client, session.id, messages)
    client.learning_spaces.wait_for_learning(
        space, session_id=session.id, timeout=WAIT_SECONDS_MAX, poll_interval=POLL_SECONDS
    )


def learned(client: AcontextClient, space: str) -> Skill:
    """The only skill of the space that it did not begin with."""
    (skill,) = [one for one in skills_of(client, space) if one.name not in OWN]
    return skill


def skill_file(client: AcontextClient, skill: Skill) -> str:
    content = client.skills.get_file(skill_id=skill.id, file_path="SKILL.md").content
    assert content is not None
    return content.raw


def test_the_list_and_the_description_follow_what_is_learned(client: AcontextClient) -> None:
    space = client.learning_spaces.create().id
    learn(client, space, PYTEST)
    skill = learned(client, space)
    assert "- pytest.md: " in skill_file(client, skill)
    learn(client, space, MYPY)
    text = skill_file(client, skill)
    for file in client.skills.get(skill.id).file_index:
        assert (text.count(f"- {file.path}:") == 1) == (file.path != "SKILL.md")
    assert "- mypy.md: " in text
    description = client.skills.get(skill.id).description
    assert description == parse_skill_file(text).description
    assert "Covers: Mypy; Pytest" in description


def test_a_persons_own_text_stays_and_a_removed_list_stays_removed(client: AcontextClient) -> None:
    space = client.learning_spaces.create().id
    learn(client, space, PYTEST)
    skill = learned(client, space)
    assert skill.disk_id
    for keep in (True, False):
        text = skill_file(client, skill)
        mine = text.partition("\n## Files")[0] + "\n## Ours\n\nAsk before you run anything twice.\n"
        mine += "\n## Files" + text.partition("\n## Files")[2] if keep else ""
        file = FileUpload(filename="SKILL.md", content=mine.encode())
        client.disks.artifacts.upsert(skill.disk_id, file=file, file_path="/")
        learn(
            client,
            space,
            MYPY if keep else repaired("ruff", "ruff src", "error: unrecognized subcommand 'src'", "ruff check src"),
        )
        after = skill_file(client, skill)
        assert "\n## Ours\n\nAsk before you run anything twice.\n" in after
        assert ("- mypy.md: " in after) == keep
        assert (after == mine) == (not keep)


def test_a_skill_that_a_person_made_gets_no_list(client: AcontextClient) -> None:
    space = client.learning_spaces.create().id
    own = skill_md("pytest-notes", "Collects pytest errors and what fixed them. Use it before running pytest.")
    skill = upload(client, {"SKILL.md": own})
    client.learning_spaces.include_skill(space, skill_id=skill.id)
    learn(client, space, PYTEST)
    assert len(client.skills.get(skill.id).file_index) > 1
    assert skill_file(client, skill) == own
