"""Use: which skills agents read, and how the tasks of those sessions ended.

What is told is an association, not an effect: whoever reads a skill may differ in other ways too. So tasks are compared
with tasks of the same kind only, those whose requests are alike, and where one side has fewer than TOLD_MIN tasks
nothing is told.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice
from math import sqrt
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from seasoned.errors import SeasonedError
from seasoned.store import Connection, Store, files, history, reads, skills, spaces
from seasoned.store.history import VersionRow
from seasoned.store.reads import ReadRow, Reads, UsedSkill
from seasoned.store.skills import FileRow
from seasoned.store.tasks import TaskRow

log = logging.getLogger(__name__)

# How many different reads wait at most to be written, how many one transaction writes, and how long they wait.
WAITING_MAX: Final = 10_000
BATCH_MAX: Final = 500
WAIT_SECONDS: Final = 1.0
# The newest tasks are looked at, and of the kinds of requests those with the most.
TASKS_MAX: Final = 2_000
KINDS_MAX: Final = 50
# With fewer tasks on one side, nothing is told.
TOLD_MIN: Final = 15
# The standard normal quantile of a two-sided 95 % interval.
_Z: Final = 1.959963984540054
_NAMED: Final = re.compile(r"`{1,3}([^\W\d][\w.-]{2,79})")

_Key = tuple[str, str, int, str]


class SkillRead(msgspec.Struct, frozen=True, kw_only=True):
    """A skill that an agent read: at which version (0 for the newest) and in which session (empty when that is not
    known). `is_loaded` is false when it saw the description only.
    """

    skill_id: str
    version: int = 0
    session_id: str = ""
    is_loaded: bool = True


def _count(description: str) -> Meta:
    return Meta(ge=0, description=description)


class VersionUse(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a version of a skill."""

    version: Annotated[int, _count("The version's number.")]
    shown: Annotated[int, _count("How often an agent saw its description or its files' names.")]
    loads: Annotated[int, _count("How often an agent read a file of it.")]
    sessions: Annotated[int, _count("In how many known sessions one did.")]
    last_at: Annotated[int | None, Meta(description="When it was read last, in microseconds; null for never.")]
    eligible: Annotated[int, _count("The finished tasks of its spaces for which it was there to be read.")]
    loaded: Annotated[int, _count("Those of them in whose session it had been read when they ended.")]
    followed: Annotated[
        int | None,
        Meta(description="Those of them that called a tool which it names; null where none of its tools is called."),
    ]
    succeeded: Annotated[int, _count("How many of the tasks that had loaded it succeeded.")]


