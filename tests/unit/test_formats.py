"""Providers' messages in and out: the tables of the wire contract (sections C.2, C.3, C.5, C.7), row by row."""

import anthropic.types
import msgspec
import openai.types.chat
import pytest

from seasoned.errors import Invalid, TooLarge
from seasoned.formats import FORMATS, Files, Format, Upload, parse, render, render_each, render_part, tool_names
from seasoned.message import Asset, Json, JsonObject, Message, Part

PNG = "iVBORw0KGgo="
CALL: JsonObject = {"id": "c1", "type": "function", "function": {"name": "shell", "arguments": '{"command": "ls"}'}}
LONE = "\ud800"
MANY: list[Json] = [{"type": "text", "text": "a"}] * 100_000


def again(blob: JsonObject, written_as: Format, read_as: Format | None = None) -> Json:
    """A message stored in one format and read in another (the same when none is named)."""
    return render([parse(blob, written_as)], read_as or written_as)[0]


def user(*parts: Json) -> JsonObject:
    return {"role": "user", "content": list(parts)}


def agent(*parts: Json) -> JsonObject:
    return {"role": "assistant", "content": list(parts)}


def gemini(role: str, *parts: Json) -> JsonObject:
    return {"role": role, "parts": list(parts)}


def image(url: str, **more: Json) -> JsonObject:
    return {"type": "image_url", "image_url": {"url": url, **more}}


