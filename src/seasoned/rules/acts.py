"""What a person does with each sentence of a message: asks, accepts, gives up, complains, puts off, states a rule."""

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final

import msgspec

from seasoned.rules.classes import class_of
from seasoned.rules.lasting import groups, is_header, matters
from seasoned.rules.phrases import book, form
from seasoned.rules.requests import IDENTIFIER, core_of, imperative
from seasoned.rules.text import Sentence, listed, sentences

TALK = book("talk")
_CLAUSE = re.compile(r"[,;:](?=\s)|\s-+\s|\s(?=but\s)|\s(?=and (?:then|now|please|also)\b)")
_CONTRAST = form("acts.contrast")
_NEGATED = form("acts.negated")
_CONDITIONAL = form("acts.conditional")
_PLEASE = re.compile(r"\b(?:please|pls|plz) ?")
_URGES = re.compile(r"(?:do|pray|kindly|prithee) (?:please |kindly |also )?(?=(\w+))")
_SPEAKER = re.compile(r"([a-z][a-z'-]{1,15}): (?=\S)")  # "ann: thank you" in a thread that several people share
_LABELS: Final = listed(
    "next first second third then also now last finally lastly task todo job request question note fyi ps edit btw bug"
    " issue problem goal idea rule rules reminder update answer correction important urgent today tomorrow other"
)
_STATES: Final = ("praise", "works")
_APPROVALS: Final = (*_STATES, "did")
_ECHO_WORDS_MAX: Final = 6  # "13,844 places?" doubts, it does not ask
_CHATTER_WORDS_MAX: Final = 14
_CHATTER_START_WORDS_MAX: Final = 8
_BODY_WORDS_MIN: Final = 2
_NOD_WORDS_MIN: Final = 3  # "ok" with this much after it says more than ok
_BEFORE_CHARS: Final = 48
_BESIDE: Final = 3
_LIKELY, _SURE = 0.6, 0.8


class Accepts(IntEnum):
    """How far a sentence accepts what the agent did."""

    NO = 0
    NODS = 1  # "ok", "I see"
    THANKS = 2
    APPROVES = 3  # says that it is good, that it works, or what was done with it


class Asks(IntEnum):
    """How plainly a sentence asks for something."""

    NO = 0
    HINTS = 1  # a question, which may be about anything
    PLAINLY = 2


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence with what it does: `core` in lower case without its opening fillers, `lead` those fillers."""

    sentence: Sentence
    lead: str
    core: str
    accepts: Accepts = Accepts.NO
    asks: Asks = Asks.NO
    gives_up: bool = False
    defers: bool = False
    complains: bool = False
    goes: bool = False
    looks_later: bool = False
    carries_on: bool = False  # has the agent go on with what it began
    declines: bool = False  # wants no more of what the agent offers
    yields: bool = False  # bows to a refusal
    cleans_up: bool = False
    marks_new: bool = False
    reopens: bool = False
    rule: bool = False
    problem: bool = False
    named: bool = False
    chatter: bool = False

    @property
    def size(self) -> int:
        """Words without the opening fillers."""
        return len(self.core.split())

    @property
    def is_body(self) -> bool:
        """Whether it can be what the person wants, or a part of it."""
        if self.asks:
            return True
        taken = self.accepts >= Accepts.THANKS or (self.accepts and self.size < _NOD_WORDS_MIN)
        return not (taken or self.gives_up or self.defers or self.rule or self.chatter) and self.size >= _BODY_WORDS_MIN


class Said(msgspec.Struct, frozen=True):
    """A person's message: what each sentence does, which state rules (first, end), which are a text to work on."""

    text: str = ""
    acts: tuple[Act, ...] = ()
    matter: frozenset[int] = frozenset()
    rules: tuple[tuple[int, int], ...] = ()


