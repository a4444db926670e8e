"""Looking for text that must not become part of a skill by itself: orders to agents, traps and hidden characters.

What is learned comes from messages, and messages are written by anybody. The scanner errs on the side of holding
back: what it flags is not lost, it waits for a person with the reason.

A text is looked at as it stands, for commands and markup; in its plain view, for what is said to agents; and the same
again for what it holds in a code (`deobfuscate.py`). Everything is bounded, so that megabytes of hostile text cost no
more than their length.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from seasoned.safety import deobfuscate, rules
from seasoned.safety.rules import Rule

REASONS_MAX: Final = 5
# How far a phrase may reach.
PHRASE_CHARS: Final = 200
# So many beginnings of one kind and no end to any of them is nothing that anybody learned.
BEGINNINGS_MAX: Final = 5_000
# A code within a code is looked into, and no further.
DEPTH_MAX: Final = 2

IGNORES: Final = "it tells an agent to ignore its instructions"
UNSEEN: Final = "it has characters that are not seen"
# Emoji and Persian need the joiners between letters of their own; flags of regions are the price.
_UNSEEN: Final = re.compile(
    "[\u00ad\u200b\u2060-\u2064\u202a-\u202e\u2066-\u2069\u180e\u115f\u1160\u3164\uffa0\U000e0000-\U000e01ef]"
    "|(?<!\\A)\ufeff|(?<![^\\x00-\\x7f])[\u200c-\u200f]|[\u200c-\u200f](?![^\\x00-\\x7f])|[\ufe00-\ufe0f]{2}"
)
_WORD: Final = re.compile(r"\w+")
# Pieces of a text whose words ran together, as when each letter stands apart.
_RUN_TOGETHER: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override)(?:all|the|any|your|my|every|of){0,4}(?:previous|prior|above|earlier|system)"
)
_TURNED: Final = {
    turned
    for word in ("ignore", "disregard", "instructions", "forget")
    for turned in (codecs.encode(word, "rot13"), word[::-1])
}
_TELLING: Final = frozenset({"instructions", "previous", "prompt", "system", "rules", "secrets", "password"})
# Words that may stand between a warning and what it warns of: "never use X", "do not commit with X".
_WARNED: Final = re.compile(
    r"\b(?:never|do not|don['’]t|must not|avoid|instead of|rather than|not)[ ]{1,2}(?:(?:use|using|pass|add|set|try"
    r"|with|the|a|any|commit|push|run|git|flag|option"
    r"|curl|ever|call|requests?|merge|approve|you|should)[ ]{1,2}){0,4}[`\"'(*]{0,3}(?:git (?:commit|push) )?\Z",
    re.IGNORECASE,
)
_WARNING_CHARS: Final = 60


def scan(text: str) -> list[str]:
    """Why a text must not go live by itself, at most five reasons; empty when nothing was found."""
    return list(dict.fromkeys(_reasons(text, 0)))[:REASONS_MAX]


def _reasons(text: str, depth: int) -> Iterator[str]:
    plain = deobfuscate.plain(text)
    yield from _said(plain)
    yield from written(text)
    if not text.isascii():
        whole = unicodedata.normalize("NFKC", text)
        yield from (phrase.reason for phrase in rules.phrases()[""] if phrase.compiled.search(whole))
        if _UNSEEN.search(text):
            yield UNSEEN
    yield from _said(deobfuscate.without_leet(plain, _TELLING | rules.phrases().keys()))
    if not _TURNED.isdisjoint(plain.split()):
        yield from _said(codecs.encode(plain, "rot13"))
        yield from _said(plain[::-1])
    if depth < DEPTH_MAX:
        for inner in deobfuscate.hidden(text):
            yield from _reasons(inner, depth + 1)


def _said(plain: str) -> Iterator[str]:
    """What phrases find in a plain view."""
    by_word = rules.phrases()
    counts: dict[str, int] = {}
    found: set[str] = set()
    for match in _WORD.finditer(plain):
        word = match.group()
        phrases = by_word.get(word)
        if phrases is None:
            continue
        counts[word] = counts.get(word, 0) + 1
        if counts[word] > BEGINNINGS_MAX:
            yield phrases[0].reason
            return
        for phrase in phrases:
            if phrase.reason not in found and is_said(phrase, plain, match.start()):
                found.add(phrase.reason)
                yield phrase.reason
    if _RUN_TOGETHER.search(plain):
        yield IGNORES


def is_said(phrase: Rule, plain: str, start: int) -> bool:
    """Whether a phrase stands at a place in a plain view."""
    if phrase.compiled.match(plain, start, start + PHRASE_CHARS) is None:
        return False
    return not (phrase.unless_warned and _WARNED.search(plain[max(0, start - _WARNING_CHARS) : start]))


def written(text: str, commands: Sequence[Rule] = ()) -> Iterator[str]:
    """What some commands, or all and all markup, find in a text whose commands stand on one line each."""
    joined = text.replace("\\\r\n", " ").replace("\\\n", " ")
    small = joined.lower()
    found: set[str] = set()
    for command in commands or rules.of("dangerous_commands", "markup"):
        if command.reason not in found and _may_occur(command, small) and _occurs(command, joined):
            found.add(command.reason)
            yield command.reason


def _may_occur(command: Rule, small: str) -> bool:
    if command.long_word:
        return re.search(rf"\S{{{command.long_word}}}", small) is not None
    return any(keyword in small for keyword in command.keywords)


def _occurs(command: Rule, text: str) -> bool:
    near = rules.compiled(command.near, ignore_case=True) if command.near else None
    for count, match in enumerate(command.compiled.finditer(text)):
        if count >= BEGINNINGS_MAX:
            return True
        if near is not None and near.search(_around(text, match, command.before, command.after)) is None:
            continue
        if command.unless_warned and _WARNED.search(text, _line_start(text, match, _WARNING_CHARS), match.start()):
            continue
        return True
    return False


def _around(text: str, match: re.Match[str], before: int, after: int) -> str:
    """A match with what is near it on its line."""
    start = _line_start(text, match, before)
    end = text.find("\n", match.end(), match.end() + after)
    return text[start : end if end != -1 else match.end() + after]


def _line_start(text: str, match: re.Match[str], before: int) -> int:
    """Where a match's line begins, at most so many characters before it."""
    first = max(0, match.start() - before)
    return max(text.rfind("\n", first, match.start()) + 1, first)
