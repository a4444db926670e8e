"""Applying a writer's edits to copies of skills in memory, each checked before it counts.

Nothing here touches the store: a run's edits either end as a set of changed skills that commits together, or not at
all.
"""

import hashlib

import msgspec

from seasoned.errors import Conflict, Invalid, NotFound, SeasonedError, TooLarge
from seasoned.lesson import LessonStatus
from seasoned.llm.model import (
    AddEntry,
    CreateSkill,
    Decline,
    Edit,
    MoveFile,
    Reinforce,
    RemoveEntry,
    ReviseEntry,
    WriteFile,
)
from seasoned.llm.scanner import scan
from seasoned.llm.secrets import contains_secret
from seasoned.skill import (
    ENTRY_CHARS_MAX,
    FILE_BYTES_MAX,
    SKILL_FILE,
    Entry,
    Frontmatter,
    add_entry,
    check_path,
    check_standard,
    entries,
    entry_key,
    find_entry,
    parse_skill_file,
    render_skill_file,
    replace_entry,
)
from seasoned.store.files import as_text


class Draft(msgspec.Struct, kw_only=True):
    """A skill while a run edits it. `skill_id` is empty for one that the run creates."""

    name: str
    skill_id: str = ""
    head: int = 0
    description: str = ""
    files: dict[str, bytes] = {}
    lessons: list[str] = []
    changed: bool = False
    keeps_journal: bool = False

    def text(self, path: str) -> str:
        """A file's text; empty when there is none. Raises Invalid for a file that is not text."""
        try:
            return self.files.get(path, b"").decode()
        except UnicodeDecodeError:
            raise Invalid(f"{self.name}/{path} is not a text file, so it has no entries.") from None


class Effect(msgspec.Struct, frozen=True):
    """How a lesson ended, so far."""

    status: LessonStatus
    reason: str = ""


class EntryNote(msgspec.Struct, frozen=True):
    """A lesson that stands behind an entry."""

    skill: str
    path: str
    key: str
    lesson: str
    effect: LessonStatus


class EntryMove(msgspec.Struct, frozen=True):
    """An entry whose text, and so its key, changed."""

    skill: str
    old_key: str
    new_key: str


def entry_hash(text: str) -> str:
    """What names an entry in the store: the hash of its words."""
    return hashlib.sha256(entry_key(text).encode()).hexdigest()