# Each of these is read back, in the format it was written in, exactly as it was.
SAME: dict[str, tuple[Format, JsonObject]] = {
    "openai user": ("openai", {"role": "user", "content": "hello"}),
    "openai user says nothing": ("openai", {"role": "user", "content": ""}),
    "openai user with name": ("openai", {"role": "user", "content": "hello", "name": "ada"}),
    "openai NUL": ("openai", {"role": "user", "content": "a\x00b"}),
    "openai texts": ("openai", user({"type": "text", "text": "a"}, {"type": "text", "text": "b"})),
    "openai image": ("openai", user({"type": "text", "text": "a"}, image("https://x.example/y.png", detail="low"))),
    "openai data URL": ("openai", user(image(f"data:image/png;base64,{PNG}"))),
    "openai image with more": ("openai", user(image("https://x.example/y", format="image/png") | {"note": "n"})),
    "openai audio": ("openai", user({"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}})),
    "openai file": ("openai", user({"type": "file", "file": {"file_id": "f1"}})),
    "openai file data": ("openai", user({"type": "file", "file": {"file_data": "x", "filename": "a.pdf"}})),
    "openai unknown part": ("openai", user({"type": "text", "text": "a"}, {"type": "video_url", "video_url": None})),
    "openai cached text": ("openai", user({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}})),
    "openai system": ("openai", {"role": "system", "content": "Be brief."}),
    "openai developer": ("openai", {"role": "developer", "content": "Be brief.", "name": "d"}),
    "openai cached system": (
        "openai",
        {"role": "system", "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]},
    ),
    "openai assistant": ("openai", {"role": "assistant", "content": "hello"}),
    "openai assistant thinks": ("openai", {"role": "assistant", "content": "a", "reasoning_content": "hm"}),
    "openai refusal": ("openai", agent({"type": "refusal", "refusal": "I won't."})),
    "openai refusal beside content": ("openai", {"role": "assistant", "refusal": "I won't."}),
    "openai call": ("openai", {"role": "assistant", "content": "I'll look.", "tool_calls": [CALL]}),
    "openai call only": ("openai", {"role": "assistant", "tool_calls": [CALL, {**CALL, "id": "c2"}]}),
    "openai call without id": ("openai", {"role": "assistant", "tool_calls": [{**CALL, "id": ""}]}),
    "openai call with more": (
        "openai",
        {"role": "assistant", "tool_calls": [{**CALL, "extra_content": {"google": {"thought_signature": "x"}}}]},
    ),
    "openai custom call": (
        "openai",
        {"role": "assistant", "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "n", "input": "raw"}}]},
    ),
    "openai unknown call": ("openai", {"role": "assistant", "tool_calls": [CALL, {"type": "search", "query": "q"}]}),
    "openai legacy call": ("openai", {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}),
    "openai arguments that are no JSON": (
        "openai",
        {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "f", "arguments": "{not json"}}]},
    ),
    "openai nothing": ("openai", {"role": "assistant"}),
    "openai tool": ("openai", {"role": "tool", "tool_call_id": "c1", "content": "ok"}),
    "openai tool with image": (
        "openai",
        {"role": "tool", "tool_call_id": "c1", "content": [image("https://x.example")]},
    ),
    "openai function": ("openai", {"role": "function", "name": "f", "content": "ok"}),
    "anthropic texts": ("anthropic", user({"type": "text", "text": "a"}, {"type": "text", "text": "b"})),
    "anthropic no blocks": ("anthropic", user()),
    "anthropic cached for an hour": (
        "anthropic",
        user({"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}),
    ),
    "anthropic image": (
        "anthropic",
        user({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}),
    ),
    "anthropic image by URL": (
        "anthropic",
        user({"type": "image", "source": {"type": "url", "url": "https://x.example"}}),
    ),
    "anthropic image by id": ("anthropic", user({"type": "image", "source": {"type": "file", "file_id": "f"}})),
    "anthropic document": (
        "anthropic",
        user(
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AA=="},
                "title": "t",
                "citations": {"enabled": True},
                "cache_control": {"type": "ephemeral"},
            }
        ),
    ),
    "anthropic text document": (
        "anthropic",
        user({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}}),
    ),
    "anthropic document of blocks": (
        "anthropic",
        user({"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "a"}]}}),
    ),
    "anthropic thinking": (
        "anthropic",
        agent({"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "a"}),
    ),
    "anthropic hidden thinking": ("anthropic", agent({"type": "thinking", "thinking": "", "signature": "s"})),
    "anthropic redacted thinking": ("anthropic", agent({"type": "redacted_thinking", "data": "xyz"})),
    "anthropic call": (
        "anthropic",
        agent({"type": "tool_use", "id": "c", "name": "f", "input": {"a": [1, None, 2.5]}}),
    ),
    "anthropic results": (
        "anthropic",
        user(
            {"type": "tool_result", "tool_use_id": "a", "is_error": False, "content": [{"type": "text", "text": "1"}]},
            {"type": "tool_result", "tool_use_id": "b", "is_error": True, "content": []},
            {"type": "text", "text": "go on"},
        ),
    ),
    "anthropic result with image": (
        "anthropic",
        user(
            {
                "type": "tool_result",
                "tool_use_id": "a",
                "is_error": False,
                "content": [
                    {"type": "text", "text": "a screenshot"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
                ],
            }
        ),
    ),
    "anthropic server tool": (
        "anthropic",
        agent(
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}},
            {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
            {"type": "text", "text": "found"},
        ),
    ),
    "gemini": ("gemini", gemini("user", {"text": "a"}, {"text": ""})),
    "gemini nothing": ("gemini", gemini("user")),
    "gemini thinks": ("gemini", gemini("model", {"text": "hm", "thought": True, "thoughtSignature": "c2ln"})),
    "gemini signs": (
        "gemini",
        gemini("model", {"text": "a", "thoughtSignature": "c2ln"}, {"thoughtSignature": "YQ=="}),
    ),
    "gemini picture": (
        "gemini",
        gemini("user", {"inlineData": {"mimeType": "image/png", "data": PNG, "displayName": "dot"}}),
    ),
    "gemini sound": ("gemini", gemini("user", {"inlineData": {"mimeType": "audio/wav", "data": "AA=="}})),
    "gemini file": (
        "gemini",
        gemini(
            "user",
            {"fileData": {"fileUri": "gs://x/y.mp4", "mimeType": "video/mp4"}, "videoMetadata": {"startOffset": "1s"}},
        ),
    ),
    "gemini call": (
        "gemini",
        gemini(
            "model",
            {"functionCall": {"id": "c", "name": "f", "args": {"a_b": [1, None]}}, "thoughtSignature": "c2ln"},
            {"functionCall": {"id": "d", "name": "g", "args": {}}},
        ),
    ),
    "gemini results": (
        "gemini",
        gemini(
            "user",
            {"functionResponse": {"id": "c", "name": "f", "response": {"output": "1"}}},
            {"functionResponse": {"id": "d", "name": "g", "response": {}, "scheduling": "SILENT"}},
            {"text": "go on"},
        ),
    ),
    "gemini runs code": (
        "gemini",
        gemini(
            "model",
            {"executableCode": {"language": "PYTHON", "code": "1"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
        ),
    ),
    "acontext": (
        "acontext",
        {
            "role": "user",
            "parts": [
                {"type": "text", "text": "a"},
                {"type": "data", "meta": {"data_type": "chart", "points": [1, 2]}},
                {"type": "image"},
            ],
            "meta": {"source_format": "acontext", "name": "ada", "own": {"a": None}},
        },
    ),
    "acontext call": (
        "acontext",
        {
            "role": "assistant",
            "parts": [{"type": "tool-call", "meta": {"id": "c", "name": "f", "arguments": "{}"}}],
            "meta": {"source_format": "acontext"},
        },
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_a_message_is_read_back_as_it_was_written(name: str) -> None:
    written_as, blob = SAME[name]
    assert again(blob, written_as) == blob


@pytest.mark.parametrize("name", SAME)
def test_a_stored_message_is_the_same_after_the_store(name: str) -> None:
    written_as, blob = SAME[name]
    message = parse(blob, written_as)
    assert msgspec.json.decode(msgspec.json.encode(message), type=Message) == message


@pytest.mark.parametrize("read_as", FORMATS)
@pytest.mark.parametrize("name", SAME)
def test_every_message_is_json_in_every_format(name: str, read_as: Format) -> None:
    """One value each, but for several tools' answers (OpenAI) and what Gemini has no words for."""
    written_as, blob = SAME[name]
    items = render_each([parse(blob, written_as)] * 3, read_as)
    assert len(items) == 3
    most = 3 if read_as == "openai" else 1
    assert all((0 if read_as == "gemini" else 1) <= len(shown) <= most for shown in items)
    assert msgspec.json.decode(msgspec.json.encode(items)) == items


# What is stored, as the contract's tables say it.
STORED: dict[str, tuple[Format, JsonObject, list[Part]]] = {
    "empty words of an agent are no part": ("openai", {"role": "assistant", "content": ""}, []),
    "an agent's empty list is no part": ("openai", {"role": "assistant", "content": []}, []),
    "detail is empty when absent": ("openai", user(image("u")), [Part("image", meta={"url": "u", "detail": ""})]),
    "a refusal is text": (
        "openai",
        agent({"type": "refusal", "refusal": "no"}),
        [Part("text", "no", {"is_refusal": True})],
    ),
    "arguments as an object": (
        "openai",
        {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"a": 1}}}]},
        [Part("tool-call", meta={"id": "c", "name": "f", "arguments": '{"a":1}', "type": "function"})],
    ),
    "a legacy call has no id": (
        "openai",
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        [Part("tool-call", meta={"name": "f", "arguments": "{}"})],
    ),
    "a tool's texts are joined": (
        "openai",
        {
            "role": "tool",
            "tool_call_id": "c",
            "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
        },
        [Part("tool-result", "ab", {"tool_call_id": "c"})],
    ),
    "a tool without id": ("openai", {"role": "tool", "content": "a"}, [Part("tool-result", "a", {"tool_call_id": ""})]),
    "a function": (
        "openai",
        {"role": "function", "name": "f", "content": None},
        [Part("tool-result", "", {"function_name": "f"})],
    ),
    "anthropic string": ("anthropic", {"role": "assistant", "content": "a"}, [Part("text", "a")]),
    "anthropic call": (
        "anthropic",
        agent({"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}),
        [Part("tool-call", meta={"id": "c", "name": "f", "arguments": '{"a":1}', "type": "tool_use"})],
    ),
    "anthropic result is no error unless it says so": (
        "anthropic",
        user({"type": "tool_result", "tool_use_id": "c"}),
        [Part("tool-result", "", {"tool_call_id": "c", "is_error": False})],
    ),
    "gemini call": (
        "gemini",
        gemini("model", {"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}}),
        [Part("tool-call", meta={"id": "c", "name": "f", "arguments": '{"a":1}', "type": "function"})],
    ),
    "gemini result": (
        "gemini",
        gemini("user", {"functionResponse": {"name": "f", "response": {"a": 1}}}),
        [Part("tool-result", '{"a":1}', {"name": "f"})],
    ),
    "gemini thinking": (
        "gemini",
        gemini("model", {"text": "hm", "thought": True}),
        [Part("thinking", "hm", {"signature": ""})],
    ),
    "gemini call beside an empty text": (
        "gemini",
        gemini("model", {"text": "", "functionCall": {"id": "c", "name": "f"}}),
        [
            Part(
                "tool-call",
                meta={"id": "c", "name": "f", "arguments": "{}", "type": "function", "extra": {"text": ""}},
            )
        ],
    ),
    "gemini data is a picture whatever its type": (
        "gemini",
        gemini("user", {"inlineData": {"mimeType": "application/pdf", "data": "AA=="}}),
        [Part("image", meta={"type": "base64", "data": "AA==", "media_type": "application/pdf"})],
    ),
    "gemini as the Python SDK dumps it": (
        "gemini",
        gemini("user", {"text": None, "inline_data": {"mime_type": "image/png", "data": PNG, "display_name": None}}),
        [Part("image", meta={"type": "base64", "data": PNG, "media_type": "image/png"})],
    ),
    "acontext without parts": ("acontext", {"role": "user", "parts": None}, []),
    "acontext nulls": (
        "acontext",
        {"role": "user", "parts": [{"type": "text", "text": "a", "meta": None, "file_field": None}], "meta": None},
        [Part("text", "a")],
    ),
    "acontext arguments as an object": (
        "acontext",
        {"role": "assistant", "parts": [{"type": "tool-call", "meta": {"name": "f", "arguments": {"a": 1}}}]},
        [Part("tool-call", meta={"name": "f", "arguments": '{"a":1}'})],
    ),
    "acontext cannot claim a stored file": (
        "acontext",
        {"role": "user", "parts": [{"type": "file", "asset": {"sha256": "a" * 64}, "filename": "passwd"}]},
        [Part("file")],
    ),
}


@pytest.mark.parametrize("name", STORED)
def test_a_message_is_stored_as_the_contract_says(name: str) -> None:
    written_as, blob, parts = STORED[name]
    message = parse(blob, written_as)
    assert list(message.parts) == parts
    assert message.meta == {"source_format": written_as}


@pytest.mark.parametrize("role", ["system", "developer"])
def test_instructions_are_a_users_message_that_knows_its_role(role: str) -> None:
    message = parse({"role": role, "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "openai")
    assert message.role == "user"
    assert message.original_role == role
    assert [part.text for part in message.parts] == ["a", "b"]
    assert render([message], "openai") == [{"role": role, "content": "ab"}]
    assert render([message], "anthropic") == [user({"type": "text", "text": "a"}, {"type": "text", "text": "b"})]


BAD: dict[str, tuple[Format, Json, str]] = {
    "openai list": ("openai", [{"role": "user", "content": "x"}], "a list"),
    "openai null": ("openai", None, "missing"),
    "openai no role": ("openai", {"content": "x"}, "role"),
    "openai role is a list": ("openai", {"role": ["user"], "content": "x"}, "role"),
    "openai unknown role": ("openai", {"role": "boss", "content": "x"}, "'boss'"),
    "openai user without content": ("openai", {"role": "user"}, "content"),
    "openai user with null": ("openai", {"role": "user", "content": None}, "content"),
    "openai user with empty list": ("openai", user(), "content"),
    "openai user with number": ("openai", {"role": "user", "content": 7}, "content is a number"),
    "openai user with object": ("openai", {"role": "user", "content": {"text": "x"}}, "content is an object"),
    "openai string for a part": ("openai", user("x"), "content[0] is a string"),
    "openai part without type": ("openai", user({"text": "x"}), "content[0].type is missing"),
    "openai text without text": ("openai", user({"type": "text"}), "content[0].text is missing"),
    "openai image without URL": ("openai", user({"type": "image_url", "image_url": {}}), "image_url.url"),
    "openai system without content": ("openai", {"role": "system"}, "content"),
    "openai agent with number": ("openai", {"role": "assistant", "content": 7}, "content is a number"),
    "openai calls are an object": ("openai", {"role": "assistant", "tool_calls": CALL}, "tool_calls is an object"),
    "openai call without function": (
        "openai",
        {"role": "assistant", "tool_calls": [{"id": "c"}]},
        "tool_calls[0].function",
    ),
    "openai call with a number as id": (
        "openai",
        {"role": "assistant", "tool_calls": [{**CALL, "id": 7}]},
        "tool_calls[0].id",
    ),
    "openai call of nothing": (
        "openai",
        {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "", "arguments": ""}}]},
        "function.name is empty",
    ),
    "openai number as name": ("openai", {"role": "user", "content": "x", "name": 7}, "name is a number"),
    "openai tool with a number as id": ("openai", {"role": "tool", "tool_call_id": 7, "content": "x"}, "tool_call_id"),
    "openai tool with object": ("openai", {"role": "tool", "tool_call_id": "c", "content": {}}, "content is an object"),
    "anthropic system": ("anthropic", {"role": "system", "content": "x"}, "'system'"),
    "anthropic without content": ("anthropic", {"role": "user"}, "content is missing"),
    "anthropic number": ("anthropic", {"role": "user", "content": 7}, "content is a number"),
    "anthropic string for a block": ("anthropic", user("x"), "content[0] is a string"),
    "anthropic call without id": ("anthropic", agent({"type": "tool_use", "name": "f", "input": {}}), "content[0].id"),
    "anthropic input is a list": (
        "anthropic",
        agent({"type": "tool_use", "id": "c", "name": "f", "input": [1]}),
        "content[0].input is a list",
    ),
    "anthropic result without id": ("anthropic", user({"type": "tool_result", "content": "x"}), "tool_use_id"),
    "anthropic error is a string": (
        "anthropic",
        user({"type": "tool_result", "tool_use_id": "c", "is_error": "yes"}),
        "is_error is a string",
    ),
    "anthropic image without data": (
        "anthropic",
        user({"type": "image", "source": {"type": "base64", "media_type": "image/png"}}),
        "source.data",
    ),
    "gemini assistant": ("gemini", gemini("assistant", {"text": "a"}), "'assistant'"),
    "gemini no role": ("gemini", {"parts": []}, "missing"),
    "gemini parts is an object": ("gemini", {"role": "user", "parts": {}}, "parts is an object"),
    "gemini empty part": ("gemini", gemini("user", {}), "parts[0] is empty"),
    "gemini text is a number": ("gemini", gemini("user", {"text": 7}), "parts[0].text is a number"),
    "gemini call without name": ("gemini", gemini("model", {"functionCall": {"args": {}}}), "functionCall.name"),
    "gemini args are a list": (
        "gemini",
        gemini("model", {"functionCall": {"name": "f", "args": []}}),
        "functionCall.args is a list",
    ),
    "gemini result of nothing": ("gemini", gemini("user", {"functionResponse": {"response": {}}}), "functionResponse"),
    "gemini result is a string": (
        "gemini",
        gemini("user", {"functionResponse": {"name": "f", "response": "x"}}),
        "functionResponse.response is a string",
    ),
    "gemini blob without data": (
        "gemini",
        gemini("user", {"inlineData": {"mimeType": "image/png"}}),
        "inlineData.data",
    ),
    "acontext tool role": ("acontext", {"role": "tool", "parts": []}, "'tool'"),
    "acontext parts is a string": ("acontext", {"role": "user", "parts": "x"}, "parts is a string"),
    "acontext unknown part": ("acontext", {"role": "user", "parts": [{"type": "smell"}]}, "parts[0].type"),
    "acontext empty text": ("acontext", {"role": "user", "parts": [{"type": "text", "text": ""}]}, "text is empty"),
    "acontext empty thinking": ("acontext", {"role": "assistant", "parts": [{"type": "thinking"}]}, "text is empty"),
    "acontext call without name": (
        "acontext",
        {"role": "assistant", "parts": [{"type": "tool-call", "meta": {"arguments": "{}"}}]},
        "meta.name",
    ),
    "acontext call without arguments": (
        "acontext",
        {"role": "assistant", "parts": [{"type": "tool-call", "meta": {"name": "f"}}]},
        "meta.arguments",
    ),
    "acontext result without id": ("acontext", {"role": "user", "parts": [{"type": "tool-result"}]}, "tool_call_id"),
    "acontext data without kind": ("acontext", {"role": "user", "parts": [{"type": "data"}]}, "data_type"),
    "acontext file": ("acontext", {"role": "user", "parts": [{"type": "file", "file_field": "f"}]}, "multipart"),
    "acontext meta is a list": ("acontext", {"role": "user", "parts": [], "meta": []}, "meta is a list"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_message_is_refused_with_a_sentence_that_names_the_fault(name: str) -> None:
    written_as, blob, told = BAD[name]
    with pytest.raises(Invalid) as caught:
        parse(blob, written_as)
    sentence = str(caught.value)
    assert told in sentence
    assert "send" in sentence or "needs" in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("written_as", "blob"),
    [
        ("openai", {"role": "user", "content": LONE}),
        ("openai", {"role": "user", "content": "x", "name": LONE}),
        ("openai", {"role": "user", "content": "x", LONE: 1}),
        ("openai", user({"type": "odd", "deep": [{"a": LONE}]})),
        ("openai", {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "f", "arguments": LONE}}]}),
        ("openai", {"role": LONE, "content": "x"}),
        ("anthropic", agent({"type": "tool_use", "id": "c", "name": "f", "input": {LONE: 1}})),
        ("anthropic", user({"type": "tool_result", "tool_use_id": "c", "content": LONE})),
        ("acontext", {"role": "user", "parts": [{"type": "text", "text": LONE}]}),
        ("acontext", {"role": "user", "meta": {"a": [LONE]}}),
    ],
)
def test_half_a_character_is_refused_by_a_sentence_that_can_be_sent(written_as: Format, blob: JsonObject) -> None:
    with pytest.raises(Invalid, match=r"surrogate|role") as caught:
        parse(blob, written_as)
    assert str(caught.value).encode()


def nested(depth: int) -> Json:
    value: Json = 1
    for _ in range(depth):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize("depth", [60, 20_000])
@pytest.mark.parametrize(
    "name", ["openai extra", "openai arguments", "anthropic input", "anthropic block", "acontext meta"]
)
def test_deep_nesting_is_refused(name: str, depth: int) -> None:
    deep = nested(depth)
    function: JsonObject = {"name": "f", "arguments": {"a": deep}}
    cases: dict[str, tuple[Format, JsonObject]] = {
        "openai extra": ("openai", {"role": "user", "content": "x", "odd": deep}),
        "openai arguments": ("openai", {"role": "assistant", "tool_calls": [{"id": "c", "function": function}]}),
        "anthropic input": ("anthropic", agent({"type": "tool_use", "id": "c", "name": "f", "input": {"a": deep}})),
        "anthropic block": ("anthropic", agent({"type": "odd", "a": deep})),
        "acontext meta": ("acontext", {"role": "user", "meta": {"a": deep}}),
    }
    written_as, blob = cases[name]
    with pytest.raises(Invalid, match="levels deep"):
        parse(blob, written_as)


@pytest.mark.parametrize(
    "arguments", ["not json", "[" * 5_000, '{"a":' * 5_000, '{"a": "\\ud800"}', "", "null", "[1]", "1e999"]
)
def test_arguments_that_are_no_object_are_kept_and_are_an_empty_input_for_anthropic(arguments: str) -> None:
    blob: JsonObject = {
        "role": "assistant",
        "tool_calls": [{**CALL, "function": {"name": "f", "arguments": arguments}}],
    }
    assert parse(blob, "openai").parts[0].arguments == arguments
    assert again(blob, "openai") == blob
    assert again(blob, "openai", "anthropic") == agent({"type": "tool_use", "id": "c1", "name": "f", "input": {}})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1 << 2_000, b"bytes", {1: 2}, {"a", "b"}, (1, 2)])
def test_values_that_json_does_not_have_are_refused(value: object) -> None:
    blob = msgspec.convert({"role": "user", "parts": [], "meta": {}}, dict)
    blob["meta"]["odd"] = value
    with pytest.raises(Invalid):
        parse(blob, "acontext")


@pytest.mark.parametrize(
    ("written_as", "blob"),
    [
        ("openai", user(*MANY[:10_001])),
        ("openai", {"role": "assistant", "content": "a", "tool_calls": [CALL] * 10_000}),
        ("openai", {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "a"}] * 10_001}),
        ("anthropic", user(*MANY)),
        ("anthropic", user({"type": "tool_result", "tool_use_id": "c", "content": [{}] * 10_001})),
        ("acontext", {"role": "user", "parts": [{"type": "image"}] * 10_001}),
    ],
)
def test_too_many_parts_are_refused(written_as: Format, blob: JsonObject) -> None:
    with pytest.raises(TooLarge, match="10000 parts"):
        parse(blob, written_as)


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_message_may_have_ten_thousand_parts_and_five_megabytes(format_name: Format) -> None:
    key = "parts" if format_name in ("acontext", "gemini") else "content"
    typed: JsonObject = {} if format_name == "gemini" else {"type": "text"}
    many: list[Json] = [{**typed, "text": "a"}] * 9_999
    long: JsonObject = {**typed, "text": "\u00fc" * 5_000_000}
    blob: JsonObject = {"role": "user", key: [long, *many]}
    assert len(parse(blob, format_name).parts) == 10_000
    read = again(blob, format_name)
    assert isinstance(read, dict)
    assert read[key] == blob[key]


def test_pictures_and_files_in_base64_survive_between_formats() -> None:
    picture: JsonObject = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    paper: JsonObject = {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "AA=="},
    }
    as_openai = again(user(picture, paper), "anthropic", "openai")
    assert as_openai == user(
        image(f"data:image/png;base64,{PNG}"),
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA=="}},
    )
    assert isinstance(as_openai, dict)
    assert again(as_openai, "openai", "anthropic") == user(picture, paper)


def test_a_picture_by_address_stays_one() -> None:
    blob = user(image("https://x.example/y.png"))
    assert again(blob, "openai", "anthropic") == user(
        {"type": "image", "source": {"type": "url", "url": "https://x.example/y.png"}}
    )


@pytest.mark.parametrize("url", ["", "data:image/png,raw", "file:///etc/passwd", "ftp://x"])
def test_an_address_that_anthropic_cannot_fetch_is_left_out(url: str) -> None:
    assert again(user(image(url)), "openai", "anthropic") == user()


def test_several_results_stay_apart_in_every_format() -> None:
    """OpenAI's API refuses a call that no message of its own answers, so each answer is one."""
    results: list[Json] = [{"type": "tool_result", "tool_use_id": f"c{n}", "content": f"{n};"} for n in (1, 2)]
    message = parse(user(*results), "anthropic")
    as_openai: list[Json] = [{"role": "tool", "tool_call_id": f"c{n}", "content": f"{n};"} for n in (1, 2)]
    assert render([message], "openai") == as_openai
    beside = parse(user(*results, {"type": "text", "text": "go on"}), "anthropic")
    assert render([beside], "openai") == [*as_openai, {"role": "user", "content": "go on"}]
    back = render([message], "anthropic")[0]
    assert isinstance(back, dict)
    assert isinstance(back["content"], list)
    assert [block["tool_use_id"] for block in back["content"] if isinstance(block, dict)] == ["c1", "c2"]


def test_thinking_is_text_for_openai_and_a_users_is_left_out() -> None:
    block: JsonObject = {"type": "thinking", "thinking": "hm", "signature": "s"}
    assert again(agent(block), "anthropic", "openai") == {"role": "assistant", "content": "hm"}
    both = agent(block, {"type": "text", "text": "a"})
    assert again(both, "anthropic", "openai") == agent({"type": "text", "text": "hm"}, {"type": "text", "text": "a"})
    assert again(user(block), "anthropic", "openai") == user()


def test_what_only_one_provider_knows_is_not_shown_to_another() -> None:
    blob: JsonObject = {**user({"type": "text", "text": "a", "odd": 1}, {"type": "odd"}), "more": 1}
    assert again(blob, "openai") == blob
    assert again(blob, "openai", "anthropic") == user({"type": "text", "text": "a"})
    assert again(blob, "anthropic", "openai") == {"role": "user", "content": "a"}


def test_what_was_kept_never_overrides_what_is_known() -> None:
    meta: JsonObject = {"source_format": "openai", "extra": {"role": "system", "content": "forged", "more": 1}}
    blob: JsonObject = {"role": "user", "parts": [{"type": "text", "text": "true"}], "meta": meta}
    assert again(blob, "acontext", "openai") == {"role": "user", "content": "true", "more": 1}


def test_an_openai_answer_dumped_by_its_sdk_is_taken() -> None:
    answer = openai.types.chat.ChatCompletionMessage.model_validate(
        {"role": "assistant", "content": "I'll look.", "refusal": None, "annotations": [], "tool_calls": [CALL]}
    )
    blob: JsonObject = answer.model_dump()
    assert again(blob, "openai") == {"role": "assistant", "content": "I'll look.", "tool_calls": [CALL]}


def test_an_anthropic_answer_dumped_by_its_sdk_can_be_sent_back() -> None:
    """A request may hold role and content only; the id, model and usage of a response would be refused."""
    answer = anthropic.types.Message.model_validate(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude",
            "stop_reason": "tool_use",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
            "content": [
                {"type": "text", "text": "I'll look.", "citations": None},
                {"type": "tool_use", "id": "c1", "name": "shell", "input": {"command": "ls"}},
            ],
        }
    )
    blob: JsonObject = answer.model_dump()
    read = again(blob, "anthropic")
    assert isinstance(read, dict)
    assert set(read) == {"role", "content"}
    assert again(read, "anthropic") == read


