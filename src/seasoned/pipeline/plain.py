"""A lesson as the plain entry that it would be, whether it may become one, and what speaks for a suspicion."""

from collections.abc import Sequence
from typing import Final

from seasoned.learning.questions import AddEntry, CreateSkill
from seasoned.lesson import evidence_of, worded
from seasoned.pipeline.grounds import plain_entry
from seasoned.similar import best_twin
from seasoned.space import FACTS
from seasoned.store import proposals
from seasoned.store.lessons import LessonRow

FALLBACK_FILE: Final = "notes.md"
FALLBACK_SKILL: Final = "general-lessons"


def is_considered(lesson: LessonRow) -> bool:
    """Whether it may become an entry."""
    return lesson.kind != "skip" and is_grounded(lesson)


def is_grounded(lesson: LessonRow) -> bool:
    """Whether at least one quote was found in the messages; without one a lesson is kept but not written."""
    return any(quote.verified for quote in lesson.value().quotes)


def fallback_skill(lesson: LessonRow) -> str:
    """The skill of its plain entry."""
    return FACTS if lesson.kind == "preference" else lesson.topic or FALLBACK_SKILL


def said(lesson: LessonRow) -> str:
    """What a lesson says, as it is compared with others."""
    return plain_entry(lesson.value())


def entry(lesson: LessonRow) -> str:
    """A lesson as the plain entry that it would be."""
    return said(lesson) if lesson.kind == "preference" else f"## {lesson.title}\n{worded(lesson.value())}".strip()


def edits_of(lesson: LessonRow) -> tuple[CreateSkill, AddEntry]:
    """A plain entry for a lesson, and the skill for it if there is none of the name."""
    skill, topic = fallback_skill(lesson), lesson.topic or "general"
    path, heading = FALLBACK_FILE, "Notes"
    if lesson.kind == "preference":
        path, heading = f"{topic}.md", topic.replace("-", " ").capitalize()
    description = f"Lessons about {skill.replace('-', ' ')}. Use before similar work."
    body = f"# {skill.replace('-', ' ').capitalize()}\n\nLessons learned, in `{path}`."
    keys = (lesson.id,)
    return (
        CreateSkill(name=skill, description=description, body=body, lessons=keys),
        AddEntry(skill=skill, path=path, title=heading, text=entry(lesson), lessons=keys),
    )


def is_suspected(lesson: LessonRow) -> bool:
    """Whether nothing but a told failure speaks for it."""
    return evidence_of(lesson.basis) == "suspected"


def is_seconded(lesson: LessonRow, others: Sequence[LessonRow]) -> bool:
    """Whether a lesson of another session in the same run says the same."""
    texts = [said(one) for one in others if one.session_id != lesson.session_id and is_considered(one)]
    return best_twin(said(lesson), texts) is not None


def seconded(known: Sequence[proposals.Known], lessons: Sequence[LessonRow]) -> list[tuple[proposals.Known, LessonRow]]:
    """The suspicions that wait, each with the first of some lessons from another session that says the same."""
    found = []
    for one in known:
        if one.is_suspicion and one.status == "pending" and one.said:
            others = [lesson for lesson in lessons if is_considered(lesson) and not lesson.reason]
            others = [lesson for lesson in others if lesson.session_id not in one.sessions]
            place = best_twin(one.said[0], [said(lesson) for lesson in others])
            found += [] if place is None else [(one, others[place])]
    return found
