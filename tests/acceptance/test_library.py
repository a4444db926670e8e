"""The library in this process and over HTTP: the same calls, the same answers, the same errors."""

import doctest
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import seasoned
from seasoned.errors import Busy, HeadMoved, Invalid, NotFound, SeasonedError, Unauthorized
from seasoned.library.transport import Caller, over_http
from seasoned.tokens import count_tokens
from tests.conftest import NewProject
from tests.support.server import Server
from tests.support.wire import unknown_id

EXAMPLES = Path(__file__).parents[2] / "examples"
ENTRY = "---\nname: pumps\ndescription: How to run pumps.\n---\n\n- Prime the pump first.\n"
# These depend on which lessons were written together, or on random ids in their texts; only their types are compared.
DIFFER = {"history", "reverted", "diff", "forgotten", "context", "search", "why", "blame", "messages"}
VARIES = {"id", "created_at", "updated_at", "at", "session_id", "skill_id", "project_id", "user_id", "disk_id"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of this module's."""
    return tmp_path_factory.mktemp("library") / "memory"


@pytest.fixture(scope="module")
def local(home: Path) -> Iterator[seasoned.Memory]:
    """The library on a home."""
    with seasoned.open(home, worker="inline", quiet_seconds=3600) as memory:
        yield memory


@pytest.fixture
def remote(server: Server, new_project: NewProject) -> Iterator[seasoned.Memory]:
    """The library on a server."""
    with seasoned.connect(server.url, new_project().api_key) as memory:
        yield memory


def told(memory: seasoned.Memory) -> dict[str, object]:
    """What every call answers for the same content."""
    space = memory.space("pumps")
    taken = memory.learn(EXAMPLES / "shop", space.id)
    states = memory.wait(space.id, seconds=120)
    session = memory.start_session(space.id, user="u1")
    memory.add_message(session.id, {"role": "user", "content": "Always prime the pump with zyxomma oil."})
    memory.add_message(session.id, {"role": "assistant", "content": "Noted."})
    memory.flush(session.id)
    memory.wait(space.id, seconds=120)
    skills = sorted(memory.skills_of(space.id), key=lambda one: one.name)
    skill = skills[0]
    made = memory.edit(skill.id, {"notes.md": "- Zyxomma is stored cold.\n"}, reason="A note")
    reverted = memory.revert(skill.id, made.number - 1)
    waiting = memory.space("pumps", review=True)
    return {
        "taken": taken,
        "again": [one.added for one in memory.learn(EXAMPLES / "shop", space.id)],
        "states": states,
        "policy": waiting.policy,
        "spaces": memory.spaces(),
        "messages": memory.messages(session.id),
        "tasks": memory.tasks(session.id),
        "sessions": len(memory.sessions(user="u1").items),
        "catalogue": memory.catalogue(space.id).text,
        "search": memory.search("priming pumps with zyxomma oil", space_id=space.id),
        "context": memory.context("zyxomma oil", 500, space_id=space.id),
        "skill": memory.skill(skill.id),
        "skills": [one.name for one in skills],
        "read": memory.read(skill.id),
        "history": memory.history(skill.id),
        "diff": memory.diff(skill.id),
        "blame": memory.blame(skill.id),
        "why": memory.why(skill.id, "SKILL.md", 1),
        "reverted": reverted.number,
        "proposals": memory.proposals(),
        "usage": memory.usage(),
        "forgotten": memory.forget("session", session.id, dry_run=True),
    }


def same(value: object) -> object:
    """A value without what differs between two homes."""
    plain: Any = msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else value
    if isinstance(plain, dict):
        return {key: same(one) for key, one in plain.items() if key not in VARIES and not key.endswith("_id")}
    if isinstance(plain, list | tuple):
        return [same(one) for one in plain]
    return plain if not isinstance(plain, str) or len(plain) != len(unknown_id()) else ""


def test_a_home_and_a_server_answer_alike(local: seasoned.Memory, remote: seasoned.Memory) -> None:
    one, other = told(local), told(remote)
    for name, answer in one.items():
        assert type(answer) is type(other[name]), name
        if name not in DIFFER:
            assert same(answer) == same(other[name]), name
    assert one["again"] == [0] * len(one["again"])  # type: ignore[arg-type]


def test_what_was_learned_is_found_and_fits_into_a_prompt(local: seasoned.Memory) -> None:
    space = local.space("pumps")
    hits = local.search("zyxomma oil", space_id=space.id, kinds=["entry"]).items
    assert "zyxomma" in hits[0].excerpt
    for most in (10, 60, 300):
        found = local.context("zyxomma oil", most, space_id=space.id)
        assert found.tokens == count_tokens(found.text) <= most
    assert "zyxomma" in found.text


ERRORS: list[tuple[type[SeasonedError], Callable[[seasoned.Memory], object]]] = [
    (NotFound, lambda memory: memory.skill(unknown_id())),
    (NotFound, lambda memory: memory.context("x", space_id=unknown_id())),
    (Invalid, lambda memory: memory.search(" ")),
    (Invalid, lambda memory: memory.learn(EXAMPLES / "SOURCES.md")),
    (HeadMoved, lambda memory: memory.edit(memory.skills().items[0].id, {"a.md": "a"}, version=99)),
]


@pytest.mark.parametrize(("kind", "call"), ERRORS)
def test_errors_are_the_same(
    local: seasoned.Memory,
    remote: seasoned.Memory,
    kind: type[SeasonedError],
    call: Callable[[seasoned.Memory], object],
) -> None:
    sentences = []
    for memory in (local, remote):
        memory.space()
        with pytest.raises(kind) as raised:
            call(memory)
        sentences.append(len(str(raised.value)))
    assert sentences[0] == sentences[1] > 10


def test_a_wrong_key_and_a_server_that_is_not_there_are_told(server: Server) -> None:
    with (
        seasoned.connect(server.url, "sk-ac-wrong") as memory,
        pytest.raises(Unauthorized),
    ):
        memory.usage()
    with seasoned.connect("http://127.0.0.1:9", "sk-ac-wrong") as memory, pytest.raises(Busy, match="running"):
        memory.usage()
    with pytest.raises(Invalid):
        Caller(over_http("localhost", "sk-ac-wrong"))


def test_the_example_of_the_package_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES.parent)
    monkeypatch.setenv("SEASONED_WORKER", "inline")
    found = doctest.DocTestFinder().find(seasoned, extraglobs={"home": tmp_path / "memory"})
    runner = doctest.DocTestRunner()
    results = [runner.run(one) for one in found if one.examples]
    assert sum(one.attempted for one in results) > 3
    assert sum(one.failed for one in results) == 0
