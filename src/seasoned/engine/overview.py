"""Overviews for people: how a project stands, what it learned lately, and where its lessons went."""

from collections.abc import Sequence
from typing import Final

import msgspec

from seasoned.clock import SECOND
from seasoned.config import Config
from seasoned.engine.blame import BlamedRange
from seasoned.learning.accounting import Stage
from seasoned.store import Connection, Store, lessons, overview, sessions, skills, spaces, tasks
from seasoned.store.lessons import LessonRow
from seasoned.store.overview import (
    CallRow,
    DayRow,
    EvidenceRow,
    HeldFile,
    HeldSkill,
    LearnedRow,
    PlaceRow,
    Pulse,
    WorkRow,
)
from seasoned.store.rows import PageQuery
from seasoned.store.sessions import SessionRow
from seasoned.store.skills import SkillRow
from seasoned.store.spaces import SpaceRow
from seasoned.store.tasks import TaskRow

STAGES: Final[tuple[Stage, ...]] = ("extract", "distill", "write")
SPACES_SHOWN_MAX: Final = 12
LESSONS_SHOWN_MAX: Final = 5
LESSONS_LOOKED_AT_MAX: Final = 25
WORK_SHOWN_MAX: Final = 8
TASKS_SHOWN_MAX: Final = 500
LESSONS_OF_LINES_MAX: Final = 500


class SpaceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A space with its sizes and what it learned last."""

    row: SpaceRow
    sessions: int
    skills: int
    learned: list[LearnedRow]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a project stands: by stage, what is under way and what is parked, some of it each."""

    pulse: Pulse
    underway: dict[Stage, list[WorkRow]]
    parked: dict[Stage, list[WorkRow]]


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session with what was found in it, and the entries that its lessons became."""

    row: SessionRow
    space: SpaceRow | None
    tasks: list[TaskRow]
    lessons: list[LessonRow]
    places: dict[str, list[PlaceRow]]


class SkillView(msgspec.Struct, frozen=True, kw_only=True):
    """A skill with the spaces that have it and some of its files; `more_files` is the path after which more follow."""

    row: SkillRow
    spaces: list[SpaceRow]
    files: list[HeldFile]
    more_files: str


class Overview:
    """Use cases of looking."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config

    async def pulse(self, project_id: str) -> Pulse:
        """Numbers that change when something happens in a project."""
        return await self._store.read(lambda c: overview.pulse(c, project_id))

    async def standing(self, project_id: str) -> Standing:
        """What is under way and what is parked."""

        def load(connection: Connection) -> Standing:
            return Standing(
                pulse=overview.pulse(connection, project_id),
                underway={one: overview.underway(connection, project_id, one, WORK_SHOWN_MAX) for one in STAGES},
                parked={one: overview.parked(connection, project_id, one, "", WORK_SHOWN_MAX) for one in STAGES},
            )

        return await self._store.read(load)

    async def parked(self, project_id: str, stage: Stage, after: str, limit: int) -> list[WorkRow]:
        """What a stage gave up on, from the key after `after` on."""
        return await self._store.read(lambda c: overview.parked(c, project_id, stage, after, limit))

    async def spaces(self, project_id: str) -> list[SpaceSummary]:
        """The spaces that changed last, with what they learned."""

        def load(connection: Connection) -> list[SpaceSummary]:
            rows = overview.changed_spaces(connection, project_id, SPACES_SHOWN_MAX)
            sizes = spaces.sizes(connection, [row.id for row in rows])
            return [
                SpaceSummary(
                    row=row,
                    sessions=sizes[row.id][0],
                    skills=sizes[row.id][1],
                    learned=_taught(overview.learned(connection, row.id, 0, LESSONS_LOOKED_AT_MAX)),
                )
                for row in rows
            ]

        return await self._store.read(load)

    async def days(self, project_id: str, days: int) -> list[DayRow]:
        """The lessons of the last days, counted by day, kind and how they ended."""
        now = self._store.clock.now()
        since = now - days * 86_400 * SECOND
        return await self._store.read(lambda c: overview.lessons_by_day(c, project_id, since))

    async def learned(self, project_id: str, space_id: str, before: int, limit: int) -> list[LearnedRow]:
        """What a space learned last, before a number of its (0: the end). Raises NotFound."""

        def load(connection: Connection) -> list[LearnedRow]:
            spaces.get(connection, project_id, space_id)
            return overview.learned(connection, space_id, before, limit)

        return await self._store.read(load)

    async def skills(
        self, project_id: str, space_id: str, query: PageQuery, wanted: str = ""
    ) -> tuple[list[HeldSkill], str | None]:
        """A page of a space's skills by name, and the cursor of the next one. Raises NotFound."""

        def load(connection: Connection) -> tuple[list[HeldSkill], str | None]:
            spaces.get(connection, project_id, space_id)
            return overview.skills_page(connection, space_id, query, wanted)

        return await self._store.read(load)

    async def skill(self, project_id: str, skill_id: str, after: str, limit: int, number: int = 0) -> SkillView:
        """A skill with files of a version of it (0: the newest), after a path. Raises NotFound."""

        def load(connection: Connection) -> SkillView:
            row = skills.get(connection, project_id, skill_id)
            found = overview.files_page(connection, skill_id, number or row.head, after, limit + 1)
            return SkillView(
                row=row,
                spaces=overview.spaces_of_skill(connection, skill_id),
                files=found[:limit],
                more_files=found[limit - 1].path if len(found) > limit else "",
            )

        return await self._store.read(load)

    async def lessons_of_lines(self, ranges: Sequence[BlamedRange]) -> dict[str, LessonRow]:
        """The lessons behind some lines, the first LESSONS_OF_LINES_MAX of them, by id."""
        wanted = list(dict.fromkeys(key for one in ranges for key in one.lessons[:1]))[:LESSONS_OF_LINES_MAX]
        found = await self._store.read(lambda c: lessons.by_ids(c, wanted))
        return {row.id: row for row in found}

    async def named_spaces(self, project_id: str, space_ids: Sequence[str]) -> list[SpaceRow]:
        """Those of some spaces that the project has."""

        def load(connection: Connection) -> list[SpaceRow]:
            found = [spaces.by_id(connection, one) for one in space_ids[:LESSONS_OF_LINES_MAX]]
            return [row for row in found if row is not None and row.project_id == project_id]

        return await self._store.read(load)

    async def session(self, project_id: str, session_id: str) -> SessionView:
        """A session with its tasks, its lessons, and the entries that they became. Raises NotFound."""

        def load(connection: Connection) -> SessionView:
            row = sessions.get(connection, project_id, session_id)
            taught = lessons.of_session(connection, session_id)
            space_id = spaces.space_of_session(connection, session_id)
            places: dict[str, list[PlaceRow]] = {}
            for place in overview.places(connection, [one.id for one in taught]):
                places.setdefault(place.lesson_id, []).append(place)
            return SessionView(
                row=row,
                space=None if space_id is None else spaces.by_id(connection, space_id),
                tasks=tasks.of_session(connection, session_id)[:TASKS_SHOWN_MAX],
                lessons=taught[:TASKS_SHOWN_MAX],
                places=places,
            )

        return await self._store.read(load)

    async def titles(self, session_ids: Sequence[str]) -> dict[str, str]:
        """What each session is called: what it was imported from, or its first task; without those that have none."""

        def load(connection: Connection) -> dict[str, str]:
            named = {key: name for key, name in overview.names_of_sessions(connection, session_ids).items() if name}
            return overview.first_titles(connection, [one for one in session_ids if one not in named]) | named

        return await self._store.read(load)

    async def counts(self, session_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        """How many tasks were found in each session, and how many lessons they taught."""
        return await self._store.read(lambda c: overview.counts(c, session_ids))

    async def evidence(self, project_id: str, skill_id: str, path: str) -> dict[str, EvidenceRow]:
        """What supports the entries of a skill's file, by their keys. Raises NotFound."""

        def load(connection: Connection) -> dict[str, EvidenceRow]:
            skills.get(connection, project_id, skill_id)
            return overview.evidence(connection, skill_id, path)

        return await self._store.read(load)

    async def calls(self, project_id: str, query: PageQuery) -> tuple[list[CallRow], str | None]:
        """A page of model calls and the cursor of the next one."""
        return await self._store.read(lambda c: overview.calls(c, project_id, query))

    async def call(self, project_id: str, call_id: str) -> CallRow:
        """A model call. Raises NotFound."""
        return await self._store.read(lambda c: overview.call(c, project_id, call_id))


def _taught(found: Sequence[LearnedRow]) -> list[LearnedRow]:
    return [one for one in found if one.kind != "skip"][:LESSONS_SHOWN_MAX]
