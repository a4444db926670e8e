"""Forgetting: what only a session, a user, a task or a lesson taught is taken out of the skills, and then deleted."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from seasoned.archive import lenient_head
from seasoned.config import Config
from seasoned.engine import repositories
from seasoned.engine.gc import KEPT, STEP_MAX
from seasoned.engine.history import TRIES_MAX
from seasoned.errors import Busy, HeadMoved, Tombstoned
from seasoned.skill import SKILL_FILE, entries, entry_hash
from seasoned.store import Connection, Store, files, forgetting, history, projects, skills, spaces, users
from seasoned.store.blame import Origin, blame, lines_of
from seasoned.store.forgetting import Kind, Target
from seasoned.store.gc.collector import Collector
from seasoned.store.skills import About, FileRow, NewFile, NewVersion, SkillRow

PASSES_MAX = 1_000


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a skill: the skill, the file, and the entry's first line; how many lessons still support it."""

    skill: str
    path: str
    says: str
    evidence: int = 0


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """What was, or would be, forgotten: entries that go, those that stay with less evidence, the versions made."""

    lessons: list[str]
    removed: list[Place]
    kept: list[Place]
    versions: dict[str, int]


class _Skill(msgspec.Struct, frozen=True, kw_only=True):
    row: SkillRow
    listing: dict[str, FileRow]
    texts: list[FileRow]
    taught: dict[int, list[str]]
    by_people: frozenset[int]
    supporters: dict[str, set[str]]


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    target: Target
    skills: list[_Skill]


class _Cut(msgspec.Struct, kw_only=True):
    """A file without what was forgotten: `text` is None when nothing is left of it."""

    text: str | None
    origins: list[Origin]
    removed: list[str] = []
    kept: list[tuple[str, int]] = []


