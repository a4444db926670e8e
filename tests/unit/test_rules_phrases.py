"""Phrases are data: each group's examples are its tests, and no text is passed over that a pattern matches."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned.rules.phrases import Group, book, keys_of

BOOKS = ("talk", "lasting", "reports", "topics")
GROUPS = [(name, group) for name in BOOKS for group in book(name).values()]
EXAMPLES = [text for _, group in GROUPS for text in (*group.described.yes, *group.described.no)]
UNKEYED_MAX = 6  # patterns that are tried on every text; each costs as much as fifty others


def names(value: object) -> str | None:
    return value.name if isinstance(value, Group) else None


@pytest.mark.parametrize(("book_name", "group"), GROUPS, ids=names)
def test_a_group_means_what_its_examples_say(book_name: str, group: Group) -> None:
    assert group.described.yes, f"{book_name}: {group.name} has no example"
    assert [text for text in group.described.yes if not group.said(text)] == []
    assert [text for text in group.described.no if group.said(text)] == []


def brute(group: Group, name: str, text: str) -> bool:
    """The same without looking for words first."""
    one = group.described
    for place in range(len(one.patterns)):
        pattern = group._compile(place)
        if pattern.match(text) if one.start else pattern.search(text):
            return True
    return False


@pytest.mark.parametrize("name", BOOKS)
def test_looking_for_words_first_misses_nothing(name: str) -> None:
    for group in book(name).values():
        for text in EXAMPLES:
            assert group.said(text) == brute(group, name, text), (group.name, text)


def test_few_patterns_are_tried_on_every_text() -> None:
    assert (
        sum(len(places) for index in {book(name).index for name in BOOKS} for places in index.unkeyed.values())
        <= UNKEYED_MAX
    )


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("thanks?", {"than"}),
        ("(?:fails?|broken) of it", {"fail", "broken "}),
        ("(?:the |a )?red fence", {"red "}),
        (r"\w+ing off", {"off"}),
        ("x?", None),
        (r"\d+", None),
        ("i(?:'m| am) late", {"late"}),
        ("(?!not)sorry", {"sorr"}),
    ],
)
def test_a_patterns_keys_are_the_rarest_words_it_needs(pattern: str, keys: set[str] | None) -> None:
    assert keys_of(pattern) == keys


WORD = st.sampled_from(["red", "blue", "a", "not", "fence", "it", "paint"])


@given(st.lists(WORD, min_size=1, max_size=4), st.lists(WORD, max_size=12))
def test_any_words_are_found_by_their_keys(phrase: list[str], around: list[str]) -> None:
    keys = keys_of(" ".join(map(re.escape, phrase)), ends=True)
    words = {*around, *phrase}
    assert keys is not None
    assert any(
        word == key.strip() or (not key.endswith(" ") and word.startswith(key)) for key in keys for word in words
    )
