"""Lasting statements of a person as preferences: trimmed, in the third person, with topic and what they overtake."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from seasoned.learning.questions import PreferenceFound
from seasoned.rules.acts import Said
from seasoned.rules.grammar import third_person
from seasoned.rules.lasting import LASTING, embedded, is_header, is_requirement, own_rule, remembered
from seasoned.rules.phrases import book, form
from seasoned.rules.requests import core_of, imperative
from seasoned.rules.text import Sentence, key_words, listed, numbers, plain

_TEXT_CHARS_MAX: Final = 400
_FOUND_MAX: Final = 20
_KNOWN_MAX: Final = 200
_WORDS_MIN: Final = 2
_PART_WORDS_MIN: Final = 4
_LEFT_WORDS_MIN: Final = 3
_TOPIC_WORDS_MAX: Final = 3

_I: Final = re.IGNORECASE
_NUMBERING = re.compile(r"^\(?\d{1,2}[.)]\s+|[.;]\s*\(?\d{1,2}[.)]?$")
_JOINT = re.compile(r"[,;] and (?=\w)|(?:,? and|;) (?=(?:i|i'm|i've|we|we're|my|our)\b)")
_POLITE = re.compile(r"[\s,]*\b(?:please|pls|plz|thanks|ok)\b[\s.!]*(?=$|[,:;]\s)", _I)


_THEM = form("preferences.them")
_SOME = form("preferences.some")
_PLURAL = re.compile(r"\b(?!(?:is|was|has|does|this|yes|as|us|always|its|uses)\b)[a-z]{3,}[^s\W]s\b", _I)


def preferences(number: int, said: Said, known: Sequence[str]) -> list[PreferenceFound]:
    """The lasting statements of message `number` as preferences in the third person."""
    out: list[PreferenceFound] = []
    have = {old.strip().lower() for old in known}
    for quote, statement in _statements(said):
        replaced = overtaken(statement, quote, [*known[-_KNOWN_MAX:], *(other.text for other in out)], said.text)
        text = third_person(_without_old(statement, replaced) if replaced else statement)
        if text and text.lower() not in have:
            have.add(text.lower())
            topic = _topic_of(text)
            out.append(PreferenceFound(text=text, topic=topic, message=number, quote=quote, replaces=replaced))
    return out


def _topic_of(text: str) -> str:
    """The kebab-case topic of a statement in the third person: that of which it has most words."""
    low = text.lower()
    hits = {name: len({found.span() for found in group.all(low)}) for name, group in book("topics").items()}
    best = max(hits, key=lambda name: hits[name])
    return best if hits[best] else "general"


def _statements(said: Said) -> list[tuple[str, str]]:
    """The lasting statements of a message, at most 20: as they stand in it, and what is left to rewrite."""
    out: list[tuple[str, str]] = []
    found = [act.sentence for act in said.acts]
    taken = {place for first, end in said.rules for place in range(first, end)} | said.matter
    for place, sentence in enumerate(found):
        start = None if place in taken or is_requirement(found, place) else embedded(sentence)
        if start is not None:
            out.append((sentence.raw[start:], _trimmed(sentence.raw[start:])))
    for first, end in said.rules:
        beside = [other for other in found[:end] if other.paragraph == found[first].paragraph]
        quotes = _parts(said.text, found[first], found[end - 1])
        headed = any(is_header(other.low) for other in beside)
        lasting = quotes if headed else [quote for quote in quotes if _is_rule(quote)]
        before = found[first - 1] if first and found[first - 1] in beside else None
        out.extend((quote, _with_antecedent(_trimmed(quote), before)) for quote in lasting or quotes)
    return [(quote, text) for quote, text in out if len(text.split()) >= _WORDS_MIN][:_FOUND_MAX]


def _parts(text: str, first: Sentence, last: Sentence) -> list[str]:
    """The raw words of a statement, cut where it joins two."""
    quote = text[first.start : last.end]
    if len(quote) > _TEXT_CHARS_MAX:
        quote = text[first.start : first.end][:_TEXT_CHARS_MAX]
    for joint in _JOINT.finditer(plain(quote).lower()):
        before, after = quote[: joint.start()], quote[joint.end() :]
        if min(len(before.split()), len(after.split()) + 1) < _PART_WORDS_MIN:
            continue
        if imperative(core_of(plain(after).lower())[1]) or (_is_rule(before) and _is_rule(after)):
            return [before, after]
    return [quote]


def _is_rule(quote: str) -> bool:
    low = plain(quote).lower()
    return own_rule(low, core_of(low)[1], asks=False)


def _trimmed(quote: str) -> str:
    """A statement without its opening fillers, asides, a one-off instruction before a colon and a header."""
    text = re.sub(r"[.!]\s+", "; ", " ".join(plain(quote).split()).rstrip(".!"))
    kept = remembered(text.lower())
    if kept:
        return text[kept:].strip()
    text = _NUMBERING.sub("", text)
    middle = LASTING["mid_aside"].first(text.lower())
    if middle and _is_rule(text[middle.end() :]) and not _is_rule(text[: middle.start()]):
        text = text[middle.end() :]
    tail = LASTING["tail"].first(text.lower())
    if tail and len(text[: tail.start()].split()) >= _LEFT_WORDS_MIN:
        text = text[: tail.start()]
    aside = LASTING["aside"].first(text.lower())
    if aside and not text.lower().startswith("only"):
        text = text[aside.end() :]
    text = _opened(text)
    before, _, after = text.partition(": ")
    if len(after.split()) >= _WORDS_MIN and _only_leads(before.lower(), after.lower()):
        text = _opened(after)
    return _POLITE.sub("", text).strip(" ,;:-")


def _opened(text: str) -> str:
    opener = LASTING["openers"].first(text.lower())
    return text[opener.end() :] if opener else text


def _only_leads(before: str, after: str) -> bool:
    """Whether what stands before a colon is a header, or an instruction that is not lasting itself."""
    if is_header(before):
        return True
    long = len(before.split()) > _TOPIC_WORDS_MAX and not before.startswith(("when", "for", "if", "in "))
    return long and own_rule(after, after, asks=False) and not own_rule(before, before, asks=False)


def _with_antecedent(text: str, before: Sentence | None) -> str:
    """A statement about "those" with what the sentence before it spoke of, so that it can stand alone."""
    dangling = _THEM.search(text)
    if dangling is None or before is None:
        return text
    ahead = text[: dangling.start()]
    meant = _SOME.search(before.words)
    if meant is None or _SOME.search(ahead) or _PLURAL.search(ahead):
        return text
    return f"{text[: dangling.end()]} ({meant.group().strip()}){text[dangling.end() :]}"


# --- what a statement overtakes ---

_NAMED_MIN: Final = 2
_NAMED_KEYS_MAX: Final = 3
_AROUND_CHARS: Final = 1_000
_SHARED_MIN: Final = 3
_SHORT_KEYS_MAX: Final = 6
_NAMED_WEIGHT, _DIFFERS_WEIGHT = 3.0, 0.5
_EMPTY: Final = listed("go over out get got two three same other month week because under like about")
_ANYTHING: Final = key_words("use write send put keep make add please always now")
# "Use X instead" names no old value, but it is the same matter.
_INSTEAD = form("preferences.instead")
# "No more PNG", "forget the £75"; "the old list is gone".
_DROPPED = form("preferences.dropped")
_SLOT = form("preferences.slot")  # "my manager is", of which there is one
_PERMITS = form("preferences.permits")
_FORBIDS = re.compile(r"\b(?:never|not|no|without)\b", _I)
_VALUES: Final = tuple(key_words(" ".join(one)) for one in LASTING.lists("values"))
_OLD_CLAUSE = form("preferences.old_clause")


def overtaken(text: str, quote: str, known: Sequence[str], around: str = "") -> str:
    """The known statement that `text` overtakes: the same matter with another value; empty when there is none.

    What is dropped may be said elsewhere in the message, `around` the statement.
    """
    said, low = key_words(quote), plain(quote).lower()
    changes, instead = LASTING["changes"].said(low), _INSTEAD.search(low) is not None
    named = [found["after"] or found["before"] for found in _DROPPED.finditer(low)]
    dropped = key_words(" ".join(named)) | _dropped_in(around[:_AROUND_CHARS])
    permits, slot = _PERMITS.search(low) is not None, _slot(third_person(text))
    best, best_score = "", 0.0
    for old in known:
        keys = key_words(old)
        if not (slot or keys & said or keys & dropped) or old.strip().lower() == text.strip().lower():
            continue
        shared = (keys & said) - numbers(old) - _EMPTY
        drops = bool(keys & dropped) and (
            len(keys & dropped) >= _NAMED_MIN or bool((keys & said) - dropped) or len(keys) <= _NAMED_KEYS_MAX
        )
        differs = bool(numbers(old)) and bool(numbers(text)) and not numbers(old) & numbers(text)
        score = len(shared) + _NAMED_WEIGHT * drops * len(keys & dropped) + _DIFFERS_WEIGHT * differs
        enough = (
            drops
            or (instead and bool(shared) and len(keys) <= _SHORT_KEYS_MAX)
            or (differs and len(shared) >= (_NAMED_MIN if changes else _SHARED_MIN))
            or (changes and len(shared) >= _SHARED_MIN and 2 * len(shared) >= len(keys))
            or (changes and (_swaps(keys, said) or (slot and slot == _slot(old))))
            or (permits and bool(shared) and _FORBIDS.search(old) is not None)
        )
        if enough and score >= best_score:
            best, best_score = old, score
    return best


@lru_cache(maxsize=16)
def _dropped_in(text: str) -> frozenset[str]:
    """The words for what a message says is over."""
    return key_words(" ".join(found["before"] or "" for found in _DROPPED.finditer(plain(text).lower())))


def _slot(text: str) -> frozenset[str]:
    """What a statement in the third person gives a value to: "the team's office" in "The team's office is in York"."""
    found = _SLOT.match(text)
    return key_words(found["slot"]) or frozenset({"called"}) if found else frozenset()


def _swaps(old: frozenset[str], new: frozenset[str]) -> bool:
    """Whether both give a value to the same matter, and not the same one."""
    for values in _VALUES:
        if old & values and new & values and not old & new & values:
            return bool((old & new) - values - _ANYTHING)
    return False


def _without_old(text: str, replaced: str) -> str:
    """A statement without the clauses that only name the value it overtakes."""
    old = key_words(replaced)

    def cut(found: re.Match[str]) -> str:
        rest = text[: found.start()] + text[found.end() :]
        return "" if key_words(found.group()) & old - key_words(rest) else found.group()

    shorter = re.sub(r",? instead$", "", _OLD_CLAUSE.sub(cut, text).strip(" ,;"))
    return shorter if len(shorter.split()) >= _LEFT_WORDS_MIN else text
