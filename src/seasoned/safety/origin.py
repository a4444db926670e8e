"""Whose words a proposed text repeats: orders that came from tools, pages, mails or other agents do not go live.

Every run of three words belongs to whoever said it first; a person may make it theirs at any time. A sentence whose
words are mostly foreign is an order when it asks for something; an address, a switch or a command is one wherever it
stands. Runs of words work in any script: signs of scripts without spaces count as words. What an agent was told and
then did stays foreign, so that obeying an order does not make it the agent's own. Two things are the agent's: what a
line of an error says of the failed call, and a switch or command of the failed program that the agent then ran.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from seasoned.lesson import folded
from seasoned.message import NumberedMessage, Part, Passage
from seasoned.safety import rules
from seasoned.safety.deobfuscate import plain
from seasoned.safety.rules import Rule

# A name of a file or a topic of so many words is read as a sentence.
NAME_WORDS_MIN: Final = 4
RUN: Final = 3
# So much of a sentence must be foreign. An agent that repeats something changes a word here and there.
SHARE_MIN: Final = 0.5
PIECES_MAX: Final = 400
ANSWER_ENDS_CHARS: Final = 400
# A sentence that only asks not to be written down is about what was said before it.
REQUEST_WORDS_MAX: Final = 4
SAID_KEPT_MAX: Final = 2_000

_TOKENS: Final = ("weakening", "address", "switch", "command")
_THEIRS: Final = "in words of a tool, a page or a mail"
_FOREIGN: Final = frozenset({"tool", "quoted", "peer"})
_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；।])|\n+")
# Scripts that put no spaces between words: each sign is one.
_ALONE: Final = re.compile("([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
_WORD: Final = re.compile(r"\w+")
_COMMAND: Final = re.compile(r'"(?:command|cmd|script|code)"\s*:\s*"((?:[^"\\]|\\.){1,2000})')
_PROGRAM: Final = re.compile(r"(?:^|[;&|]|\\n) *(?:sudo |\w{1,40}=\S{0,80} )*(?!cd )([\w./-]{1,80})")
_VALUE: Final = re.compile(
    r"(?=\w{0,40}\d)\w(?:[\w@.+-]{1,80}\w)|[\w.+-]{1,64}@[\w-]{1,80}\.\w+|[A-Z][\w'-]{1,40} [A-Z][\w'-]{1,40}"
)


class _Said(NamedTuple):
    """Some words of one author. `program` names what a call runs, or what the call ran that the error is about."""

    words: str
    author: str
    program: str = ""
    is_error: bool = False


class Origin:
    """Who first said the words of some proposed texts. `private` are words that a person wants written down nowhere."""

    def __init__(self, messages: Sequence[NumberedMessage], texts: Sequence[str], private: Sequence[str] = ()) -> None:
        self._said = tuple(_all_said(messages)) if any(map(_is_said_by_others, messages)) else ()
        self._private = tuple((_runs(_words(text)), _values(text)) for text in private)
        self._owners: dict[str, _Said] = {}
        wanted = {
            run for text in (texts if self._said else ()) for piece in _pieces(text) for run in _runs(_words(piece))
        }
        for one in self._said:
            for run in wanted & _runs(one.words):
                if one.author == "person" or run not in self._owners:
                    self._owners[run] = one

    def objection(self, text: str) -> str:
        """Why a text must not go live by itself; empty when nothing of it is a foreign order."""
        for piece in _pieces(text) if self._said else ():
            for sign in rules.of_kinds(*_TOKENS):
                if any(self._is_order(sign, _words(match.group())) for match in sign.compiled.finditer(piece)):
                    return f"{sign.reason}, {_THEIRS}"
            if reason := self._asked(piece):
                return f"{reason}, {_THEIRS}"
        return ""

    def is_foreign_name(self, name: str) -> bool:
        """Whether a name of several words was said by a tool or in quoted text first."""
        words = _words(name)
        return len(words.split()) >= NAME_WORDS_MIN and _is_foreign(self._first(words))

    def is_private(self, text: str) -> bool:
        """Whether a text repeats what a person wants written down nowhere."""
        runs, values = [_runs(_words(piece)) for piece in _pieces(text)], _values(text)
        return any(
            values & secret
            or any(len(told & run) >= SHARE_MIN * min(len(told), len(run)) for run in runs if told and run)
            for told, secret in self._private
        )

    def _first(self, words: str) -> _Said | None:
        """Who said some words first; what a person said anywhere is the person's."""
        found = [one for one in self._said if words in one.words]
        return next((one for one in found if one.author == "person"), found[0] if found else None)

    def _is_order(self, sign: Rule, words: str) -> bool:
        first = self._first(words) if words.strip() else None
        if first is None:
            return sign.kind == "command" and self._foreign_share(words)[0] > SHARE_MIN
        if not _is_foreign(first) or sign.kind not in ("switch", "command") or not first.is_error:
            return _is_foreign(first)
        ran = (one for one in self._said if one.author == "call" and {*one.program.split()} & {*first.program.split()})
        return not any(words in one.words for one in ran)

    def _asked(self, piece: str) -> str:
        share, only_errors = self._foreign_share(_words(piece))
        if share < SHARE_MIN:
            return ""
        signs = rules.of_kinds("standing", "asking") if only_errors else rules.of_kinds("standing", "asking", "modal")
        return next((sign.reason for sign in signs if sign.compiled.search(piece)), "")

    def _foreign_share(self, words: str) -> tuple[float, bool]:
        """How much of a sentence is foreign, and whether all of that is of errors."""
        runs = _runs(words)
        foreign = [one for run in runs if _is_foreign(one := self._owners.get(run))]
        return len(foreign) / max(1, len(runs)), all(one is not None and one.is_error for one in foreign)


