"""Tasks and preferences found in a session's messages without a model.

The messages are cut into turns (what a person said, then what the agent and its tools did). Turn by turn it is decided
whether the person goes on with the task at hand, closes it, opens a new one or comes back to an earlier one. What
cannot be told is left open: a task stays `running` unless its words or the state at the end say otherwise.
"""

from collections.abc import Sequence

import msgspec

from seasoned.llm.model import ExtractAnswer, ExtractQuestion, PreferenceFound, TaskChange
from seasoned.llm.rules import words
from seasoned.llm.rules.acts import Act, read
from seasoned.llm.rules.outcome import AgentTurn, agent_turn
from seasoned.llm.rules.preferences import key_words, preferences
from seasoned.llm.rules.titles import title_of
from seasoned.message import NumberedMessage
from seasoned.task import Task, TaskStatus

PROGRESSES_MAX = 8
_PROGRESS_CHARS_MAX = 160
_NEW_AT = 1.0


class Turn(msgspec.Struct, frozen=True):
    """A person's message (None when a batch begins with the agent) and the agent's side after it."""

    person: NumberedMessage | None
    acts: tuple[Act, ...]
    agent: AgentTurn


class Work(msgspec.Struct):
    """A task while it is being followed. `verdict` is the person's last word: "", "accepted", "given up", "complained", "deferred"."""

    order: int | None
    title: str
    status: TaskStatus = "running"
    numbers: list[int] = msgspec.field(default_factory=list)
    keys: set[str] = msgspec.field(default_factory=set)
    heard: set[str] = msgspec.field(default_factory=set)
    progress: list[str] = msgspec.field(default_factory=list)
    evidence: str = ""
    verdict: str = ""
    agent: AgentTurn = msgspec.field(default_factory=AgentTurn)
    touched: bool = False
    firm: bool = True  # closed by more than a thank-you

    @property
    def closed(self) -> bool:
        return self.verdict in {"accepted", "given up"}


def turns_of(messages: Sequence[NumberedMessage]) -> list[Turn]:
    """The messages as turns; system prompts belong to none."""
    turns: list[Turn] = []
    person: NumberedMessage | None = None
    acts: tuple[Act, ...] = ()
    rest: list[NumberedMessage] = []
    for numbered in messages:
        message = numbered.message
        if message.role == "user" and message.original_role != "user":
            continue
        prose = message.prose() if message.is_from_person else ""
        heard = tuple(read(prose)) if prose.strip() else ()
        if not message.is_from_person or (not heard and not prose.strip() and rest):
            rest.append(numbered)
            continue
        if person is not None or rest:
            turns.append(Turn(person, acts, agent_turn(rest)))
        person, acts, rest = numbered, heard, []
        if any(part.type == "tool-result" for part in message.parts) and turns:
            last = turns[-1]
            turns[-1] = Turn(last.person, last.acts, msgspec.structs.replace(last.agent, over=True))
    if person is not None or rest:
        turns.append(Turn(person, acts, agent_turn(rest)))
    return turns


def _resumed(tasks: Sequence[Task]) -> list[Work]:
    """The tasks of earlier batches, so that new messages can go on with them."""
    works: list[Work] = []
    for task in tasks:
        work = Work(order=task.order, title=task.title, status=task.status, evidence=task.evidence)
        work.keys = key_words(task.title)
        work.heard = key_words(" ".join(task.progresses)[-4000:])
        low = task.evidence.lower()
        work.firm = "accepts" in low or "confirm" in low
        if task.status == "success" and (work.firm or "thank" in low or "without an objection" in low):
            work.verdict = "accepted"
        elif task.status == "failed":
            work.verdict, work.firm = "given up", True
        else:
            work.agent = AgentTurn(
                over=_STILL_WORKS not in low,
                done=task.status == "success",
                asks=_WAITS in low,
                unfinished=_UNFINISHED in low,
                cannot=_CANNOT in low,
            )
        works.append(work)
    return works


# Words of an evidence, read again when the next batch comes.
_STILL_WORKS = "the agent still works"
_WAITS = "the agent waits for an answer"
_UNFINISHED = "something is left to do"
_CANNOT = "the agent says that it cannot be done"


