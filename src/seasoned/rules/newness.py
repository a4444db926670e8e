"""How much speaks for a sentence opening another task while one is open: a sum of weighted signs."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from seasoned.rules.acts import TALK, Accepts, Act, Asks
from seasoned.rules.agent import AgentTurn
from seasoned.rules.phrases import data, form
from seasoned.rules.requests import IDENTIFIER
from seasoned.rules.text import key_words
from seasoned.rules.work import Work

ENOUGH: Final = 1.0
WEIGHTS: Final = msgspec.convert(data("weights")["newness"], dict[str, float])
_SAME_SHARE, _NEAR_SHARE, _OTHER_SHARE = 0.5, 0.25, 0.1
_HEARD_WEIGHT: Final = 0.5
_OTHER_KEYS_MIN: Final = 3
_SHORT_WORDS: Final = 5
_AHEAD: Final = 12
_NAMES_MAX: Final = 8
_ACTS_ON_IT = form("newness.acts_on_it")
# Words of asking say nothing about the matter.
_ASKING = key_words(
    "can could would will might may shall should you your please kindly perhaps possibly maybe me us we i my our"
    " also well some any get have give need like be am was did know if how what which when where who whether there"
    " here ok yes no so but thank thanks chance"
)


def newness(work: Work, heard: AgentTurn, acts: Sequence[Act], place: int) -> float:
    """The sum for sentence `place`; at `ENOUGH` it opens another task. `heard` is the agent's side just before."""
    signs = (*_opening(work, acts, place), *_state(work, heard), *_matter(work, acts, place), *_wording(acts, place))
    return sum(WEIGHTS[name] for name in signs)


def _opening(work: Work, acts: Sequence[Act], place: int) -> Iterator[str]:
    """What the words before the request say: a verdict, an announcement."""
    act, earlier = acts[place], acts[:place]
    accepted = max((other.accepts for other in earlier), default=Accepts.NO)
    if not accepted and act.lead:
        accepted = act.accepts
    if work.closed:
        accepted = Accepts.THANKS
    marked = _marked(acts, place)
    if marked:
        yield "marked"
    elif TALK["more"].said(act.core):
        yield "more"
    if accepted:
        yield "accepted" if accepted >= Accepts.THANKS else "nodded"
    if accepted == Accepts.APPROVES and marked:
        yield "approved_and_marked"
    if any(other.gives_up for other in earlier) or (act.gives_up and act.asks == Asks.PLAINLY):
        yield "given_up"
    if not work.closed and work.agent.cannot and not work.agent.done and accepted < Accepts.THANKS:
        yield "pushes_back"
    if earlier and earlier[0].sentence.paragraph != act.sentence.paragraph:
        yield "paragraph"


def _state(work: Work, heard: AgentTurn) -> Iterator[str]:
    """What the agent's last words make likely."""
    if heard.invites:
        yield "invited"
    if work.closed:
        return
    if work.agent.asks:
        yield "answers"
    if not work.agent.over:
        yield "interrupts"
    elif work.agent.unfinished:
        yield "goes_on"


def _matter(work: Work, acts: Sequence[Act], place: int) -> Iterator[str]:
    """Whether it is about the same things as the task at hand."""
    words = " ".join(other.core for other in acts[place : place + _AHEAD] if other.is_body)
    named = [found.group().lower().strip("`#") for found in IDENTIFIER.finditer(acts[place].sentence.words)][
        :_NAMES_MAX
    ]
    if named:
        known = " ".join(work.keys | work.heard)
        if not any(name in known for name in named):
            yield "new_name"
    keys = key_words(words)
    part = _shared(work, keys - _ASKING)
    if part >= _SAME_SHARE:
        yield "same_matter"
    elif part >= _NEAR_SHARE:
        yield "near_matter"
    elif _shared(work, keys) < _OTHER_SHARE and len(keys) >= _OTHER_KEYS_MIN:
        yield "other_matter"
    if len(words.split()) < _SHORT_WORDS:
        yield "short"


def _wording(acts: Sequence[Act], place: int) -> Iterator[str]:
    """Whether the words point back to the task at hand, and how plainly they ask."""
    act, upto = acts[place], acts[: place + 1]
    back = {found.group() for found in TALK["refers_back"].all(TALK["expletive"].without(act.core, " "))}
    if back:
        yield "refers_back"
        if len(back) > 1 or act.asks == Asks.HINTS or "also" in act.core.split():
            yield "refers_more"
    if TALK["proceeds"].said(act.core):
        yield "refers_back"
    if not _marked(acts, place):
        if TALK["limits"].said(act.sentence.low):
            yield "limits"
        if TALK["continues"].said(act.core) or TALK["continues"].said(act.sentence.low):
            yield "continues"
        if act.asks == Asks.PLAINLY and _ACTS_ON_IT.match(act.core):
            yield "acts_on_it"
    if any(other.complains and not other.reopens for other in upto):
        yield "complained"
    if any(TALK["almost"].said(other.sentence.low) for other in upto):
        yield "not_yet"
    if act.asks != Asks.HINTS:
        yield "plain" if act.asks else "no_request"


def _marked(acts: Sequence[Act], place: int) -> bool:
    """Whether the sentence, or one before it in its paragraph, announces something new."""
    act = acts[place]
    beside = (other for other in acts[:place] if other.sentence.paragraph == act.sentence.paragraph)
    return act.marks_new or any(other.marks_new and not other.asks for other in beside)


def _shared(work: Work, keys: frozenset[str]) -> float:
    """Which part of the words is known from the task."""
    shared = len(keys & work.keys) + _HEARD_WEIGHT * len((keys & work.heard) - work.keys)
    return shared / len(keys) if keys else 0.0