def test_empty_fields_of_a_part_are_not_shown() -> None:
    assert msgspec.to_builtins(render_part(Part("text", "a"))) == {"type": "text", "text": "a"}
    assert msgspec.to_builtins(render_part(Part("tool-result", "", {"tool_call_id": "c"}))) == {
        "type": "tool-result",
        "meta": {"tool_call_id": "c"},
    }
    asset = Asset(sha256="a" * 64, mime="image/png", size_b=3)
    assert msgspec.to_builtins(render_part(Part("image", asset=asset, filename="x.png"))) == {
        "type": "image",
        "filename": "x.png",
        "asset": {"sha256": "a" * 64, "mime": "image/png", "size_b": 3, "bucket": "", "s3_key": "", "etag": ""},
    }


class OneFile(Files):
    """One file, with or without an address."""

    def __init__(self, body: bytes, address: str = "") -> None:
        self.body = body
        self.address = address

    def url(self, asset: Asset, filename: str) -> str:
        return self.address

    def data(self, asset: Asset) -> bytes | None:
        return self.body


def uploaded(kind: str, mime: str, filename: str) -> Message:
    asset = Asset(sha256="a" * 64, mime=mime, size_b=2)
    blob: JsonObject = {"role": "user", "parts": [{"type": kind, "file_field": "f"}]}
    return parse(blob, "acontext", {"f": Upload(asset, filename)})


