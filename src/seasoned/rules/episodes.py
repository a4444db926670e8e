"""Episodes of a task: something went wrong or turned out otherwise, somebody explained it, something else worked.

An episode is found where an agent explains (insights.py), where a call failed and a changed one worked (errors.py), or
where the user corrects the agent (corrections.py). What the agent took back later is no episode. Explanations of one
trouble make one episode: the one that says most, with a sentence of the next best.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from seasoned.message import NumberedMessage
from seasoned.rules.calls import Call
from seasoned.rules.corrections import EXPLANATION_CHARS_MAX, complaint, correction, is_grateful
from seasoned.rules.errors import Failure, Fix
from seasoned.rules.insights import (
    FIX_LABEL,
    cannot,
    capital,
    is_plan,
    names_something,
    offers,
    opens,
    points,
    retracts,
    strip_opener,
)
from seasoned.rules.prose import Said, said
from seasoned.rules.safety import is_safe
from seasoned.rules.similar import words

POINTS_MIN: Final = 5.0
_CORE_POINTS_MIN: Final = 3.0
_HINT_POINTS_MIN: Final = 1.0
_AFTER_POINTS_MIN: Final = 2.0
_NEIGHBOUR_POINTS_MIN: Final = 1.5
_NEIGHBOUR_WORDS_MIN: Final = 5
_NEIGHBOURS_MAX: Final = 3
_PENDING_MAX: Final = 6
_SHARED_MIN: Final = 3
_REMEDY_CHARS_MAX: Final = 240
_REMEDY_WORDS_MIN: Final = 4

_INTENDS = re.compile(
    r"(?:(?:so|now|then|next|and|ok(?:ay)?|therefore|instead)[,:]? )?(?:i'd|i'll|i will|i would|i'm going to"
    r"|let me|we'd|we'll|we should|i can"
    r"|i suggest to|i recommend to)(?: (?:now|then|just|also|rather|only|therefore|first|instead|simply|like to"
    r"|suggest|recommend))* ",
    re.IGNORECASE,
)
_LOOKS = re.compile(
    r"(?:(?:now|then|next|first|so)[,:]? )?(?:look|check|see|read|try|find|search|ask|wait|have|investigate|pull"
    r"|get|fetch|run|start|report|tell|let"
    r"|show|draft|do|keep|go|test|verify|count|measur|compar|retry|reproduc|profil|list|open|build|sort|prepar"
    r"|look)\w*\b",
    re.IGNORECASE,
)


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to learn from. `explains` are sentences from message `number` in their order, the one at `core` says
    most; `also` is what a second message of the agent adds. `failure` or `complaint` (message number and sentence) is
    the symptom; `correct` is what to do, as a sentence with its message, or `fix` the call that worked. `alone` is the
    score without what the circumstances add. `user` when the user explained it."""

    number: int
    score: float
    alone: float = 0
    explains: tuple[Said, ...] = ()
    core: int = 0
    also: tuple[int, Said] | None = None
    failure: Failure | None = None
    complaint: tuple[int, str] | None = None
    fix: Fix | None = None
    correct: tuple[int, str] | None = None
    call: Call | None = None
    user: bool = False


class _Reader(msgspec.Struct):
    """What is open while the messages are read. `stretch`: the last episode's trouble is still what it is about."""

    fix_of: dict[int, Fix]
    first: int
    pending: list[Failure] = []
    complaint: tuple[int, str] | None = None
    found: list[Episode] = []
    gave_up: bool = False
    spoke: bool = False
    stretch: bool = False
    hints: dict[int, tuple[int, Said]] = {}


def episodes(
    messages: Sequence[NumberedMessage],
    made: Sequence[Call],
    bad: Sequence[Failure],
    fixed: Sequence[Fix],
    *,
    gave_up: bool,
) -> list[Episode]:
    """The episodes of a task's messages, each with its score. `gave_up`: the task failed, so why it cannot be "
    "done counts."""
    fix_of = {id(one.call): fix for fix in fixed for one in (*fix.earlier, fix.failure)}
    state = _Reader(
        fix_of=fix_of, first=messages[0].number if messages else 0, pending=[], found=[], gave_up=gave_up, hints={}
    )
    by_answer: dict[int, list[Failure]] = {}
    for failure in bad:
        by_answer.setdefault(failure.number, []).append(failure)
    for numbered in messages:
        state.pending = [*state.pending, *by_answer.get(numbered.number, [])][-_PENDING_MAX:]
        message = numbered.message
        sentences = said(message.words_of("person") if message.is_from_person else message.prose())
        if not sentences:
            continue
        if message.is_from_person:
            _hear(state, numbered.number, sentences)
        elif message.role == "assistant":
            _read(state, numbered.number, sentences)
            state.spoke = True
            state.pending = [one for one in state.pending if not _is_over(state, one, numbered.number)]
    return [*(_with_call(one, made) for one in state.found), *_bare_fixes(state, fixed)]


