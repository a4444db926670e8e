"""Learning spaces: creating them, linking sessions, and the learning status."""

import asyncio
from collections.abc import Sequence
from importlib import resources

import msgspec

from seasoned.clock import SECOND
from seasoned.config import Config
from seasoned.engine import repositories
from seasoned.engine.catalogue import CATALOGUED_MAX, Catalogue, catalogue
from seasoned.errors import Conflict, NotFound
from seasoned.message import JsonObject
from seasoned.scheduling.scheduler import Scheduler, until_changed
from seasoned.skill import SKILL_FILE, parse_skill_file
from seasoned.space import FACTS, JOURNAL, LearningStatus, Policy, learning_status
from seasoned.store import Connection, Store, files, lessons, projects, skills, spaces
from seasoned.store.lessons import SettledLesson
from seasoned.store.rows import PAGE_MAX, PageQuery, dump_bounded
from seasoned.store.skills import NewSkill, NewVersion, SkillRow
from seasoned.store.spaces import LinkRow, SkillLinkRow, SpaceRow

LESSONS_MAX = 100


class LearningState(msgspec.Struct, frozen=True, kw_only=True):
    """A session that teaches a space, with its learning status; `reason` says why it failed."""

    link: LinkRow
    status: LearningStatus
    reason: str = ""


def only(found: Sequence[SpaceRow], wanted: str) -> SpaceRow:
    """The only one of the spaces found. Raises NotFound if there is none, Conflict if there are several."""
    if not found:
        raise NotFound(f"There is no learning space {wanted!r}; run `seasoned spaces list` to see them.")
    if len(found) > 1:
        ids = ", ".join(row.id for row in found)
        raise Conflict(f"There are {len(found)} learning spaces {wanted!r}; use an id: {ids}.")
    return found[0]


