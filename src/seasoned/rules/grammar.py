"""A sentence of the user turned into the third person: "I never push" becomes "The user never pushes".

Deliberately light: pronouns, the verb after them and imperatives change, all other words stay as the user chose them.
What cannot be turned safely is quoted.
"""

import re
from typing import Final

from seasoned.rules.lasting import LASTING
from seasoned.rules.phrases import form
from seasoned.rules.requests import imperative, verbs
from seasoned.rules.text import listed


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("/") for pair in text.split(", "))


_IRREGULAR: Final = _pairs(
    "have/has, do/does, am/is, are/is, go/goes, were/was, don't/doesn't, haven't/hasn't, aren't/isn't"
)
_SUBJECTS: Final = _pairs("i/the user, we/the user's team, you/the agent")
_SHORT: Final = _pairs("m/is, re/is, ve/has, ll/will, d/would")
_OTHERS: Final = _pairs(
    "me/the user, my/the user's, mine/the user's, myself/themself, us/the user's team, our/the team's, ours/the team's,"
    " ourselves/themselves, your/the agent's, yours/the agent's, yourself/itself"
)
_NO_SUBJECT: Final = listed("to and or in on at for the a")
_AS_SUBJECT: Final = listed("before after like and than expect for about")
_REST_WORDS_MIN: Final = 2
_TOPIC_WORDS_MAX: Final = 4
_WISH_WORDS_MAX: Final = 16
_VERB_WITHIN: Final = 4  # words after the subject
_TOKEN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?|[^A-Za-z]+")
_LOWERED = re.compile(r"(?:All|No|Any|Every|Each|Only|Just|Short|Less|More|Fewer)\b")
_STOPS = re.compile(r"[,.;:!?(]")

_I: Final = re.IGNORECASE
_TIME = form("grammar.time")
_DOUBT = re.compile(r"(?P<time>(?:when|if) (?:in doubt|unsure|not sure)),? (?P<rest>.+)", _I | re.DOTALL)
_CALL = re.compile(r"(?:(?:you can|please|just) )*call me\b", _I)
_POLITELY = form("grammar.politely")
_NEGATIVE = re.compile(r"(?:please )?(?:don't|do not|dont|to not|not to)(?: ever)?\s+", _I)
_DIRECTIVE = form("grammar.directive")
# A subject without a verb that could be turned.
_UNSURE = form("grammar.unsure")
_SUBJECT_FIRST = re.compile(r"(?:i|i'm|i've|i'd|i'll|we|we're|we've|we'd|we'll|my|our)\b", _I)
_HEAD = re.compile(r"(?P<head>[^,:;]+?)(?:[,:;]\s|\s(?:because|so that|as i|since)\s)", _I)


def third_person(text: str) -> str:
    """One sentence about the user, capitalised and with a full stop; `text` is a statement without opening fillers."""
    bare = " ".join(text.split()).rstrip(".!;, ")
    if _UNSURE.search(bare):
        return f'The user says: "{bare}."'
    body = _statement(bare) if bare else ""
    return f"{body[:1].upper()}{body[1:]}." if body else ""


