"""Laws of the formats, over generated messages: nothing but Invalid is ever raised, and nothing is lost."""

import copy
from collections.abc import Callable
from typing import get_args

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from seasoned.errors import Invalid
from seasoned.formats import FORMATS, Format, parse, render
from seasoned.formats.fields import PARTS_MAX
from seasoned.message import Json, JsonObject, Message, PartType

pytestmark = pytest.mark.hypothesis  # also where the generated messages are those of a parameter

# Words of the three formats, so that generated JSON comes near to what they take.
KEYS = [
    "role",
    "content",
    "name",
    "tool_calls",
    "tool_call_id",
    "function_call",
    "type",
    "text",
    "refusal",
    "image_url",
    "input_audio",
    "file",
    "url",
    "detail",
    "data",
    "format",
    "file_id",
    "file_data",
    "filename",
    "id",
    "function",
    "custom",
    "arguments",
    "input",
    "tool_use_id",
    "is_error",
    "cache_control",
    "source",
    "media_type",
    "thinking",
    "signature",
    "parts",
    "meta",
    "file_field",
    "data_type",
    "value",
    "extra",
    "source_format",
    "original_role",
    "function_name",
    "inlineData",
    "functionCall",
    "functionResponse",
    "file_data",
    "thought",
    "args",
    "response",
]
WORDS = [
    "user",
    "assistant",
    "system",
    "developer",
    "tool",
    "function",
    "text",
    "refusal",
    "image_url",
    "input_audio",
    "file",
    "image",
    "document",
    "tool_use",
    "tool_result",
    "thinking",
    "redacted_thinking",
    "base64",
    "url",
    "custom",
    "tool-call",
    "tool-result",
    "data",
    "ephemeral",
    "openai",
    "anthropic",
    "acontext",
    "openai_tool_call",
    "gemini",
    "model",
    "data:image/png;base64,AA==",
    "https://x.example",
    "{}",
    "[1]",
    "{",
]

any_text = st.text(st.characters(exclude_categories=()), max_size=6)
scalars: SearchStrategy[Json] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), any_text, st.sampled_from(WORDS), st.just("")
)
keys = st.one_of(st.sampled_from(KEYS), any_text)


def containers(inner: SearchStrategy[Json]) -> SearchStrategy[Json]:
    return st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=6))


any_json: SearchStrategy[Json] = st.recursive(scalars, containers, max_leaves=30)


def words(*choices: str) -> SearchStrategy[Json]:
    return st.sampled_from(choices)


def check_accepted(message: Message) -> None:
    """What was accepted can be kept, read back and shown in every format."""
    assert len(message.parts) <= PARTS_MAX
    assert msgspec.json.decode(msgspec.json.encode(message), type=Message) == message
    assert all(one.encode() for one in message.texts() if one)
    for read_as in FORMATS:
        items = render([message], read_as)
        # OpenAI has each tool's answer as a message of its own; Gemini refuses messages without parts.
        results = sum(part.type == "tool-result" for part in message.parts)
        assert (read_as != "gemini") <= len(items) <= (1 + results if read_as == "openai" else 1)
        for item in items:
            assert isinstance(item, dict)
            assert item["role"] in ("user", "assistant", "system", "developer", "tool", "function", "model")
        assert msgspec.json.decode(msgspec.json.encode(items)) == items


# Messages as providers' clients would write them.
text = st.text(min_size=1, max_size=12)
names = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
values: SearchStrategy[Json] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), text
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)),
    max_leaves=8,
)
objects = st.dictionaries(text, values, max_size=3)
# Keys that no format uses, with values that say something.
unknown = st.dictionaries(
    st.sampled_from(["x_odd", "x_more"]), values.filter(lambda one: one is not None and one != []), max_size=2
)


def block(kind: str, **fields: SearchStrategy[Json]) -> SearchStrategy[JsonObject]:
    """A part of a type with all its fields and now and then unknown ones."""
    return st.builds(lambda known, more: {**more, **known, "type": kind}, st.fixed_dictionaries(fields), unknown)


def shaped(**fields: SearchStrategy[Json]) -> SearchStrategy[Json]:
    return st.fixed_dictionaries(fields).map(dict)


def message_of(role: str, **fields: SearchStrategy[Json]) -> SearchStrategy[JsonObject]:
    return st.builds(lambda known, more: {**more, **known, "role": role}, st.fixed_dictionaries(fields), unknown)


