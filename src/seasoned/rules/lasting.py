"""Which sentences state something lasting: a rule, a preference or a fact, not an instruction for the task at hand.

English marks what holds in general by words of all time ("always", "from now on"), by the simple present with a general
subject ("dates go day first", "legal wants every page signed"), by plural weekdays, by "here" and "in our shop". What
happens now, a fault, or something said of one thing at hand ("the second one", "this file") has its own marks.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from seasoned.rules.phrases import book
from seasoned.rules.requests import core_of, imperative
from seasoned.rules.text import Sentence, listed, stem

LASTING = book("lasting")
TALK = book("talk")
_ADDITION_WORDS_MAX: Final = 30
_HEADED_WORDS_MIN: Final = 3
_CLAUSES_MAX: Final = 12
_VERB_CHARS: Final = 40
_CLAUSE_WORDS_MIN: Final = 4

_TOLD: Final = listed("lasting told style stays habit personal team for_good")
_STANDING: Final = ("standing", "strong", "decided")

_OWN = re.compile(r"(?:i|we|my|our)\b")
_REASON = re.compile(r"[,:;]|\b(?:because|since|as|so)\b")
_CLAUSE_START = re.compile(r"[,;:]\s+|\s-+\s+|\s(?=because |since |cause |cos )")
_WANTS_MORE = re.compile(r"[,;:] (?:and |so |but |then |please )*|\b(?:and|so|but) (?:please )?")
# A noun made of two, the first of which could be a verb: "file names", "commit messages".
_COMPOUND = listed(
    "file branch commit test order report date code log build release time label table page cite image plot note place"
    " price account mail chart meeting record document work track ring email text market ship group index process"
)
# Words of trouble that also stand in rules.
_NO_FAULT = listed(
    "off nothing nobody double twice full moved empty issues issue error errors can't cannot don't doesn't won't isn't"
    " aren't problem bugs red warning alerts blank late"
)
_REASONED = re.compile(r"\b(?:when|if|unless|because|after|once)\b")


def is_header(text: str) -> bool:
    """Whether a sentence in lower case announces rules: "house rules:"."""
    return LASTING["header"].said(text)


def own_rule(text: str, core: str, *, asks: bool) -> bool:
    """Whether a sentence in lower case states something lasting; `core` is the text without its opening fillers."""
    return _told_rule(text, core, asks=asks) or (not asks and _stands(text, core))


def _stands(text: str, core: str) -> bool:
    return not LASTING["not_lasting"].said(text) and (standing(core) or (core != text and standing(text)))


@lru_cache(maxsize=2_048)
def _told_rule(text: str, core: str, *, asks: bool) -> bool:
    said = LASTING
    if not any(said[name].may(text) for name in _TOLD):
        return False
    if said["not_lasting"].said(text) or said["uncertain"].said(core):
        return False
    if asks or said["question_start"].said(core):
        polite = said["asked"].first(core)
        return polite is not None and said["for_good"].said(core) and not _requires(core[polite.end() :].strip())
    if _requires(core):
        return False
    lasting = said["lasting"].said(text)
    style = said["told"].said(text) or said["style"].said(core) or said["style"].said(text)
    if lasting or style or LASTING["stays"].said(core):
        return not _describes_fault(core) and (lasting or not LASTING["this_one"].said(core))
    habit = said["habit"].first(text)
    told = habit or said["personal"].first(text)
    if told and not habit and fault(text):
        return False
    if told:
        return _is_own(core, text[: told.start()], told.group())
    return said["team"].said(core) and not LASTING["then_asks"].said(core) and not of_the_moment(core)


def _requires(core: str) -> bool:
    """Whether a sentence asks for something and says what that has to be like: "a function that never returns null"."""
    return LASTING["requirement"].said(core) and imperative(core) and not LASTING["notes"].said(core)


def _is_own(core: str, before: str, cue: str) -> bool:
    """Whether a habit is the speaker's own statement, not the content of a request ("add a note that we never ...")."""
    if before.strip() and imperative(core) and not (_REASON.search(before) or LASTING["notes"].said(core)):
        return False
    return not ("prefer" in cue and LASTING["this_time"].said(core))


