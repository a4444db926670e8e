"""Parses answers of a language model. Each part is parsed separately: a wrong one is rejected alone.

`problems` gets a sentence for each error, so that the model can be asked again. Only an answer without the right JSON
object raises.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from seasoned.errors import ModelFailed
from seasoned.learning.questions import (
    ContrastAnswer,
    ContrastQuestion,
    DistillAnswer,
    DistillQuestion,
    Edit,
    ExtractAnswer,
    ExtractQuestion,
    PreferenceFound,
    TaskChange,
    WriteAnswer,
)
from seasoned.lesson import Basis, Lesson, LessonKind, Quote, day_of, folded, stands_in
from seasoned.message import NumberedMessage
from seasoned.task import TaskStatus

T = TypeVar("T")

PROBLEMS_MAX = 20
ITEMS_MAX = 500
Problems = list[str]


class _Task(msgspec.Struct, frozen=True):
    status: TaskStatus
    messages: list[int | list[int]] = []
    title: str = ""
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
    tasks: list[msgspec.Raw] = []
    preferences: list[msgspec.Raw] = []


class _Lesson(msgspec.Struct, frozen=True):
    kind: LessonKind
    title: str
    text: str
    quotes: list[Quote]
    topic: str = ""
    until: str = ""
    basis: Basis = ""


class _Distilled(msgspec.Struct, frozen=True):
    summary: str
    decisions: list[str] = []
    learnings: list[str] = []
    lessons: list[msgspec.Raw] = []
    skip_reason: str = ""


class _Contrasted(msgspec.Struct, frozen=True):
    lessons: list[msgspec.Raw] = []
    skip_reason: str = ""


class _Written(msgspec.Struct, frozen=True):
    edits: list[msgspec.Raw]


def _items(raws: Sequence[msgspec.Raw], kind: type[T], what: str, problems: Problems) -> list[tuple[str, T]]:
    """The items of a list that have the right form, each with its name for a sentence."""
    found = []
    if len(raws) > ITEMS_MAX:
        problems.append(f"There are {len(raws)} {what}s; at most {ITEMS_MAX} are read.")
    for place, raw in enumerate(raws[:ITEMS_MAX], start=1):
        try:
            found.append((f"{what} {place}", msgspec.json.decode(raw, type=kind)))
        except msgspec.DecodeError as error:
            problems.append(f"{what} {place}: {error}.")
    return found


def read_extract(raw: bytes, question: ExtractQuestion, problems: Problems) -> ExtractAnswer:
    """The tasks and preferences of an answer that the messages support. Raises msgspec.DecodeError."""
    found = msgspec.json.decode(raw, type=_Extracted)
    tasks = [
        change
        for name, task in _items(found.tasks, _Task, "task", problems)
        if (change := _task(name, task, question, problems)) is not None
    ]
    preferences = [
        one
        for name, preference in _items(found.preferences, _Preference, "preference", problems)
        if (one := _preference(name, preference, question, problems)) is not None
    ]
    return ExtractAnswer(tasks=tuple(tasks), preferences=tuple(preferences))


def _task(name: str, task: _Task, question: ExtractQuestion, problems: Problems) -> TaskChange | None:
    known = {one.order for one in question.tasks}
    if task.order is not None and task.order not in known:
        problems.append(f"{name}: there is no known task of order {task.order}; a new task has order null.")
        return None
    numbers = _numbers(name, task.messages, question.messages, problems)
    if task.order is None and (not numbers or not task.title.strip()):
        problems.append(f"{name}: a new task needs a title, and messages out of the new ones.")
        return None
    return TaskChange(
        order=task.order,
        title=task.title,
        status=task.status,
        messages=numbers,
        progress=tuple(task.progress),
        evidence=task.evidence,
    )


def _numbers(
    name: str, ranges: Sequence[int | list[int]], messages: Sequence[NumberedMessage], problems: Problems
) -> tuple[int, ...]:
    """The numbers of some ranges, as far as there are such new messages."""
    there = {stored.number for stored in messages}
    first, last = min(there, default=1), max(there, default=0)
    numbers: set[int] = set()
    for one in ranges:
        ends = [one, one] if isinstance(one, int) else [one[0], one[-1]] if 1 <= len(one) <= 2 else []  # noqa: PLR2004
        if not ends or ends[1] < ends[0] or ends[1] < first or ends[0] > last:
            problems.append(f"{name}: {one} is no range [first, last] of the new messages, {first} to {last}.")
            continue
        numbers.update(range(max(first, ends[0]), min(last, ends[1]) + 1))
    return tuple(sorted(numbers & there))


def _preference(name: str, found: _Preference, question: ExtractQuestion, problems: Problems) -> PreferenceFound | None:
    stored = next((one for one in question.messages if one.number == found.message), None)
    if stored is None or not stored.message.is_from_person:
        problems.append(f"{name}: message {found.message} is none of the user's new messages.")
        return None
    if not stands_in(found.quote, folded(stored.message.words_of("person"))):
        problems.append(
            f"{name}: the quote {found.quote[:80]!r} does not occur in the person's words of message {found.message}."
        )
        return None
    if not found.text.strip():
        problems.append(f"{name}: the text is empty.")
        return None
    return PreferenceFound(
        text=found.text, topic=found.topic, message=found.message, quote=found.quote, replaces=found.replaces
    )


def read_distill(raw: bytes, question: DistillQuestion, problems: Problems) -> DistillAnswer:
    """The lessons of an answer. Raises msgspec.DecodeError, and ModelFailed when it neither teaches nor says why."""
    found = msgspec.json.decode(raw, type=_Distilled)
    lessons = _lessons(found, question.messages, problems)
    return DistillAnswer(
        summary=found.summary,
        decisions=tuple(found.decisions),
        learnings=tuple(found.learnings),
        lessons=lessons,
        skip_reason=found.skip_reason,
    )


def read_contrast(raw: bytes, question: ContrastQuestion, problems: Problems) -> ContrastAnswer:
    """The lessons of an answer. Raises like `read_distill`."""
    found = msgspec.json.decode(raw, type=_Contrasted)
    return ContrastAnswer(lessons=_lessons(found, question.messages, problems), skip_reason=found.skip_reason)


def _lessons(
    found: _Distilled | _Contrasted, messages: Sequence[NumberedMessage], problems: Problems
) -> tuple[Lesson, ...]:
    texts = {stored.number: folded("\n".join(stored.message.texts())) for stored in messages}
    lessons = [
        lesson
        for name, one in _items(found.lessons, _Lesson, "lesson", problems)
        if (lesson := _lesson(name, one, texts, problems)) is not None
    ]
    if not lessons and not found.skip_reason.strip():
        raise ModelFailed("; ".join(["there are neither lessons nor a skip_reason", *problems[:PROBLEMS_MAX]]))
    return tuple(lessons)


def _lesson(name: str, one: _Lesson, texts: Mapping[int, str], problems: Problems) -> Lesson | None:
    if one.kind in ("skip", "preference") or not one.text.strip():
        problems.append(f"{name}: it needs a kind procedure, pitfall or fact, and a text.")
        return None
    if one.until.strip() and day_of(one.until) is None:
        problems.append(f"{name}: `until` is no date of the form YYYY-MM-DD; leave it empty if there is none.")
    if not any(stands_in(quote.text, texts.get(quote.number, "")) for quote in one.quotes):
        # Kept anyway: without a valid quote it is stored, but not written.
        problems.append(f"{name}: none of its quotes occurs in the message that it names; copy the words exactly.")
    return Lesson(
        kind=one.kind,
        title=one.title,
        text=one.text,
        topic=one.topic,
        until=one.until if day_of(one.until) else "",
        quotes=tuple(Quote(number=quote.number, text=quote.text) for quote in one.quotes),
        basis=one.basis,
    )


def read_write(raw: bytes, keys: Mapping[str, str], problems: Problems) -> WriteAnswer:
    """The edits of an answer, with its short keys replaced by lesson ids. Raises msgspec.DecodeError."""
    found = msgspec.json.decode(raw, type=_Written)
    kind: Callable[..., Edit] | object = Edit
    edits: list[Edit] = []
    for place, one in enumerate(found.edits[:ITEMS_MAX], start=1):
        try:
            edit: Edit = msgspec.json.decode(one, type=kind)
        except msgspec.DecodeError as error:
            problems.append(f"edit {place}: {error}.")
            continue
        named = tuple(dict.fromkeys(keys[key] for key in edit.lessons if key in keys))
        if not named or len(named) < len(set(edit.lessons)):
            problems.append(f"edit {place}: it must name its lessons out of {', '.join(keys)}.")
        if named:
            edits.append(msgspec.structs.replace(edit, lessons=named))
    missing = [short for short, key in keys.items() if not any(key in edit.lessons for edit in edits)]
    if missing:
        problems.append(f"No edit names {', '.join(missing)}; place, reinforce or decline each lesson.")
    return WriteAnswer(edits=tuple(edits))
