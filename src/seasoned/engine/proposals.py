"""Review: what waits for a person, with what it would change; approving, rejecting, and undoing either."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from seasoned.config import Config
from seasoned.engine import diffs
from seasoned.engine.diffs import FileDiff
from seasoned.engine.history import TRIES_MAX, History
from seasoned.errors import Busy, Conflict, HeadMoved, Invalid, Tombstoned
from seasoned.learning.questions import (
    AddEntry,
    ArchiveSkill,
    Edit,
    HealthEdit,
    ReviseEntry,
    TransferEntry,
    WriteFile,
)
from seasoned.lesson import LessonStatus
from seasoned.pipeline import drafts, retrieval
from seasoned.pipeline.draft import Draft
from seasoned.pipeline.edits import DraftSet
from seasoned.pipeline.retrieval import LoadedSkill
from seasoned.pipeline.twins import Known
from seasoned.skill import Author, entry_hash
from seasoned.store import Connection, Store, files, lessons, proposals, search, skills, spaces
from seasoned.store.lessons import LessonRow
from seasoned.store.proposals import Made, ProposalRow, ProposalStatus
from seasoned.store.rows import PageQuery
from seasoned.store.skills import NewVersion
from seasoned.store.spaces import SpaceRow

TOGETHER_MAX = 200
TWINS_LOOKED_AT_MAX = 50
REASON_CHARS_MAX = 1_000


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal with the lessons behind it, and the heads of the skills that it changes now; 0 for a new skill."""

    row: ProposalRow
    lessons: list[LessonRow]
    heads: dict[str, int]

    @property
    def is_stale(self) -> bool:
        """Whether one of its skills has another head than the one that it was made on."""
        return self.row.status == "pending" and self.heads != self.row.head_of()


class ShownProposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal with what it would change now, by skill; `conflict` says why it cannot be approved as it is."""

    proposal: Proposal
    files: dict[str, list[FileDiff]]
    conflict: str = ""


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    rows: list[ProposalRow]
    lesson_ids: dict[str, list[str]]
    space: SpaceRow
    loaded: list[LoadedSkill]


class Proposals:
    """Use cases of review."""

    def __init__(self, store: Store, config: Config, history: History) -> None:
        self._store = store
        self._config = config
        self._history = history

    async def page(
        self, project_id: str, query: PageQuery, *, space_id: str = "", status: str = ""
    ) -> tuple[list[Proposal], str | None]:
        """A page of proposals and the cursor of the next one."""

        def load(connection: Connection) -> tuple[list[Proposal], str | None]:
            rows, cursor = proposals.page(connection, project_id, query, space_id=space_id, status=status)
            return _with_lessons(connection, rows), cursor

        return await self._store.read(load)

    async def get(self, project_id: str, proposal_id: str) -> Proposal:
        """A proposal. Raises NotFound."""
        return await self._store.read(lambda c: _with_lessons(c, [proposals.get(c, project_id, proposal_id)])[0])

    async def show(self, project_id: str, proposal_id: str) -> ShownProposal:
        """A proposal with what it would change on the skills as they are now. Raises NotFound."""

        def load(connection: Connection) -> tuple[Proposal, _Read]:
            rows = _rows(connection, project_id, [proposal_id])
            return _with_lessons(connection, rows)[0], _read(connection, rows)

        found, read = await self._store.read(load)

        def look() -> ShownProposal:
            draft_set, conflict = self._applied(read, None)
            draft_set.drop_empty()
            changed = {name: _diffs(draft, self._store) for name, draft in draft_set.drafts.items() if draft.changed}
            return ShownProposal(proposal=found, files=changed, conflict=conflict)

        return await asyncio.to_thread(look)

    async def approve(
        self,
        project_id: str,
        proposal_ids: Sequence[str],
        *,
        texts: Sequence[str] | None = None,
        heads: Mapping[str, int] | None = None,
    ) -> list[Proposal]:
        """Make the versions that proposals of one space want, all of them or none, each checked anew.

        `texts` are the texts of the only proposal's edits as a person changed them, in order; `heads` those of the
        skills that the person has seen, instead of those that the proposals were made on. Raises NotFound, Conflict
        when one does not wait any more or does not fit, HeadMoved when a skill moved on, Invalid, Busy.
        """
        wanted = _several(proposal_ids)
        if texts is not None and len(wanted) > 1:
            raise Invalid("Edit one proposal at a time.")
        for _ in range(TRIES_MAX):
            read = await self._store.read(lambda c: _read(c, _rows(c, project_id, wanted)))
            for row in read.rows:
                _check_waits(row)
                _check_heads(row, read.loaded, heads)
            draft_set, conflict = await asyncio.to_thread(self._applied, read, texts)
            if conflict:
                raise Conflict(conflict)
            draft_set.drop_empty()
            is_synced = all(proposals.BY_PERSON in row.finding_list() for row in read.rows)
            author: Author = "user" if texts is not None else "sync" if is_synced else "learner"
            why = " ".join(dict.fromkeys(row.why for row in read.rows if row.why))
            packed = await drafts.pack(draft_set, self._store, self._config, author, why)
            try:
                await self._store.write(self._commit(read, draft_set, packed))
            except (HeadMoved, Tombstoned):
                continue
            await self._store.index.settle_space(read.space.id)
            return await self._store.read(lambda c: _with_lessons(c, _rows(c, project_id, wanted)))
        raise Busy("Too many concurrent changes to these skills; try again in a second.")

    def _commit(
        self, read: _Read, draft_set: DraftSet, packed: Mapping[str, NewVersion]
    ) -> Callable[[Connection], None]:
        statuses: tuple[LessonStatus, ...] = ("written", "reinforced")

        def commit(connection: Connection) -> None:
            now = self._store.clock.now()
            if proposals.lessons_of(connection, list(read.lesson_ids)) != read.lesson_ids:
                raise HeadMoved("Other lessons stand behind the proposal now.")
            ids = drafts.commit(connection, read.space, draft_set, packed, now)
            made = {
                name: Made(ids[name], draft.head, draft.head + 1)
                for name, draft in draft_set.drafts.items()
                if name in packed
            }
            for row in read.rows:
                own = [made[name] for name in row.head_of() if name in made]
                proposals.decide(connection, row, "approved", now, made=own)
            for status in statuses:
                ended = [key for key, effect in draft_set.effects.items() if effect.status == status]
                proposals.settle_lessons(connection, ended, status, now)

        return commit

    async def reject(self, project_id: str, proposal_ids: Sequence[str], reason: str) -> list[Proposal]:
        """Reject proposals with a reason: their lessons are settled, and their like is not proposed again.

        Raises NotFound, Conflict, Invalid.
        """
        told = " ".join(reason.split())
        if not told or len(told) > REASON_CHARS_MAX:
            raise Invalid(f"Give a reason of 1 to {REASON_CHARS_MAX} characters.")
        return await self._decide(project_id, proposal_ids, "pending", "rejected", told)

    async def undo(self, project_id: str, proposal_id: str) -> Proposal:
        """Let a proposal wait again: a rejection is taken back, an approval's version is reverted.

        Raises NotFound, Conflict, and HeadMoved when a skill moved on since the approval.
        """
        row = (await self.get(project_id, proposal_id)).row
        if row.status == "approved":
            await self._undo_approval(project_id, row)
        else:
            await self._decide(project_id, [proposal_id], "rejected", "pending", "")
        return await self.get(project_id, proposal_id)

    async def _undo_approval(self, project_id: str, row: ProposalRow) -> None:
        changed = row.made_list()

        def back(connection: Connection) -> None:
            now = self._store.clock.now()
            taught = proposals.lessons_of(connection, [row.id])[row.id]
            proposals.settle_lessons(connection, taught, "proposed", now, reason="; ".join(row.finding_list()))
            for one in changed:
                lessons.forget_evidence(connection, taught, [one.skill_id])
                if one.before == 0:
                    if skills.get(connection, project_id, one.skill_id).head != one.version:
                        raise HeadMoved("The skill has moved on since; edit it, or revert it by hand.")
                    skills.delete(connection, project_id, one.skill_id)
            ids = {name: key for key, name in skills.named(connection, row.space_id, row.head_of()).items()}
            # The proposal fits what was brought back, so it can be approved again.
            heads = {
                name: skills.get(connection, project_id, ids[name]).head if name in ids else 0
                for name in row.head_of()
                if ids.get(name) in (None, *old)
            }
            proposals.decide(connection, row, "pending", now, heads=row.head_of() | heads)
            for edit in row.edit_list():
                if isinstance(edit, ArchiveSkill) and edit.skill in ids:
                    skills.set_archived(connection, project_id, ids[edit.skill], now, archived=False)

        old = {one.skill_id: (one.version, one.before) for one in changed if one.before}
        await self._history.revert_together(project_id, old, back, reason="An approval was undone.")

    async def _decide(
        self,
        project_id: str,
        proposal_ids: Sequence[str],
        before: ProposalStatus,
        after: ProposalStatus,
        reason: str,
    ) -> list[Proposal]:
        wanted = _several(proposal_ids)
        status: LessonStatus = "rejected" if after == "rejected" else "proposed"

        def commit(connection: Connection) -> list[Proposal]:
            now = self._store.clock.now()
            for row in _rows(connection, project_id, wanted):
                if row.status != before:
                    raise Conflict(f"Proposal {row.id} is {row.status}, not {before}.")
                proposals.decide(connection, row, after, now, reason=reason)
                taught = proposals.lessons_of(connection, [row.id])[row.id]
                told = reason or "; ".join(row.finding_list())
                proposals.settle_lessons(connection, taught, status, now, reason=told)
            return _with_lessons(connection, _rows(connection, project_id, wanted))

        return await self._store.write(commit)

    def _applied(self, read: _Read, texts: Sequence[str] | None) -> tuple[DraftSet, str]:
        """The skills as the proposals would leave them, and why one does not fit; slow."""
        allowed = frozenset(reason for row in read.rows for reason in row.finding_list())
        names = {one.row.id: one.row.name for one in read.loaded}

        def look_up(text: str) -> list[Known]:
            def look(connection: Connection) -> list[Known]:
                hits = search.near(connection, read.space.id, text, TWINS_LOOKED_AT_MAX)
                known = names | skills.names(connection, {hit.skill_id for hit in hits} - set(names))
                return [Known(known[hit.skill_id], hit.path, hit.text) for hit in hits if hit.path]

            return self._store.read_now(look)

        loaded = [retrieval.draft_of(one, self._store) for one in read.loaded]
        if all(row.why for row in read.rows):
            # A person decides, and nothing is lost, so what people wrote may move too; what is pinned may not.
            for draft in loaded:
                draft.by_people = frozenset()
        draft_set = DraftSet(loaded, look_up, allowed=allowed)
        for row in read.rows:
            edits = _edited(row.edit_list(), texts)
            for edit in edits:
                taught = self._supporters(loaded, edit) if isinstance(edit, TransferEntry) else read.lesson_ids[row.id]
                if reason := draft_set.apply(_taught(edit, edits, taught)):
                    return draft_set, f"Proposal {row.id} does not fit: {reason}"
        return draft_set, ""

    def _supporters(self, loaded: Sequence[Draft], edit: TransferEntry) -> list[str]:
        """The lessons that an entry takes along."""
        skill_id = next((draft.skill_id for draft in loaded if draft.name == edit.skill), "")
        return self._store.read_now(lambda c: lessons.of_entry(c, skill_id, entry_hash(edit.entry)))


def texts_of(row: ProposalRow) -> list[str]:
    """The texts of a proposal's edits that a person may change, in order."""
    return [edit.text for edit in row.edit_list() if isinstance(edit, AddEntry | ReviseEntry | WriteFile)]


