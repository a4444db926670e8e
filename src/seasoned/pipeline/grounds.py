"""What the writer's edits rest on: a writer may reword what it is given, and invents nothing.

What agents take literally must come from a lesson, the old entry or the instructions of its skill: code, options,
paths, identifiers, dates and numbers. Plain words are left to the writer.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from seasoned.clock import to_datetime
from seasoned.learning.questions import AddEntry, Edit, NearEntry, PendingLesson, ReviseEntry, WriteFile
from seasoned.lesson import Lesson, until_of, with_until
from seasoned.pipeline.edits import DraftSet
from seasoned.similar import fingerprint, opposes
from seasoned.skill import SKILL_FILE

FOUND_MAX: Final = 6
CONFLICTS_MAX: Final = 6
_SPAN: Final = re.compile(r"(`{1,3})([^`\n]{1,400})\1")
_NUMBER: Final = re.compile(r"(?<![\w.,:-])[$€£]?(\d+(?:[.,:]\d+)*)(?=[%a-z]{0,3}(?![\w-]))")
_NUMERAL: Final = re.compile(r"\d+(?:[.,:]\d+)*")
_LISTED: Final = re.compile(r"^\s*(?:[-*#]+\s+)?\d{1,2}[.)]\s+", re.MULTILINE)
# Options, paths, and words that no sentence has: with an underscore, a dot or a capital within.
_NAME: Final = re.compile(
    r"(?<![\w-])--[a-z][\w-]+|(?<![\w.])[/~]\w[\w./@-]*/[\w./@-]+|\w+_\w+|\b[a-z]+[A-Z]\w+|\b\w{2,}(?:\.\w{2,})+\b"
    r"|\b\d{4}-\d\d-\d\d\b|https?://[^\s)\"'>]+"
)
_TOKEN: Final = re.compile(r"[\w@/.:=+~$-]*\w[\w@/.:=+~$-]*")
_SPELLED_TEXT: Final = "one two three four five six seven eight nine ten eleven twelve"
_SPELLED: Final = {word: str(number) for number, word in enumerate(_SPELLED_TEXT.split(), start=1)}


def plain_entry(lesson: Lesson) -> str:
    """A lesson as an entry in its own words."""
    return f"- {lesson.text}" if lesson.kind == "preference" else f"## {lesson.title}\n{lesson.text}".strip()


class Grounds:
    """What the edits about some lessons may say."""

    def __init__(self, lessons: Sequence[PendingLesson]) -> None:
        self._lessons = {pending.key: pending.lesson for pending in lessons}
        self._said = {pending.key: _said(pending) for pending in lessons}

    def apply(self, drafts: DraftSet, edits: Sequence[Edit], *, is_last: bool) -> tuple[str, ...]:
        """Apply edits that say no more than their sources; the reasons of those that were rejected.

        In the last answer, what says more gives way to its lessons' own words.
        """
        refused: list[str] = []
        for edit in edits:
            reason = self.objection(edit, drafts)
            instead = self.own_words(edit) if reason and is_last else []
            made = instead if reason else [self.complete(edit)]
            refused += [reason, *map(drafts.apply, made)]
        return tuple(filter(None, refused))

    def objection(self, edit: Edit, drafts: DraftSet) -> str:
        """Why an edit cannot be made: it says what none of its sources does. Empty when it can."""
        if not isinstance(edit, AddEntry | ReviseEntry | WriteFile):
            return ""
        draft = drafts.drafts.get(edit.skill)
        files = draft.files if draft is not None else {}
        old = edit.path if isinstance(edit, WriteFile) else ""
        held = [files[path].decode(errors="replace") for path in (SKILL_FILE, old) if path in files]
        entry = drafts.entry_of(edit) if isinstance(edit, ReviseEntry) else ""
        sources = [self._said[key] for key in edit.lessons if key in self._said]
        new = invented(edit.text, [*sources, entry, *held, edit.skill, edit.path])
        if not new:
            return ""
        shown = ", ".join(new)
        return f"{edit.skill}/{edit.path}: {shown} stand neither in the edit's lessons nor in the old entry; leave out."

    def complete(self, edit: Edit) -> Edit:
        """The edit with the day to which it holds, where its lessons tell one and it does not."""
        if not isinstance(edit, AddEntry | ReviseEntry):
            return edit
        days = [until_of(self._lessons[key].text) for key in edit.lessons if key in self._lessons]
        told = [day for day in days if day is not None]
        # An entry that also rests on what holds on has no end.
        is_bounded = len(told) == len(days) > 0
        return msgspec.structs.replace(edit, text=with_until(edit.text, max(told))) if is_bounded else edit

    def own_words(self, edit: Edit) -> list[AddEntry]:
        """The lessons of an edit as they are, in the place that it had for them."""
        if not isinstance(edit, AddEntry | ReviseEntry):
            return []
        return [
            AddEntry(skill=edit.skill, path=edit.path, text=plain_entry(self._lessons[key]), lessons=(key,))
            for key in edit.lessons
            if key in self._lessons
        ]


def _said(pending: PendingLesson) -> str:
    lesson = pending.lesson
    quotes = (quote.text for quote in lesson.quotes)
    day = f"{to_datetime(lesson.at):%Y-%m-%d}"
    told = (lesson.title, lesson.text, lesson.topic, lesson.replaces, *quotes, pending.task_title, day)
    return "\n".join(told)


def conflicts(lessons: Sequence[PendingLesson], near: Sequence[NearEntry]) -> tuple[str, ...]:
    """Which lessons seem to say the opposite of an entry, or of each other, a line each."""
    found = []
    prints = [(f"L{number}", plain_entry(one.lesson)) for number, one in enumerate(lessons, start=1)]
    known = [(f"the entry {one.text.split(chr(10), 1)[0][:80]!r} of {one.skill}", one.text) for one in near if one.path]
    for place, (name, text) in enumerate(prints):
        for other, said in (*prints[place + 1 :], *known):
            if opposes(fingerprint(text), fingerprint(said)):
                found.append(f"{name} and {other}")
    return tuple(found[:CONFLICTS_MAX])


def invented(text: str, sources: Sequence[str]) -> tuple[str, ...]:
    """What of a text, word for word, stands in none of some sources; the first few."""
    known = _folded("\n".join(sources))
    numbers = {one.replace(",", "") for one in _NUMERAL.findall(known)}
    numbers |= {_SPELLED[word] for word in re.findall(r"[a-z]+", known) if word in _SPELLED}
    bare = _LISTED.sub("", text)
    missing = dict.fromkeys(one for one in _names(bare) if _folded(one) not in known)
    plain = _SPAN.sub(" ", bare)
    missing |= dict.fromkeys(one for one in _NUMBER.findall(plain) if one.replace(",", "") not in numbers)
    return tuple(missing)[:FOUND_MAX]


def _folded(text: str) -> str:
    return " ".join(text.replace("`", "").replace("’", "'").casefold().split())


def _names(text: str) -> Iterator[str]:
    """The words of pieces of code, and what is written as code without being marked so."""
    for _, code in _SPAN.findall(text):
        yield from (one.strip(".:") for one in _TOKEN.findall(code) if len(one.strip(".:")) > 1)
    yield from (one.rstrip(".") for one in _NAME.findall(_SPAN.sub(" ", text)))
