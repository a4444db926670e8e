"""What a person does with each sentence of a message: asks, accepts, gives up, complains, puts off, states a rule."""

import re
from enum import IntEnum

import msgspec

from seasoned.rules import idioms, indirect, requests, verdicts, words
from seasoned.rules.lasting import HEADER, groups
from seasoned.rules.sentences import Sentence, sentences

_CLAUSE = re.compile(r"[,;:](?=\s)|\s-+\s|\s(?=but\s)|\s(?=and (?:then|now|please|also)\b)")
_NEGATED = re.compile(
    r"(?:n't|\bnot|\bnever|\bno|\bwithout|\bhardly|\bbarely|\bnothing|\bnone|\bcannot"
    r"|\bno longer)[^\w,;:.!?]+(?:\w+[^\w,;:.!?]+){0,2}$"
)
_CONDITIONAL = re.compile(
    r"\b(?:if|once|when|as soon as|until|unless|before|so that|make sure|should|whether|would be|to be"
    r"|can be|must be|want(?:s|ed)?|need(?:s|ed)?|please|let me know|gets?|have it|has to)\b[^,;:]*$"
)
_DEMAND = re.compile(
    r"(?:please|pls|plz|can you|could you|would you|will you|i want|i need|i'd like|we need|we want|let's)\b"
)
_PROMISE = re.compile(
    r"(?:i'll|i will|i shall|i'm going to|i can (?!you)|let me (?!know|have|see (?:the|it|a|what)|get)"
    r"|i'd be happy to)\b(?! (?:need|want|have you|take|go with))"
)
_PRAISE_LEAD = re.compile(r"\b(?:perfect|brilliant|excellent|awesome|lovely)\b")
_THANKS_LEAD = re.compile(r"\b(?:thanks|thank you|thx|cheers|ta)\b")
_WEAK_LEAD = re.compile(r"\b(?:ok(?:ay)?|k|kk|great|good|cool|nice|fine|right|alright|super)\b")


_CONTRAST = re.compile(r"[,;.]?\s+(?:but|though|however|yet|only that|except that|then|and then)\s+|[,;]\s+(?=now\b)")
_LATER_NOW = re.compile(
    r"(?:by )?now (?:it|that|they|this|all|everything|both)\b(?!.*(?:n't|\bnot\b|\bno))|(?:and )?there (?:it|they)"
    r" (?:was|is|were|are)|(?:it|that|they|this) (?:now )?(?:does|did|do|is|are|has|have)(?: now)?$"
)
_OWN_FAULT = re.compile(
    r"(?:it|that) (?:was|is) (?:only |just |all )?(?:me\b|my |mine|us\b|our |the (?:cache|network|cable))"
    r"|my (?:fault|mistake|bad|error|own)|(?:a )?false alarm"
)
_PLEASE = re.compile(r"\b(?:please|pls|plz) ?")
_SPEAKER = re.compile(r"([a-z][a-z'-]{1,15}): (?=\S)")  # "philippa: thank you" in a thread that several people share


_PUTS_OFF = re.compile(
    r"(?:let's|lets|we|i'll|i will|i'm|the rest|rest|finish|continue|pick|pause|hold|wait|leave|park|stop"
    r"|can we|could we|put|come back|please (?:pause|wait|hold|stop))\b"
)
_BUT = re.compile(
    r"\b(?:but|except|only that|although|though|however)\b[^.]*(?:n't|\bnot\b|\bno\b|\bnothing\b|\bstill\b"
    r"|\bwrong\b|\berrors?\b|\bfail|\bdenied\b|\bforbidden\b|\bmissing\b|\bbroke|\bslow|\bnow\b|\btoo\b"
    r"|\bgives?\b|\bgets?\b|\bempty\b|\bblank\b|\bbut\b)"
)


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


_ECHO_WORDS_MAX = 6  # "13,844 places?" doubts, it does not ask
_CHATTER_WORDS_MAX = 14
_CHATTER_START_WORDS_MAX = 8
_BODY_WORDS_MIN = 2
_NOD_WORDS_MIN = 3  # "ok" with this much after it says more than ok
_BEFORE_CHARS = 48
_BESIDE = 3


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


def _plainly(pattern: re.Pattern[str], text: str) -> bool:
    """Whether there is a match that is neither negated nor only wished for."""
    for found in pattern.finditer(text):
        before = text[max(0, found.start() - _BEFORE_CHARS) : found.start()]
        if not _NEGATED.search(before) and not _CONDITIONAL.search(before):
            return True
    return False


def _clauses(text: str) -> list[str]:
    return [clause for clause in (part.strip() for part in _CLAUSE.split(text)) if clause]


def _strip_lead(text: str) -> tuple[str, str]:
    found = words.LEAD.match(text)
    if found is None:
        return "", text
    return text[: found.end()].strip(), text[found.end() :].strip()