def _is_over(state: _Reader, failure: Failure, number: int) -> bool:
    """Whether a failure had been overcome before a message."""
    fix = state.fix_of.get(id(failure.call))
    return fix is not None and fix.worked.number < number


def _hear(state: _Reader, number: int, sentences: list[Said]) -> None:
    """A person speaks: a correction with its reason is an episode, a complaint a symptom; else what was open is "
    "closed."""
    corrected = correction(sentences) if state.spoke else None
    if corrected is not None:
        explains, core, value = corrected
        failure = state.pending[-1] if state.pending else None
        episode = Episode(
            number=number, score=value + 2, alone=value, explains=tuple(explains), core=core, user=True, failure=failure
        )
        state.found.append(episode)
    wrong = complaint(sentences, asked=number == state.first)
    if wrong is not None:
        state.complaint, state.pending, state.stretch = (number, wrong.raw), [], False
    elif not is_grateful(sentences):
        state.complaint, state.pending, state.stretch = None, [], False


def _read(state: _Reader, number: int, sentences: list[Said]) -> None:
    """The agent speaks: its best explanation is an episode when it has points enough."""
    failure, wrong = state.pending[-1] if state.pending else None, state.complaint
    back = next((one for one in sentences[:2] if retracts(one.text)), None)
    taken_back = back is not None
    previous = state.found[-1] if state.found and not state.found[-1].user else None
    if back is not None and previous is not None and _takes_back(state, previous, back, sentences):
        state.found.pop()
        failure, wrong, previous = failure or previous.failure, wrong or previous.complaint, None
    values = [points(one) + (1.5 if i and opens(sentences[i - 1].text) else 0) for i, one in enumerate(sentences)]
    core = max(
        range(len(values)),
        key=lambda i: (not FIX_LABEL.match(sentences[i].text) and values[i] >= _CORE_POINTS_MIN, values[i], -i),
    )
    score = values[core] + _circumstances(state, failure, wrong, sentences) + 2 * taken_back
    if values[core] < _CORE_POINTS_MIN or score < POINTS_MIN:
        _add_remedy(state, number, sentences)
        if (
            state.pending
            and values[core] >= _HINT_POINTS_MIN
            and not sentences[core].bullet
            and not is_plan(sentences[core].text)
        ):
            state.hints.setdefault(id(state.pending[-1].call), (number, sentences[core]))
        return
    explains = _around(sentences, values, core)
    fixes = [fix for one in reversed(state.pending) if (fix := state.fix_of.get(id(one.call))) is not None]
    episode = Episode(
        number=number,
        score=score,
        alone=values[core],
        explains=tuple(explains),
        core=explains.index(sentences[core]),
        failure=failure,
        complaint=wrong if failure is None or failure.soft else None,
        fix=fixes[0] if fixes else None,
        correct=_remedy(number, sentences, explains),
    )
    _take(state, episode, previous if state.stretch else None)


def _circumstances(
    state: _Reader, failure: Failure | None, wrong: tuple[int, str] | None, sentences: list[Said]
) -> float:
    """What the place of an explanation adds to its points: it follows a failure or a complaint, and is no proposal."""
    bonus = 0.0
    if failure is not None:
        bonus += 1 if failure.soft else 2
    if wrong is not None:
        bonus += 2
    if failure is None and (offers(sentences[-1].text) or sentences[-1].text.endswith("?")):
        bonus -= 2.5
    if state.gave_up and any(cannot(one.text) for one in sentences[:3]):
        bonus += 3
    return bonus


def _take(state: _Reader, episode: Episode, previous: Episode | None) -> None:
    """Keep an episode. Without a symptom of its own it joins the one before it, whose trouble it explains too."""
    if previous is not None and previous.fix is not None and previous.fix.worked.number < episode.number:
        previous = None
    if previous is None or episode.failure is not None or episode.complaint is not None:
        state.found.append(episode)
        state.pending, state.stretch = [], True
        if episode.complaint is not None:
            state.complaint = None
        return
    if episode.alone > previous.alone:
        state.found[-1] = msgspec.structs.replace(
            episode,
            score=episode.score + previous.score - previous.alone,
            failure=previous.failure,
            complaint=previous.complaint,
            fix=previous.fix,
            correct=episode.correct or previous.correct,
            also=_core(previous) if previous.alone >= POINTS_MIN else previous.also,
        )
    else:
        also = previous.also or (_core(episode) if episode.alone >= POINTS_MIN else None)
        state.found[-1] = msgspec.structs.replace(previous, also=also, correct=previous.correct or episode.correct)


def _core(episode: Episode) -> tuple[int, Said]:
    return episode.number, episode.explains[episode.core]


def _takes_back(state: _Reader, previous: Episode, back: Said, sentences: list[Said]) -> bool:
    """Whether a retraction means the last episode: it is what they are about, or the words are the same."""
    own = words(back.text)
    if state.stretch and (len(own) < _SHARED_MIN or _shares_words(previous, [back])):
        return True
    return not state.stretch and _shares_words(previous, sentences)


