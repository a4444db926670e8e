"""Follows a conversation turn by turn: which task a message goes on with, closes, opens or comes back to."""

from collections.abc import Sequence

import msgspec

from seasoned.message import NumberedMessage
from seasoned.rules.acts import TALK, Accepts, Act, Asks, Said
from seasoned.rules.agent import REPORTS, AgentTurn
from seasoned.rules.newness import ENOUGH, newness
from seasoned.rules.requests import imperative
from seasoned.rules.text import key_words
from seasoned.rules.titles import title_of
from seasoned.rules.work import LETS_STAND, Work, resumed
from seasoned.task import Task

_LONG_ANSWER_CHARS = 80
_MATTER_WORDS_MIN = 3
_ANNOUNCED_WORDS_MIN = 5
_ADDS_WORDS_MAX = 14
_QUESTION_WORDS_MIN = 4
_RETURN_SENTENCES = 4
_HEARD_WEIGHT = 0.25
_SHOWN_CHARS = 60
_REPORT_CHARS = 600


# A statement, not the name of what is wanted ("Next.js 15 upgrade").


class Turn(msgspec.Struct, frozen=True):
    """A person's message (None when a batch begins with the agent) and the agent's side after it."""

    person: NumberedMessage | None
    said: Said
    agent: AgentTurn

    @property
    def acts(self) -> tuple[Act, ...]:
        """What the person's sentences do."""
        return self.said.acts

    @property
    def number(self) -> int:
        """The number of the person's message; 0 without one."""
        return 0 if self.person is None else self.person.number


