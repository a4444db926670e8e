"""The catalogue of a space over any skills."""

from hypothesis import given
from hypothesis import strategies as st

from seasoned.engine.catalogue import CATALOGUE_CHARS_MAX, CATALOGUED_MAX, DESCRIPTION_CHARS_MIN, Catalogue, catalogue
from seasoned.store.skills import SkillRow

TEXTS = st.text(max_size=1_024)


def row(number: int, name: str, description: str) -> SkillRow:
    return SkillRow(str(number), "p", None, name, description, "d", None, 1, "", 0, 0)


def made(skills: list[tuple[str, str]]) -> Catalogue:
    return catalogue([row(at, *one) for at, one in enumerate(skills)][:CATALOGUED_MAX], len(skills))


@given(st.lists(st.tuples(st.text(min_size=1, max_size=64), TEXTS), max_size=30), st.integers(1, 60))
def test_it_fits_and_each_skill_has_a_line_or_is_counted(skills: list[tuple[str, str]], times: int) -> None:
    many = skills * times
    found = made(many)
    lines = found.text.splitlines()
    assert len(found.text) <= CATALOGUE_CHARS_MAX
    assert len(found.skills) + found.left_out == len(many)
    assert len(lines) == len(found.skills) + bool(found.left_out)
    assert [(one.name, one.id) for one in found.skills] == sorted((one.name, one.id) for one in found.skills)


def test_few_skills_are_told_in_full() -> None:
    found = made([("npm", "Use before npm.\nAnd after."), ("git", "Use before\x1b git.\u202e")])
    assert found.text == "- git: Use before git.\n- npm: Use before npm. And after."
    assert found.left_out == 0


def test_long_descriptions_are_cut_to_one_length_before_any_skill_is_left_out() -> None:
    found = made([("short", "Use before npm."), *((f"long-{at}", "word " * 200) for at in range(40))])
    lengths = {one.name: len(one.description) for one in found.skills}
    assert (lengths.pop("short"), len(set(lengths.values()))) == (len("Use before npm."), 1)
    assert min(lengths.values()) > 2 * DESCRIPTION_CHARS_MIN
    assert found.left_out == 0


def test_what_did_not_change_for_longest_is_left_out_and_counted() -> None:
    found = made([(f"skill-{at:04}", "word " * 200) for at in range(3_000)])
    assert found.left_out > 0
    assert [one.name for one in found.skills] == [f"skill-{at:04}" for at in range(len(found.skills))]
    assert found.text.endswith(f"({found.left_out} more skills are not listed here.)")
    assert len(found.text) > CATALOGUE_CHARS_MAX * 0.9
