"""The rules of safety, read from the TOML files in `data/` when they are first needed.

Each file says at its top how its rules are written. Beside the rules stand the examples that are their tests
(`tests/unit/test_safety_rules.py`). A pattern is compiled when a text first holds a word of its rule, so that a short
command pays for few of them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Final, Generic, TypeVar

import msgspec

_PLACE: Final = re.compile(r"\{([a-z_]+)\}")


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pattern over a text, with texts that it finds and texts in which nothing is found.

    What a rule leaves out of `reason`, `keywords` and `ignore_case` is its group's.
    """

    pattern: str
    reason: str = ""
    keywords: tuple[str, ...] = ()
    ignore_case: bool | None = None
    examples: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()

    @property
    def compiled(self) -> re.Pattern[str]:
        """The pattern, ready to search with."""
        return compiled(self.pattern, ignore_case=self.ignore_case is not False)


class Phrase(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said to agents: the words that it can begin with, if it has to, and how it goes on.

    `unless_warned` spares notes that say not to do it.
    """

    begins: str = ""
    unless_warned: bool = False


class Command(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something in a text as it stands. `near` must occur within `before` and `after` characters of it, on its line.

    With `long_word` a text must hold so many signs in a row. `unless_warned` spares notes that say not to do it.
    """

    near: str = ""
    before: int = 0
    after: int = 0
    unless_warned: bool = False
    long_word: int = 0


class SecretRule(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a secret stands; it is one when it passes the check, and has the least entropy, in bits a character.

    `needs` names a pattern that must occur for the rule to be tried. Patterns that were taken over as they are for RE2
    are run by RE2.
    """

    id: str = ""
    needs: str = ""
    kind: str = ""
    check: str = ""
    entropy_min: float = 0
    is_re2: bool = False


class Sign(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sign of an order in a sentence; its group's kind says how it counts."""

    kind: str = ""


R = TypeVar("R", Phrase, Command, SecretRule, Sign)


class Group(msgspec.Struct, Generic[R], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules that have a reason in common."""

    reason: str
    rules: tuple[R, ...]
    harmless: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    ignore_case: bool = True
    kind: str = ""
    check: str = ""
    needs: str = ""
    is_re2: bool = False


class File(msgspec.Struct, Generic[R], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of rules. Its `words` may stand in patterns as `{name}`; its `names` are patterns for checks."""

    groups: tuple[Group[R], ...]
    words: Mapping[str, str] = msgspec.field(default_factory=dict)
    names: Mapping[str, str] = msgspec.field(default_factory=dict)

    def rules(self) -> tuple[R, ...]:
        """All rules, each with what it has from its group and with its whole pattern."""
        return tuple(_whole(rule, group, self.words) for group in self.groups for rule in group.rules)

    def named(self) -> Mapping[str, re.Pattern[str]]:
        """The names with their patterns, ready to search with."""
        return {name: compiled(_expanded(source, self.words), ignore_case=True) for name, source in self.names.items()}


@cache
def phrases() -> Mapping[str, tuple[Phrase, ...]]:
    """What is said to agents, by each word that it can begin with; under "" what may begin anywhere."""
    by_word: dict[str, tuple[Phrase, ...]] = {}
    for rule in read("injection_phrases", Phrase).rules():
        for word in dict.fromkeys(rule.begins.split() or [""]):
            by_word[word] = (*by_word.get(word, ()), rule)
    return by_word


@cache
def commands() -> tuple[Command, ...]:
    """Dangerous commands, then markup and blobs that hide something."""
    return (*read("dangerous_commands", Command).rules(), *read("markup", Command).rules())


@cache
def secrets() -> tuple[SecretRule, ...]:
    """Secrets that are known by what stands around them or by their prefix, then tokens of vendors."""
    return (*read("secrets", SecretRule).rules(), *read("vendor_tokens", SecretRule).rules())


@cache
def secret_names() -> Mapping[str, re.Pattern[str]]:
    """The patterns that the checks of secrets use, by name."""
    return read("secrets", SecretRule).named()


@cache
def order_signs() -> tuple[Sign, ...]:
    """The signs of orders, and of what is said off the record."""
    return read("orders", Sign).rules()


@cache
def compiled(pattern: str, *, ignore_case: bool) -> re.Pattern[str]:
    """A pattern, compiled once."""
    return re.compile(pattern, re.IGNORECASE if ignore_case else 0)


@cache
def re2_finder(pattern: str) -> Callable[[str], Iterator[re.Match[str]]]:
    """What RE2 finds of a pattern in a text, from its start to its end."""
    import re2  # noqa: PLC0415 - few texts hold a vendor's name

    find: Callable[[str], Iterator[re.Match[str]]] = re2.compile(pattern).finditer
    return find


@cache
def read(name: str, kind: type[R]) -> File[R]:
    """A file of rules of one kind, as it stands."""
    data = resources.files("seasoned.safety").joinpath("data", f"{name}.toml").read_bytes()
    file: File[R] = msgspec.toml.decode(data, type=File[kind])  # type: ignore[valid-type]  # a value here
    return file


def _whole(rule: R, group: Group[R], words: Mapping[str, str]) -> R:
    given = {
        "reason": group.reason,
        "keywords": rule.keywords or group.keywords,
        "ignore_case": group.ignore_case if rule.ignore_case is None else rule.ignore_case,
    }
    if isinstance(rule, SecretRule):
        given |= {"kind": group.kind, "check": rule.check or group.check, "needs": group.needs, "is_re2": group.is_re2}
    if isinstance(rule, Sign):
        given["kind"] = group.kind
    if isinstance(rule, Command):
        given["near"] = _expanded(rule.near, words)
    return msgspec.structs.replace(rule, pattern=_expanded(rule.pattern, words), **given)


def _expanded(pattern: str, words: Mapping[str, str]) -> str:
    """A pattern without its line breaks, and with what the names in it stand for."""
    joined = "".join(line.strip(" ") for line in pattern.split("\n"))
    return _PLACE.sub(lambda place: _expanded(words[place[1]], words), joined)
