"""Applying a writer's edits to copies of skills in memory, each checked before it counts.

Nothing here touches the store: a run's edits either end as a set of changed skills that commits together, or not at
all.
"""

import hashlib
import re
from collections.abc import Callable, Sequence

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
from seasoned.paths import check_name, check_path
from seasoned.similar import best_twin
from seasoned.skill import (
    CHARS_ADVISED,
    ENTRY_CHARS_MAX,
    FILE_BYTES_MAX,
    JOURNAL_RULE,
    LINES_ADVISED,
    SKILL_FILE,
    Entry,
    Frontmatter,
    add_entry,
    check_files,
    check_standard,
    entries,
    entry_key,
    find_entry,
    parse_skill_file,
    render_skill_file,
    replace_entry,
    rule_of,
)
from seasoned.store.files import as_text
from seasoned.store.skills import FileRow

FILES_IN_A_ROW_MAX = 100


PATH_WORDS_MAX = 8


class Draft(msgspec.Struct, kw_only=True):
    """A skill while a run edits it. `skill_id` is empty for one that the run creates.

    `listing` has every file of the head; `files` the bytes of those that were loaded or written.
    """

    name: str
    skill_id: str = ""
    head: int = 0
    description: str = ""
    rule: str = ""
    listing: dict[str, FileRow] = {}
    files: dict[str, bytes] = {}
    lessons: list[str] = []
    written: set[str] = set()
    removed: set[str] = set()

    @property
    def changed(self) -> bool:
        """Whether the run has edited it."""
        return bool(self.written or self.removed)

    @property
    def keeps_journal(self) -> bool:
        """Whether its entries are written by rule."""
        return self.rule == JOURNAL_RULE

    def has(self, path: str) -> bool:
        """Whether there is such a file now."""
        return path in self.files or (path in self.listing and path not in self.removed)

    def text(self, path: str) -> str:
        """A file's text; empty when there is none. Raises Invalid for a file that is not text, or was not loaded."""
        if path not in self.files and self.has(path):
            raise Invalid(f"{self.name}/{path} is missing or too large to be edited; use another file.")
        text = as_text(self.files.get(path, b""))
        if text is None:
            raise Invalid(f"{self.name}/{path} is not a text file, so it has no entries.")
        return text

    def sizes(self) -> dict[str, int]:
        """Every file's size in bytes as the draft stands."""
        kept = {path: row.size for path, row in self.listing.items() if path not in self.removed}
        return kept | {path: len(data) for path, data in self.files.items()}

    def put(self, path: str, data: bytes) -> None:
        """Write a file. Raises TooLarge, Invalid when the skill would break its limits; then nothing is changed.

        A path that was stored before the rules of paths came is refused too: nothing of the kind comes in.
        """
        check_path(path)
        check_files({**self.sizes(), path: len(data)}, [path])
        self.files[path] = data
        self.written.add(path)
        self.removed.discard(path)

    def drop(self, path: str) -> None:
        """Remove a file."""
        self.files.pop(path, None)
        self.written.discard(path)
        if path in self.listing:
            self.removed.add(path)

    def copy(self) -> "Draft":
        """The same state, to be edited apart."""
        return msgspec.structs.replace(
            self,
            files=dict(self.files),
            lessons=list(self.lessons),
            written=set(self.written),
            removed=set(self.removed),
        )


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


class Known(msgspec.Struct, frozen=True):
    """An entry of the space, loaded or not."""

    skill: str
    path: str
    text: str


def knows_nothing(_text: str) -> Sequence[Known]:
    """For a bench without a space behind it."""
    return ()


