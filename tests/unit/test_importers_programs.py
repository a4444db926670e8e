"""What programs keep and people export: the same conversation in every format is read as what was said."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned import formats, importers
from seasoned.errors import BadTranscript
from seasoned.importers import Transcript
from seasoned.message import Json, Message
from tests.support import programs
from tests.support.examples import on_one_fixture
from tests.support.programs import Call, Talk, Turn

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