class KindUse(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks with like requests, with the skill and without: an association, not an effect."""

    title: Annotated[str, Meta(description="One of the requests.")]
    loaded: Annotated[int, _count("The tasks that had loaded the skill.")]
    loaded_succeeded: Annotated[int, _count("How many of them succeeded.")]
    others: Annotated[int, _count("The tasks that had not.")]
    others_succeeded: Annotated[int, _count("How many of those succeeded.")]
    difference: Annotated[
        float | None,
        Meta(description=f"Of the shares that succeeded; null with fewer than {TOLD_MIN} on a side: too few to say."),
    ]
    low: Annotated[float | None, Meta(description="Where its 95 % interval begins (Newcombe).")]
    high: Annotated[float | None, Meta(description="Where that ends.")]


class SkillUse(msgspec.Struct, frozen=True, kw_only=True):
    """Who used a skill, and how the tasks of those sessions ended."""

    skill_id: Annotated[str, Meta(description="The skill.", extra_json_schema={"format": "uuid"})]
    name: Annotated[str, Meta(description="Its name.")]
    versions: Annotated[list[VersionUse], Meta(description="Its versions, the newest first.")]
    kinds: Annotated[list[KindUse], Meta(description="The kinds of tasks for which it was loaded.")]


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    versions: list[VersionRow]
    reads: list[ReadRow]
    tasks: list[TaskRow]
    texts: dict[int, list[FileRow]]


class Use:
    """Use cases of use. `record_reads` never waits and never fails: what is read is written later, together."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[_Key, Reads] = {}
        self._left_out = 0
        self._writing = asyncio.Lock()
        self._later: asyncio.Task[None] | None = None

    def record_reads(self, project_id: str, *read: SkillRead) -> None:
        """Count that an agent read skills of a project. Call it in the event loop.

        What the project does not have is left out, and a session that it does not have counts as unknown. Of more than
        WAITING_MAX different reads in a moment the last ones are left out.
        """
        now = self._store.clock.now()
        for one in read:
            new = Reads(
                project_id=project_id,
                skill_id=one.skill_id,
                version=one.version,
                session_id=one.session_id,
                shown=int(not one.is_loaded),
                loaded=int(one.is_loaded),
                loaded_at=now if one.is_loaded else None,
                last_at=now,
            )
            self._wait(new)
        if self._waiting and (self._later is None or self._later.done()):
            self._later = asyncio.get_running_loop().create_task(self._write_later())

    def _wait(self, new: Reads) -> None:
        key = (new.project_id, new.skill_id, new.version, new.session_id)
        old = self._waiting.get(key)
        if old is not None:
            self._waiting[key] = msgspec.structs.replace(
                old,
                shown=old.shown + new.shown,
                loaded=old.loaded + new.loaded,
                loaded_at=min((at for at in (old.loaded_at, new.loaded_at) if at is not None), default=None),
                last_at=max(old.last_at, new.last_at),
            )
        elif len(self._waiting) < WAITING_MAX:
            self._waiting[key] = new
        else:
            self._left_out += 1

    async def _write_later(self) -> None:
        while self._waiting:
            await asyncio.sleep(WAIT_SECONDS)
            try:
                await self.flush()
            except SeasonedError:
                # They wait for the next read, or for whoever asks for the use.
                log.warning("the reads of skills could not be written", extra={"waiting": len(self._waiting)})
                return

    async def flush(self) -> None:
        """Write what waits. Raises Busy, StorageFull; then it waits on."""
        async with self._writing:
            while self._waiting:
                batch = [self._waiting.pop(key) for key in list(islice(self._waiting, BATCH_MAX))]
                try:
                    await self._store.write(_recording(batch))
                except BaseException:
                    for one in batch:
                        self._wait(one)
                    raise
            if self._left_out:
                log.warning("reads of skills were not counted, as too many came at once", extra={"n": self._left_out})
                self._left_out = 0

    async def close(self) -> None:
        """Write what waits, if that is possible."""
        if self._later is not None:
            self._later.cancel()
            await asyncio.wait([self._later])
        try:
            await self.flush()
        except SeasonedError:
            log.warning("the reads of skills could not be written", extra={"waiting": len(self._waiting)})

    async def every(self, project_id: str, space_id: str = "") -> list[UsedSkill]:
        """How often each skill of a project, or of a space, was read; what was read most first. Raises NotFound."""
        await self.flush()

        def load(connection: Connection) -> list[UsedSkill]:
            if space_id:
                spaces.get(connection, project_id, space_id)
            return reads.every(connection, project_id, space_id)

        return await self._store.read(load)

    async def of_skill(self, project_id: str, skill_id: str) -> SkillUse:
        """The use of a skill. Raises NotFound."""
        await self.flush()
        read = await self._store.read(lambda connection: _read(connection, project_id, skill_id))
        return await asyncio.to_thread(self._told, skill_id, read)

    def _told(self, skill_id: str, read: _Read) -> SkillUse:
        loaded = {one.id: version for one in read.tasks if (version := _version_loaded(one, read.reads))}
        steps = {one.id: _steps(one) for one in read.tasks}
        called = set[str]().union(*steps.values())
        versions = []
        for row in reversed(read.versions):
            mine = [one for one in read.tasks if loaded.get(one.id) == row.number]
            names = self._tools(read.texts.get(row.number, ())) & called
            counted = [one for one in read.reads if one.version == row.number]
            there = [one for one in read.tasks if one.id in loaded or _newest(read.versions, one) == row.number]
            versions.append(
                VersionUse(
                    version=row.number,
                    shown=sum(one.shown for one in counted),
                    loads=sum(one.loaded for one in counted),
                    sessions=sum(one.session_id is not None and one.loaded_at is not None for one in counted),
                    last_at=max((one.last_at for one in counted), default=None),
                    eligible=sum(loaded.get(one.id, row.number) == row.number for one in there),
                    loaded=len(mine),
                    followed=sum(not names.isdisjoint(steps[one.id]) for one in mine) if names else None,
                    succeeded=sum(one.status == "success" for one in mine),
                )
            )
        return SkillUse(skill_id=skill_id, name=read.name, versions=versions, kinds=_kinds(read.tasks, loaded))

    def _tools(self, rows: Sequence[FileRow]) -> set[str]:
        """What the Markdown of a version names as code, tools among them."""
        found = set[str]()
        for row in rows:
            try:
                text = files.unpack(row, self._store.blobs).decode(errors="replace")
            except SeasonedError:
                continue  # A lost file names nothing.
            found.update(match[1].casefold() for match in _NAMED.finditer(text))
        return found


def _recording(batch: Sequence[Reads]) -> Callable[[Connection], None]:
    return lambda connection: reads.record(connection, batch)


def _read(connection: Connection, project_id: str, skill_id: str) -> _Read:
    row = skills.get(connection, project_id, skill_id)
    versions, read = history.every(connection, skill_id), reads.of_skill(connection, skill_id)
    return _Read(
        name=row.name,
        versions=versions,
        reads=read,
        tasks=reads.finished_tasks(connection, skill_id, versions[0].created_at, TASKS_MAX),
        texts={
            number: [
                file
                for file in history.files_at(connection, skill_id, number, bodies=True)
                if file.path.endswith(".md") and file.blame is not None
            ]
            for number in {one.version for one in read if one.loaded_at is not None}
        },
    )


def _version_loaded(task: TaskRow, read: Collection[ReadRow]) -> int:
    """The version that a task's session had loaded last when the task ended; 0 for none."""
    mine = [(one.loaded_at, one.version) for one in read if one.session_id == task.session_id and one.loaded_at]
    return max((pair for pair in mine if pair[0] <= task.ended_at), default=(0, 0))[1]


def _newest(versions: Sequence[VersionRow], task: TaskRow) -> int:
    """The version that was the newest when a task began."""
    return max((row.number for row in versions if row.created_at <= task.started_at), default=0)


def _steps(task: TaskRow) -> frozenset[str]:
    """The names of the tools that a task called."""
    from seasoned.pipeline.journal import Summary  # noqa: PLC0415 - few commands look at tasks

    summary = msgspec.json.decode(task.summary or "{}", type=Summary)
    return frozenset(step.rpartition("__")[2].casefold() for step in summary.steps)


def _kinds(tasks: Sequence[TaskRow], loaded: Mapping[str, int]) -> list[KindUse]:
    """The kinds of tasks for which a skill was loaded, those with the most tasks first."""
    from seasoned.pipeline.similar_attempts import SAME_REQUEST_MIN  # noqa: PLC0415 - few commands look at tasks
    from seasoned.similar import closeness, fingerprint  # noqa: PLC0415

    kinds: list[list[TaskRow]] = []
    for task in sorted(tasks, key=lambda task: task.id not in loaded):
        said = fingerprint(task.title)
        near = [closeness(said, fingerprint(kind[0].title)) for kind in kinds]
        best = max(range(len(kinds)), key=near.__getitem__, default=None)
        if best is not None and near[best] >= SAME_REQUEST_MIN:
            kinds[best].append(task)
        elif task.id in loaded and len(kinds) < KINDS_MAX:
            kinds.append([task])
    return [_kind(kind, loaded) for kind in sorted(kinds, key=lambda kind: (-len(kind), kind[0].id))]


def _kind(tasks: Sequence[TaskRow], loaded: Mapping[str, int]) -> KindUse:
    with_it = [task.status == "success" for task in tasks if task.id in loaded]
    without = [task.status == "success" for task in tasks if task.id not in loaded]
    is_told = min(len(with_it), len(without)) >= TOLD_MIN
    told = newcombe(sum(with_it), len(with_it), sum(without), len(without)) if is_told else (None, None, None)
    return KindUse(
        title=tasks[0].title,
        loaded=len(with_it),
        loaded_succeeded=sum(with_it),
        others=len(without),
        others_succeeded=sum(without),
        difference=told[0],
        low=told[1],
        high=told[2],
    )


def newcombe(successes: int, tries: int, others: int, other_tries: int) -> tuple[float, float, float]:
    """The difference of two independent proportions, with the ends of its 95 % interval.

    The hybrid score interval, method 10 of R. G. Newcombe, "Interval estimation for the difference between independent
    proportions: comparison of eleven methods", Statistics in Medicine 17 (1998), 873-890: it puts together the score
    intervals of both (E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209-212).
    """
    (first, low, high), (second, other_low, other_high) = _wilson(successes, tries), _wilson(others, other_tries)
    difference = first - second
    below = sqrt((first - low) ** 2 + (other_high - second) ** 2)
    above = sqrt((high - first) ** 2 + (second - other_low) ** 2)
    return difference, difference - below, difference + above


def _wilson(successes: int, tries: int) -> tuple[float, float, float]:
    """A proportion with the ends of its score interval."""
    share, square = successes / tries, _Z * _Z
    middle = successes + square / 2
    reach = _Z * sqrt(square / 4 + successes * (1 - share))
    return share, (middle - reach) / (tries + square), (middle + reach) / (tries + square)
