"""The history of skills: what every version was, what changed, and new versions by people."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar
from weakref import WeakValueDictionary

import msgspec

from seasoned.archive import lenient_head, stored_name
from seasoned.config import Config
from seasoned.engine import diffs
from seasoned.engine.diffs import FileDiff
from seasoned.engine.evidence import Evidence, evidence_of
from seasoned.errors import Busy, HeadMoved, Invalid, NotFound, Tombstoned, TooLarge
from seasoned.skill import LIST_NOTE, SKILL_FILE, Author, check_files, heading_key
from seasoned.store import Connection, Store, files, history, lessons, skills
from seasoned.store.blame import Blamed, Origin
from seasoned.store.files import as_text
from seasoned.store.history import FileChange, VersionRow
from seasoned.store.rows import PageQuery
from seasoned.store.skills import FileRow, NewVersion, SkillRow

T = TypeVar("T")

# How often a change is retried after concurrent changes.
TRIES_MAX = 64
DIFF_BYTES_MAX = 8 * 1024 * 1024
REASON_CHARS_MAX = 1_000
PINS_MAX = 200
HEADING_CHARS_MAX = 200


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version with what it changed."""

    row: VersionRow
    changes: list[FileChange]


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A skill as a change finds it: its files, with the bytes of those that the change is about."""

    row: SkillRow
    listing: Mapping[str, FileRow]
    pins: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A version that a person wants: files with their new bytes (None removes one), and why. `origins` are those of
    files whose lines are known, `earlier` the files of an older version on which the change was made.
    """

    files: Mapping[str, bytes | None]
    author: Author
    reason: str
    origins: Mapping[str, list[Origin]] = {}
    earlier: Mapping[str, Blamed] = {}


