"""The rules of safety, read from the TOML files in `data/` when they are first needed.

Each file says at its top how its rules are written. Beside the rules stand the examples that are their tests
(`tests/unit/test_safety_rules.py`). A pattern is compiled when a text first holds a word of its rule, so that a short
command pays for few of them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Final

import msgspec

_PLACE: Final = re.compile(r"\{([a-z_]+)\}")


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pattern over a text, with texts that it finds and texts in which nothing is found.

    What a rule leaves out is its group's; `needs` are its group's keywords where it has its own. The fields up to
    `harmless` are every rule's. A phrase has the words that it can begin with. Of a command, `near` must occur within
    `before` and `after` characters, on its line; with `long_word` a text must hold so many signs in a row;
    `unless_warned` spares notes that say not to do it. A secret begins `at_keyword`, or anywhere; it counts when it
    passes the check and has the least entropy, in bits a character. Patterns for RE2 are run by RE2.
    """

    pattern: str
    reason: str
    kind: str = ""
    keywords: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    ignore_case: bool = True
    examples: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    begins: str = ""
    near: str = ""
    before: int = 0
    after: int = 0
    long_word: int = 0
    unless_warned: bool = False
    id: str = ""
    at_keyword: bool = False
    check: str = ""
    entropy_min: float = 0
    is_re2: bool = False

    @property
    def compiled(self) -> re.Pattern[str]:
        """The pattern, ready to search with."""
        return compiled(self.pattern, ignore_case=self.ignore_case)


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of rules. Its `words` may stand in patterns as `{name}`; its `names` are patterns for checks."""

    groups: tuple[dict[str, object], ...]
    words: Mapping[str, str] = msgspec.field(default_factory=dict)
    names: Mapping[str, str] = msgspec.field(default_factory=dict)

    def rules(self) -> Iterator[Rule]:
        """All rules, each with what it has from its group and with its whole pattern."""
        for group in self.groups:
            given = {name: value for name, value in group.items() if name not in ("rules", "harmless")}
            for own in msgspec.convert(group["rules"], list[dict[str, object]]):
                needs = {"needs": given.get("keywords", ())} if "keywords" in own else {}
                rule = msgspec.convert({**given, **needs, **own}, Rule)
                yield msgspec.structs.replace(
                    rule,
                    pattern=_expanded(rule.pattern, self.words),
                    near=_expanded(rule.near, self.words),
                    harmless=(*msgspec.convert(group.get("harmless", ()), tuple[str, ...]), *rule.harmless),
                )


@cache
def phrases() -> Mapping[str, tuple[Rule, ...]]:
    """What is said to agents, by each word that it can begin with; under "" what may begin anywhere."""
    by_word: dict[str, tuple[Rule, ...]] = {}
    for rule in read("injection_phrases").rules():
        for word in dict.fromkeys(rule.begins.split() or [""]):
            by_word[word] = (*by_word.get(word, ()), rule)
    return by_word


@cache
def of(*names: str) -> tuple[Rule, ...]:
    """The rules of some files, in the order of the names."""
    return tuple(rule for name in names for rule in read(name).rules())


@cache
def of_kinds(*kinds: str) -> tuple[Rule, ...]:
    """The signs of orders, and of what is said off the record, of some kinds."""
    return tuple(sign for sign in of("orders") if sign.kind in kinds)


@cache
def named(name: str) -> re.Pattern[str]:
    """A pattern that the checks of secrets use."""
    file = read("secrets")
    return compiled(_expanded(file.names[name], file.words), ignore_case=True)


@cache
def compiled(pattern: str, *, ignore_case: bool) -> re.Pattern[str]:
    """A pattern, compiled once."""
    return re.compile(pattern, re.IGNORECASE if ignore_case else 0)


@cache
def re2_finder(pattern: str) -> Callable[[str], Iterator[re.Match[str]]]:
    """What RE2 finds of a pattern in a text, from its start to its end."""
    import re2  # noqa: PLC0415 - few commands look for secrets

    find: Callable[[str], Iterator[re.Match[str]]] = re2.compile(pattern).finditer
    return find


@cache
def vendor_words() -> str:
    """The pattern, for RE2, of the keywords of vendors' rules."""
    return "|".join(map(re.escape, _vendor_words()))


@cache
def vendor_words_in(word: str) -> tuple[str, ...]:
    """The keywords of vendors' rules that may begin inside a word, whatever follows it."""
    ends = [word[start:] for start in range(len(word))]
    return tuple(w for w in _vendor_words() if any(w.startswith(end) or end.startswith(w) for end in ends))


def _vendor_words() -> list[str]:
    return sorted({word for rule in of("vendor_tokens") for word in rule.keywords})


@cache
def read(name: str) -> File:
    """A file of rules as it stands."""
    data = resources.files("seasoned.safety").joinpath("data", f"{name}.toml").read_bytes()
    return msgspec.toml.decode(data, type=File)


def _expanded(pattern: str, words: Mapping[str, str]) -> str:
    """A pattern without its line breaks, and with what the names in it stand for."""
    joined = "".join(line.strip(" ") for line in pattern.split("\n"))
    return _PLACE.sub(lambda place: _expanded(words[place[1]], words), joined)
