"""Input that is wrong, huge or hostile: refused with a sentence, never a 500, and nothing is changed by it.

All requests are sent raw: the SDK would not let most of them out.
"""

import json
import resource
import sys
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO

import httpx
import msgspec
import pytest

from seasoned.message import Json, JsonObject
from tests.conftest import StartServer
from tests.support.patience import PATIENCE_SECONDS
from tests.support.server import Server
from tests.support.wire import items_of, list_of, object_of, sentence_of, text_at
from tests.support.zips import skill_md, zip_of

MIB = 1024 * 1024
BOMB_BYTES_MAX = 2 * 1024 * MIB
JSON_TYPE = {"Content-Type": "application/json"}
SKILL = skill_md("hostile")


class Witness(msgspec.Struct, frozen=True):
    """A project with one of everything, which bad requests must leave as it is."""

    http: httpx.Client
    session: str
    message: str
    space: str
    skill: str

    def path(self, template: str) -> str:
        """A path with the witness's ids in it."""
        return template.format(session=self.session, message=self.message, space=self.space, skill=self.skill)

    def lists(self) -> list[Json]:
        """All that the project's lists show."""
        paths = ("/session", "/learning_spaces", "/agent_skills")
        found: list[Json] = [list(items_of(self.http.get(path, params={"limit": 200}))) for path in paths]
        found.append(list_of(self.http.get(f"/learning_spaces/{self.space}/skills")))
        found.append(list_of(self.http.get(f"/learning_spaces/{self.space}/sessions")))
        found.append(object_of(self.http.get(f"/session/{self.session}/messages", params={"format": "acontext"})))
        found.append(list(items_of(self.http.get(f"/session/{self.session}/task"))))
        return found


@pytest.fixture(scope="module")
def witness(server: Server) -> Iterator[Witness]:
    project = server.create_project("bad-input")
    with server.http(project.api_key) as http:
        session = text_at(object_of(http.post("/session", json={"disable_task_tracking": True}), 201), "id")
        blob = {"blob": {"role": "user", "content": "hello"}}
        message = text_at(object_of(http.post(f"/session/{session}/messages", json=blob), 201), "id")
        space = text_at(object_of(http.post("/learning_spaces", json={"meta": {"a": 1}}), 201), "id")
        archive = zip_of({"SKILL.md": skill_md("witness")})
        skill = text_at(object_of(http.post("/agent_skills", files={"file": ("a.zip", archive)}), 201), "id")
        yield Witness(http, session, message, space, skill)


@pytest.fixture
def session(witness: Witness) -> Iterator[str]:
    """A session for messages that may be taken; it goes when the test ends."""
    made = text_at(object_of(witness.http.post("/session", json={}), 201), "id")
    yield made
    assert witness.http.delete(f"/session/{made}").status_code == 200


def assert_works(http: httpx.Client, session: str) -> None:
    """A session still takes a message, shows all of them in every format, and is read to its end."""
    last = object_of(
        http.post(f"/session/{session}/messages", json={"blob": {"role": "user", "content": "still?"}}), 201
    )
    for form in ("openai", "anthropic", "acontext"):
        shown = object_of(http.get(f"/session/{session}/messages", params={"format": form}))
        assert isinstance(shown["ids"], list)
        assert shown["ids"][-1] == last["id"]
    assert object_of(http.post(f"/session/{session}/flush"))["status"] == 200
    items_of(http.get(f"/session/{session}/task"))


# --- messages ---------------------------------------------------------------------------------------------------------

