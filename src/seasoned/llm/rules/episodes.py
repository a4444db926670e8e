"""Episodes of a task: something went wrong or turned out otherwise, somebody explained it, something else worked.

An episode is found where an agent explains (insights.py), where a call failed and a changed one worked (errors.py), or
where the user corrects the agent. What the agent took back later is no episode.
"""

import re
from collections.abc import Sequence

import msgspec

from seasoned.llm.rules.calls import Call
from seasoned.llm.rules.errors import Failure, Fix
from seasoned.llm.rules.insights import FIX_LABEL, capital, is_plan, offers, opens, points, retracts, strip_opener
from seasoned.llm.rules.prose import Said, said
from seasoned.llm.rules.safety import is_safe
from seasoned.message import NumberedMessage

POINTS_MIN = 5.0
EXPLANATION_CHARS_MAX = 360
_NEIGHBOUR_POINTS = 1.5
_NEIGHBOUR_WORDS = 5
_ALONE_POINTS = 6.5
_PENDING_MAX = 6
_REACH = 12
_COMPLAINT_WORDS_MIN = 3

_COMPLAINS = re.compile(
    r"\b(?:still|again|but|wrong|fails?|failed|failing|broken|doesn't|does not|didn't|isn't|not (?:work|right|what|the|in|there)|error|denied|missing|can't|cannot|never|red|crash\w*|hang\w*|slow|stuck|twice|double|complain\w*|no longer|different|weird|odd|strange|didn't you|oops|hm+)\b",
    re.I,
)
_CORRECTS = re.compile(
    r"(?:oh |ah |hm+[,.]? |well[,.]? |sorry[,.]? |but |ok(?:ay)?[,.]? )?(?:no\b(?! (?:problem|worries|rush|need|thanks|idea|hurry|emoji))|nope|not (?!bad|yet|sure)|wrong|stop\b|wait\b|careful|that(?:'s| is) (?:not|wrong|incorrect|the wrong)|that isn't|this is wrong|actually|you (?:forgot|missed|took|used|mixed|misread|misunderstood|can't|mustn't)|don't (?!worry|bother)|rather|almost|close|nearly|leave it|forget it|drop it)",
    re.I,
)
_GRATEFUL = re.compile(
    r"(?:ok(?:ay)?|yes|yep|yeah|sure|go|good|great|perfect|thanks?|thank you|thx|ta|lovely|nice|cool|fine|works?|brilliant|excellent|right|do it|apply|confirmed|agreed|sounds)\b",
    re.I,
)
_REASONS = re.compile(
    r"\b(?:because|since|so that|otherwise|instead|only|must|have to|has to|needs?|never|always|goes? (?:with|to|over|through|into)|belongs?|counts?|rather than|not (?:in|on|from|through|to|the|a|with|by)|is(?:n't| not)|are(?:n't| not)|doesn't|don't|means?|comes? (?:from|out))\b|, not ",
    re.I,
)
_PREFERENCE = re.compile(
    r"\b(?:from now on|as of (?:now|today)|please|i (?:want|prefer|like|hate|need|don't)|for me|call me|my name|no emoji|every time you|before you|ask me|tell me|show me|give me)\b",
    re.I,
)
_GIVES_UP = re.compile(
    r"(?:ok(?:ay)?|right|hm+|ugh|fine)?[,. ]*(?:leave it|forget it|drop it|never mind|no problem)", re.I
)
_INTENDS = re.compile(
    r"(?:(?:so|now|then|next|and|ok(?:ay)?|therefore|instead)[,:]? )?(?:i'd|i'll|i will|i would|i'm going to|let me|we'd|we'll|we should|i can|i suggest to|i recommend to)(?: (?:now|then|just|also|rather|only|therefore|first|instead|simply|like to|suggest|recommend))* ",
    re.I,
)
_LOOKS = re.compile(
    r"(?:look|check|see|read|try|find|search|ask|wait|have|investigate|pull|get|fetch|run|start|report|tell|let|show|draft|do|keep|go|test|verify|count|measur|compar|retry|reproduc|profil|list|open)\w*\b",
    re.I,
)


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to learn from. `explains` are sentences from message `number` in their order, the one at `core` says
    most; `alone` is the score without what the circumstances add; `failure` or `complaint` (message number and sentence) is the symptom; `correct` is what
    to do, as a sentence with its message, or `fix` the call that worked. `user` when the user explained it."""

    number: int
    score: float
    alone: float = 0
    explains: tuple[Said, ...] = ()
    core: int = 0
    failure: Failure | None = None
    complaint: tuple[int, str] | None = None
    fix: Fix | None = None
    correct: tuple[int, str] | None = None
    call: Call | None = None
    user: bool = False
    failures: int = 0


class _State(msgspec.Struct):
    """What is open while the messages are read."""

    pending: list[Failure] = []
    complaint: tuple[int, str] | None = None
    found: list[Episode] = []
    spoke: bool = False
    stretch: bool = False
    first: int = 0


def episodes(
    messages: Sequence[NumberedMessage], made: Sequence[Call], bad: Sequence[Failure], fixed: Sequence[Fix]
) -> list[Episode]:
    """The episodes of a task's messages, in order, each with its score."""
    state = _State(pending=[], found=[], first=messages[0].number if messages else 0)
    by_answer: dict[int, list[Failure]] = {}
    for failure in bad:
        by_answer.setdefault(failure.number, []).append(failure)
    fix_of = {id(fix.failure.call): fix for fix in fixed}
    for numbered in messages:
        state.pending = [*state.pending, *by_answer.get(numbered.number, [])][-_PENDING_MAX:]
        prose = numbered.message.prose()
        if not prose.strip():
            continue
        if numbered.message.is_from_person:
            _hear(state, numbered.number, said(prose))
        elif numbered.message.role == "assistant":
            _read(state, numbered.number, said(prose), fix_of)
            state.spoke = True
    found = _with_calls(state.found, made)
    return [*found, *_bare_fixes(found, fixed)]


