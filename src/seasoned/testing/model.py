"""A model whose answers come from functions, and which records its questions."""

from collections.abc import Callable

import msgspec

from seasoned.learning.questions import (
    AddEntry,
    ContrastAnswer,
    ContrastQuestion,
    CreateSkill,
    DistillAnswer,
    DistillQuestion,
    ExtractAnswer,
    ExtractQuestion,
    TaskChange,
    WriteAnswer,
    WriteQuestion,
)
from seasoned.lesson import Lesson, Quote

SKILL = "scripted-lessons"


def one_task(question: ExtractQuestion) -> ExtractAnswer:
    """Each batch is one finished task whose title is the first message's text."""
    numbers = tuple(stored.number for stored in question.messages)
    title = question.messages[0].message.prose() or "a task"
    return ExtractAnswer(tasks=(TaskChange(title=title, status="success", messages=numbers, evidence="scripted"),))


def one_lesson(question: DistillQuestion) -> DistillAnswer:
    """Each task teaches its title, quoted from its first message."""
    first = question.messages[0]
    text = next(first.message.texts(), "")
    lesson = Lesson(
        kind="fact", title=question.task.title, text=text, quotes=(Quote(number=first.number, text=text[:200]),)
    )
    return DistillAnswer(summary=question.task.title, lessons=(lesson,))


def no_difference(_question: ContrastQuestion) -> ContrastAnswer:
    """Nothing made a difference for sure."""
    return ContrastAnswer(skip_reason="scripted")


def one_entry(question: WriteQuestion) -> WriteAnswer:
    """Each lesson becomes an entry of one skill."""
    keys = tuple(pending.key for pending in question.lessons)
    create = CreateSkill(name=SKILL, description="Lessons of a script.", body="# Scripted lessons", lessons=keys)
    entries = tuple(
        AddEntry(
            skill=SKILL,
            path="notes.md",
            title="Notes",
            text=f"## {one.lesson.title}\n{one.lesson.text}",
            lessons=(one.key,),
        )
        for one in question.lessons
    )
    return WriteAnswer(edits=(create, *entries))


class ScriptedModel(msgspec.Struct):
    """Answers with the given functions; the defaults learn one plain lesson from each session."""

    on_extract: Callable[[ExtractQuestion], ExtractAnswer] = one_task
    on_distill: Callable[[DistillQuestion], DistillAnswer] = one_lesson
    on_write: Callable[[WriteQuestion], WriteAnswer] = one_entry
    on_contrast: Callable[[ContrastQuestion], ContrastAnswer] = no_difference
    extracts: list[ExtractQuestion] = []
    distills: list[DistillQuestion] = []
    writes: list[WriteQuestion] = []
    contrasts: list[ContrastQuestion] = []

    @property
    def name(self) -> str:
        return "scripted"

    @property
    def mends_refused_edits(self) -> bool:
        return True

    async def extract(self, question: ExtractQuestion) -> ExtractAnswer:
        self.extracts.append(question)
        return self.on_extract(question)

    async def distill(self, question: DistillQuestion) -> DistillAnswer:
        self.distills.append(question)
        return self.on_distill(question)

    async def contrast(self, question: ContrastQuestion) -> ContrastAnswer:
        self.contrasts.append(question)
        return self.on_contrast(question)

    async def write(self, question: WriteQuestion) -> WriteAnswer:
        self.writes.append(question)
        return self.on_write(question)

    async def close(self) -> None:
        """Nothing is held."""
