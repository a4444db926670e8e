"""What programs keep and people export: the same conversation in every format is read as what was said."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned import formats, importers
from seasoned.errors import BadTranscript
from seasoned.importers import Transcript
from seasoned.importers.places import places
from seasoned.message import Json, JsonObject, Message
from tests.support import programs
from tests.support.examples import on_one_fixture
from tests.support.programs import SESSION, Call, Talk, Turn

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DATA = Path(__file__).parents[1] / "data" / "programs"

ALL = [*programs.WRITERS, *programs.BASES]
TALK: Talk = (
    Turn("person", "Set the port of the preview server to 4100."),
    Turn(
        "agent", "I look at the script.", "The port is in start.js.", (Call("c1", "read_file", {"path": "start.js"}),)
    ),
    Turn("tool", "port = 3000", answers="c1"),
    Turn("agent", calls=(Call("c2", "replace", {"path": "start.js", "new": "port = 4100"}),)),
    Turn("tool", "Error: start.js is read-only", answers="c2"),
    Turn("agent", "The file is read-only."),
    Turn("person", "No, change config.toml instead."),
    Turn("agent", "The server listens on 4100 now."),
)
# What a format has no place for.
NO_THOUGHTS = {"openai_chat", "sharegpt"}
OBSERVED = {"swe_agent", "mini_swe_agent"}
NO_IDS = {"sharegpt", "chatgpt"}


def read(path: Path) -> list[Transcript]:
    return [one for file in importers.search([path]).files for one in importers.read(file)]


def said(messages: list[Message]) -> Iterator[tuple[str, str, str]]:
    """Who said what, the calls and the answers, in order; what the program put in is left out."""
    for message in messages:
        for part in message.parts:
            author = message.author_of(part)
            if part.type == "tool-call":
                yield "calls", part.tool_name, json.dumps(json.loads(part.arguments or "{}"), sort_keys=True)
            elif part.type == "tool-result":
                yield "answers", "", part.text or ""
            elif author != "harness" and part.text:
                yield "thinks" if part.type == "thinking" else author, "", part.text


def expected(name: str, talk: Talk) -> list[tuple[str, str, str]]:
    found = []
    for place, turn in enumerate(talk):
        if turn.who == "tool":
            found.append(("answers", "", turn.text))
            continue
        if turn.thought and name not in NO_THOUGHTS:
            found.append(("thinks", "", turn.thought))
        if turn.text:
            # After the task, nobody speaks to these but what runs them.
            is_observed = name in OBSERVED and turn.who == "person" and place
            found.append(("tool" if is_observed else turn.who, "", turn.text))
        found += [("calls", one.name, json.dumps(one.arguments, sort_keys=True)) for one in turn.calls]
    return found


@pytest.mark.parametrize("name", ALL)
def test_a_conversation_is_read_as_it_was_said(name: str, tmp_path: Path) -> None:
    (session,) = read(programs.write(name, TALK, tmp_path))
    messages = [timed.message for timed in session.messages]
    assert list(said(messages)) == expected(name, TALK)
    assert session.warnings == ()
    if name not in NO_IDS:
        parts = [part for message in messages for part in message.parts]
        called = [part.call_id for part in parts if part.type == "tool-call"]
        assert called == ["c1", "c2"] == [part.call_id for part in parts if part.type == "tool-result"]


@pytest.mark.parametrize("name", ALL)
def test_a_longer_file_begins_with_the_same_messages_under_the_same_key(name: str, tmp_path: Path) -> None:
    more = [Turn("person", "Thanks, works."), Turn("agent", "You are welcome.")]
    before = [read(programs.write(name, talk, tmp_path)) for talk in (TALK, [*TALK, *more])]
    (short,), (long,) = before
    first = [timed.message for timed in short.messages]
    assert [timed.message for timed in long.messages][: len(first)] == first
    # Only formats without ids name a session by all that was said.
    if name not in {"openai_chat", "anthropic", "langchain", "gemini_api", "swe_agent", "mini_swe_agent"}:
        assert long.key == short.key


class TestRealFiles:
    """Files as programs wrote them."""

    def test_a_session_of_openclaw_whose_first_line_is_damaged(self) -> None:
        (session,) = read(DATA / "openclaw.jsonl")
        assert (session.format, len(session.messages)) == ("openclaw", 15)
        assert session.warnings == ("line 1 is not valid JSON: Expecting value. It was left out.",)
        # The line that the program mirrors into the chat was said by nobody.
        assert not any("New session started" in text for one in session.messages for text in one.message.texts())

    def test_a_trajectory_of_mini_swe_agent(self) -> None:
        (session,) = read(DATA / "mini-swe-agent.traj.json")
        assert len(session.messages) == 6

    def test_a_log_of_inspect_with_its_scores(self) -> None:
        sessions = read(DATA / "inspect.json")
        assert [(one.format, one.outcome, len(one.messages)) for one in sessions] == [
            ("inspect", "success", 3),
            ("inspect", "failed", 3),
        ]


class TestWhatPlacesTell:
    def test_a_compressed_rollout_is_read_as_the_plain_one(self, tmp_path: Path) -> None:
        plain = programs.write("codex", TALK, tmp_path)
        packed = tmp_path / "packed" / f"{plain.name}.zst"
        packed.parent.mkdir()
        packed.write_bytes(zstd.compress(plain.read_bytes()))
        (session,) = read(packed)
        assert session.key == read(plain)[0].key
        assert session.messages == read(plain)[0].messages

    def test_a_subagents_rollout_beside_its_session_is_left_out(self, tmp_path: Path) -> None:
        folder = tmp_path / "sessions"
        programs.write("codex", TALK, folder)
        meta: JsonObject = {"id": "0195-child", "source": {"subagent": {"thread_spawn": {"parent_thread_id": SESSION}}}}
        head: JsonObject = {"timestamp": programs.at(0), "type": "session_meta", "payload": meta}
        asked: JsonObject = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look."}]}
        child = folder / "rollout-2026-03-14T09-00-00-0195-child.jsonl"
        child.write_bytes(programs.lines(head, {"type": "response_item", "payload": asked}))
        told: list[str] = []
        assert len(importers.search([folder], tell=told.append).files) == 1
        assert "is of a subagent of the session" in told[0]
        (session,) = importers.read(child)
        assert [one.author for timed in session.messages for one in timed.message.passages()] == ["peer"]

    def test_what_was_rewound_was_not_said(self, tmp_path: Path) -> None:
        path = programs.write("gemini_cli_lines", TALK, tmp_path)
        again: JsonObject = {"id": "m9", "type": "user", "content": "Never mind.", "timestamp": programs.at(9)}
        path.write_bytes(path.read_bytes() + programs.lines({"$rewindTo": "m6"}, again))
        (session,) = importers.read(path)
        assert [one.message.prose() for one in session.messages if one.message.prose()][-2:] == [
            "The file is read-only.",
            "Never mind.",
        ]
        path = programs.write("codex", TALK, tmp_path)
        event: JsonObject = {"type": "thread_rolled_back", "num_turns": 1}
        path.write_bytes(path.read_bytes() + programs.lines({"type": "event_msg", "payload": event}))
        (session,) = importers.read(path)
        assert session.messages[-1].message.prose() == "The file is read-only."

    @pytest.mark.parametrize(
        ("name", "old", "new", "event"),
        [
            ("codex", "Error: start.js is read-only", "exec command rejected by user", "refused"),
            ("codex", "Error: start.js is read-only", "aborted by user after 2.1s", "interrupted"),
            (
                "opencode_export",
                '"status": "completed"',
                '"status": "error", "error": "The user rejected permission"',
                "refused",
            ),
            ("gemini_cli_json", '"status": "success"', '"status": "cancelled"', "interrupted"),
        ],
    )
    def test_what_a_person_did_with_a_call_is_told(
        self, tmp_path: Path, name: str, old: str, new: str, event: str
    ) -> None:
        path = programs.write(name, TALK, tmp_path)
        path.write_text(path.read_text().replace(old, new))
        (session,) = importers.read(path)
        events = {part.event for one in session.messages for part in one.message.parts if part.event}
        assert events == {event}

    def test_what_the_program_put_into_the_users_role_is_the_harness(self, tmp_path: Path) -> None:
        (session,) = importers.read(programs.write("codex", TALK, tmp_path))
        assert [part.author for part in session.messages[0].message.parts] == ["harness"]
        path = programs.write("cursor", TALK, tmp_path)
        asked = "<open_files>a.ts</open_files>\\n<user_query>Set the port.</user_query>"
        path.write_text(path.read_text().replace(TALK[0].text, asked))
        (session,) = importers.read(path)
        assert session.messages[0].message.words_of("person") == "Set the port."

    def test_each_agents_folder_is_found(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for variable in ("CODEX_HOME", "CLAUDE_CONFIG_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HERMES_HOME"):
            monkeypatch.delenv(variable, raising=False)
        assert places(tmp_path) == []
        for folder in (".claude/projects", ".gemini/tmp", ".local/share/opencode/storage", "codex/sessions"):
            (tmp_path / folder).mkdir(parents=True)
        monkeypatch.setenv("CODEX_HOME", str(tmp_path / "codex"))
        assert [one.agent for one in places(tmp_path)] == ["Claude Code", "Codex", "Gemini CLI", "OpenCode"]


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
    lambda one: bool(one.strip()) and one.isprintable()
)
scalars: st.SearchStrategy[Json] = texts | st.integers(0, 99) | st.booleans()
values = st.dictionaries(st.text("abcdef", min_size=1), scalars, max_size=3)


@st.composite
def talks(draw: st.DrawFn) -> Talk:
    """Turns in the order in which programs have them: a person, then agents whose calls are answered."""
    found: list[Turn] = []
    for _ in range(draw(st.integers(1, 3))):
        found.append(Turn("person", draw(texts)))
        for _ in range(draw(st.integers(0, 2))):
            names = draw(st.lists(st.text("abcdefg_", min_size=1, max_size=9), min_size=1, max_size=2))
            calls = tuple(Call(f"c{len(found)}-{n}", one, draw(values)) for n, one in enumerate(names))
            found.append(Turn("agent", draw(st.just("") | texts), draw(st.just("") | texts), calls))
            found += [Turn("tool", draw(texts), answers=call.id) for call in calls]
        found.append(Turn("agent", draw(texts), draw(st.just("") | texts)))
    return found


@on_one_fixture()
@given(names=st.lists(st.sampled_from(ALL), min_size=3, max_size=3, unique=True), talk=talks())
def test_reading_exporting_to_openai_and_reading_again_loses_no_text_and_no_call(
    tmp_path: Path, names: list[str], talk: Talk
) -> None:
    for name in names:
        folder = tmp_path / "talk"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (session,) = read(programs.write(name, talk, folder))
        before = texts_of(session)
        exported = folder / "exported.jsonl"
        exported.write_bytes(programs.lines(*formats.render([timed.message for timed in session.messages], "openai")))
        (again,) = importers.read(exported, "openai-chat")
        assert texts_of(again) == before
        assert all(any(turn.text in one for one in before) for turn in talk)


def texts_of(session: Transcript) -> list[str]:
    return sorted(text for timed in session.messages for text in timed.message.texts() if text.strip())


any_json: st.SearchStrategy[Json] = (
    st.none() | st.booleans() | st.integers(-1, 10**20) | texts | st.just([]) | st.just({}) | st.just([{"x": []}])
)


def changed(value: Json, steps: list[int], new: Json) -> Json:
    """A value with another one somewhere inside of it."""
    if not steps or not isinstance(value, list | dict) or not value:
        return new
    place = steps[0] % len(value)
    if isinstance(value, list):
        return [changed(one, steps[1:], new) if n == place else one for n, one in enumerate(value)]
    return {key: changed(one, steps[1:], new) if n == place else one for n, (key, one) in enumerate(value.items())}


@on_one_fixture()
@given(name=st.sampled_from([*programs.WRITERS]), steps=st.lists(st.integers(0, 99), min_size=1), new=any_json)
def test_a_file_with_anything_somewhere_is_read_or_refused(
    tmp_path: Path, name: str, steps: list[int], new: Json
) -> None:
    for file, content in programs.WRITERS[name](TALK).items():
        if file.endswith((".zip", ".eval")):
            continue
        path = tmp_path / Path(file).name
        if file.endswith(".jsonl"):
            records = [json.loads(line) for line in content.splitlines()]
            value = changed(records, steps, new)
            path.write_bytes(programs.lines(*value) if isinstance(value, list) else b"{}\n")
        else:
            path.write_text(json.dumps(changed(json.loads(content), steps, new)))
        for format_ in importers.FORMATS:
            try:
                found = list(importers.read(path, format_))
            except BadTranscript as error:
                assert str(path) in str(error)
            else:
                assert all(one.messages for one in found)
