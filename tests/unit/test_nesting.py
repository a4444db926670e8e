"""JSON is taken up to a depth, so that nothing that walks it later can run out of stack."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned.errors import Invalid
from seasoned.http.nesting import CONTAINERS_MAX, DEPTH_MAX, has_too_many, is_too_deep
from seasoned.http.request import decode
from tests.support.growth import check_linear

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


def depth(value: object) -> int:
    """How many arrays and objects stand around the innermost value."""
    if isinstance(value, dict):
        return 1 + max((depth(inner) for inner in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth(inner) for inner in value), default=0)
    return 0


@given(JSON, st.integers(0, 8), st.booleans())
def test_the_depth_is_that_of_the_value(value: object, limit: int, ascii_only: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert is_too_deep(raw, limit) == (depth(value) > limit)


def containers(value: object) -> int:
    """How many arrays and objects a value has, itself among them."""
    if isinstance(value, dict):
        return 1 + sum(map(containers, value.values()))
    return 1 + sum(map(containers, value)) if isinstance(value, list) else 0


@given(JSON, st.integers(0, 8), st.booleans())
def test_arrays_and_objects_are_counted_without_those_in_strings(value: object, limit: int, ascii_only: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert has_too_many(raw, limit) == (containers(value) > limit)


def test_a_body_of_countless_arrays_is_refused_with_the_number_that_is_taken() -> None:
    assert decode(b"[" + b"[]," * (CONTAINERS_MAX - 2) + b"[]]", object)
    with pytest.raises(Invalid, match=f"more than {CONTAINERS_MAX} arrays and objects"):
        decode(b"[" + b"[]," * CONTAINERS_MAX + b"1]", object)


def nested(levels: int, *pairs: tuple[str, str]) -> bytes:
    """A value inside of so many arrays or objects, the pairs in turn."""
    used = [pairs[level % len(pairs)] for level in range(levels)]
    return ("".join(left for left, _ in used) + "7" + "".join(right for _, right in reversed(used))).encode()


LIST, OBJECT, WIDE = ("[", "]"), ('{"a":', "}"), ('["[{",', ',"]"]')


@pytest.mark.parametrize("pairs", [[LIST], [OBJECT], [LIST, OBJECT], [WIDE]])
def test_the_greatest_depth_is_taken_and_one_more_is_not(pairs: list[tuple[str, str]]) -> None:
    assert decode(nested(DEPTH_MAX, *pairs), object) is not None
    with pytest.raises(Invalid, match=str(DEPTH_MAX)):
        decode(nested(DEPTH_MAX + 1, *pairs), object)


@pytest.mark.parametrize("size", [65, 500, 1_000, 2_000, 100_000])
def test_more_is_refused_with_the_same_sentence_however_deep(size: int) -> None:
    for raw in (nested(size, LIST), nested(size, OBJECT)):
        with pytest.raises(Invalid, match=str(DEPTH_MAX)):
            decode(raw, object)


def test_brackets_inside_of_strings_do_not_count() -> None:
    text = '[[["{{{\\"[[[\\\\' * 100
    assert decode(json.dumps({"code": text, text: [text]}).encode(), object) == {"code": text, text: [text]}


WIDE_TEXTS: dict[str, Callable[[int], bytes]] = {
    "many": lambda size: b"[" + b"[]," * size + b"1]",
    "many that are deep": lambda size: b"[" + (b"[" * 62 + b"]" * 62 + b",") * (size // 40) + b"1]",
    "one string": lambda size: b'["' + b'[\\"' * size + b'"]',
    "many strings": lambda size: b"[" + b'"\\\\[",' * size + b'"["]',
    # A query is looked at before it is known to be JSON.
    "a string that is never closed": lambda size: b"[" * DEPTH_MAX + b'"' + b'\\"' * (size // 100),
    "a string that ends within an escape": lambda size: b"[" * DEPTH_MAX + b'"' + b'\\"' * (size // 100) + b"\\",
}


@pytest.mark.parametrize("name", WIDE_TEXTS)
def test_looking_takes_time_in_proportion_to_the_length(name: str) -> None:
    check_linear(WIDE_TEXTS[name], lambda raw: is_too_deep(raw, 4), 400_000)
