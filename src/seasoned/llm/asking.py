"""Questions as prompts, and answers as values: the wire form between the stages and a language model.

Everything in a prompt is bounded, whatever the number of skills; what a person or a tool wrote stands inside a fence.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from seasoned.clock import to_datetime
from seasoned.errors import ModelFailed
from seasoned.lesson import Lesson, LessonKind, Quote
from seasoned.llm.fence import elide, fence, transcript
from seasoned.llm.model import (
    DistillAnswer,
    DistillQuestion,
    Edit,
    ExtractAnswer,
    ExtractQuestion,
    PendingLesson,
    PreferenceFound,
    SkillView,
    TaskChange,
    WriteAnswer,
    WriteQuestion,
)
from seasoned.skill import SKILL_FILE, entries
from seasoned.space import FACTS
from seasoned.task import TaskStatus

SAID_CHARS_MAX = 4_000
EXTRACT_TOOL_CHARS_MAX = 700
DISTILL_TOOL_CHARS_MAX = 3_000
PREFERENCES_SHOWN_MAX = 60
SKILLS_SHOWN_MAX = 6
NAMES_SHOWN_MAX = 40
SHELF_CHARS_MAX = 24_000
INSTRUCTIONS_CHARS_MAX = 2_000
LEARNERS_RANGE_MAX = 10_000


class _Task(msgspec.Struct, frozen=True):
    title: str = ""
    status: TaskStatus = "running"
    messages: list[list[int]] = []
    order: int | None = None
    progress: list[str] = []
    evidence: str = ""


class _Preference(msgspec.Struct, frozen=True):
    text: str
    message: int
    quote: str
    topic: str = "general"
    replaces: str = ""


class _Extracted(msgspec.Struct, frozen=True):
    tasks: list[_Task] = []
    preferences: list[_Preference] = []


class _Lesson(msgspec.Struct, frozen=True):
    kind: LessonKind
    title: str
    text: str
    quotes: list[Quote]
    topic: str = ""


class _Distilled(msgspec.Struct, frozen=True):
    summary: str
    decisions: list[str] = []
    learnings: list[str] = []
    lessons: list[_Lesson] = []
    skip_reason: str = ""


class _Written(msgspec.Struct, frozen=True):
    edits: list[Edit]


def extract_prompt(question: ExtractQuestion) -> str:
    """The new messages, with the tasks and preferences known so far."""
    known = [f"{task.order}. ({task.status}) {task.title}" for task in question.tasks]
    parts = [
        f"The user is called: {question.user}" if question.user else "",
        f"The outcome was told: {question.outcome}." if question.outcome else "",
        "Tasks so far, by order:\n" + fence("\n".join(known)) if known else "There are no tasks yet.",
        _preferences(question.preferences),
        "The new messages:\n" + fence(transcript(question.messages, SAID_CHARS_MAX, EXTRACT_TOOL_CHARS_MAX)),
        "The session ends here for now." if question.closed else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _preferences(known: Sequence[str]) -> str:
    if not known:
        return "Nothing is known of the user yet."
    lines = [f"- {text}" for text in known[-PREFERENCES_SHOWN_MAX:]]
    return "Known of the user:\n" + fence("\n".join(lines))


def read_extract(raw: bytes) -> ExtractAnswer:
    """The answer to extract_prompt. Raises ModelFailed, msgspec.DecodeError."""
    found = msgspec.json.decode(raw, type=_Extracted)
    return ExtractAnswer(
        tasks=tuple(
            TaskChange(
                order=task.order,
                title=task.title,
                status=task.status,
                messages=_numbers(task.messages),
                progress=tuple(task.progress),
                evidence=task.evidence,
            )
            for task in found.tasks
        ),
        preferences=tuple(
            PreferenceFound(text=one.text, topic=one.topic, message=one.message, quote=one.quote, replaces=one.replaces)
            for one in found.preferences
        ),
    )


def _numbers(ranges: Sequence[Sequence[int]]) -> tuple[int, ...]:
    numbers: list[int] = []
    for one in ranges:
        if not one or len(one) > 2 or one[-1] < one[0] or one[-1] - one[0] > LEARNERS_RANGE_MAX:  # noqa: PLR2004
            raise ModelFailed(f"`messages` must hold ranges [first, last], not {list(one)[:4]}")
        numbers.extend(range(one[0], one[-1] + 1))
    return tuple(numbers)


def distill_prompt(question: DistillQuestion) -> str:
    """A finished task with its messages, and the question that fits how it ended."""
    task = question.task
    asked = (
        "The task succeeded. What had to be found out on the way that the next agent should know beforehand?"
        if task.status == "success"
        else "The task failed. What stopped it, what was tried in vain, and what should be done instead next time?"
    )
    parts = [
        f"The user is called: {question.user}" if question.user else "",
        f"Task: {fence(task.title)}\nIt ended as: {task.status}. {task.evidence}",
        "What the rules noticed (hints, not facts):\n" + fence("\n".join(question.hints)) if question.hints else "",
        "The messages of the task:\n" + fence(transcript(question.messages, SAID_CHARS_MAX, DISTILL_TOOL_CHARS_MAX)),
        asked,
    ]
    return "\n\n".join(part for part in parts if part)


def read_distill(raw: bytes) -> DistillAnswer:
    """The answer to distill_prompt. Raises ModelFailed, msgspec.DecodeError."""
    found = msgspec.json.decode(raw, type=_Distilled)
    if not found.lessons and not found.skip_reason.strip():
        raise ModelFailed("there are neither lessons nor a skip_reason")
    for lesson in found.lessons:
        if lesson.kind in ("skip", "preference") or not lesson.quotes or not lesson.text.strip():
            raise ModelFailed("a lesson needs a kind procedure, pitfall or fact, a text and at least one quote")
    return DistillAnswer(
        summary=found.summary,
        decisions=tuple(found.decisions),
        learnings=tuple(found.learnings),
        lessons=tuple(
            Lesson(
                kind=one.kind,
                title=one.title,
                text=one.text,
                topic=one.topic,
                quotes=tuple(Quote(number=quote.number, text=quote.text) for quote in one.quotes),
            )
            for one in found.lessons
        ),
        skip_reason=found.skip_reason,
    )


def write_prompt(question: WriteQuestion) -> str:
    """The lessons, and the few skills that matter for them."""
    lessons = "\n".join(_lesson(f"L{n}", one) for n, one in enumerate(question.lessons, start=1))
    near = nearest(question)
    others = [skill.name for skill in question.skills if skill.name not in {one.name for one in near}]
    parts = [
        f"The user is called: {question.user}" if question.user else "",
        "Lessons to place:\n" + fence(lessons),
        "Skills that are close to them, with their files:\n" + fence(_shelf(near)),
        "Further skills, by name: " + ", ".join(others[:NAMES_SHOWN_MAX]) if others else "",
        "An earlier answer had edits that were refused; give all edits again, corrected:\n"
        + fence("\n".join(question.refused))
        if question.refused
        else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _lesson(key: str, pending: PendingLesson) -> str:
    lesson = pending.lesson
    day = date.isoformat(to_datetime(lesson.at).date())
    about = f" (task: {elide(pending.task_title, 150)})" if pending.task_title else ""
    replaced = f"\nreplaces: {lesson.replaces}" if lesson.replaces else ""
    return f"{key} {lesson.kind} [{lesson.topic}] {day}{about}\n{lesson.title}\n{lesson.text}{replaced}\n"


def nearest(question: WriteQuestion) -> list[SkillView]:
    """The skills whose words are closest to the lessons'; the user's facts first when a preference is to be placed."""
    texts = [f"{one.lesson.topic} {one.lesson.title} {one.lesson.text}" for one in question.lessons]
    words = set(" ".join(texts).casefold().split())
    wants_facts = any(one.lesson.kind == "preference" for one in question.lessons)

    def score(skill: SkillView) -> tuple[bool, int, str]:
        text = " ".join([skill.name.replace("-", " "), skill.description, *skill.files, *skill.files.values()])
        return wants_facts and skill.name == FACTS, len(words & set(text.casefold().split())), skill.name

    return sorted(question.skills, key=score, reverse=True)[:SKILLS_SHOWN_MAX]


def _shelf(skills: Sequence[SkillView]) -> str:
    left, shown = SHELF_CHARS_MAX, []
    for skill in skills:
        lines = [
            f"=== skill {skill.name}: {skill.description}",
            f"--- {SKILL_FILE}\n{elide(skill.instructions.strip(), INSTRUCTIONS_CHARS_MAX)}",
        ]
        for path, text in skill.files.items():
            if path != SKILL_FILE:
                found = [entry.text for entry in entries(text)] if path.endswith(".md") else []
                lines.append(f"--- {path} ({len(found)} entries)\n{elide(text.strip(), max(500, left // 3))}")
        block = elide("\n".join(lines), max(left, 1_000))
        left -= len(block)
        shown.append(block)
        if left <= 0:
            break
    return "\n\n".join(shown) or "(none yet)"


def read_write(raw: bytes, keys: Mapping[str, str]) -> WriteAnswer:
    """The answer to write_prompt, with its short keys as the lessons' own. Raises ModelFailed, msgspec.DecodeError."""
    found = msgspec.json.decode(raw, type=_Written)
    edits = []
    for edit in found.edits:
        unknown = [key for key in edit.lessons if key not in keys]
        if unknown or not edit.lessons:
            raise ModelFailed(f"every edit names its lessons out of {', '.join(keys)}; {unknown or 'one names none'}")
        edits.append(msgspec.structs.replace(edit, lessons=tuple(keys[key] for key in edit.lessons)))
    missing = set(keys.values()) - {key for edit in edits for key in edit.lessons}
    if missing:
        short = [name for name, key in keys.items() if key in missing]
        raise ModelFailed(f"no edit names {', '.join(sorted(short))}; place, reinforce or decline each lesson")
    return WriteAnswer(edits=tuple(edits))
