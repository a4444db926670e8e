"""Phrases as data: groups of patterns in `phrases/*.toml`, each with the examples that are its tests.

A pattern is a regular expression in which plain parentheses capture nothing and `@name` stands for an entry of
the file's `[words]`. A group is compiled alternative by alternative, at first use, and an alternative is tried only on
texts that have a word which it cannot do without: most sentences are passed over without running any pattern.
Texts are in lower case with plain apostrophes.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec

from seasoned.message import JsonObject

TEXT_CHARS_MAX: Final = 1_000  # no pattern sees more of a text
_KNOWN_MAX: Final = 4_096
_KEY_CHARS: Final = 4
_OF_PERSONS: Final = frozenset({"talk", "lasting"})  # looked for in the same sentences
_OPEN: Final = "\0"
_COSTS: Final = (2, 8, 100, 600)  # of the beginning of a word with four signs, three, two and one
_COMMON_COST: Final = 400
_ATOM_CHARS: Final = 60  # no class of characters is longer
_GUARDS: Final = (r"(?<![\w'])", r"(?![\w'])")
_WORD = re.compile(r"\w+|[^\w\s\x00-\x7f]")
_NAMED = re.compile(r"@([a-z_]+)")
_PLAIN_GROUP = re.compile(r"(?<!\\)\((?!\?)")
_QUANTIFIER = re.compile(r"[*+?]|\{(\d*),?\d*\}")
_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
_NO_WORD = re.compile(r"[ ,:;'-]|\\b|\\s|\(\?!\[\\w|\[\\s|\[,|\[ ")
# Words so common that a pattern is better found by another of its words.
_COMMON_TEXT = """
a all am an and any are as at be but by can do for from get have he i if in is it its me my no not of on one or our
s she so t that the them then they this to up us was we what when will with you your m re ve ll d t just do does
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
        self.name, self.described, self._book, self._index = name, described, book, book.index
        self._compiled: dict[int, re.Pattern[str]] = {}
        self._known = book.index.known
        self.said = self.opens if described.start else self.found

    def may(self, text: str) -> bool:
        """Whether the text, or a part of it, may have one of the phrases: it has their words."""
        return self in self._index.candidates(text)

    def _tried(self, text: str) -> Sequence[re.Pattern[str]]:
        places = (self._known.get(text) or self._index.candidates(text)).get(self)
        if places is None:
            return ()
        compiled = self._compiled
        return [compiled.get(place) or self._compile(place) for place in places]

    def _compile(self, place: int) -> re.Pattern[str]:
        one = self.described
        pattern = re.compile(f"{one.before}(?:{self._book.expanded(one.patterns[place])}){one.after}")
        self._compiled[place] = pattern
        return pattern

    def opens(self, text: str) -> bool:
        """Whether the text begins with one of the phrases. (`said` is this or `found`, as the file says.)"""
        if self not in (self._known.get(text) or self._index.candidates(text)):
            return False  # most texts have no word of the group, and a call less is a third of the time
        for pattern in self._tried(text):  # noqa: SIM110 - any() with a generator takes twice as long
            if pattern.match(text):
                return True
        return False

    def found(self, text: str) -> bool:
        """Whether one of the phrases is anywhere in the text."""
        if self not in (self._known.get(text) or self._index.candidates(text)):
            return False
        for pattern in self._tried(text):  # noqa: SIM110
            if pattern.search(text):
                return True
        return False

    def first(self, text: str) -> re.Match[str] | None:
        """The match that begins first; the longest of those."""
        tried = self._tried(text)
        if not tried:
            return None
        start = self.described.start
        found = [match for one in tried if (match := one.match(text) if start else one.search(text))]
        return min(found, key=lambda match: (match.start(), -match.end()), default=None)

    def all(self, text: str) -> Iterator[re.Match[str]]:
        """Every match of every alternative."""
        for pattern in self._tried(text):
            yield from pattern.finditer(text)

    def without(self, text: str, instead: str = "") -> str:
        """The text with each match replaced."""
        for pattern in self._tried(text):
            text = pattern.sub(instead, text)
        return text


