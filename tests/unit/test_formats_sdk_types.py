"""Whatever the providers' own SDK types accept comes back as it went in: messages generated from those types.

What may differ is what the wire contract says: nulls and empty lists are left out, one plain text stands for a list of
it, and an answer of a tool that is not marked as an error says that it is none.
"""

import base64
import datetime
import enum
import types as builtin_types
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

import anthropic.types
import openai.types.chat
import pydantic
import pytest
from google.genai import types as gemini
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from typing_extensions import is_typeddict

from seasoned.formats import parse, render
from seasoned.message import Json, JsonObject
from tests.support.examples import SPEED

MANY = settings(
    suppress_health_check=[*SPEED, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
DEPTH_MAX = 5

text = st.text(max_size=8)
scalars: SearchStrategy[Json] = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False, allow_infinity=False), text
)
objects = st.dictionaries(
    st.text(min_size=1, max_size=5), st.one_of(scalars, st.lists(scalars, max_size=2)), max_size=3
)
PLAIN: dict[object, SearchStrategy[Any]] = {
    str: text,
    int: st.integers(-(2**31), 2**31),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=6),
    object: scalars,
    Any: scalars,
    type(None): st.none(),
    datetime.datetime: st.just("2026-01-02T03:04:05Z"),
}


def of(hint: object, depth: int = 0) -> SearchStrategy[Any]:
    """Values of a type as the SDKs write them: typed dictionaries, their unions, and what these hold."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Annotated, Required, NotRequired):
        return of(arguments[0], depth)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, builtin_types.UnionType):
        fitting = [one for one in arguments if _can(one, depth)]
        return st.one_of(*(of(one, depth) for one in fitting))
    if origin in (list, Iterable, Sequence) or getattr(origin, "__name__", "") in ("Iterable", "Sequence"):
        return st.just([]) if depth > DEPTH_MAX else st.lists(of(arguments[0], depth + 1), max_size=3)
    if origin in (dict, Mapping):
        return objects
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from([one.value for one in hint if not one.name.endswith("UNSPECIFIED")])
    if is_typeddict(hint):
        return _dictionary(hint, depth)
    if isinstance(hint, type) and issubclass(hint, pydantic.BaseModel):
        return _model(hint, depth)
    raise AssertionError(f"no values for {hint!r}")


def _can(hint: object, depth: int) -> bool:
    """Whether a type can be written as JSON (an open file cannot), and need not go deeper than is wanted."""
    if get_origin(hint) in (list, Iterable, Sequence) and depth > DEPTH_MAX:
        return False
    return "IO" not in str(hint) and "PathLike" not in str(hint)


def _dictionary(hint: Any, depth: int) -> SearchStrategy[Any]:
    hints = get_type_hints(hint, include_extras=True)
    # The classes' own lists of required keys are wrong where annotations are kept as text.
    needed = {key for key, one in hints.items() if _is_required(one, total=hint.__total__)}
    required = {key: of(hints[key], depth + 1) for key in needed}
    optional = {key: of(one, depth + 1) for key, one in hints.items() if key not in needed}
    return st.fixed_dictionaries(required, optional=optional if depth <= DEPTH_MAX else {})


def _is_required(hint: object, *, total: bool) -> bool:
    origin = get_origin(hint)
    return origin is Required or (total and origin is not NotRequired)


def _model(hint: type[pydantic.BaseModel], depth: int) -> SearchStrategy[Any]:
    fields = hint.model_fields
    required = {name: of(one.annotation, depth + 1) for name, one in fields.items() if one.is_required()}
    optional = {name: of(one.annotation, depth + 1) for name, one in fields.items() if not one.is_required()}
    return st.fixed_dictionaries(required, optional=optional if depth <= DEPTH_MAX else {})


def said(value: Json) -> Json:
    """A value without what says nothing: nulls and empty lists of its objects."""
    if isinstance(value, dict):
        found = {key: said(one) for key, one in value.items()}
        return {key: one for key, one in found.items() if one is not None and one != []}
    return [said(one) for one in value] if isinstance(value, list) else value


def openai_form(blob: JsonObject) -> Json:
    """An OpenAI message in the one form that it is read back in."""
    known = said(blob)
    assert isinstance(known, dict)
    content = known.get("content")
    if isinstance(content, list) and all(isinstance(one, dict) and set(one) == {"type", "text"} for one in content):
        texts = [one["text"] for one in content if isinstance(one, dict)]
        joins = known["role"] in ("system", "developer", "tool")
        if known["role"] == "assistant":
            texts = [one for one in texts if one]
        if joins or len(texts) <= 1:
            known["content"] = "".join(one for one in texts if isinstance(one, str))
        else:
            known["content"] = [{"type": "text", "text": one} for one in texts]
    elif isinstance(content, list) and known["role"] == "assistant":
        known["content"] = [one for one in content if one != {"type": "text", "text": ""}]
    if known["role"] == "assistant" and known.get("content") in ("", []):
        del known["content"]
    if known["role"] in ("tool", "function"):
        known.setdefault("content", "")
    if known.get("name") == "" and known["role"] != "function":
        del known["name"]
    _without_empty(known)
    return known


def _without_empty(known: JsonObject) -> None:
    """An image's detail and a file's fields may be empty strings, which are not sent again."""
    content = known.get("content")
    for one in content if isinstance(content, list) else []:
        if isinstance(one, dict) and isinstance(image := one.get("image_url"), dict) and image.get("detail") == "":
            del image["detail"]


def anthropic_form(blob: JsonObject) -> Json:
    """An Anthropic message in the one form that it is read back in: a list of blocks."""
    known = said({**blob, "content": blob["content"] or [""]})
    assert isinstance(known, dict)
    content = blob["content"]
    blocks: Json = [{"type": "text", "text": content}] if isinstance(content, str) else content
    assert isinstance(blocks, list)
    shown = [_anthropic_block(said(one)) for one in blocks]
    return {**known, "content": [one for one in shown if one is not None]}


def _anthropic_block(block: Json) -> Json:
    assert isinstance(block, dict)
    if block["type"] == "text" and not block["text"]:
        return None
    if block["type"] == "tool_result":
        content = block.get("content") or []
        whole: Json = [{"type": "text", "text": content}] if isinstance(content, str) else content
        plain = whole == [{"type": "text", "text": ""}]
        return said({**block, "is_error": block.get("is_error") is True, "content": [] if plain else whole})
    return block


def assert_openai(blob: JsonObject) -> None:
    pydantic.TypeAdapter(openai.types.chat.ChatCompletionMessageParam).validate_python(blob)
    shown = render([parse(blob, "openai")], "openai")
    assert [said(one) for one in shown] == [openai_form(blob)]


# What the types allow and the API does not: an image without an address, a call or a function without a name.
OPENAI = get_args(openai.types.chat.ChatCompletionMessageParam)


@pytest.mark.hypothesis
@pytest.mark.parametrize("kind", OPENAI, ids=lambda one: one.__name__)
def test_openai_messages(kind: object) -> None:
    @MANY
    @given(blob=of(kind))
    def run(blob: JsonObject) -> None:
        assume(_is_named(blob))
        assert_openai(blob)

    run()


def _is_named(blob: JsonObject) -> bool:
    """Whether what is called and who answers have names, and a user says something; the API asks for that too."""
    calls = blob.get("tool_calls") or []
    assert isinstance(calls, list)
    called = [one.get("function") or one.get("custom") for one in calls if isinstance(one, dict)]
    called += [blob["function_call"]] if blob.get("function_call") else []
    named = all(isinstance(one, dict) and one.get("name") for one in called)
    if blob["role"] in ("user", "system", "developer"):
        return named and blob["content"] != []
    return named and (blob["role"] != "function" or blob["name"] != "")


def _identified(blob: JsonObject) -> bool:
    """Whether it is a user's or an agent's (the contract refuses others), and calls and answers have ids."""
    if blob["role"] == "system":
        return False
    content = blob["content"]
    blocks = [one for one in content if isinstance(one, dict)] if isinstance(content, list) else []
    calls = [one for one in blocks if one["type"] == "tool_use"]
    results = [one for one in blocks if one["type"] == "tool_result"]
    return all(one["id"] and one["name"] for one in calls) and all(one["tool_use_id"] for one in results)


@MANY
@given(blob=of(anthropic.types.MessageParam))
def test_anthropic_messages(blob: JsonObject) -> None:
    assume(_identified(blob))
    pydantic.TypeAdapter(anthropic.types.MessageParam).validate_python(blob)
    shown = render([parse(blob, "anthropic")], "anthropic")
    assert [said(one) for one in shown] == [said(anthropic_form(blob))]


KINDS = ("text", "inline_data", "file_data", "function_call", "function_response")
OTHER_KINDS = ("executable_code", "code_execution_result", "tool_call", "tool_response")


@st.composite
def gemini_parts(draw: st.DrawFn) -> dict[str, Any]:
    """A part with one kind of content, and with anything that may stand beside it."""
    kind = draw(st.sampled_from(KINDS + OTHER_KINDS))
    hints = {name: field.annotation for name, field in gemini.Part.model_fields.items()}
    beside = [name for name in hints if name not in KINDS + OTHER_KINDS]
    part: dict[str, Any] = draw(st.fixed_dictionaries({}, optional={name: of(hints[name], 2) for name in beside}))
    content = draw(of(hints[kind], 2).filter(lambda one: one is not None))
    if kind in ("function_call", "function_response"):
        content = {**content, "name": draw(st.sampled_from(["look", "write"])), "id": "c"}
    if kind == "inline_data":
        content = {**content, "data": content.get("data") or b"a"}
    if kind == "file_data":
        content = {**content, "file_uri": content.get("file_uri") or "gs://a/b"}
    return {**part, kind: content}


@MANY
@given(parts=st.lists(gemini_parts(), max_size=3), role=st.sampled_from(["user", "model"]), camel=st.booleans())
def test_gemini_messages(parts: list[dict[str, Any]], role: str, *, camel: bool) -> None:
    content = gemini.Content.model_validate({"role": role, "parts": parts})
    blob = content.model_dump(mode="json", by_alias=camel, exclude_none=camel)
    shown = render([parse(blob, "gemini")], "gemini")
    assert len(shown) == 1
    read = gemini.Content.model_validate(shown[0])
    assert _gemini_form(read) == _gemini_form(content)


def _gemini_form(content: gemini.Content) -> Json:
    """A Content as JSON in which arguments and responses are always there."""
    dumped = content.model_dump(mode="json", exclude_none=True)
    for part in dumped.get("parts") or []:
        if "function_call" in part:
            part["function_call"].setdefault("args", {})
        if "function_response" in part:
            part["function_response"].setdefault("response", {})
        if not part.get("thought_signature"):
            part.pop("thought_signature", None)
    return said({"parts": [], **dumped})


def test_bytes_in_gemini_messages_are_the_same_bytes() -> None:
    content = gemini.Content(role="user", parts=[gemini.Part.from_bytes(data=b"\xff\xfe\xfd", mime_type="image/png")])
    blob = content.model_dump(mode="json", exclude_none=True)
    assert gemini.Content.model_validate(render([parse(blob, "gemini")], "gemini")[0]) == content
    address = "data:image/png;base64," + base64.b64encode(b"\xff\xfe\xfd").decode()
    shown = render([parse(blob, "gemini")], "openai")
    assert shown == [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": address}}]}]
