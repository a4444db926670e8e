"""How lessons become entries without a model: what is known is reinforced, the rest goes where its subject lives.

Preferences are list items of the user's facts, a file for each topic; everything else is an entry of a skill for the
family of programs that it is about (places.py). Two lessons are the same when their headings are: a tool with an
error's template. What else says the same is found by the stage (pipeline/twins.py).
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from seasoned.learning.questions import (
    AddEntry,
    CreateSkill,
    Decline,
    Edit,
    PendingLesson,
    Reinforce,
    ReviseEntry,
    WriteAnswer,
    WriteQuestion,
)
from seasoned.lesson import Lesson, worded
from seasoned.rules.places import Family, Place, heading_of, place
from seasoned.rules.safety import has_script, is_safe
from seasoned.safety.scanner import scan
from seasoned.similar import closeness, fingerprint
from seasoned.skill import ENTRY_CHARS_MAX, SKILL_FILE, add_entry, entries, entry_key, find_entry, replace_entry, slug
from seasoned.space import FACTS, JOURNAL

_WORD = re.compile(r"[^\s`'\"]+")
RENAMED_MAX: Final = 2
REPLACED_MIN: Final = 0.4
FIXES_MAX: Final = 3
_LABELS = ("- Symptom: ", "- Cause: ", "- Correct: ", "- Seen: ")
ENTRIES_MAX: Final = 5_000
_FACTS_ABOUT: Final = (
    "Preferences and facts about the user, one file for each topic. Use at the start of every task for this user."
)
_NOT_ONE_ENTRY: Final = "Its text is not one entry, so it is not written."


class Known(msgspec.Struct):
    """An entry that stands, or will stand after the edits so far."""

    skill: str
    path: str
    text: str

    @property
    def key(self) -> str:
        """What two entries that are the same have in common: a section's heading, a list item's words."""
        return entry_key(self.text.split("\n", 1)[0])


class _Space:
    """The space while a run is written: its skills, its entries, and the edits so far."""

    def __init__(self, question: WriteQuestion) -> None:
        self.skills = [skill for skill in question.skills if skill.name != JOURNAL]
        self.files = {skill.name: dict(skill.files) for skill in self.skills}
        self.known = list(_known(question))
        self.edits: list[Edit] = []

    def same(self, text: str, *, facts: bool) -> Known | None:
        """The known entry that is the same."""
        key = entry_key(text.split("\n", 1)[0])
        held = [one for one in self.known if (one.skill == FACTS) == facts]
        same = next((one for one in held if key and one.key == key), None)
        return same or next((one for one in held if not facts and _same_trouble(one.text, text)), None)

    def closest(self, wanted: str, *, facts: bool) -> Known | None:
        """The entry that holds a text, by its words; None when none comes near."""
        best, best_score, own = None, REPLACED_MIN, fingerprint(wanted)
        for one in self.known:
            if (one.skill == FACTS) == facts:
                score = 2.0 if fingerprint(one.text).key == own.key else closeness(own, fingerprint(one.text))
                if score > best_score:
                    best, best_score = one, score
        return best

    def add(self, where: Place, text: str, key: str) -> None:
        """A new entry at the end of a file, or of the next one when the file would swallow it (an open code block)."""
        files = self.files.setdefault(where.skill, {})
        for path in (where.path, f"{where.path.removesuffix('.md')}-more.md"):
            after = add_entry(files.get(path) or f"# {where.title}\n", text)
            if find_entry(after, text) is not None:
                files[path] = after
                self.edits.append(AddEntry(skill=where.skill, path=path, text=text, title=where.title, lessons=(key,)))
                self.known.append(Known(where.skill, path, text))
                return
        self.edits.append(Decline(lessons=(key,), reason=_NOT_ONE_ENTRY))

    def reinforce(self, known: Known, key: str) -> None:
        """The same was known."""
        self.edits.append(Reinforce(skill=known.skill, path=known.path, entry=known.text, lessons=(key,)))

    def revise(self, known: Known, text: str, key: str) -> None:
        """A known entry gets another text."""
        file = self.files[known.skill][known.path]
        old = find_entry(file, known.text)
        after = replace_entry(file, old, text) if old is not None else file
        if old is None or find_entry(after, text) is None:
            self.edits.append(Decline(lessons=(key,), reason=_NOT_ONE_ENTRY))
            return
        self.files[known.skill][known.path] = after
        self.edits.append(ReviseEntry(skill=known.skill, path=known.path, entry=known.text, text=text, lessons=(key,)))
        known.text = text

    def create(self, name: str, description: str, body: str, key: str) -> None:
        """A new skill, unless it is there."""
        if name not in self.files:
            self.edits.append(CreateSkill(name=name, description=description, body=body, lessons=(key,)))
            self.files[name] = {}


def _known(question: WriteQuestion) -> Iterator[Known]:
    count = 0
    for skill in question.skills:
        if skill.name == JOURNAL or not skill.writable:
            continue
        for path in sorted(skill.files):
            if not path.endswith(".md") or (path == SKILL_FILE and skill.name == FACTS):
                continue
            for entry in entries(skill.files[path]):
                if count >= ENTRIES_MAX:
                    return
                count += 1
                yield Known(skill.name, path, entry.text)


def write(question: WriteQuestion) -> WriteAnswer:
    """The edits for some lessons; each lesson ends in at least one of them, or is declined with the reason."""
    space = _Space(question)
    for pending in question.lessons:
        refusal = _refusal(pending.lesson)
        if refusal:
            space.edits.append(Decline(lessons=(pending.key,), reason=refusal))
        elif pending.lesson.kind == "preference":
            _write_fact(space, pending)
        else:
            _write_lesson(space, pending)
    return WriteAnswer(edits=tuple(space.edits))


def _refusal(lesson: Lesson) -> str:
    """Why a lesson is not written; empty when it is."""
    if lesson.kind == "skip":
        return "There is nothing to write: the task was skipped."
    if not (lesson.text.strip() or lesson.title.strip()):
        return "There is nothing to write: the lesson is empty."
    text = f"{lesson.title}\n{lesson.text}"
    if lesson.kind == "preference":  # the user's own words; what the scanner says of them decides whether they wait
        return "It is not written because it fetches a script." if has_script(text) else ""
    reasons = scan(text)
    if reasons:
        return f"It is not written because {reasons[0]}."
    if not is_safe(text):
        return "It is not written because it speaks to an agent or carries a script."
    return ""


def _write_fact(space: _Space, pending: PendingLesson) -> None:
    """A preference or fact of the user: a list item in the file of its topic."""
    lesson, key = pending.lesson, pending.key
    sentence = " ".join((lesson.text.strip() or lesson.title.strip()).removeprefix("- ").split())
    text = f"- {sentence}"[:ENTRY_CHARS_MAX]
    outdated = space.closest(lesson.replaces, facts=True) if lesson.replaces.strip() else None
    same = space.same(text, facts=True)
    if same is not None and same is not outdated:
        space.reinforce(same, key)
    elif outdated is not None:
        space.revise(outdated, text, key)
    else:
        space.create(FACTS, _FACTS_ABOUT, "# User facts\n\nOne file for each topic, one list item for each fact.", key)
        topic = slug(lesson.topic)
        space.add(Place(FACTS, f"{topic}.md", heading_of(topic)), text, key)


def _write_lesson(space: _Space, pending: PendingLesson) -> None:
    """A pitfall, procedure or fact: a section in the file of its subject, unless it is known."""
    lesson, key = pending.lesson, pending.key
    text = entry_text(lesson)
    outdated = space.closest(lesson.replaces, facts=False) if lesson.replaces.strip() else None
    if outdated is not None:
        space.revise(outdated, text, key)
        return
    known = space.same(text, facts=False)
    if known is None:
        where = place(lesson.topic, space.skills, space.files)
        _make(space, where.create, key)
        space.add(where, text, key)
        return
    joined = text if lesson.kind == "procedure" else _joined(known.text, text)
    if joined == known.text:
        space.reinforce(known, key)
    else:
        space.revise(known, joined, key)


def entry_text(lesson: Lesson) -> str:
    """A lesson as a section of a skill's file: headings inside become text, an open code block is closed."""
    title = " ".join(lesson.title.split()).lstrip("# ") or "Lesson"
    text = worded(lesson).strip()
    lines = [line.lstrip("#").lstrip() if line.startswith("#") else line for line in text.split("\n")]
    text = f"## {title}\n{chr(10).join(lines)}".strip()[:ENTRY_CHARS_MAX].rstrip()
    fences = [line for line in text.split("\n") if line.lstrip().startswith(("```", "~~~"))]
    return f"{text[: ENTRY_CHARS_MAX - 4].rstrip()}\n```" if len(fences) % 2 else text


