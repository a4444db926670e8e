"""Requests that stay open: `?wait=` on a session's learning, and the stream of what a space learns."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import msgspec
import pytest
from acontext import AcontextClient

from tests.conftest import NewProject
from tests.support.databases import homes_on
from tests.support.patience import PATIENCE_SECONDS, at_least
from tests.support.postgres import Postgres
from tests.support.presence import check_shape
from tests.support.server import Server, running, wait_until
from tests.support.talk import deployment, tell
from tests.support.wire import object_of, sentence_of, unknown_id


class Event(msgspec.Struct, frozen=True):
    """An event of the stream."""

    id: int
    data: dict[str, object]


def attached(client: AcontextClient, user: str) -> tuple[str, str]:
    """A space and a session that teaches it."""
    space, session = client.learning_spaces.create(user=user), client.sessions.create(user=user)
    client.learning_spaces.learn(space.id, session_id=session.id)
    return space.id, session.id


@contextmanager
def events(http: httpx.Client, space: str, after: int = 0, header: str = "") -> Iterator[Iterator[Event]]:
    """The events of a space's stream as they come."""
    headers = {"Last-Event-ID": header} if header else {}
    with http.stream("GET", f"/learning_spaces/{space}/stream", params={"after": after}, headers=headers) as response:
        assert response.status_code == httpx.codes.OK, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield parsed(response.iter_lines())


def parsed(lines: Iterator[str]) -> Iterator[Event]:
    """Events of a stream's lines; comments are passed over."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
        elif fields:
            if "id" in fields:
                assert fields["event"] == "lesson"
                data = msgspec.json.decode(fields["data"], type=dict[str, object])
                check_shape("LearnedLesson", data)
                yield Event(int(fields["id"]), data)
            fields = {}


def test_wait_answers_once_the_learning_has_settled(client: AcontextClient, http: httpx.Client, user: str) -> None:
    space, session = attached(client, user)
    tell(client, session, deployment())
    answer = object_of(http.get(f"/learning_spaces/{space}/sessions/{session}", params={"wait": 60}))
    assert answer["status"] == "completed"


def test_wait_answers_in_time_when_nothing_settles(patient_server: Server, user: str) -> None:
    with patient_server.client() as client, patient_server.http() as http:
        space, session = attached(client, user)
        tell(client, session, deployment())
        with at_least(1):
            answer = object_of(http.get(f"/learning_spaces/{space}/sessions/{session}", params={"wait": 1}))
        assert answer["status"] == "pending"


@pytest.mark.parametrize("wait", ["-1", "61", "soon", "1.5"])
def test_a_wait_that_is_no_time_is_refused(client: AcontextClient, http: httpx.Client, user: str, wait: str) -> None:
    space, session = attached(client, user)
    response = http.get(f"/learning_spaces/{space}/sessions/{session}", params={"wait": wait})
    assert "wait" in sentence_of(response, httpx.codes.BAD_REQUEST)


def test_the_stream_tells_each_lesson_once_and_goes_on_after_the_last_that_was_seen(
    client: AcontextClient, http: httpx.Client, user: str
) -> None:
    space, session = attached(client, user)
    with events(http, space) as stream:
        tell(client, session, deployment())
        first = next(stream)
    assert first.id == 1
    assert first.data["session_id"] == session
    assert first.data["status"] in ("written", "reinforced", "declined", "skipped")
    object_of(http.get(f"/learning_spaces/{space}/sessions/{session}", params={"wait": 60}))
    other = client.sessions.create(user=user).id
    client.learning_spaces.learn(space, session_id=other)
    tell(client, other, deployment())
    object_of(http.get(f"/learning_spaces/{space}/sessions/{other}", params={"wait": 60}))
    with events(http, space) as stream:
        seen = [next(stream)]
        while seen[-1].data["session_id"] != other:
            seen.append(next(stream))
    assert [event.id for event in seen] == list(range(1, len(seen) + 1))
    with events(http, space, header=str(seen[-1].id - 1)) as stream:
        assert next(stream) == seen[-1]
    with events(http, space, after=seen[-1].id - 1) as stream:
        assert next(stream) == seen[-1]


def test_the_stream_of_another_project_or_of_none_is_not_found(
    server: Server, client: AcontextClient, http: httpx.Client, new_project: NewProject, user: str
) -> None:
    space, _ = attached(client, user)
    with server.http(new_project().api_key) as other:
        assert other.get(f"/learning_spaces/{space}/stream").status_code == httpx.codes.NOT_FOUND
    assert http.get(f"/learning_spaces/{unknown_id()}/stream").status_code == httpx.codes.NOT_FOUND
    bad = http.get(f"/learning_spaces/{space}/stream", headers={"Last-Event-ID": "x"})
    assert bad.status_code == httpx.codes.BAD_REQUEST


def test_a_server_with_an_open_stream_stops_soon(
    start_server: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running(tmp_path_factory.mktemp("stopped")) as server, server.client() as client, server.http() as http:
        space, _ = attached(client, "someone")
        with events(http, space) as stream:
            server.process.terminate()
            assert list(stream) == []  # one that was cut off, after all the time there is to finish, would raise
            server.process.wait(PATIENCE_SECONDS)


def test_both_work_when_another_process_learns(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory, user: str
) -> None:
    folder = tmp_path_factory.mktemp("two")
    with homes_on(postgres_server), running(folder, {"SEASONED_WORKER": "none"}) as serves, running(folder) as learns:
        assert serves.url != learns.url
        with serves.client() as client, serves.http() as http:
            space, session = attached(client, user)
            told: list[Event] = []

            def listen() -> None:
                with serves.http() as own, events(own, space) as stream:
                    told.append(next(stream))

            thread = threading.Thread(target=listen)
            thread.start()
            tell(client, session, deployment())
            answer = object_of(http.get(f"/learning_spaces/{space}/sessions/{session}", params={"wait": 60}))
            assert answer["status"] == "completed"
            wait_until(lambda: bool(told), "the stream has told of a lesson")
            thread.join()
        assert told[0].data["session_id"] == session