def _several(proposal_ids: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(proposal_ids))
    if not 0 < len(wanted) <= TOGETHER_MAX:
        raise Invalid(f"Decide on 1 to {TOGETHER_MAX} proposals at a time.")
    return wanted


def _rows(connection: Connection, project_id: str, wanted: Sequence[str]) -> list[ProposalRow]:
    return [proposals.get(connection, project_id, key) for key in wanted]


def _read(connection: Connection, rows: Sequence[ProposalRow]) -> _Read:
    if len({row.space_id for row in rows}) > 1:
        raise Invalid("Approve the proposals of one learning space at a time.")
    space = spaces.get(connection, rows[0].project_id, rows[0].space_id)
    ids = skills.named(connection, space.id, {name for row in rows for name in row.head_of()})
    return _Read(
        rows=list(rows),
        lesson_ids=proposals.lessons_of(connection, [row.id for row in rows]),
        space=space,
        loaded=[retrieval.load(connection, skills.get(connection, space.project_id, key)) for key in sorted(ids)],
    )


def _edited(edits: Sequence[Edit | HealthEdit], texts: Sequence[str] | None) -> list[Edit | HealthEdit]:
    """The edits with other texts. Raises Conflict when there are not as many."""
    if texts is None:
        return list(edits)
    count = sum(isinstance(edit, AddEntry | ReviseEntry | WriteFile) for edit in edits)
    if len(texts) != count:
        raise Conflict(f"The proposal has {count} texts that can be edited, not {len(texts)}.")
    left = iter(texts)
    return [
        msgspec.structs.replace(edit, text=next(left)) if isinstance(edit, AddEntry | ReviseEntry | WriteFile) else edit
        for edit in edits
    ]