def _same_trouble(known: str, new: str) -> bool:
    """Whether two entries have the same fix for the same tool, or the same error and fix with other names."""
    (head, fixes), (other, others) = _of_trouble(known), _of_trouble(new)
    return head.split(": ")[0] == other.split(": ")[0] and (bool(fixes & others) or _is_renamed(known, new))


def _is_renamed(known: str, new: str) -> bool:
    """Whether an error and its fix differ from known ones only in a name that stands in both, such as a branch's."""
    (head, fixes), (other, others) = _of_trouble(known), _of_trouble(new)
    old, now = _WORD.findall(head), _WORD.findall(other)
    names = {one: two for one, two in zip(old, now, strict=False) if one != two}
    if len(old) != len(now) or not 0 < len(names) <= RENAMED_MAX:
        return False
    renamed = {_WORD.sub(lambda found: names.get(found.group(), found.group()), fix) for fix in fixes}
    return bool((renamed - fixes) & others)


def _of_trouble(text: str) -> tuple[str, frozenset[str]]:
    head, *lines = text.split("\n")
    return head, frozenset(line for line in lines if line.startswith("- Correct: "))


def _joined(known: str, new: str) -> str:
    """A known entry with the symptom or cause that it lacks, or another fix; at most three of each."""
    lines = known.split("\n")
    if _is_renamed(known, new):
        return known
    symptoms = 1 if entry_key(lines[0]) == entry_key(_of_trouble(new)[0]) else FIXES_MAX
    for label, at_most in (("- Symptom: ", symptoms), ("- Cause: ", symptoms), ("- Correct: ", FIXES_MAX)):
        for line in new.split("\n"):
            held = sum(one.startswith(label) for one in lines)
            if line.startswith(label) and line not in lines and held < at_most:
                lines.insert(_place(lines, label), line)
    text = "\n".join(lines)
    return text if len(text) <= ENTRY_CHARS_MAX else known


def _place(lines: list[str], label: str) -> int:
    """After the lines with a label: symptoms, causes, fixes, and what was seen last."""
    later = _LABELS[_LABELS.index(label) + 1 :]
    return next((place for place, line in enumerate(lines) if line.startswith(later)), len(lines))


def _make(space: _Space, family: Family | None, key: str) -> None:
    if family is None:
        return
    description = f"Lessons about {family.about}: what failed, why, and what works. Use before work with any of them."
    body = (
        f"# {heading_of(family.name)}\n\nOne file for each program or tool. Read the one that fits before you use it."
    )
    space.create(family.name, description, body, key)