def _describes_fault(core: str) -> bool:
    """Whether "always" or "every time" only says how something goes wrong."""
    return LASTING["told_fault"].said(core) and TALK["problem"].said(core) and not LASTING["told_rule"].said(core)


@lru_cache(maxsize=2_048)
def standing(clause: str) -> bool:
    """Whether a clause in lower case, without opening fillers, tells something that holds in general."""
    if not any(LASTING[name].may(clause) for name in _STANDING):
        return False
    aside = LASTING["aside"].first(clause)
    if aside:
        clause = clause[aside.end() :]
    if LASTING["strong"].said(clause):
        return not LASTING["one_off"].said(clause) or " mean" in clause
    if clause.startswith(("don't ", "do not ", "there ", "there's ")) and not LASTING["recurs"].said(clause):
        return False
    if LASTING["reported"].said(clause) or LASTING["task"].said(clause):
        return False
    if LASTING["decided"].said(clause):
        return True
    if not LASTING["standing"].said(clause):
        return False
    compound = clause.partition(" ")[0] in _COMPOUND and LASTING["noun"].opens(clause.partition(" ")[2])
    if (imperative(clause) and not compound) or LASTING["wh"].said(clause):
        return False
    return not of_the_moment(clause)


def fault(head: str) -> bool:
    """Whether a clause tells of something that goes wrong."""
    if not head.startswith(("if", "when")):
        head = _REASONED.split(head, maxsplit=1)[0]
    return any(found.group() not in _NO_FAULT for found in TALK["problem"].all(head))


def of_the_moment(clause: str) -> bool:
    """Whether a clause tells a state, a fault or a wish of the moment."""
    head = clause.partition(",")[0]
    if LASTING["past"].said(clause) or fault(head):
        return True
    if LASTING["one_off"].said(clause) and not LASTING["recurs"].said(clause):
        return True
    return not re.match(r"(?:i|we)\b", head) and LASTING["state"].said(head)


def wants_more(sentence: str) -> bool:
    """Whether a sentence also asks for something in a clause of its own."""
    starts = {0, *(found.end() for found in _WANTS_MORE.finditer(sentence))}
    if any(found.start() in starts for found in TALK["demands"].all(sentence)):
        return True
    return any(imperative(sentence[start : start + _VERB_CHARS]) for start in starts)


def embedded(sentence: Sentence) -> int | None:
    """Where in a sentence that asks for something (offset in `raw`) a clause begins that states something lasting."""
    low = sentence.low
    if sentence.asks or not any(LASTING[name].may(low) for name in _STANDING) or LASTING["not_lasting"].said(low):
        return None
    core = core_of(low)[1]
    requests = imperative(core) and not LASTING["notes"].said(core)
    if requests and _requires(core):
        return None
    starts = [0, *(found.end() for found in _CLAUSE_START.finditer(sentence.words))]
    for start in starts[:_CLAUSES_MAX]:
        low = " ".join(sentence.words[start:].lower().split()).rstrip(".!;, ")
        LASTING.part(sentence.low, low)
        core = core_of(low)[1]
        if start and requests and sentence.words[:start].rstrip().endswith(":") and not LASTING["own"].said(core):
            continue
        strong = LASTING["strong"].said(core)
        if start == 0 and not strong and (imperative(core) or TALK["demands"].opens(core)):
            continue
        clause = low if strong else _CLAUSE_START.split(low, maxsplit=1)[0]
        if len(clause.split()) >= _CLAUSE_WORDS_MIN and (standing(core) or standing(low)):
            return start
    return None