class History:
    """Use cases of versions."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config
        # Who changes the same skill in this process waits for the others, so that not all but one have to try again.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def log(self, project_id: str, skill_id: str, query: PageQuery) -> tuple[list[Version], str | None]:
        """A page of a skill's versions and the cursor of the next one. Raises NotFound."""

        def load(connection: Connection) -> tuple[list[Version], str | None]:
            skills.get(connection, project_id, skill_id)
            rows, cursor = history.page(connection, skill_id, query)
            changes = history.changes(connection, skill_id, [row.number for row in rows])
            return [Version(row=row, changes=changes[row.number]) for row in rows], cursor

        return await self._store.read(load)

    async def manifest(self, project_id: str, skill_id: str, number: int) -> tuple[Version, list[FileRow]]:
        """A version with all files that it has. Raises NotFound."""

        def load(connection: Connection) -> tuple[Version, list[FileRow]]:
            skills.get(connection, project_id, skill_id)
            row = history.get(connection, skill_id, number)
            changes = history.changes(connection, skill_id, [number])[number]
            return Version(row=row, changes=changes), history.files_at(connection, skill_id, number)

        return await self._store.read(load)

    async def file(self, project_id: str, skill_id: str, number: int, path: str) -> tuple[SkillRow, FileRow]:
        """A skill and a file of one of its versions, as `Skills.load` takes them. Raises NotFound."""

        def load(connection: Connection) -> tuple[SkillRow, list[FileRow]]:
            row = skills.get(connection, project_id, skill_id)
            history.get(connection, skill_id, number)
            return row, history.files_at(connection, skill_id, number, [path.lstrip("/")], bodies=True)

        row, found = await self._store.read(load)
        if not found:
            raise NotFound(f"Version {number} of the skill has no file {path!r}; its manifest lists those it has.")
        return row, found[0]

    async def content(self, project_id: str, skill_id: str, number: int) -> dict[str, bytes]:
        """Every file of a version. Raises NotFound, also when a file's bytes are lost."""
        rows = await self.rows(project_id, skill_id, number)
        return await asyncio.to_thread(self.unpacked, rows)

    async def rows(self, project_id: str, skill_id: str, number: int) -> list[FileRow]:
        """Every file of a version, as `unpacked` takes them. Raises NotFound."""

        def load(connection: Connection) -> list[FileRow]:
            skills.get(connection, project_id, skill_id)
            history.get(connection, skill_id, number)
            return history.files_at(connection, skill_id, number, bodies=True)

        return await self._store.read(load)

    async def diff(
        self, project_id: str, skill_id: str, old: int, new: int, *, path: str = "", words: bool = False
    ) -> list[FileDiff]:
        """What is different in version `new`, of one file or of all; 0 is before the first version.

        Raises NotFound, TooLarge.
        """

        def load(connection: Connection) -> tuple[list[FileRow], list[FileRow]]:
            skills.get(connection, project_id, skill_id)
            for number in (old, new):
                if number:
                    history.get(connection, skill_id, number)
            before, after = (history.files_at(connection, skill_id, number) for number in (old, new))
            known = {(row.path, row.sha256) for row in before} & {(row.path, row.sha256) for row in after}
            paths = {row.path for row in (*before, *after) if (row.path, row.sha256) not in known}
            wanted = sorted(paths & {path} if path else paths)
            if path and not any(row.path == path for row in (*before, *after)):
                raise NotFound(f"Neither version {old} nor {new} of the skill has a file {path!r}.")
            if sum(row.size for row in (*before, *after) if row.path in wanted) > DIFF_BYTES_MAX and not path:
                raise TooLarge(f"More than {DIFF_BYTES_MAX} bytes are different; ask for one file at a time.")
            first, second = (history.files_at(connection, skill_id, n, wanted, bodies=True) for n in (old, new))
            return first, second

        before, after = await self._store.read(load)
        return await asyncio.to_thread(lambda: diffs.of_files(self.unpacked(before), self.unpacked(after), words=words))

    async def revert(
        self, project_id: str, skill_id: str, number: int, *, reason: str = "", head: int | None = None
    ) -> int:
        """A new version with the files of an old one, each line with the origin that it had then; its number.

        Nothing happens when they are the same already. Raises NotFound, HeadMoved.
        """
        rows = await self.rows(project_id, skill_id, number)

        def plan(found: Head) -> Change:
            return self.reverting(found, rows, number, reason=reason)

        return await self.change(project_id, skill_id, plan, head=head)

    async def revert_together(
        self,
        project_id: str,
        wanted: Mapping[str, tuple[int, int]],
        then: Callable[[Connection], None],
        *,
        reason: str,
    ) -> None:
        """Bring an older version of each of some skills back, all of them or none, and what `then` does in the same
        transaction. `wanted` has the head that each must have, and the version that comes back.

        Raises NotFound, Busy, and HeadMoved when one has another head.
        """

        def load(connection: Connection) -> list[tuple[Head, list[FileRow]]]:
            read = []
            for skill_id, (head, number) in sorted(wanted.items()):
                found = self._head(connection, skills.get(connection, project_id, skill_id), None)
                if found.row.head != head:
                    raise HeadMoved(f"The skill {found.row.name!r} has moved on since; edit it, or revert it by hand.")
                read.append((found, history.files_at(connection, skill_id, number, bodies=True)))
            return read

        def plan(read: Sequence[tuple[Head, list[FileRow]]]) -> list[tuple[SkillRow, NewVersion | None, Evidence]]:
            made = []
            for found, rows in read:
                change = self.reverting(found, rows, wanted[found.row.id][1], reason=reason)
                version = self._version(found, change, is_repeatable=False)
                made.append((found.row, version, self._evidence(found, change)))
            return made

        for _ in range(TRIES_MAX):
            made = await asyncio.to_thread(plan, await self._store.read(load))

            def commit(connection: Connection) -> None:
                for row, version, evidence in made:  # noqa: B023 - it is run before the next try
                    if version is not None:
                        skills.commit(connection, row.id, row.head, version, self._store.clock.now())
                        _follow(connection, row.id, evidence)
                then(connection)

            try:
                await self._store.write(commit)
            except Tombstoned:
                continue
            for skill_id in wanted:
                await self._store.index.settle(skill_id)
            self._store.index.soon()
            return
        raise Busy("Too many concurrent changes to these skills; try again in a second.")

    def reverting(self, found: Head, rows: Sequence[FileRow], number: int, *, reason: str = "") -> Change:
        """The change that brings back version `number`, whose files are `rows`; slow."""
        wanted = {row.path for row in rows}
        changed = [row for row in rows if not _has(found.listing, row)]
        gone = dict.fromkeys(path for path in found.listing if path not in wanted)
        data = self.unpacked(changed)
        known = [row for row in changed if row.blame is not None]
        return Change(
            files={**data, **gone},
            author="revert",
            reason=reason or f"Reverted to version {number}.",
            origins={row.path: files.blamed(row, data[row.path].decode()).origins for row in known},
        )

    async def edit(
        self,
        project_id: str,
        skill_id: str,
        wanted: Mapping[str, bytes | None],
        *,
        reason: str = "",
        head: int | None = None,
        author: Author = "user",
    ) -> int:
        """A new version with some files written or removed, as a person wants it; its number.

        Raises NotFound, Invalid, TooLarge, and HeadMoved when `head` is given and is the head no more.
        """
        if not wanted:
            raise Invalid("There is nothing to change; give at least one file.")

        def plan(found: Head) -> Change:
            missing = [path for path, data in wanted.items() if data is None and path not in found.listing]
            if missing:
                raise NotFound(f"The skill has no file {missing[0]!r} that could be removed.")
            return Change(files=wanted, author=author, reason=reason or _told(wanted))

        return await self.change(project_id, skill_id, plan, paths=list(wanted), head=head)

    async def change(
        self,
        project_id: str,
        skill_id: str,
        plan: Callable[[Head], Change],
        *,
        paths: Collection[str] | None = None,
        head: int | None = None,
    ) -> int:
        """The version that `plan` makes of the head, made again when others were faster; its number, or that of the
        head when nothing is different. `paths` are the files that it is about; all when left out.

        Raises NotFound, Invalid, TooLarge, Busy, and HeadMoved when `head` is given and is the head no more.
        """
        return await self.change_and(
            lambda connection: skills.get(connection, project_id, skill_id), plan, _number, paths=paths, head=head
        )

    async def change_and(
        self,
        find: Callable[[Connection], SkillRow],
        plan: Callable[[Head], Change],
        then: Callable[[Connection, int, Change], T],
        *,
        paths: Collection[str] | None = None,
        head: int | None = None,
        is_repeatable: bool = False,
    ) -> T:
        """Like change, of the skill that `find` finds; what `then` makes of it in the same transaction.

        With `is_repeatable` there is a version even if nothing is different.
        """
        row = await self._store.read(find)
        async with self._turns.setdefault(row.id, asyncio.Lock()):
            return await self._changed(find, plan, then, paths, head, is_repeatable=is_repeatable)

    async def _changed(
        self,
        find: Callable[[Connection], SkillRow],
        plan: Callable[[Head], Change],
        then: Callable[[Connection, int, Change], T],
        paths: Collection[str] | None,
        head: int | None,
        *,
        is_repeatable: bool,
    ) -> T:
        for _ in range(TRIES_MAX):
            found = await self._store.read(lambda connection: self._head(connection, find(connection), paths))
            if head is not None and found.row.head != head:
                raise HeadMoved(f"The skill is at version {found.row.head}, not {head}; read it again and change that.")
            change = await asyncio.to_thread(lambda: self._with_list(found, plan(found)))  # noqa: B023
            version = await asyncio.to_thread(self._version, found, change, is_repeatable=is_repeatable)
            evidence = await asyncio.to_thread(self._evidence, found, change)

            def commit(connection: Connection) -> T:
                number = found.row.head  # noqa: B023 - it is run before the next try
                if version is not None:  # noqa: B023
                    number = skills.commit(connection, found.row.id, number, version, self._store.clock.now())  # noqa: B023
                    _follow(connection, found.row.id, evidence)  # noqa: B023
                return then(connection, number, change)  # noqa: B023

            try:
                result = await self._store.write(commit)
            except (HeadMoved, Tombstoned):
                continue
            await self._store.index.settle(found.row.id)
            return result
        raise Busy("Too many concurrent changes to this skill; try again in a second.")

    def _head(self, connection: Connection, row: SkillRow, paths: Collection[str] | None) -> Head:
        listing = {file.path: file for file in skills.head_listing(connection, row.id)}
        wanted = None if paths is None else {*paths, SKILL_FILE}
        return Head(
            row=row,
            listing=listing | {file.path: file for file in skills.head_files(connection, row.id, wanted)},
            pins=history.pinned(connection, row.id),
        )

    def _with_list(self, found: Head, change: Change) -> Change:
        """A change after which the list in SKILL.md, if it has one that is kept by rule, is that of the files.

        A version that is brought back has the list of its own files.
        """
        row = found.listing.get(SKILL_FILE)
        is_wanted = change.author != "revert" and row is not None and row.blame is not None
        if row is None or not is_wanted or change.files.get(SKILL_FILE, b"") is None:
            return change
        with contextlib.suppress(NotFound):
            data = change.files.get(SKILL_FILE) or files.unpack(row, self._store.blobs)
            if LIST_NOTE.encode() in data:
                return msgspec.structs.replace(change, files={**change.files, **_listed(found, change, data)})
        return change

    def _version(self, found: Head, change: Change, *, is_repeatable: bool) -> NewVersion | None:
        """The version to be made; None when nothing is different."""
        written = {path: data for path, data in change.files.items() if data is not None}
        removed = [path for path, data in change.files.items() if data is None]
        main = main_file(found.listing)
        if main in removed:
            raise Invalid("A skill must have a SKILL.md; delete the skill, or overwrite SKILL.md.")
        sizes = {path: file.size for path, file in found.listing.items() if path not in removed}
        check_files(sizes | {path: len(data) for path, data in written.items()}, list(written))
        about = None
        if main is not None and main in written:
            about = files.about(found.row.name, _description(found.row, written[main]), written[main])
        packed = files.pack(
            written,
            self._store.blobs,
            self._config.inline_bytes_max,
            before=found.listing,
            removed=removed,
            number=found.row.head + 1,
            known=change.origins,
            earlier=change.earlier,
        )
        if not is_repeatable:
            packed = {path: new for path, new in packed.items() if not _is_same(found.listing.get(path), new.sha256)}
        if not packed and not removed:
            return None
        reason = " ".join(change.reason.split())[:REASON_CHARS_MAX]
        return NewVersion(
            changes={**packed, **dict.fromkeys(removed)}, author=change.author, reason=reason, about=about
        )

    def _evidence(self, found: Head, change: Change) -> Evidence:
        """How entries go on in a change; of files whose bytes are lost nothing is known."""
        after = {path: text for path, data in change.files.items() if data is not None and (text := as_text(data))}
        before = {}
        for path in change.files:
            row = found.listing.get(path)
            if row is not None and row.blame is not None:
                with contextlib.suppress(NotFound):
                    before[path] = files.unpack(row, self._store.blobs).decode(errors="replace")
        return evidence_of(before, after)

    def unpacked(self, rows: Iterable[FileRow]) -> dict[str, bytes]:
        """The bytes of files by path; slow, so call it in a thread. Raises NotFound when some are lost."""
        found = {}
        for row in rows:
            try:
                found[row.path] = files.unpack(row, self._store.blobs)
            except NotFound:
                raise NotFound(f"The file {row.path!r} is missing or damaged in the store; write it again.") from None
        return found

    async def pins(self, project_id: str, skill_id: str) -> list[str]:
        """The headings whose sections the learner may not change. Raises NotFound."""

        def load(connection: Connection) -> list[str]:
            skills.get(connection, project_id, skill_id)
            return list(history.pinned(connection, skill_id))

        return await self._store.read(load)

    async def pin(self, project_id: str, skill_id: str, heading: str) -> list[str]:
        """Keep the learner from changing the sections under a heading; all that are pinned then.

        Raises NotFound, Invalid, TooLarge.
        """
        wanted = _heading(heading)
        now = self._store.clock.now()

        def commit(connection: Connection) -> list[str]:
            skills.get(connection, project_id, skill_id)
            history.pin(connection, skill_id, [wanted], now)
            found = history.pinned(connection, skill_id)
            if len(found) > PINS_MAX:
                raise TooLarge(f"A skill has at most {PINS_MAX} pinned headings; unpin some.")
            return list(found)

        return await self._store.write(commit)

    async def unpin(self, project_id: str, skill_id: str, heading: str) -> list[str]:
        """Let the learner change those sections again; all that are still pinned. Raises NotFound."""
        wanted = _heading(heading)

        def commit(connection: Connection) -> list[str]:
            skills.get(connection, project_id, skill_id)
            if not history.unpin(connection, skill_id, wanted):
                raise NotFound(f"The heading {wanted!r} is not pinned.")
            return list(history.pinned(connection, skill_id))

        return await self._store.write(commit)


