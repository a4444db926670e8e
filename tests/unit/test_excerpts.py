"""Excerpts of what a search has found."""

from hypothesis import given
from hypothesis import strategies as st

from seasoned.engine.search import BEFORE_CHARS, EXCERPT_CHARS, excerpt_of, fused

TEXT = f"{'Before. ' * 60}The worker was restarted after the deployment of the billing service. {'After. ' * 60}"


def test_an_excerpt_is_the_piece_with_the_most_words_and_says_where_they_are() -> None:
    excerpt, marks = excerpt_of(TEXT, ["deploy", "billing", "restarting"])
    assert [excerpt[mark.start : mark.end] for mark in marks] == ["restarted", "deployment", "billing"]
    assert excerpt[0] == excerpt[-1] == "…"


@given(st.text(max_size=2_000), st.lists(st.text(min_size=1, max_size=12), max_size=5))
def test_an_excerpt_is_short_and_its_marks_are_inside(text: str, words: list[str]) -> None:
    excerpt, marks = excerpt_of(text, words)
    assert len(excerpt) <= EXCERPT_CHARS + BEFORE_CHARS + 2
    assert "\n" not in excerpt
    assert all(0 <= mark.start < mark.end <= len(excerpt) for mark in marks)


def test_several_rankings_are_fused_by_rank_and_one_stays_as_it_is() -> None:
    one, other = {("a", "1"): 9.0, ("a", "2"): 8.0}, {("b", "1"): 900.0, ("a", "2"): 1.0}
    assert list(fused([one, other])) == [("a", "2"), ("a", "1"), ("b", "1")]
    assert fused([one]) == one