def read(text: str) -> Said:
    """What a person's message does, sentence by sentence."""
    found = sentences(text)
    matter = matters(found)
    ranges = groups(found, matter)
    rules = {place for first, end in ranges for place in range(first, end)}
    acts = [
        Act(sentence=sentence, lead="", core=sentence.low, chatter=True)
        if matter.get(place)
        else _act(sentence, rule=place in rules, works_on_text=place in matter)
        for place, sentence in enumerate(found)
    ]
    beside = (acts[max(0, place - _BESIDE) : place] for place in range(len(acts)))
    return Said(text, tuple(map(_in_context, beside, acts)), frozenset(matter), tuple(ranges))


def _in_context(earlier: list[Act], act: Act) -> Act:
    """A short question after an approval asks for something: it does not doubt what was just approved."""
    approved = any(other.accepts == Accepts.APPROVES for other in earlier)
    if act.complains and approved and act.sentence.asks and not act.problem and not _plainly("complains", act.core):
        return msgspec.structs.replace(act, complains=False, asks=max(act.asks, Asks.HINTS))
    return act


def _plainly(name: str, text: str) -> bool:
    """Whether the text has a phrase of the group that is neither negated nor only wished for."""
    for found in TALK[name].all(text):
        before = text[max(0, found.start() - _BEFORE_CHARS) : found.start()]
        if not _NEGATED.search(before) and not _CONDITIONAL.search(before):
            return True
    return False


def _clauses(text: str) -> list[str]:
    return [clause for clause in (part.strip() for part in _CLAUSE.split(text)) if clause]


@lru_cache(maxsize=1_024)
def _asks(clause: str) -> Asks:
    """How plainly a clause asks for something."""
    lead, core = core_of(clause)
    if not core or TALK["promise"].said(core):
        return Asks.NO
    if imperative(core) and " " in core:
        return Asks.PLAINLY
    if TALK["demand"].said(core) or (lead and len(core.split()) > _BODY_WORDS_MIN and TALK["demand"].found(lead)):
        return Asks.PLAINLY
    if TALK["questions"].said(core):
        return Asks.HINTS
    if any(TALK[name].said(core) for name in ("demands", "wishes", "asks", "announces")):
        return Asks.PLAINLY
    urged = _URGES.match(core)
    return Asks.PLAINLY if urged and (urged[1] in {"be", "have", "let", "feel"} or imperative(urged[1])) else Asks.NO


@lru_cache(maxsize=1_024)
def _accepts(clause: str) -> Accepts:
    if any(_plainly(name, clause) for name in _APPROVALS):
        return Accepts.APPROVES
    if _plainly("thanks", clause):
        return Accepts.THANKS
    return Accepts.NODS if TALK["accepts_weakly"].said(clause) else Accepts.NO


def _lead_accepts(lead: str) -> Accepts:
    """What the opening fillers accept: "perfect, ..."."""
    if lead.startswith("no"):
        return Accepts.NODS if TALK["weak_lead"].said(lead) else Accepts.NO
    if TALK["good_lead"].said(lead):
        return Accepts.APPROVES
    if TALK["thanks_lead"].said(lead):
        return Accepts.THANKS
    return Accepts.NODS if TALK["weak_lead"].said(lead) else Accepts.NO


def _verdict(text: str, clauses: list[str], *, question: bool) -> tuple[Accepts, Asks]:
    """What a sentence accepts and asks; what comes after its first asking clause is no verdict."""
    accepts, asks = Accepts.NO, Asks.NO
    for clause in clauses:
        rest = TALK["praise"].without(clause, " ").strip()
        TALK.part(clause, rest)
        wants = _asks(rest)
        got = _accepts(clause)
        if got and wants < Asks.PLAINLY:
            accepts = max(accepts, min(got, Accepts.NODS) if question else got)
        asks = max(asks, wants)
        if wants == Asks.PLAINLY:
            break
    lead, core = core_of(text)
    if question and core:
        asks = max(asks, Asks.HINTS)
    if lead and core:
        accepts = max(accepts, _lead_accepts(lead))
    return accepts, asks