def main_file(paths: Iterable[str]) -> str | None:
    """A skill's SKILL.md: the one nearest to the top, in any case."""
    named = [path for path in paths if path.rsplit("/", 1)[-1].lower() == SKILL_FILE.lower()]
    return min(named, key=lambda path: (path.count("/"), path), default=None)


def _listed(found: Head, change: Change, data: bytes) -> dict[str, bytes]:
    """The SKILL.md of a change with the list of the files, if that is another."""
    from seasoned.pipeline import index  # noqa: PLC0415 - few commands change skills
    from seasoned.pipeline.draft import Draft  # noqa: PLC0415

    written = {path: new for path, new in change.files.items() if new is not None}
    draft = Draft(
        name=found.row.name,
        listing=dict(found.listing),
        files={**written, SKILL_FILE: data},
        removed={path for path, new in change.files.items() if new is None},
        pins=found.pins,
    )
    index.refresh(draft, is_ours=False)
    return {SKILL_FILE: draft.files[SKILL_FILE]} if draft.files[SKILL_FILE] != data else {}


def _description(row: SkillRow, data: bytes) -> str:
    """The description in a new SKILL.md. Raises Invalid if it cannot be read or renames the skill."""
    head = lenient_head(data)
    if stored_name(head.name) != row.name:
        raise Invalid(f"A skill cannot be renamed; keep 'name: {row.name}' in SKILL.md, or upload a new skill.")
    return head.description


