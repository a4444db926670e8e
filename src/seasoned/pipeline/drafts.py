"""From drafts to versions: the skills that drafts changed commit together, with the evidence of their entries."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec

from seasoned.config import Config
from seasoned.pipeline import index
from seasoned.pipeline.draft import Draft
from seasoned.pipeline.edits import DraftSet
from seasoned.skill import SKILL_FILE, Author, entries, entry_hash
from seasoned.store import Connection, Store, files, history, lessons, skills, spaces
from seasoned.store.skills import NewSkill, NewVersion
from seasoned.store.spaces import SpaceRow

# Who wrote SKILL.md when no person did: the learner, the space when it was made, or what a person had forgotten.
# How many versions of people are looked at; with more of them it is theirs.
OTHERS_MAX: Final = 50
_OWN_AUTHORS: Final[tuple[Author, ...]] = ("learner", "seasoned", "forget")


async def pack(
    draft_set: DraftSet, store: Store, config: Config, author: Author = "learner", reason: str = ""
) -> dict[str, NewVersion]:
    """The new version of each skill that changed, by its name."""
    changed = [draft for draft in draft_set.drafts.values() if draft.changed]
    ours = await store.read(lambda connection: _ours(connection, changed, store))
    made = await asyncio.to_thread(_pack, changed, ours, store, config, author)
    return {name: msgspec.structs.replace(one, reason=reason or one.reason) for name, one in made.items()}


def _ours(connection: Connection, changed: Sequence[Draft], store: Store) -> frozenset[str]:
    """Those of some skills whose SKILL.md no person ever wrote or changed, but for what it repeats of other files."""
    ids = {draft.skill_id: draft.name for draft in changed if draft.skill_id}
    others = skills.written_by_others(connection, list(ids), SKILL_FILE, _OWN_AUTHORS)
    known = {
        one
        for one in ids
        if len(others.get(one, ())) <= OTHERS_MAX
        and all(_only_repeats(connection, one, number, store) for number in others.get(one, ()))
    }
    return frozenset({draft.name for draft in changed if not draft.skill_id} | {ids[one] for one in known})


def _only_repeats(connection: Connection, skill_id: str, number: int, store: Store) -> bool:
    """Whether a version changed of SKILL.md only what that repeats of other files, as a person's edit of those does."""
    before, after = (
        [
            index.without_contents(files.unpack(row, store.blobs).decode(errors="replace"))
            for row in history.files_at(connection, skill_id, at, [SKILL_FILE], bodies=True)
        ]
        for at in (number - 1, number)
    )
    return before == after


def _pack(
    changed: Sequence[Draft], ours: Collection[str], store: Store, config: Config, author: Author
) -> dict[str, NewVersion]:
    for draft in changed:
        if not draft.keeps_journal:
            index.refresh(draft, is_ours=draft.name in ours)
    return {draft.name: _version(draft, store, config, author) for draft in changed}


def _version(draft: Draft, store: Store, config: Config, author: Author) -> NewVersion:
    written = {path: draft.files[path] for path in sorted(draft.written)}
    packed = files.pack(
        written,
        store.blobs,
        config.inline_bytes_max,
        before=draft.listing,
        removed=draft.removed,
        number=draft.head + 1,
        known=draft.origins,
        is_searched=not draft.keeps_journal or SKILL_FILE in written,
    )
    about = files.about(draft.name, draft.description, written[SKILL_FILE]) if SKILL_FILE in written else None
    return NewVersion(
        changes={**packed, **dict.fromkeys(sorted(draft.removed))},
        author=author,
        reason=_reason(len(draft.lessons)),
        lessons=tuple(draft.lessons),
        about=about,
    )


def _reason(lessons: int) -> str:
    # Without a lesson, the successes alone had something changed.
    plural = "s" * (lessons != 1)
    return f"Learned from {lessons} lesson{plural}." if lessons else "Sessions that succeeded did otherwise."


def commit(
    connection: Connection, space: SpaceRow, draft_set: DraftSet, packed: Mapping[str, NewVersion], now: int
) -> dict[str, str]:
    """Make the versions, and note which lessons support which entries; the skills' ids by name. Raises HeadMoved."""
    ids = {name: draft.skill_id for name, draft in draft_set.drafts.items()}
    for name, version in packed.items():
        draft = draft_set.drafts[name]
        if draft.skill_id:
            skills.commit(connection, draft.skill_id, draft.head, version, now)
        else:
            ids[name] = _create(connection, space, draft, version, now)
    absent = {note.skill for note in draft_set.notes} - set(ids)
    ids |= {name: key for key, name in skills.named(connection, space.id, absent).items()}
    for move in draft_set.moves:
        to = ids[move.to_skill] if move.to_skill else ""
        lessons.move_entry(connection, ids[move.skill], move.old_key, move.new_key, to_skill=to, path=move.to_path)
    for name in draft_set.archived:
        skills.set_archived(connection, space.project_id, ids[name], now, archived=True)
    for draft in draft_set.drafts.values():
        if draft.removed and draft.skill_id:
            lessons.place_entries(connection, draft.skill_id, _places(draft))
    for note in draft_set.notes:
        if note.skill in ids:
            lessons.note_entry(connection, ids[note.skill], note.path, note.key, note.lesson, note.effect)
    return ids


def _places(draft: Draft) -> dict[str, str]:
    """The files in which the entries of what was moved or written stand, by the entries' keys."""
    written = sorted(path for path in draft.written if path.endswith(".md"))
    return {entry_hash(one.text): path for path in written for one in entries(draft.text(path))}


def _create(connection: Connection, space: SpaceRow, draft: Draft, version: NewVersion, now: int) -> str:
    new = NewSkill(project_id=space.project_id, name=draft.name, description=draft.description, user_id=space.user_id)
    row = skills.create(connection, new, version, now)
    spaces.link_skill(connection, space.project_id, space.id, row.id, now)
    return row.id