def _asks(clause: str) -> Asks:
    """How plainly a clause asks for something."""
    lead, core = _strip_lead(clause)
    size = len(core.split())
    if not core or _PROMISE.match(core):
        return Asks.NO
    if requests.IMPERATIVE.match(core) and size > 1:
        return Asks.PLAINLY
    if _DEMAND.match(core) or (_DEMAND.search(lead) and size > _BODY_WORDS_MIN):
        return Asks.PLAINLY
    if requests.QUESTIONS.match(core):
        return Asks.HINTS
    if requests.DEMANDS.search(core) or requests.WISHES.match(core):
        return Asks.PLAINLY
    if indirect.ASKS.search(core) or indirect.URGES.match(core) or indirect.ANNOUNCES.match(core):
        return Asks.PLAINLY
    return Asks.NO


_LABELS = words.listed(
    "next first second third then also now last finally lastly task todo job request question note fyi ps edit btw"
    " bug issue problem goal idea rule rules reminder update answer correction important urgent today tomorrow other"
)
_STATES = (verdicts.PRAISE, verdicts.WORKS, idioms.DELIGHT, idioms.APPROVES)
_APPROVALS = (*_STATES, verdicts.DID)


def _accepts(clause: str) -> Accepts:
    if any(_plainly(pattern, clause) for pattern in _APPROVALS):
        return Accepts.APPROVES
    if _plainly(verdicts.THANKS, clause):
        return Accepts.THANKS
    return Accepts.NODS if verdicts.ACCEPT_WEAK.match(clause) else Accepts.NO


def _lead_accepts(lead: str) -> Accepts:
    """What the opening fillers accept: "perfect, ..."."""
    if _PRAISE_LEAD.search(lead) and not lead.startswith("no"):
        return Accepts.APPROVES
    if _THANKS_LEAD.search(lead) and not lead.startswith("no"):
        return Accepts.THANKS
    return Accepts.NODS if _WEAK_LEAD.search(lead) else Accepts.NO


def _verdict(text: str, *, question: bool) -> tuple[Accepts, Asks]:
    """What a sentence accepts and asks; what comes after its first asking clause is no verdict."""
    accepts, asks = Accepts.NO, Asks.NO
    for clause in _clauses(text):
        wants = _asks(idioms.APPROVES.sub(" ", verdicts.PRAISE.sub(" ", clause)).strip())
        got = _accepts(clause)
        if got and wants < Asks.PLAINLY:
            accepts = max(accepts, min(got, Accepts.NODS) if question else got)
        asks = max(asks, wants)
        if wants == Asks.PLAINLY:
            break
    lead, core = _strip_lead(text)
    if question and core:
        asks = max(asks, Asks.HINTS)
    if lead and core:
        accepts = max(accepts, _lead_accepts(lead))
    return accepts, asks


def _turns_good(text: str) -> bool:
    """Whether a fault is told that is over: "it didn't work at first but now it does"."""
    parts = _CONTRAST.split(text)
    last = parts[-1].strip()
    if len(parts) == 1 or _faults(last):
        return False
    told = _LATER_NOW.search(last) or _OWN_FAULT.search(last)
    return told is not None or any(_plainly(pattern, last) for pattern in _STATES)


def _turns_bad(text: str) -> bool:
    """Whether praise ends in trouble: "that was fast, but the totals are off"."""
    parts = _CONTRAST.split(text)
    return len(parts) > 1 and requests.PROBLEM.search(parts[-1]) is not None and not _accepts(parts[-1])


def _faults(text: str) -> bool:
    return any(_plainly(pattern, text) for pattern in (verdicts.COMPLAINS_ANYWHERE, idioms.COMPLAINS))


def _doubts(text: str, core: str, accepts: Accepts, asks: Asks, *, question: bool) -> bool:
    """Whether a sentence finds fault: says so, doubts by repeating, or accepts with a "but"."""
    if _turns_good(text):
        return False
    if asks < Asks.PLAINLY and (idioms.REGRETS.match(text) or idioms.BARELY_NO.match(text)):
        return True
    if verdicts.OBJECTS.match(text) or verdicts.COMPLAINS.match(text) or _faults(text):
        return True
    if asks >= Asks.PLAINLY:
        return False
    echo = question and not requests.QUESTIONS.match(core) and 0 < len(core.split()) <= _ECHO_WORDS_MAX
    limited = accepts >= Accepts.THANKS and (_BUT.search(text) is not None or _turns_bad(text))
    return (echo and not requests.NEW_MARK.match(text)) or limited


def _gives_up(text: str, clauses: list[str]) -> bool:
    """Whether a sentence gives the whole matter up: not only a part, and not with a result taken after it."""
    masked = idioms.PARTLY.sub("", _PLEASE.sub("", text))
    if not any(_plainly(pattern, masked) for pattern in (verdicts.GIVES_UP, idioms.GIVES_UP)):
        return False
    places = [k for k, clause in enumerate(clauses) if _given_up_in(clause)]
    after = clauses[places[-1] + 1 :] if places else []
    return not any(_accepts(clause) == Accepts.APPROVES and not _faults(clause) for clause in after)