def _shares_words(episode: Episode, sentences: list[Said]) -> bool:
    told = words(" ".join(one.text for one in episode.explains))
    return len(told & words(" ".join(one.text for one in sentences))) >= _SHARED_MIN


def _around(sentences: list[Said], values: list[float], core: int) -> list[Said]:
    """The core sentence with the neighbours in its paragraph that explain too."""
    kept = {core}
    room = EXPLANATION_CHARS_MAX - len(sentences[core].text)
    for step in (1, -1):
        for index in range(core + step, core + step * (_NEIGHBOURS_MAX + 1), step):
            if not 0 <= index < len(sentences) or not _is_near(sentences[index], sentences[core], values[index]):
                break
            room -= len(sentences[index].text) + 1
            if room < 0:
                break
            kept.add(index)
    return [sentences[index] for index in sorted(kept)]


def _is_near(one: Said, core: Said, value: float) -> bool:
    if one.line != core.line or FIX_LABEL.match(one.text) or retracts(one.text):
        return False
    return value >= _NEIGHBOUR_POINTS_MIN and len(one.text.split()) >= _NEIGHBOUR_WORDS_MIN


def _remedy(number: int, sentences: list[Said], explains: list[Said]) -> tuple[int, str] | None:
    """What the agent says in the same message that it did or will do about it."""
    label = next((one for one in sentences if FIX_LABEL.match(one.text)), None)
    if label is not None and label not in explains and _may_be_remedy(label.text):
        return number, label.raw
    after = sentences.index(explains[-1]) + 1
    for one in sentences[after : after + 5]:
        if (
            is_plan(one.text)
            and names_something(one.text)
            and _may_be_remedy(one.text)
            and not _LOOKS.match(_INTENDS.sub("", one.text))
        ):
            return number, one.raw
    return None


def _may_be_remedy(text: str) -> bool:
    if text.endswith("?") or len(text) > _REMEDY_CHARS_MAX or offers(text) or not is_safe(text):
        return False
    return len(text.split()) >= _REMEDY_WORDS_MIN


def _add_remedy(state: _Reader, number: int, sentences: list[Said]) -> None:
    """A report's "Fix: ..." belongs to the last episode that has no remedy."""
    last = state.found[-1] if state.found else None
    if last is None or last.user or last.fix is not None:
        return
    label = next((one for one in sentences if FIX_LABEL.match(one.text) and _may_be_remedy(one.text)), None)
    if label is not None:
        state.found[-1] = msgspec.structs.replace(last, correct=(number, label.raw))


def remedy_text(raw: str) -> str:
    """A sentence about what is or was done as an instruction: "I'd add X" becomes "Add X"."""
    text = " ".join(raw.replace("**", "").split())
    label = FIX_LABEL.match(text)
    text = text[label.end() :] if label else strip_opener(text)
    intends = _INTENDS.match(text)
    return capital(text[intends.end() :] if intends else text)


def _with_call(episode: Episode, made: Sequence[Call]) -> Episode:
    """The episode with the call that it is about: the failed one, else the nearest before it."""
    if episode.failure is not None:
        return msgspec.structs.replace(episode, call=episode.failure.call)
    before = [call for call in made if call.number < episode.number]
    shells = [call for call in before[-_PENDING_MAX:] if call.programs]
    call = shells[-1] if shells else before[-1] if before else None
    return msgspec.structs.replace(episode, call=call)


def _bare_fixes(state: _Reader, fixed: Sequence[Fix]) -> list[Episode]:
    """Failures that were overcome with hardly a word."""
    told = {id(one.fix.worked) for one in state.found if one.fix is not None}
    keys = {one.failure.key for one in state.found if one.failure is not None}
    return [
        _bare_fix(fix, _hint(state, fix))
        for fix in fixed
        if id(fix.worked) not in told and fix.failure.line and fix.failure.key not in keys
    ]


def _hint(state: _Reader, fix: Fix) -> tuple[int, Said] | None:
    """What the agent said between a failure and the call that worked."""
    for failure in (fix.failure, *fix.earlier):
        hint = state.hints.get(id(failure.call))
        if hint is None:
            continue
        after = hint[0] > fix.worked.number
        if not after or (hint[0] <= fix.worked.answer_number + 1 and points(hint[1]) >= _AFTER_POINTS_MIN):
            return hint
    return None


def _bare_fix(fix: Fix, hint: tuple[int, Said] | None) -> Episode:
    number, explains = (fix.failure.number, ()) if hint is None else (hint[0], (hint[1],))
    return Episode(
        number=number,
        score=POINTS_MIN + min(2, len(fix.earlier)) + (1 if hint else 0),
        explains=explains,
        failure=fix.earlier[0] if fix.earlier and fix.earlier[0].line else fix.failure,
        fix=fix,
        call=fix.failure.call,
    )
