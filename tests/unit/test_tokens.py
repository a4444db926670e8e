"""Counting tokens as OpenAI's o200k_base does, offline."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned.tokens import count_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("hello world", 2), ("The quick brown fox jumps over the lazy dog.", 10), ("tiktoken is great!", 6)],
)
def test_known_counts(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_every_text_has_a_count_within_its_bytes(text: str) -> None:
    assert (0 if not text else 1) <= count_tokens(text) <= len(text.encode())


def test_special_tokens_are_plain_text() -> None:
    assert count_tokens("<|endoftext|>") > 1
