"""Keeping folders of skills, where agents look for them, the same as the store, in both directions.

What Seasoned wrote is known by the SHA-256 in each skill's manifest (`archive`): it alone is replaced or removed. What
a person changed there becomes a version first, by author `sync`, merged with what others changed; where the same lines
changed, it waits as a proposal. Which folders a home wrote is noted in the home before the first is written.
"""

import asyncio
import hashlib
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from seasoned import archive, faults
from seasoned.archive import ExportManifest, ExportOrigin
from seasoned.config import Config
from seasoned.engine.history import History
from seasoned.engine.merging import merge, mine_first
from seasoned.engine.skills import Skills, SkillState
from seasoned.errors import Busy, Conflict, Invalid, MergeConflict, NotFound
from seasoned.learning.questions import WriteFile
from seasoned.paths import same_name_key
from seasoned.store import Connection, Store, proposals
from seasoned.store.files import as_text

if sys.platform != "win32":  # there two syncs are not kept apart
    import fcntl

WAIT_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.05
NOTES: Final = "synced"
_SKIPPING: Final = (Conflict, Invalid, NotFound)


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A skill whose folder stays as it is, and why."""

    name: str
    reason: str


class Synced(msgspec.Struct, frozen=True, kw_only=True):
    """What a sync did in a folder, by the names of skills; with `--check`, what it would do."""

    root: str
    written: list[str] = []
    taken: list[str] = []
    proposed: list[str] = []
    removed: list[str] = []
    skipped: list[Skipped] = []

    @property
    def is_clean(self) -> bool:
        """Whether nothing was different."""
        return not (self.written or self.taken or self.proposed or self.removed or self.skipped)


class _Noted(msgspec.Struct, frozen=True, kw_only=True):
    """The folders that this home wrote, with the ids of their skills."""

    root: str
    folders: dict[str, str] = {}


class FolderSync:
    """Use cases of folders that agents read."""

    def __init__(self, store: Store, config: Config, history: History, skills: Skills) -> None:
        self._store = store
        self._notes = config.home_path / NOTES
        self._history = history
        self._skills = skills

    async def run(
        self, project_id: str, chosen: Sequence[tuple[str, SkillState]], root: Path, *, check: bool = False
    ) -> Synced:
        """Bring the skills, each with its space's id or an empty one, and a folder to the same state.

        One failing skill does not stop the others. With `check` nothing is changed. Raises Busy while another sync of
        the folder does not end, Invalid when the folder cannot be written.
        """
        done = Synced(root=str(root))
        wanted = self._wanted(chosen, done)
        if check:
            await self._each(project_id, wanted, root, done, check=True)
            return done
        try:
            await asyncio.to_thread(root.mkdir, parents=True, exist_ok=True)
            async with _alone(root):
                await self._each(project_id, wanted, root, done, check=False)
        except OSError as error:
            raise Invalid(f"{root} cannot be written ({error.strerror}); choose a writable folder.") from error
        return done

    def _wanted(self, chosen: Sequence[tuple[str, SkillState]], done: Synced) -> dict[str, tuple[str, SkillState]]:
        wanted: dict[str, tuple[str, SkillState]] = {}
        taken: set[str] = set()
        for space_id, state in chosen:
            name = archive.folder_name(state.row.name)
            if (key := same_name_key(name)) in taken:
                done.skipped.append(Skipped(name=name, reason="another space has a skill of that name; rename one."))
                continue
            taken.add(key)
            wanted[name] = (space_id, state)
        return wanted

    async def _each(
        self, project_id: str, wanted: Mapping[str, tuple[str, SkillState]], root: Path, done: Synced, *, check: bool
    ) -> None:
        noted = self._noted(root)
        ours = {name: state.row.id for name, (_, state) in wanted.items()}
        if not check and noted.folders != noted.folders | ours:
            self._note(root, noted.folders | ours)
        for name, (space_id, state) in wanted.items():
            try:
                await self._one(project_id, space_id, state, root / name, done, check=check)
            except _SKIPPING as error:
                done.skipped.append(Skipped(name=name, reason=str(error)))
        left = dict(noted.folders)
        for name in sorted(noted.folders.keys() - ours.keys()):
            try:
                if await self._leave(project_id, noted.folders[name], root / name, done, check=check):
                    del left[name]
            except _SKIPPING as error:
                done.skipped.append(Skipped(name=name, reason=str(error)))
        if not check and left.keys() | ours.keys() != noted.folders.keys() | ours.keys():
            self._note(root, left | ours)

    async def _one(
        self, project_id: str, space_id: str, state: SkillState, folder: Path, done: Synced, *, check: bool
    ) -> None:
        known, edits = await asyncio.to_thread(archive.local_changes, folder)
        origin = _origin(known, state, folder)
        head = state.row.head
        if edits and origin is not None:
            if check:
                done.taken.append(folder.name)
                return
            await self._take(project_id, space_id, state, origin, edits, folder, done)
        elif origin is not None and origin.version == head and not known.writing and _is_there(folder):
            return
        if check:
            done.written.append(folder.name)
            return
        content = await self._skills.content(project_id, state.row.id)
        at = ExportOrigin(state.row.id, content.number)
        await asyncio.to_thread(archive.export_folder, folder.parent, state.row.name, content.files, content.lost, at)
        if folder.name not in (*done.taken, *done.proposed):
            done.written.append(folder.name)

    async def _take(
        self,
        project_id: str,
        space_id: str,
        state: SkillState,
        origin: ExportOrigin,
        edits: Mapping[str, bytes | None],
        folder: Path,
        done: Synced,
    ) -> None:
        """Store what a person changed in a folder, as a version or as a proposal."""
        try:
            await merge(
                self._history,
                project_id,
                state.row.id,
                origin.version,
                edits,
                author="sync",
                reason=f"Edited in {folder}.",
                is_whole=False,
            )
            done.taken.append(folder.name)
        except MergeConflict:
            await self._propose(project_id, space_id, state, origin, edits)
            done.proposed.append(folder.name)
        faults.point("folder.taken")
        await asyncio.to_thread(archive.adopt, folder, edits)

    async def _propose(
        self,
        project_id: str,
        space_id: str,
        state: SkillState,
        origin: ExportOrigin,
        edits: Mapping[str, bytes | None],
    ) -> None:
        """Let edits wait that change the same lines as others did. Raises MergeConflict when they are no texts."""
        head = (await self._skills.get(project_id, state.row.id)).row.head
        files = await mine_first(self._history, project_id, state.row.id, origin.version, head, edits)
        texts = {path: as_text(data) if data is not None else None for path, data in files.items()}
        if not space_id or any(text is None for text in texts.values()):
            raise Conflict("others have changed the same files; `seasoned skills import` shows where.")
        written = tuple(
            WriteFile(skill=state.row.name, path=path, text=text, lessons=())
            for path, text in texts.items()
            if text is not None
        )
        new = proposals.NewProposal(
            edits=written, lessons=(), heads={state.row.name: head}, said=(), findings=(proposals.BY_PERSON,)
        )

        def commit(connection: Connection) -> None:
            # A sync that was interrupted after this must not propose the same again.
            if not proposals.waits(connection, space_id, written):
                proposals.add(connection, project_id, space_id, new, self._store.clock.now())

        await self._store.write(commit)

    async def _leave(self, project_id: str, skill_id: str, folder: Path, done: Synced, *, check: bool) -> bool:
        """Remove a skill that is no longer chosen, once its edits are stored; whether nothing of it is left."""
        if not _is_there(folder):
            return True
        known, edits = await asyncio.to_thread(archive.local_changes, folder)
        if known.skill_id not in ("", skill_id):
            return True  # it was replaced by another's
        done.removed.append(folder.name)
        if check:
            return False
        try:
            state = await self._skills.get(project_id, skill_id)
        except NotFound:
            state = None
        if state is not None and edits and known.origin is not None:
            await self._take(project_id, "", state, known.origin, edits, folder, done)
        return await asyncio.to_thread(archive.remove_export, folder)

    def _path(self, root: Path) -> Path:
        return self._notes / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:32]}.json"

    def _noted(self, root: Path) -> _Noted:
        try:
            return msgspec.json.decode(self._path(root).read_bytes(), type=_Noted)
        except FileNotFoundError:
            return _Noted(root=str(root))
        except (msgspec.DecodeError, OSError) as error:
            raise Invalid(f"{self._path(root)} cannot be read; delete it, and sync again.") from error

    def _note(self, root: Path, folders: Mapping[str, str]) -> None:
        noted = _Noted(root=str(root), folders=dict(folders))
        archive.replace_file(self._path(root), msgspec.json.encode(noted))

    def roots(self) -> list[Path]:
        """The folders that this home has written skills to."""
        found = (msgspec.json.decode(path.read_bytes(), type=_Noted) for path in sorted(self._notes.glob("*.json")))
        return [Path(noted.root) for noted in found if noted.folders]


def _is_there(folder: Path) -> bool:
    return os.path.lexists(folder)


def _origin(known: ExportManifest, state: SkillState, folder: Path) -> ExportOrigin | None:
    """The version that a folder was written with. Raises Conflict when it is another skill's."""
    if known.skill_id not in ("", state.row.id):
        raise Conflict(f"{folder} is a skill of another home or space; move it away to sync there.")
    origin = known.origin
    return origin if origin is not None and origin.version <= state.row.head else None


@asynccontextmanager
async def _alone(root: Path) -> AsyncIterator[None]:
    """Keep other syncs of a folder away. The lock ends with its holder's process."""
    if sys.platform == "win32":
        yield
        return
    file = os.open(root, os.O_RDONLY)
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Busy(f"Another sync of {root} is under way; try again when it has ended.") from None
                await asyncio.sleep(LOOK_SECONDS)
        yield
    finally:
        os.close(file)
