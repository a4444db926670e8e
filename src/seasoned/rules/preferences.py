"""Lasting statements of a person turned into preferences: trimmed, in the third person, with their topic."""

import re
from collections.abc import Sequence

import msgspec

from seasoned.learning.questions import PreferenceFound
from seasoned.rules.acts import Said
from seasoned.rules.grammar import third_person
from seasoned.rules.keys import overtaken, without_old
from seasoned.rules.lasting import LASTING, embedded, is_header, matters, own_rule, remembered
from seasoned.rules.phrases import book
from seasoned.rules.requests import core_of, imperative
from seasoned.rules.text import Sentence, plain

_TEXT_CHARS_MAX = 400
_FOUND_MAX = 20
_WORDS_MIN = 2
_THEM = re.compile(
    r"\b(?:those|these|them)\b(?=\s*(?:$|[,.;:]|on\b|in\b|at\b|as\b|when\b|if\b|unless\b|and\b|please\b|again\b))",
    re.IGNORECASE,
)
_SOME = re.compile(
    r"\b(?:an?|another|any|some|every|each|no)\s(?:(?!(?:of|in|on|for|to|and|or|with|that|which|is|was|just|at|from"
    r"|by|bit|lot)\b)"
    r"[\w-]+ ?){1,3}",
    re.IGNORECASE,
)
_PLURAL = re.compile(
    r"\b(?!(?:is|was|has|does|this|yes|as|us|always|its|uses|always)\b)[a-z]{3,}[^s\W]s\b", re.IGNORECASE
)
_TOPIC_WORDS_MAX = 3
_PART_WORDS_MIN = 4
_JOINT = re.compile(r"[,;] and (?=\w)")

_NUMBERING = re.compile(r"^\(?\d{1,2}[.)]\s+|[.;]\s*\(?\d{1,2}[.)]?$")
_MID_ASIDE = re.compile(
    r"[,;:.] (?:and |but |oh )?(?:for the record|fyi|btw|by the way|just so you know|so you know|for what it's worth"
    r"|while i think of it),? (?=\w)",
    re.IGNORECASE,
)
# What follows a statement and is none: a request of the moment, an offer, a hedge, an anecdote.
_TAILS = (
    re.compile(
        r"[,;]? and (?:i|we)(?:'ll|'d| will| would| want to| need to| can) .*$|[,;]? so (?:i'd|i would|i'll|let's"
        r"|let us"
        r"|can you|could you|i want to|i need (?:to|you)|we'd) .*$",
        re.IGNORECASE,
    ),
    re.compile(r"[,;:-]+ (?:and |because )?(?:my |our |the )?(?:\w+ ){1,2}once [a-z]+.*$", re.IGNORECASE),
    re.compile(
        r"[,;]? (?:if (?:necessary|possible|that's ok(?:ay)?|that's alright|you don't mind)|by the way|btw|fyi|god"
        r" willing.*"
        r"|(?:i will|i'll) die on this hill|(?:and )?don't ask|full stop|period|thank you|cheers|mate|lol)$",
        re.IGNORECASE,
    ),
)
_LEFT_WORDS_MIN = 3


def _without_tails(text: str) -> str:
    for tail in _TAILS:
        shorter = tail.sub("", text, count=1).rstrip(" ,;:-")
        text = shorter if len(shorter.split()) >= _LEFT_WORDS_MIN else text
    return text


def _after_aside(text: str) -> str:
    """What follows "and for the record" when that is the lasting part."""
    found = _MID_ASIDE.search(text)
    if found is None or not _is_rule(text[found.end() :]) or _is_rule(text[: found.start()]):
        return text
    return text[found.end() :]


def _opened(text: str) -> str:
    opener = LASTING["openers"].first(text.lower())
    return text[opener.end() :] if opener else text