def _given_up_in(clause: str) -> bool:
    return verdicts.GIVES_UP.search(clause) is not None or idioms.GIVES_UP.search(clause) is not None


def _asks_besides(clauses: list[str]) -> Asks:
    """What a sentence that gives up or puts off asks for in a further clause."""
    rest = (clause for clause in clauses[1:] if not _given_up_in(clause) and not verdicts.DEFERS.search(clause))
    return Asks.PLAINLY if any(_asks(clause) == Asks.PLAINLY for clause in rest) else Asks.NO


def _without_speaker(text: str, sentence: Sentence) -> str:
    """The words without the name of who speaks, which may stand before a message in a shared thread."""
    found = _SPEAKER.match(text) if sentence.start == 0 else None
    if found is None or found.group(1) in _LABELS or found.group(1) in requests.VERBS:
        return text
    return text[found.end() :]


def _act(sentence: Sentence, *, rule: bool) -> Act:
    text = _without_speaker(" ".join(sentence.words.lower().split()).rstrip(".!;… "), sentence)
    greeting = words.GREETING.match(text)
    if not text or (greeting and greeting.end() >= len(text)):
        return Act(sentence=sentence, lead=text, core="", chatter=True)
    faultless = idioms.FAULTLESS.search(text) is not None and not sentence.asks
    if faultless:
        text = idioms.FAULTLESS.sub("perfect", text)
    lead, core = _strip_lead(text)
    rule = rule and (requests.QUESTIONS.match(core) is None or requests.DEMANDS.search(core) is not None)
    clauses = _clauses(text) or [text]
    gives_up = not sentence.asks and _gives_up(text, clauses)
    puts_off = _asks(clauses[0]) < Asks.PLAINLY or _PUTS_OFF.match(core) is not None
    asks_first = idioms.ASKS_FIRST.search(text) is not None
    defers = not sentence.asks and (asks_first or (puts_off and verdicts.DEFERS.search(text) is not None))
    accepts, asks = _verdict(text, question=sentence.asks)
    complains = _doubts(text, core, accepts, asks, question=sentence.asks)
    if not asks and indirect.NAMED_PLEASE.match(text) and not accepts:
        asks = Asks.PLAINLY
    settled = not complains and not asks and _turns_good(text)
    if complains and asks < Asks.PLAINLY:
        accepts = Accepts.NO
    elif settled:
        accepts = Accepts.APPROVES
    if gives_up or defers:
        asks = _asks_besides(clauses)
    if gives_up:
        accepts = min(accepts, Accepts.NODS)
    length = len(text.split())
    chatter = not asks and length <= _CHATTER_WORDS_MAX and words.SMALL_TALK.search(text) is not None
    if not asks and not rule and HEADER.search(text):
        chatter = True
    opens = length <= _CHATTER_START_WORDS_MAX and words.SMALL_TALK.match(text) is not None
    to_the_agent = requests.TO_THE_AGENT.match(core) and not indirect.ASKS.search(core)
    if opens or to_the_agent or indirect.EXCLAIMS.match(core):
        asks, chatter, complains = Asks.NO, True, False
    marks = requests.NEW_MARK.match(text) or requests.NEW_MARK.match(core) or requests.NEW_MARK.search(lead)
    return Act(
        sentence=sentence,
        lead=lead,
        core=core,
        accepts=accepts,
        asks=Asks.NO if rule else asks,
        gives_up=gives_up,
        defers=defers,
        complains=complains,
        goes=verdicts.GOES.match(text) is not None,
        looks_later=defers and verdicts.LOOKS_LATER.search(text) is not None,
        cleans_up=any(requests.CLEANS_UP.match(clause) for clause in clauses),
        carries_on=idioms.CARRIES_ON.search(text) is not None and not complains,
        declines=idioms.DECLINES.match(text) is not None,
        yields=idioms.YIELDS.match(text) is not None,
        marks_new=marks is not None or indirect.ANNOUNCES.match(text) is not None,
        reopens=verdicts.REOPENS.search(text) is not None,
        rule=rule,
        problem=requests.PROBLEM.search(core) is not None and not settled,
        named=requests.IDENTIFIER.search(sentence.words) is not None,
        chatter=chatter,
    )


def read(text: str) -> list[Act]:
    """What a person's message does, sentence by sentence."""
    found = sentences(text)
    rules = {place for first, end in groups(found) for place in range(first, end)}
    acts = [_act(sentence, rule=place in rules) for place, sentence in enumerate(found)]
    return [_in_context(acts[:place], act) for place, act in enumerate(acts)]


def _in_context(earlier: list[Act], act: Act) -> Act:
    """A short question after an approval asks for something: it does not doubt what was just approved."""
    approved = any(other.accepts == Accepts.APPROVES for other in earlier[-_BESIDE:])
    if act.complains and approved and act.sentence.asks and not _faults(act.core) and not act.problem:
        return msgspec.structs.replace(act, complains=False, asks=max(act.asks, Asks.HINTS))
    return act
