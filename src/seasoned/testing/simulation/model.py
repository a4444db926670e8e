"""The model of a simulation: what a script says, after a delay, with failures and nonsense on top.

It keeps its answers as language models do: stored before they are used, and found again by the hash of the question.
Good answers are a pure function of the question, so that what must come out is known.
"""

import asyncio
import hashlib
import random
from collections.abc import Callable
from typing import TypeVar

import msgspec

from seasoned.errors import ModelFailed, ModelUnavailable
from seasoned.learning.accounting import CallLog, CallRecord, Scope, Stage
from seasoned.learning.questions import (
    AddEntry,
    ContrastAnswer,
    ContrastQuestion,
    CreateSkill,
    DistillAnswer,
    DistillQuestion,
    Edit,
    ExtractAnswer,
    ExtractQuestion,
    PendingLesson,
    PreferenceFound,
    TaskChange,
    WriteAnswer,
    WriteQuestion,
)
from seasoned.lesson import Lesson, Quote
from seasoned.message import NumberedMessage
from seasoned.testing.simulation import script
from seasoned.testing.simulation.script import Command

A = TypeVar("A", ExtractAnswer, DistillAnswer, WriteAnswer)

NAME = "simulated:model"


class Moods(msgspec.Struct):
    """How the model behaves now: chances from 0 to 1, and the longest delays in seconds."""

    fails: float = 0.0
    unavailable: float = 0.0
    nonsense: float = 0.0
    slow: float = 0.0
    seconds: float = 1.0
    seconds_slow: float = 90.0

    def heal(self) -> None:
        """Answer correctly and quickly from now on."""
        self.fails = self.unavailable = self.nonsense = self.slow = 0.0


class SimulatedModel:
    """Answers by the script. `moods` belong to the whole simulation, as a provider does."""

    mends_refused_edits = True

    def __init__(self, log: CallLog, moods: Moods, rng: random.Random, note: Callable[[str], None]) -> None:
        self._log = log
        self._moods = moods
        self._rng = rng
        self._note = note

    @property
    def name(self) -> str:
        return NAME

    async def extract(self, question: ExtractQuestion) -> ExtractAnswer:
        return await self._ask("extract", question, question.scope, extract(question), with_wrong_numbers)

    async def distill(self, question: DistillQuestion) -> DistillAnswer:
        return await self._ask("distill", question, question.scope, distill(question), with_wrong_kinds)

    async def contrast(self, question: ContrastQuestion) -> ContrastAnswer:  # noqa: ARG002 - the protocol's
        return ContrastAnswer()

    async def write(self, question: WriteQuestion) -> WriteAnswer:
        return await self._ask("write", question, question.scope, write(question), with_wrong_edits)

    async def close(self) -> None:
        """Nothing is held."""

    async def _ask(self, stage: Stage, question: msgspec.Struct, scope: Scope, good: A, spoil: Callable[[A], A]) -> A:
        asked = hashlib.sha256(stage.encode() + msgspec.json.encode(question)).hexdigest()
        known = await self._log.answer_to(asked)
        if known is not None:
            self._note(f"answer to {stage} {asked[:8]} is known")
            return msgspec.json.decode(known, type=type(good))
        await asyncio.sleep(self._delay())
        self._fail(stage)
        answer = spoil(good) if self._rng.random() < self._moods.nonsense else good
        self._note(f"answer to {stage} {asked[:8]}{'' if answer is good else ' with nonsense'}")
        text = msgspec.json.encode(answer).decode()
        call = CallRecord(scope=scope, stage=stage, model=NAME, prompt_sha256="", question_sha256=asked, answer=text)
        await self._log.add(call)
        return answer

    def _delay(self) -> float:
        slow = self._rng.random() < self._moods.slow
        return self._rng.uniform(0.05, self._moods.seconds_slow if slow else self._moods.seconds)

    def _fail(self, stage: Stage) -> None:
        if self._rng.random() < self._moods.unavailable:
            self._note(f"no answer to {stage}: out of reach")
            raise ModelUnavailable("The simulated model is out of reach.")
        if self._rng.random() < self._moods.fails:
            self._note(f"no answer to {stage}: failed")
            raise ModelFailed("The simulated model gave no usable answer.")


def commands_in(messages: tuple[NumberedMessage, ...]) -> list[Command]:
    """The commands of messages, in order."""
    found = (script.parse(one.number, next(one.message.texts(), "")) for one in messages)
    return [command for command in found if command is not None]