def _turns(text: str) -> tuple[bool, bool]:
    """Whether a sentence tells a fault that is over ("but now it does"), and whether praise ends in trouble."""
    parts = _CONTRAST.split(text)
    last = parts[-1].strip()
    if len(parts) == 1 or not last:
        return False, False
    worse = TALK["problem"].said(last) or (TALK["turns_bad"].said(last) and not _accepts(last))
    over = (TALK["later_now"].said(last) and not worse) or TALK["own_fault"].said(last)
    good = not _plainly("complains", last) and (over or any(_plainly(name, last) for name in _STATES))
    return good, not good and TALK["problem"].said(last) and not _accepts(last)


def _doubts(text: str, core: str, accepts: Accepts, asks: Asks, *, question: bool) -> bool:
    """Whether a sentence finds fault: says so, doubts by repeating, or accepts with a "but"."""
    good, bad = _turns(text)
    if good:
        return False
    praise = TALK["praise_lead"].first(text)
    rest = text[praise.end() :] if praise else text
    if asks < Asks.PLAINLY:
        worse = any(TALK["turns_bad"].said(one) and not _accepts(one) for one in (rest, *_clauses(text)[1:]))
        if worse or (praise and TALK["problem"].said(rest) and not _accepts(rest)):
            return True
    if asks < Asks.PLAINLY and (TALK["regrets"].said(text) or TALK["barely_no"].said(text)):
        return True
    if TALK["objects"].said(text) or TALK["complains_first"].said(text) or _plainly("complains", text):
        return True
    if asks >= Asks.PLAINLY:
        return False
    echo = question and 0 < len(core.split()) <= _ECHO_WORDS_MAX and not TALK["questions"].said(core)
    return (
        (echo and not TALK["new"].said(text))
        or (accepts > Accepts.NO and bad)
        or (accepts >= Accepts.THANKS and TALK["but"].said(text))
    )


def _gives_up(text: str, clauses: list[str]) -> bool:
    """Whether a sentence gives the whole matter up: not only a part, and not with a result taken after it."""
    if not TALK["gives_up"].said(text) or not _plainly("gives_up", TALK["partly"].without(_PLEASE.sub("", text))):
        return False
    places = [place for place, clause in enumerate(clauses) if TALK["gives_up"].said(clause)]
    after = clauses[places[-1] + 1 :] if places else []
    return not any(_accepts(clause) == Accepts.APPROVES and not _plainly("complains", clause) for clause in after)


def _asks_besides(clauses: list[str]) -> Asks:
    """What a sentence that gives up or puts off asks for in a further clause."""
    rest = (one for one in clauses[1:] if not TALK["gives_up"].said(one) and not TALK["defers"].said(one))
    return Asks.PLAINLY if any(_asks(clause) == Asks.PLAINLY for clause in rest) else Asks.NO


def _without_speaker(text: str, sentence: Sentence) -> str:
    """The words without the name of who speaks, which may stand before a message in a shared thread."""
    found = _SPEAKER.match(text) if sentence.start == 0 else None
    if found is None or found[1] in _LABELS or imperative(found[1]):
        return text
    return text[found.end() :]


