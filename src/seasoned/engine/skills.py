"""Skills: uploading, listing, reading and downloading them."""

import asyncio
import tempfile
from typing import BinaryIO

import msgspec

from seasoned import archive
from seasoned.config import Config
from seasoned.engine.budget import WAIT_SECONDS, Budget
from seasoned.engine.keeping import kept
from seasoned.errors import NotFound, StorageFull, TooLarge
from seasoned.message import JsonObject
from seasoned.skill import SKILL_FILE, check_files
from seasoned.store import Connection, Store, files, projects, skills, spaces
from seasoned.store.rows import PageQuery, dump_bounded
from seasoned.store.skills import FileRow, NewFile, NewSkill, NewVersion, SkillRow

DOWNLOAD_FILES_MAX = 200
DOWNLOAD_BYTES_MAX = 50 * 1024 * 1024


class SkillState(msgspec.Struct, frozen=True, kw_only=True):
    """A skill with the index of its files: (path, MIME) by path."""

    row: SkillRow
    index: list[tuple[str, str]]


class SkillFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a skill."""

    path: str
    mime: str
    sha256: str
    data: bytes


class Skills:
    """Use cases of skills."""

    def __init__(self, store: Store, config: Config, answers: Budget) -> None:
        self._store = store
        self._config = config
        self._answers = answers

    async def upload(
        self, project_id: str, data: bytes, *, user: str | None, meta: JsonObject | None
    ) -> tuple[SkillState, list[str]]:
        """A new skill from a ZIP, and warnings about what the Agent Skills standard has against it.

        Raises Invalid or TooLarge when the archive cannot be taken; then nothing of it is stored.
        """
        upload = await archive.to_thread(archive.read_skill_zip, data)
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
            version = NewVersion(changes=packed, author="upload", reason="Uploaded as a ZIP.", about=about)
            return skills.create(connection, new, version, now)

        async def attempt() -> SkillState:
            packed = await asyncio.to_thread(files.pack, upload.files, self._store.blobs, self._config.inline_bytes_max)
            row = await self._store.write(lambda connection: commit(connection, packed))
            return SkillState(row=row, index=[(path, new.mime) for path, new in packed.items()])

        return await kept(attempt), upload.warnings

    async def get(self, project_id: str, skill_id: str) -> SkillState:
        """A skill. Raises NotFound."""

        def load(connection: Connection) -> SkillState:
            row = skills.get(connection, project_id, skill_id)
            return SkillState(row=row, index=skills.index_of(connection, [row.id])[row.id])

        return await self._store.read(load)

    async def page(self, project_id: str, query: PageQuery, *, user: str = "") -> tuple[list[SkillState], str | None]:
        """A page of skills and the cursor of the next one."""

        def load(connection: Connection) -> tuple[list[SkillState], str | None]:
            rows, cursor = skills.page(connection, project_id, query, user=user)
            return _states(connection, rows), cursor

        return await self._store.read(load)

    async def of_space(self, project_id: str, space_id: str) -> list[SkillState]:
        """The skills of a learning space, oldest first. Raises NotFound."""

        def load(connection: Connection) -> list[SkillState]:
            spaces.get(connection, project_id, space_id)
            return _states(connection, skills.of_space(connection, space_id))

        return await self._store.read(load)

    async def file_row(self, project_id: str, skill_id: str, path: str) -> FileRow:
        """A file of a skill's newest version, as `load` takes it. Raises NotFound."""
        wanted = path.lstrip("/")
        rows = await self._head(project_id, skill_id)
        row = next((row for row in rows if row.path == wanted), None)
        if row is None:
            raise NotFound(f"The skill has no file {path!r}; its file_index names those that it has.")
        return row

    async def file(self, project_id: str, skill_id: str, path: str) -> SkillFile:
        """A file of a skill's newest version with its bytes. Raises NotFound."""
        return await self.load(await self.file_row(project_id, skill_id, path))

    async def all_files(self, project_id: str, skill_id: str) -> list[SkillFile]:
        """Every file of a skill's newest version. Raises NotFound, TooLarge."""
        rows = await self._head(project_id, skill_id)
        if sum(row.size for row in rows) > DOWNLOAD_BYTES_MAX:
            raise TooLarge(f"The skill has more than {DOWNLOAD_BYTES_MAX} bytes.")
        return [await self.load(row) for row in rows]

    async def zip(self, project_id: str, skill_id: str) -> tuple[str, BinaryIO]:
        """A skill's name and its files as a ZIP, in an open file that nobody else sees.

        Raises NotFound, TooLarge, StorageFull, and Busy when too much else is read just now.
        """
        state = await self.get(project_id, skill_id)
        if len(state.index) > DOWNLOAD_FILES_MAX:
            raise TooLarge(
                f"The skill has more than {DOWNLOAD_FILES_MAX} files; export it with `seasoned skills export`."
            )
        rows = {row.path: row for row in await self._head(project_id, skill_id)}
        if sum(row.size for row in rows.values()) > DOWNLOAD_BYTES_MAX:
            raise TooLarge(f"The skill has more than {DOWNLOAD_BYTES_MAX} bytes.")

        def load(path: str) -> bytes:
            return files.unpack(rows[path], self._store.blobs)

        def write() -> BinaryIO:
            try:
                target = tempfile.TemporaryFile(dir=self._config.home_path)  # noqa: SIM115 - the caller's
                archive.write_zip_to(target, rows, load)
                target.seek(0)
            except OSError as error:
                raise StorageFull(f"The ZIP could not be written ({error.strerror}); free some space.") from error
            return target

        weight = 3 * max((row.size for row in rows.values()), default=0)
        with await self._answers.take(weight, WAIT_SECONDS):
            return state.row.name, await archive.to_thread(write)

    async def delete(self, project_id: str, skill_id: str) -> None:
        """Remove a skill with its history. Raises NotFound."""
        await self._store.write(lambda c: skills.delete(c, project_id, skill_id))

    async def _head(self, project_id: str, skill_id: str) -> list[FileRow]:
        def load(connection: Connection) -> list[FileRow]:
            skills.get(connection, project_id, skill_id)
            return skills.head_files(connection, skill_id)

        return await self._store.read(load)

    async def load(self, row: FileRow) -> SkillFile:
        """A file with its bytes. Raises NotFound when the object store has lost them."""
        data = row.body if row.body is not None else await self._store.blobs.get(row.sha256)
        return SkillFile(path=row.path, mime=row.mime, sha256=row.sha256, data=data)


def _states(connection: Connection, rows: list[SkillRow]) -> list[SkillState]:
    index = skills.index_of(connection, [row.id for row in rows])
    return [SkillState(row=row, index=index[row.id]) for row in rows]
