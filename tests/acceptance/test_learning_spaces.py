"""Learning spaces, the sessions that teach them and the skills in them (wire contract, B.7 and E.1)."""

import httpx
import pytest
from acontext import AcontextClient
from acontext.errors import APIError

from tests.support.listed import records_of, skills_of
from tests.support.wire import data_of, object_of, sentence_of, text_at, unknown_id
from tests.support.zips import skill_md, upload


def test_a_new_space_has_the_two_default_skills_in_order(client: AcontextClient, user: str) -> None:
    space = client.learning_spaces.create(user=user, meta={"domain": "tests"})
    skills = skills_of(client, space.id)
    assert [skill.name for skill in skills] == ["daily-logs", "user-general-facts"]
    assert space.user_id is not None
    for skill in skills:
        assert skill.description
        assert skill.meta is None
        assert skill.user_id == space.user_id
        assert [file.path for file in skill.file_index] == ["SKILL.md"]


def test_creating_a_space_answers_201_with_its_fields(http: httpx.Client) -> None:
    space = object_of(http.post("/learning_spaces", json={}), 201)
    assert space["user_id"] is None
    assert space["meta"] is None
    assert {"id", "created_at", "updated_at"} <= set(space)


def test_each_space_has_skills_of_its_own(client: AcontextClient, user: str) -> None:
    spaces = [client.learning_spaces.create(user=user) for _ in range(2)]
    first, second = ({skill.id for skill in skills_of(client, space.id)} for space in spaces)
    assert not first & second


def test_unknown_fields_and_explicit_nulls_are_ignored(http: httpx.Client) -> None:
    body = {"user": None, "meta": None, "colour": "green"}
    assert object_of(http.post("/learning_spaces", json=body), 201)["user_id"] is None


def test_meta_is_merged_and_null_is_stored(client: AcontextClient, user: str) -> None:
    space = client.learning_spaces.create(user=user, meta={"kept": 1, "nulled": 2, "nested": {"a": 1, "b": 2}})
    updated = client.learning_spaces.update(space.id, meta={"nulled": None, "nested": {"a": 3}, "new": [1]})
    assert updated.meta == {"kept": 1, "nulled": None, "nested": {"a": 3}, "new": [1]}
    assert client.learning_spaces.get(space.id).meta == updated.meta


def test_meta_of_a_space_without_any_can_be_set(client: AcontextClient, user: str) -> None:
    space = client.learning_spaces.create(user=user)
    assert client.learning_spaces.update(space.id, meta={"a": 1}).meta == {"a": 1}


def test_the_meta_filter_is_containment_sensitive_to_type_and_case(client: AcontextClient, user: str) -> None:
    space = client.learning_spaces.create(
        user=user, meta={"n": 1, "on": True, "tags": ["a", "b"], "x": {"y": 1, "z": 2}}
    )
    client.learning_spaces.create(user=user)

    def found(**wanted: object) -> bool:
        ids = [one.id for one in client.learning_spaces.list(user=user, filter_by_meta=wanted).items]
        assert ids in ([], [space.id]), "a space without meta never matches"
        return bool(ids)

    assert found(n=1)
    assert found(on=True)
    assert found(tags=["b"])
    assert found(x={"y": 1})
    assert found(n=1, x={"z": 2})
    assert not found(n="1")
    assert not found(n=True)
    assert not found(on=1)
    assert not found(tags=["c"])
    assert not found(x={"y": 2})
    assert not found(N=1)
    assert not found(n=1, missing=None)