openai_parts = st.one_of(
    block("text", text=text),
    block("image_url", image_url=shaped(url=text, detail=words("auto", "low", "high"))),
    block("input_audio", input_audio=shaped(data=text, format=words("wav", "mp3"))),
    block("file", file=shaped(file_data=text, filename=text)),
    block("video_url", video_url=objects),
)
openai_calls = st.one_of(
    block("function", id=names, function=shaped(name=names, arguments=text)),
    block("custom", id=names, custom=shaped(name=names, input=text)),
)
openai_messages = st.one_of(
    message_of("user", content=text),
    message_of("user", content=st.lists(openai_parts, min_size=1, max_size=4), name=names),
    message_of("system", content=text),
    message_of("developer", content=text, name=names),
    message_of("assistant", content=text),
    message_of("assistant", content=st.lists(block("refusal", refusal=text), min_size=1, max_size=2)),
    message_of("assistant", content=text, tool_calls=st.lists(openai_calls, min_size=1, max_size=3)),
    message_of("assistant", tool_calls=st.lists(openai_calls, min_size=1, max_size=3)),
    message_of("assistant", function_call=shaped(name=names, arguments=text)),
    message_of("tool", tool_call_id=names, content=text),
    message_of("tool", tool_call_id=names, content=st.lists(openai_parts, min_size=1, max_size=3)),
    message_of("function", name=names, content=text),
)

sources = st.one_of(
    shaped(type=words("base64"), media_type=words("image/png", "application/pdf"), data=text),
    shaped(type=words("url"), url=text),
    shaped(type=words("file"), file_id=text),
)
cached = shaped(type=words("ephemeral"), ttl=words("5m", "1h"))
anthropic_blocks = st.one_of(
    block("text", text=text),
    block("text", text=text, cache_control=cached),
    block("image", source=sources),
    block("document", source=sources, title=text, cache_control=cached),
    block("tool_use", id=names, name=names, input=objects),
    block("tool_result", tool_use_id=names, is_error=st.booleans(), content=text),
    block("thinking", thinking=st.text(max_size=12), signature=text),
    block("redacted_thinking", data=text),
    block("server_tool_use", id=names, name=names, input=objects),
)
results = block(
    "tool_result",
    tool_use_id=names,
    is_error=st.booleans(),
    content=st.lists(st.one_of(block("text", text=text), block("image", source=sources)), max_size=3),
)
anthropic_messages = st.builds(
    lambda role, content, more: {**more, "role": role, "content": content},
    words("user", "assistant"),
    st.one_of(text, st.lists(st.one_of(anthropic_blocks, results), max_size=4)),
    unknown,
)


def gemini_part(**fields: SearchStrategy[Json]) -> SearchStrategy[JsonObject]:
    """A part with its one field, now and then with others beside it."""
    return st.builds(lambda known, more: {**more, **known}, st.fixed_dictionaries(fields), unknown)


gemini_parts = st.one_of(
    gemini_part(text=st.text(max_size=12)),
    gemini_part(text=text, thought=st.just(True), thoughtSignature=text),
    gemini_part(inlineData=shaped(data=text, mimeType=words("image/png", "audio/wav", "application/pdf"))),
    gemini_part(fileData=shaped(fileUri=text, mimeType=words("video/mp4"))),
    gemini_part(functionCall=shaped(id=names, name=names, args=objects), thoughtSignature=text),
    gemini_part(functionResponse=shaped(id=names, name=names, response=objects)),
    gemini_part(functionResponse=shaped(name=names, response=objects, willContinue=st.booleans())),
    gemini_part(executableCode=shaped(code=text, language=words("PYTHON"))),
)
gemini_messages = st.builds(
    lambda role, parts, more: {**more, "role": role, "parts": parts},
    words("user", "model"),
    st.lists(gemini_parts, max_size=4),
    unknown,
)

acontext_parts = st.one_of(
    shaped(type=words("text", "thinking"), text=text, meta=objects),
    shaped(type=words("image", "audio", "video", "file", "redacted_thinking"), meta=objects),
    shaped(type=words("tool-call"), meta=shaped(id=names, name=names, arguments=st.one_of(text, objects))),
    shaped(type=words("tool-result"), text=st.text(max_size=8), meta=shaped(tool_call_id=names, x_odd=values)),
    shaped(type=words("data"), meta=shaped(data_type=names, x_odd=values)),
)
acontext_messages = st.fixed_dictionaries(
    {"role": words("user", "assistant"), "parts": st.lists(acontext_parts, max_size=4), "meta": objects}
).map(dict)

MESSAGES: dict[Format, SearchStrategy[JsonObject]] = {
    "openai": openai_messages,
    "anthropic": anthropic_messages,
    "gemini": gemini_messages,
    "acontext": acontext_messages,
}