BAD_BLOBS: dict[str, tuple[str, Json]] = {
    "openai without role": ("openai", {"content": "x"}),
    "openai with unknown role": ("openai", {"role": "wizard", "content": "x"}),
    "openai with role null": ("openai", {"role": None, "content": "x"}),
    "openai with role list": ("openai", {"role": ["user"], "content": "x"}),
    "openai user without content": ("openai", {"role": "user"}),
    "openai user with null content": ("openai", {"role": "user", "content": None}),
    "openai user with empty list": ("openai", {"role": "user", "content": []}),
    "openai user with number": ("openai", {"role": "user", "content": 7}),
    "openai user with object": ("openai", {"role": "user", "content": {"text": "x"}}),
    "openai system without content": ("openai", {"role": "system"}),
    "openai blob is a list": ("openai", [{"role": "user", "content": "x"}]),
    "openai blob is a string": ("openai", "hello"),
    "openai blob is a number": ("openai", 1),
    "openai blob is null": ("openai", None),
    "anthropic without role": ("anthropic", {"content": "x"}),
    "anthropic system role": ("anthropic", {"role": "system", "content": "x"}),
    "anthropic blob is a list": ("anthropic", []),
    "acontext without role": ("acontext", {"parts": [{"type": "text", "text": "x"}]}),
    "acontext tool role": ("acontext", {"role": "tool", "parts": []}),
    "acontext unknown part": ("acontext", {"role": "user", "parts": [{"type": "smell", "text": "x"}]}),
    "acontext empty text": ("acontext", {"role": "user", "parts": [{"type": "text", "text": ""}]}),
    "acontext part without type": ("acontext", {"role": "user", "parts": [{"text": "x"}]}),
    "acontext call without name": (
        "acontext",
        {"role": "assistant", "parts": [{"type": "tool-call", "meta": {"arguments": "{}"}}]},
    ),
    "acontext result without id": ("acontext", {"role": "user", "parts": [{"type": "tool-result", "text": "x"}]}),
    "acontext data without kind": ("acontext", {"role": "user", "parts": [{"type": "data", "meta": {}}]}),
    "acontext missing file": ("acontext", {"role": "user", "parts": [{"type": "file", "file_field": "f"}]}),
    "acontext parts is a string": ("acontext", {"role": "user", "parts": "x"}),
    "unknown format": ("morse", {"role": "user", "content": "x"}),
}


WRONG_FORMATS: list[Json] = [7, [], {}]


@pytest.mark.parametrize("name", BAD_BLOBS)
def test_a_message_that_is_none_is_refused(witness: Witness, name: str) -> None:
    form, blob = BAD_BLOBS[name]
    before = witness.lists()
    response = witness.http.post(f"/session/{witness.session}/messages", json={"format": form, "blob": blob})
    sentence_of(response, 400)
    assert witness.lists() == before


@pytest.mark.parametrize(
    "body",
    [{}, {"format": "openai"}, {"blob": {"role": "user", "content": "x"}, "meta": [1]}]
    + [{"blob": {"role": "user", "content": "x"}, "format": wrong} for wrong in WRONG_FORMATS],
)
def test_a_store_request_of_the_wrong_form_is_refused(witness: Witness, body: JsonObject) -> None:
    before = witness.lists()
    sentence_of(witness.http.post(f"/session/{witness.session}/messages", json=body), 400)
    assert witness.lists() == before


