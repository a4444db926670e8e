"""How much speaks for a sentence opening another task while one is still open, as a sum of weighted signs."""

import re
from collections.abc import Sequence

from seasoned.rules.acts import TALK, Accepts, Act, Asks
from seasoned.rules.agent import AgentTurn
from seasoned.rules.requests import IDENTIFIER
from seasoned.rules.text import key_words
from seasoned.rules.work import Work

ENOUGH = 1.0

_EXPLETIVE = re.compile(
    r"\bhow (?:far|long|late|old|much|big|warm|cold) (?:is|was) it\b|\b(?:is|was|are|were|there's) (?:it|there)\b(?="
    r" (?:in|at|any|an?|some|possible|no|going|raining|true|too)\b|\W*$)"
    r"|\bthe same (?:for|with|to|on|in) (?=(?:the|our|my|all|each|every) (?!others?\b|rest\b|remaining\b))"
    r"|\bthere(?:'s| is| are)\b|\b(?:it|this|that) (?:would|'d|might|could|is|isn't|were) (?:be )?(?:\w+ )?(?:if|to"
    r"|possible|not)\b"
)
_ASKING = key_words(
    "can could would will might may shall should you your please kindly perhaps possibly maybe me us we i my our"
    " also well some any get have give need like be am was did know if how what which when where who whether there"
    " here ok yes no so but thank thanks chance"
)
_ACTS_ON_IT = re.compile(
    r"(?:do |pray |kindly )?(?!(?:if|is|was|would|could|might|can|should|will|that|as|when|while)\b)\w+"
    r" (?:it|them|that|this|these|those)\b"
)
_ALSO = re.compile(r"\balso\b")

_MARKED = 1.75  # "next:", "another thing"
_MORE = 0.75  # "one more thing", which may also add to the task at hand
_NOT_YET = -1.5  # "nice start", "almost"
_ACCEPTED = 1.5
_NODDED = 0.25
_APPROVED_AND_MARKED = 0.75
_GIVEN_UP = 2.0
_PARAGRAPH = 0.5
_INVITED = 1.25  # the agent asked what is next
_ANSWERS = -2.5  # the agent asked something else
_INTERRUPTS = -1.0
_GOES_ON = -0.75  # the agent has not come to the end
_PUSHES_BACK = -1.25  # the agent said that it cannot be done: what follows looks for another way
_NEW_NAME = 1.0
_SAME_MATTER = -1.5
_NEAR_MATTER = -0.5
_OTHER_MATTER = 0.75
_REFERS_BACK = -1.0
_REFERS_MORE = -1.0
_ACTS_ON = -1.0  # "do let it go out"
_LIMITED = -1.0  # "but make it bigger"
_CONTINUES = -0.75
_COMPLAINED = -2.0
_SHORT = -0.75
_PLAIN = 0.5
_NO_REQUEST = -0.5

_SAME_SHARE, _NEAR_SHARE, _OTHER_SHARE = 0.5, 0.25, 0.1
_HEARD_WEIGHT = 0.5
_OTHER_KEYS_MIN = 3
_SHORT_WORDS = 5
_NAMES_MAX = 8


def newness(work: Work, heard: AgentTurn, acts: Sequence[Act], place: int) -> float:
    """The sum for sentence `place`; at `ENOUGH` it opens another task. `heard` is the agent's side just before."""
    act, earlier = acts[place], acts[:place]
    upto = acts[: place + 1]
    text = " ".join(other.core for other in acts[place:] if other.is_body)
    score = _opening(work, acts, place) + _state(work, heard)
    score += _matter(work, act, key_words(text))
    if earlier and earlier[0].sentence.paragraph != act.sentence.paragraph:
        score += _PARAGRAPH
    back = {found.group() for found in TALK["refers_back"].all(_EXPLETIVE.sub(" ", act.core))}
    back |= {found.group() for found in _ALSO.finditer(act.core) if back}
    if back:
        score += _REFERS_BACK + (_REFERS_MORE if len(back) > 1 or act.asks == Asks.HINTS else 0.0)
    if TALK["limits"].said(act.sentence.low) and not _marked(acts, place):
        score += _LIMITED
    continues = any(TALK["continues"].said(one) for one in (act.core, act.sentence.low))
    if continues and not _marked(acts, place):
        score += _CONTINUES
    if TALK["proceeds"].said(act.core):
        score += _REFERS_BACK
    if act.asks == Asks.PLAINLY and _ACTS_ON_IT.match(act.core) and not _marked(acts, place):
        score += _ACTS_ON
    if any(other.complains and not other.reopens for other in upto):
        score += _COMPLAINED
    if any(TALK["almost"].said(other.sentence.low) for other in upto):
        score += _NOT_YET
    if len(text.split()) < _SHORT_WORDS:
        score += _SHORT
    if act.asks != Asks.HINTS:
        score += _PLAIN if act.asks else _NO_REQUEST
    return score


def _marked(acts: Sequence[Act], place: int) -> bool:
    """Whether the sentence, or one before it in its paragraph, announces something new."""
    act = acts[place]
    beside = (other for other in acts[:place] if other.sentence.paragraph == act.sentence.paragraph)
    return act.marks_new or any(other.marks_new and not other.asks for other in beside)


def _opening(work: Work, acts: Sequence[Act], place: int) -> float:
    """What the words before the request say: a verdict, an announcement."""
    act, earlier = acts[place], acts[:place]
    accepted = max((other.accepts for other in earlier), default=Accepts.NO)
    if not accepted and act.lead:
        accepted = act.accepts
    if work.closed:
        accepted = Accepts.THANKS
    score = 0.0
    marked = _marked(acts, place)
    if marked:
        score += _MARKED
    elif TALK["more"].said(act.core):
        score += _MORE
    if accepted:
        score += _ACCEPTED if accepted >= Accepts.THANKS else _NODDED
    if accepted == Accepts.APPROVES and marked:
        score += _APPROVED_AND_MARKED
    if any(other.gives_up for other in earlier) or (act.gives_up and act.asks == Asks.PLAINLY):
        score += _GIVEN_UP
    if not work.closed and work.agent.cannot and not work.agent.done and accepted < Accepts.THANKS:
        score += _PUSHES_BACK
    return score


def _state(work: Work, heard: AgentTurn) -> float:
    """What the agent's last words make likely."""
    score = _INVITED if heard.invites else 0.0
    if not work.closed:
        score += _ANSWERS if work.agent.asks else 0.0
        score += 0.0 if work.agent.over else _INTERRUPTS
        score += _GOES_ON if work.agent.over and work.agent.unfinished else 0.0
    return score


def _matter(work: Work, act: Act, keys: set[str]) -> float:
    """Whether it is about the same things as the task at hand."""
    score = 0.0
    names = [found.group().lower().strip("`#") for found in IDENTIFIER.finditer(act.sentence.words)][:_NAMES_MAX]
    if names:
        known = " ".join(work.keys | work.heard)
        score += 0.0 if any(name in known for name in names) else _NEW_NAME
    part = _shared(work, keys - _ASKING)
    if part >= _SAME_SHARE:
        score += _SAME_MATTER
    elif part >= _NEAR_SHARE:
        score += _NEAR_MATTER
    elif _shared(work, keys) < _OTHER_SHARE and len(keys) >= _OTHER_KEYS_MIN:
        score += _OTHER_MATTER
    return score


def _shared(work: Work, keys: set[str]) -> float:
    """Which part of the words is known from the task."""
    shared = len(keys & work.keys) + _HEARD_WEIGHT * len((keys & work.heard) - work.keys)
    return shared / len(keys) if keys else 0.0
