"""Phrases as data: groups of patterns in `phrases/*.toml`, each with the examples that are its tests.

A pattern is a regular expression in which plain parentheses capture nothing and `@name` stands for an entry of
the file's `[words]`. A group is compiled alternative by alternative, at first use, and an alternative is tried only on
texts that have a word which it cannot do without: most sentences are passed over without running any pattern.
Texts are in lower case with plain apostrophes.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec

TEXT_CHARS_MAX: Final = 1_000  # no pattern sees more of a text
_KEY_CHARS: Final = 4
_ATOM_CHARS: Final = 60  # no class of characters is longer
_GUARDS: Final = (r"(?<![\w'])", r"(?![\w'])")
_WORD = re.compile(r"\w+|[^\w\s\x00-\x7f]")
_NAMED = re.compile(r"@([a-z_]+)")
_PLAIN_GROUP = re.compile(r"(?<!\\)\((?!\?)")
_QUANTIFIER = re.compile(r"[*+?]|\{(\d*),?\d*\}")
_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
# Words so common that a pattern is better found by another of its words.
_COMMON_TEXT = """
a all am an and any are as at be but by can do for from get have he i if in is it its me my no not of on one or our
s she so t that the them then they this to up us was we what when will with you your
"""
_COMMON: Final = frozenset(_COMMON_TEXT.split())


class Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group as the file has it. `start`: only where a text begins. `before` and `after` replace the word limits."""

    patterns: tuple[str, ...]
    start: bool = False
    before: str = _GUARDS[0]
    after: str = _GUARDS[1]
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


class Group:
    """Patterns that mean the same. Matches come from one alternative after the other."""

    def __init__(self, book: "Book", name: str, described: Described) -> None:
        self.name, self.described, self._book = name, described, book
        self._compiled: dict[int, re.Pattern[str]] = {}

    def _tried(self, text: str) -> Iterator[re.Pattern[str]]:
        for place in self._book.candidates(text).get(self.name, ()):
            pattern = self._compiled.get(place)
            if pattern is None:
                one = self.described
                pattern = re.compile(f"{one.before}(?:{self._book.expanded(one.patterns[place])}){one.after}")
                self._compiled[place] = pattern
            yield pattern

    def said(self, text: str) -> bool:
        """Whether the text has one of the phrases."""
        return self.opens(text) if self.described.start else self.found(text)

    def opens(self, text: str) -> bool:
        """Whether the text begins with one of the phrases."""
        return any(pattern.match(text) for pattern in self._tried(text))

    def found(self, text: str) -> bool:
        """Whether one of the phrases is anywhere in the text, also those that are looked for at its start."""
        return any(pattern.search(text) for pattern in self._tried(text))

    def first(self, text: str) -> re.Match[str] | None:
        """The match that begins first; the longest of those."""
        start = self.described.start
        tried = ((pattern.match if start else pattern.search)(text) for pattern in self._tried(text))
        found = [match for match in tried if match]
        return min(found, key=lambda match: (match.start(), -match.end()), default=None)

    def all(self, text: str) -> Iterator[re.Match[str]]:
        """Every match of every alternative."""
        for pattern in self._tried(text):
            yield from pattern.finditer(text)

    def without(self, text: str, instead: str = "") -> str:
        """The text with each match replaced."""
        for pattern in list(self._tried(text)):
            text = pattern.sub(instead, text)
        return text


