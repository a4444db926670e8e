"""A skill that the user brings: the learner writes to it, by its own instructions, as long as the space includes it."""

import pytest
from acontext import AcontextClient
from acontext.types.skill import Skill
from openai.types.chat import ChatCompletionMessageParam

from tests.support.server import POLL_SECONDS, WAIT_SECONDS_MAX
from tests.support.talk import agent, call, result, tell, user
from tests.support.zips import skill_md, upload

INSTRUCTIONS = """# kubectl notes

Keep one entry for each kubectl error: the error as kubectl printed it, its cause, and the command that worked instead.
"""
FILES: dict[str, str | bytes] = {
    "SKILL.md": skill_md(
        "kubectl-notes", "Collects kubectl errors and what fixed them. Use it before running kubectl.", INSTRUCTIONS
    )
}


def restart(deployment: str, namespace: str) -> list[ChatCompletionMessageParam]:
    """kubectl fails in a namespace that there is not, and works in another; the user accepts."""
    command = f"kubectl rollout restart deployment/{deployment}"
    return [
        user(f"Restart the {deployment} deployment on the cluster, please."),
        call("call_1", "kubectl", command=f"{command} -n staging"),
        result("call_1", 'Error from server (NotFound): namespaces "staging" not found\n[exit code 1]'),
        agent(f"The namespace staging does not exist here; the cluster calls it {namespace}. I'll use that."),
        call("call_2", "kubectl", command=f"{command} -n {namespace}"),
        result("call_2", f"deployment.apps/{deployment} restarted\n[exit code 0]"),
        agent(f"Done: {deployment} was restarted in the namespace {namespace}."),
        user("Perfect, that worked. Thank you!"),
    ]


def texts(client: AcontextClient, skill: Skill) -> dict[str, str]:
    """The text of each file of a skill as it is now."""
    found = {}
    for file in client.skills.get(skill.id).file_index:
        content = client.skills.get_file(skill_id=skill.id, file_path=file.path).content
        assert content is not None, file.path
        found[file.path] = content.raw
    return found


def learn(client: AcontextClient, space: str, name: str, messages: list[ChatCompletionMessageParam]) -> None:
    """A session of its own teaches the space, to the end."""
    session = client.sessions.create(user=name)
    client.learning_spaces.learn(space, session_id=session.id)
    tell(client, session.id, messages)
    ended = client.learning_spaces.wait_for_learning(
        space, session_id=session.id, timeout=WAIT_SECONDS_MAX, poll_interval=POLL_SECONDS
    )
    assert ended.status == "completed"
    assert [task.status for task in client.sessions.get_tasks(session.id).items] == ["success"]


@pytest.fixture
def skill(client: AcontextClient, user: str) -> Skill:
    """The user's own skill."""
    return upload(client, FILES, user=user)


def test_the_learner_adds_what_it_learned_to_an_included_skill(client: AcontextClient, user: str, skill: Skill) -> None:
    space = client.learning_spaces.create(user=user).id
    client.learning_spaces.include_skill(space, skill_id=skill.id)
    learn(client, space, user, restart("checkout", "stage-eu"))

    after = texts(client, skill)
    learned = "\n".join(after.values()).replace(str(FILES["SKILL.md"]), "")
    assert "not found" in learned.lower()
    assert "stage-eu" in learned
    assert "Keep one entry for each kubectl error" in after["SKILL.md"], "the user's instructions stay"
    assert client.skills.get(skill.id).name == "kubectl-notes"
    assert client.skills.get(skill.id).updated_at > skill.updated_at, "clients see by updated_at what to fetch again"


def test_a_skill_outside_the_space_is_left_alone(client: AcontextClient, user: str, skill: Skill) -> None:
    space = client.learning_spaces.create(user=user).id
    client.learning_spaces.include_skill(space, skill_id=skill.id)
    client.learning_spaces.exclude_skill(space, skill_id=skill.id)
    learn(client, space, user, restart("payments", "stage-us"))

    assert texts(client, skill) == FILES
    assert client.skills.get(skill.id).updated_at == skill.updated_at


def test_an_excluded_skill_keeps_what_it_learned(client: AcontextClient, user: str, skill: Skill) -> None:
    space = client.learning_spaces.create(user=user).id
    client.learning_spaces.include_skill(space, skill_id=skill.id)
    learn(client, space, user, restart("checkout", "stage-eu"))
    learned = texts(client, skill)
    client.learning_spaces.exclude_skill(space, skill_id=skill.id)
    client.learning_spaces.delete(space)
    assert texts(client, skill) == learned


def test_the_same_lesson_twice_is_one_entry(client: AcontextClient, user: str, skill: Skill) -> None:
    space = client.learning_spaces.create(user=user).id
    client.learning_spaces.include_skill(space, skill_id=skill.id)
    learn(client, space, user, restart("checkout", "stage-eu"))
    once = texts(client, skill)
    learn(client, space, user, restart("checkout", "stage-eu"))
    counted = "- Seen: failed so in 2 sessions, 2 of them went on to succeed\n"
    twice = {path: text.replace(counted, "") for path, text in texts(client, skill).items()}
    assert (twice, counted in "".join(texts(client, skill).values())) == (once, True)