# Meta that claims to come from another format, as only an acontext message can.
forged = st.fixed_dictionaries(
    {"source_format": st.sampled_from(FORMATS)},
    optional={
        "extra": st.dictionaries(keys, any_json, max_size=3),
        "original_role": words("system", "developer", "x"),
        "name": any_json,
        "data_type": words("openai", "anthropic", "openai_tool_call"),
        "value": any_json,
        "url": any_json,
        "data": any_json,
        "media_type": any_json,
        "type": words("base64", "url", "custom", "x"),
        "cache_control": any_json,
        "is_refusal": st.booleans(),
        "function_name": any_json,
    },
)
forged_parts = st.builds(
    lambda part, meta, more: {**part, "meta": {**meta, **more}},
    st.sampled_from([{"type": kind, "text": "a"} for kind in get_args(PartType)]),
    forged,
    st.fixed_dictionaries({"name": names, "arguments": any_json, "tool_call_id": names, "data_type": names}),
)
forged_messages = st.builds(
    lambda role, parts, meta: {"role": role, "parts": parts, "meta": meta},
    words("user", "assistant"),
    st.lists(forged_parts, max_size=4),
    forged,
)


def places(value: Json) -> list[tuple[JsonObject, str] | tuple[list[Json], int]]:
    """Every place inside a value where another could stand."""
    found: list[tuple[JsonObject, str] | tuple[list[Json], int]] = []
    level = [value]
    while level:
        below: list[Json] = []
        for one in level:
            if isinstance(one, dict):
                found += [(one, key) for key in one]
                below += one.values()
            elif isinstance(one, list):
                found += [(one, index) for index in range(len(one))]
                below += one
        level = below
    return found


@st.composite
def damaged(draw: st.DrawFn, messages: SearchStrategy[JsonObject]) -> JsonObject:
    """A good message with at most two places replaced by anything, or keys added."""
    message: JsonObject = copy.deepcopy(draw(messages))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.sampled_from(places(message)))
        other = draw(any_json)
        if isinstance(place[0], dict) and draw(st.booleans()):
            place[0][draw(keys)] = other
        elif isinstance(place[0], dict):
            place[0][str(place[1])] = other
        else:
            place[0][int(place[1])] = other
    return message


@pytest.mark.parametrize("written_as", FORMATS)
def test_a_damaged_message_is_taken_or_refused_and_never_a_crash(written_as: Format) -> None:
    @given(blob=damaged(MESSAGES[written_as]))
    def run(blob: JsonObject) -> None:
        taken_or_refused(written_as, blob)

    run()


@given(blob=forged_messages)
def test_meta_that_claims_another_format_is_shown_or_refused_and_never_a_crash(blob: JsonObject) -> None:
    taken_or_refused("acontext", blob)


@example(blob={"role": ["user"], "content": "x"})
@example(blob={"role": "user", "parts": [{"type": ["text"]}]})
@given(blob=any_json)
def test_any_json_is_taken_or_refused_and_never_a_crash(blob: Json) -> None:
    for written_as in FORMATS:
        taken_or_refused(written_as, blob)


def taken_or_refused(written_as: Format, blob: Json) -> None:
    try:
        message = parse(blob, written_as)
    except Invalid as refusal:
        assert str(refusal).encode()
        return
    check_accepted(message)


def law(check: Callable[[Format, JsonObject], None], written_as: Format) -> None:
    """Run a check over a format's messages."""

    @given(blob=MESSAGES[written_as])
    def run(blob: JsonObject) -> None:
        check(written_as, blob)

    run()


@pytest.mark.parametrize("written_as", FORMATS)
def test_a_message_read_back_in_its_own_format_is_the_same_message(written_as: Format) -> None:
    def check(written: Format, blob: JsonObject) -> None:
        message = parse(blob, written)
        shown = render([message], written)[0]
        assert parse(shown, written) == message
        assert render([parse(shown, written)], written)[0] == shown

    law(check, written_as)


@pytest.mark.parametrize("written_as", FORMATS)
def test_a_message_of_one_format_can_be_shown_in_all(written_as: Format) -> None:
    law(lambda written, blob: check_accepted(parse(blob, written)), written_as)


def test_a_gemini_message_is_shown_as_it_was_written() -> None:
    def check(written: Format, blob: JsonObject) -> None:
        assert render([parse(blob, written)], written) == [blob]

    law(check, "gemini")


def test_an_openai_message_is_shown_as_it_was_written() -> None:
    """But for one plain text in a list, which is a string afterwards, and a tool's plain texts, which are joined."""

    def check(written: Format, blob: JsonObject) -> None:
        shown = render([parse(blob, written)], written)[0]
        assert isinstance(shown, dict)
        content = blob.get("content")
        if isinstance(content, list) and isinstance(shown.get("content"), str):
            texts = [part["text"] for part in content if isinstance(part, dict) and set(part) == {"type", "text"}]
            assert len(texts) == len(content)
            content = "".join(one for one in texts if isinstance(one, str))
        assert shown == ({**blob, "content": content} if "content" in blob else blob)

    law(check, "openai")
