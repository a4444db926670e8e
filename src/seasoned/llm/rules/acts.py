"""What a person does with each sentence of a message: asks, accepts, gives up, complains, puts off, states a rule."""

import re

import msgspec

from seasoned.llm.rules import words
from seasoned.llm.rules.preferences import states_rule
from seasoned.llm.rules.sentences import Sentence, sentences

_CLAUSE = re.compile(r"[,;:](?=\s)|\s-+\s|\s(?=but\s)|\s(?=and (?:then|now|please|also)\b)")
_NEGATED = re.compile(
    r"(?:n't|\bnot|\bnever|\bno|\bwithout|\bhardly|\bbarely|\bnothing|\bnone|\bcannot|\bno longer)[^\w,;:.!?]+(?:\w+[^\w,;:.!?]+){0,2}$"
)
_CONDITIONAL = re.compile(
    r"\b(?:if|once|when|as soon as|until|unless|before|so that|make sure|should|whether|would be|to be|can be|must be|want(?:s|ed)?|need(?:s|ed)?|please|let me know|gets?|have it|has to)\b[^,;:]*$"
)
_DEMAND = re.compile(
    r"(?:please|pls|plz|can you|could you|would you|will you|i want|i need|i'd like|we need|we want|let's)\b"
)
_PROMISE = re.compile(
    r"(?:i'll|i will|i'm going to|i can (?!you)|let me (?!know|have|see (?:the|it|a|what)|get)|i'd be happy to)\b(?! (?:need|want|have you|take|go with))"
)
_PRAISE_LEAD = re.compile(r"\b(?:perfect|brilliant|excellent|awesome|lovely)\b")
_THANKS_LEAD = re.compile(r"\b(?:thanks|thank you|thx|cheers|ta)\b")
_WEAK_LEAD = re.compile(r"\b(?:ok(?:ay)?|k|kk|great|good|cool|nice|fine|right|alright|super)\b")