def test_a_message_of_five_megabytes_is_taken_or_refused_and_the_session_goes_on(
    witness: Witness, session: str
) -> None:
    text = ("Deploy it, please. " * 60 + "\n") * (5 * MIB // 1_141)
    body = {"blob": {"role": "user", "content": text}}
    response = witness.http.post(f"/session/{session}/messages", json=body)
    if response.status_code == 201:
        shown = object_of(witness.http.get(f"/session/{session}/messages"))
        assert shown["items"] == [body["blob"]]
    else:
        assert " " in sentence_of(response, 413)
    assert_works(witness.http, session)


def test_a_tool_answer_of_five_megabytes_without_a_line_end_does_not_stop_the_session(
    witness: Witness, session: str
) -> None:
    blob = {"role": "tool", "tool_call_id": "c", "content": "error: " + "a\\\"' {[(<" * (5 * MIB // 11)}
    response = witness.http.post(f"/session/{session}/messages", json={"blob": blob})
    if response.status_code != 201:
        assert " " in sentence_of(response, 413)
    assert_works(witness.http, session)


def test_a_body_beyond_all_limits_is_refused(witness: Witness) -> None:
    before = witness.lists()
    body = b'{"blob": {"role": "user", "content": "' + b"x" * (64 * MIB) + b'"}}'
    try:
        response = witness.http.post(f"/session/{witness.session}/messages", content=body, headers=JSON_TYPE)
    except httpx.TransportError:
        pass  # a server may close the connection on a body that it will not read
    else:
        assert " " in sentence_of(response, 413)
    assert witness.lists() == before


@pytest.mark.parametrize(
    "content",
    [
        rb'{"blob": {"role": "user", "content": "lone \ud800 surrogate"}}',
        rb'{"blob": {"role": "user", "content": "\udc00\ud800"}}',
        rb'{"blob": {"role": "user", "content": "x"}, "meta": {"key": "\ud800"}}',
        rb'{"blob": {"role": "user", "content": "x"}, "meta": {"\udfff": 1}}',
        rb'{"blob": {"role": "user", "content": "NUL \u0000 inside"}}',
        rb'{"blob": {"role": "user", "content": "x"}, "meta": {"nul": "\u0000", "\u0000": 1}}',
        rb'{"blob": {"role": "user", "content": "\u202e\u200b\ufeff\uffff"}}',
        b'{"blob": {"role": "user", "content": "x"}, "meta": {"n": ' + b"9" * 400 + b"}}",
        b'{"blob": {"role": "user", "content": "x"}, "meta": {"n": -' + b"9" * 4_000 + b"}}",
        b'{"blob": {"role": "user", "content": "x"}, "meta": {"n": 1e999}}',
        b'{"blob": {"role": "user", "content": "x"}, "meta": {"n": 18446744073709551616, "m": 9223372036854775808}}',
        b'{"blob": {"role": "user", "content": "x", "role": "assistant"}}',
        b'\xef\xbb\xbf{"blob": {"role": "user", "content": "byte order mark"}}',
    ],
)
def test_odd_characters_and_numbers_are_taken_or_refused_and_the_session_goes_on(
    witness: Witness, session: str, content: bytes
) -> None:
    response = witness.http.post(f"/session/{session}/messages", content=content, headers=JSON_TYPE)
    if response.status_code == 201:
        shown = object_of(witness.http.get(f"/session/{session}/messages"))
        assert isinstance(shown["ids"], list)
        assert shown["ids"] == [object_of(response, 201)["id"]]
    else:
        sentence_of(response, 400)
    assert_works(witness.http, session)


@pytest.mark.parametrize(
    ("form", "blob"),
    [
        ("openai", {"role": "tool", "tool_call_id": "never-called", "content": "Error: exit code 1"}),
        ("openai", {"role": "tool", "content": "without an id"}),
        ("openai", {"role": "function", "name": "old", "content": "legacy"}),
        (
            "anthropic",
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "never", "is_error": True, "content": "no"}],
            },
        ),
        (
            "acontext",
            {"role": "user", "parts": [{"type": "tool-result", "text": "x", "meta": {"tool_call_id": "never"}}]},
        ),
    ],
)
def test_a_tool_answer_that_matches_no_call_is_stored(
    witness: Witness, session: str, form: str, blob: JsonObject
) -> None:
    response = witness.http.post(f"/session/{session}/messages", json={"format": form, "blob": blob})
    parts = object_of(response, 201)["parts"]
    assert isinstance(parts, list)
    assert [part["type"] for part in parts if isinstance(part, dict)] == ["tool-result"]
    assert_works(witness.http, session)


@pytest.mark.parametrize("arguments", ["not json", "[" * 5_000, '{"a": "\\ud800"}', "", "null", '{"a": 1e999}'])
def test_a_call_whose_arguments_are_no_json_is_stored(witness: Witness, session: str, arguments: str) -> None:
    function: JsonObject = {"name": "shell", "arguments": arguments}
    calls: list[Json] = [{"id": "c", "type": "function", "function": function}]
    body = {"blob": {"role": "assistant", "content": None, "tool_calls": calls}}
    object_of(witness.http.post(f"/session/{session}/messages", json=body), 201)
    assert_works(witness.http, session)


def test_meta_over_its_limit_is_refused(witness: Witness) -> None:
    before = witness.lists()
    body = {"blob": {"role": "user", "content": "x"}, "meta": {"text": "x" * 70_000}}
    sentence_of(witness.http.post(f"/session/{witness.session}/messages", json=body), 400, 413)
    assert witness.lists() == before


# --- bodies, ids and queries ------------------------------------------------------------------------------------------

