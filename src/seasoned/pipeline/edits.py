"""Applies edits to drafts of skills in memory, each after checking it.

Nothing here writes to the store: all changed skills of a run commit together, or none does.
"""

import contextlib
from collections.abc import Callable, Sequence

import msgspec

from seasoned.errors import Conflict, Invalid, NotFound, SeasonedError, TooLarge
from seasoned.learning.questions import (
    AddEntry,
    ArchiveSkill,
    CreateSkill,
    Decline,
    Edit,
    HealthEdit,
    MoveFile,
    Reinforce,
    RemoveEntry,
    ReviseEntry,
    TransferEntry,
    WriteFile,
)
from seasoned.lesson import LessonStatus, recounted
from seasoned.paths import check_name
from seasoned.pipeline.checks import (
    added_lines,
    check_entry,
    check_head,
    check_left_to_people,
    check_said,
    safe_path,
    with_room,
)
from seasoned.pipeline.draft import Draft
from seasoned.pipeline.index import retitled, title_of, with_list
from seasoned.pipeline.twins import Known, Twins, knows_nothing
from seasoned.skill import (
    FILE_BYTES_MAX,
    SKILL_FILE,
    Entry,
    Frontmatter,
    add_entry,
    check_standard,
    entries,
    entry_hash,
    entry_key,
    find_entry,
    parse_skill_file,
    render_skill_file,
    replace_entry,
    rule_of,
)
from seasoned.store.proposals import BY_PERSON, NewProposal


class Effect(msgspec.Struct, frozen=True):
    """The current effect of a lesson."""

    status: LessonStatus
    reason: str = ""


class EntryNote(msgspec.Struct, frozen=True):
    """A lesson that supports an entry."""

    skill: str
    path: str
    key: str
    lesson: str
    effect: LessonStatus


class EntryMove(msgspec.Struct, frozen=True):
    """An entry whose text, and therefore key, changed; or that went to another skill or file, if these are given."""

    skill: str
    old_key: str
    new_key: str
    to_skill: str = ""
    to_path: str = ""


Support = Callable[[str, str, Sequence[str]], tuple[int, int]]


def counts_nothing(_skill_id: str, _entry_key: str, _lessons: Sequence[str]) -> tuple[int, int]:
    """For drafts without rows behind them."""
    return 0, 0


