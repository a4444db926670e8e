"""Tasks and preferences found in a session's messages without a model.

The messages are cut into turns (what a person said, then what the agent and its tools did). Turn by turn it is decided
whether the person goes on with the task at hand, closes it, opens a new one or comes back to an earlier one. What
cannot be told is left open: a task stays `running` unless its words or the state at the end say otherwise.
"""

from collections.abc import Sequence

import msgspec

from seasoned.learning.questions import ExtractAnswer, ExtractQuestion, PreferenceFound, TaskChange
from seasoned.message import Message, NumberedMessage
from seasoned.rules.acts import Said, read
from seasoned.rules.agent import agent_turn
from seasoned.rules.follow import Follower, Turn
from seasoned.rules.phrases import form
from seasoned.rules.preferences import preferences
from seasoned.rules.work import Work
from seasoned.task import FINISHED

PROGRESSES_MAX = 8
_PROMPTS_MAX = 4
_PROMPT_CHARS = 20_000
# A prompt that has the agent serve customers: who then speaks is no user of the space, so they state no preferences.
_SERVES = form("extract.serves")


def _serves_customers(message: Message) -> bool:
    return _SERVES.search(message.words_of("harness")[:_PROMPT_CHARS]) is not None


def _change(work: Work) -> TaskChange:
    return TaskChange(
        order=work.order,
        title=work.title if work.order is None else "",
        status=work.status,
        messages=tuple(sorted(set(work.numbers))),
        progress=tuple(work.progress[-PROGRESSES_MAX:]),
        evidence=work.evidence,
    )


def _changes(work: Work) -> list[TaskChange]:
    """What became of a task. One that was reopened and has ended again says both, so that it teaches again."""
    change = _change(work)
    if not work.reopened or change.status not in FINISHED:
        return [change]
    return [TaskChange(order=work.order, status="running", messages=change.messages), change]


def extract(question: ExtractQuestion) -> ExtractAnswer:
    """The tasks and preferences that the new messages hold."""
    serves = any(_serves_customers(numbered.message) for numbered in question.messages[:_PROMPTS_MAX])
    follower = Follower(question.tasks, hides_data=serves)
    found: list[PreferenceFound] = []
    for turn in _turns(question.messages):
        follower.take(turn)
        if turn.person is not None and turn.acts and not serves:
            known = [*question.preferences, *(preference.text for preference in found)]
            found.extend(preferences(turn.number, turn.said, known))
    follower.finish()
    changes = sorted(
        (change for work in follower.works if work.touched for change in _changes(work)),
        key=lambda change: change.messages[0],
    )
    return ExtractAnswer(tasks=tuple(changes), preferences=tuple(found))


def _turns(messages: Sequence[NumberedMessage]) -> list[Turn]:
    """The messages as turns; system prompts belong to none."""
    turns: list[Turn] = []
    person: NumberedMessage | None = None
    said = Said()
    rest: list[NumberedMessage] = []
    for numbered in messages:
        message = numbered.message
        if message.role == "user" and message.original_role != "user":
            continue
        prose = message.words_of("person")
        if not message.is_from_person or (not prose.strip() and rest):
            rest.append(numbered)
            continue
        if person is not None or rest:
            ended = agent_turn(rest)
            if any(part.type == "tool-result" for part in message.parts):
                ended = msgspec.structs.replace(ended, over=True)  # the person spoke together with the tools' answers
            turns.append(Turn(person, said, ended))
        person, said, rest = numbered, read(prose), []
    if person is not None or rest:
        turns.append(Turn(person, said, agent_turn(rest)))
    return turns
