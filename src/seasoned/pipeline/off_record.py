"""What a person wants written down nowhere, and whether a text repeats it."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from seasoned.lesson import folded
from seasoned.message import NumberedMessage
from seasoned.safety import rules
from seasoned.safety.origin import SENTENCE, SHARE_MIN, pieces, runs, words_of

# A sentence that only asks not to be written down is about what was said before it.
REQUEST_WORDS_MAX: Final = 4
SAID_KEPT_MAX: Final = 2_000
# What tells of a text even where its sentences are others: numbers, addresses, names of two words.
_VALUE: Final = re.compile(
    r"(?=\w{0,40}\d)\w(?:[\w@.+-]{1,80}\w)|[\w.+-]{1,64}@[\w-]{1,80}\.\w+|[A-Z][\w'-]{1,40} [A-Z][\w'-]{1,40}"
)


class OffRecord:
    """What the person said with a request not to write it down."""

    def __init__(self, messages: Iterable[NumberedMessage]) -> None:
        found, before = list[str](), ""
        for stored in messages:
            said = stored.message.words_of("person")
            told, means_before = _off_record(said)
            found += [*told, *([before] if means_before else [])]
            before = said or before
        self.texts = tuple(found)
        self._known = [(runs(words_of(text)), _values(text)) for text in found]

    def is_repeated_in(self, text: str) -> bool:
        """Whether a text says some of it again."""
        said, values = [runs(words_of(piece)) for piece in pieces(text)] if self._known else [], _values(text)
        return any(
            values & secret
            or any(len(told & run) >= SHARE_MIN * min(len(told), len(run)) for run in said if told and run)
            for told, secret in self._known
        )


@lru_cache(SAID_KEPT_MAX)
def _off_record(said: str) -> tuple[tuple[str, ...], bool]:
    """The sentences of a message that are off the record, and whether the message before it is meant too."""
    signs = rules.of_kinds("off_record")
    if not any(sign.compiled.search(said) for sign in signs):
        return (), False
    sentences = [piece for piece in SENTENCE.split(said) if piece.strip()]
    found, means_before = list[str](), False
    for at, piece in enumerate(sentences):
        hits = [hit.group() for sign in signs if (hit := sign.compiled.search(folded(piece)))]
        if hits:
            found.append(piece)
        if hits and len(words_of(piece).split()) - len(words_of(hits[0]).split()) < REQUEST_WORDS_MAX:
            found += sentences[at - 1 : at] if at else sentences[1:2]
            means_before |= len(sentences) == 1
    return tuple(found), means_before


def _values(text: str) -> set[str]:
    return {value.casefold() for value in _VALUE.findall(text)}