def test_spaces_are_listed_newest_first_on_request(client: AcontextClient, user: str) -> None:
    made = [client.learning_spaces.create(user=user).id for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(5):
        page = client.learning_spaces.list(user=user, limit=2, cursor=cursor, time_desc=True)
        seen += [space.id for space in page.items]
        cursor = page.next_cursor
        if not page.has_more:
            break
    assert seen == made[::-1]


def test_an_unknown_user_has_no_spaces(client: AcontextClient, user: str) -> None:
    page = client.learning_spaces.list(user=user)
    assert page.items == []
    assert not page.has_more


def test_deleting_a_space_frees_its_session_for_another(client: AcontextClient, user: str) -> None:
    first, second = client.learning_spaces.create(user=user), client.learning_spaces.create(user=user)
    session = client.sessions.create(user=user)
    client.learning_spaces.learn(first.id, session_id=session.id)
    client.learning_spaces.delete(first.id)
    with pytest.raises(APIError) as gone:
        client.learning_spaces.get(first.id)
    assert gone.value.status_code == 404
    assert client.learning_spaces.learn(second.id, session_id=session.id).learning_space_id == second.id


def test_learn_answers_201_pending(http: httpx.Client) -> None:
    space = text_at(object_of(http.post("/learning_spaces", json={}), 201), "id")
    session = text_at(object_of(http.post("/session", json={}), 201), "id")
    record = object_of(http.post(f"/learning_spaces/{space}/learn", json={"session_id": session}), 201)
    assert record["status"] == "pending"
    assert record["learning_space_id"] == space
    assert record["session_id"] == session
    assert {"id", "created_at", "updated_at"} <= set(record)


@pytest.mark.parametrize("same_space", [True, False], ids=["the same space", "another space"])
def test_a_session_teaches_one_space_only(client: AcontextClient, user: str, same_space: bool) -> None:
    first, second = client.learning_spaces.create(user=user), client.learning_spaces.create(user=user)
    session = client.sessions.create(user=user)
    client.learning_spaces.learn(first.id, session_id=session.id)
    target = first if same_space else second
    with pytest.raises(APIError) as refused:
        client.learning_spaces.learn(target.id, session_id=session.id)
    assert refused.value.status_code == 409
    assert "already learned" in str(refused.value.message)
    assert [one.session_id for one in records_of(client, first.id)] == [session.id]
    assert records_of(client, second.id) == []


def test_sessions_of_a_space_are_listed_oldest_first(client: AcontextClient, user: str) -> None:
    space = client.learning_spaces.create(user=user)
    sessions = [client.sessions.create(user=user).id for _ in range(3)]
    for session in reversed(sessions):
        client.learning_spaces.learn(space.id, session_id=session)
    assert [one.session_id for one in records_of(client, space.id)] == sessions[::-1]
    assert client.learning_spaces.get_session(space.id, session_id=sessions[1]).session_id == sessions[1]


def test_unknown_spaces_sessions_and_skills_answer_404(http: httpx.Client) -> None:
    sentence_of(http.get(f"/learning_spaces/{unknown_id()}/catalogue"), 404)
    space = text_at(object_of(http.post("/learning_spaces", json={}), 201), "id")
    session = text_at(object_of(http.post("/session", json={}), 201), "id")
    nothing = unknown_id()
    for response in (
        http.get(f"/learning_spaces/{nothing}"),
        http.patch(f"/learning_spaces/{nothing}", json={"meta": {"a": 1}}),
        http.delete(f"/learning_spaces/{nothing}"),
        http.post(f"/learning_spaces/{nothing}/learn", json={"session_id": session}),
        http.post(f"/learning_spaces/{space}/learn", json={"session_id": nothing}),
        http.get(f"/learning_spaces/{nothing}/sessions"),
        http.get(f"/learning_spaces/{nothing}/sessions/{session}"),
        http.get(f"/learning_spaces/{space}/sessions/{session}"),
        http.get(f"/learning_spaces/{nothing}/skills"),
        http.post(f"/learning_spaces/{nothing}/skills", json={"skill_id": nothing}),
        http.post(f"/learning_spaces/{space}/skills", json={"skill_id": nothing}),
        http.delete(f"/learning_spaces/{nothing}/skills/{nothing}"),
    ):
        sentence_of(response, 404)


def test_including_a_skill_answers_201_and_excluding_is_idempotent(client: AcontextClient, http: httpx.Client) -> None:
    space = client.learning_spaces.create()
    skill = upload(client, {"SKILL.md": skill_md("guest")})
    link = object_of(http.post(f"/learning_spaces/{space.id}/skills", json={"skill_id": skill.id}), 201)
    assert link["learning_space_id"] == space.id
    assert link["skill_id"] == skill.id
    assert {"id", "created_at"} <= set(link)
    for _ in range(2):
        data_of(http.delete(f"/learning_spaces/{space.id}/skills/{skill.id}"))
    data_of(http.delete(f"/learning_spaces/{space.id}/skills/{unknown_id()}"))
    assert len(skills_of(client, space.id)) == 2


def test_a_space_holds_one_skill_of_a_name(client: AcontextClient, http: httpx.Client) -> None:
    space = client.learning_spaces.create()
    included, namesake, journal = (
        upload(client, {"SKILL.md": skill_md(name)}) for name in ("guest", "guest", "daily-logs")
    )
    client.learning_spaces.include_skill(space.id, skill_id=included.id)
    for skill in (included, namesake, journal):
        sentence_of(http.post(f"/learning_spaces/{space.id}/skills", json={"skill_id": skill.id}), 409)
    client.learning_spaces.exclude_skill(space.id, skill_id=included.id)
    client.learning_spaces.include_skill(space.id, skill_id=namesake.id)
    assert [skill.id for skill in skills_of(client, space.id)][2:] == [namesake.id]


def test_the_catalogue_of_a_space_has_a_line_for_each_of_its_skills(client: AcontextClient, http: httpx.Client) -> None:
    space = client.learning_spaces.create().id
    skill = upload(client, {"SKILL.md": skill_md("zoo", "Says how to feed\n  the animals. Use it at noon.")})
    client.learning_spaces.include_skill(space, skill_id=skill.id)
    found = object_of(http.get(f"/learning_spaces/{space}/catalogue"))
    told = {one.name: " ".join(one.description.split()) for one in skills_of(client, space)}
    assert text_at(found, "text") == "\n".join(f"- {name}: {told[name]}" for name in sorted(told))
    assert found["items"] == [
        {"id": one.id, "name": one.name, "description": told[one.name]}
        for one in sorted(skills_of(client, space), key=lambda one: one.name)
    ]
    assert found["left_out"] == 0


def test_a_skill_may_be_in_several_spaces(client: AcontextClient) -> None:
    skill = upload(client, {"SKILL.md": skill_md("shared")})
    for _ in range(2):
        space = client.learning_spaces.create()
        client.learning_spaces.include_skill(space.id, skill_id=skill.id)
        assert skills_of(client, space.id)[2].id == skill.id
