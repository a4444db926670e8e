"""Disks: files that agents store. A skill is a disk too; a change there is a new version."""

import asyncio
import contextlib
import unicodedata
from collections.abc import Callable
from functools import partial

import msgspec

from seasoned.config import Config
from seasoned.engine import searching
from seasoned.engine.history import Change, Head, History
from seasoned.engine.use import SkillRead, Use
from seasoned.errors import Busy, Invalid, NotFound, TooLarge
from seasoned.message import JsonObject
from seasoned.paths import PATH_PART_BYTES_MAX, check_path, same_name_key
from seasoned.store import Connection, Store, disks, files, inline_blobs, projects, skills
from seasoned.store.disks import ArtifactRow, DiskRow
from seasoned.store.gc.blobs import retry_tombstoned
from seasoned.store.rows import PageQuery, dump_object
from seasoned.store.skills import NewFile, SkillRow

PATH_CHARS_MAX = 1_024
# The limit of a PostgreSQL index entry, less the file name.
PATH_BYTES_MAX = 2_000
SEARCHES_AT_ONCE = 2
SEARCHES_WAITING_MAX = 32


class DiskPath(msgspec.Struct, frozen=True):
    """A file's path on a disk: its folder, with a slash at both ends, and its name."""

    path: str
    filename: str

    @property
    def whole(self) -> str:
        """Folder and name."""
        return self.path + self.filename


def folder(text: str) -> str:
    """The normalized folder of a path: everything up to its last slash. Raises Invalid."""
    parts = [part for part in _normal(text).split("/")[:-1] if part not in ("", ".")]
    return "/" + "".join(f"{part}/" for part in parts)


def place(text: str) -> DiskPath:
    """Parse a whole path such as `/notes/a.md`. Raises Invalid."""
    return DiskPath(folder(text), _filename(text.rsplit("/", 1)[-1]))


def place_in(path: str, filename: str) -> DiskPath:
    """The path of an upload: the folder is `path` up to its last slash. Raises Invalid."""
    return DiskPath(folder(path), _filename(filename.rsplit("/", 1)[-1]))


def _normal(text: str) -> str:
    normal = unicodedata.normalize("NFC", text)
    long = len(normal) > PATH_CHARS_MAX or len(normal.encode(errors="replace")) > PATH_BYTES_MAX
    if long or any(not (c.isprintable() or c == "\u3000") for c in normal):
        raise Invalid("The path is too long or contains control characters; use a short path such as /notes/.")
    parts = normal.split("/")
    if ".." in parts or "\\" in normal:
        raise Invalid(f"The path {text[:80]!r} contains '..' or a backslash; use a path such as /notes/.")
    if any(len(part.encode()) > PATH_PART_BYTES_MAX for part in parts):
        raise Invalid(f"The path {text[:80]!r} has a name over {PATH_PART_BYTES_MAX} bytes; use shorter ones.")
    return normal


def _filename(text: str) -> str:
    name = _normal(text)
    if name in ("", ".", ".."):
        raise Invalid("The path has no file name; use a folder and a file name, such as /notes/a.md.")
    return name


