"""Skills: uploading, listing, reading and downloading them."""

import asyncio
import tempfile
from contextlib import ExitStack
from typing import BinaryIO

import msgspec

from seasoned import archive, paths
from seasoned.archive import ExportOrigin, SkillUpload
from seasoned.config import Config
from seasoned.engine.budget import WAIT_SECONDS, MemoryBudget
from seasoned.errors import NotFound, StorageFull, TooLarge
from seasoned.message import JsonObject
from seasoned.skill import ENTRIES_SEARCHED_MAX, SKILL_FILE, check_files
from seasoned.store import Connection, Store, files, projects, skills, spaces
from seasoned.store.gc.blobs import retry_tombstoned
from seasoned.store.rows import PAGE_MAX, PageQuery, dump_bounded
from seasoned.store.skills import FileRow, NewFile, NewSkill, NewVersion, SkillRow

SKILLS_MAX = 10_000
DOWNLOAD_FILES_MAX = 200
LONG_FILES_TOLD_MAX = 10
DOWNLOAD_BYTES_MAX = 50 * 1024 * 1024
LOST_FILE = "MISSING-FILES.txt"


class SkillState(msgspec.Struct, frozen=True, kw_only=True):
    """A skill with the index of its files: (path, MIME) by path."""

    row: SkillRow
    index: list[tuple[str, str]]


class SkillFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a skill, and the disk that it is on."""

    disk_id: str
    path: str
    mime: str
    sha256: str
    data: bytes


class SkillContent(msgspec.Struct, frozen=True, kw_only=True):
    """All files of a skill's newest version by path, and the paths of missing or damaged ones."""

    number: int
    files: dict[str, bytes]
    lost: list[str]


