"""How far the learning from a session is: `pending`, `running`, `completed` or `failed`, as the guide has it.

Most tests use a server that reads a session only on flush: between two requests nothing happens by itself, so what a
test sees is not a matter of timing.
"""

import threading
from collections.abc import Iterator

import pytest
from acontext import AcontextClient
from acontext.types.learning_space import LearningSpaceSession
from acontext.types.session import Task

from tests.support.listed import records_of, skills_of
from tests.support.server import POLL_SECONDS, WAIT_SECONDS_MAX, Server
from tests.support.talk import REQUEST, deployment, open_question, tell, two_requests, user

STATUSES = {"pending", "running", "completed", "failed"}
ENDS = {"completed", "failed"}
READS = 30


@pytest.fixture
def patient(patient_server: Server) -> Iterator[AcontextClient]:
    """A client of the server that reads on flush only."""
    with patient_server.client() as opened:
        yield opened


def attached(client: AcontextClient, name: str) -> tuple[str, str]:
    """A space and a session that teaches it."""
    space, session = client.learning_spaces.create(user=name), client.sessions.create(user=name)
    client.learning_spaces.learn(space.id, session_id=session.id)
    return space.id, session.id


def finished(client: AcontextClient, space: str, session: str) -> LearningSpaceSession:
    return client.learning_spaces.wait_for_learning(
        space, session_id=session, timeout=WAIT_SECONDS_MAX, poll_interval=POLL_SECONDS
    )


def journal(client: AcontextClient, space: str) -> str:
    """All days of the space's journal in one text."""
    skill = next(one for one in skills_of(client, space) if one.name == "daily-logs")
    days = [file.path for file in skill.file_index if file.path != "SKILL.md"]
    contents = [client.skills.get_file(skill_id=skill.id, file_path=day).content for day in days]
    return "\n".join(content.raw for content in contents if content is not None)


def tasks(client: AcontextClient, session: str) -> list[Task]:
    return client.sessions.get_tasks(session, limit=200).items


def test_only_the_guides_statuses_are_ever_seen(client: AcontextClient, user: str) -> None:
    space, session = attached(client, user)
    seen = [client.learning_spaces.get_session(space, session_id=session).status]
    tell(client, session, two_requests())
    pause = threading.Event()
    for _ in range(int(WAIT_SECONDS_MAX / 0.01)):
        seen += [one.status for one in records_of(client, space)]
        seen.append(client.learning_spaces.get_session(space, session_id=session).status)
        if seen[-1] in ENDS and len(tasks(client, session)) == 2:
            break
        pause.wait(0.01)
    assert set(seen) <= STATUSES
    assert seen[-1] == "completed"


def test_an_empty_session_completes_once_it_is_quiet(client: AcontextClient, user: str) -> None:
    space, session = attached(client, user)
    assert finished(client, space, session).status == "completed"
    assert tasks(client, session) == []


def test_new_messages_take_a_session_back_until_they_are_read(patient: AcontextClient, user: str) -> None:
    space, session = attached(patient, user)
    for round_number, messages in enumerate((deployment(), two_requests()), start=1):
        tell(patient, session, messages)
        for _ in range(READS):
            assert patient.learning_spaces.get_session(space, session_id=session).status in {"pending", "running"}
        assert len(tasks(patient, session)) == round_number - 1
        assert patient.sessions.flush(session).status == 200
        assert finished(patient, space, session).status == "completed"
        assert len(tasks(patient, session)) >= round_number
    assert journal(patient, space).count("## [") == 3


def test_learn_on_a_session_whose_work_is_done_learns_from_it(patient: AcontextClient, user: str) -> None:
    session = patient.sessions.create(user=user).id
    tell(patient, session, deployment())
    assert patient.sessions.flush(session).status == 200
    assert [task.status for task in tasks(patient, session)] == ["success"]
    space = patient.learning_spaces.create(user=user).id
    assert patient.learning_spaces.learn(space, session_id=session).status == "pending"
    assert finished(patient, space, session).status == "completed"
    assert REQUEST in journal(patient, space)


def test_learn_on_a_session_whose_messages_were_not_read_yet_learns_from_them(
    client: AcontextClient, user: str
) -> None:
    session = client.sessions.create(user=user).id
    tell(client, session, deployment())
    space = client.learning_spaces.create(user=user).id
    client.learning_spaces.learn(space, session_id=session)
    assert finished(client, space, session).status == "completed"
    assert REQUEST in journal(client, space)


@pytest.mark.parametrize("is_read", [True, False], ids=["read", "not read yet"])
def test_looking_at_the_status_changes_nothing(patient: AcontextClient, user: str, is_read: bool) -> None:
    space, session = attached(patient, user)
    tell(patient, session, open_question())
    if is_read:
        assert patient.sessions.flush(session).status == 200
        finished(patient, space, session)
    before = (
        tasks(patient, session),
        patient.learning_spaces.get_session(space, session_id=session),
        patient.sessions.get_messages(session, format="acontext").items,
        skills_of(patient, space),
    )
    if is_read:
        assert [task.status for task in before[0]] in (["running"], ["pending"]), "an open question finishes nothing"
    for _ in range(READS):
        patient.learning_spaces.get_session(space, session_id=session)
        records_of(patient, space)
        skills_of(patient, space)
        patient.sessions.get_tasks(session)
        patient.sessions.get_messages(session)
    after = (
        tasks(patient, session),
        patient.learning_spaces.get_session(space, session_id=session),
        patient.sessions.get_messages(session, format="acontext").items,
        skills_of(patient, space),
    )
    assert after == before


def test_a_finished_task_is_learned_once(client: AcontextClient, user: str) -> None:
    space, session = attached(client, user)
    tell(client, session, deployment())
    for _ in range(3):
        assert client.sessions.flush(session).status == 200
        assert finished(client, space, session).status == "completed"
    assert journal(client, space).count("## [") == 1


def test_a_session_without_tracking_is_stored_but_not_read(client: AcontextClient, user: str) -> None:
    space = client.learning_spaces.create(user=user).id
    session = client.sessions.create(user=user, disable_task_tracking=True).id
    client.learning_spaces.learn(space, session_id=session)
    tell(client, session, deployment())
    assert client.sessions.flush(session).status == 200
    assert finished(client, space, session).status == "completed"
    stored = client.sessions.get_messages(session, format="acontext").items
    assert {item["session_task_process_status"] for item in stored} == {"disable_tracking"}
    assert tasks(client, session) == []
    assert journal(client, space) == ""


def test_what_one_space_learns_does_not_show_in_another(client: AcontextClient, user: str) -> None:
    space, session = attached(client, user)
    other, _ = attached(client, user)
    tell(client, session, deployment())
    assert finished(client, space, session).status == "completed"
    assert REQUEST in journal(client, space)
    assert journal(client, other) == ""


def test_a_session_that_goes_on_keeps_its_first_task(patient: AcontextClient) -> None:
    space, session = attached(patient, "goes-on@example.com")
    tell(patient, session, [user(REQUEST)])
    assert patient.sessions.flush(session).status == 200
    tell(patient, session, deployment()[1:])
    assert patient.sessions.flush(session).status == 200
    assert finished(patient, space, session).status == "completed"
    assert [(task.order, task.status) for task in tasks(patient, session)] == [(1, "success")]
