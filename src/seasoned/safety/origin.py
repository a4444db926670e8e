"""Whose words a proposed text repeats: orders that came from tools, pages, mails or other agents do not go live.

Every run of three words belongs to whoever said it first; a person may make it theirs at any time. A sentence whose
words are mostly foreign is an order when it asks for something; an address, a switch or a command is one wherever it
stands. Runs of words work in any script: signs of scripts without spaces count as words. What an agent was told and
then did stays foreign, so that obeying an order does not make it the agent's own. Two things are the agent's: what a
line of an error says of the failed call, and what a failed program hints at and the agent then ran: a switch or a
command of the same program, and one request for each of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
REMARK_CHARS: Final = 80
CLAUSE_CHARS: Final = 300

_TOKENS: Final = ("weakening", "address", "switch", "command")
_THEIRS: Final = "in words of a tool, a page or a mail"
_FOREIGN: Final = frozenset({"tool", "quoted", "peer"})
SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；।])|\n+")
# Scripts that put no spaces between words: each sign is one.
_ALONE: Final = re.compile("([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
_WORD: Final = re.compile(r"\w+")
_SETTING: Final = re.compile(r"\s*\w[\w.]*=\w[\w.]*\s*")
_COMMAND: Final = re.compile(r'"(?:command|cmd|script|code)"\s*:\s*"((?:[^"\\]|\\.){1,2000})')
# What a call runs: each command to its end or to a comment.
_RUN: Final = re.compile(r"(?:^|[;&|\n]) *(?:sudo |\w{1,40}=\S{0,80} )*(?!cd )(?=[\w./-])([^;&|\n#]{1,2000})")


class _Said(NamedTuple):
    """Some words of one author. `commands` are what a call runs, or what the call ran whose failure this is about."""

    words: str
    author: str
    commands: tuple[str, ...] = ()
    is_error: bool = False

    @property
    def programs(self) -> set[str]:
        """The first word of each command."""
        return {word for command in self.commands for word in command.split()[:1]}


class Origin:
    """Who first said the words of some proposed texts."""

    def __init__(self, messages: Sequence[NumberedMessage], texts: Sequence[str]) -> None:
        self._said = tuple(_all_said(messages)) if any(map(_is_said_by_others, messages)) else ()
        self._owners: dict[str, _Said] = {}
        self._errors: set[str] = set()
        wanted = {
            run for text in (texts if self._said else ()) for piece in pieces(text) for run in runs(words_of(piece))
        }
        for one in self._said:
            found = wanted & runs(one.words)
            self._errors |= found if one.is_error else set()
            for run in found:
                if one.author == "person" or run not in self._owners:
                    self._owners[run] = one

    def objection(self, text: str) -> str:
        """Why a text must not go live by itself; empty when nothing of it is a foreign order."""
        for piece in pieces(text) if self._said else ():
            hints = int(self._is_used(piece))
            for sign in rules.of_kinds(*_TOKENS):
                found = [words_of(match.group()) for match in sign.compiled.finditer(piece) if not _is_told(match)]
                # Of the switches that an error offers, the agent needs one.
                offered = {self._first(words) for words in found if self._is_hint(sign, words)}
                for words in found:
                    is_hint = self._is_hint(sign, words) or (sign.kind == "switch" and self._first(words) in offered)
                    if not is_hint and self._is_order(sign, words):
                        return f"{sign.reason}, {_THEIRS}"
                    hints += is_hint
            if reason := self._asked(piece, hints):
                return f"{reason}, {_THEIRS}"
        return ""

    def is_foreign_name(self, name: str) -> bool:
        """Whether a name of several words was said by a tool or in quoted text first."""
        words = words_of(name)
        return len(words.split()) >= NAME_WORDS_MIN and _is_foreign(self._first(words))

    def _first(self, words: str) -> _Said | None:
        """Who said some words first; what a person said anywhere is the person's."""
        found = [one for one in self._said if words in one.words]
        return next((one for one in found if one.author == "person"), found[0] if found else None)

    def _is_hint(self, sign: Rule, words: str) -> bool:
        """Whether a failed program said this of itself, and the agent then ran it."""
        first = self._first(words) if sign.kind in ("switch", "command") and words.strip() else None
        if first is None or not _is_foreign(first) or not first.commands:
            return False
        ran = (command for one in self._said if one.author == "call" for command in one.commands)
        mine = [command for command in ran if command.split()[0] in first.programs]
        return any(command.startswith(words) if sign.kind == "command" else words in command for command in mine)

    def _is_used(self, piece: str) -> bool:
        """Whether a failed tool named an argument that the agent then gave it for the first time."""
        named = {word for word in words_of(piece).split() if "_" in word}
        errors = [one for one in self._said if one.is_error and named.intersection(one.words.split())]
        calls = [one for one in self._said if one.author == "call"]
        for error in errors:
            missing = named.intersection(error.words.split()).difference(" ".join(error.commands).split())
            if any(one.programs & error.programs and missing.intersection(one.words.split()) for one in calls):
                return True
        return False

    def _is_order(self, sign: Rule, words: str) -> bool:
        first = self._first(words) if words.strip() else None
        if first is None:
            return sign.kind == "command" and self._foreign_share(words)[0] > SHARE_MIN
        return _is_foreign(first)

    def _asked(self, piece: str, hints: int) -> str:
        """Why a sentence in foreign words is an order; each hint may be one request."""
        share, only_errors = self._foreign_share(words_of(piece))
        if share < SHARE_MIN:
            return ""
        for sign in (
            rules.of_kinds("standing", "asking") if only_errors else rules.of_kinds("standing", "asking", "modal")
        ):
            asked = sum(1 for _ in sign.compiled.finditer(piece))
            if asked > (hints if sign.kind != "standing" else 0):
                return sign.reason
        return ""

    def _foreign_share(self, words: str) -> tuple[float, bool]:
        """How much of a sentence is foreign, and whether errors say all of that."""
        each = runs(words)
        foreign = {run for run in each if _is_foreign(self._owners.get(run))}
        return len(foreign) / max(1, len(each)), foreign <= self._errors