def shown(message: Message, read_as: Format, files: Files) -> Json:
    return render_each([message], read_as, files=files)[0]


def test_an_uploaded_picture_is_an_address_for_openai_and_bytes_for_the_others() -> None:
    message = uploaded("image", "image/png", "x.png")
    here, there = OneFile(b"ab"), OneFile(b"ab", "https://x.example/y")
    assert shown(message, "openai", there) == [user(image("https://x.example/y"))]
    assert shown(message, "openai", here) == [user(image("data:image/png;base64,YWI="))]
    source: JsonObject = {"type": "base64", "media_type": "image/png", "data": "YWI="}
    assert shown(message, "anthropic", there) == [user({"type": "image", "source": source})]
    assert shown(message, "gemini", there) == [
        gemini("user", {"inlineData": {"mimeType": "image/png", "data": "YWI="}})
    ]


@pytest.mark.parametrize(
    ("mime", "as_openai", "as_anthropic"),
    [
        (
            "application/pdf",
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,YWI=", "filename": "x"}},
            {"source": {"type": "base64", "media_type": "application/pdf", "data": "YWI="}},
        ),
        (
            "text/plain; charset=utf-8",
            {"type": "file", "file": {"file_data": "data:text/plain;base64,YWI=", "filename": "x"}},
            {"source": {"type": "text", "media_type": "text/plain", "data": "ab"}},
        ),
        ("audio/mpeg", {"type": "input_audio", "input_audio": {"data": "YWI=", "format": "mp3"}}, None),
        (
            "application/zip",
            {"type": "file", "file": {"file_data": "data:application/zip;base64,YWI=", "filename": "x"}},
            None,
        ),
    ],
)
def test_an_uploaded_file_is_shown_as_far_as_a_provider_takes_it(
    mime: str, as_openai: JsonObject, as_anthropic: JsonObject | None
) -> None:
    message, files = uploaded("file", mime, "x"), OneFile(b"ab")
    assert shown(message, "openai", files) == [user(as_openai)]
    document: list[Json] = [] if as_anthropic is None else [{"type": "document", "title": "x", **as_anthropic}]
    assert shown(message, "anthropic", files) == [user(*document)]
    inline: JsonObject = {"mimeType": mime.split(";", maxsplit=1)[0], "data": "YWI="}
    assert shown(message, "gemini", files) == [gemini("user", {"inlineData": inline})]


