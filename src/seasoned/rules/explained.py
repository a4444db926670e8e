"""Why something failed, in the agent's words; and what a person corrects, in theirs.

A sentence gets points for what makes an explanation (a cause, a rule, a name) and loses them for what belongs to the
moment (plans, offers, reports, guesses). It joins an error only when it shares the error's words.
"""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Final

import msgspec

from seasoned.message import Author, Message, NumberedMessage
from seasoned.rules.phrases import book
from seasoned.rules.safety import is_safe, one_line
from seasoned.rules.text import Sentence, key_words, sentences, words

EXPLANATION_CHARS_MAX: Final = 480
SENTENCE_CHARS_MAX: Final = 320
POINTS_MIN: Final = 2.0
NEIGHBOUR_MIN: Final = -0.5
FINDING_MIN: Final = 2.5
COMPLAINT_MIN: Final = 1.5
USED_MIN: Final = 2.0
_WORDS_MIN = 4
_SHARED_MIN = 2
_NAMES_MAX = 3
_WORD_CHARS_MIN = 3
_LOOKED_AT = 4
_FINDING_SENTENCES_MAX = 12
_SHORT_WORDS = 7
_CORRECTION_WORDS_MIN = 5

_NAME = re.compile(
    r"`[^`\n]{2,80}`|\b[a-z]+[A-Z]\w+|\b\w+_\w+|\b\w+[-.]\w+[-.\w]*\b|\b[A-Z]{2,}\w*|\b\d+(?:\.\d+)*\b|--?\w[\w-]+"
    r"|(?<!^)\b[A-Z]\w*[a-z]\w*\b|\"[^\"\n]{2,60}\""
)
_NAMES = re.compile(r"[\w@-]+(?:[_./:=-][\w@-]+)+|\w*\d\w*|--?[a-z][\w-]+")
_TOKEN = re.compile(r"[\w./:=@-]+")
_PIECES = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_/.:=-]")
_OPENING = re.compile(r"(?:and|but|so|then|also|or|yet|however|please note that|note that)(?=[ ,]),?\s+", re.IGNORECASE)
# What most errors have in common tells nothing about one.
_COMMON: Final = words("common_in_errors")


class Told(msgspec.Struct, frozen=True):
    """A sentence that explains, with its message's number."""

    number: int
    sentence: Sentence
    points: float


def said(message: Message, author: Author) -> str:
    """What an author wrote in a message's prose; never hidden reasoning."""
    parts = tuple(part for part in message.parts if part.type in ("text", "tool-result"))
    return msgspec.structs.replace(message, parts=parts).words_of(author)


def agent_sentences(messages: Sequence[NumberedMessage]) -> dict[int, list[Sentence]]:
    """The agent's sentences by message number."""
    return {one.number: sentences(text, "agent") for one in messages if (text := said(one.message, "agent"))}


def _has(sentence: Sentence, *groups: str) -> bool:
    return any(book("distill")[group].said(sentence.low) for group in groups)


@lru_cache(maxsize=4_096)
def points(sentence: Sentence) -> float:
    """How much an agent's sentence explains; 0 and less: nothing."""
    text = sentence.text
    if len(text) > SENTENCE_CHARS_MAX or sentence.asks or len(text.split()) < _WORDS_MIN or not is_safe(text):
        return 0
    labelled = _has(sentence, "label", "fix_label")
    opened = labelled or _has(sentence, "opens")
    if sentence.bullet or text.endswith(":") or (not opened and _has(sentence, "moment", "done")):
        return 0
    score = 2.0 * opened + 2 * _has(sentence, "cause") + _has(sentence, "rule")
    score += min(1.5, 0.5 * len(_NAME.findall(text)[:_NAMES_MAX]))
    return score - 1.5 * _has(sentence, "guess") - 1.5 * _has(sentence, "own") - 2 * _has(sentence, "addressed")


def shares(text: str, words: AbstractSet[str], least: int = _SHARED_MIN) -> bool:
    """Whether a text shares the telling words of an error: two, or one name."""
    shared = 0
    for token in set(_TOKEN.findall(text)):
        own = telling(token) & words
        shared += 2 if any(not word.isalpha() for word in own) else bool(own)
    return shared >= least


@lru_cache(maxsize=8_192)
def telling(text: str) -> frozenset[str]:
    """The words of a text that tell it apart, stemmed; names as they stand and in their pieces."""
    spaced = _PIECES.sub(" ", text)
    names = {name.lower().strip("-./:") for name in _NAMES.findall(text)}
    words = {word for word in key_words(spaced) if len(word) >= _WORD_CHARS_MIN and word not in _COMMON}
    return frozenset(words | {name for name in names if len(name) >= _WORD_CHARS_MIN})


