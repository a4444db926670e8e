"""The log says what happens, and nothing of what people, agents or models said."""

import ast
import json
import logging
import urllib.error
import urllib.request
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from seasoned.telemetry import logs
from seasoned.testing import provider
from seasoned.testing.provider import Fault
from seasoned.testing.wire_formats import Asked
from tests.support.command import seasoned
from tests.support.server import KEY, Server, running, wait_until
from tests.support.talk import agent, tell, user


def canary(what: str) -> str:
    return f"canary-{what}-{uuid.uuid4().hex}"


def feed(server: Server, canaries: dict[str, str]) -> None:
    with server.client() as client:
        session = client.sessions.create(user=canaries["user"])
        for _ in range(2):
            client.sessions.store_message(
                session.id, blob={"role": "user", "content": canaries["message"]}, format="openai"
            )
        client.sessions.flush(session.id)
    with server.http() as http:
        disk = http.post("/disk", json={}).json()["data"]["id"]
        http.post(
            f"/disk/{disk}/artifact",
            data={"file_path": f"/{canaries['path']}/"},
            files={"file": ("a.txt", canaries["artifact"].encode())},
        )
        http.get(f"/user/{canaries['user']}/resources")
        http.get(f"/{canaries['path']}", headers={"authorization": canaries["key"]})
        http.post(f"/session/{session.id}/messages", content=canaries["body"].encode())
        http.post(f"/session/{session.id}/messages", json={"format": canaries["body"], "blob": canaries["body"]})


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("answer", ["{}", '{"tasks": [], "preferences": [', "refused"])
def test_no_line_of_the_log_holds_what_was_said(tmp_path: Path, form: str, answer: str) -> None:
    canaries = {name: canary(name) for name in ("user", "message", "artifact", "path", "key", "body", "answer")}

    def answered(_asked: object) -> str:
        return answer.replace("[]", f'[{{"title": "{canaries["answer"]}"}}]') + canaries["answer"]

    with provider(answered) as model:
        settings = {
            "SEASONED_MODEL": "openai:any",
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "none",
            "SEASONED_ATTEMPTS": "1",
            "SEASONED_LOG": form,
            "SEASONED_LOG_LEVEL": "info",
        }
        with running(tmp_path, settings) as server:
            feed(server, canaries)
            wait_until(lambda: "extract" in server.log.read_text(), "the stage is in the log")
        said = server.log.read_text()
    assert [name for name, value in canaries.items() if value in said] == []
    assert len(said.splitlines()) > 8
    if form == "json":
        events = [json.loads(line) for line in said.splitlines()]
        assert all({"time", "level", "logger", "event"} <= set(one) for one in events)
        request = next(one for one in events if one["event"] == "request" and "{session_id}" in one.get("route", ""))
        assert (request["method"], request["ms"] > 0) == ("POST", True)
        assert {"stage", "model call"} <= {one["event"] for one in events}


@pytest.mark.sqlite
def test_a_defect_is_logged_with_its_place_and_class_without_its_words(tmp_path: Path) -> None:
    words = canary("defect")
    (tmp_path / "server").mkdir()
    # The process trips over a defect whose words are somebody's.
    hook = tmp_path / "hook" / "sitecustomize.py"
    hook.parent.mkdir()
    hook.write_text(
        "from seasoned.engine import users\n"
        f"async def broken(*_a, **_k):\n    raise ValueError({words!r})\n"
        "users.Users.page = broken\n"
    )
    for form in ("json", "text"):
        folder = tmp_path / form
        folder.mkdir()
        settings = {"PYTHONPATH": str(hook.parent), "SEASONED_LOG": form}
        with pytest.raises(AssertionError, match="logged a traceback"), running(folder, settings) as server:
            # Not the tests' usual client, which takes no answer that the API's description does not have.
            asked = urllib.request.Request(  # noqa: S310 - our own address
                f"{server.api}/user/ls", headers={"Authorization": f"Bearer {KEY}"}
            )
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(asked)  # noqa: S310 - our own address
            assert (caught.value.code, words in caught.value.read().decode()) == (500, False)
        said = server.log.read_text()
        assert words not in said
        for part in ("ValueError", "sitecustomize.py", "a request failed", "/api/v1/user/ls"):
            assert part in said