class Disks:
    """Use cases of disks and their files."""

    def __init__(self, store: Store, config: Config, history: History, use: Use) -> None:
        self._store = store
        self._config = config
        self._history = history
        self._use = use
        self._searches = asyncio.Semaphore(SEARCHES_AT_ONCE)
        self._waiting = 0

    async def create(self, project_id: str, user: str | None) -> DiskRow:
        """A new disk without files."""
        now = self._store.clock.now()

        def commit(connection: Connection) -> DiskRow:
            user_id = projects.ensure_user(connection, project_id, user, now)
            return disks.create(connection, project_id, user_id, now)

        return await self._store.write(commit)

    async def page(self, project_id: str, query: PageQuery, *, user: str = "") -> tuple[list[DiskRow], str | None]:
        """A page of disks, those of skills among them, and the cursor of the next one."""
        return await self._store.read(lambda c: disks.page(c, project_id, query, user=user))

    async def delete(self, project_id: str, disk_id: str) -> None:
        """Remove a disk with its files, and the skill whose disk it is. Raises NotFound."""
        await self._store.write(lambda c: disks.delete(c, project_id, disk_id))
        self._store.index.soon()

    async def put(
        self, project_id: str, disk_id: str, where: DiskPath, data: bytes, meta: JsonObject | None
    ) -> ArtifactRow:
        """Write a file; over an old one, whose meta stays when none is given. Raises NotFound, TooLarge, Invalid."""
        if len(data) > self._config.artifact_bytes_max:
            raise TooLarge(
                f"A file on a disk holds at most {self._config.artifact_bytes_max} bytes; send a smaller one."
            )
        disk = await self._disk(project_id, disk_id)
        if disk.skill_id is not None:
            return await self._change_skill(disk, where, data, dump_object(meta))

        await self._check_alike(disk, where)

        async def attempt() -> ArtifactRow:
            new = await asyncio.to_thread(
                files.pack_one, where.filename, data, self._store.blobs, self._config.inline_bytes_max
            )
            return await self._store.write(partial(self._put, disk=disk, where=where, new=new, meta=dump_object(meta)))

        return await retry_tombstoned(attempt)

    async def _check_alike(self, disk: DiskRow, where: DiskPath) -> None:
        """Refuse a name that some systems cannot tell from another file's. Before the write, because it takes a while.

        Two concurrent ones may both pass, which is harmless: disks are never exported to a folder.
        """
        names = await self._store.read(lambda c: disks.near_names(c, disk.id, where.whole))
        key = same_name_key(where.whole)
        alike = next((name for name in names if same_name_key(name) == key), None)
        # An existing file may be overwritten, whatever similar names exist.
        if alike is not None and where.whole not in names:
            raise Invalid(
                f"The disk already has a file {alike[:80]!r}, which some systems cannot tell from "
                f"{where.whole[:80]!r}; use its name."
            )

    def _put(
        self, connection: Connection, *, disk: DiskRow, where: DiskPath, new: NewFile, meta: str | None
    ) -> ArtifactRow:
        disks.get(connection, disk.project_id, disk.id)
        now, old = self._store.clock.now(), None
        with contextlib.suppress(NotFound):
            old = disks.artifact(connection, disk, where.path, where.filename)
        if old is None and disks.count(connection, disk.id) >= self._config.disk_files_max:
            raise TooLarge(
                f"A disk holds at most {self._config.disk_files_max} files; delete some, or use another disk."
            )
        row = ArtifactRow(
            disk_id=disk.id,
            path=where.path,
            filename=where.filename,
            sha256=new.sha256,
            size=new.size,
            mime=new.mime,
            meta=old.meta if old is not None and meta is None else meta,
            created_at=now if old is None else old.created_at,
            updated_at=now,
        )
        disks.put(connection, row, new.body)
        return row

    async def get(self, project_id: str, disk_id: str, where: DiskPath, session_id: str = "") -> ArtifactRow:
        """A file, for an agent in a session, if that is known. Raises NotFound."""

        def load(connection: Connection) -> tuple[str, ArtifactRow]:
            disk = disks.get(connection, project_id, disk_id)
            return disk.skill_id or "", disks.artifact(connection, disk, where.path, where.filename)

        skill_id, found = await self._store.read(load)
        if skill_id:
            self._use.record_reads(project_id, SkillRead(skill_id=skill_id, session_id=session_id))
        return found

    async def data(self, row: ArtifactRow) -> bytes:
        """A file's bytes. Raises NotFound when the object store has lost them."""
        return await asyncio.to_thread(self._data_now, row.sha256)

    def _data_now(self, sha256: str) -> bytes:
        body = self._store.read_now(lambda c: inline_blobs.body(c, sha256))
        return body if body is not None else self._store.blobs.get_now(sha256)

    def _text_now(self, sha256: str) -> bytes:
        """Like _data_now, for a search: lost files match nothing."""
        try:
            return self._data_now(sha256)
        except NotFound:
            return b""

    async def set_meta(self, project_id: str, disk_id: str, where: DiskPath, meta: JsonObject) -> ArtifactRow:
        """Replace the user's meta of a file. Raises NotFound."""

        def commit(connection: Connection) -> ArtifactRow:
            now, disk = self._store.clock.now(), disks.get(connection, project_id, disk_id)
            row = disks.artifact(connection, disk, where.path, where.filename)
            changed = msgspec.structs.replace(row, meta=dump_object(meta), updated_at=now)
            if disk.skill_id is None:
                disks.put(connection, changed, None)
            else:
                disks.set_skill_meta(connection, disk.skill_id, where.whole.lstrip("/"), changed.meta)
                disks.touch_skill(connection, disk.skill_id, now)
            return changed

        return await self._store.write(commit)

    async def remove(self, project_id: str, disk_id: str, where: DiskPath) -> None:
        """Remove a file. Raises NotFound, and Invalid for the SKILL.md of a skill."""
        disk = await self._disk(project_id, disk_id)
        if disk.skill_id is not None:
            await self._change_skill(disk, where, None, None)
            return

        def commit(connection: Connection) -> None:
            row = disks.artifact(connection, disk, where.path, where.filename)
            disks.remove(connection, row, self._store.clock.now())

        await self._store.write(commit)

    async def ls(self, project_id: str, disk_id: str, path: str) -> tuple[list[ArtifactRow], list[str]]:
        """The files that are directly in a folder, and the names of the folders in it. Raises NotFound."""

        def load(connection: Connection) -> tuple[list[ArtifactRow], list[str]]:
            disk = disks.get(connection, project_id, disk_id)
            below = {
                one[len(path) :].split("/", 1)[0] for one in disks.folders(connection, disk) if one.startswith(path)
            }
            return disks.artifacts_of(connection, disk, path), sorted(below - {""})

        return await self._store.read(load)

    async def grep(
        self, project_id: str, disk_id: str, query: str, limit: int, session_id: str = ""
    ) -> list[ArtifactRow]:
        """The text files in which a regular expression is found. Raises NotFound, Invalid, TooLarge, Busy."""
        pattern = searching.regex(query)
        rows = await self._artifacts(project_id, disk_id, session_id)
        hits = searching.Hits(pattern, limit, self._config.search_seconds)
        wanted = [
            (number, partial(self._text_now, row.sha256))
            for number, row in enumerate(rows)
            if searching.is_searched(row.mime, row.size)
        ]
        await self._search(partial(hits.look, wanted))
        return [rows[number] for number in hits.found]

    async def glob(
        self, project_id: str, disk_id: str, query: str, limit: int, session_id: str = ""
    ) -> list[ArtifactRow]:
        """The files whose whole path fits a pattern. Raises NotFound, Invalid, Busy."""
        pattern = searching.glob(query)
        rows = await self._artifacts(project_id, disk_id, session_id)
        found: list[ArtifactRow] = []

        def look() -> None:
            for row in rows:
                if len(found) < limit and pattern.fullmatch((row.path + row.filename).encode()) is not None:
                    found.append(row)

        await self._search(look)
        return found

    async def _search(self, look: Callable[[], None]) -> None:
        """Run a search in a thread, few at a time, so that reads are not starved. Raises Busy."""
        if self._waiting >= SEARCHES_WAITING_MAX:
            raise Busy("Too many searches are waiting; try again in a few seconds.")
        self._waiting += 1
        try:
            async with self._searches:
                await asyncio.to_thread(look)
        finally:
            self._waiting -= 1

    async def _disk(self, project_id: str, disk_id: str) -> DiskRow:
        return await self._store.read(lambda c: disks.get(c, project_id, disk_id))

    async def _artifacts(self, project_id: str, disk_id: str, session_id: str) -> list[ArtifactRow]:
        """The files of a disk that is searched; of a skill that shows what there is, not its text."""

        def load(connection: Connection) -> tuple[str, list[ArtifactRow]]:
            disk = disks.get(connection, project_id, disk_id)
            return disk.skill_id or "", disks.artifacts_of(connection, disk)

        skill_id, rows = await self._store.read(load)
        if skill_id:
            read = SkillRead(skill_id=skill_id, session_id=session_id, is_loaded=False)
            self._use.record_reads(project_id, read)
        return rows

    async def _change_skill(self, disk: DiskRow, where: DiskPath, data: bytes | None, meta: str | None) -> ArtifactRow:
        """Write (or with None remove) a file of a skill as a new version; the file as it is or was."""
        # Files stored under older rules can be removed, but not written.
        path = where.whole.lstrip("/") if data is None else check_path(where.whole.lstrip("/"))
        gone: list[ArtifactRow] = []

        def find(connection: Connection) -> SkillRow:
            current = disks.get(connection, disk.project_id, disk.id)
            if data is None:
                gone[:] = [disks.artifact(connection, disk, where.path, where.filename)]
            return skills.get(connection, disk.project_id, current.skill_id or "")

        def plan(_head: Head) -> Change:
            verb = "Removed" if data is None else "Wrote"
            return Change(files={path: data}, author="user", reason=f"{verb} {path} through the API.")

        def then(connection: Connection, _number: int, _change: Change) -> ArtifactRow:
            if data is None or meta is not None:
                disks.set_skill_meta(connection, disk.skill_id or "", path, meta)
            return gone[0] if gone else disks.artifact(connection, disk, where.path, where.filename)

        return await self._history.change_and(find, plan, then, paths=[path], is_repeatable=True)