def _act(sentence: Sentence, *, rule: bool, works_on_text: bool) -> Act:
    text = _without_speaker(sentence.low, sentence)
    greeting = TALK["greeting"].first(text)
    if not text or (greeting and greeting.end() >= len(text)):
        return Act(sentence=sentence, lead=text, core="", chatter=True)
    if not sentence.asks and TALK["faultless"].said(text):
        text = TALK["faultless"].without(text, "perfect")
    lead, core = core_of(text)
    rule = rule and (not TALK["questions"].said(core) or TALK["demands"].said(core))
    clauses = _clauses(text) or [text]
    TALK.part(text, *clauses)
    gives_up = not sentence.asks and _gives_up(text, clauses)
    defers = not sentence.asks and _defers(text, core, clauses[0])
    accepts, asks = _verdict(text, clauses, question=sentence.asks)
    complains = _doubts(text, core, accepts, asks, question=sentence.asks)
    if works_on_text:
        accepts, asks, complains = Accepts.NO, Asks.PLAINLY, False
    elif not asks and not accepts and TALK["named_please"].said(text):
        asks = Asks.PLAINLY
    settled = not complains and not asks and _turns(text)[0]
    if complains and asks < Asks.PLAINLY:
        accepts = Accepts.NO
    elif settled:
        accepts = Accepts.APPROVES
    if gives_up or defers:
        asks = _asks_besides(clauses)
    if gives_up:
        accepts = min(accepts, Accepts.NODS)
    chatter, talk = _chats(text, core, asks, rule=rule)
    if talk:
        asks, complains = Asks.NO, False
    act = Act(
        sentence=sentence,
        lead=lead,
        core=core,
        accepts=accepts,
        asks=Asks.NO if rule else asks,
        gives_up=gives_up,
        defers=defers,
        complains=complains,
        goes=TALK["goes"].said(text),
        looks_later=defers and TALK["looks_later"].said(text),
        cleans_up=any(TALK["cleans_up"].said(clause) for clause in clauses),
        carries_on=not complains and TALK["carries_on"].said(text),
        declines=TALK["declines"].said(text),
        yields=TALK["yields"].said(text),
        marks_new=_marks_new(text, lead, core),
        reopens=TALK["reopens"].said(text),
        rule=rule,
        problem=not settled and TALK["problem"].said(core),
        named=IDENTIFIER.search(sentence.words) is not None,
        chatter=chatter,
    )
    return act if works_on_text or act.chatter or rule else _classified(act)


def _classified(act: Act) -> Act:
    """What the classifier says of a sentence of which no phrase tells what it does."""
    if act.accepts >= Accepts.THANKS or act.asks == Asks.PLAINLY or act.complains or act.gives_up or act.defers:
        return act
    told, likely = class_of(act.sentence.words)
    if likely < _LIKELY:
        return act
    change = msgspec.structs.replace
    if act.accepts and told != "good":
        return act
    if told == "new" or (told == "more" and not act.asks):
        return change(act, asks=Asks.PLAINLY)
    if told == "drop":
        return change(act, gives_up=True, asks=Asks.NO)
    if told == "later":
        return change(act, defers=True, asks=Asks.NO)
    if told == "bad" and not act.asks:
        return change(act, complains=True)
    if told == "good" and not (act.problem or act.asks):
        return change(act, accepts=Accepts.APPROVES if likely > _SURE else Accepts.THANKS)
    return act


def _marks_new(text: str, lead: str, core: str) -> bool:
    new = TALK["new"]
    if new.may(text) and (new.said(text) or new.said(core) or new.found(lead)):
        return True
    return TALK["announces"].said(text)


def _defers(text: str, core: str, first: str) -> bool:
    """Whether a sentence puts the work off, or asks somebody else first."""
    if TALK["asks_first"].said(text):
        return True
    return TALK["defers"].said(text) and (TALK["puts_off"].said(core) or _asks(first) < Asks.PLAINLY)


def _chats(text: str, core: str, asks: Asks, *, rule: bool) -> tuple[bool, bool]:
    """Whether a sentence only chats; and whether so plainly that nothing else counts."""
    length = len(text.split())
    opens = length <= _CHATTER_START_WORDS_MAX and (small := TALK["small_talk"].first(text)) and small.start() == 0
    to_the_agent = TALK["to_the_agent"].said(core) and not TALK["asks"].said(core)
    if opens or to_the_agent or TALK["exclaims"].said(core):
        return True, True
    small_talk = not asks and length <= _CHATTER_WORDS_MAX and TALK["small_talk"].said(text)
    return small_talk or (not asks and not rule and is_header(text)), False