def causes(
    spoken: dict[int, list[Sentence]],
    numbers: Sequence[int],
    words: AbstractSet[str],
    least: float = POINTS_MIN,
    near: int = 0,
) -> list[Told]:
    """The sentence that explains an error best, with neighbours that explain too; empty when none does.

    In the first `near` messages a point less and one shared word are enough.
    """
    best: Told | None = None
    for place, number in enumerate(numbers):
        previous: Sentence | None = None
        for sentence in spoken.get(number, ()):
            value = points(sentence) + 1.5 * (previous is not None and _has(previous, "opens"))
            close = place < near
            better = value >= least - close and (best is None or value > best.points)
            if better and shares(sentence.text, words, _SHARED_MIN - close):
                best = Told(number, sentence, value)
            previous = sentence
    return [] if best is None else [best, *_neighbour(best, spoken[best.number])]


def _neighbour(best: Told, every: Sequence[Sentence]) -> list[Told]:
    """The sentences around one in its paragraph that explain too, as long as there is room."""
    place, room, found = every.index(best.sentence), EXPLANATION_CHARS_MAX - len(best.sentence.text), []
    for near in (place + 1, place - 1, place + 2):
        if 0 <= near < len(every) and every[near].paragraph == best.sentence.paragraph:
            room -= len(every[near].text)
            is_open = every[near].asks or every[near].raw.endswith(":")
            if points(every[near]) < NEIGHBOUR_MIN or room < 0 or is_open:
                break
            found.append(Told(best.number, every[near], points(every[near])))
    return found


def findings(every: Sequence[Sentence], number: int, words: AbstractSet[str], *, asked: bool, used: bool) -> list[Told]:
    """What a message explains about something that was seen. Unless somebody `asked` or the next call `used` it, it has
    to be announced as an explanation ("Found it: ...") or to say what is not so."""
    best: Told | None = None
    for place, sentence in enumerate(every[:_FINDING_SENTENCES_MAX]):
        opened = place > 0 and len(every[place - 1].text.split()) < _SHORT_WORDS and _has(every[place - 1], "opens")
        value = points(sentence) + 2 * opened + 1 * _has(sentence, "opens", "label")
        told = used and _has(sentence, "cause", "rule")
        announced = asked or told or opened or _has(sentence, "opens", "label", "contrasts")
        better = announced and value >= (USED_MIN if used else FINDING_MIN) and (best is None or value > best.points)
        if better and not sentence.bullet and shares(sentence.text, words):
            best = Told(number, sentence, value)
    return [best, *_neighbour(best, every)] if best and len(every) <= _FINDING_SENTENCES_MAX else []


def retracted(spoken: dict[int, list[Sentence]], told: Told) -> bool:
    """Whether the agent takes an explanation back in a later message."""
    later = [every for number, every in spoken.items() if number > told.number]
    return any(_has(sentence, "retracts") for every in later for sentence in every[:2])


def plain_words(sentence: Sentence) -> str:
    """A sentence as it stands in an entry: without its opening, with a capital."""
    text, phrases = one_line(sentence.text), book("distill")
    for group in ("label", "fix_label", "opens"):
        found = phrases[group].first(text.lower())
        rest = text[found.end() :].lstrip(" :,.!;-") if found else ""
        ends = group != "opens" or (found is not None and text[found.end() : found.end() + 1] in ":,.!;")
        if ends and len(rest.split()) >= _WORDS_MIN:
            text = rest
    joined = _OPENING.match(text)
    text = text[joined.end() :] if joined else text
    head = text.split(" ", 1)[0].rstrip(",.:;")
    return text[:1].upper() + text[1:] if head.isalpha() and head.islower() else text


def complaint(text: str) -> Sentence | None:
    """The first sentence in which a person says that something is wrong."""
    every = sentences(text)
    if every and _has(every[0], "grateful"):
        return None
    told = (one for one in every if _has(one, "wrong") and not _has(one, "asks") and not one.asks and is_safe(one.text))
    return next((one for one in told if len(one.text.split()) >= _WORDS_MIN), None)


def correction(text: str, before: str) -> list[Sentence]:
    """The sentences in which a person corrects the agent and says what is right; empty when there are none.

    `before` is what the agent said and called since the person's last words: a correction that does not begin as one
    has to speak of it.
    """
    every = sentences(text)
    if not every or _has(every[0], "grateful") or len(text) > 8 * EXPLANATION_CHARS_MAX:
        return []
    start = next((i for i, one in enumerate(every[:_LOOKED_AT]) if _has(one, "corrects")), None)
    if start is None:
        about = telling(before)
        start = next((i for i, one in enumerate(every) if _has(one, "defines") and telling(one.text) & about), None)
        if start is None or len(every) > _LOOKED_AT or not any(_has(one, "directs") for one in every):
            return []
    chosen = [
        one
        for one in every[start : start + _LOOKED_AT]
        if len(one.text.split()) >= _CORRECTION_WORDS_MIN - 1
        and one.paragraph == every[start].paragraph
        and not one.asks
        and is_safe(one.text)
        and not _has(one, "of_self", "wish", "grateful")
    ]
    if not any(len(one.text.split()) >= _CORRECTION_WORDS_MIN and _has(one, "states", "cause") for one in chosen):
        return []
    kept: list[Sentence] = []
    for one in chosen:
        if sum(len(each.text) for each in kept) + len(one.text) <= EXPLANATION_CHARS_MAX:
            kept.append(one)
    return kept
