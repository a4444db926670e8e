"""Learning spaces as git repositories: a commit for each version of each skill, the same for the same versions."""

import asyncio
import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from seasoned.archive import folder_name
from seasoned.clock import SECOND
from seasoned.config import Config
from seasoned.errors import Conflict, Invalid, NotFound, TooLarge, how_to_install
from seasoned.paths import exportable
from seasoned.store import Connection, Store, history, inline_blobs, lessons, skills, spaces
from seasoned.store.history import FileChange, VersionRow
from seasoned.store.lessons import Taught
from seasoned.store.skills import SkillRow

if TYPE_CHECKING:
    from dulwich.objects import Commit, ObjectID, ShaFile
    from dulwich.repo import Repo

VERSIONS_MAX: Final = 50_000
# Objects that are held before they are written as a pack.
PACK_BYTES: Final = 32 * 1024 * 1024
BRANCH: Final = "main"
# What a client of git's plain HTTP protocol reads.
SERVED: Final = re.compile(
    r"HEAD|info/refs|objects/info/packs|objects/[0-9a-f]{2}/[0-9a-f]{38}|objects/pack/pack-[0-9a-f]{40}\.(?:pack|idx)"
)
CACHE_FOLDER: Final = "git"
STATE_FILE: Final = "seasoned-state"
_FILE_MODE: Final = 0o100644
_FOLDER_MODE: Final = 0o40000


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """A repository that was written: its commits, and the newest one's hash; empty when there is none."""

    folder: str
    commits: int
    head: str


class _Step(msgspec.Struct, frozen=True):
    """A version of one of the skills, and what it changed."""

    skill: SkillRow
    version: VersionRow
    changes: list[FileChange]


class _Whole(msgspec.Struct, frozen=True):
    """All versions of a space's skills in the order in which they were made, and where their lessons come from."""

    steps: list[_Step]
    taught: dict[str, Taught]

    def state(self) -> str:
        """A hash of what the commits are made of."""
        told = [(step.skill.name, step.skill.id, step.version.number) for step in self.steps]
        return hashlib.sha256(msgspec.json.encode((told, sorted(self.taught)))).hexdigest()


class Repositories:
    """Use cases of spaces as git repositories."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config
        self._locks: dict[str, asyncio.Lock] = {}

    async def export(self, project_id: str, space_id: str, folder: Path) -> Exported:
        """Write a space as a bare repository, or add to the one that an earlier export wrote.

        Raises NotFound, Invalid, TooLarge, and Conflict for a repository with commits of its own.
        """
        _check_installed()
        whole = await self._store.read(lambda connection: _read(connection, project_id, space_id))
        return await asyncio.to_thread(self._written, whole, folder)

    async def served(self, project_id: str, space_id: str, path: str) -> Path:
        """The file of a space's repository that a client of git asks for. Raises NotFound, Invalid, TooLarge."""
        _check_installed()
        if not SERVED.fullmatch(path):
            raise NotFound(f"A repository has no {path[:80]!r}.")
        await self._store.read(lambda connection: spaces.get(connection, project_id, space_id))
        folder = self._config.home_path / CACHE_FOLDER / space_id
        # Every clone begins with the list of refs.
        if path == "info/refs" or not (folder / STATE_FILE).exists():
            async with self._locks.setdefault(space_id, asyncio.Lock()):
                whole = await self._store.read(lambda connection: _read(connection, project_id, space_id))
                await asyncio.to_thread(self._cached, whole, folder)
        found = folder / path
        if not found.is_file():
            raise NotFound(f"The repository has no {path[:80]!r} now.")
        return found

    def _cached(self, whole: _Whole, folder: Path) -> None:
        state = folder / STATE_FILE
        if state.exists() and state.read_text() == whole.state():
            return
        try:
            self._written(whole, folder)
        except Conflict:
            # Something was deleted, so its commits are to go.
            shutil.rmtree(folder, ignore_errors=True)
            self._written(whole, folder)
        state.write_text(whole.state())

    def _written(self, whole: _Whole, folder: Path) -> Exported:
        from dulwich.refs import local_branch_name  # noqa: PLC0415 - an extra
        from dulwich.server import update_server_info  # noqa: PLC0415

        branch = local_branch_name(BRANCH.encode())

        try:
            with _opened(folder) as repo:
                commits = self._add(repo, whole)
                head = commits[-1].id if commits else None
                known = repo.refs.read_loose_ref(branch)
                if known and known not in {one.id for one in commits}:
                    raise Conflict(f"{folder} has commits that no export made; export to another folder.")
                if head is not None:
                    repo.refs[branch] = head
                update_server_info(repo)
        except OSError as error:
            raise Invalid(f"{folder} cannot be written ({error.strerror}); choose another folder.") from error
        return Exported(folder=str(folder), commits=len(commits), head=head.decode() if head else "")

    def _add(self, repo: "Repo", whole: _Whole) -> "list[Commit]":
        """Add what the repository does not have yet; all commits, the oldest first."""
        waiting: dict[ObjectID, ShaFile] = {}
        commits: list[Commit] = []
        size = 0
        for objects, commit in self._objects(whole):
            for one in (*objects, commit):
                if one.id not in waiting and one.id not in repo.object_store:
                    waiting[one.id] = one
                    size += one.raw_length()
            commits.append(commit)
            if size > PACK_BYTES:
                repo.object_store.add_objects([(one, None) for one in waiting.values()])
                waiting, size = {}, 0
        if waiting:
            repo.object_store.add_objects([(one, None) for one in waiting.values()])
        return commits

    def _objects(self, whole: _Whole) -> "Iterator[tuple[list[ShaFile], Commit]]":
        """The objects of each version, and its commit."""
        from dulwich.objects import Blob, Tree  # noqa: PLC0415 - an extra

        files: dict[str, dict[str, ObjectID]] = {}
        roots: dict[str, ObjectID] = {}
        parent: ObjectID | None = None
        for step in whole.steps:
            kept = files.setdefault(step.skill.id, {})
            objects: list[ShaFile] = []
            for change in step.changes:
                if change.sha256 is None:
                    kept.pop(change.path, None)
                else:
                    blob = Blob.from_string(self._data(change.sha256, change.path))
                    objects.append(blob)
                    kept[change.path] = blob.id
            names, _ = exportable(kept)
            roots[folder_name(step.skill.name)] = _tree(names, objects)
            root = Tree()
            for name, tree in roots.items():
                root.add(name.encode(), _FOLDER_MODE, tree)
            commit = _commit(step, whole.taught, root.id, parent)
            yield [*objects, root], commit
            parent = commit.id

    def _data(self, sha256: str, path: str) -> bytes:
        body = self._store.read_now(lambda connection: inline_blobs.body(connection, sha256))
        try:
            return body if body is not None else self._store.blobs.get_now(sha256)
        except NotFound:
            raise NotFound(f"The file {path!r} is missing or damaged in the store; write it again.") from None


