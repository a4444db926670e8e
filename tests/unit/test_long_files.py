"""Long files and hostile heads: cut into entries by a cheap scan, searched within bounds, refused before they cost."""

import string
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from seasoned import skill
from seasoned.errors import Invalid
from seasoned.skill import (
    ENTRIES_SEARCHED_MAX,
    ENTRY_CHARS_MAX,
    FRONTMATTER_ALIASES_MAX,
    FRONTMATTER_DEPTH_MAX,
    PARSED_CHARS_MAX,
    PARSED_LINES_MAX,
    REST_PLACE_CHARS,
    REST_PLACES,
    entries,
    find_entry,
    parse_skill_file,
    replace_entry,
    searched,
)

WORD = st.text(string.ascii_letters, min_size=1, max_size=8)
ITEM = st.builds("- {}\n{}".format, WORD, st.sampled_from(["", "  more\n", "\n  more\n", "  - inner\n", "lazy\n"]))
NUMBERED = st.builds("{}. {}\n".format, st.integers(1, 99), WORD)
SECTION = st.builds(
    "## {}\n\n{}".format, WORD, st.sampled_from(["", "text\n", "- inner\n", "```\n## no\n```\n", "### deep\n"])
)
FILE = st.tuples(
    st.sampled_from(["", "# Title\n", "---\nname: x\n---\n# Title\n", "words before\n\n", "* * *\n\n"]),
    (st.lists(ITEM, max_size=6) | st.lists(NUMBERED, max_size=6)).map("".join),
    st.sampled_from(["", "\nwords between\n\n", "\n```\n- no\n```\n"]),
    st.lists(SECTION, max_size=6).map("".join),
).map("".join)


@settings(max_examples=150, deadline=None)
@given(FILE, st.booleans())
def test_a_scan_finds_what_the_parser_finds(text: str, crlf: bool) -> None:
    text = text.replace("\n", "\r\n") if crlf else text
    assert list(skill._scanned(text)) == entries(text)


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("#-*+>` ~=_[]()<!\\|1.\n\n\r\tab\ufeff"), max_size=80), st.integers(0, 9))
def test_a_scan_of_any_text_gives_entries_in_order_that_lie_in_it(text: str, which: int) -> None:
    lines, last = text.split("\n"), 0
    found = list(skill._scanned(text))
    for entry in found:
        assert last <= entry.start < entry.end <= len(lines)
        assert entry.text == "\n".join(lines[entry.start : entry.end])
        last = entry.end
    if which < len(found):
        assert replace_entry(text, found[which], "").split("\n")[: found[which].start] == lines[
            : found[which].start
        ] or (not "".join(lines[found[which].end :]).strip())


UNITS = [
    "- ",
    "-",
    " ",
    "- a\n",
    "- a\n\n",
    "1. a\n",
    "## h\n",
    "* * * a\n",
    "> - a\n",
    "- - - - a\n",
    "[a](b) ",
    "| a | b |\n",
    "\t- a\n",
    "```\n",
    "word ",
    "<a>\n",
    "a\n",
]


@pytest.mark.parametrize("unit", UNITS)
def test_a_long_file_is_never_parsed_and_searched_within_bounds(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skill, "_markdown", None)
    text = unit * (2 * 1024 * 1024 // len(unit))
    found = searched("notes/long.md", text)
    assert len(found.entries) <= ENTRIES_SEARCHED_MAX
    assert all(len(one) <= ENTRY_CHARS_MAX for one in (*found.entries, found.rest))
    assert found.more is (len(found.entries) == ENTRIES_SEARCHED_MAX)


def test_what_is_parsed_is_bounded_in_characters_and_in_lines() -> None:
    assert skill._is_parsed("a" * PARSED_CHARS_MAX)
    assert not skill._is_parsed("a" * (PARSED_CHARS_MAX + 1))
    assert skill._is_parsed("a\n" * (PARSED_LINES_MAX - 1))
    assert not skill._is_parsed("a\n" * PARSED_LINES_MAX)


def test_an_entry_of_a_long_file_is_found_and_replaced() -> None:
    text = "# T\n\n" + "".join(f"- item {number}\n" for number in range(2 * PARSED_LINES_MAX))
    found = find_entry(text, "- item 7000")
    assert found is not None
    assert replace_entry(text, found, "- other") == text.replace("- item 7000\n", "- other\n")


def test_the_rest_of_a_long_file_is_told_by_words_from_all_over_it() -> None:
    head = "- a\n" * ENTRIES_SEARCHED_MAX
    rest = "".join(f"- {word} x\n" + "- y\n" * 20_000 for word in ("alphabet", "betatron", "gammaray"))
    place = len(head) + 20_000 * 4
    assert place > REST_PLACE_CHARS * REST_PLACES
    found = searched("long.md", head + rest)
    assert "alphabet" in found.rest
    assert len(found.entries) == ENTRIES_SEARCHED_MAX
    assert searched("long.md", head).rest == ""


HEADS = {
    "nested lists": "a: " + "[" * 10_000,
    "nested maps": "a: " + "{a: " * 6_000,
    "nested blocks": "a:\n" + "".join(" " * depth + "- \n" for depth in range(1, 200)),
    "nested items": "a:\n  " + "- " * 10_000 + "x",
    "nested keys": "? " * 10_000 + "x",
    "anchors": "a: [" + ", ".join(f"&a{number} x" for number in range(3_000)) + "]",
    "aliases": "a: &a x\nb: [" + ", ".join(["*a"] * 3_000) + "]",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_a_hostile_head_is_refused_before_it_is_read(head: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    parse = yaml.parse

    def counted(source: str, Loader: type[yaml.BaseLoader]) -> Iterator[object]:  # noqa: N803 - its own name
        for event in parse(source, Loader):
            read.append(event)
            yield event

    def load(*args: object, **named: object) -> object:
        raise AssertionError("it was composed")

    monkeypatch.setattr(yaml, "parse", counted)
    monkeypatch.setattr(yaml, "load", load)
    with pytest.raises(Invalid, match=r"SKILL\.md's front matter"):
        parse_skill_file(f"---\nname: x\ndescription: y\n{head}\n---\n")
    assert len(read) < 12 + 4 * max(FRONTMATTER_DEPTH_MAX, FRONTMATTER_ALIASES_MAX)