class Index:
    """The words of some books' patterns: which patterns a text may match."""

    def __init__(self) -> None:
        self.known: dict[str, dict[Group, list[int]]] = {}  # the candidates of texts that were looked at
        self.unkeyed: dict[Group, list[int]] = {}  # the alternatives that are tried on every text
        self._places: dict[str, tuple[tuple[Group, int], ...]] = {}
        self._of_word = lru_cache(maxsize=8_192)(self._look_up)

    def add(self, group: Group, place: int, keys: frozenset[str] | None) -> None:
        """A pattern that is found by its keys. Texts that were looked at before are looked at again."""
        self.known.clear()
        self._of_word.cache_clear()
        if keys is None:
            self.unkeyed.setdefault(group, []).append(place)
        for key in keys or ():
            self._places[key] = (*self._places.get(key, ()), (group, place))

    def _look_up(self, word: str) -> tuple[tuple[Group, int], ...]:
        get = self._places.get
        found = get(f"{word} ", ()) + get(word[:1], ()) + (get(word[:2], ()) if word[1:] else ())
        return found + (get(word[:3], ()) if word[2:] else ()) + (get(word[:4], ()) if word[3:] else ())

    def candidates(self, text: str) -> dict[Group, list[int]]:
        """The alternatives of each group that may match a text."""
        known = self.known.get(text)
        if known is None:
            if len(self.known) >= _KNOWN_MAX:
                self.known.clear()
            known = self.known[text] = self._candidates(text)
        return known

    def part(self, whole: str, *parts: str) -> None:
        """Says that texts are parts of another, so that they need not be looked through for words."""
        found = self.candidates(whole)
        for part in parts:
            self.known.setdefault(part, found)

    def _candidates(self, text: str) -> dict[Group, list[int]]:
        found = {group: places.copy() for group, places in self.unkeyed.items()}
        hits: set[tuple[Group, int]] = set()
        for word in set(_WORD.findall(text[:TEXT_CHARS_MAX])):
            hits.update(self._of_word(word))
        for group, place in hits:
            if group in found:
                found[group].append(place)
            else:
                found[group] = [place]
        return found


class Book(dict[str, Group]):
    """The groups of one file. What is said to be a part of a text is so for all books that share the index."""

    def __init__(self, name: str, index: Index) -> None:
        super().__init__()
        groups = dict(data(name))
        self.index, self.part, self.candidates = index, index.part, index.candidates
        self._words: dict[str, str] = {}
        words = msgspec.convert(groups.pop("words", {}), dict[str, str | list[str]])
        self._lists = {word: entry for word, entry in words.items() if not isinstance(entry, str)}
        for word, entry in words.items():
            listed = entry.split() if isinstance(entry, str) else entry
            self._words[word] = self.expanded(f"({'|'.join(listed)})")
        for named, held in groups.items():
            group = self[named] = Group(self, named, msgspec.convert(held, Described))
            ends = group.described.after.startswith((_GUARDS[1], r"\b"))
            for place, pattern in enumerate(group.described.patterns):
                index.add(group, place, keys_of(self.expanded(pattern), ends=ends))

    def listed(self, name: str) -> frozenset[str]:
        """An entry of `[words]` that is a plain list of words."""
        return frozenset(self._words[name][3:-1].split("|"))

    def lists(self, name: str) -> tuple[frozenset[str], ...]:
        """An entry of `[words]` that has a list of words on each line."""
        return tuple(frozenset(line.split()) for line in self._lists[name])

    def expanded(self, pattern: str) -> str:
        """A pattern as `re` takes it."""
        return _PLAIN_GROUP.sub("(?:", _NAMED.sub(lambda named: self._words[named[1]], pattern))


@cache
def data(name: str) -> dict[str, JsonObject]:
    """What stands in `phrases/NAME.toml`."""
    return tomllib.loads(files("seasoned.rules").joinpath("phrases", f"{name}.toml").read_text(encoding="utf-8"))


def form(name: str) -> re.Pattern[str]:
    """A pattern of `phrases/forms.toml` by its section and name ("text.log")."""
    section, _, entry = name.partition(".")
    return re.compile("".join(msgspec.convert(data("forms")[section][entry], tuple[str, ...])))


