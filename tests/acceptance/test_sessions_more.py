"""Configs, copies, events and users, by the published SDK."""

import httpx
import pytest
from acontext.errors import APIError
from acontext.event import DiskEvent, TextEvent

from tests.conftest import StartServer
from tests.support.listed import skills_of
from tests.support.server import KEY, WAIT_SECONDS_MAX, Server
from tests.support.talk import agent, deployment, tell, user


def test_configs_are_replaced_patched_and_read(server: Server) -> None:
    with server.client() as client:
        session = client.sessions.create(configs={"a": 1, "b": {"c": 2}})
        client.sessions.update_configs(session.id, configs={"x": None, "y": 1})
        assert client.sessions.get_configs(session.id).configs == {"x": None, "y": 1}
        assert client.sessions.patch_configs(session.id, configs={"y": None, "z": [1]}) == {"x": None, "z": [1]}
        assert client.sessions.get_configs(session.id).configs == {"x": None, "z": [1]}
        with pytest.raises(APIError) as refused:
            client.sessions.patch_configs(session.id, configs={"big": "x" * 70_000})
        assert refused.value.status_code == 400


def test_a_copy_has_the_messages_in_their_order_and_the_tasks_and_learns_nothing_again(server: Server) -> None:
    with server.client() as client:
        session = client.sessions.create(user="copied@example.com")
        tell(
            client,
            session.id,
            [user("Rename report.txt to final.txt."), agent("Done, it is renamed."), user("Thanks!")],
        )
        client.sessions.flush(session.id)
        client.sessions.add_event(session.id, TextEvent(text="a note"))
        copied = client.sessions.copy(session.id)
        assert copied.old_session_id == session.id
        before = client.sessions.get_messages(session.id, format="acontext")
        after = client.sessions.get_messages(copied.new_session_id, format="acontext", with_events=True)
        assert [one["parts"] for one in after.items] == [one["parts"] for one in before.items]
        assert [one["parent_id"] for one in after.items] == [None, *(one["id"] for one in after.items[:-1])]
        assert set(after.ids).isdisjoint(before.ids)
        titles = [task.data.task_description for task in client.sessions.get_tasks(session.id).items]
        assert [t.data.task_description for t in client.sessions.get_tasks(copied.new_session_id).items] == titles
        assert client.sessions.messages_observing_status(session.id).observed == 3
        assert client.sessions.messages_observing_status(copied.new_session_id).pending == 3
        assert len(client.sessions.get_events(copied.new_session_id).items) == 1


def test_a_flushed_copy_has_nothing_pending_and_goes_on(server: Server) -> None:
    with server.client() as client:
        session = client.sessions.create()
        tell(client, session.id, [user("Rename report.txt to final.txt."), agent("Done, it is renamed.")])
        copy_id = client.sessions.copy(session.id).new_session_id
        assert client.sessions.flush(copy_id).errmsg == ""
        assert client.sessions.messages_observing_status(copy_id).pending == 0
        assert client.sessions.get_tasks(copy_id).items == []
        tell(client, copy_id, [user("Thanks. Now delete draft.txt, please."), agent("Done, draft.txt is deleted.")])
        client.sessions.flush(copy_id)
        status = client.sessions.messages_observing_status(copy_id)
        assert (status.observed, status.pending) == (4, 0)


def test_a_copy_of_a_session_that_teaches_no_space_can_teach_one(server: Server) -> None:
    with server.client() as client:
        session, space = client.sessions.create(), client.learning_spaces.create()
        tell(client, session.id, deployment())
        client.sessions.flush(session.id)
        copy_id = client.sessions.copy(session.id).new_session_id
        client.learning_spaces.learn(space.id, session_id=copy_id)
        client.learning_spaces.wait_for_learning(space.id, session_id=copy_id, timeout=WAIT_SECONDS_MAX)
        journal = next(skill for skill in skills_of(client, space.id) if skill.name == "daily-logs")
        assert len(journal.file_index) > 1


def test_a_meta_that_was_stored_as_null_stays_when_other_keys_change(server: Server) -> None:
    with server.client() as client:
        session = client.sessions.create()
        message = client.sessions.store_message(
            session.id, blob={"role": "user", "content": "Hello"}, meta={"keep": None, "a": 1}
        )
        patched = client.sessions.patch_message_meta(session.id, message.id, meta={"b": 2, "a": None})
        assert patched == {"keep": None, "b": 2}