def test_a_provider_that_fails_and_lessons_that_are_written_leave_no_words_in_the_log(tmp_path: Path) -> None:
    words = canary("words")
    failures = [Fault(status=500, says=words), Fault(body=words.encode()), Fault(status=400, says=words)]

    def answered(asked: Sequence[Asked]) -> str | Fault:
        if failures:
            return failures.pop()
        shown = "\n".join(one.content for one in asked)
        if "The messages of the task:" in shown:
            quotes = [{"number": 1, "text": f"Deploy {words}"}]
            lesson = {"kind": "fact", "title": words, "text": f"{words} is deployed.", "topic": "ops", "quotes": quotes}
            return json.dumps({"summary": words, "lessons": [lesson]})
        if "Lessons to place:" in shown:
            return json.dumps({"edits": [{"edit": words}]})
        task = {"title": f"Deploy {words}", "status": "success", "messages": [1, 2], "evidence": "done"}
        return json.dumps({"tasks": [task], "preferences": []})

    with provider(answered) as model:
        settings = {
            "SEASONED_MODEL": "openai:any",
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "none",
            "SEASONED_RETRY_SECONDS": "0.1",
            "SEASONED_LOG": "json",
            "SEASONED_LOG_LEVEL": "info",
        }
        with running(tmp_path, settings) as server:
            with server.client() as client:
                space, session = client.learning_spaces.create(), client.sessions.create()
                client.learning_spaces.learn(space.id, session_id=session.id)
                tell(client, session.id, [user(f"Deploy {words}"), agent(f"Done: {words}")])
                client.sessions.flush(session.id)

            def outcomes() -> set[tuple[str, str]]:
                lines = [json.loads(line) for line in server.log.read_text().splitlines()]
                return {(str(one["stage"]), str(one["outcome"])) for one in lines if one["event"] == "stage"}

            wanted = {("extract", "worked"), ("distill", "worked"), ("write", "worked")}
            wait_until(lambda: wanted <= outcomes(), "the lesson is written")
            assert outcomes() & {("extract", "waits"), ("extract", "failed")}
        assert words not in server.log.read_text()


@pytest.mark.parametrize("form", [logs.JsonLines(str), logs.TextLines(str)], ids=["json", "text"])
def test_what_libraries_add_to_their_lines_is_left_out(form: logging.Formatter) -> None:
    words = canary("extra")
    theirs = logging.makeLogRecord({"name": "library.part", "msg": f"it broke\n{words}", "job": words})
    assert words not in form.format(theirs)
    assert "it broke" in form.format(theirs)
    ours = logging.makeLogRecord({"name": "seasoned.part", "msg": "it broke", "stage": "extract\nforged"})
    assert len(form.format(ours).splitlines()) == 1


def test_our_own_lines_are_constant_sentences() -> None:
    """Words that are put into a line, an error's for one, may be somebody's: what differs goes beside it."""
    for path in sorted((Path(logs.__file__).parents[1]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if isinstance(node.func.value, ast.Name) and node.func.value.id in {"log", "logger", "logging"}:
                if node.func.attr not in {"debug", "info", "warning", "error", "exception", "critical", "log"}:
                    continue
                constant = isinstance(node.args[0], ast.Constant | ast.Subscript)
                assert constant and len(node.args) == 1, f"{path.name}:{node.lineno}"


def test_an_unknown_form_is_refused(tmp_path: Path) -> None:
    for name, value in (("SEASONED_LOG", "xml"), ("SEASONED_LOG_LEVEL", "trace")):
        done = seasoned(tmp_path, "skills", "list", settings={name: value})
        assert (done.code, "Traceback" in done.err) == (1, False)
