"""Sessions and their tasks (wire contract, B.4 and B.6)."""

import uuid

import httpx
import pytest
from acontext import AcontextClient
from acontext.errors import APIError

from tests.support.listed import records_of
from tests.support.patience import PATIENCE_SECONDS
from tests.support.talk import REQUEST, deployment, tell, two_requests
from tests.support.wire import data_of, items_of, object_of, sentence_of, text_at, unknown_id


def test_creating_a_session_answers_201_with_its_fields(http: httpx.Client, user: str) -> None:
    body = {"user": user, "configs": {"agent": "bot1"}, "disable_task_tracking": True}
    session = object_of(http.post("/session", json=body), 201)
    assert text_at(session, "id") == str(uuid.UUID(text_at(session, "id")))
    assert session["configs"] == {"agent": "bot1"}
    assert session["disable_task_tracking"] is True
    assert session["user_id"]
    assert {"project_id", "created_at", "updated_at"} <= set(session)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"user": null, "configs": null, "use_uuid": ""}'])
def test_a_session_needs_no_body(http: httpx.Client, content: bytes) -> None:
    headers = {"Content-Type": "application/json"} if content else {}
    session = object_of(http.post("/session", content=content, headers=headers), 201)
    assert session["user_id"] is None
    assert session["configs"] is None
    assert session["disable_task_tracking"] is False


def test_a_chosen_id_that_exists_gives_that_session(http: httpx.Client, user: str) -> None:
    chosen = unknown_id()
    created = object_of(http.post("/session", json={"use_uuid": chosen, "user": user}), 201)
    assert created["id"] == chosen
    again = object_of(http.post("/session", json={"use_uuid": chosen}), 200)
    assert again == created


@pytest.mark.parametrize("form", ["urn:uuid:{}", "{{{}}}", "hex", "upper"])
def test_ids_are_read_in_every_usual_form(http: httpx.Client, form: str) -> None:
    session = uuid.UUID(text_at(object_of(http.post("/session", json={}), 201), "id"))
    written = {"hex": session.hex, "upper": str(session).upper()}.get(form) or form.format(session)
    assert items_of(http.get(f"/session/{written}/task")) == []
    assert object_of(http.post("/session", json={"use_uuid": written}), 200)["id"] == str(session)


def test_timestamps_have_an_offset_and_microseconds(http: httpx.Client) -> None:
    stamp = text_at(object_of(http.post("/session", json={}), 201), "created_at")
    assert stamp.endswith(("Z", "+00:00"))
    assert "." in stamp


def test_sessions_of_one_user_share_the_users_id(client: AcontextClient, user: str) -> None:
    first, second = client.sessions.create(user=user), client.sessions.create(user=user)
    space = client.learning_spaces.create(user=user)
    assert first.user_id == second.user_id == space.user_id
    assert first.project_id == second.project_id


def test_sessions_are_filtered_by_user_and_configs(client: AcontextClient, user: str) -> None:
    bot1 = client.sessions.create(user=user, configs={"agent": "bot1", "run": {"number": 1, "dry": True}}).id
    bot2 = client.sessions.create(user=user, configs={"agent": "bot2", "run": {"number": 2}}).id
    plain = client.sessions.create(user=user).id

    def found(**wanted: object) -> list[str]:
        return [one.id for one in client.sessions.list(user=user, filter_by_configs=wanted).items]

    assert found() == [bot1, bot2, plain]
    assert found(agent="bot1") == [bot1]
    assert found(run={"number": 2}) == [bot2]
    assert found(run={"number": 1, "dry": True}, agent="bot1") == [bot1]
    assert found(run={}) == [bot1, bot2]
    assert found(agent="BOT1") == []
    assert found(run={"number": "1"}) == []
    assert found(run={"dry": 1}) == []
    assert client.sessions.list(user=f"nobody-{user}").items == []


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 7, 200])
def test_pages_of_sessions_have_no_gap_and_no_repeat(
    client: AcontextClient, user: str, newest_first: bool, limit: int
) -> None:
    made = [client.sessions.create(user=user).id for _ in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(len(made)):
        page = client.sessions.list(user=user, limit=limit, cursor=cursor, time_desc=newest_first)
        assert len(page.items) <= limit
        seen += [one.id for one in page.items]
        cursor = page.next_cursor
        if not page.has_more:
            break
        assert cursor
    assert cursor is None
    assert seen == (made[::-1] if newest_first else made)


def test_a_session_made_while_paging_does_not_disturb_the_pages(client: AcontextClient, user: str) -> None:
    made = [client.sessions.create(user=user).id for _ in range(4)]
    page = client.sessions.list(user=user, limit=2, time_desc=True)
    client.sessions.create(user=user)
    rest = client.sessions.list(user=user, limit=2, time_desc=True, cursor=page.next_cursor)
    assert [one.id for one in (*page.items, *rest.items)] == made[::-1]


def test_the_default_page_holds_twenty(client: AcontextClient, user: str) -> None:
    for _ in range(21):
        client.sessions.create(user=user)
    page = client.sessions.list(user=user)
    assert len(page.items) == 20
    assert page.has_more


@pytest.mark.parametrize("path", ["/session", "/learning_spaces", "/agent_skills"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "201"),
        ("limit", "ten"),
        ("limit", "1.5"),
        ("limit", "9" * 40),
        ("limit", "\u0663"),
        ("cursor", "not a cursor"),
        ("cursor", "AAAA"),
        ("cursor", "\u00e9\x00"),
        ("cursor", "x" * 5_000),
        ("time_desc", "perhaps"),
    ],
)
def test_a_page_that_cannot_be_is_refused(http: httpx.Client, path: str, name: str, value: str) -> None:
    sentence_of(http.get(path, params={name: value}), 400)