def _follow(connection: Connection, skill_id: str, evidence: Evidence) -> None:
    # Most files that people bring have no entry of the learner's, and may have a hundred thousand of their own.
    supported = lessons.supported(connection, skill_id)
    for old, new in evidence.moves:
        if old in supported:
            lessons.move_entry(connection, skill_id, old, new)
    now = supported | {new for old, new in evidence.moves if old in supported}
    lessons.place_entries(connection, skill_id, {key: path for key, path in evidence.places.items() if key in now})


def _heading(text: str) -> str:
    key = heading_key(text)
    if not key or len(key) > HEADING_CHARS_MAX:
        raise Invalid(f"A heading has 1 to {HEADING_CHARS_MAX} characters; give its words as they stand in the file.")
    return key


def _told(wanted: Mapping[str, bytes | None]) -> str:
    paths = ", ".join(sorted(wanted)[:3]) + (" and others" if len(wanted) > 3 else "")  # noqa: PLR2004
    return f"Edited {paths}."


def _has(listing: Mapping[str, FileRow], row: FileRow) -> bool:
    return _is_same(listing.get(row.path), row.sha256)


def _is_same(row: FileRow | None, sha256: str) -> bool:
    return row is not None and row.sha256 == sha256


def _number(_connection: Connection, number: int, _change: Change) -> int:
    return number