class Follower:
    """Keeps the tasks found so far; `take` reads one turn after the other, `finish` settles the rest."""

    def __init__(self, tasks: Sequence[Task], *, hides_data: bool = False) -> None:
        self._hides_data = hides_data
        self.works = resumed(tasks)
        latest = max(range(len(tasks)), key=lambda k: tasks[k].last, default=None)
        self.current: Work | None = None if latest is None else self.works[latest]
        # the agent's side before the message at hand, whatever it belongs to
        self._heard = AgentTurn() if self.current is None else self.current.agent

    def take(self, turn: Turn) -> None:
        """One turn: the person's verdict and requests, then the agent's work."""
        if turn.person is not None:
            self._listen(turn)
        elif self.current is not None and not self.current.closed:
            self.current.agent_works(turn.agent)
        self._heard = turn.agent

    def finish(self) -> None:
        """Settles what is still without a verdict."""
        for work in self.works:
            if work.touched:
                work.settle()

    def _listen(self, turn: Turn) -> None:
        place = self._new_from(turn)
        before = self.current
        if before is not None and not before.closed:
            judge(before, turn, place)
        if place is None:
            self._go_on(turn)
            return
        back = self._returned_to(turn, place)
        if back is not None:
            back.claim(turn.number, turn.acts)
            back.leave_open("", f"Message {turn.number}: the user comes back to it.")
        else:
            back = Work(order=None, title=title_of(turn.acts, place, hides_data=self._hides_data))
            back.claim(turn.number, turn.acts[place:])
            self.works.append(back)
        self.current = back
        back.agent_works(turn.agent)

    def _new_from(self, turn: Turn) -> int | None:
        """The index of the sentence with which another task begins (new or reopened); None when none does."""
        acts, work = turn.acts, self.current
        body = [k for k, act in enumerate(acts) if act.is_body or (work is None and _orders(act))]
        if work is None or (work.closed and work.firm):
            return self._first_wanted(turn, body)
        for k in body:
            back = self._returned_to(turn, k) if acts[k].reopens else None
            if back is not None and back is not work:
                return k
        able = [k for k in body if (acts[k].asks or _announced(turn, k)) and not _only_cleans(acts, k)]
        best = max(((newness(work, self._heard, acts, k), -k) for k in able), default=None)
        if best is None or best[0] < ENOUGH:
            return None
        return _start_of(acts, -best[1])

    def _first_wanted(self, turn: Turn, body: Sequence[int]) -> int | None:
        """Where a request begins while no task is open."""
        acts = turn.acts
        if not body:
            rules = [k for k, act in enumerate(acts) if act.rule]
            return rules[-1] if rules and self.current is None and turn.agent.worked else None
        first = self.current is None and len(body) == 1
        wanted = next((k for k in body if _is_wanted(acts[k], turn.agent, first=first)), None)
        if wanted is None or (self.current is not None and self._only_adds(self.current, acts[wanted])):
            return None
        between = acts[body[0] : wanted]
        if any(act.accepts >= Accepts.THANKS or act.gives_up for act in between):
            return wanted
        return body[0]

    @staticmethod
    def _only_adds(work: Work, act: Act) -> bool:
        """Whether, right after a verdict, a sentence only adds to the task that was just closed."""
        if act.marks_new or work.agent.invites or act.size > _ADDS_WORDS_MAX:
            return False
        keys = key_words(act.core)
        near = len(keys & (work.keys | work.heard)) >= max(1, len(keys) // 2)
        return near and TALK["refers_back"].said(act.core)

    def _go_on(self, turn: Turn) -> None:
        """No other task begins: the agent's work belongs to the one at hand, unless it is closed."""
        work = self.current
        if work is None:
            return
        if work.closed and turn.number not in work.numbers[-1:]:
            body = [act for act in turn.acts if act.is_body]
            faults = any(act.complains or act.reopens for act in turn.acts)
            answered = turn.agent.worked or (faults and not turn.agent.numbers)
            if not ((faults or body) and answered) and not (body and self._only_adds(work, body[0])):
                return
            work.claim(turn.number, turn.acts)
            reopened = f"Message {turn.number}: the user comes back to it."
            work.leave_open("complained" if faults and not turn.agent.worked else "", reopened)
        elif work.closed and turn.agent.worked and any(act.cleans_up for act in turn.acts):
            work.numbers.extend(turn.agent.numbers)
        if not work.closed:
            work.agent_works(turn.agent)

    def _returned_to(self, turn: Turn, place: int) -> Work | None:
        """The earlier task that the person comes back to; None when it is a new one."""
        others = [work for work in self.works if turn.number not in work.numbers[-1:]]
        around = turn.acts[max(0, place - 1) :]
        returns = any(act.reopens for act in around)
        faults = any(act.complains for act in around[:2]) and not any(act.marks_new for act in around[:2])
        if not others or not (returns or faults):
            return None
        acts = [act for act in turn.acts[place:] if act.is_body][:_RETURN_SENTENCES]
        keys = key_words(" ".join(act.core for act in acts))
        near = [len(keys & work.keys) + _HEARD_WEIGHT * len(keys & work.heard) for work in others]
        best = max(range(len(others)), key=lambda k: (near[k], k))
        if near[best] >= 1:
            return others[best]
        plain = any(act.reopens for act in acts) and not any(act.marks_new for act in acts)
        return others[-1] if plain and others[-1] is self.works[-1] else None


def judge(work: Work, turn: Turn, place: int | None) -> None:
    """Takes what a person's message says about the open task; with sentence `place` another one begins."""
    acts, number = turn.acts[:place], turn.number
    says = f"Message {number}: the user"
    opening = turn.acts[: place + 1] if place is not None else acts
    accepted = max((act.accepts for act in opening), default=Accepts.NO)
    plainly = any(act.asks == Asks.PLAINLY and not _only_cleans(acts, k) for k, act in enumerate(acts))
    unheard = place is None and not turn.agent.numbers  # nobody has answered yet
    more = plainly or any(act.asks and (not act.accepts or (unheard and act.sentence.asks)) for act in acts)
    given_up = _given_up(work, acts)
    work.claim(number, turn.acts)
    faulted = any(act.complains for act in acts)
    wants = any(act.asks == Asks.PLAINLY and not (act.declines or act.goes or act.cleans_up) for act in acts)
    work.awaited = place is None and wants and (faulted or accepted < Accepts.APPROVES)
    work.unanswered = place is None and any(_may_object(act) for act in acts)
    work.told_on = place is None and work.agent.unfinished and any(act.carries_on for act in acts)
    trouble = unheard and any(act.problem and act.is_body and not act.accepts for act in acts)
    accepts = accepted > Accepts.NO and not (more and place is None) and not _only_goes(work, acts, accepted)
    if work.told_on and not given_up:
        work.leave_open("", f"{says} has the agent go on.")
    elif _declines_more(work, acts) and not plainly:
        work.close("success", "accepted", f"{says} wants nothing more ({_shown(acts)}).", firm=False)
    elif (faulted or (trouble and accepts)) and not given_up:
        work.leave_open("" if plainly else "complained", f"{says} says that it is not right yet.")
    elif any(act.defers for act in acts) and accepted < Accepts.APPROVES and not _looks_later(work, acts):
        work.leave_open("deferred", f"{says} puts it off.")
    elif given_up and not (place is None and plainly):
        work.close("failed", "given up", f"{says} gives it up ({_shown(acts)}).")
    elif accepts and accepted < Accepts.APPROVES and work.agent.cannot and not work.agent.done:
        work.close("failed", "given up", f"{says} takes note that it cannot be done.")
    elif accepts:
        firm = accepted == Accepts.APPROVES
        work.close("success", "accepted", f"{says} accepts the result ({_shown(opening)}).", firm=firm)
    elif any(act.problem for act in acts) and not more and work.agent.over and not work.agent.asks:
        work.leave_open("complained", f"{says} still sees a problem.")
    elif _bows(work, turn, more=more):
        work.close("failed", "given up", f"{says} takes note that it cannot be done.", firm=False)
    elif _lets_stand(work, turn, place):
        work.close("success", "accepted", f"Message {number}: {LETS_STAND} to the agent's report.", firm=False)
    else:
        work.pass_over(ends=place is not None)


def _may_object(act: Act) -> bool:
    """Whether a sentence that accepts nothing may be an objection: a request, a question, a "not" or a "but"."""
    if (act.accepts and not act.sentence.asks) or act.looks_later or act.rule:
        return False
    if act.chatter:
        return act.sentence.asks and TALK["refers_back"].said(act.core)
    plainly = act.asks > Asks.NO or act.cleans_up or act.complains or act.problem
    return plainly or TALK["doubts"].said(act.sentence.low)


def _given_up(work: Work, acts: Sequence[Act]) -> bool:
    """Whether the person gives the matter up, and does not take a result afterwards."""
    last = max((k for k, act in enumerate(acts) if act.gives_up), default=None)
    if last is None:
        return False
    taken = any(act.accepts == Accepts.APPROVES and not (act.complains or act.reopens) for act in acts[last + 1 :])
    return not (taken and not work.agent.cannot)


def _declines_more(work: Work, acts: Sequence[Act]) -> bool:
    """Whether the person declines what the agent offers on top of a result."""
    agent = work.agent
    done = agent.done or REPORTS["reports"].said(agent.text[:_REPORT_CHARS].lower())
    offered = agent.over and agent.asks and done and not (agent.unfinished or agent.cannot)
    return offered and any(act.declines for act in acts[:2]) and not any(act.defers for act in acts)


def _bows(work: Work, turn: Turn, *, more: bool) -> bool:
    """Whether, told that it cannot be done, the person asks for nothing else and leaves it at that."""
    agent = work.agent
    refused = agent.over and agent.cannot and not (agent.done or agent.asks or agent.unfinished)
    return refused and not more and not turn.agent.worked and any(act.yields for act in turn.acts[:3])


def _looks_later(work: Work, acts: Sequence[Act]) -> bool:
    """Whether all that is put off is that the person looks at what the agent reported."""
    reported = work.agent.over and not (work.agent.asks or work.agent.unfinished)
    return reported and all(act.looks_later for act in acts if act.defers)


def _only_goes(work: Work, acts: Sequence[Act], accepted: Accepts) -> bool:
    """Whether what sounds like acceptance only answers the agent ("yes please, thanks")."""
    more = any(act.is_body for act in acts)
    if not work.agent.asks:
        return accepted < Accepts.THANKS and (more or not work.agent.over)
    return accepted < Accepts.THANKS or any(act.goes for act in acts[:2]) or (accepted == Accepts.THANKS and more)


def _lets_stand(work: Work, turn: Turn, place: int | None) -> bool:
    """Whether a plain statement after the agent's report lets the report stand."""
    acts = turn.acts[:place]
    if not work.agent.reported or not acts or any(act.asks or act.goes for act in acts):
        return False
    return place is not None or (bool(turn.agent.numbers) and not turn.agent.worked)


def _only_cleans(acts: Sequence[Act], place: int) -> bool:
    """Whether a sentence only has the traces of a task removed that is given up in the same message."""
    return acts[place].cleans_up and not acts[place].marks_new and any(act.gives_up for act in acts[: place + 1])


def _announced(turn: Turn, place: int) -> bool:
    """Whether a sentence that asks for nothing may still open a task: announced, or a problem in its own paragraph."""
    act, earlier = turn.acts[place], turn.acts[:place]
    thanked = any(other.accepts >= Accepts.THANKS for other in earlier)
    if act.marks_new and turn.agent.worked and (act.size >= _ANNOUNCED_WORDS_MIN or thanked):
        return True
    alone = not earlier or earlier[-1].sentence.paragraph != act.sentence.paragraph
    if thanked and act.problem and turn.agent.worked and not TALK["refers_back"].said(act.core):
        return True
    return (act.problem or act.named) and (act.marks_new or (alone and turn.agent.worked))


def _start_of(acts: Sequence[Act], place: int) -> int:
    """Where a new task's own words begin: the first sentence of its paragraph after a verdict or an announcement."""
    while place > 0 and not acts[place].marks_new:
        before = acts[place - 1]
        if not before.is_body or before.sentence.paragraph != acts[place].sentence.paragraph:
            break
        place -= 1
    return place


def _orders(act: Act) -> bool:
    """Whether a sentence is an instruction even where it sounds like praise ("Ship it to staging")."""
    return not act.rule and act.size > 1 and imperative(act.core)


def _is_wanted(act: Act, agent: AgentTurn, *, first: bool) -> bool:
    """Whether a sentence wants something done, while no task is open; alone in a `first` message it need not say so."""
    if act.chatter or act.defers:
        return False
    if act.asks == Asks.PLAINLY or act.reopens or (first and _orders(act)):
        return True
    if first and not act.accepts and not TALK["tells"].said(act.core):
        return True
    long = len(agent.text) > _LONG_ANSWER_CHARS
    if act.asks:
        looks_up = TALK["questions"].said(act.core) or act.size >= _QUESTION_WORDS_MIN
        return agent.worked or long or not agent.numbers or looks_up
    if act.problem or act.named:
        return agent.worked or (long and act.named) or not agent.numbers
    return agent.worked and act.size >= _MATTER_WORDS_MIN


def _shown(acts: Sequence[Act]) -> str:
    """The words of the verdict."""
    for act in acts:
        if act.accepts or act.gives_up:
            return f'"{act.sentence.raw[:_SHOWN_CHARS].strip()}"'
    return "in passing"