class Follower:
    """Follows a conversation turn by turn and keeps the tasks found."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.works = _resumed(tasks)
        latest = max(range(len(tasks)), key=lambda k: tasks[k].last, default=None)
        self.current: Work | None = None if latest is None else self.works[latest]
        # the agent's side before the message at hand, whatever it belongs to
        self.heard = AgentTurn() if self.current is None else self.current.agent

    def take(self, turn: Turn) -> None:
        """One turn: the person's verdict and requests, then the agent's work."""
        self._take(turn)
        self.heard = turn.agent

    def _take(self, turn: Turn) -> None:
        if turn.person is None:
            if self.current is not None and not self.current.closed:
                self._agent_works(self.current, turn.agent)
            return
        number = turn.person.number
        asked_from = self._new_from(turn)
        before = self.current
        if before is not None and not before.closed:
            self._judge(before, turn, number, asked_from)
        if asked_from is None:
            self._go_on(before, turn, number)
            return
        reopened = self._reopened(turn, asked_from)
        if reopened is not None:
            self._add(reopened, turn, number)
            reopened.verdict, reopened.status = "", "running"
            self.current = reopened
        else:
            self._open(turn, number, asked_from)
        if self.current is not None:
            self._agent_works(self.current, turn.agent)

    def _new_from(self, turn: Turn) -> int | None:
        """The index of the sentence with which another task begins (new or reopened); None when none does."""
        acts = turn.acts
        body = [k for k, act in enumerate(acts) if act.is_body]
        if not body:
            if (self.current is None or self.current.closed) and turn.agent.worked:
                rules = [k for k, act in enumerate(acts) if act.rule and not act.chatter]
                return rules[0] if rules and self.current is None else None
            return None
        if self.current is None or (self.current.closed and self.current.firm):
            wanted = [k for k in body if _is_wanted(acts[k], turn.agent)]
            if wanted and self.current is not None and self._only_adds(turn, wanted[0]):
                return None
            return body[0] if wanted and _earlier_counts(acts, body[0], wanted[0]) else (wanted[0] if wanted else None)
        for k in body:
            if acts[k].reopens:
                work = self._reopened(turn, k)
                if work is not None and work is not self.current:
                    return k
        able = [k for k in body if acts[k].asks or self._tells_of_new(turn, k)]
        best = max(((self._newness(turn, k), -k) for k in able), default=None)
        if best is None or best[0] < _NEW_AT:
            return None
        return self._start_of(acts, -best[1])

    @staticmethod
    def _tells_of_new(turn: Turn, place: int) -> bool:
        """Whether a sentence that asks for nothing may still open a task: a problem or a name in a paragraph of its own."""
        act = turn.acts[place]
        alone = place == 0 or turn.acts[place - 1].sentence.paragraph != act.sentence.paragraph
        size = len(act.core.split())
        if (
            act.marks_new
            and turn.agent.worked
            and (size >= 5 or any(other.accepts >= 2 for other in turn.acts[:place]))
        ):
            return True
        return (act.problem or act.named) and (act.marks_new or (alone and turn.agent.worked))

    @staticmethod
    def _start_of(acts: Sequence[Act], place: int) -> int:
        """Where the new task's own words begin: the first body sentence of the same paragraph without a verdict between."""
        while (
            place > 0
            and acts[place - 1].is_body
            and acts[place - 1].sentence.paragraph == acts[place].sentence.paragraph
            and not acts[place].marks_new
        ):
            place -= 1
        return place

    def _newness(self, turn: Turn, place: int) -> float:
        """How much speaks for sentence `place` opening another task while one is open; 1 and more is enough."""
        work = self.current
        if work is None:
            return 9.0
        acts, act = turn.acts, turn.acts[place]
        marked = act.marks_new or (place > 0 and acts[place - 1].marks_new and not acts[place - 1].asks)
        earlier = acts[:place]
        before = work.agent
        text = " ".join(other.core for other in acts[place:] if other.is_body)
        keys = key_words(text)
        shared = len(keys & work.keys) + 0.5 * len((keys & work.heard) - work.keys)
        part = shared / len(keys) if keys else 0.0
        score = 0.0
        score += 1.75 if marked else 0.75 if words.MORE_MARK.match(act.core) else 0.0
        score -= 1.5 if any(words.ALMOST.search(other.sentence.words.lower()) for other in acts[: place + 1]) else 0.0
        accepted = max((other.accepts for other in earlier), default=0)
        if not accepted and act.accepts and act.lead:
            accepted = act.accepts
        if work.closed:
            accepted = 2
        score += 1.5 if accepted >= 2 else 0.25 if accepted else 0.0
        score += 0.75 if accepted == 3 and marked else 0.0
        score += 2.0 if any(other.gives_up for other in earlier) or (act.gives_up and act.asks == 2) else 0.0
        score += 0.5 if earlier and earlier[-1].sentence.paragraph != act.sentence.paragraph else 0.0
        score += 1.25 if self.heard.invites else 0.0
        if not work.closed:
            score -= 2.5 if before.asks else 0.0
            score -= 1.0 if not before.over else 0.0
            score -= 1.25 if before.cannot and not before.done and accepted < 2 else 0.0
        fresh = {found.group().lower() for found in words.IDENTIFIER.finditer(act.sentence.words)}
        known = " ".join(work.heard | work.keys)
        score += 1.0 if fresh and not any(name.strip("`#") in known for name in fresh) else 0.0
        score += -1.5 if part >= 0.5 else -0.5 if part >= 0.25 else 0.75 if len(keys) >= 3 and part < 0.1 else 0.0
        score -= 1.0 if words.REFERS_BACK.search(act.core) else 0.0
        score -= 0.75 if words.CONTINUES.match(act.core) or words.CONTINUES.match(act.sentence.words.lower()) else 0.0
        score -= 2.0 if any(other.complains and not other.reopens for other in acts[: place + 1]) else 0.0
        score -= 0.75 if len(text.split()) < 5 else 0.0
        score += 0.5 if act.asks == 2 else -0.5 if not act.asks else 0.0
        return score

    def _only_adds(self, turn: Turn, place: int) -> bool:
        """Whether, right after a verdict, a person only adds to the task that was just closed."""
        work, act = self.current, turn.acts[place]
        if work is None or act.marks_new or work.agent.invites:
            return False
        keys = key_words(act.core)
        near = len(keys & (work.keys | work.heard)) >= max(1, len(keys) // 2)
        return bool(words.REFERS_BACK.search(act.core)) and near and len(act.core.split()) <= 14

    def _judge(self, work: Work, turn: Turn, number: int, asked_from: int | None) -> None:
        """What the person's message says about the open task."""
        acts = turn.acts if asked_from is None else turn.acts[:asked_from]
        asks_more = any(act.asks == 2 or (act.asks and not act.accepts) for act in acts)
        lead = turn.acts[asked_from] if asked_from is not None else None
        accepted = max((act.accepts for act in acts), default=0)
        if lead is not None:
            accepted = max(accepted, lead.accepts)
        self._claim(work, turn, number)
        if any(act.complains for act in acts) and not any(act.gives_up for act in acts):
            work.verdict, work.status = "complained", "running"
            work.evidence = f"Message {number}: the user says that it is not right yet."
            if any(act.asks == 2 for act in acts):
                work.verdict = ""
        elif any(act.defers for act in acts) and accepted < 3:
            work.verdict, work.status = "deferred", "running"
            work.evidence = f"Message {number}: the user puts it off."
        elif any(act.gives_up for act in acts) and not (asked_from is None and any(act.asks == 2 for act in acts)):
            work.verdict, work.status, work.firm = "given up", "failed", True
            work.evidence = f"Message {number}: the user gives it up ({_shown(acts)})."
        elif accepted and not (asks_more and asked_from is None) and not self._only_goes(work, acts, accepted):
            refused = work.agent.cannot and not work.agent.done and accepted < 3
            work.firm = accepted > 2
            work.verdict, work.status = ("given up", "failed") if refused else ("accepted", "success")
            work.evidence = (
                f"Message {number}: the user takes note that it cannot be done."
                if refused
                else f"Message {number}: the user accepts the result ({_shown(acts)})."
            )
        elif any(act.problem for act in acts) and not asks_more and work.agent.over and not work.agent.asks:
            work.verdict, work.status = "complained", "running"
            work.evidence = f"Message {number}: the user still sees a problem."
        elif self._takes(work, turn, acts, asked_from):
            work.verdict, work.status, work.firm = "accepted", "success", False
            work.evidence = f"Message {number}: the user goes on without an objection to the agent's report."
        elif asked_from is not None:
            self._settle(work)
        else:
            work.verdict = ""

    @staticmethod
    def _takes(work: Work, turn: Turn, acts: Sequence[Act], asked_from: int | None) -> bool:
        """Whether a plain statement after the agent's report lets the report stand."""
        agent = work.agent
        reported = agent.over and agent.done and not (agent.asks or agent.unfinished or agent.cannot or agent.error)
        quiet = not any(act.asks or act.goes for act in acts) and bool(acts)
        return reported and quiet and (asked_from is not None or (not turn.agent.worked and bool(turn.agent.numbers)))

    @staticmethod
    def _only_goes(work: Work, acts: Sequence[Act], accepted: int) -> bool:
        """Whether what sounds like acceptance only answers the agent's question ("yes please, thanks")."""
        more = any(act.is_body for act in acts)
        if not work.agent.asks:
            return accepted < 2 and (more or not work.agent.over)
        return accepted < 2 or any(act.goes for act in acts[:2]) or (accepted == 2 and more)

    def _claim(self, work: Work, turn: Turn, number: int) -> None:
        work.numbers.append(number)
        work.touched = True
        work.keys |= key_words(" ".join(act.sentence.words for act in turn.acts if not act.rule)[:2000])

    def _go_on(self, work: Work | None, turn: Turn, number: int) -> None:
        """No other task begins: the agent's work belongs to the one at hand, unless it is closed."""
        if work is None:
            return
        late = work.closed and number not in work.numbers
        if late:
            body = any(act.is_body for act in turn.acts)
            complains = any(act.complains or act.reopens for act in turn.acts)
            if not (
                (complains and (turn.agent.worked or not turn.agent.numbers))
                or (body and turn.agent.worked)
                or (body and self._only_adds(turn, next(k for k, act in enumerate(turn.acts) if act.is_body)))
            ):
                return
            self._add(work, turn, number)
            work.verdict, work.status = ("complained" if complains and not turn.agent.worked else ""), "running"
            work.evidence = f"Message {number}: the user comes back to it."
        if not work.closed:
            self._agent_works(work, turn.agent)

    def _add(self, work: Work, turn: Turn, number: int) -> None:
        if number not in work.numbers:
            self._claim(work, turn, number)

    def _reopened(self, turn: Turn, place: int) -> Work | None:
        """The earlier task that the person comes back to; None when it is a new one."""
        acts = [act for act in turn.acts[place:] if act.is_body][:4]
        now = turn.person.number if turn.person is not None else 0
        closed = [work for work in self.works if now not in work.numbers]
        around = turn.acts[max(0, place - 1) :]
        returns = any(act.reopens for act in around)
        if not closed or not (
            returns or (any(act.complains for act in around[:2]) and not any(act.marks_new for act in around[:2]))
        ):
            return None
        keys = key_words(" ".join(act.core for act in acts))
        ranked = sorted(
            (
                (len(keys & work.keys) + 0.25 * len(keys & work.heard), k)
                for k, work in enumerate(self.works)
                if work in closed
            ),
            reverse=True,
        )
        if ranked and ranked[0][0] >= 1:
            return self.works[ranked[0][1]]
        plain_return = any(act.reopens for act in acts) and not any(act.marks_new for act in acts)
        return closed[-1] if plain_return and closed[-1] is self.works[-1] else None

    def _open(self, turn: Turn, number: int, place: int) -> None:
        if self.current is not None and not self.current.closed:
            self._settle(self.current)
        work = Work(order=None, title=title_of(turn.acts, place))
        self.works.append(work)
        self.current = work
        work.numbers.append(number)
        work.touched = True
        work.keys = key_words(" ".join(act.sentence.words for act in turn.acts[place:] if not act.rule)[:2000])

    def _agent_works(self, work: Work, agent: AgentTurn) -> None:
        if not agent.numbers:
            return
        work.numbers.extend(agent.numbers)
        work.touched = True
        work.agent = agent
        work.heard |= key_words(agent.said[-4000:])
        line = agent.text.strip().split("\n", 1)[0]
        if line and not words.CLOSER.match(line.lower()):
            work.progress.append(line[:_PROGRESS_CHARS_MAX])
        if work.status in {"success", "failed"} and not work.closed:
            work.status = "running"

    def _settle(self, work: Work) -> None:
        """The status of a task without a verdict, from the state in which the agent left it."""
        agent = work.agent
        last = work.numbers[-1] if work.numbers else 0
        if work.closed or not agent.numbers:
            return
        if work.verdict in {"complained", "deferred"}:
            work.status = "running"
        elif not agent.over or agent.asks or agent.unfinished:
            reason = (
                "the agent still works"
                if not agent.over
                else "the agent waits for an answer"
                if agent.asks
                else "something is left to do"
            )
            work.status, work.evidence = "running", f"Message {agent.numbers[-1]}: {reason}."
        elif agent.cannot and not agent.done:
            work.status, work.evidence = (
                "running",
                f"Message {agent.numbers[-1]}: the agent says that it cannot be done.",
            )
        elif agent.error and not agent.done:
            work.status, work.evidence = "running", f"Message {last}: the last tool call failed."
        else:
            work.status = "success"
            work.evidence = f"Message {agent.numbers[-1]}: the agent reports the result and nobody objects."

    def finish(self) -> None:
        """Settles what is still without a verdict."""
        for work in self.works:
            if work.touched and not work.closed:
                self._settle(work)


def _earlier_counts(acts: Sequence[Act], first: int, wanted: int) -> bool:
    """Whether the sentences before the request belong to it: nothing but context stands between."""
    return first <= wanted and not any(act.accepts >= 2 or act.gives_up for act in acts[first:wanted])


def _is_wanted(act: Act, agent: AgentTurn) -> bool:
    """Whether a sentence wants something done, while no task is open."""
    if act.chatter or act.defers:
        return False
    if act.asks == 2 or act.reopens:
        return True
    long = len(agent.text) > 80
    if act.asks:
        return agent.worked or long or not agent.numbers or bool(words.QUESTIONS.match(act.core))
    if act.problem or act.named:
        return agent.worked or (long and act.named) or not agent.numbers
    return agent.worked and len(act.core.split()) >= 3


def _shown(acts: Sequence[Act]) -> str:
    for act in acts:
        if act.accepts or act.gives_up:
            return f'"{act.sentence.raw[:60].strip()}"'
    return "by going on"


def _changes(follower: Follower, question: ExtractQuestion) -> list[TaskChange]:
    changes: list[TaskChange] = []
    for work in follower.works:
        if not work.touched or not work.numbers:
            continue
        numbers = tuple(sorted(set(work.numbers)))
        status, evidence = work.status, work.evidence
        if question.outcome is not None:
            status, evidence = question.outcome, f"The session's outcome was told as {question.outcome}."
        changes.append(
            TaskChange(
                order=work.order,
                title=work.title if work.order is None else "",
                status=status,
                messages=numbers,
                progress=tuple(work.progress[-PROGRESSES_MAX:]),
                evidence=evidence,
            )
        )
    return sorted(changes, key=lambda change: change.messages[0])


def extract(question: ExtractQuestion) -> ExtractAnswer:
    """The tasks and preferences that the new messages hold."""
    follower = Follower(question.tasks)
    found: list[PreferenceFound] = []
    for turn in turns_of(question.messages):
        follower.take(turn)
        if turn.person is not None and turn.acts:
            known = [*question.preferences, *(preference.text for preference in found)]
            sentences = [act.sentence for act in turn.acts]
            found.extend(preferences(turn.person.number, turn.person.message.prose(), sentences, known))
    follower.finish()
    return ExtractAnswer(tasks=tuple(_changes(follower, question)), preferences=tuple(found))