class DraftSet:
    """The drafts of a space's skills, with the effect of each lesson.

    `look_up` finds committed entries of the space that are close to a text; `support` counts the sessions behind an
    entry of a skill, with further lessons, and those of them that succeeded. Both may block.
    """

    def __init__(
        self,
        drafts: Sequence[Draft],
        look_up: Callable[[str], Sequence[Known]] = knows_nothing,
        support: Support = counts_nothing,
        *,
        allowed: frozenset[str] = frozenset(),
    ) -> None:
        self.drafts = {draft.name: draft for draft in drafts}
        # What the safety checks found, and a person accepts.
        self._allowed = allowed
        self._twins = Twins(look_up)
        self._support = support
        # The key under which the store has an entry whose text this run changed.
        self._stored_keys: dict[tuple[str, str], str] = {}
        # Skills that an entry was meant for.
        self._aimed_at: set[str] = set()
        self.effects: dict[str, Effect] = {}
        self.notes: list[EntryNote] = []
        self.moves: list[EntryMove] = []
        # The edits that were accepted, each with the very text of the entry that it is about.
        self.applied: list[Edit] = []
        # What waits for a person instead of being written.
        self.proposed: list[NewProposal] = []
        self.archived: list[str] = []

    def copy(self) -> "DraftSet":
        """A copy to edit independently."""
        other = DraftSet([draft.copy() for draft in self.drafts.values()], allowed=self._allowed)
        other._twins, other._aimed_at, other._support = self._twins.copy(), set(self._aimed_at), self._support
        other._stored_keys = dict(self._stored_keys)
        other.effects, other.notes, other.moves = dict(self.effects), list(self.notes), list(self.moves)
        other.applied, other.proposed, other.archived = list(self.applied), list(self.proposed), list(self.archived)
        return other

    def drop_empty(self) -> None:
        """Drop created skills that stayed empty, because their entry is elsewhere or was rejected."""
        for name, draft in list(self.drafts.items()):
            if not draft.skill_id and name in self._aimed_at and draft.written == {SKILL_FILE}:
                del self.drafts[name]

    def apply(self, edit: Edit | HealthEdit) -> str:
        """Apply one edit; the reason if it is rejected (then nothing changes), else empty."""
        try:
            if isinstance(edit, TransferEntry | ArchiveSkill):
                self._tidy(edit)
                return ""
            if isinstance(edit, ReviseEntry | RemoveEntry | Reinforce):
                edit = msgspec.structs.replace(edit, entry=self._entry(edit).text)
            self._apply(edit)
        except SeasonedError as error:
            return str(error)
        self.applied.append(edit)
        return ""

    def propose(self, edits: Sequence[Edit], said: Sequence[str], findings: Sequence[str] = ()) -> None:
        """Let edits wait for a person: what the safety checks flagged, with the reasons, and under the policy `review`
        all that would be written.
        """
        keys = tuple(dict.fromkeys(key for edit in edits for key in edit.lessons))
        named = dict.fromkeys(name for edit in edits if (name := skill_of(edit)))
        texts = [edit.text for edit in edits if isinstance(edit, AddEntry | ReviseEntry)]
        self.proposed.append(
            NewProposal(
                edits=tuple(edits),
                lessons=keys,
                heads={name: self.drafts[name].head if name in self.drafts else 0 for name in named},
                said=tuple(dict.fromkeys([*said, *texts])),
                findings=tuple(findings),
            )
        )
        self.effects |= dict.fromkeys(keys, Effect("proposed", "; ".join(findings)))

    def entry_of(self, edit: ReviseEntry | RemoveEntry | Reinforce) -> str:
        """The text of the entry that an edit is about; empty when there is none."""
        try:
            return self._entry(edit).text
        except SeasonedError:
            return ""

    def support_of(self, skill: str, text: str) -> tuple[str, list[str]]:
        """The key under which the store has an entry, and the lessons that this run adds to it."""
        key = entry_hash(text)
        noted = [note.lesson for note in self.notes if (note.skill, note.key) == (skill, key)]
        return self._stored_keys.get((skill, key), key), noted

    def rebase(self, earlier: "DraftSet") -> str:
        """Apply what was accepted on earlier versions of the same skills; why that is not possible, else empty.

        An edit of an entry is possible where the entry still stands as it was, one of a file where the file does.
        """
        for edit in earlier.applied:
            match edit:
                case ReviseEntry() | RemoveEntry() | Reinforce():
                    if find_entry(self._draft(edit.skill).text(edit.path), edit.entry) is None:
                        return f"{edit.skill}/{edit.path} has the entry {edit.entry[:80]!r} no more."
                case WriteFile() if not _stands_as_before(edit, earlier.drafts[edit.skill], self.drafts[edit.skill]):
                    return f"{edit.skill}/{edit.path} was changed meanwhile."
            if reason := self.apply(edit):
                return reason
        self.proposed = list(earlier.proposed)
        self.effects = {**earlier.effects, **self.effects}
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
                self._reinforce(edit.skill, edit.path, self._entry(edit).text, edit.lessons)
            case WriteFile():
                draft, path = self._draft(edit.skill), edit.path
                text = with_list(draft.text(path), edit.text) if path == SKILL_FILE else edit.text
                self._write(draft, safe_path(draft, path, self._allowed), text, edit.lessons)
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
            raise Invalid(f"The skill cannot be created: {'; '.join(faults)}.")
        draft = Draft(name=edit.name, description=head.description)
        self._write(draft, SKILL_FILE, render_skill_file(head), edit.lessons)
        self.drafts[edit.name] = draft

    def _add(self, edit: AddEntry) -> None:
        draft, text = self._draft(edit.skill), edit.text.strip()
        path = safe_path(draft, edit.path, self._allowed)
        check_entry(text, self._allowed)
        twin = self._twins.of(text, self.drafts)
        if twin is not None:
            self._reinforce(twin.skill, twin.path, twin.text, edit.lessons)
            return
        path = with_room(draft, path, text)
        before = draft.text(path)
        if not before.strip():
            before = f"# {edit.title or title_of(path)}\n"
        after = add_entry(before, text)
        brought = entries(text)
        if not brought or brought[0].start > 0 or any(find_entry(after, one.text) is None for one in brought):
            raise Invalid("The text is not an entry; use a heading with its text, or a list item.")
        self._write(draft, path, after, edit.lessons)
        self._twins.add(edit.skill, path, text)
        self._note(edit.skill, path, text, edit.lessons, "written")

    def _reinforce(self, skill: str, path: str, text: str, lessons: tuple[str, ...]) -> None:
        """More evidence for an entry: one that counts it says so, the others stay as they are."""
        draft = self.drafts.get(skill)
        old = find_entry(draft.text(path), text) if draft is not None and path in draft.files else None
        counted = self._counted(draft, text, text, lessons) if draft is not None and old is not None else text
        if draft is not None and old is not None and counted != text:
            try:
                self._write(draft, path, replace_entry(draft.text(path), old, counted), lessons)
                self._moved(draft, path, text, counted)
            except Invalid:
                counted = text  # A person wrote or pinned it.
        self._note(skill, path, counted, lessons, "reinforced")

    def _counted(self, draft: Draft, old: str, text: str, lessons: tuple[str, ...]) -> str:
        """A text that takes an entry's place, with the evidence of both counted from the rows."""
        if "\n- Symptom: " not in text:
            return text
        stored, noted = self.support_of(draft.name, old)
        return recounted(text, *self._support(draft.skill_id, stored, (*noted, *lessons)))

    def _moved(self, draft: Draft, path: str, old: str, text: str) -> None:
        """The evidence of an entry follows its text."""
        before, after = entry_hash(old), entry_hash(text)
        self._twins.add(draft.name, path, text)
        self.moves.append(EntryMove(draft.name, before, after))
        self._stored_keys[draft.name, after] = self._stored_keys.get((draft.name, before), before)
        self.notes = [
            msgspec.structs.replace(note, key=after) if (note.skill, note.key) == (draft.name, before) else note
            for note in self.notes
        ]

    def _tidy(self, edit: HealthEdit) -> None:
        if isinstance(edit, ArchiveSkill):
            self.archived.append(self._draft(edit.skill).name)
            return
        before = {name: self._draft(name).copy() for name in (edit.skill, edit.to_skill)}
        try:
            self._transfer(edit)
        except SeasonedError:
            # One of both files may have been written by then.
            self.drafts |= before
            raise

    def _transfer(self, edit: TransferEntry) -> None:
        source, old, target = self._draft(edit.skill), self._entry(edit), self._draft(edit.to_skill)
        path, new = edit.to_path, edit.into or old.text
        if not edit.into:
            path = with_room(target, safe_path(target, path, self._allowed), old.text)
            before = target.text(path)
            after = add_entry(before if before.strip() else f"# {title_of(edit.to_path)}\n", old.text)
            self._write(target, path, after, edit.lessons)
        elif find_entry(target.text(path), edit.into) is None:
            raise NotFound(f"{edit.to_skill}/{path} has no entry with this text any more: {edit.into[:80]!r}.")
        if not edit.stays:
            left = f"{old.text.splitlines()[0]}\n\nRead `{path}`." if edit.points else ""
            text = replace_entry(source.text(edit.path), old, left)
            self._write(source, edit.path, text, edit.lessons)
            if edit.path != SKILL_FILE and not _without_headings(text):
                source.drop(edit.path)
        self.moves.append(EntryMove(edit.skill, entry_hash(old.text), entry_hash(new), edit.to_skill, path))

    def _entry(self, edit: ReviseEntry | RemoveEntry | Reinforce | TransferEntry) -> Entry:
        found = _look_up(self._draft(edit.skill).text(edit.path), edit.entry)
        if found is None:
            raise NotFound(f"{edit.skill}/{edit.path} has no entry with this text: {edit.entry[:80]!r}.")
        return found

    def _replace(self, edit: ReviseEntry | RemoveEntry, text: str) -> None:
        draft, old = self._draft(edit.skill), self._entry(edit)
        check_entry(text, self._allowed)
        text = self._counted(draft, old.text, text, edit.lessons)
        self._write(draft, edit.path, replace_entry(draft.text(edit.path), old, text), edit.lessons)
        if text:
            self._moved(draft, edit.path, old.text, text)
            self._note(edit.skill, edit.path, text, edit.lessons, "written")
        else:
            self._settle(edit.lessons, Effect("written", "An entry that is no longer true was removed."))

    def _move(self, edit: MoveFile) -> None:
        draft = self._draft(edit.skill)
        to = safe_path(draft, edit.to, self._allowed)
        check_said(edit.title)
        if edit.path == SKILL_FILE or edit.path not in draft.files or draft.has(to):
            raise Conflict(f"{edit.path!r} cannot be moved to {edit.to!r} in {draft.name}.")
        text = draft.text(edit.path)
        # A title that a person wrote or pinned stays.
        with contextlib.suppress(Invalid):
            titled = retitled(text, edit.path, to, edit.title)
            check_left_to_people(draft, edit.path, titled)
            text = titled
        draft.move(edit.path, to, text, edit.lessons)
        self._settle(edit.lessons, Effect("written"))

    def _draft(self, name: str) -> Draft:
        if name not in self.drafts:
            raise NotFound(f"The learning space has no skill named {name!r}.")
        self._aimed_at.add(name)
        return self.drafts[name]

    def _write(self, draft: Draft, path: str, text: str, lessons: tuple[str, ...]) -> None:
        if len(text.encode()) > FILE_BYTES_MAX:
            raise TooLarge(f"A file of a skill holds at most {FILE_BYTES_MAX} bytes.")
        before = draft.text(path)
        if BY_PERSON not in self._allowed:
            check_left_to_people(draft, path, text)
            check_said(added_lines(before, text), self._allowed)
        if path == SKILL_FILE:
            head = parse_skill_file(text)
            if head.name != draft.name:
                raise Conflict("A skill's name cannot be changed.")
            check_head(head, before)
        draft.put(path, text, lessons)
        if path == SKILL_FILE:
            draft.description, draft.rule = head.description, rule_of(text)

    def _note(self, skill: str, path: str, text: str, lessons: tuple[str, ...], effect: LessonStatus) -> None:
        self.notes.extend(EntryNote(skill, path, entry_hash(text), key, effect) for key in lessons)
        self._settle(lessons, Effect(effect))

    def _settle(self, lessons: tuple[str, ...], effect: Effect) -> None:
        for key in lessons:
            known = self.effects.get(key)
            # A lesson that added text stays `written`, whatever else it did.
            if known is None or known.status != "written":
                self.effects[key] = effect


def _without_headings(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.startswith("#")).strip()


def skill_of(edit: Edit) -> str:
    """The skill that an edit changes; empty for none."""
    match edit:
        case CreateSkill():
            return edit.name
        case Decline():
            return ""
        case _:
            return edit.skill


def _stands_as_before(edit: WriteFile, before: Draft, now: Draft) -> bool:
    """Whether a whole file that was written anew is as it was when that was decided."""
    old, new = before.listing.get(edit.path), now.listing.get(edit.path)
    return (old and old.sha256) == (new and new.sha256)


def _look_up(text: str, wanted: str) -> Entry | None:
    """The entry that an edit means: with the same text, the same words, or the only one with the same heading.

    Models copy with small mistakes; an edit whose meaning is clear is accepted.
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
