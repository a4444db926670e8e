"""A task while it is being followed, and what its state says about how it ended."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from seasoned.rules.acts import Act
from seasoned.rules.agent import REPORTS, AgentTurn
from seasoned.rules.text import key_words
from seasoned.task import FINISHED, Task, TaskStatus

Verdict = Literal["", "accepted", "given up", "complained", "deferred"]

_PROGRESS_CHARS_MAX = 160
_KEY_CHARS_MAX = 2_000
_HEARD_CHARS_MAX = 4_000
_KEYS_MAX = 2_000

# Parts of an evidence, read again when the next batch comes.
_STILL_WORKS = "the agent still works"
_WAITS = "the agent waits for an answer"
_UNANSWERED = "the user's last words are unanswered"
_UNFINISHED = "something is left to do"
_CANNOT = "the agent says that it cannot be done"
LETS_STAND = "the user goes on without an objection"


class Work(msgspec.Struct):
    """A task while it is being followed.

    `keys` are the words of the person about it, `heard` those of the agent. `verdict` is the person's last word on it;
    `firm` says that a closing verdict was more than a thank-you. `order` is None for a new task.
    """

    order: int | None
    title: str
    status: TaskStatus = "running"
    numbers: list[int] = msgspec.field(default_factory=list)
    keys: set[str] = msgspec.field(default_factory=set)
    heard: set[str] = msgspec.field(default_factory=set)
    progress: list[str] = msgspec.field(default_factory=list)
    evidence: str = ""
    verdict: Verdict = ""
    agent: AgentTurn = msgspec.field(default_factory=AgentTurn)
    firm: bool = True
    awaited: bool = False  # the person's last words ask for something that the agent has not answered
    unanswered: bool = False  # the person's last words have no answer, and are no acceptance
    told_on: bool = False  # the person had the agent go on with what it had begun
    reopened: bool = False  # it had ended in an earlier batch, and the person came back to it in this one

    @property
    def closed(self) -> bool:
        return self.verdict in {"accepted", "given up"}

    @property
    def touched(self) -> bool:
        """Whether a message of this batch belongs to it."""
        return bool(self.numbers)

    def close(self, status: TaskStatus, verdict: Verdict, evidence: str, *, firm: bool = True) -> None:
        """Takes the person's verdict."""
        self.status, self.verdict, self.evidence, self.firm = status, verdict, evidence, firm

    def leave_open(self, verdict: Verdict, evidence: str) -> None:
        """Keeps it running, for the reason given."""
        self.reopened = self.reopened or (self.order is not None and self.status in FINISHED)
        self.status, self.verdict, self.evidence = "running", verdict, evidence

    def pass_over(self, *, ends: bool) -> None:
        """The person says nothing of it; `ends` when another task begins."""
        if ends:
            self.settle()
        else:
            self.verdict = ""

    def claim(self, number: int, acts: Sequence[Act]) -> None:
        """A person's message belongs to it."""
        if number not in self.numbers[-1:]:
            self.numbers.append(number)
        said = " ".join(act.sentence.words for act in acts if not act.rule)
        if len(self.keys) < _KEYS_MAX:
            self.keys |= key_words(said[:_KEY_CHARS_MAX])

    def agent_works(self, agent: AgentTurn) -> None:
        """The agent's side of a turn belongs to it."""
        if not agent.numbers:
            return
        self.numbers.extend(agent.numbers)
        self.awaited = self.unanswered = False
        if self.told_on and not agent.worked and not agent.done:
            agent = msgspec.structs.replace(agent, unfinished=True)
        self.agent = agent
        if self.verdict == "complained" and agent.worked and agent.over:
            self.verdict = ""  # what was wrong is mended, unless somebody objects
        if len(self.heard) < _KEYS_MAX:
            self.heard |= key_words(agent.said[-_HEARD_CHARS_MAX:])
        line = agent.text.strip().split("\n", 1)[0]
        if line and not REPORTS["closer"].said(line.lower()):
            self.progress.append(line[:_PROGRESS_CHARS_MAX])
        if not self.closed:
            self.status = "running"

    def settle(self) -> None:
        """The status without a verdict, from the state in which the agent left it."""
        agent = self.agent
        if self.closed or not agent.numbers or self.verdict in {"complained", "deferred"}:
            return
        reasons = (
            (not agent.over or self.awaited, _STILL_WORKS),
            (self.unanswered, _UNANSWERED),
            (agent.asks, _WAITS),
            (agent.unfinished, _UNFINISHED),
            (agent.cannot and not agent.done, _CANNOT),
            (agent.error and not agent.done, "the last tool call failed"),
        )
        reason = next((why for holds, why in reasons if holds), "")
        self.status = "running" if reason else "success"
        self.evidence = f"Message {agent.numbers[-1]}: {reason or 'the agent reports the result and nobody objects'}."


def resumed(tasks: Sequence[Task]) -> list[Work]:
    """The tasks of earlier batches, so that new messages can go on with them."""
    works: list[Work] = []
    for task in tasks:
        work = Work(order=task.order, title=task.title, status=task.status, evidence=task.evidence)
        work.keys = set(key_words(task.title))
        work.heard = set(key_words(" ".join(task.progresses)[-_HEARD_CHARS_MAX:]))
        low = task.evidence.lower()
        work.firm = "accepts" in low or "confirm" in low
        if task.status == "success" and (work.firm or "thank" in low or LETS_STAND in low):
            work.verdict = "accepted"
        elif task.status == "failed":
            work.verdict, work.firm = "given up", True
        else:
            work.agent = AgentTurn(
                over=_STILL_WORKS not in low and _UNANSWERED not in low,
                done=task.status == "success",
                asks=_WAITS in low,
                unfinished=_UNFINISHED in low,
                cannot=_CANNOT in low,
            )
        works.append(work)
    return works
