"""Another project's key: ids answer as if they did not exist, and nothing of the owner's changes."""

from collections.abc import Iterator

import httpx
import msgspec
import pytest

from seasoned.message import Json, JsonObject
from tests.support.server import Server
from tests.support.wire import items_of, list_of, object_of, sentence_of, text_at, unknown_id
from tests.support.zips import skill_md, zip_of


class Two(msgspec.Struct, frozen=True):
    """Two projects, each with one of everything: `theirs` are the ids of the owner, `own` those of the stranger."""

    owner: httpx.Client
    stranger: httpx.Client
    theirs: dict[str, str]
    own: dict[str, str]


def make(http: httpx.Client) -> dict[str, str]:
    """One of everything; the ids."""
    ids = {
        "session": text_at(object_of(http.post("/session", json={"user": "shared@example.com"}), 201), "id"),
        "space": text_at(object_of(http.post("/learning_spaces", json={"user": "shared@example.com"}), 201), "id"),
    }
    blob = {"blob": {"role": "user", "content": "hello"}}
    ids["message"] = text_at(object_of(http.post(f"/session/{ids['session']}/messages", json=blob), 201), "id")
    archive = {"file": ("skill.zip", zip_of({"SKILL.md": skill_md("private")}))}
    ids["skill"] = text_at(object_of(http.post("/agent_skills", files=archive), 201), "id")
    assert http.post(f"/session/{ids['session']}/flush").status_code == 200
    return ids


def shown(http: httpx.Client, ids: dict[str, str]) -> list[Json]:
    """All that a project shows of its things."""
    return [
        list(items_of(http.get("/session"))),
        list(items_of(http.get("/learning_spaces"))),
        list(items_of(http.get("/agent_skills"))),
        list_of(http.get(f"/learning_spaces/{ids['space']}/skills")),
        list_of(http.get(f"/learning_spaces/{ids['space']}/sessions")),
        object_of(http.get(f"/session/{ids['session']}/messages", params={"format": "acontext"})),
        list(items_of(http.get(f"/session/{ids['session']}/task"))),
    ]


@pytest.fixture(scope="module")
def two(server: Server) -> Iterator[Two]:
    owner, stranger = server.create_project("owner"), server.create_project("stranger")
    with server.http(owner.api_key) as theirs, server.http(stranger.api_key) as own:
        yield Two(theirs, own, make(theirs), make(own))


STORE: JsonObject = {"blob": {"role": "user", "content": "intruder"}}
META: JsonObject = {"meta": {"intruder": True}}
ROUTES: list[tuple[str, str, JsonObject | None]] = [
    ("DELETE", "/session/{session}", None),
    ("POST", "/session/{session}/flush", None),
    ("GET", "/session/{session}/messages", None),
    ("POST", "/session/{session}/messages", STORE),
    ("PATCH", "/session/{session}/messages/{message}/meta", META),
    ("PATCH", "/session/{own_session}/messages/{message}/meta", META),
    ("GET", "/session/{session}/task", None),
    ("GET", "/learning_spaces/{space}", None),
    ("PATCH", "/learning_spaces/{space}", META),
    ("DELETE", "/learning_spaces/{space}", None),
    ("POST", "/learning_spaces/{space}/learn", {"session_id": "{own_session}"}),
    ("POST", "/learning_spaces/{own_space}/learn", {"session_id": "{session}"}),
    ("GET", "/learning_spaces/{space}/sessions", None),
    ("GET", "/learning_spaces/{space}/sessions/{session}", None),
    ("GET", "/learning_spaces/{own_space}/sessions/{session}", None),
    ("GET", "/learning_spaces/{space}/skills", None),
    ("POST", "/learning_spaces/{space}/skills", {"skill_id": "{own_skill}"}),
    ("POST", "/learning_spaces/{own_space}/skills", {"skill_id": "{skill}"}),
    ("DELETE", "/learning_spaces/{space}/skills/{skill}", None),
    ("GET", "/agent_skills/{skill}", None),
    ("DELETE", "/agent_skills/{skill}", None),
    ("GET", "/agent_skills/{skill}/file?file_path=SKILL.md", None),
    ("GET", "/agent_skills/{skill}/download_zip", None),
]


def send(two: Two, method: str, path: str, body: JsonObject | None, ids: dict[str, str]) -> httpx.Response:
    """The stranger's request with these ids in path and body."""
    names = ids | {f"own_{name}": value for name, value in two.own.items()}
    filled = {
        key: value.format(**names) if isinstance(value, str) else value for key, value in body.items()
    } if body else None  # fmt: skip
    return two.stranger.request(method, path.format(**names), json=filled)


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_a_foreign_id_answers_as_one_that_does_not_exist(
    two: Two, method: str, path: str, body: JsonObject | None
) -> None:
    before = shown(two.owner, two.theirs)
    nothing = {name: unknown_id() for name in two.theirs}
    foreign, missing = send(two, method, path, body, two.theirs), send(two, method, path, body, nothing)
    foreign_says, missing_says = sentence_of(foreign, 400, 404), sentence_of(missing, 400, 404)
    assert foreign.status_code == missing.status_code
    for name, value in two.theirs.items():
        foreign_says = foreign_says.replace(value, name)
        missing_says = missing_says.replace(nothing[name], name)
    assert foreign_says == missing_says, "the sentence must not tell that there is such a thing"
    assert shown(two.owner, two.theirs) == before


def test_excluding_a_foreign_skill_from_an_own_space_does_nothing(two: Two) -> None:
    before = shown(two.owner, two.theirs)
    path = f"/learning_spaces/{two.own['space']}/skills/"
    for skill in (two.theirs["skill"], unknown_id()):
        assert two.stranger.delete(path + skill).status_code == 200
    assert shown(two.owner, two.theirs) == before


def test_lists_show_only_what_is_ones_own(two: Two) -> None:
    for http, ids in ((two.owner, two.theirs), (two.stranger, two.own)):
        assert [item["id"] for item in items_of(http.get("/session"))] == [ids["session"]]
        assert [item["id"] for item in items_of(http.get("/learning_spaces"))] == [ids["space"]]
        assert ids["skill"] in [item["id"] for item in items_of(http.get("/agent_skills"))]


def test_the_same_user_name_is_another_user_in_each_project(two: Two) -> None:
    users = []
    for http, ids in ((two.owner, two.theirs), (two.stranger, two.own)):
        found = items_of(http.get("/session", params={"user": "shared@example.com"}))
        assert [item["id"] for item in found] == [ids["session"]]
        users.append(found[0]["user_id"])
    assert users[0] != users[1]


def test_a_session_id_that_another_project_has_is_taken(two: Two) -> None:
    before = shown(two.owner, two.theirs)
    sentence_of(two.stranger.post("/session", json={"use_uuid": two.theirs["session"]}), 409)
    assert shown(two.owner, two.theirs) == before


def test_a_foreign_cursor_shows_nothing_foreign(two: Two) -> None:
    extra = text_at(object_of(two.owner.post("/session", json={}), 201), "id")
    cursor = text_at(object_of(two.owner.get("/session", params={"limit": 1})), "next_cursor")
    response = two.stranger.get("/session", params={"cursor": cursor})
    if response.status_code == 200:
        assert {str(item["id"]) for item in items_of(response)} <= {two.own["session"]}
    else:
        sentence_of(response, 400)
    assert two.owner.delete(f"/session/{extra}").status_code == 200