def extract(question: ExtractQuestion) -> ExtractAnswer:
    """Each command changes its task; what a task is called tells which it is."""
    orders = {task.title: task.order for task in question.tasks}
    count = len(orders)
    changes, preferences = [], []
    statuses = {task.title: task.status for task in question.tasks}
    for command in commands_in(question.messages):
        name = command.name
        if command.verb == "prefer":
            preferences.append(_preference(command))
            continue
        if command.verb == "finish":
            statuses[name] = command.outcome
        elif command.verb == "reopen" or name not in statuses:
            statuses[name] = "running"
        changes.append(
            TaskChange(
                order=orders.get(name),
                title=name,
                status=statuses[name],
                messages=(command.number,),
                progress=("worked",) if command.verb == "work" else (),
                evidence=f"said in message {command.number}",
            )
        )
        if name not in orders:
            count += 1
            orders[name] = count
    return ExtractAnswer(tasks=tuple(changes), preferences=tuple(preferences))


def _preference(command: Command) -> PreferenceFound:
    return PreferenceFound(
        text=script.preference_text(command.name),
        topic="likings",
        message=command.number,
        quote=f"prefer {command.name}",
    )


def distill(question: DistillQuestion) -> DistillAnswer:
    """A task teaches what its last ending names."""
    ends = [command for command in commands_in(question.messages) if command.verb == "finish"]
    summary = f"The task ended with {question.task.status}."
    if not ends or not ends[-1].teaches:
        return DistillAnswer(summary=summary, skip_reason="The script teaches nothing here.")
    lessons = tuple(_lesson(token, ends[-1]) for token in ends[-1].teaches)
    return DistillAnswer(summary=summary, lessons=lessons)


def _lesson(token: str, end: Command) -> Lesson:
    topic = script.topic_of(token)
    quote = "nobody ever said this" if token[0] == "U" else f"finish {end.name}"
    return Lesson(
        kind="procedure",
        title=f"About {topic}",
        text=script.lesson_text(token),
        topic=topic,
        quotes=(Quote(number=end.number, text=quote),),
    )


def write(question: WriteQuestion) -> WriteAnswer:
    """Each lesson becomes an entry of its topic's skill, or of a handbook when there is one for it."""
    known = {view.name for view in question.skills}
    edits: list[Edit] = []
    for pending in question.lessons:
        edits += _edits_for(pending, known)
    return WriteAnswer(edits=tuple(edits))


def _edits_for(pending: PendingLesson, known: set[str]) -> list[Edit]:
    lesson, keys = pending.lesson, (pending.key,)
    if lesson.kind == "preference":
        entry = f"- {lesson.text}"
        return [AddEntry(skill="user-general-facts", path="likings.md", title="Likings", text=entry, lessons=keys)]
    handbook = f"handbook-{lesson.topic}"
    skill = handbook if handbook in known else f"skill-{lesson.topic}"
    edits: list[Edit] = []
    if skill not in known:
        body = f"# {lesson.topic}\n\nLessons are in `notes.md`."
        edits.append(CreateSkill(name=skill, description=f"Lessons about {lesson.topic}.", body=body, lessons=keys))
        known.add(skill)
    entry = f"## {lesson.title}\n{lesson.text}"
    return [*edits, AddEntry(skill=skill, path="notes.md", title="Notes", text=entry, lessons=keys)]


def with_wrong_numbers(good: ExtractAnswer) -> ExtractAnswer:
    """Claims about tasks and messages that do not exist, among the good ones."""
    tasks = (
        TaskChange(order=4_711, title="X1", status="success", messages=(1,)),
        *good.tasks,
        TaskChange(title="X2", status="success", messages=(10**6,)),
    )
    made_up = PreferenceFound(text="The user prefers X3.", topic="likings", message=1, quote="I prefer X3")
    nowhere = PreferenceFound(text="The user prefers X4.", topic="likings", message=10**6, quote="prefer X4")
    return ExtractAnswer(tasks=tasks, preferences=(made_up, *good.preferences, nowhere))


def with_wrong_kinds(good: DistillAnswer) -> DistillAnswer:
    """A preference, which no task can teach, among the good ones."""
    if not good.lessons:
        return good
    wrong = Lesson(kind="preference", title="X5", text="The user prefers X5.", quotes=good.lessons[0].quotes)
    return msgspec.structs.replace(good, lessons=(wrong, *good.lessons))


def with_wrong_edits(good: WriteAnswer) -> WriteAnswer:
    """Paths that leave the skill, skills and lessons that there are none of; the good edits are left out."""
    keys = good.edits[0].lessons if good.edits else ()
    escape = AddEntry(skill="user-general-facts", path="../X6.md", text="- X6 escapes", lessons=keys)
    nowhere = AddEntry(skill="no-such-skill", path="notes.md", text="- X7 is nowhere", lessons=keys)
    nobody = AddEntry(skill="user-general-facts", path="notes.md", text="- X8 is nobody's", lessons=("no-such-lesson",))
    return WriteAnswer(edits=(escape, nowhere, nobody))