def _trim(text: str) -> str:
    """A statement without its opening fillers, a one-off instruction before a colon and a header."""
    kept = remembered(text.lower())
    if kept:
        return text[kept:].strip()
    text = _without_tails(_after_aside(_NUMBERING.sub("", text)))
    aside = LASTING["aside"].first(text.lower())
    if aside and not text.lower().startswith("only"):
        text = text[aside.end() :]
    text = _opened(text)
    before, colon, after = text.partition(": ")
    if colon and len(after.split()) >= _WORDS_MIN:
        low_before, low_after = before.lower(), after.lower()
        if is_header(low_before) or (
            len(before.split()) > _TOPIC_WORDS_MAX
            and own_rule(low_after, low_after, asks=False)
            and not own_rule(low_before, low_before, asks=False)
            and not low_before.startswith(("when", "for", "if", "in "))
        ):
            text = _opened(after)
    return re.sub(r"[\s,]*\b(?:please|pls|plz|thanks|ok)\b[\s.!]*(?=$|[,:;]\s)", "", text, flags=re.IGNORECASE).strip()


class Statement(msgspec.Struct, frozen=True):
    """Something lasting that a message states: `quote` as it stands there, `text` what is left to rewrite."""

    quote: str
    text: str


def _quotes(text: str, first: Sentence, last: Sentence) -> list[str]:
    """The raw words of a statement; a sentence that joins two directives with "and" holds two."""
    quote = text[first.start : last.end]
    if len(quote) > _TEXT_CHARS_MAX:
        quote = text[first.start : first.end][:_TEXT_CHARS_MAX]
    for joint in _JOINT.finditer(plain(quote).lower()):
        before, after = quote[: joint.start()], quote[joint.end() :]
        if len(before.split()) >= _PART_WORDS_MIN and imperative(core_of(plain(after).lower())[1]):
            return [before, after]
    return [quote]


def _is_rule(quote: str) -> bool:
    low = plain(quote).lower()
    return own_rule(low, low, asks=False)


def _statement(quote: str) -> Statement:
    text = re.sub(r"[.!]\s+", "; ", " ".join(plain(quote).split()).rstrip(".!"))
    return Statement(quote, _trim(text))


def _with_antecedent(said: Statement, before: Sentence | None) -> Statement:
    """A statement about "those" with what the sentence before it spoke of, so that it can stand alone."""
    dangling = _THEM.search(said.text)
    if dangling is None or before is None:
        return said
    ahead = said.text[: dangling.start()]
    if _SOME.search(ahead) or _PLURAL.search(ahead):
        return said
    meant = _SOME.search(before.words)
    if meant is None:
        return said
    named = meant.group().strip()
    return Statement(said.quote, f"{said.text[: dangling.end()]} ({named}){said.text[dangling.end() :]}")


def statements(said: Said) -> list[Statement]:
    """The lasting statements among the sentences of a message, at most 20."""
    out: list[Statement] = []
    text, ranges, found = said.text, said.rules, [act.sentence for act in said.acts]
    grouped = {place for first, end in ranges for place in range(first, end)} | matters(found).keys()
    for place in range(len(found)):
        if place not in grouped:
            start = embedded(found[place])
            out.extend([] if start is None else [_statement(found[place].raw[start:])])
    for first, end in ranges:
        quotes = _quotes(text, found[first], found[end - 1])
        headed = any(is_header(other.low) for other in found[:end] if other.paragraph == found[first].paragraph)
        lasting = quotes if headed else [quote for quote in quotes if _is_rule(quote)]
        before = found[first - 1] if first and found[first - 1].paragraph == found[first].paragraph else None
        out.extend(_with_antecedent(_statement(quote), before) for quote in lasting or quotes)
    return [statement for statement in out if len(statement.text.split()) >= _WORDS_MIN][:_FOUND_MAX]


def topic_of(text: str) -> str:
    """The kebab-case topic of a statement in the third person: that of which it has most words."""
    hits = {
        name: len({found.span() for found in group.all(text.lower())}) for name, group in book("topics").groups.items()
    }
    best = max(hits, key=lambda name: hits[name])
    return best if hits[best] else "general"


def preferences(number: int, said: Said, known: Sequence[str]) -> list[PreferenceFound]:
    """The lasting statements of one message as preferences in the third person."""
    out: list[PreferenceFound] = []
    have = {old.strip().lower() for old in known}
    for statement in statements(said):
        replaced = overtaken(statement.text, statement.quote, [*known, *(other.text for other in out)])
        text = third_person(without_old(statement.text, replaced) if replaced else statement.text)
        if not text or text.lower() in have:
            continue
        have.add(text.lower())
        out.append(
            PreferenceFound(text=text, topic=topic_of(text), message=number, quote=statement.quote, replaces=replaced)
        )
    return out