JSON_ROUTES = [
    ("POST", "/session"),
    ("POST", "/session/{session}/messages"),
    ("PATCH", "/session/{session}/messages/{message}/meta"),
    ("POST", "/learning_spaces"),
    ("PATCH", "/learning_spaces/{space}"),
    ("POST", "/learning_spaces/{space}/learn"),
    ("POST", "/learning_spaces/{space}/skills"),
]
BAD_BODIES = {
    "not JSON": b"hello",
    "cut off": b'{"meta": {"a": ',
    "two values": b"{} {}",
    "an array": b"[]",
    "an array of objects": b'[{"meta": {}}]',
    "a string": b'"text"',
    "a number": b"1",
    "null": b"null",
    "not UTF-8": b'{"user": "\xff\xfe"}',
    "nested arrays": b"[" * 100_000 + b"]" * 100_000,
    "nested objects": b'{"meta":' * 100_000 + b"1" + b"}" * 100_000,
    "nested and open": b'{"configs":' + b"[" * 100_000,
    "UTF-16": '{"user": "x"}'.encode("utf-16"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
@pytest.mark.parametrize(("method", "path"), JSON_ROUTES)
def test_a_body_that_is_no_json_object_is_refused(witness: Witness, method: str, path: str, name: str) -> None:
    before = witness.lists()
    response = witness.http.request(method, witness.path(path), content=BAD_BODIES[name], headers=JSON_TYPE)
    sentence_of(response, 400)
    assert witness.lists() == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/session", {"user": 7}),
        ("POST", "/session", {"user": ["a"]}),
        ("POST", "/session", {"configs": []}),
        ("POST", "/session", {"configs": "x"}),
        ("POST", "/session", {"disable_task_tracking": "yes"}),
        ("POST", "/session", {"use_uuid": "x"}),
        ("POST", "/session", {"use_uuid": 7}),
        ("POST", "/learning_spaces", {"user": {}}),
        ("POST", "/learning_spaces", {"meta": [1]}),
        ("POST", "/learning_spaces", {"meta": "x"}),
        ("PATCH", "/learning_spaces/{space}", {}),
        ("PATCH", "/learning_spaces/{space}", {"meta": None}),
        ("PATCH", "/learning_spaces/{space}", {"meta": 1}),
        ("POST", "/learning_spaces/{space}/learn", {}),
        ("POST", "/learning_spaces/{space}/learn", {"session_id": None}),
        ("POST", "/learning_spaces/{space}/learn", {"session_id": 1}),
        ("POST", "/learning_spaces/{space}/learn", {"session_id": "not-an-id"}),
        ("POST", "/learning_spaces/{space}/learn", {"session_id": ""}),
        ("POST", "/learning_spaces/{space}/skills", {}),
        ("POST", "/learning_spaces/{space}/skills", {"skill_id": "not-an-id"}),
        ("POST", "/learning_spaces/{space}/skills", {"skill_id": [1]}),
        ("PATCH", "/session/{session}/messages/{message}/meta", {"meta": "x"}),
        ("PATCH", "/session/{session}/messages/{message}/meta", {"meta": None}),
    ],
)
def test_a_field_of_the_wrong_type_is_refused(witness: Witness, method: str, path: str, body: JsonObject) -> None:
    before = witness.lists()
    sentence_of(witness.http.request(method, witness.path(path), json=body), 400)
    assert witness.lists() == before


@pytest.mark.parametrize("wrong", ["x", "123", "%00", "%F0%9F%98%80", "a" * 5_000, "0" * 31, "-" * 36, "%2e%2e"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/session/{id}"),
        ("POST", "/session/{id}/flush"),
        ("GET", "/session/{id}/messages"),
        ("POST", "/session/{id}/messages"),
        ("GET", "/session/{id}/task"),
        ("PATCH", "/session/{session}/messages/{id}/meta"),
        ("GET", "/learning_spaces/{id}"),
        ("PATCH", "/learning_spaces/{id}"),
        ("DELETE", "/learning_spaces/{id}"),
        ("POST", "/learning_spaces/{id}/learn"),
        ("GET", "/learning_spaces/{id}/sessions"),
        ("GET", "/learning_spaces/{space}/sessions/{id}"),
        ("GET", "/learning_spaces/{id}/skills"),
        ("DELETE", "/learning_spaces/{space}/skills/{id}"),
        ("GET", "/agent_skills/{id}"),
        ("DELETE", "/agent_skills/{id}"),
        ("GET", "/agent_skills/{id}/file"),
        ("GET", "/agent_skills/{id}/download_zip"),
        ("GET", "/agent_skills/{id}/versions"),
        ("GET", "/agent_skills/{id}/blame?file_path=a.md"),
        ("GET", "/learning_spaces/{id}/git/HEAD"),
    ],
)
def test_an_id_that_is_none_is_refused(witness: Witness, method: str, path: str, wrong: str) -> None:
    body: JsonObject = {"meta": {"a": 1}, "blob": {"role": "user", "content": "x"}, "session_id": witness.session}
    written = witness.path(path.replace("{id}", "{{id}}")).replace("{id}", wrong)
    content = json.dumps(body) if method in {"POST", "PATCH"} else None
    # A client resolves ".." itself before it sends, which makes another, unknown route of it.
    allowed = (400, 404) if wrong == "%2e%2e" else (400,)
    sentence_of(witness.http.request(method, written, content=content, headers=JSON_TYPE), *allowed)