def _taught(
    edit: Edit | HealthEdit, edits: Sequence[Edit | HealthEdit], lesson_ids: Collection[str]
) -> Edit | HealthEdit:
    """An edit with the lessons that are still there, and those that came to the proposal later."""
    known = {key for one in edits for key in one.lessons}
    own = [key for key in edit.lessons if key in lesson_ids]
    return msgspec.structs.replace(edit, lessons=(*own, *(key for key in lesson_ids if key not in known)))


def _check_waits(row: ProposalRow) -> None:
    if row.status != "pending":
        raise Conflict(f"Proposal {row.id} is {row.status} already; undo that first.")


def _check_heads(row: ProposalRow, loaded: Sequence[LoadedSkill], seen: Mapping[str, int] | None) -> None:
    now = {one.row.name: one.row.head for one in loaded}
    wanted = row.head_of() if seen is None else seen
    for name in row.head_of():
        if wanted.get(name, 0) != now.get(name, 0):
            raise HeadMoved(
                f"The skill {name!r} is at version {now.get(name, 0)}, not {wanted.get(name, 0)}; look at proposal "
                f"{row.id} again, and approve it on that version."
            )


def _diffs(draft: Draft, store: Store) -> list[FileDiff]:
    changed = draft.written | draft.removed
    before = {path: files.unpack(row, store.blobs) for path, row in draft.listing.items() if path in changed}
    return diffs.of_files(before, {path: draft.files[path] for path in draft.written}, words=False)


def _with_lessons(connection: Connection, rows: Sequence[ProposalRow]) -> list[Proposal]:
    ids = proposals.lessons_of(connection, [row.id for row in rows])
    found = []
    for row in rows:
        named = skills.named(connection, row.space_id, row.head_of())
        now = {name: skills.get(connection, row.project_id, key).head for key, name in named.items()}
        heads = {name: now.get(name, 0) for name in row.head_of()}
        found.append(Proposal(row=row, lessons=lessons.by_ids(connection, ids[row.id]), heads=heads))
    return found