def _hear(state: _State, number: int, sentences: list[Said]) -> None:
    """A person speaks: a complaint is a symptom, a correction with its reason an episode; else what was open is closed."""
    if state.spoke:
        correction = _correction(number, sentences, state)
        if correction is not None:
            state.found.append(correction)
    grateful = bool(sentences) and _GRATEFUL.match(sentences[0].text)
    complaint = next((one for one in sentences if _is_complaint(one.text)), None)
    if grateful and len(sentences) <= 2:  # noqa: PLR2004
        complaint = None
    if complaint is not None:
        state.complaint, state.pending, state.stretch = (number, complaint.raw), [], False
    elif not grateful:
        state.complaint, state.pending, state.stretch = None, [], False


def _is_complaint(text: str) -> bool:
    words = len(text.split())
    return (
        words >= _COMPLAINT_WORDS_MIN and bool(_COMPLAINS.search(text)) and not _GRATEFUL.match(text) and is_safe(text)
    )


def _correction(number: int, sentences: list[Said], state: _State) -> Episode | None:
    start = next((i for i, one in enumerate(sentences) if _CORRECTS.match(one.text)), None)
    if start is None:
        return None
    best, best_points = -1, 0.0
    for index in range(start, min(len(sentences), start + 5)):
        one = sentences[index]
        value = points(one) + (2 if _REASONS.search(one.text) else -3) - (2 if _PREFERENCE.search(one.text) else 0)
        if value > best_points and len(one.text.split()) >= 6:  # noqa: PLR2004
            best, best_points = index, value
    if best < 0 or best_points < POINTS_MIN - 1:
        return None
    first = best - 1 if best > start and (best - 1 > start or len(sentences[start].text.split()) >= 4) else best  # noqa: PLR2004
    if _GIVES_UP.match(sentences[first].text) and first < best:
        first += 1
    chosen = sentences[first : best + 2]
    kept = _fit(chosen, best - first)
    failure = state.pending[-1] if state.pending else None
    core = kept.index(sentences[best])
    return Episode(number=number, score=best_points + 2, explains=tuple(kept), core=core, user=True, failure=failure)


def _fit(chosen: list[Said], core: int) -> list[Said]:
    """The sentences around a core one that fit together into an explanation's length."""
    kept = [chosen[core]]
    room = EXPLANATION_CHARS_MAX - len(chosen[core].text)
    for index in (core + 1, core - 1, core + 2, core - 2):
        if not 0 <= index < len(chosen) or len(chosen[index].text.split()) < _NEIGHBOUR_WORDS:
            continue
        near = chosen[index]
        if len(near.text) < room and not near.text.endswith("?") and is_safe(near.text):
            kept.append(near)
            room -= len(near.text) + 1
    return [one for one in chosen if one in kept]


def _read(state: _State, number: int, sentences: list[Said], fix_of: dict[int, Fix]) -> None:
    """The agent speaks: its best explanation is an episode when it has points enough."""
    if not sentences:
        return
    taken_back = any(retracts(one.text) for one in sentences[:3])
    previous = state.found[-1] if state.found and not state.found[-1].user else None
    failure = state.pending[-1] if state.pending else None
    complaint = state.complaint
    if taken_back and previous is not None and (number - previous.number <= _REACH or previous.failure is None):
        state.found.pop()
        failure, complaint = failure or previous.failure, complaint or previous.complaint
    values = [points(one) + (1.5 if i and opens(sentences[i - 1].text) else 0) for i, one in enumerate(sentences)]
    core = max(range(len(values)), key=lambda i: (values[i], -i))
    hard = failure is not None and not failure.soft
    asked = complaint is not None and complaint[0] == state.first
    bonus = 2 * hard + (failure is not None and not hard) + (2 - asked) * (complaint is not None) + 2 * taken_back
    bonus -= 1.5 if failure is None and offers(sentences[-1].text) else 0
    score = values[core] + bonus
    if values[core] < 3 or score < POINTS_MIN:  # noqa: PLR2004
        _add_remedy(state, number, sentences)
        return
    explains = _around(sentences, values, core)
    fixes = [fix for one in reversed(state.pending) if (fix := fix_of.get(id(one.call))) is not None]
    episode = Episode(
        number=number,
        score=score,
        alone=values[core],
        explains=tuple(explains),
        core=explains.index(sentences[core]),
        failure=failure,
        complaint=complaint if failure is None or failure.soft else None,
        fix=fixes[0] if fixes else None,
        correct=_remedy(number, sentences, explains),
        failures=len(state.pending),
    )
    _take(state, episode, previous if state.stretch and not taken_back else None)


