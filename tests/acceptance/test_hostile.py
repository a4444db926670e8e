"""Hostile input: every answer is a sentence in our envelope, and what is refused changes no row.

Each kind of input is first sent in a form that is good: what is refused for another reason would prove nothing.
"""

import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
import sqlalchemy as sa

from seasoned.store.database import DATABASE_FILE
from seasoned.store.postgres import postgres_engine
from seasoned.store.schema import metadata
from tests.conftest import StartServer
from tests.support.databases import database_of
from tests.support.hostile import (
    BAD_CURSORS,
    BAD_VALUES,
    BODIES,
    BODY_BYTES_MAX,
    FORM_ROUTES,
    GOOD,
    JSON_ROUTES,
    LISTS,
    ODD_CURSORS,
    ODD_VALUES,
    PAYLOAD,
    QUERIES,
    broken,
    form,
    with_type,
)
from tests.support.raw import JSON, RawResponse, chunked, exchange, opened, request, send
from tests.support.server import KEY, Server
from tests.support.wire import object_of, text_at
from tests.support.zips import skill_md, zip_of

API = "/api/v1"
ROUNDS_TO_WARM_UP = 4
ROUNDS = 8
GROWTH_MAX = 1.2
"""How much larger the server may be after all rounds than when it was warm."""

Counts = dict[str, int]
TABLES = metadata.tables
COUNTS = sa.union_all(*(sa.select(sa.literal(name), sa.func.count()).select_from(TABLES[name]) for name in TABLES))