def private_words(messages: Iterable[NumberedMessage]) -> tuple[str, ...]:
    """What the person said with a request not to write it down."""
    found, before = [], ""
    for stored in messages:
        said = stored.message.words_of("person")
        pieces, means_before = _off_record(said)
        found += [*pieces, *([before] if means_before else [])]
        before = said or before
    return tuple(found)


@lru_cache(SAID_KEPT_MAX)
def _off_record(said: str) -> tuple[tuple[str, ...], bool]:
    """The sentences of a message that are off the record, and whether the message before it is meant too."""
    if not any(sign.compiled.search(said) for sign in rules.of_kinds("off_record")):
        return (), False
    pieces = [piece for piece in _SENTENCE.split(said) if piece.strip()]
    found, means_before = [], False
    for at, piece in enumerate(pieces):
        hits = [hit.group() for sign in rules.of_kinds("off_record") if (hit := sign.compiled.search(folded(piece)))]
        if hits:
            found.append(piece)
        if hits and len(_words(piece).split()) - len(_words(hits[0]).split()) < REQUEST_WORDS_MAX:
            found += pieces[at - 1 : at] if at else pieces[1:2]
            means_before |= len(pieces) == 1
    return tuple(found), means_before


def _all_said(messages: Iterable[NumberedMessage]) -> Iterator[_Said]:
    programs: dict[str, str] = {}
    for stored in messages:
        for part in stored.message.parts:
            if part.type == "tool-call":
                programs[part.call_id] = _program(part)
                yield _Said(_words(f"{part.tool_name} {_unescaped(part.arguments)}"), "call", programs[part.call_id])
            for one in msgspec.structs.replace(stored.message, parts=(part,)).passages():
                yield from _answered(part, one.text, programs) if one.author == "tool" else [_of(one)]


def _is_said_by_others(stored: NumberedMessage) -> bool:
    return any(passage.author in _FOREIGN for passage in stored.message.passages())


def _of(passage: Passage) -> _Said:
    return _Said(_words(passage.text), passage.author)


def _answered(part: Part, text: str, programs: Mapping[str, str]) -> Iterator[_Said]:
    """A tool's answer; when it failed, the lines that tell of the error apart."""
    failed, telling = rules.of_kinds("failed")[0].compiled, rules.of_kinds("failed", "error_line")
    ends = folded(f"{text[:ANSWER_ENDS_CHARS]}\n{text[-ANSWER_ENDS_CHARS:]}")
    lines = text.splitlines() if part.is_error or failed.search(ends) else []
    errors = [line for line in lines if any(sign.compiled.search(folded(line)) for sign in telling)] or lines[:1]
    other = "\n".join(line for line in lines if line not in errors) if errors else text
    yield _Said(_words(other), "tool")
    yield _Said(_words("\n".join(errors)), "tool", programs.get(part.call_id, ""), is_error=True)


def _program(part: Part) -> str:
    command = _COMMAND.search(part.arguments)
    return " ".join(_PROGRAM.findall(command[1])) if command else part.tool_name


def _unescaped(arguments: str) -> str:
    return arguments.replace('\\"', '"').replace("\\n", "\n").replace("\\t", " ")


def _pieces(text: str) -> list[str]:
    """The sentences and lines of a text, in small letters."""
    return [small for piece in _SENTENCE.split(text)[:PIECES_MAX] if (small := folded(piece))]


def _words(text: str) -> str:
    """The words of a text between spaces, so that a run of words is found in it as a whole."""
    spaced = _ALONE.sub(r" \1 ", plain(text))
    return f" {' '.join(_WORD.findall(spaced))} "


def _runs(words: str) -> set[str]:
    each = words.split()
    if len(each) < RUN:
        return {" ".join(each)} if each else set()
    return {" ".join(run) for run in zip(each, each[1:], each[2:], strict=False)}


def _is_foreign(said: _Said | None) -> bool:
    return said is not None and said.author in _FOREIGN


def _values(text: str) -> set[str]:
    """What tells of a text even where its sentences are others: numbers, addresses, names of two words."""
    return {value.casefold() for value in _VALUE.findall(text)}