def _take(state: _State, episode: Episode, previous: Episode | None) -> None:
    """Keep an episode. Without a symptom of its own it competes with the one before it, whose trouble it explains too."""
    bare = episode.failure is None and episode.complaint is None
    if previous is not None and previous.fix is not None and previous.fix.worked.number < episode.number:
        previous = None
    if bare and previous is not None:
        if episode.alone > previous.alone:
            better = msgspec.structs.replace(
                episode,
                score=episode.score + previous.score - previous.alone,
                failure=previous.failure,
                complaint=previous.complaint,
                fix=previous.fix,
            )
            keep = previous.alone >= _ALONE_POINTS
            state.found = [*state.found[:-1], *([_without_symptom(previous)] if keep else []), better]
        elif episode.alone >= _ALONE_POINTS:
            state.found.append(episode)
        return
    state.found.append(episode)
    state.pending, state.complaint, state.stretch = [], None, True


def _without_symptom(episode: Episode) -> Episode:
    return msgspec.structs.replace(episode, score=episode.alone, failure=None, complaint=None, fix=None)


def _around(sentences: list[Said], values: list[float], core: int) -> list[Said]:
    """The core sentence with the neighbours in its paragraph that explain too."""
    kept = {core}
    room = EXPLANATION_CHARS_MAX - len(sentences[core].text)
    for step in (1, -1):
        index = core + step
        while 0 <= index < len(sentences) and abs(index - core) <= 3:  # noqa: PLR2004
            one = sentences[index]
            if (
                one.line != sentences[core].line
                or values[index] < _NEIGHBOUR_POINTS
                or len(one.text) > room
                or len(one.text.split()) < _NEIGHBOUR_WORDS
            ):
                break
            kept.add(index)
            room -= len(one.text) + 1
            index += step
    return [sentences[index] for index in sorted(kept)]


def _remedy(number: int, sentences: list[Said], explains: list[Said]) -> tuple[int, str] | None:
    """What the agent says in the same message that it will do about it."""
    after = sentences.index(explains[-1]) + 1
    for one in [*sentences[after : after + 5]]:
        if FIX_LABEL.match(one.text):
            return number, one.raw
        if one.text.endswith("?") or len(one.text) > 240 or offers(one.text) or not is_safe(one.text):  # noqa: PLR2004
            continue
        if is_plan(one.text) and len(one.text.split()) >= 4 and not _LOOKS.match(_INTENDS.sub("", one.text)):  # noqa: PLR2004
            return number, one.raw
    return None


def _add_remedy(state: _State, number: int, sentences: list[Said]) -> None:
    """A report's "Fix: ..." belongs to the last episode that has no remedy."""
    last = state.found[-1] if state.found else None
    if last is None or last.user or last.fix is not None:
        return
    label = next((one for one in sentences if FIX_LABEL.match(one.text) and is_safe(one.text)), None)
    if label is not None and len(label.text) <= 240:  # noqa: PLR2004
        state.found[-1] = msgspec.structs.replace(last, correct=(number, label.raw))


def remedy_text(raw: str) -> str:
    """A sentence about what is or was done as an instruction: "I'd add X" becomes "Add X"."""
    text = " ".join(raw.replace("**", "").split())
    label = FIX_LABEL.match(text)
    text = text[label.end() :] if label else strip_opener(text)
    intends = _INTENDS.match(text)
    return capital(text[intends.end() :] if intends else text)


def _with_calls(found: list[Episode], made: Sequence[Call]) -> list[Episode]:
    """Each episode with the call that it is about: the failed one, else the nearest before it."""
    result = []
    for episode in found:
        before = [call for call in made if call.number <= episode.number]
        shells = [call for call in before[-6:] if call.programs]
        call = episode.failure.call if episode.failure else (shells or before or [None])[-1]
        result.append(msgspec.structs.replace(episode, call=call))
    return result


def _bare_fixes(found: Sequence[Episode], fixed: Sequence[Fix]) -> list[Episode]:
    """Failures that were overcome without a word."""
    told = {id(episode.fix.failure.call) for episode in found if episode.fix is not None}
    lines = {episode.failure.key for episode in found if episode.failure is not None}
    return [
        Episode(
            number=fix.failure.number,
            score=POINTS_MIN - 1 + min(2, fix.tries),
            failure=fix.failure,
            fix=fix,
            call=fix.failure.call,
            failures=1 + fix.tries,
        )
        for fix in fixed
        if id(fix.failure.call) not in told and fix.failure.line and fix.failure.key not in lines
    ]
