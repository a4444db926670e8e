"""SKILL.md heads against the reference validator, paths, and the laws of entries."""

import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from skills_ref import validate
from skills_ref.parser import find_skill_md, parse_frontmatter

from seasoned.errors import Invalid, TooLarge
from seasoned.paths import check_path
from seasoned.skill import (
    FRONTMATTER_CHARS_MAX,
    Frontmatter,
    add_entry,
    check_standard,
    entries,
    entry_key,
    find_entry,
    parse_skill_file,
    render_skill_file,
    replace_entry,
    slug,
)
from tests.support.growth import check_linear, text_of

SKILL_NAMES = st.from_regex(r"[a-z0-9]{1,12}(-[a-z0-9]{1,8}){0,4}", fullmatch=True)
DESCRIPTIONS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=300).filter(lambda text: bool(text.split()))


def faults_of(text: str, name: str) -> list[str]:
    """What the reference validator says about a SKILL.md in a folder of this name."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / name
        folder.mkdir()
        (folder / "SKILL.md").write_text(text, encoding="utf-8", newline="")
        assert find_skill_md(folder) == folder / "SKILL.md"
        faults: list[str] = validate(folder)
        return faults


# --- the head ---------------------------------------------------------------------------------------------------------


@given(SKILL_NAMES, DESCRIPTIONS, st.text(st.characters(codec="utf-8"), max_size=60))
def test_what_is_rendered_is_valid_and_reads_back(name: str, description: str, body: str) -> None:
    text = render_skill_file(Frontmatter(name=name, description=description, body=body))
    assert faults_of(text, name) == []
    head = parse_skill_file(text)
    assert (head.name, head.description) == (name, " ".join(description.split()))
    assert check_standard(head) == []


@given(
    DESCRIPTIONS, st.dictionaries(st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z]", fullmatch=True), DESCRIPTIONS, max_size=3)
)
def test_the_reference_reads_the_same_values(description: str, metadata: dict[str, str]) -> None:
    head = Frontmatter(name="notes", description=description, extra={"license": "MIT --- x"}, metadata=metadata)
    text = render_skill_file(head)
    theirs, _ = parse_frontmatter(text)
    assert theirs["description"] == " ".join(description.split())
    assert theirs["license"] == "MIT --- x"
    assert theirs.get("metadata", {}) == {key: " ".join(value.split()) for key, value in metadata.items()}
    assert parse_skill_file(text).metadata == theirs.get("metadata", {})


@pytest.mark.parametrize(
    "description", ["a --- b", "---", "-" * 9, "a: b # c", "'\"\\", "{a}", "%x", "- x", "no", "\x00x"]
)
def test_descriptions_that_break_yaml_do_not(description: str) -> None:
    text = render_skill_file(Frontmatter(name="notes", description=description, metadata={"a: b": "c", "yes": "no"}))
    assert faults_of(text, "notes") == []
    assert parse_skill_file(text).description == description
    assert parse_skill_file(text).metadata == {"a: b": "c", "yes": "no"}


MUTANTS: list[Frontmatter] = [
    Frontmatter(name="notes", description="d"),
    Frontmatter(name="Notes", description="d"),
    Frontmatter(name="no tes", description="d"),
    Frontmatter(name="-notes", description="d"),
    Frontmatter(name="notes-", description="d"),
    Frontmatter(name="no--tes", description="d"),
    Frontmatter(name="no_tes", description="d"),
    Frontmatter(name="n" * 64, description="d"),
    Frontmatter(name="n" * 65, description="d"),
    Frontmatter(name="notes", description="d" * 1_024),
    Frontmatter(name="notes", description="d" * 1_025),
    Frontmatter(name="notes", description="d", extra={"version": "1"}),
    Frontmatter(name="notes", description="d", extra={"license": "MIT", "allowed-tools": "Bash"}),
    Frontmatter(name="notes", description="d", extra={"compatibility": "c" * 500}),
    Frontmatter(name="notes", description="d", extra={"compatibility": "c" * 501}),
    Frontmatter(name="notes", description="d", metadata={"version": "1"}),
]


@pytest.mark.parametrize(
    "head", MUTANTS, ids=lambda head: f"{head.name[:9]}-{len(head.description)}-{list(head.extra)}"
)
def test_the_reference_finds_fault_exactly_where_we_do(head: Frontmatter) -> None:
    assert bool(check_standard(head)) == bool(faults_of(render_skill_file(head), head.name))


def test_we_take_ascii_names_only_where_the_reference_takes_any_letters() -> None:
    head = Frontmatter(name="käse", description="d")
    assert faults_of(render_skill_file(head), "käse") == []
    assert check_standard(head) != []


def test_scalars_stay_what_was_written() -> None:
    head = parse_skill_file("---\nname: 1.10\ndescription: no\nlicense: 2026-01-02\n---\n")
    assert (head.name, head.description, head.extra) == ("1.10", "no", {"license": "2026-01-02"})


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "# x",
            "---\nname: x\n",
            "---\nname: [\n---\n",
            "---\n- a\n---\n",
            "---\nname: x\n---\n",
            "---\n\x00\n---\n",
        ),
        *(
            "---\n? {a: b}\n: c\n---\n",
            "---\nname: !!python/object:os.system x\ndescription: [a]\n---\n",
            "---\n*a\n---\n",
        ),
    ],
)
def test_a_head_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_skill_file(text)


@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"#%@`?,\n \t\x00é"), max_size=60))
def test_any_head_is_read_or_refused_with_our_error(inner: str) -> None:
    try:
        head = parse_skill_file(f"---\nname: a\ndescription: b\n{inner}\n---\n")
    except Invalid:
        return
    assert head.name.strip()
    assert head.description.strip()


def test_aliases_do_not_unfold() -> None:
    levels = "\n".join(f"a{n}: &a{n} [{'*a' + str(n - 1) if n else 'x'}]" for n in range(8))
    assert parse_skill_file(f"---\n{levels}\nname: x\ndescription: y\n---\n").name == "x"


def test_a_head_of_megabytes_is_refused() -> None:
    with pytest.raises(TooLarge):
        parse_skill_file("---\nname: x\ndescription: " + "y" * FRONTMATTER_CHARS_MAX + "\n---\n")


@given(st.text(max_size=90))
def test_a_slug_is_always_a_valid_name(text: str) -> None:
    assert check_standard(Frontmatter(name=slug(text), description="d")) == []


@pytest.mark.parametrize(
    "path",
    [
        *("", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\\b", "C:/a", "c:a", "a\x00", "a\nb", "a ", " a", "a/b /c"),
        *("x" * 241, "é" * 128, "\udc80", "a/\x85"),
    ],
)
def test_a_path_that_is_not_safe_everywhere_is_refused(path: str) -> None:
    with pytest.raises(Invalid):
        check_path(path)


def test_a_path_has_one_form() -> None:
    assert check_path("notes/e\u0301.md") == check_path("notes/\u00e9.md") == "notes/\u00e9.md"


# --- entries ----------------------------------------------------------------------------------------------------------

WORD = st.text("abcdefgh .,`*_()é0123#-", min_size=1, max_size=20).map(lambda text: f"w{text}".strip())
PARAGRAPH = st.lists(WORD, min_size=1, max_size=3).map("\n".join)
FENCE = st.lists(st.sampled_from(["## not a heading", "- not an item", "", "code", "", ""]), max_size=5).map(
    lambda lines: "\n".join(["```", *lines, "```"])
)
SECTION = st.tuples(st.sampled_from(["##", "###"]), WORD, st.lists(PARAGRAPH | FENCE, max_size=3)).map(
    lambda made: "\n\n".join([f"{made[0]} {made[1]}", *made[2]])
)
ITEM = st.lists(WORD, min_size=1, max_size=3).map(lambda lines: "- " + "\n  ".join(lines))
HEADS = st.sampled_from(["", "---\nname: x\ndescription: y\n---\n\n", "---\nname: x\n## y\n- z\n---\n"])
TITLES = st.sampled_from(["# Title\n\n", "# Title\n\nSome words.\n\n", "Some words.\n\n"])


@st.composite
def entry_files(draw: st.DrawFn, entry: st.SearchStrategy[str], between: str) -> tuple[str, list[str]]:
    """A file and its entries, with either kind of line end, with a final line end or without."""
    made = draw(st.lists(entry, max_size=5))
    text = draw(HEADS) + draw(TITLES) + between.join(made)
    text = text.rstrip("\n") + draw(st.sampled_from(["", "\n", "\n\n"]))
    return (text.replace("\n", "\r\n") if draw(st.booleans()) else text), made


def unix(texts: list[str]) -> list[str]:
    """Without what white space at line ends may differ in."""
    return ["\n".join(line.rstrip() for line in text.split("\n")) for text in texts]


def texts_of(text: str) -> list[str]:
    return unix([entry.text for entry in entries(text)])


KINDS = [(SECTION, "\n\n"), (ITEM, "\n")]


@given(st.one_of(*(entry_files(entry, between) for entry, between in KINDS)))
def test_entries_are_what_was_put_together(made: tuple[str, list[str]]) -> None:
    text, parts = made
    assert texts_of(text) == unix(parts)


@given(st.one_of(*(st.tuples(entry_files(entry, between), entry) for entry, between in KINDS)))
def test_an_added_entry_is_found_and_the_others_stay(made: tuple[tuple[str, list[str]], str]) -> None:
    (text, parts), new = made
    after = add_entry(text, new)
    assert texts_of(after) == unix([*parts, new])
    assert find_entry(after, new) is not None
    assert after.startswith(text.rstrip())
    assert ("\r" in after) == ("\r\n" in text)
    assert after.count("\r\n") in (0, after.count("\n"))


@given(st.one_of(*(st.tuples(entry_files(entry, between), entry) for entry, between in KINDS)))
def test_removing_an_added_entry_restores_the_file(made: tuple[tuple[str, list[str]], str]) -> None:
    (text, _), new = made
    after = add_entry(text, new)
    assert replace_entry(after, entries(after)[-1], "").rstrip() == text.rstrip()


@given(st.one_of(*(st.tuples(entry_files(entry, between), entry, st.integers(0, 4)) for entry, between in KINDS)))
def test_replacing_or_removing_an_entry_touches_no_other_line(made: tuple[tuple[str, list[str]], str, int]) -> None:
    (text, parts), new, which = made
    found = entries(text)
    if which >= len(found):
        return
    replaced = replace_entry(text, found[which], new)
    assert texts_of(replaced) == unix([*parts[:which], new, *parts[which + 1 :]])
    lines = text.split("\n")
    assert replaced.split("\n")[: found[which].start] == lines[: found[which].start]
    removed = replace_entry(text, found[which], "")
    assert texts_of(removed) == unix([*parts[:which], *parts[which + 1 :]])


def test_blank_lines_inside_another_entry_stay() -> None:
    code = "## b\n\n```\n1\n\n\n\n2\n```"
    text = f"# T\n\n## a\n\nx\n\n{code}\n"
    assert replace_entry(text, entries(text)[0], "## a\n\ny") == f"# T\n\n## a\n\ny\n\n{code}\n"
    assert replace_entry(text, entries(text)[0], "") == f"# T\n\n{code}\n"


def test_fences_quotes_and_nested_items_are_no_entries() -> None:
    listed = "- a\n  - nested\n  1. too\n- b\n\n> ## quoted\n> - item\n\n"
    text = f"# T\n\n{listed}~~~\n## x\n- y\n~~~\n\n    ## indented\n\n## s\n\n- in s\n"
    assert texts_of(text) == ["- a\n  - nested\n  1. too", "- b", "## s\n\n- in s"]


def test_front_matter_is_no_entry_and_stays_to_the_byte() -> None:
    head = "\ufeff---\nname: x\ndescription: y\n\n\n\n# no\n- no\n---\n"
    text = head + "\n- a\n- b\n"
    assert texts_of(text) == ["- a", "- b"]
    assert replace_entry(text, entries(text)[0], "").startswith(head)
    assert add_entry(text, "- c") == text + "- c\n"


def test_a_lone_carriage_return_moves_no_entry() -> None:
    text = "# T\rx\n\n## a\n\ny\n\n## b\n"
    assert texts_of(text) == ["## a\n\ny", "## b"]


def test_an_entry_is_found_with_other_line_ends_and_spaces_behind() -> None:
    text = "# T\r\n\r\n## a  \r\n\r\nx\r\n"
    found = find_entry(text, "## a\n\nx\n")
    assert found is not None
    assert replace_entry(text, found, "## a\n\nz") == "# T\r\n\r\n## a\r\n\r\nz\r\n"
    assert find_entry(text, "## A\n\nx") is None


@given(st.text(st.sampled_from("#-*+>` ~=_[]()<!\\|1.\n\n\r\tab\ufeff"), max_size=80), st.integers(0, 9))
def test_any_text_has_entries_in_order_that_lie_in_it(text: str, which: int) -> None:
    lines, last = text.split("\n"), 0
    found = entries(text)
    for entry in found:
        assert last <= entry.start < entry.end <= len(lines)
        assert entry.text == "\n".join(lines[entry.start : entry.end])
        last = entry.end
    if which < len(found):
        assert replace_entry(text, found[which], "").split("\n")[: found[which].start] == lines[
            : found[which].start
        ] or (not "".join(lines[found[which].end :]).strip())


def test_a_key_ignores_case_and_punctuation_only() -> None:
    assert entry_key("- **Run** `make all`!") == entry_key("run make ALL")
    assert entry_key("run make all") != entry_key("run make one")


INLINE = ["[", "![", "*a_", "`", "<a ", "&", "a\\", "[a]("]
BLOCKS = ["> ", "- ", "  - ", "[a]: b\n", "<!--", "# x\n", "- x\n", "\n", "~~~\n", "[a\n", "=\n", "- a\n  - b\n"]


@pytest.mark.parametrize(
    ("unit", "chars"), [*((unit, 200_000) for unit in INLINE), *((unit, 40_000) for unit in BLOCKS)]
)
def test_hostile_markdown_costs_no_more_than_its_length(unit: str, chars: int) -> None:
    fresh = itertools.count()  # entries of a text that was seen before are known
    check_linear(text_of(unit), lambda text: entries(f"{text} {next(fresh)}"), chars)