def _statement(text: str) -> str:
    text = _POLITELY.sub("", text.rstrip("?"))
    timed = _DOUBT.match(text) or _TIME.match(text)
    if timed and (len(timed["rest"].split()) >= _REST_WORDS_MIN or _DOUBT.match(text)):
        return f"{pronouns(timed['time']).strip().rstrip(',:')}, {_statement(timed['rest'])}"
    called = _CALL.match(text)
    if called:
        return f"the user wants to be called{text[called.end() :]}"
    negative = _NEGATIVE.match(text)
    if negative:
        return f"the user wants the agent not to {pronouns(text[negative.end() :])}"
    directive = _DIRECTIVE.match(text)
    if directive:
        rest, adverb = directive["rest"], directive["adverb"].lower()
        if directive["you"] or _orders(rest):
            return f"the user wants the agent to {adverb} {pronouns(rest)}"
        if not re.match(r"\w+", rest) or not LASTING["finite"].opens(rest.lower()):
            return f"the user wants {adverb} {pronouns(rest)}"
    if _SUBJECT_FIRST.match(text):
        return pronouns(text)
    bare = re.sub(r"^please\s+", "", text, flags=_I)
    if _orders(bare):
        return f"the user wants the agent to {bare[:1].lower()}{pronouns(bare)[1:]}"
    topic, colon, rest = bare.partition(": ")
    if colon and len(topic.split()) <= _TOPIC_WORDS_MAX:
        return f"for {topic.lower()}, {_statement(rest)}"
    head = _HEAD.match(bare)
    wish = head["head"] if head else bare
    if not LASTING["finite"].said(wish.lower()) and len(wish.split()) <= _WISH_WORDS_MAX:
        return f"the user wants {pronouns(_LOWERED.sub(lambda found: found[0].lower(), bare))}"
    return f"the user says: {pronouns(bare)}"


def _orders(text: str) -> bool:
    return imperative(text.lower()) or LASTING["command"].said(text.lower())


def inflected(verb: str) -> str:
    """The form after he, she or it: "push" gives "pushes". What has an ending already stays, and so do modals."""
    low = verb.lower()
    if low in _IRREGULAR:
        return _IRREGULAR[low]
    keeps = low in LASTING.listed("modals") or low in LASTING.listed("past") or not low.isalpha()
    if keeps or (low not in verbs() and low != "need" and re.search(r"(?:ed|ing|[^s]s)$", low)):
        return verb
    if low.endswith(("s", "x", "z", "ch", "sh", "o")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", low) else f"{verb}s"


def pronouns(text: str) -> str:
    """First and second person turned into "the user" and "the agent", with verbs that agree."""
    tokens = _TOKEN.findall(text)
    for place, piece in enumerate(list(tokens)):
        low = piece.lower()
        stem, _, ending = low.partition("'")
        if low in _OTHERS:
            tokens[place] = _OTHERS[low]
        elif stem in _SUBJECTS and ending in _SHORT:
            tokens[place] = f"{_SUBJECTS[stem]} {_SHORT[ending]}"
        elif low in _SUBJECTS and (low != "i" or piece == "I" or _stands_alone(tokens, place)):
            if low != "you" or not _is_object(tokens, place):
                _agree(tokens, place)
            tokens[place] = _SUBJECTS[low]
    return "".join(tokens)


def _words_after(tokens: list[str], place: int) -> list[int]:
    return [k for k in range(place + 1, min(len(tokens), place + 14)) if tokens[k][0].isalpha()]


def _agree(tokens: list[str], place: int) -> None:
    """Inflects the verb that follows the subject at `place`, stepping over adverbs; stops at punctuation."""
    for k in _words_after(tokens, place)[:_VERB_WITHIN]:
        low = tokens[k].lower()
        if _STOPS.search("".join(tokens[place + 1 : k])):
            return
        if low in LASTING.listed("adverbs") or (low.endswith("ly") and low not in verbs() | {"rely", "fly"}):
            continue
        tokens[k] = {"don't": "does not", "do": "does"}.get(low) or inflected(tokens[k])
        return


def _is_object(tokens: list[str], place: int) -> bool:
    """Whether "you" at `place` is an object ("from you", "want you to"), so that no verb follows it."""
    after = _words_after(tokens, place)
    if not after or "".join(tokens[place + 1 : after[0]]).strip():
        return True
    before = tokens[place - 2].lower() if place > 1 and not tokens[place - 1].strip() else ""
    return tokens[after[0]].lower() in _NO_SUBJECT or before in LASTING.listed("object_before") - _AS_SUBJECT


def _stands_alone(tokens: list[str], place: int) -> bool:
    """Whether a small "i" stands by itself, not as in "i.e." or "i/o"."""
    before = tokens[place - 1][-1:] if place else " "
    after = tokens[place + 1][:1] if place + 1 < len(tokens) else " "
    return before in " (\"'" and after in " ,"