def groups(found: Sequence[Sentence], matter: Mapping[int, bool]) -> list[tuple[int, int]]:
    """The statements of a message as ranges of sentences (first, end): a rule with the sentences that explain it.

    After a header ("house rules:") every sentence of its paragraph is a rule of its own. What is `matter` is none.
    """
    ranges: list[tuple[int, int]] = []
    header = -1  # the paragraph that a header opened
    for place, sentence in enumerate(found):
        whole, core = sentence.low, core_of(sentence.low)[1]
        if place in matter or is_requirement(found, place):
            continue
        own = remembered(whole) > 0 or _told_rule(whole, core, asks=sentence.asks)
        if not own and not sentence.asks and not wants_more(core):
            own = _stands(whole, core)
        if sentence.paragraph != header or (not own and (sentence.asks or LASTING["ends_header"].said(core))):
            header = -1
        size = len((whole if sentence.bullet else core).split())
        headed = header >= 0 and not sentence.asks and size >= _HEADED_WORDS_MIN - sentence.bullet
        if is_header(whole) and not LASTING["one_change"].said(whole):
            header = sentence.paragraph
            own = own and len(whole.partition(":")[2].split()) >= _HEADED_WORDS_MIN
        beside = bool(ranges) and ranges[-1][1] == place and _goes_on(found[place - 1], sentence)
        adds = LASTING["same"].said(core) if own or headed else _explains(sentence, core)
        if beside and adds:
            ranges[-1] = (ranges[-1][0], place + 1)
        elif own or headed:
            ranges.append((place, place + 1))
    return ranges


def remembered(low: str) -> int:
    """Where what is to be kept begins in "remember this for next time: ..."; 0 when nothing is."""
    found = LASTING["remember"].first(low)
    return found.end() if found else 0


def matters(found: Sequence[Sentence]) -> dict[int, bool]:
    """The sentences that are the text to work on, or say what is to stand in one ("Summarize: ...").

    Each with whether it is somebody else's words: it comes after the colon of the request.
    """
    inside: dict[int, bool] = {}
    opener: Sentence | None = None
    for place, sentence in enumerate(found):
        low, core = sentence.low, core_of(sentence.low)[1]
        if LASTING["text_work"].said(core) or (low != core and LASTING["text_work"].said(low)):
            opener = sentence
            inside[place] = False
        elif opener is None or sentence.paragraph != opener.paragraph or sentence.bullet:
            opener = None
        elif ":" in opener.words or not (LASTING["habit"].said(core) or LASTING["lasting"].said(core)):
            inside[place] = ":" in opener.words
    return inside


def is_requirement(found: Sequence[Sentence], place: int) -> bool:
    """Whether "the button must never be wider than its column" stands beside the request that it belongs to."""
    core = core_of(found[place].low)[1]
    told = LASTING["thing_must"].first(core)
    if told is None or LASTING["strong"].said(core) or LASTING["lasting"].said(core):
        return False
    if wants_more(core[told.end() :]):
        return True
    beside = (found[k] for k in (place - 1, place + 1) if 0 <= k < len(found))
    about = stem(core.partition(" ")[0]) if told["kind"] else ""
    return any(
        one.paragraph == found[place].paragraph and wants_more(core_of(one.low)[1]) and about in one.low
        for one in beside
    )


def _goes_on(before: Sentence, sentence: Sentence) -> bool:
    return before.paragraph == sentence.paragraph and not sentence.bullet


def _explains(sentence: Sentence, core: str) -> bool:
    """Whether a sentence only explains the rule before it."""
    if sentence.asks or len(core.split()) > _ADDITION_WORDS_MAX or LASTING["question_start"].said(core):
        return False
    if TALK["thanks"].said(core) or any(imperative(clause.strip()) for clause in core.split(",")):
        return False
    return LASTING["adds"].said(core) or bool(
        LASTING["back"].said(core) and not re.search(r"\b(?:please|can you)\b", core)
    )