class Skills:
    """Use cases of skills."""

    def __init__(self, store: Store, config: Config, answers: MemoryBudget) -> None:
        self._store = store
        self._config = config
        self._answers = answers

    async def upload(
        self, project_id: str, data: bytes, *, user: str | None, meta: JsonObject | None
    ) -> tuple[SkillState, list[str]]:
        """A new skill from a ZIP, and warnings about violations of the Agent Skills standard.

        Raises Invalid or TooLarge; then nothing is stored.
        """
        upload = await archive.to_thread(archive.read_skill_zip, data)
        return await self.add(project_id, upload, user=user, meta=meta)

    async def add(
        self,
        project_id: str,
        upload: SkillUpload,
        *,
        user: str | None = None,
        meta: JsonObject | None = None,
        space_id: str = "",
    ) -> tuple[SkillState, list[str]]:
        """A new skill, put into a space if one is given.

        Raises like `upload`, NotFound for the space, and Conflict if that has one of this name.
        """
        check_files({path: len(content) for path, content in upload.files.items()})
        now = self._store.clock.now()

        def commit(connection: Connection, packed: dict[str, NewFile]) -> SkillRow:
            new = NewSkill(
                project_id=project_id,
                name=upload.name,
                description=upload.description,
                user_id=projects.ensure_user(connection, project_id, user, now),
                meta=None if meta is None else dump_bounded(meta, "The skill's meta"),
            )
            about = files.about(upload.name, upload.description, upload.files.get(SKILL_FILE, b""))
            version = NewVersion(changes=packed, author="import", reason="Imported as a new skill.", about=about)
            row = skills.create(connection, new, version, now)
            if space_id:
                spaces.link_skill(connection, project_id, space_id, row.id, now)
            return row

        async def attempt() -> tuple[SkillState, list[str]]:
            packed = await asyncio.to_thread(files.pack, upload.files, self._store.blobs, self._config.inline_bytes_max)
            row = await self._store.write(lambda connection: commit(connection, packed))
            long = [path for path, new in packed.items() if new.searched.more]
            return SkillState(row=row, index=[(path, new.mime) for path, new in packed.items()]), long

        state, long = await retry_tombstoned(attempt)
        await self._store.index.settle(state.row.id)
        return state, [*upload.warnings, *map(_found_as_a_whole, long[:LONG_FILES_TOLD_MAX])]

    async def get(self, project_id: str, skill_id: str) -> SkillState:
        """A skill. Raises NotFound."""

        def load(connection: Connection) -> SkillState:
            row = skills.get(connection, project_id, skill_id)
            return _states(connection, [row])[0]

        return await self._store.read(load)

    async def page(
        self, project_id: str, query: PageQuery, *, user: str = "", archived: bool | None = False
    ) -> tuple[list[SkillState], str | None]:
        """A page of skills and the cursor of the next one; of archived ones when asked, with None of both."""

        def load(connection: Connection) -> tuple[list[SkillState], str | None]:
            rows, cursor = skills.page(connection, project_id, query, user=user, archived=archived)
            return _states(connection, rows), cursor

        return await self._store.read(load)

    async def every(self, project_id: str, *, archived: bool | None = False) -> list[SkillState]:
        """All skills of a project as `page` has them, oldest first, the first SKILLS_MAX of them."""
        states: list[SkillState] = []
        cursor: str | None = ""
        while cursor is not None and len(states) < SKILLS_MAX:
            page, cursor = await self.page(project_id, PageQuery(limit=PAGE_MAX, cursor=cursor), archived=archived)
            states.extend(page)
        return states

    async def of_space(self, project_id: str, space_id: str, *, with_archived: bool = False) -> list[SkillState]:
        """The skills of a learning space, oldest first; archived ones too when asked. Raises NotFound."""

        def load(connection: Connection) -> list[SkillState]:
            spaces.get(connection, project_id, space_id)
            return _states(connection, skills.of_space(connection, space_id, with_archived=with_archived))

        return await self._store.read(load)

    async def file_row(self, project_id: str, skill_id: str, path: str) -> tuple[SkillRow, FileRow]:
        """A skill and a file of its newest version, as `load` takes them. Raises NotFound."""
        wanted = path.lstrip("/")
        skill, rows = await self._head(project_id, skill_id)
        row = next((row for row in rows if row.path == wanted), None)
        if row is None:
            raise NotFound(f"The skill has no file {path!r}; see its file_index for the files it has.")
        return skill, row

    async def file(self, project_id: str, skill_id: str, path: str) -> SkillFile:
        """A file of a skill's newest version with its bytes. Raises NotFound, also when those are lost."""
        return await self.load(*await self.file_row(project_id, skill_id, path))

    async def load(self, skill: SkillRow, row: FileRow) -> SkillFile:
        """A file with its bytes. Raises NotFound when those are missing or damaged in the store."""
        data = await self._data(row)
        return SkillFile(disk_id=skill.disk_id, path=row.path, mime=row.mime, sha256=row.sha256, data=data)

    async def content(self, project_id: str, skill_id: str) -> SkillContent:
        """Every file of a skill's newest version; lost files are listed apart. Raises NotFound, TooLarge."""
        skill, rows = await self._head(project_id, skill_id)
        if sum(row.size for row in rows) > DOWNLOAD_BYTES_MAX:
            raise TooLarge(f"The skill is larger than {DOWNLOAD_BYTES_MAX} bytes.")
        files: dict[str, bytes] = {}
        lost: list[str] = []
        for row in rows:
            try:
                files[row.path] = await self._data(row)
            except NotFound:
                lost.append(row.path)
        return SkillContent(number=skill.head, files=files, lost=lost)

    async def zip(self, project_id: str, skill_id: str) -> tuple[str, BinaryIO]:
        """A skill's name and its files as a ZIP, in an unlinked temporary file.

        A file in it lists lost ones. Raises NotFound, TooLarge, StorageFull, and Busy if the memory budget is used up.
        """
        state = await self.get(project_id, skill_id)
        if len(state.index) > DOWNLOAD_FILES_MAX:
            raise TooLarge(
                f"The skill has more than {DOWNLOAD_FILES_MAX} files; export it with `seasoned skills export`."
            )
        skill, rows = await self._head(project_id, skill_id)
        if sum(row.size for row in rows) > DOWNLOAD_BYTES_MAX:
            raise TooLarge(f"The skill is larger than {DOWNLOAD_BYTES_MAX} bytes.")
        weight = 3 * max((row.size for row in rows), default=0)
        with await self._answers.take(weight, WAIT_SECONDS):
            origin = ExportOrigin(skill_id, skill.head)
            return state.row.name, await archive.to_thread(self._zip_of, {row.path: row for row in rows}, origin)

    async def set_archived(self, project_id: str, skill_id: str, *, archived: bool) -> SkillState:
        """Take a skill out of prompts, exports and the catalogue, or back; its files and history stay.

        Raises NotFound.
        """
        now = self._store.clock.now()
        await self._store.write(lambda c: skills.set_archived(c, project_id, skill_id, now, archived=archived))
        return await self.get(project_id, skill_id)

    async def delete(self, project_id: str, skill_id: str) -> None:
        """Remove a skill with its history. Raises NotFound."""
        await self._store.write(lambda c: skills.delete(c, project_id, skill_id))
        self._store.index.soon()

    async def _head(self, project_id: str, skill_id: str) -> tuple[SkillRow, list[FileRow]]:
        def load(connection: Connection) -> tuple[SkillRow, list[FileRow]]:
            return skills.get(connection, project_id, skill_id), skills.head_files(connection, skill_id)

        return await self._store.read(load)

    def _zip_of(self, rows: dict[str, FileRow], origin: ExportOrigin) -> BinaryIO:
        """An open file with the files of a skill as a ZIP."""
        with ExitStack() as unless_made:
            try:
                target = unless_made.enter_context(tempfile.TemporaryFile(dir=self._config.home_path))
                try:
                    self._write_zip(target, rows, [], origin)
                except NotFound:
                    # Lost files must be known first, as the exported names of others may depend on them.
                    target.seek(0)
                    target.truncate()
                    lost = [path for path, row in rows.items() if self._is_lost(row)]
                    self._write_zip(target, rows, lost, origin)
                target.seek(0)
            except OSError as error:
                raise StorageFull("There is no room to make the ZIP; free some space and try again.") from error
            unless_made.pop_all()
        return target

    def _write_zip(self, target: BinaryIO, rows: dict[str, FileRow], lost: list[str], origin: ExportOrigin) -> None:
        stored, notes = paths.exportable({path: path for path in rows if path not in lost})
        if not any(name.rsplit("/", 1)[-1].lower() == SKILL_FILE.lower() for name in stored):
            raise NotFound("The skill's SKILL.md is missing or damaged in the store; write it again, then retry.")
        names = {*stored, LOST_FILE} if lost else set(stored)

        def load(name: str) -> bytes:
            # The ZIP must not look like a complete skill.
            return files.unpack(rows[stored[name]], self._store.blobs) if name in stored else _lost_text(lost)

        archive.write_zip_to(target, names, load, notes, None if lost else origin)

    def _is_lost(self, row: FileRow) -> bool:
        try:
            files.unpack(row, self._store.blobs)
        except NotFound:
            return True
        return False

    async def _data(self, row: FileRow) -> bytes:
        try:
            return row.body if row.body is not None else await self._store.blobs.get(row.sha256)
        except NotFound:
            raise NotFound(f"The file {row.path!r} is missing or damaged in the store; write it again.") from None


def _lost_text(paths: list[str]) -> bytes:
    lines = ["These files of the skill are not in this ZIP, as the server has lost their bytes:", *paths]
    return ("\n".join(lines) + "\n").encode()


def _found_as_a_whole(path: str) -> str:
    return (
        f"{path[:80]!r} has more than {ENTRIES_SEARCHED_MAX} entries; those behind them are found by the file only. "
        "Split it into files by topic."
    )


def _states(connection: Connection, rows: list[SkillRow]) -> list[SkillState]:
    index = skills.index_of(connection, [row.id for row in rows])
    # Clients write these files into folders, so files that tools run automatically are left out.
    return [SkillState(row=row, index=[one for one in index[row.id] if not paths.acts_unasked(one[0])]) for row in rows]