class Book:
    """The groups of one file. Nothing is read before the first look at a text."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._groups: dict[str, Group] = {}
        self._words: dict[str, str] = {}
        self._index: dict[str, list[tuple[str, int]]] = {}
        self._always: dict[str, list[int]] = {}
        self.candidates = lru_cache(maxsize=4_096)(self._candidates)

    @property
    def groups(self) -> dict[str, Group]:
        """All groups by their names."""
        if not self._groups:
            self._load()
        return self._groups

    def __getitem__(self, name: str) -> Group:
        return self.groups[name]

    def words(self, name: str) -> str:
        """An entry of `[words]` as a pattern."""
        return self.expanded(f"@{name}") if self.groups else ""

    def listed(self, name: str) -> frozenset[str]:
        """An entry of `[words]` that is a plain list of words."""
        return frozenset(self.words(name)[3:-1].split("|"))

    def expanded(self, pattern: str) -> str:
        """A pattern as `re` takes it."""
        return _PLAIN_GROUP.sub("(?:", _NAMED.sub(lambda named: self._words[named[1]], pattern))

    def _load(self) -> None:
        text = files("seasoned.rules").joinpath("phrases", f"{self.name}.toml").read_text(encoding="utf-8")
        data = tomllib.loads(text)
        for name, entry in data.pop("words", {}).items():
            listed = entry if isinstance(entry, list) else entry.split()
            self._words[name] = self.expanded(f"({'|'.join(listed)})")
        for name, entry in data.items():
            described = msgspec.convert(entry, Described)
            self._groups[name] = Group(self, name, described)
            for place, pattern in enumerate(described.patterns):
                self._enter(name, place, pattern)

    def _enter(self, name: str, place: int, pattern: str) -> None:
        keys = keys_of(self.expanded(pattern))
        if keys is None:
            self._always.setdefault(name, []).append(place)
        for key in keys or ():
            self._index.setdefault(key, []).append((name, place))

    def _candidates(self, text: str) -> dict[str, set[int]]:
        """The alternatives of each group that may match a text."""
        if not self._groups:
            self._load()
        found = {name: set(places) for name, places in self._always.items()}
        words = set(_WORD.findall(text[:TEXT_CHARS_MAX]))
        for key in {word[:end] for word in words for end in range(1, _KEY_CHARS + 1)} & self._index.keys():
            for name, place in self._index[key]:
                found.setdefault(name, set()).add(place)
        return found

    def unkeyed(self) -> dict[str, list[int]]:
        """The alternatives that are tried on every text."""
        return dict(self._always) if self.groups else {}


@cache
def book(name: str) -> Book:
    """The phrases of `phrases/NAME.toml`."""
    return Book(name)


_Keys = frozenset[str] | None


def keys_of(pattern: str) -> _Keys:
    """Beginnings of words one of which a text must have for the pattern to match; None when there are none."""
    return _branches(pattern, 0, starts=True)[0]


def _cost(keys: frozenset[str]) -> float:
    return sum(50 if key in _COMMON else 8 ** (_KEY_CHARS - len(key)) for key in keys)


def _branches(pattern: str, place: int, *, starts: bool) -> tuple[_Keys, int, bool]:
    """The keys of alternatives up to the closing parenthesis; its place; and whether a word may begin after it."""
    found: list[_Keys] = []
    ends = True
    while True:
        keys, place, after = _sequence(pattern, place, starts=starts)
        found.append(keys)
        ends = ends and after
        if place >= len(pattern) or pattern[place] == ")":
            every = [keys for keys in found if keys is not None]
            return (frozenset().union(*every) if len(every) == len(found) else None), place, ends
        place += 1


def _sequence(pattern: str, place: int, *, starts: bool) -> tuple[_Keys, int, bool]:
    """The best keys of one alternative, where it ends, and whether a word may begin after it."""
    best: _Keys = None
    run: str | None = "" if starts else None  # the word that is being read, None in the middle of an unknown one

    def take(keys: _Keys) -> None:
        nonlocal best
        if keys and (best is None or _cost(keys) < _cost(best)):
            best = keys

    while place < len(pattern) and pattern[place] not in "|)":
        keys: _Keys = None
        if pattern.startswith("(?", place) and not pattern.startswith("(?:", place):
            place = _branches(pattern, place + 3 + pattern.startswith("(?<", place), starts=True)[1] + 1
            continue
        if pattern[place] == "(":
            before = run
            keys, place, begins = _branches(pattern, place + 3, starts=run == "")
            place += 1
            after = "" if begins else None
        else:
            atom = _ATOM.findall(pattern[place : place + _ATOM_CHARS])[0]
            place, before = place + len(atom), run
            after = _after(atom, run)
        many = _QUANTIFIER.match(pattern, place)
        if many:
            place = many.end() + (pattern[many.end() : many.end() + 1] == "?")
        optional = many is not None and (many[0] in "*?" or many[1] in {"", "0"})
        if optional:
            take(frozenset({before[:_KEY_CHARS]}) if before else None)
            run = "" if before == "" and after == "" else None
            continue
        take(keys)
        if before and (after is None or not after.startswith(before)):
            take(frozenset({before[:_KEY_CHARS]}))
        run = None if many and after else after
        if many and after:
            take(frozenset({after[:_KEY_CHARS]}))
    take(frozenset({run[:_KEY_CHARS]}) if run else None)
    return best, place, run == ""


def _after(atom: str, run: str | None) -> str | None:
    """The word that is being read after one more sign; empty where one may begin."""
    if atom in {"^", "$"}:
        return run
    if len(atom) == 1 and atom != ".":
        if not (atom.isalnum() or atom == "_"):
            return atom if not atom.isascii() and not atom.isspace() else ""
        return None if run is None else run + atom
    if atom == "\\b":
        return "" if run is None or not run else run
    if atom[0] == "\\":
        return None if atom[1] in "wdSD" else ""
    if atom.startswith("[^"):
        return "" if atom.startswith("[^\\w") else None
    return None if atom == "." or re.search(r"[^\W_]", atom.replace("\\s", "")) else ""