def _is_told(match: re.Match[str]) -> bool:
    """Whether a setting stands in brackets, as a remark on what a clause tells: `caches for a minute (ttl=60)`."""
    text, start, end = match.string, match.start(), match.end()
    opened = text.rfind("(", max(0, start - REMARK_CHARS), start + 1)
    closed = text.find(")", end - 1, end + REMARK_CHARS)
    if min(opened, closed) < 0 or ")" in text[opened:start] or not _SETTING.fullmatch(match.group()):
        return False
    clause = text[max(0, opened - CLAUSE_CHARS) : opened].rsplit(": ", 1)[-1] + text[opened:closed]
    return not any(sign.compiled.search(clause) for sign in rules.of_kinds("standing", "asking", "modal"))


def _all_said(messages: Iterable[NumberedMessage]) -> Iterator[_Said]:
    ran: dict[str, tuple[str, ...]] = {}
    for stored in messages:
        for part in stored.message.parts:
            if part.type == "tool-call":
                words = words_of(f"{part.tool_name} {_unescaped(part.arguments)}")
                ran[part.call_id] = _commands(part) or (words,)
                yield _Said(words, "call", ran[part.call_id])
            for one in msgspec.structs.replace(stored.message, parts=(part,)).passages():
                yield from _answered(part, one.text, ran) if one.author == "tool" else [_of(one)]


def _is_said_by_others(stored: NumberedMessage) -> bool:
    return any(passage.author in _FOREIGN for passage in stored.message.passages())


def _of(passage: Passage) -> _Said:
    return _Said(words_of(passage.text), passage.author)


def _answered(part: Part, text: str, ran: Mapping[str, tuple[str, ...]]) -> Iterator[_Said]:
    """A tool's answer; when it failed, the lines that tell of the error apart."""
    failed, telling = rules.of_kinds("failed")[0].compiled, rules.of_kinds("failed", "error_line")
    ends = folded(f"{text[:ANSWER_ENDS_CHARS]}\n{text[-ANSWER_ENDS_CHARS:]}")
    lines = text.splitlines() if part.is_error or failed.search(ends) else []
    errors = [line for line in lines if any(sign.compiled.search(folded(line)) for sign in telling)] or lines[:1]
    other = "\n".join(line for line in lines if line not in errors) if errors else text
    commands = ran.get(part.call_id, ()) if errors else ()
    yield _Said(words_of(other), "tool", commands)
    yield _Said(words_of("\n".join(errors)), "tool", commands, is_error=True)


def _commands(part: Part) -> tuple[str, ...]:
    command = _COMMAND.search(part.arguments)
    return tuple(filter(str.strip, map(words_of, _RUN.findall(_unescaped(command[1]))))) if command else ()


def _unescaped(arguments: str) -> str:
    return arguments.replace('\\"', '"').replace("\\n", "\n").replace("\\t", " ")


def pieces(text: str) -> list[str]:
    """The sentences and lines of a text, in small letters."""
    return [small for piece in SENTENCE.split(text)[:PIECES_MAX] if (small := folded(piece))]


def words_of(text: str) -> str:
    """The words of a text between spaces, so that a run of words is found in it as a whole."""
    spaced = _ALONE.sub(r" \1 ", plain(text))
    return f" {' '.join(_WORD.findall(spaced))} "


def runs(words: str) -> set[str]:
    each = words.split()
    if len(each) < RUN:
        return {" ".join(each)} if each else set()
    return {" ".join(run) for run in zip(each, each[1:], each[2:], strict=False)}


def _is_foreign(said: _Said | None) -> bool:
    return said is not None and said.author in _FOREIGN