_PUTS_OFF = re.compile(
    r"(?:let's|lets|we|i'll|i will|i'm|the rest|rest|finish|continue|pick|pause|hold|wait|leave|park|stop|can we|could we|put|come back|please (?:pause|wait|hold|stop))\b"
)
_BUT = re.compile(
    r"\b(?:but|except|only that|although|though|however)\b[^.]*(?:n't|\bnot\b|\bno\b|\bnothing\b|\bstill\b|\bwrong\b|\berrors?\b|\bfail|\bdenied\b|\bforbidden\b|\bmissing\b|\bbroke|\bslow|\bnow\b|\btoo\b|\bgives?\b|\bgets?\b|\bempty\b|\bblank\b|\bbut\b)"
)


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence with what it does.

    `accepts` is 0 (no), 1 (acknowledges: "ok"), 2 (thanks) or 3 (says that it is good); `asks` is 0 (no), 1 (weakly) or
    2 (plainly). `core` is the sentence in lower case without opening
    fillers; `lead` is those fillers.
    """

    sentence: Sentence
    lead: str
    core: str
    accepts: int = 0
    gives_up: bool = False
    defers: bool = False
    complains: bool = False
    goes: bool = False
    marks_new: bool = False
    reopens: bool = False
    asks: int = 0
    rule: bool = False
    problem: bool = False
    named: bool = False
    chatter: bool = False

    @property
    def is_body(self) -> bool:
        """Whether it can be what the person wants, or a part of it."""
        if self.asks:
            return True
        size = len(self.core.split())
        taken = self.accepts >= 2 or (self.accepts == 1 and size < 3)
        return not (taken or self.gives_up or self.defers or self.rule or self.chatter) and size >= 2


def _plainly(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """A match that is neither negated nor only wished for."""
    for found in pattern.finditer(text):
        before = text[max(0, found.start() - 48) : found.start()]
        if not _NEGATED.search(before) and not _CONDITIONAL.search(before):
            return found
    return None


def _clauses(text: str) -> list[str]:
    return [clause for clause in (part.strip() for part in _CLAUSE.split(text)) if clause]


def _strip_lead(text: str) -> tuple[str, str]:
    found = words.LEAD.match(text)
    if found is None:
        return "", text
    return text[: found.end()].strip(), text[found.end() :].strip()


def _asks(clause: str, asks: bool) -> int:
    """How plainly a clause asks for something."""
    lead, core = _strip_lead(clause)
    if not core or _PROMISE.match(core):
        return 0
    if words.IMPERATIVE.match(core) and len(core.split()) >= 2:
        return 2
    if _DEMAND.match(core) or (_DEMAND.search(lead) and len(core.split()) >= 3):
        return 2
    if words.QUESTIONS.match(core):
        return 1
    if words.DEMANDS.search(core) or words.WISHES.match(core):
        return 2
    if asks:
        return 1
    if words.POLITE_TAIL.search(core) and "please" in core and len(core.split()) >= 3:
        return 2
    return 0


def _accepts(clause: str, *, weak: bool) -> int:
    if any(_plainly(pattern, clause) for pattern in (words.PRAISE, words.WORKS, words.DID)):
        return 3
    if _plainly(words.THANKS, clause):
        return 2
    return 1 if weak and words.ACCEPT_WEAK.match(clause) else 0


def _verdict(text: str, sentence: Sentence) -> tuple[int, int]:
    """(accepts, asks) of a sentence; what comes after the first asking clause is no verdict."""
    accepts = asks = 0
    for clause in _clauses(text):
        wants = _asks(words.PRAISE.sub(" ", clause).strip(), asks=False)
        got = _accepts(clause, weak=True)
        if got and wants < 2:
            accepts = max(accepts, got if not sentence.asks else min(got, 1))
            continue
        if wants:
            asks = max(asks, wants)
            break
    lead, core = _strip_lead(text)
    if sentence.asks and core and not asks:
        asks = 1
    if lead and core:
        if _PRAISE_LEAD.search(lead) and not lead.startswith("no"):
            accepts = max(accepts, 3)
        elif _THANKS_LEAD.search(lead) and not lead.startswith("no"):
            accepts = max(accepts, 2)
        elif _WEAK_LEAD.search(lead):
            accepts = max(accepts, 1)
    return accepts, asks


def _act(sentence: Sentence, previous: "Act | None") -> Act:
    text = " ".join(sentence.words.lower().split()).rstrip(".!;… ")
    greeting = words.GREETING.match(text)
    if greeting and greeting.end() >= len(text):
        return Act(sentence=sentence, lead=text, core="", chatter=True)
    lead, core = _strip_lead(text)
    beside = previous is not None and previous.sentence.paragraph == sentence.paragraph
    rule = states_rule(sentence, previous is not None and beside and previous.rule)
    first = _asks(_clauses(text)[0], asks=False) if text else 0
    gives_up = _plainly(words.GIVES_UP, text) is not None and not sentence.asks
    defers = words.DEFERS.search(text) is not None and not sentence.asks and (first < 2 or bool(_PUTS_OFF.match(core)))
    complains = bool(words.COMPLAINS.match(text) or _plainly(words.COMPLAINS_ANYWHERE, text))
    accepts, asks = _verdict(text, sentence)
    echo = (
        sentence.asks
        and asks < 2
        and not words.QUESTIONS.match(core)
        and 0 < len(core.split()) <= 6
        and not words.NEW_MARK.match(text)
    )
    limited = accepts > 1 and _BUT.search(text) is not None and asks < 2
    complains = complains or echo or limited
    if complains and asks < 2:
        accepts = 0
    if gives_up or defers:
        later = [
            _asks(clause, asks=False)
            for clause in _clauses(text)[1:]
            if not words.GIVES_UP.search(clause) and not words.DEFERS.search(clause)
        ]
        asks = 2 if 2 in later else 0
        accepts = min(accepts, 1) if gives_up else accepts
    chatter = not asks and bool(words.SMALL_TALK.search(text)) and len(text.split()) <= 14
    if (words.SMALL_TALK.match(text) and len(text.split()) <= 8) or words.TO_THE_AGENT.match(core):
        asks, chatter, complains = 0, True, False
    return Act(
        sentence=sentence,
        lead=lead,
        core=core,
        accepts=accepts,
        gives_up=gives_up,
        defers=defers,
        complains=complains,
        goes=bool(words.GOES.match(text)),
        marks_new=bool(words.NEW_MARK.match(text) or words.NEW_MARK.match(core) or words.NEW_MARK.search(lead)),
        reopens=bool(words.REOPENS.search(text)),
        asks=0 if rule and asks < 3 else asks,
        rule=rule,
        problem=bool(words.PROBLEM.search(core)),
        named=bool(words.IDENTIFIER.search(sentence.words)),
        chatter=chatter,
    )


def read(text: str) -> list[Act]:
    """What a person's message does, sentence by sentence."""
    acts: list[Act] = []
    for sentence in sentences(text):
        acts.append(_act(sentence, acts[-1] if acts else None))
    return acts