class Forgetting:
    """Use cases of forgetting."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config

    async def preview(self, project_id: str, kind: Kind, wanted: str) -> Forgotten:
        """What would be forgetting. Changes nothing. Raises NotFound."""
        read = await self._store.read(lambda c: _read(c, project_id, kind, wanted, every=False))
        return (await asyncio.to_thread(self._planned, read))[0]

    async def forget(self, project_id: str, kind: Kind, wanted: str, *, purge: bool = False) -> Forgotten:
        """Take out of the skills what nothing else taught, as versions that can be reverted, and learn it no more.

        With `purge` what was said and taught is deleted then, also from old versions. Raises NotFound, Busy.
        """
        for _ in range(TRIES_MAX):
            read = await self._store.read(lambda c: _read(c, project_id, kind, wanted, every=False))
            told, made = await asyncio.to_thread(self._planned, read)
            try:
                await self._store.write(self._commit(project_id, read, made))
            except (HeadMoved, Tombstoned):
                continue
            for skill_id in made:
                await self._store.index.settle(skill_id)
            if purge:
                await self._purge(project_id, kind, wanted)
            return told
        raise Busy("Too many concurrent changes to these skills; try again in a second.")

    def _planned(self, read: _Read) -> tuple[Forgotten, dict[str, NewVersion]]:
        """What is told of it, and the new version of each skill that changes; slow."""
        told = Forgotten(lessons=sorted(read.target.lessons), removed=[], kept=[], versions={})
        made: dict[str, NewVersion] = {}
        for skill in read.skills:
            changes: dict[str, NewFile | None] = {}
            for row in sorted(skill.texts, key=lambda row: row.path == SKILL_FILE):
                text, cut = self._cut(skill, row, read.target.lessons)
                name = skill.row.name
                if row.path == SKILL_FILE and not changes and not cut.removed:
                    continue
                told.removed.extend(Place(skill=name, path=row.path, says=says) for says in cut.removed)
                told.kept.extend(Place(skill=name, path=row.path, says=says, evidence=n) for says, n in cut.kept)
                if cut.text != text:
                    changes[row.path] = self._packed(row.path, cut)
            if changes:
                made[skill.row.id] = NewVersion(
                    changes=changes,
                    author="forget",
                    reason=f"Forgot the {read.target.kind} {read.target.id}.",
                    about=self._about(skill, changes.get(SKILL_FILE)),
                )
                told.versions[skill.row.name] = skill.row.head + 1
        return told, made

    def _cut(self, skill: _Skill, row: FileRow, gone: Collection[str]) -> tuple[str, _Cut]:
        text = files.unpack(row, self._store.blobs).decode()
        blamed = files.blamed(row, text)
        said, origins = text, blamed.origins
        if row.path == SKILL_FILE:
            # What it repeats of the other files is written anew when something is learned.
            from seasoned.pipeline.index import without_contents  # noqa: PLC0415 - few commands forget

            by_people = {at for at, origin in enumerate(origins) if origin.version in skill.by_people}
            said = without_contents(text, kept_lines=by_people)
            origins = blame(blamed, lines_of(said), Origin(row.since))
        return text, cut(row.path, said, origins, skill.taught, skill.supporters, set(gone), skill.by_people)

    def _about(self, skill: _Skill, changed: NewFile | None) -> About | None:
        if changed is None or changed.body is None:
            return None
        head = lenient_head(changed.body)
        return files.about(skill.row.name, head.description, changed.body)

    def _packed(self, path: str, of: _Cut) -> NewFile | None:
        if of.text is None:
            return None
        return files.pack_one(path, of.text.encode(), self._store.blobs, self._config.inline_bytes_max, of.origins)

    def _commit(self, project_id: str, read: _Read, made: Mapping[str, NewVersion]) -> Callable[[Connection], None]:
        def commit(connection: Connection) -> None:
            now = self._store.clock.now()
            _check_unchanged(connection, project_id, read)
            for skill in read.skills:
                if skill.row.id in made:
                    skills.commit(connection, skill.row.id, skill.row.head, made[skill.row.id], now)
            of_sessions = spaces.of_sessions(connection, read.target.sessions)
            forgetting.settle(connection, project_id, read.target, now)
            for space_id in sorted(set(of_sessions.values())):
                self._store.wakeups.space_changed(connection, space_id)

        return commit

    async def _purge(self, project_id: str, kind: Kind, wanted: str) -> None:
        for _ in range(TRIES_MAX):
            read = await self._store.read(lambda c: _read(c, project_id, kind, wanted, every=True))
            rewritten = await asyncio.to_thread(self._rewritten, read)
            try:
                await self._store.write(self._purging(project_id, read, rewritten))
                break
            except (HeadMoved, Tombstoned):
                continue
        else:
            raise Busy("Too many concurrent changes to these skills; try again in a second.")
        for _, space_id in await self._store.read(lambda c: spaces.of_skills(c, project_id)):
            await asyncio.to_thread(repositories.forget, self._config, space_id)
        for skill in read.skills:
            await self._store.index.settle(skill.row.id)
        collector, done = Collector(self._store, 0.0, KEPT), False
        for _ in range(PASSES_MAX):
            if done:
                break
            _, done = await collector.step(STEP_MAX)
        await asyncio.to_thread(self._store.scrub)

    def _rewritten(self, read: _Read) -> list[tuple[str, FileRow, NewFile | None]]:
        """The files of all versions that change; slow."""
        found = []
        for skill in read.skills:
            for row in skill.texts:
                text, left = self._cut(skill, row, read.target.lessons)
                if left.text != text:
                    found.append((skill.row.id, row, self._packed(row.path, left)))
        return found

    def _purging(
        self, project_id: str, read: _Read, rewritten: Sequence[tuple[str, FileRow, NewFile | None]]
    ) -> Callable[[Connection], None]:
        def commit(connection: Connection) -> None:
            _check_unchanged(connection, project_id, read)
            for skill_id, row, new in rewritten:
                forgetting.rewrite(connection, skill_id, row, new)
            forgetting.purge(connection, project_id, read.target, {row.sha256 for _, row, _ in rewritten})
            for skill in read.skills:
                if _is_of_nothing_else(skill, read.target):
                    skills.delete(connection, project_id, skill.row.id)
            if read.target.kind == "user":
                user = projects.find_user(connection, project_id, read.target.id)
                if user is not None:
                    users.delete(connection, user.id)

        return commit


def cut(
    path: str,
    text: str,
    origins: Sequence[Origin],
    taught: Mapping[int, Sequence[str]],
    supporters: Mapping[str, Collection[str]],
    gone: Collection[str],
    by_people: Collection[int],
) -> _Cut:
    """A file without the entries and lines that only lessons which are `gone` taught; what people wrote stays.

    `taught` has the lessons of each version, `supporters` those of each entry by its key.
    """
    lines, gone = text.split("\n"), set(gone)
    lessons = [_lessons_of(origin, taught) for origin in origins] + [set[str]()] * (len(lines) - len(origins))
    found = _Cut(text=text, origins=list(origins), removed=[], kept=[])
    dropped, covered = set[int](), set[int]()
    for entry in entries(text) if path.endswith(".md") else ():
        span = [at for at in range(entry.start, entry.end) if lines[at].strip()]
        covered.update(range(entry.start, entry.end))
        known = set(supporters.get(entry_hash(entry.text), ())) or set[str]().union(*(lessons[at] for at in span))
        if known.isdisjoint(gone):
            continue
        says = lines[entry.start].strip()
        if known <= gone and not any(origins[at].version in by_people for at in span):
            dropped.update(range(entry.start, entry.end))
            found.removed.append(says)
        else:
            found.kept.append((says, len(known - gone)))
    for at, line in enumerate(lines):
        is_loose = at not in covered and line.strip() and not line.startswith("#") and path != SKILL_FILE
        if is_loose and lessons[at] and lessons[at] <= gone:
            dropped.add(at)
    if not dropped:
        return found
    left = [at for at in range(len(lines)) if at not in dropped]
    left = [at for place, at in enumerate(left) if lines[at].strip() or not place or lines[left[place - 1]].strip()]
    is_empty = all(not lines[at].strip() or (lines[at].startswith("#") and lessons[at] <= gone) for at in left)
    if is_empty and path != SKILL_FILE:
        found.text = None
    else:
        found.text = "\n".join(lines[at] for at in left).rstrip("\n") + "\n"
        found.origins = [origins[at] for at in left if at < len(origins)]
    return found


def _lessons_of(origin: Origin, taught: Mapping[int, Sequence[str]]) -> set[str]:
    every = taught.get(origin.version, ())
    return {every[place] for place in origin.lessons if place < len(every)} if origin.lessons else set(every)


def _read(connection: Connection, project_id: str, kind: Kind, wanted: str, *, every: bool) -> _Read:
    """What is to be forgotten, with the skills that it touched: the files of their heads, or of all versions."""
    target = forgetting.target(connection, project_id, kind, wanted)
    found = []
    for skill_id in forgetting.touched(connection, project_id, target.lessons):
        heads = skills.head_files(connection, skill_id)
        rows = forgetting.text_rows(connection, skill_id) if every else [row for row in heads if row.blame is not None]
        versions = history.every(connection, skill_id)
        found.append(
            _Skill(
                row=skills.get(connection, project_id, skill_id),
                listing={row.path: row for row in heads},
                texts=rows,
                taught={row.number: row.lesson_ids() for row in versions},
                by_people=history.by_people(connection, skill_id),
                supporters=forgetting.supporters(connection, skill_id),
            )
        )
    return _Read(target=target, skills=found)


def _check_unchanged(connection: Connection, project_id: str, read: _Read) -> None:
    """Raises HeadMoved when lessons came, or came to support something else, since it was read."""
    now = forgetting.target(connection, project_id, read.target.kind, read.target.id)
    touched = forgetting.touched(connection, project_id, now.lessons)
    if now != read.target or touched != [skill.row.id for skill in read.skills]:
        raise HeadMoved("More was learned meanwhile.")
    for skill in read.skills:
        is_same_head = skills.get(connection, project_id, skill.row.id).head == skill.row.head
        if not is_same_head or forgetting.supporters(connection, skill.row.id) != skill.supporters:
            raise HeadMoved("More was learned meanwhile.")


def _is_of_nothing_else(skill: _Skill, target: Target) -> bool:
    """Whether only the target taught a skill, and nobody else changed it."""
    every = [key for keys in skill.taught.values() for key in keys]
    return bool(every) and target.lessons.issuperset(every) and not skill.by_people and not skill.row.rule