class Workbench:
    """The skills of a space under edit, with what became of each lesson."""

    def __init__(self, drafts: list[Draft]) -> None:
        self.drafts = {draft.name: draft for draft in drafts}
        self.effects: dict[str, Effect] = {}
        self.notes: list[EntryNote] = []
        self.moves: list[EntryMove] = []

    def copy(self) -> "Workbench":
        """The same state, to be edited apart."""
        other = Workbench(
            [msgspec.structs.replace(d, files=dict(d.files), lessons=list(d.lessons)) for d in self.drafts.values()]
        )
        other.effects, other.notes, other.moves = dict(self.effects), list(self.notes), list(self.moves)
        return other

    def apply(self, edit: Edit) -> str:
        """Apply one edit; empty, or why it was refused (then nothing of it counts)."""
        try:
            self._apply(edit)
        except SeasonedError as error:
            return str(error)
        return ""

    def _apply(self, edit: Edit) -> None:
        match edit:
            case CreateSkill():
                self._create(edit)
            case AddEntry():
                self._add(edit)
            case ReviseEntry():
                self._replace(edit, edit.text)
            case RemoveEntry():
                self._replace(edit, "")
            case Reinforce():
                entry = self._entry(edit)
                self._note(edit.skill, edit.path, entry.text, edit.lessons, "reinforced")
            case WriteFile():
                path = check_path(edit.path)
                self._write(self._draft(edit.skill), path, edit.text, edit.lessons)
                self._settle(edit.lessons, Effect("written"))
            case MoveFile():
                self._move(edit)
            case Decline():
                self._settle(edit.lessons, Effect("declined", edit.reason or "The writer gave no reason."))

    def _create(self, edit: CreateSkill) -> None:
        if edit.name in self.drafts:
            return
        head = Frontmatter(name=edit.name, description=" ".join(edit.description.split()), body=edit.body)
        faults = check_standard(head)
        if faults:
            raise Invalid(f"The skill cannot be made: {'; '.join(faults)}.")
        draft = Draft(name=edit.name, description=head.description)
        self._write(draft, SKILL_FILE, render_skill_file(head), edit.lessons)
        self.drafts[edit.name] = draft

    def _add(self, edit: AddEntry) -> None:
        draft, path, text = self._draft(edit.skill), check_path(edit.path), edit.text.strip()
        if len(text) > ENTRY_CHARS_MAX:
            raise TooLarge(f"An entry holds at most {ENTRY_CHARS_MAX} characters; this has {len(text)}.")
        twin = self._find_twin(text)
        if twin is not None:
            self._note(twin[0], twin[1], text, edit.lessons, "reinforced")
            return
        before = draft.text(path)
        if not before.strip() and edit.title:
            before = f"# {edit.title}\n"
        after = add_entry(before, text)
        brought = entries(text)
        if not brought or brought[0].start > 0 or any(find_entry(after, one.text) is None for one in brought):
            raise Invalid("The text is not an entry; use a heading with its text, or a list item.")
        self._write(draft, path, after, edit.lessons)
        self._note(edit.skill, path, text, edit.lessons, "written")

    def _find_twin(self, text: str) -> tuple[str, str] | None:
        """The skill and file that hold an entry of the very same words."""
        key = entry_key(text)
        if not key:
            return None
        for draft in self.drafts.values():
            for path, data in draft.files.items():
                text_of_file = as_text(data) if path.endswith(".md") and not draft.keeps_journal else None
                if text_of_file and any(entry_key(one.text) == key for one in entries(text_of_file)):
                    return draft.name, path
        return None

    def _entry(self, edit: ReviseEntry | RemoveEntry | Reinforce) -> Entry:
        found = _look_up(self._draft(edit.skill).text(edit.path), edit.entry)
        if found is None:
            raise NotFound(f"{edit.skill}/{edit.path} has no entry of this text: {edit.entry[:80]!r}.")
        return found

    def _replace(self, edit: ReviseEntry | RemoveEntry, text: str) -> None:
        draft, old = self._draft(edit.skill), self._entry(edit)
        if len(text) > ENTRY_CHARS_MAX:
            raise TooLarge(f"An entry holds at most {ENTRY_CHARS_MAX} characters; this has {len(text)}.")
        self._write(draft, edit.path, replace_entry(draft.text(edit.path), old, text), edit.lessons)
        if text:
            self.moves.append(EntryMove(draft.name, entry_hash(old.text), entry_hash(text)))
            self._note(edit.skill, edit.path, text, edit.lessons, "written")
        else:
            self._settle(edit.lessons, Effect("written", "An entry that is no longer true was removed."))

    def _move(self, edit: MoveFile) -> None:
        draft, to = self._draft(edit.skill), check_path(edit.to)
        if edit.path == SKILL_FILE or edit.path not in draft.files or to in draft.files:
            raise Conflict(f"{edit.path!r} cannot be moved to {edit.to!r} in {draft.name}.")
        draft.files[to] = draft.files.pop(edit.path)
        self._touch(draft, edit.lessons)
        self._settle(edit.lessons, Effect("written"))

    def _draft(self, name: str) -> Draft:
        if name not in self.drafts:
            raise NotFound(f"The learning space has no skill named {name!r}.")
        return self.drafts[name]

    def _write(self, draft: Draft, path: str, text: str, lessons: tuple[str, ...]) -> None:
        data = text.encode()
        if len(data) > FILE_BYTES_MAX:
            raise TooLarge(f"A file of a skill holds at most {FILE_BYTES_MAX} bytes.")
        added = _added(draft.text(path), text)
        if contains_secret(added):
            raise Invalid("The text holds what looks like a secret.")
        reasons = scan(added)
        if reasons:
            raise Invalid(f"The text was held back: {'; '.join(reasons)}.")
        if path == SKILL_FILE:
            head = parse_skill_file(text)
            if head.name != draft.name:
                raise Conflict("A skill's name cannot be changed.")
            draft.description = head.description
        draft.files[path] = data
        self._touch(draft, lessons)

    def _touch(self, draft: Draft, lessons: tuple[str, ...]) -> None:
        draft.changed = True
        draft.lessons.extend(key for key in lessons if key not in draft.lessons)

    def _note(self, skill: str, path: str, text: str, lessons: tuple[str, ...], effect: LessonStatus) -> None:
        self.notes.extend(EntryNote(skill, path, entry_hash(text), key, effect) for key in lessons)
        self._settle(lessons, Effect(effect))

    def _settle(self, lessons: tuple[str, ...], effect: Effect) -> None:
        for key in lessons:
            known = self.effects.get(key)
            # A lesson that brought text stays written, whatever else it did.
            if known is None or known.status != "written":
                self.effects[key] = effect


def _look_up(text: str, wanted: str) -> Entry | None:
    """The entry that is meant: the same text, the same words, or the only one under the same heading.

    Models copy what they are shown with small slips; an edit that is clear in its meaning counts.
    """
    exact = find_entry(text, wanted)
    if exact is not None or not wanted.strip():
        return exact
    every = entries(text)
    same = [one for one in every if entry_key(one.text) == entry_key(wanted)]
    if not same:
        heading = entry_key(wanted.strip().split("\n", 1)[0])
        same = [one for one in every if heading and entry_key(one.text.split("\n", 1)[0]) == heading]
    return same[0] if len(same) == 1 else None


def _added(before: str, after: str) -> str:
    """The lines that an edit brings, which are what has to be scanned."""
    known = set(before.splitlines())
    return "\n".join(line for line in after.splitlines() if line not in known)