@cache
def book(name: str) -> Book:
    """The phrases of `phrases/NAME.toml`."""
    return Book(name, _index("person" if name in _OF_PERSONS else name))


@cache
def _index(_name: str) -> Index:
    return Index()


_Keys = frozenset[str] | None


def keys_of(pattern: str, *, ends: bool = False) -> _Keys:
    """Words one of which a text must have for the pattern to match; None when there are none.

    A key with a space after it is a whole word, else the beginning of one. `ends`: a word ends after the pattern.
    """
    return _closed(_branches(pattern, 0, starts=True)[0], ends=ends)


def _closed(keys: _Keys, *, ends: bool) -> _Keys:
    """Keys whose last word was still open at the end of an alternative, now that it is known whether it ends there."""
    return keys and frozenset(
        (f"{key[:-1]} " if ends else key[:-1][:_KEY_CHARS]) if key[-1] == _OPEN else key for key in keys
    )


def _cost(keys: frozenset[str]) -> int:
    """How often one of the keys is in a text, roughly."""
    whole = _OPEN + " "
    return sum(
        (_COMMON_COST if key.strip(whole) in _COMMON else 0)
        + (1 if key[-1] in whole else _COSTS[_KEY_CHARS - len(key)])
        for key in keys
    )


def _branches(pattern: str, place: int, *, starts: bool) -> tuple[_Keys, int, bool]:
    """The keys of alternatives up to the closing parenthesis; its place; and whether a word may begin after it."""
    found: list[_Keys] = []
    begins = True
    while True:
        keys, place, after = _sequence(pattern, place, starts=starts)
        found.append(keys)
        begins = begins and after
        if place >= len(pattern) or pattern[place] == ")":
            every = [keys for keys in found if keys is not None]
            return (frozenset().union(*every) if len(every) == len(found) else None), place, begins
        place += 1


def _sequence(pattern: str, place: int, *, starts: bool) -> tuple[_Keys, int, bool]:
    """The best keys of one alternative, where it ends, and whether a word may begin after it."""
    best: _Keys = None
    run: str | None = "" if starts else None  # the word that is being read, None in the middle of an unknown one

    def take(keys: _Keys) -> None:
        nonlocal best
        if keys and (best is None or _cost(keys) < _cost(best)):
            best = keys

    def read(word: str | None, *, whole: bool = False) -> None:
        take(frozenset({f"{word} " if whole else word[:_KEY_CHARS]}) if word else None)

    while place < len(pattern) and pattern[place] not in "|)":
        if pattern.startswith("(?", place) and not pattern.startswith("(?:", place):
            place = _branches(pattern, place + 3 + pattern.startswith("(?<", place), starts=True)[1] + 1
            continue
        keys, before, atom = None, run, ""
        if pattern[place] == "(":
            keys, place, begins = _branches(pattern, place + 3, starts=run == "")
            place, after = place + 1, "" if begins else None
            keys = _closed(keys, ends=_NO_WORD.match(pattern, place) is not None)
        else:
            atom = _ATOM.findall(pattern[place : place + _ATOM_CHARS])[0]
            place, after = place + len(atom), _after(atom, run)
        many = _QUANTIFIER.match(pattern, place)
        if many:
            place = many.end() + (pattern[many.end() : many.end() + 1] == "?")
        if many is not None and (many[0] in "*?" or many[1] in {"", "0"}):  # it may be left out
            read(before)
            run = "" if before == after == "" else None
            continue
        take(keys)
        if before and (after is None or not after.startswith(before) or atom == "\\b"):
            read(before, whole=atom != "" and (after == "" or atom == "\\b"))
        if many:
            read(after)
        run = None if many and after else after
    take(frozenset({run + _OPEN}) if run else None)
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
        return run or ""
    if atom[0] == "\\":
        return None if atom[1] in "wdSD" else ""
    if atom.startswith("[^"):
        return "" if atom.startswith("[^\\w") else None
    return None if atom == "." or re.search(r"[^\W_]", atom.replace("\\s", "")) else ""
