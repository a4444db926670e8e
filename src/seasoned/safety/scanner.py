"""Looking for text that must not become part of a skill by itself: orders to agents, traps and hidden characters.

What is learned comes from messages, and messages are written by anybody. The scanner errs on the side of holding
back: what it flags is not lost, it waits for a person with the reason.

A text is looked at three times: as it stands, for commands and markup (`shapes`); in its plain view, for what is said to
agents (`speech`); and the same again for what it holds in a code (`surface`). Everything is bounded, so that megabytes
of hostile text cost no more than their length.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from seasoned.safety import deobfuscate
from seasoned.safety.dangerous_commands import SHAPES, UNSEEN, UNSEEN_CHARS, Shape
from seasoned.safety.injection_phrases import BY_WORD, IGNORES, STRETCH, UNSPACED, WORD, Phrase

REASONS_MAX: Final = 5
# So many beginnings of one kind and no end to any of them is nothing that anybody learned.
ANCHORS_MAX: Final = 5_000
# A code within a code is looked into, and no further.
DEPTH_MAX: Final = 2
# Pieces of a text whose words ran together, as when each letter stands apart.
_RUN_TOGETHER: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override)(?:all|the|any|your|my|every|of){0,4}(?:previous|prior|above|earlier|system)"
)
_TURNED: Final = {
    **{codecs.encode(word, "rot13"): word for word in ("ignore", "disregard", "instructions", "forget")},
    **{word[::-1]: word for word in ("ignore", "disregard", "instructions", "forget")},
}

_TELLING: Final = frozenset(BY_WORD) | {"instructions", "previous", "prompt", "system", "rules", "secrets", "password"}

# Words that may stand between a warning and what it warns of: "never use X", "do not commit with X".
_WARNED: Final = re.compile(
    r"\b(?:never|do not|don['’]t|must not|avoid|instead of|rather than|not)[ ]{1,2}(?:(?:use|using|pass|add|set|try"
    r"|with|the|a|any|commit|push|run|git|flag|option"
    r"|curl|ever|call|requests?|merge|approve|you|should)[ ]{1,2}){0,4}[`\"'(*]{0,3}(?:git (?:commit|push) )?\Z",
    re.IGNORECASE,
)


def scan(text: str) -> list[str]:
    """Why a text must not go live by itself, at most five reasons; empty when nothing was found."""
    return list(dict.fromkeys(_reasons(text, 0)))[:REASONS_MAX]


def _reasons(text: str, depth: int) -> Iterator[str]:
    plain = deobfuscate.plain(text)
    yield from _said(plain)
    yield from _shaped(text)
    if not text.isascii():
        whole = unicodedata.normalize("NFKC", text)
        yield from (reason for reason, pattern in UNSPACED if pattern.search(whole))
        if UNSEEN_CHARS.search(text):
            yield UNSEEN
    yield from _said(deobfuscate.without_leet(plain, _TELLING))
    words = set(plain.split())
    if not words.isdisjoint(_TURNED):
        yield from _said(codecs.encode(plain, "rot13"))
        yield from _said(plain[::-1])
    if depth < DEPTH_MAX:
        for inner in deobfuscate.hidden(text):
            yield from _reasons(inner, depth + 1)


def _said(plain: str) -> Iterator[str]:
    """What phrases find in a plain view."""
    counts: dict[str, int] = {}
    found: set[str] = set()
    for match in WORD.finditer(plain):
        word = match.group()
        phrases = BY_WORD.get(word)
        if phrases is None:
            continue
        counts[word] = counts.get(word, 0) + 1
        if counts[word] > ANCHORS_MAX:
            yield phrases[0].reason
            return
        for phrase in phrases:
            if phrase.reason not in found and _is_said(phrase, plain, match.start()):
                found.add(phrase.reason)
                yield phrase.reason
    if _RUN_TOGETHER.search(plain):
        yield IGNORES


def _is_said(phrase: Phrase, plain: str, start: int) -> bool:
    if phrase.pattern.match(plain, start, start + STRETCH) is None:
        return False
    return not (phrase.unless_warned and _WARNED.search(plain[max(0, start - 60) : start]))


def _shaped(text: str) -> Iterable[str]:
    joined = text.replace("\\\r\n", " ").replace("\\\n", " ")
    small = joined.lower()
    found: dict[str, None] = {}
    for shape in SHAPES:
        if shape.reason not in found and _may_occur(shape, small) and _occurs(shape, joined):
            found[shape.reason] = None
    return found


def _may_occur(shape: Shape, small: str) -> bool:
    if shape.long_word:
        return re.search(rf"\S{{{shape.long_word}}}", small) is not None
    return not shape.hints or any(hint in small for hint in shape.hints)


def _occurs(shape: Shape, text: str) -> bool:
    for count, match in enumerate(shape.anchor.finditer(text)):
        if count >= ANCHORS_MAX:
            return True
        if shape.near is not None and shape.near.search(_around(text, match, shape.before, shape.after)) is None:
            continue
        if shape.unless_warned and _WARNED.search(
            text[max(text.rfind("\n", 0, match.start()) + 1, match.start() - 60) : match.start()]
        ):
            continue
        return True
    return False


def _around(text: str, match: re.Match[str], before: int, after: int) -> str:
    """The anchor with what is near it on its line."""
    start = max(text.rfind("\n", max(0, match.start() - before), match.start()) + 1, match.start() - before, 0)
    end = text.find("\n", match.end(), match.end() + after)
    return text[start : end if end != -1 else match.end() + after]