def test_the_lists_still_answer_after_bad_ids(witness: Witness) -> None:
    names = [item["name"] for item in items_of(witness.http.get("/agent_skills"))]
    assert sorted(str(name) for name in names) == ["daily-logs", "user-general-facts", "witness"]


def test_a_query_of_many_parameters_is_no_failure(witness: Witness) -> None:
    query = "&".join(f"p{number}={number}" for number in range(2_000))
    assert witness.http.get(f"/session?{query}").status_code in {200, 400, 414, 431}


# --- uploads ----------------------------------------------------------------------------------------------------------


def crooked(path: str) -> bytes:
    """A skill with one more file of exactly this name (the zipfile module would tidy it up when it writes)."""
    placeholder = "x" * len(path.encode())
    return zip_of({"SKILL.md": SKILL, placeholder: "gotcha"}).replace(placeholder.encode(), path.encode())


def many_files() -> bytes:
    return zip_of({"SKILL.md": SKILL} | {f"notes/{number}.md": "x" for number in range(10_000)})


def bomb() -> bytes:
    """About 100 KB that unpack to a thousand times as much."""
    return zip_of({"SKILL.md": SKILL, "zeros.bin": bytes(100 * MIB)})


def overlapping_sizes() -> bytes:
    """An entry whose header claims to be small while it unpacks to more."""
    raw = bytearray(zip_of({"SKILL.md": SKILL, "liar.bin": bytes(MIB)}))
    claimed, told = (MIB).to_bytes(4, "little"), (10).to_bytes(4, "little")
    return bytes(raw.replace(claimed, told))


def symbolic_link() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("SKILL.md", SKILL)
        link = zipfile.ZipInfo("link.md")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return buffer.getvalue()


def corrupt() -> bytes:
    raw = bytearray(zip_of({"SKILL.md": SKILL, "a.bin": bytes(range(256)) * 40}))
    middle = raw.index(b"a.bin") + 60
    raw[middle : middle + 20] = bytes(20)
    return bytes(raw)


BAD_UPLOADS: dict[str, Callable[[], bytes]] = {
    "no SKILL.md": lambda: zip_of({"README.md": "x"}),
    "no entry at all": lambda: zip_of({}),
    "no front matter": lambda: zip_of({"SKILL.md": "# Just text: with colons\n: : :"}),
    "bad YAML": lambda: zip_of({"SKILL.md": "---\nname: [\n---\n"}),
    "no name": lambda: zip_of({"SKILL.md": "---\ndescription: x\n---\n"}),
    "no description": lambda: zip_of({"SKILL.md": "---\nname: x\n---\n"}),
    "empty name": lambda: zip_of({"SKILL.md": '---\nname: ""\ndescription: x\n---\n'}),
    "name is a list": lambda: zip_of({"SKILL.md": "---\nname: [a]\ndescription: {b: c}\n---\n"}),
    "front matter is a list": lambda: zip_of({"SKILL.md": "---\n- a\n---\n"}),
    "SKILL.md is not UTF-8": lambda: zip_of({"SKILL.md": b"---\nname: \xff\xfe\ndescription: \x80\n---\n"}),
    "YAML nested deeply": lambda: zip_of({"SKILL.md": "---\nname: " + "[" * 50_000 + "\n---\n"}),
    "a path out of the folder": lambda: crooked("../../outside.md"),
    "a path out of the folder in the middle": lambda: crooked("notes/../../outside.md"),
    "an absolute path": lambda: crooked("/etc/cron.d/outside"),
    "a path with backslashes": lambda: crooked("..\\..\\outside.md"),
    "a drive letter": lambda: crooked("C:/outside.md"),
    "a name with a control character": lambda: crooked("note\x07s.md"),
    "a very long name": lambda: zip_of({"SKILL.md": SKILL, "x" * 4_000 + ".md": "x"}),
    "ten thousand files": many_files,
    "a thousand to one": bomb,
    "sizes that lie": overlapping_sizes,
    "a wrong checksum": corrupt,
    "not a ZIP": lambda: b"PK\x03\x04 but no more than that",
    "empty": lambda: b"",
    "cut off": lambda: zip_of({"SKILL.md": SKILL, "a.md": "x" * 5_000})[:-30],
    "text": SKILL.encode,
}


@pytest.mark.parametrize("name", BAD_UPLOADS)
def test_a_bad_upload_is_refused(witness: Witness, name: str) -> None:
    before = witness.lists()
    response = witness.http.post("/agent_skills", files={"file": ("skill.zip", BAD_UPLOADS[name](), "application/zip")})
    assert " " in sentence_of(response, 400, 413)
    assert witness.lists() == before