def forget(config: Config, space_id: str) -> None:
    """Delete what this server keeps of a space's repository."""
    shutil.rmtree(config.home_path / CACHE_FOLDER / space_id, ignore_errors=True)


def _read(connection: Connection, project_id: str, space_id: str) -> _Whole:
    spaces.get(connection, project_id, space_id)
    steps: list[_Step] = []
    for skill in skills.of_space(connection, space_id):
        if len(steps) + skill.head > VERSIONS_MAX:
            raise TooLarge(f"The space has more than {VERSIONS_MAX} versions, too many for a repository.")
        changes = history.changes(connection, skill.id)
        rows = history.every(connection, skill.id)
        steps += [_Step(skill, row, changes.get(row.number, [])) for row in rows]
    steps.sort(key=lambda step: (step.version.created_at, step.skill.id, step.version.number))
    wanted = {lesson for step in steps for lesson in step.version.lesson_ids()}
    return _Whole(steps, lessons.taught(connection, wanted))


def _tree(names: "Mapping[str, ObjectID]", objects: "list[ShaFile]") -> "ObjectID":
    """The tree of some files, by path; what is new of it comes to the objects."""
    from dulwich.objects import Tree  # noqa: PLC0415 - an extra

    below: dict[str, dict[str, ObjectID]] = {}
    tree = Tree()
    for path, blob in names.items():
        top, _, rest = path.partition("/")
        if rest:
            below.setdefault(top, {})[rest] = blob
        else:
            tree.add(top.encode(), _FILE_MODE, blob)
    for top, inner in below.items():
        tree.add(top.encode(), _FOLDER_MODE, _tree(inner, objects))
    objects.append(tree)
    return tree.id


def _commit(step: _Step, taught: Mapping[str, Taught], tree: "ObjectID", parent: "ObjectID | None") -> "Commit":
    from dulwich.objects import Commit  # noqa: PLC0415 - an extra

    version, commit = step.version, Commit()
    commit.tree = tree
    commit.parents = [] if parent is None else [parent]
    commit.author = commit.committer = f"{version.author} <{version.author}@seasoned.invalid>".encode()
    commit.author_time = commit.commit_time = version.created_at // SECOND
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = _message(step, [taught[one] for one in version.lesson_ids() if one in taught]).encode(
        errors="replace"
    )
    return commit


def _message(step: _Step, behind: Sequence[Taught]) -> str:
    """What changed and why, with trailers that lead to the sources."""
    version = step.version
    trailers = [f"Skill: {step.skill.id}", f"Version: {version.number}"]
    trailers += [f"Lesson: {one.lesson_id}" for one in behind]
    trailers += dict.fromkeys(f"Task: {one.task_id}" for one in behind if one.task_id)
    trailers += dict.fromkeys(f"Session: {one.session_id}" for one in behind)
    return f"{step.skill.name}: {version.reason or 'No reason was given.'}\n\n" + "\n".join(trailers) + "\n"


def _opened(folder: Path) -> "Repo":
    """The bare repository in a folder, new if the folder is empty or not there. Raises Conflict."""
    from dulwich.errors import NotGitRepository  # noqa: PLC0415 - an extra
    from dulwich.repo import Repo  # noqa: PLC0415

    if not folder.exists() or not any(folder.iterdir()):
        folder.mkdir(parents=True, exist_ok=True)
        return Repo.init_bare(folder, default_branch=BRANCH.encode())
    try:
        repo = Repo(str(folder))
    except NotGitRepository:
        raise Conflict(f"{folder} is not an empty folder, and no bare git repository; choose another.") from None
    if not repo.bare:
        repo.close()
        raise Conflict(f"{folder} is not a bare git repository; choose another folder.")
    return repo


def _check_installed() -> None:
    try:
        import dulwich  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise Invalid(f"Git repositories need the extra `git`: {how_to_install('git')}.") from None