def test_a_file_that_did_not_come_is_named() -> None:
    blob: JsonObject = {"role": "user", "parts": [{"type": "file", "file_field": "f"}]}
    with pytest.raises(Invalid, match="'f'"):
        parse(blob, "acontext", {})


def test_gemini_media_are_what_their_type_says_for_others() -> None:
    sound = gemini("user", {"inlineData": {"mimeType": "audio/wav", "data": "_-A="}})
    assert again(sound, "gemini", "openai") == user(
        {"type": "input_audio", "input_audio": {"data": "/+A=", "format": "wav"}}
    )
    assert again(sound, "gemini", "anthropic") == user()
    paper = gemini("user", {"inlineData": {"mimeType": "application/pdf", "data": "AA=="}})
    source: JsonObject = {"type": "base64", "media_type": "application/pdf", "data": "AA=="}
    assert again(paper, "gemini", "anthropic") == user({"type": "document", "source": source})


def test_gemini_names_the_tool_of_an_answer_by_its_call() -> None:
    asked = parse({"role": "assistant", "tool_calls": [CALL]}, "openai")
    told = parse({"role": "tool", "tool_call_id": "c1", "content": "a file"}, "openai")
    response: JsonObject = {"id": "c1", "name": "shell", "response": {"output": "a file"}}
    assert render([asked, told], "gemini")[1] == gemini("user", {"functionResponse": response})
    assert render_each([told], "gemini", tools=tool_names([asked])) == [
        [gemini("user", {"functionResponse": response})]
    ]
    assert render([told], "gemini") == []


def test_what_the_store_says_of_a_message_cannot_be_claimed() -> None:
    meta: JsonObject = {"__user_meta__": {"a": 1}, "__gemini_call_info__": [], "__gemini_answers__": {}, "own": 1}
    message = parse({"role": "user", "parts": [], "meta": meta}, "acontext")
    assert message.meta == {"own": 1, "source_format": "acontext"}