class Target(msgspec.Struct, frozen=True):
    """A server that does nothing by itself, with one of everything."""

    server: Server
    rows: sa.Engine
    names: Mapping[str, str]

    def path(self, template: str) -> str:
        """A path of the API with the target's ids in it."""
        return API + template.format(**self.names)

    def call(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str | bytes] = JSON) -> RawResponse:
        """What the server answers to a request whose head is well-formed."""
        return answered(send(self.server.url, request(method, path, KEY, body=body, headers=headers)))

    def json(self, route: str, value: bytes) -> bytes:
        """The request of a route with a JSON value in its place."""
        method, path, body = JSON_ROUTES[route]
        return request(method, self.path(path), KEY, body=body.replace(b"HOLE", value), headers=JSON)

    def on_session(self) -> "Target":
        """The same with a session of its own, so that what one test stores is not read by all others."""
        made = self.call("POST", f"{API}/session", b'{"disable_task_tracking": true}').envelope()["data"]
        assert isinstance(made, dict)
        fresh = Target(self.server, self.rows, {**self.names, "session": text_at(made, "id")})
        told = fresh.call("POST", fresh.path("/session/{session}/messages"), PAYLOAD).envelope()["data"]
        assert isinstance(told, dict)
        return Target(self.server, self.rows, {**fresh.names, "message": text_at(told, "id")})

    def counts(self) -> Counts:
        """How many rows each table has."""
        with self.rows.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(COUNTS)}

    def contents(self) -> dict[str, set[tuple[object, ...]]]:
        """Every row of every table."""
        with self.rows.connect() as connection:
            return {name: {tuple(row) for row in connection.execute(sa.select(TABLES[name]))} for name in TABLES}

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Nothing that happens in the block changes a row, and the server goes on."""
        before = self.contents()
        yield
        assert self.contents() == before
        assert self.call("GET", f"{API}/ping").status == 200

    def rss(self) -> int:
        """Resident memory of the server, in KiB."""
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(self.server.process.pid)], capture_output=True, check=True)
        return int(told.stdout)

    def connections(self) -> int:
        """How many files and connections the server holds open; 0 where the system does not tell."""
        folder = Path(f"/proc/{self.server.process.pid}/fd")
        return len(list(folder.iterdir())) if folder.exists() else 0


def answered(answer: RawResponse | None) -> RawResponse:
    """An answer that must have come."""
    assert answer is not None, "the server closed the connection without an answer"
    return answer


def assert_refused(answer: RawResponse | None, *statuses: int) -> None:
    """It was refused with one of the statuses, and with a sentence."""
    found = answered(answer)
    assert found.status in statuses, f"{found.status}: {found.body[:300]!r}"
    found.sentence()


def assert_answered(answer: RawResponse, *statuses: int) -> None:
    """It was answered in our envelope, a refusal with a sentence."""
    assert answer.status in statuses, f"{answer.status}: {answer.body[:300]!r}"
    assert answer.sentence() if answer.status >= 400 else answer.envelope()


@pytest.fixture(scope="module")
def target(start_server: StartServer) -> Iterator[Target]:
    server = start_server(
        fresh=True,
        SEASONED_QUIET_SECONDS="3600",
        SEASONED_STALLED_SECONDS="7200",
        SEASONED_BODY_BYTES_MAX=str(BODY_BYTES_MAX),
    )
    with server.http() as http:
        session = text_at(object_of(http.post("/session", json={"disable_task_tracking": True}), 201), "id")
        blob = {"blob": {"role": "user", "content": "hello"}}
        message = text_at(object_of(http.post(f"/session/{session}/messages", json=blob), 201), "id")
        space = text_at(object_of(http.post("/learning_spaces", json={"meta": {"a": 1}}), 201), "id")
        disk = text_at(object_of(http.post("/disk", json={}), 201), "id")
        object_of(http.post(f"/disk/{disk}/artifact", files={"file": ("a.md", b"x")}, data={"file_path": "/"}), 201)
        archive = zip_of({"SKILL.md": skill_md("target")})
        skill = text_at(object_of(http.post("/agent_skills", files={"file": ("a.zip", archive)}), 201), "id")
    names = {"session": session, "message": message, "space": space, "disk": disk, "skill": skill}
    url = database_of(server.home)
    engine = postgres_engine(url) if url else sa.create_engine(f"sqlite:///{server.home / DATABASE_FILE}")
    yield Target(server, engine, names)
    engine.dispose()


# --- JSON -------------------------------------------------------------------------------------------------------------


def assert_good(target: Target, route: str) -> Counts:
    """The route takes a good value; how many rows that brings."""
    before = target.counts()
    assert answered(send(target.server.url, target.json(route, b"1"))).envelope()["code"] == 0
    return {name: count - before[name] for name, count in target.counts().items()}


@pytest.mark.parametrize("route", JSON_ROUTES)
def test_json_that_is_none_or_too_deep_is_refused(target: Target, route: str) -> None:
    assert_good(target, route)
    with target.unchanged():
        for name, value in BAD_VALUES.items():
            answer = answered(send(target.server.url, target.json(route, value)))
            assert answer.status == 400, f"{name}: {answer}"
            answer.sentence()


@pytest.mark.parametrize("route", JSON_ROUTES)
def test_json_of_very_many_arrays_is_refused(target: Target, route: str) -> None:
    many = b"[" + (b"[" * 50 + b"]" * 50 + b",") * 25_000 + b"1]"
    with target.unchanged():
        answer = answered(send(target.server.url, target.json(route, many)))
        assert answer.status in (400, 413), answer
        answer.sentence()


@pytest.mark.parametrize("route", JSON_ROUTES)
def test_odd_json_is_taken_whole_or_not_at_all(target: Target, route: str) -> None:
    target = target.on_session()
    brings = assert_good(target, route)
    for name, value in ODD_VALUES.items():
        before = target.counts()
        answer = answered(send(target.server.url, target.json(route, value)))
        assert_answered(answer, 200, 201, 400, 413)
        came = {table: count - before[table] for table, count in target.counts().items()}
        assert came == (brings if answer.status < 400 else dict.fromkeys(brings, 0)), name


@pytest.mark.parametrize("name", ODD_VALUES)
def test_what_was_taken_can_be_read(target: Target, name: str) -> None:
    target = target.on_session()
    value = ODD_VALUES[name] if len(ODD_VALUES[name]) < 10_000 else b"1"
    for route in JSON_ROUTES:
        send(target.server.url, target.json(route, value))
    last = target.path("/session/{session}/messages?limit=5&time_desc=true&with_events=true&format=")
    paths = [last + wanted for wanted in ("acontext", "openai", "anthropic", "gemini")]
    paths += map(
        target.path, ("/project/configs", "/session/{session}/configs", "/session/{session}/events?time_desc=true")
    )
    paths += map(target.path, ("/session?time_desc=true&limit=3", "/learning_spaces?time_desc=true&limit=3"))
    for path in paths:
        assert isinstance(target.call("GET", path).envelope()["data"], dict)


# --- bodies and their headers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["new session", "patch configs", "message meta", "new space", "project"])
def test_a_body_that_is_not_json_is_refused(target: Target, route: str) -> None:
    method, path, _ = JSON_ROUTES[route]
    with target.unchanged():
        for body, headers in BODIES.values():
            assert_refused(target.call(method, target.path(path), body, headers), 400, 413, 415)


def test_the_type_of_json_is_not_looked_at_or_refused(target: Target) -> None:
    for kind in (b"", b"text/plain", b"application/json; charset=nope", b"\xff\xfe", b";;;", b"a" * 9_000):
        answer = target.call("PUT", target.path("/session/{session}/configs"), GOOD, {"Content-Type": kind})
        assert_answered(answer, 200, 400, 415)


def in_chunks(pieces: Iterable[bytes]) -> bytes:
    headers = {**JSON, "Transfer-Encoding": "chunked"}
    return request("POST", f"{API}/session", KEY, headers=headers, length=False) + chunked(pieces)


def test_chunks_are_put_together_and_bounded(target: Target) -> None:
    url = target.server.url
    assert answered(send(url, in_chunks(GOOD[index : index + 1] for index in range(len(GOOD))))).status == 201
    piece = b" " * 65_536
    fits = BODY_BYTES_MAX // len(piece) - 1
    assert answered(send(url, in_chunks([piece] * fits + [GOOD]))).status == 201
    with target.unchanged():
        assert_refused(send(url, in_chunks([piece] * 2 * fits + [GOOD])), 413)
        assert_refused(send(url, in_chunks([piece] * 9 * fits).removesuffix(b"0\r\n\r\n")), 413)


def test_a_client_that_hangs_up_within_its_body_leaves_nothing(target: Target) -> None:
    whole = request("POST", f"{API}/session", KEY, body=GOOD, headers=JSON)
    with target.unchanged():
        for size in range(1, len(GOOD)):
            with opened(target.server.url) as wire:
                wire.sendall(whole[:-size])


# --- forms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", FORM_ROUTES)
def test_a_form_that_cannot_be_read_is_refused(target: Target, route: str) -> None:
    path, good = FORM_ROUTES[route]
    assert target.call("POST", target.path(path), form(good), with_type()).status == 201
    with target.unchanged():
        for name, (body, headers) in broken(good).items():
            answer = target.call("POST", target.path(path), body, headers)
            assert answer.status in {400, 413}, f"{name}: {answer}"
            answer.sentence()


@pytest.mark.parametrize("route", ["skill", "artifact"])
def test_an_odd_file_name_is_harmless(target: Target, route: str) -> None:
    path, good = FORM_ROUTES[route]
    for filename in (
        b"",
        b"a\x00.zip",
        b"../../etc/passwd",
        b"/etc/passwd",
        b"C:\\x",
        b"\xff",
        b"a" * 5_000,
        b'a"b',
        b".",
    ):
        parts = [part.replace(b"a.zip", filename).replace(b"f.md", filename) for part in good]
        assert_answered(target.call("POST", target.path(path), form(parts), with_type()), 201, 400, 413)
    with target.rows.connect() as connection:
        paths = connection.execute(sa.select(TABLES["artifacts"].c.path)).scalars().all()
    assert paths
    assert not [stored for stored in paths if ".." in stored]


def test_an_odd_charset_of_a_form_is_harmless(target: Target) -> None:
    path, good = FORM_ROUTES["message"]
    # Reading a long text takes the square of its length in some charsets, so none but UTF-8 is tried.
    for charset in ("punycode", "idna", "utf-7"):
        kind = with_type(f"multipart/form-data; boundary=b; charset={charset}")
        assert_refused(target.call("POST", target.path(path), form(good), kind), 400)
    for charset in ("nope", "hex", "utf-7", "utf-16", "idna", "rot13", "unicode_escape", "\x01"):
        kind = with_type(f"multipart/form-data; boundary=b; charset={charset}")
        assert_answered(target.call("POST", target.path(path), form(good), kind), 201, 400)


# --- paths and queries ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_that_is_none_is_refused(target: Target, path: str) -> None:
    with target.unchanged():
        for order in ("", "&time_desc=true"):
            start = f"{target.path(path)}?limit=5{order}&cursor="
            for cursor in BAD_CURSORS.values():
                assert_refused(target.call("GET", start + cursor), 400)
            for cursor in ODD_CURSORS.values():
                assert_answered(target.call("GET", start + cursor), 200, 400)


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_that_is_none_is_refused(target: Target, name: str) -> None:
    assert_refused(target.call("GET", f"{API}/session?{QUERIES[name]}"), 400)


@pytest.mark.parametrize(
    "query",
    [
        *("/session?user=", "/learning_spaces?user=", "/agent_skills?user=", "/disk?user="),
        "/session?filter_by_configs=%7B%22a%22%3A1%7D&user=",
        "/session/{session}/messages?format=",
        "/session/{session}/messages?edit_strategies=",
        "/session/{session}/messages?pin_editing_strategies_at_message=",
        *("/agent_skills/{skill}/file?file_path=", "/agent_skills/{skill}/file?expire="),
        *("/disk/{disk}/artifact?file_path=", "/disk/{disk}/artifact/ls?path="),
        *("/disk/{disk}/artifact/grep?query=", "/disk/{disk}/artifact/glob?query="),
    ],
)
def test_any_text_in_a_query_is_answered(target: Target, query: str) -> None:
    for value in ("%00", "%ff", "%F0%9F%98", "a%00b", "%ED%A0%80", "x" * 20_000, "%", "%zz", "*", "[[", "(a*)*b", "\\"):
        assert_answered(target.call("GET", target.path(query) + value), 200, 400, 404)


@pytest.mark.parametrize(
    ("path", "around"),
    [
        ("/session?filter_by_configs=", '{"a": HOLE}'),
        ("/learning_spaces?filter_by_meta=", '{"a": HOLE}'),
        ("/session/{session}/messages?edit_strategies=", '[{"type": "token_limit", "params": {"limit_tokens": HOLE}}]'),
        ("/session/{session}/messages?edit_strategies=", "[HOLE]"),
    ],
)
def test_any_json_in_a_query_is_answered(target: Target, path: str, around: str) -> None:
    assert target.call("GET", target.path(path) + quote(around.replace("HOLE", "{}").replace(": {}}", ": 10}"))).status
    for value in (*BAD_VALUES.values(), *ODD_VALUES.values()):
        held = around.encode().replace(b"HOLE", value[:10_000])
        assert_answered(target.call("GET", target.path(path) + quote(held)), 200, 400)


@pytest.mark.parametrize("path", ["/ping", "/session", "/session/{session}", "/learning_spaces", "/user/ls"])
def test_a_wrong_method_is_unknown(target: Target, path: str) -> None:
    with target.unchanged():
        for method in ("PUT", "PATCH", "TRACE", "OPTIONS", "PROPFIND"):
            assert_refused(target.call(method, target.path(path), b"{}"), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "/session/{id}/messages"), ("POST", "/session/{id}/messages"), ("DELETE", "/session/{id}")),
        *(("GET", "/session/{id}/configs"), ("POST", "/session/{id}/copy"), ("GET", "/learning_spaces/{id}")),
        *(("GET", "/learning_spaces/{id}/stream"), ("DELETE", "/learning_spaces/{id}")),
        *(("GET", "/agent_skills/{id}/download_zip"), ("DELETE", "/agent_skills/{id}"), ("DELETE", "/disk/{id}")),
        *(("GET", "/disk/{id}/artifact/ls"), ("DELETE", "/disk/{id}/artifact"), ("GET", "/material/{id}")),
    ],
)
def test_an_id_that_is_none_is_refused(target: Target, method: str, path: str) -> None:
    with target.unchanged():
        for written in ("x", "%00", "%ff", "..", "%2e%2e", "0" * 31, "0" * 5_000, "{", "'--", "%F0%9F%98%80", "-1"):
            body = PAYLOAD if method == "POST" else b""
            assert_refused(target.call(method, API + path.replace("{id}", written), body), 400, 403, 404)


# --- the protocol -----------------------------------------------------------------------------------------------------


def line(text: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    key = b"Authorization: Bearer " + KEY.encode()
    return b"\r\n".join([text, b"Host: x", key, *headers]) + b"\r\n\r\n" + body


POST = b"POST /api/v1/session HTTP/1.1"
GET = b"GET /api/v1/session HTTP/1.1"
NO_REQUESTS: dict[str, bytes] = {
    "words": b"hello there\r\n\r\n",
    "NUL": bytes(100) + b"\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a version of its own": line(b"GET /api/v1/ping HTTP/9.9"),
    "a length and chunks": line(POST, b"Content-Length: 2", b"Transfer-Encoding: chunked", body=b"0\r\n\r\nGET /x"),
    "two lengths": line(POST, b"Content-Length: 2", b"Content-Length: 3", body=b"{}}"),
    "a negative length": line(POST, b"Content-Length: -1", body=b"{}"),
    "a length that is no number": line(POST, b"Content-Length: two", body=b"{}"),
    "a huge length": line(POST, b"Content-Length: " + b"9" * 100, body=b"{}"),
    "a chunk's size that is no number": line(POST, b"Transfer-Encoding: chunked", body=b"zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk's size beyond all measure": line(POST, b"Transfer-Encoding: chunked", body=b"f" * 17 + b"\r\n{}\r\n"),
    "a chunk that is longer than it says": line(POST, b"Transfer-Encoding: chunked", body=b"1\r\n{}}\r\n0\r\n\r\n"),
    "a header without a colon": line(GET, b"Header"),
    "a header with NUL": line(GET, b"X: a\x00b"),
    "a header with a bare line end": line(GET, b"X: a\nY: b\rZ: c"),
    "a space before the colon": line(GET, b"Content-Length : 0"),
    "a path of other letters": line("GET /api/v1/sessiön HTTP/1.1".encode()),
    "a user of other letters": line("DELETE /api/v1/user/ü HTTP/1.1".encode()),
    "a path of bytes": line(b"GET /api/v1/user/\xff\xfe/resources HTTP/1.1"),
    "a query of bytes": line(b"GET /api/v1/session?user=\xff\xfe HTTP/1.1"),
    "a path with NUL": line(b"GET /api/v1/\x00 HTTP/1.1"),
    "a path beyond all measure": line(b"GET /api/v1/" + b"a" * 300_000 + b" HTTP/1.1"),
    "a query beyond all measure": line(b"GET /api/v1/session?user=" + b"a" * 300_000 + b" HTTP/1.1"),
    "a header beyond all measure": line(GET, b"X: " + b"a" * 300_000),
    "headers beyond all number": line(GET, *[b"X-%d: 1" % number for number in range(30_000)]),
    "a key beyond all measure": line(GET, b"Authorization: Bearer sk-ac-" + b"a" * 300_000),
}
ODD_REQUESTS: dict[str, bytes] = {
    "an absolute address": line(b"GET http://elsewhere/api/v1/session HTTP/1.1"),
    "no path": line(b"GET ? HTTP/1.1"),
    "an asterisk": line(b"OPTIONS * HTTP/1.1"),
    "a tunnel": line(b"CONNECT elsewhere:443 HTTP/1.1"),
    "slashes": line(b"GET //api//v1//session HTTP/1.1"),
    "dots": line(b"GET /api/v1/../../../../etc/passwd HTTP/1.1"),
    "an encoded path": line(b"GET /api/v1/%2e%2e/%2e%2e/etc/passwd HTTP/1.1"),
    "no version": b"GET /api/v1/ping\r\n\r\n",
    "HTTP/1.0": b"GET /api/v1/session HTTP/1.0\r\n\r\n",
    "no host": b"GET /api/v1/session HTTP/1.1\r\n\r\n",
    "two keys": line(GET, b"Authorization: Bearer sk-ac-other"),
    "a websocket": line(
        GET, b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: eA=="
    ),
    "an upgrade to HTTP/2": line(GET, b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AA"),
    "many parameters": line(b"GET /api/v1/session?" + b"&".join([b"a=1"] * 10_000) + b" HTTP/1.1"),
    "many equal parameters": line(b"GET /api/v1/session?" + b"&".join([b"limit=1"] * 5_000) + b" HTTP/1.1"),
    "a body with GET": line(GET, b"Content-Length: 2", body=b"{}"),
    "an expectation": line(POST, b"Expect: 200-maybe", b"Content-Length: 1", body=b"x"),
    "folded headers": line(GET, b"X: a", b" b"),
    "an encoding of chunks that is none": line(POST, b"Transfer-Encoding: gzip, chunked", body=b"1\r\nx\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize("name", NO_REQUESTS)
def test_what_is_no_request_is_refused_and_the_connection_closed(target: Target, name: str) -> None:
    with target.unchanged(), opened(target.server.url) as wire:
        assert_refused(exchange(wire, NO_REQUESTS[name]), 400, 404, 413, 414, 431)


@pytest.mark.parametrize("name", ODD_REQUESTS)
def test_an_odd_request_is_answered(target: Target, name: str) -> None:
    with target.unchanged():
        answer = answered(send(target.server.url, ODD_REQUESTS[name]))
        assert_answered(answer, 200, 400, 401, 404, 413, 414, 417, 431)


# --- again and again --------------------------------------------------------------------------------------------------


def refused_requests(target: Target) -> Sequence[bytes]:
    """One of each kind that changes nothing."""
    routes = list(JSON_ROUTES)
    found = [target.json(routes[place % len(routes)], value) for place, value in enumerate(BAD_VALUES.values())]
    found += [request("POST", f"{API}/session", KEY, body=body, headers=headers) for body, headers in BODIES.values()]
    for path, good in FORM_ROUTES.values():
        found += [
            request("POST", target.path(path), KEY, body=body, headers=headers)
            for body, headers in broken(good).values()
        ]
    found += [request("GET", f"{API}/session?{query}", KEY) for query in QUERIES.values()]
    found += [request("GET", f"{API}/session?cursor={cursor}", KEY) for cursor in BAD_CURSORS.values()]
    return [*found, *NO_REQUESTS.values()]


def test_the_server_does_not_grow(target: Target) -> None:
    requests = refused_requests(target)

    def round_of_all() -> None:
        for data in requests:
            assert answered(send(target.server.url, data)).status < 500

    with target.unchanged():
        for _ in range(ROUNDS_TO_WARM_UP):
            round_of_all()
        warm, held = target.rss(), target.connections()
        for _ in range(ROUNDS):
            round_of_all()
        grown, still_held = target.rss(), target.connections()
    assert grown <= warm * GROWTH_MAX, f"{warm} KiB became {grown} KiB"
    assert still_held <= held + 2
