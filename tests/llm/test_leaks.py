"""What a provider says when it fails stays with the operator: neither its words nor the key that they echo get out.

The provider repeats the key that it was sent, in every form that an error can have. One server meets all of them, each
in a session of its own; then everything that it keeps, answers and logs is searched.
"""

import json
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from seasoned.errors import BlobsAway
from seasoned.telemetry import logs
from seasoned.testing import Asked, Provider, Spent
from seasoned.testing.provider import ProviderRequest, ProviderResponse, refusal, serving
from seasoned.testing.wire_formats import CHAT, Reply, encode
from tests.llm.test_language import TEXTS, good, stage_of
from tests.support.command import seasoned
from tests.support.server import Server, running, wait_until
from tests.support.talk import agent, user

# Nothing that the rules for secrets know by its form.
PLAIN_KEY = f"local-{uuid.uuid4().hex[:12]}-{uuid.uuid4().hex[:12]}"
OPENAI_KEY = f"sk-proj-{uuid.uuid4().hex}{uuid.uuid4().hex}"
WORDS = "marzipan potato parade"
AWAY = "The model cannot be reached: "
USELESS = "The model gave no usable answer: "


class Case(msgspec.Struct, frozen=True):
    """How an answer fails, and how the reason of the session has to begin."""

    answer: Callable[[str], ProviderResponse]
    reason: str


def status(number: int) -> Callable[[str], ProviderResponse]:
    def failing(said: str) -> ProviderResponse:
        told = refusal(CHAT, number, said, retry_after=0.01)
        return msgspec.structs.replace(told, phrase=said)

    return failing


def body(text: str, number: int = 200, media: str = "application/json") -> Callable[[str], ProviderResponse]:
    return lambda said: ProviderResponse(
        status=number, media=media, body=text.replace("SAID", said).encode(), retry_after="0.01", phrase=said
    )


def content(text: str, *, refused: bool = False, sent: bool = True) -> Callable[[str], ProviderResponse]:
    """A whole answer of a model, or half of one."""

    def answered(said: str) -> ProviderResponse:
        reply = Reply(model="any", text=text.replace("SAID", said), refused=refused, spent=Spent(input=1, output=1))
        written = encode(CHAT.write(reply))
        return ProviderResponse(body=written, sent=None if sent else len(written) - 20)

    return answered


CASES = {
    "400": Case(status(400), f"{USELESS}the provider rejected the request (HTTP 400)"),
    "401": Case(status(401), f"{AWAY}the provider refused the key (HTTP 401); check the key of `openai`"),
    "402": Case(status(402), f"{AWAY}the account's quota or credit is used up (HTTP 402)"),
    "403": Case(status(403), f"{AWAY}the provider refused the key (HTTP 403)"),
    "404": Case(status(404), f"{AWAY}the provider knows no such model or address (HTTP 404)"),
    "429": Case(status(429), f"{AWAY}the provider limits how much may be asked (HTTP 429)"),
    "500": Case(status(500), f"{AWAY}the provider failed (HTTP 500)"),
    "503": Case(status(503), f"{AWAY}the provider is out of service or overloaded (HTTP 503)"),
    "code": Case(
        body('{"error": {"message": "SAID", "code": "SAID", "type": "SAID", "param": "SAID"}}', 401),
        f"{AWAY}the provider refused the key (HTTP 401)",
    ),
    "page": Case(body("<html>SAID</html>", 502, "text/html"), f"{AWAY}the provider failed (HTTP 502)"),
    "cut": Case(content("SAID", sent=False), f"{AWAY}the connection to the provider failed"),
    "no JSON": Case(body('{"id": "SAID", '), f"{AWAY}the provider failed;"),
    "error in 200": Case(body('{"error": {"message": "SAID"}}'), f"{USELESS}no answer had the form"),
    "media": Case(body("SAID", 200, "text/html"), f"{USELESS}no answer had the form"),
    "prose": Case(content("SAID"), f"{USELESS}the answer contains no JSON object"),
    "wrong form": Case(content('{"tasks": "SAID", "SAID": 1}'), f"{USELESS}the JSON has not the form"),
    "refused": Case(content("SAID", refused=True), f"{USELESS}the model refused to answer"),
}
# The same in the later stages, whose reasons stand on tasks and spaces.
LATER = {"distill": status(401), "write": status(500)}


class Echo(Provider):
    """Fails as the case says that the question names, in words that hold the key that it was sent."""

    def __init__(self) -> None:
        super().__init__(good)
        self.keys: set[str] = set()

    def answer(self, request: ProviderRequest, asked: Sequence[Asked], gone: Callable[[], bool]) -> ProviderResponse:
        key = request.headers["authorization"].removeprefix("Bearer ")
        self.keys.add(key)
        said = f"Incorrect API key provided: {key}. {WORDS}"
        shown = "\n".join(one.content for one in asked)
        stage = stage_of(asked)
        for name, failing in LATER.items():
            if stage == name and (name == "write" or f"stage-{name}." in shown):
                return failing(said)
        case = next((case for name, case in CASES.items() if f"case-{name}." in shown), None)
        return case.answer(said) if case else super().answer(request, asked, gone)


@contextmanager
def echoing(folder: Path, key: str, level: str) -> Iterator[Server]:
    echo = Echo()
    with serving(echo):
        settings = {
            "SEASONED_MODEL": "openai:any",
            "OPENAI_BASE_URL": echo.url,
            "OPENAI_API_KEY": key,
            "SEASONED_ATTEMPTS": "1",
            "SEASONED_LOG": "json",
            "SEASONED_LOG_LEVEL": level,
            "SEASONED_RETRY_SECONDS": "3600",
            "SEASONED_RETRY_SECONDS_MAX": "3600",
            "SEASONED_FLUSH_WAIT_SECONDS": "60",
        }
        with running(folder, settings) as server:
            yield server
    assert echo.keys == {key}