@pytest.mark.parametrize("word", ["true", "1", "t", "TRUE", "false", "0", "f", ""])
def test_usual_words_for_true_and_false_are_read(http: httpx.Client, word: str) -> None:
    items_of(http.get("/session", params={"time_desc": word}))


@pytest.mark.parametrize("value", ["{", "[]", "1", '"text"', "null and void", '{"a": "\x00', "[" * 20_000])
@pytest.mark.parametrize(("path", "name"), [("/session", "filter_by_configs"), ("/learning_spaces", "filter_by_meta")])
def test_a_filter_that_is_no_json_object_is_refused(http: httpx.Client, path: str, name: str, value: str) -> None:
    sentence_of(http.get(path, params={name: value}), 400)


def test_deleting_a_session_takes_all_of_it(client: AcontextClient, http: httpx.Client, user: str) -> None:
    space = client.learning_spaces.create(user=user)
    session, kept = client.sessions.create(user=user), client.sessions.create(user=user)
    for one in (session, kept):
        client.learning_spaces.learn(space.id, session_id=one.id)
    tell(client, session.id, deployment())
    client.sessions.flush(session.id)
    data_of(http.delete(f"/session/{session.id}"))

    assert [one.id for one in client.sessions.list(user=user).items] == [kept.id]
    assert [one.session_id for one in records_of(client, space.id)] == [kept.id]
    sentence_of(http.get(f"/session/{session.id}/messages"), 400, 404)
    sentence_of(http.get(f"/session/{session.id}/task"), 404)
    sentence_of(http.get(f"/learning_spaces/{space.id}/sessions/{session.id}"), 404)
    sentence_of(http.delete(f"/session/{session.id}"), 404)


def test_a_deleted_session_does_not_stop_the_learning_of_its_space(client: AcontextClient, user: str) -> None:
    space = client.learning_spaces.create(user=user)
    gone, stays = client.sessions.create(user=user), client.sessions.create(user=user)
    for one in (gone, stays):
        client.learning_spaces.learn(space.id, session_id=one.id)
    tell(client, gone.id, deployment())
    client.sessions.delete(gone.id)
    tell(client, stays.id, deployment())
    ended = client.learning_spaces.wait_for_learning(
        space.id, session_id=stays.id, timeout=PATIENCE_SECONDS, poll_interval=0.05
    )
    assert ended.status == "completed"


def test_flush_answers_status_200_also_with_nothing_to_do(client: AcontextClient, user: str) -> None:
    session = client.sessions.create(user=user)
    for messages in ([], deployment(), []):
        tell(client, session.id, messages)
        flushed = client.sessions.flush(session.id)
        assert (flushed.status, flushed.errmsg) == (200, "")
    assert len(client.sessions.get_tasks(session.id).items) == 1


def test_flush_of_an_unknown_session_answers_404(client: AcontextClient) -> None:
    with pytest.raises(APIError) as refused:
        client.sessions.flush(unknown_id())
    assert refused.value.status_code == 404


def test_tasks_are_numbered_in_the_order_in_which_they_were_asked_for(client: AcontextClient, user: str) -> None:
    session = client.sessions.create(user=user)
    tell(client, session.id, two_requests())
    client.sessions.flush(session.id)
    tasks = client.sessions.get_tasks(session.id).items
    assert [task.order for task in tasks] == [1, 2]
    assert [task.status for task in tasks] == ["success", "success"]
    assert "release notes" in tasks[0].data.task_description
    assert "amount" in tasks[1].data.task_description
    for task in tasks:
        assert task.session_id == session.id
        assert task.project_id == session.project_id
        assert not task.is_planning


def test_messages_name_the_task_that_they_belong_to(client: AcontextClient, user: str) -> None:
    session = client.sessions.create(user=user)
    tell(client, session.id, two_requests())
    client.sessions.flush(session.id)
    first, second = (task.id for task in client.sessions.get_tasks(session.id).items)
    items = client.sessions.get_messages(session.id, format="acontext").items
    assert {item["session_task_process_status"] for item in items} == {"success"}
    assert [items[0]["task_id"], items[4]["task_id"]] == [first, second]
    assert {item["task_id"] for item in items} <= {first, second, None}
    assert [item["task_ids"] for item in items] == [[one] if (one := item["task_id"]) else [] for item in items]


def test_tasks_are_paged_in_both_directions(client: AcontextClient, user: str) -> None:
    session = client.sessions.create(user=user)
    tell(client, session.id, two_requests())
    client.sessions.flush(session.id)
    for newest_first in (False, True):
        first = client.sessions.get_tasks(session.id, limit=1, time_desc=newest_first)
        assert first.has_more
        second = client.sessions.get_tasks(session.id, limit=1, time_desc=newest_first, cursor=first.next_cursor)
        assert not second.has_more
        orders = [task.order for task in (*first.items, *second.items)]
        assert orders == ([2, 1] if newest_first else [1, 2])


@pytest.mark.parametrize("params", [{"limit": "0"}, {"limit": "201"}, {"cursor": "nonsense"}, {"time_desc": "up"}])
def test_a_page_of_tasks_that_cannot_be_is_refused(http: httpx.Client, params: dict[str, str]) -> None:
    session = text_at(object_of(http.post("/session", json={}), 201), "id")
    sentence_of(http.get(f"/session/{session}/task", params=params), 400)


def test_the_summary_of_a_session_is_made_of_its_tasks(client: AcontextClient, user: str) -> None:
    session = client.sessions.create(user=user)
    assert client.sessions.get_session_summary(session.id) == ""
    tell(client, session.id, deployment())
    client.sessions.flush(session.id)
    summary = client.sessions.get_session_summary(session.id)
    assert summary.startswith('<task id="1"')
    assert REQUEST in summary