def test_null_stands_for_a_field_that_is_left_out(server: Server) -> None:
    with httpx.Client(base_url=server.api, headers={"Authorization": f"Bearer {KEY}"}) as http:
        made = http.post("/session", json={"disable_task_tracking": None, "user": None, "configs": None})
        assert (made.status_code, made.json()["data"]["disable_task_tracking"]) == (201, False)
        body = {"blob": {"role": "user", "content": "Hello"}, "format": None, "meta": None}
        assert http.post(f"/session/{made.json()['data']['id']}/messages", json=body).status_code == 201


def test_events_are_kept_in_order_and_shown_with_the_messages_around_them(server: Server) -> None:
    with server.client() as client:
        session = client.sessions.create()
        client.sessions.store_message(session.id, blob={"role": "user", "content": "First"})
        for number in range(3):
            client.sessions.add_event(session.id, TextEvent(text=f"note {number}"))
        client.sessions.add_event(session.id, DiskEvent(disk_id="d", path="/a.txt", note=None))
        client.sessions.store_message(session.id, blob={"role": "user", "content": "Last"})
        client.sessions.add_event(session.id, TextEvent(text="too late for the page"))
        page = client.sessions.get_events(session.id, limit=2)
        assert [event.data["text"] for event in page.items] == ["note 0", "note 1"]
        rest = client.sessions.get_events(session.id, limit=10, cursor=page.next_cursor)
        assert [event.type for event in rest.items] == ["text_event", "disk_event", "text_event"]
        shown = client.sessions.get_messages(session.id, with_events=True)
        assert shown.events is not None
        assert [event.type for event in shown.events] == ["text_event"] * 3 + ["disk_event"]


def test_a_user_goes_with_all_that_is_theirs(start_server: StartServer) -> None:
    server = start_server()
    name = "a/b c@example.com"
    with server.client() as client:
        session = client.sessions.create(user=name)
        client.sessions.store_message(session.id, blob={"role": "user", "content": "Hello"})
        space = client.learning_spaces.create(user=name)
        client.sessions.create(user="other@example.com")
        assert sorted(one.identifier for one in client.users.list().items) == [name, "other@example.com"]
        counts = client.users.get_resources(name).counts
        assert (counts.sessions_count, counts.disks_count, counts.skills_count) == (1, 2, 2)
        client.users.delete(name)
        assert [one.identifier for one in client.users.list().items] == ["other@example.com"]
        assert client.learning_spaces.list(user=name).items == []
        for gone in (
            lambda: client.sessions.get_configs(session.id),
            lambda: client.learning_spaces.get(space.id),
            lambda: client.users.get_resources(name),
        ):
            with pytest.raises(APIError) as missing:
                gone()
            assert missing.value.status_code == 404
        client.users.delete(name)


def test_project_configs_are_merged_and_null_deletes(start_server: StartServer) -> None:
    server = start_server()
    with server.client() as client:
        assert client.project.get_configs().model_dump(exclude_none=True) == {"encryption_enabled": False}
        client.project.update_configs({"task_success_criteria": "Tests pass.", "own": {"k": 1}})
        merged = client.project.update_configs({"own": None, "learning_budget_tokens": 5})
        assert merged.task_success_criteria == "Tests pass."
        shown = client.project.get_configs().model_dump()
        assert shown["learning_budget_tokens"] == 5
        assert "own" not in shown
        with pytest.raises(APIError) as refused:
            client.project.update_configs({"task_failure_criteria": "x" * 2_001})
        assert refused.value.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "word"),
    [
        ("POST", "/session/nonsense/copy", "INVALID_SESSION_ID"),
        ("POST", "/session/00000000-0000-7000-8000-000000000000/copy", "SESSION_NOT_FOUND"),
    ],
)
def test_copying_what_is_not_there_answers_a_word_that_clients_know(
    server: Server, method: str, path: str, word: str
) -> None:
    with server.http() as http:
        assert http.request(method, path).json()["msg"] == word


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/sandbox"),
        ("GET", "/sandbox/logs"),
        ("POST", "/sandbox/x/exec"),
        ("DELETE", "/sandbox/x"),
        ("POST", "/project/encrypt"),
        ("POST", "/project/decrypt"),
        ("GET", "/session/00000000-0000-7000-8000-000000000000/asset/download"),
    ],
)
def test_what_this_server_has_not_is_said(server: Server, method: str, path: str) -> None:
    with server.http() as http:
        answer = http.request(method, path)
    assert answer.status_code == 501
    assert len(answer.json()["msg"]) > 20