class Spaces:
    """Use cases of learning spaces."""

    def __init__(self, store: Store, config: Config, scheduler: Scheduler) -> None:
        self._store = store
        self._config = config
        self._scheduler = scheduler

    async def create(
        self, project_id: str, *, user: str | None = None, meta: JsonObject | None = None, name: str = ""
    ) -> SpaceRow:
        """A new space with its two default skills, atomically."""
        return await self._store.write(lambda c: self.create_in(c, project_id, user=user, meta=meta, name=name))

    def create_in(
        self, connection: Connection, project_id: str, *, user: str | None, meta: JsonObject | None, name: str
    ) -> SpaceRow:
        """Like create, inside a transaction."""
        now = self._store.clock.now()
        user_id = projects.ensure_user(connection, project_id, user, now)
        meta_text = None if meta is None else dump_bounded(meta, "The learning space's meta")
        row = spaces.create(connection, project_id, user_id, meta_text, now, name)
        for offset, skill_name in enumerate((JOURNAL, FACTS)):
            skill = self._create_default(connection, project_id, user_id, skill_name, now + offset)
            spaces.link_skill(connection, project_id, row.id, skill.id, now + offset)
        return row

    def _create_default(
        self, connection: Connection, project_id: str, user_id: str | None, name: str, now: int
    ) -> SkillRow:
        data = (resources.files("seasoned") / "defaults" / f"{name}.md").read_bytes()
        head = parse_skill_file(data.decode())
        # Inside a transaction nothing goes to the object store.
        packed = files.pack({SKILL_FILE: data}, self._store.blobs, len(data))
        new = NewSkill(project_id=project_id, name=head.name, description=head.description, user_id=user_id)
        version = NewVersion(
            changes=packed,
            author="seasoned",
            reason="Created with its space.",
            about=files.about(head.name, head.description, data),
        )
        return skills.create(connection, new, version, now)

    async def get(self, project_id: str, space_id: str) -> SpaceRow:
        """A space. Raises NotFound."""
        return await self._store.read(lambda c: spaces.get(c, project_id, space_id))

    async def called(self, project_id: str, wanted: str) -> SpaceRow:
        """The space with a name or id. Raises NotFound, and Conflict listing the spaces that share a name."""
        found = await self._store.read(lambda c: spaces.called(c, project_id, wanted))
        return only(found, wanted)

    async def every(self, project_id: str) -> list[SpaceRow]:
        """All spaces of a project, oldest first."""
        found: list[SpaceRow] = []
        cursor: str | None = ""
        while cursor is not None:
            page, cursor = await self.page(project_id, PageQuery(limit=PAGE_MAX, cursor=cursor))
            found.extend(page)
        return found

    async def of_skills(self, project_id: str) -> list[tuple[str, str]]:
        """(skill id, space id) for each skill of each space, the oldest space first."""
        return await self._store.read(lambda c: spaces.of_skills(c, project_id))

    async def of_sessions(self, session_ids: Sequence[str]) -> dict[str, str]:
        """The space that each session teaches, for those that teach one."""
        return await self._store.read(lambda c: spaces.of_sessions(c, session_ids))

    async def sizes(self, space_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        """How many sessions teach each space, and how many skills it has."""
        return await self._store.read(lambda c: spaces.sizes(c, space_ids))

    async def page(
        self, project_id: str, query: PageQuery, *, user: str = "", meta: JsonObject | None = None
    ) -> tuple[list[SpaceRow], str | None]:
        """A page of spaces and the cursor of the next one."""
        return await self._store.read(lambda c: spaces.page(c, project_id, query, user=user, meta=meta))

    async def catalogue(self, project_id: str, space_id: str) -> Catalogue:
        """The skills of a space, one line each. Raises NotFound."""

        def load(connection: Connection) -> Catalogue:
            spaces.get(connection, project_id, space_id)
            return catalogue(*skills.recently_changed(connection, space_id, CATALOGUED_MAX))

        return await self._store.read(load)

    async def update_meta(self, project_id: str, space_id: str, changes: JsonObject) -> SpaceRow:
        """Merge keys into a space's meta; null is stored. Raises NotFound."""
        now = self._store.clock.now()
        return await self._store.write(lambda c: spaces.merge_meta(c, project_id, space_id, changes, now))

    async def set_policy(self, project_id: str, space_id: str, policy: Policy) -> SpaceRow:
        """Let what a space learns be written at once, or wait for a person. Raises NotFound."""
        now = self._store.clock.now()
        return await self._store.write(lambda c: spaces.set_policy(c, project_id, space_id, policy, now))

    async def delete(self, project_id: str, space_id: str) -> None:
        """Remove a space; its skills and sessions stay. Raises NotFound."""
        await self._store.write(lambda c: spaces.delete(c, project_id, space_id))
        await asyncio.to_thread(repositories.forget, self._config, space_id)
        self._store.index.soon()

    async def learn(self, project_id: str, space_id: str, session_id: str) -> LearningState:
        """Link a session to a space, which learns its present and future messages.

        Raises NotFound, AlreadyLearned.
        """
        now = self._store.clock.now()

        def commit(connection: Connection) -> None:
            spaces.link_session(connection, project_id, space_id, session_id, now)
            self._store.wakeups.session_changed(connection, session_id)

        await self._store.write(commit)
        state = await self.state(project_id, space_id, session_id)
        await self._scheduler.look_at(session_id)
        return state

    async def states(self, project_id: str, space_id: str) -> list[LearningState]:
        """Every session that teaches a space, oldest link first. Raises NotFound."""

        def load(connection: Connection) -> list[LearningState]:
            spaces.get(connection, project_id, space_id)
            return self._states(connection, space_id, None)

        return await self._store.read(load)

    async def state(self, project_id: str, space_id: str, session_id: str) -> LearningState:
        """One session that teaches a space. Raises NotFound."""

        def load(connection: Connection) -> LearningState:
            spaces.get(connection, project_id, space_id)
            found = self._states(connection, space_id, session_id)
            if not found:
                raise NotFound(f"Session {session_id} is not linked to this learning space; call learn first.")
            return found[0]

        return await self._store.read(load)

    async def settled(self, project_id: str, space_id: str, session_id: str, seconds: float) -> LearningState:
        """A session's state when its learning is completed or failed, or after `seconds`. Raises NotFound."""
        clock = self._store.clock
        deadline = clock.now() + int(seconds * SECOND)
        while True:
            change = self._scheduler.next_change()
            state = await self.state(project_id, space_id, session_id)
            left = (deadline - clock.now()) / SECOND
            if state.status in ("completed", "failed") or left <= 0:
                return state
            await until_changed(change, left)

    async def lessons_after(self, project_id: str, space_id: str, number: int, seconds: float) -> list[SettledLesson]:
        """The lessons that a space settled after its number `number`, in order, at most LESSONS_MAX of them.

        Waits up to `seconds` for some; empty if there are none by then. Raises NotFound.
        """

        def load(connection: Connection) -> list[SettledLesson]:
            spaces.get(connection, project_id, space_id)
            return lessons.settled_after(connection, space_id, number, LESSONS_MAX)

        clock = self._store.clock
        deadline = clock.now() + int(seconds * SECOND)
        while True:
            change = self._scheduler.next_change()
            found = await self._store.read(load)
            left = (deadline - clock.now()) / SECOND
            if found or left <= 0:
                return found
            await until_changed(change, left)

    def _states(self, connection: Connection, space_id: str, session_id: str | None) -> list[LearningState]:
        now = self._store.clock.now()
        states = []
        for link, progress in spaces.progress(connection, space_id, session_id):
            status, reason = learning_status(progress, link.created_at, now, self._config.quiet_seconds)
            states.append(LearningState(link=link, status=status, reason=reason))
        return states

    async def include_skill(self, project_id: str, space_id: str, skill_id: str) -> SkillLinkRow:
        """Let a space's lessons change a skill. Raises NotFound, Conflict."""
        now = self._store.clock.now()
        link = await self._store.write(lambda c: spaces.link_skill(c, project_id, space_id, skill_id, now))
        await self._store.index.settle(skill_id)
        return link

    async def exclude_skill(self, project_id: str, space_id: str, skill_id: str) -> None:
        """Take a skill out of a space; nothing happens when it is not in it. Raises NotFound for the space."""
        await self._store.write(lambda c: spaces.unlink_skill(c, project_id, space_id, skill_id))
        self._store.index.soon()