def flushed(server: Server, space_id: str, name: str) -> str:
    """What a flush says of a session that meets the case of a name."""
    with server.client() as client, server.http() as http:
        session = client.sessions.create()
        client.learning_spaces.learn(space_id, session_id=session.id)
        client.sessions.store_message(session.id, blob=user(f"{TEXTS[0]} {name}."))
        client.sessions.store_message(session.id, blob=agent(TEXTS[1]))
        done = http.post(f"/session/{session.id}/flush").json()["data"]
    return str(done["errmsg"])


def answers(server: Server, space_ids: Sequence[str]) -> Iterator[str]:
    """Whatever the server tells of itself and of what it learns from."""
    with server.http() as http:
        sessions = http.get("/session", params={"limit": 200}).json()["data"]["items"]
        paths = ["/session?limit=200", "/usage?days=1", "/learning_spaces?limit=200", "/agent_skills?limit=200"]
        paths += [f"/session/{one['id']}/{what}" for one in sessions for what in ("configs", "task", "messages")]
        paths += [f"/learning_spaces/{one}{what}" for one in space_ids for what in ("", "/sessions", "/skills")]
        yield from (http.get(path).raise_for_status().text for path in paths)
    for path in ("/ready", "/metrics", "/health"):
        yield httpx.get(f"{server.url}{path}", timeout=20.0).raise_for_status().text
    yield seasoned(server.home, "doctor", "--url", server.url, "--json").out
    yield seasoned(server.home, "doctor").out
    yield seasoned(server.home, "usage").out


def learned(server: Server) -> tuple[Mapping[str, str], list[str]]:
    """The reason of each case, and everything that was answered on the way."""
    with server.client() as client:
        space, *later = (client.learning_spaces.create().id for _ in ("all cases", *LATER))
    with ThreadPoolExecutor(4) as clients:
        reasons = dict(zip(CASES, clients.map(lambda name: flushed(server, space, f"case-{name}"), CASES), strict=True))
    # One that fails when it is distilled, and one when it is written.
    flushes = [flushed(server, one, f"stage-{name}") for one, name in zip(later, LATER, strict=True)]
    assert flushes == ["", ""]

    def told() -> list[str]:
        with server.http() as http:
            states = [http.get(f"/learning_spaces/{one}/sessions").json()["data"][0] for one in later]
        return [one.get("reason", "") for one in states]

    wait_until(lambda: all(told()), "the later stages have failed")
    assert all(reason.startswith(AWAY) for reason in told())
    return reasons, [*reasons.values(), *answers(server, [space, *later])]


def kept(home: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file of a home: the database with its log, the blobs, the keys."""
    return ((path, path.read_bytes()) for path in home.rglob("*") if path.is_file())


def test_a_provider_that_echoes_the_key_tells_it_to_nobody(tmp_path: Path) -> None:
    with echoing(tmp_path, OPENAI_KEY, "info") as server:
        reasons, answered = learned(server)
        holding = [path for path, data in kept(server.home) if OPENAI_KEY.encode() in data or WORDS.encode() in data]
    said = server.log.read_text()
    assert {name: reasons[name][: len(case.reason)] for name, case in CASES.items()} == {
        name: case.reason for name, case in CASES.items()
    }
    assert [one for one in answered if OPENAI_KEY in one or WORDS in one or "Incorrect API key" in one] == []
    assert holding == []
    assert [path for path, data in kept(server.home) if OPENAI_KEY.encode() in data or WORDS.encode() in data] == []
    assert (OPENAI_KEY in said, WORDS in said) == (False, False)


def test_its_words_are_in_the_log_for_who_asks_for_them_and_the_key_is_not(tmp_path: Path) -> None:
    names = ("case-401", "case-code", "case-429")
    with echoing(tmp_path, PLAIN_KEY, "debug") as server, server.client() as client:
        space = client.learning_spaces.create()
        for name in names:
            flushed(server, space.id, name)
    said = server.log.read_text()
    assert PLAIN_KEY not in said
    with_words = [line for line in map(json.loads, said.splitlines()) if WORDS in str(line)]
    assert len(with_words) == len(names)
    assert {line["level"] for line in with_words} == {"debug"}
    assert all(f"provided: [redacted:setting]. {WORDS}" in str(line) for line in with_words)


@pytest.mark.parametrize("kind", [logs.JsonLines, logs.TextLines])
def test_what_an_error_says_is_written_without_secrets_and_at_debug_only(kind: type[logging.Formatter]) -> None:
    form = kind(lambda text: text.replace(PLAIN_KEY, "[gone]"))  # type: ignore[arg-type]
    error = BlobsAway("The files cannot be read now; try again.")
    error.__cause__ = OSError(f"{WORDS}\n{PLAIN_KEY}")
    raised = (BlobsAway, error, None)
    fields = {"name": "seasoned.part", "msg": "it broke", "exc_info": raised}
    loud = form.format(logging.makeLogRecord({**fields, "levelno": logging.DEBUG, "levelname": "DEBUG"}))
    quiet = form.format(logging.makeLogRecord({**fields, "levelno": logging.ERROR, "levelname": "ERROR"}))
    assert (f"OSError: {WORDS} [gone]" in loud, "BlobsAway: The files cannot be read now" in loud) == (True, True)
    assert (WORDS in quiet, "[gone]" in quiet, "cannot be read" in quiet) == (False, False, False)
    assert ("OSError" in quiet, "BlobsAway" in quiet) == (True, True)