class Workbench:
    """The skills of a space under edit, with what became of each lesson.

    `look_up` finds the entries of the space that are close to a text, as they were committed; it may block.
    """

    def __init__(self, drafts: Sequence[Draft], look_up: Callable[[str], Sequence[Known]] = knows_nothing) -> None:
        self.drafts = {draft.name: draft for draft in drafts}
        self._look_up = look_up
        self._added: list[Known] = []
        self.effects: dict[str, Effect] = {}
        self.notes: list[EntryNote] = []
        self.moves: list[EntryMove] = []

    def copy(self) -> "Workbench":
        """The same state, to be edited apart."""
        other = Workbench([draft.copy() for draft in self.drafts.values()], self._look_up)
        other.effects, other.notes, other.moves = dict(self.effects), list(self.notes), list(self.moves)
        other._added = list(self._added)
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
                draft = self._draft(edit.skill)
                self._write(draft, _safe_path(draft, edit.path), edit.text, edit.lessons)
                self._settle(edit.lessons, Effect("written"))
            case MoveFile():
                self._move(edit)
            case Decline():
                self._settle(edit.lessons, Effect("declined", edit.reason or "The writer gave no reason."))

    def _create(self, edit: CreateSkill) -> None:
        if edit.name in self.drafts:
            return
        check_name(edit.name)
        head = Frontmatter(name=edit.name, description=" ".join(edit.description.split()), body=edit.body)
        faults = check_standard(head)
        if faults:
            raise Invalid(f"The skill cannot be made: {'; '.join(faults)}.")
        draft = Draft(name=edit.name, description=head.description)
        self._write(draft, SKILL_FILE, render_skill_file(head), edit.lessons)
        self.drafts[edit.name] = draft

    def _add(self, edit: AddEntry) -> None:
        draft, text = self._draft(edit.skill), edit.text.strip()
        path = _safe_path(draft, edit.path)
        # The whole entry, not only the lines that are new to the file: an order may run over lines that stand there.
        _check_said(text)
        if len(text) > ENTRY_CHARS_MAX:
            raise TooLarge(f"An entry holds at most {ENTRY_CHARS_MAX} characters; this has {len(text)}.")
        twin = self._find_twin(text)
        if twin is not None:
            self._note(twin.skill, twin.path, twin.text, edit.lessons, "reinforced")
            return
        path = _with_room(draft, path, text)
        before = draft.text(path)
        if not before.strip() and edit.title:
            before = f"# {edit.title}\n"
        after = add_entry(before, text)
        brought = entries(text)
        if not brought or brought[0].start > 0 or any(find_entry(after, one.text) is None for one in brought):
            raise Invalid("The text is not an entry; use a heading with its text, or a list item.")
        self._write(draft, path, after, edit.lessons)
        self._added.append(Known(edit.skill, path, text))
        self._note(edit.skill, path, text, edit.lessons, "written")

    def _find_twin(self, text: str) -> Known | None:
        """The entry of the space that says the same, if there is one."""
        known = [*self._added, *self._look_up(text)]
        standing = [one for one in known if self._stands(one)]
        place = best_twin(text, [one.text for one in standing])
        return None if place is None else standing[place]

    def _stands(self, known: Known) -> bool:
        """Whether an entry is still there after the edits so far."""
        draft = self.drafts.get(known.skill)
        if draft is None or known.path not in draft.written | draft.removed:
            return True
        return draft.has(known.path) and find_entry(draft.text(known.path), known.text) is not None

    def _entry(self, edit: ReviseEntry | RemoveEntry | Reinforce) -> Entry:
        found = _look_up(self._draft(edit.skill).text(edit.path), edit.entry)
        if found is None:
            raise NotFound(f"{edit.skill}/{edit.path} has no entry of this text: {edit.entry[:80]!r}.")
        return found

    def _replace(self, edit: ReviseEntry | RemoveEntry, text: str) -> None:
        draft, old = self._draft(edit.skill), self._entry(edit)
        _check_said(text)
        if len(text) > ENTRY_CHARS_MAX:
            raise TooLarge(f"An entry holds at most {ENTRY_CHARS_MAX} characters; this has {len(text)}.")
        self._write(draft, edit.path, replace_entry(draft.text(edit.path), old, text), edit.lessons)
        if text:
            self._added.append(Known(edit.skill, edit.path, text))
            self.moves.append(EntryMove(draft.name, entry_hash(old.text), entry_hash(text)))
            self._note(edit.skill, edit.path, text, edit.lessons, "written")
        else:
            self._settle(edit.lessons, Effect("written", "An entry that is no longer true was removed."))

    def _move(self, edit: MoveFile) -> None:
        draft = self._draft(edit.skill)
        to = _safe_path(draft, edit.to)
        if edit.path == SKILL_FILE or edit.path not in draft.files or draft.has(to):
            raise Conflict(f"{edit.path!r} cannot be moved to {edit.to!r} in {draft.name}.")
        data = draft.files[edit.path]
        draft.drop(edit.path)
        draft.put(to, data)
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
        before = draft.text(path)
        added = _added(before, text)
        _check_said(added)
        if path == SKILL_FILE:
            head = parse_skill_file(text)
            if head.name != draft.name:
                raise Conflict("A skill's name cannot be changed.")
            _check_head(head, before)
            draft.description, draft.rule = head.description, rule_of(text)
        draft.put(path, data)
        self._touch(draft, lessons)

    def _touch(self, draft: Draft, lessons: tuple[str, ...]) -> None:
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


def _check_head(head: Frontmatter, before: str) -> None:
    """Refuse what would make a SKILL.md break the standard; faults that it had before are its author's."""
    known = check_standard(parse_skill_file(before)) if before.strip() else []
    faults = [fault for fault in check_standard(head) if fault not in known]
    if faults:
        raise Invalid(f"{SKILL_FILE} cannot be changed so: {'; '.join(faults)}.")


def _with_room(draft: Draft, path: str, text: str) -> str:
    """The file for a new entry: the one named, or the next in its row (`topic-2.md`) when that is as long as advised.

    Raises TooLarge when it is SKILL.md that is full, or the whole row.
    """
    stem = path.removesuffix(".md")
    for number in range(1, FILES_IN_A_ROW_MAX + 1):
        place = path if number == 1 else f"{stem}-{number}.md"
        known = draft.text(place)
        chars, lines = len(known) + len(text), known.count("\n") + text.count("\n")
        if not known or (chars <= CHARS_ADVISED and lines <= LINES_ADVISED):
            return place
        if path == SKILL_FILE:
            raise TooLarge(f"{SKILL_FILE} of {draft.name} is as long as advised; put the entry into another file.")
    raise TooLarge(f"{draft.name}/{path} and the files that go on from it are full; use a file of a narrower topic.")


def _check_said(text: str) -> None:
    """Raises Invalid for a secret, and for what must not go live by itself."""
    if contains_secret(text):
        raise Invalid("The text holds what looks like a secret.")
    reasons = scan(text)
    if reasons:
        raise Invalid(f"The text was held back: {'; '.join(reasons)}.")


def _safe_path(draft: Draft, path: str) -> str:
    """A path to write to. The name of a new file is a topic of few words: a sentence in it would be read as one.

    Raises Invalid.
    """
    checked = check_path(path)
    if draft.has(checked):
        return checked
    said = " ".join(re.split(r"[\W_]+", checked))
    if len(said.split()) > PATH_WORDS_MAX:
        raise Invalid(f"{checked[:80]!r} has more than {PATH_WORDS_MAX} words; name the file for its topic.")
    _check_said(said)
    return checked


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