def test_yaml_aliases_that_multiply_do_not_hold_up_the_server(start_server: StartServer) -> None:
    """A few hundred bytes stand for a billion values. On a server of its own, which may have to be killed."""
    lines = [f"{chr(ord('b') + n)}: &{chr(ord('b') + n)} [{','.join(['*' + chr(ord('a') + n)] * 9)}]" for n in range(8)]
    head = "\n".join(["---", "a: &a [x,x,x,x,x,x,x,x,x]", *lines, "---", ""])
    server = start_server(fresh=True)
    if sys.platform == "linux":  # a server that does unfold them must not take the machine's memory
        resource.prlimit(server.process.pid, resource.RLIMIT_AS, (BOMB_BYTES_MAX, BOMB_BYTES_MAX))
    with server.http() as http:
        files = {"file": ("skill.zip", zip_of({"SKILL.md": head}), "application/zip")}
        try:
            response = http.post("/agent_skills", files=files, timeout=PATIENCE_SECONDS)
        except httpx.TimeoutException:
            server.process.kill()
            raise
        sentence_of(response, 400, 413)


def test_a_symbolic_link_in_a_zip_leads_nowhere(witness: Witness) -> None:
    response = witness.http.post("/agent_skills", files={"file": ("skill.zip", symbolic_link(), "application/zip")})
    if response.status_code != 201:
        sentence_of(response, 400)
        return
    skill = text_at(object_of(response, 201), "id")
    shown = witness.http.get(f"/agent_skills/{skill}/file", params={"file_path": "link.md"})
    assert "root:" not in shown.text
    assert witness.http.delete(f"/agent_skills/{skill}").status_code == 200


@pytest.mark.parametrize("filename", ["skill.tar", "skill", "zip", "skill.zip.exe"])
def test_an_upload_that_is_not_named_zip_is_refused(witness: Witness, filename: str) -> None:
    before = witness.lists()
    sentence_of(witness.http.post("/agent_skills", files={"file": (filename, zip_of({"SKILL.md": SKILL}))}), 400)
    assert witness.lists() == before


@pytest.mark.parametrize("meta", ["{", "[]", "1", '"x"', "\x00", "[" * 100_000])
def test_an_upload_whose_meta_is_no_json_object_is_refused(witness: Witness, meta: str) -> None:
    before = witness.lists()
    files = {"file": ("skill.zip", zip_of({"SKILL.md": SKILL}))}
    sentence_of(witness.http.post("/agent_skills", files=files, data={"meta": meta}), 400)
    assert witness.lists() == before


def form_part(disposition: bytes) -> bytes:
    """A form of one part with the boundary `b`."""
    return b"--b\r\nContent-Disposition: form-data; " + disposition + b"\r\n\r\nx\r\n--b--\r\n"


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", "multipart/form-data; boundary=b"),
        (b"", "multipart/form-data"),
        (b"--b\r\n", "multipart/form-data; boundary=b"),
        (b"nonsense", "multipart/form-data; boundary=b"),
        (form_part(b'name="file"'), "multipart/form-data; boundary=b"),
        (form_part(b'name="other"; filename="a.zip"'), "multipart/form-data; boundary=b"),
        (form_part(b'name="file"; filename="a.zip"'), "multipart/form-data; boundary=b"),
        (form_part(b'filename="a.zip"'), "multipart/form-data; boundary=b"),
        (b"{}", "application/json"),
        (b"file=x", "application/x-www-form-urlencoded"),
        (b"x", "\xff/\xfe; boundary="),
        (b"x", ""),
    ],
)
def test_an_upload_that_is_no_form_with_a_file_is_refused(witness: Witness, content: bytes, content_type: str) -> None:
    before = witness.lists()
    headers = {b"Content-Type": content_type.encode("latin-1")}
    sentence_of(witness.http.post("/agent_skills", content=content, headers=httpx.Headers(headers)), 400)
    assert witness.lists() == before


def test_a_form_of_thousands_of_fields_is_refused(witness: Witness) -> None:
    before = witness.lists()
    fields = {f"field{number}": "x" for number in range(5_000)}
    files = {"other": ("skill.zip", zip_of({"SKILL.md": SKILL}))}
    sentence_of(witness.http.post("/agent_skills", files=files, data=fields), 400, 413)
    assert witness.lists() == before
