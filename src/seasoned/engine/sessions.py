"""Sessions: creating, listing and flushing them."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from seasoned.clock import SECOND
from seasoned.config import Config
from seasoned.errors import Conflict, Invalid, NotFound, TooLarge
from seasoned.ids import new_id
from seasoned.message import JsonObject, NumberedMessage
from seasoned.scheduling.scheduler import Scheduler, until_changed
from seasoned.store import Connection, Store, events, lessons, messages, projects, sessions, skills, tasks
from seasoned.store.events import EventRow
from seasoned.store.rows import PageQuery, dump, dump_bounded, dump_object, load_object, patched
from seasoned.store.sessions import NewSession, SessionRow
from seasoned.store.tasks import TaskRow
from seasoned.task import FINISHED, TaskStatus

COPY_MESSAGES_MAX = 5_000
EVENTS_MAX = 1_000
EFFECTIVE = frozenset({"written", "reinforced"})
_CONFIGS = "The session's configs"


class NewSessionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the session."""

    user: Annotated[
        str | None, Meta(description="Whose session it is; the user is created with the first mention.")
    ] = None
    disable_task_tracking: Annotated[
        bool | None, Meta(description="Whether no tasks shall be looked for in its messages; false when left out.")
    ] = None
    configs: Annotated[JsonObject | None, Meta(description="Any keys that the caller wants to keep beside it.")] = None
    use_uuid: Annotated[
        str | None,
        Meta(
            description="The id it shall have; empty counts as left out.",
            extra_json_schema={
                "oneOf": [
                    {"type": "string", "format": "uuid", "minLength": 1},
                    {"type": "string", "maxLength": 0},
                    {"type": "null"},
                ]
            },
        ),
    ] = None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a session: tasks, finished tasks, lessons, and why other finished tasks teach nothing."""

    tasks: int
    finished: int
    lessons: int
    reasons: tuple[str, ...] = ()


class Taught(msgspec.Struct, frozen=True, kw_only=True):
    """What a deleted session taught, which stays: lessons by their ids, and the skills in which they stand."""

    lessons: Annotated[list[str], Meta(description="The ids of its lessons; `forget` takes them.")]
    skills: Annotated[list[str], Meta(description="The names of the skills in which they stand.")]


class Sessions:
    """Use cases of sessions."""

    def __init__(self, store: Store, config: Config, scheduler: Scheduler) -> None:
        self._store = store
        self._config = config
        self._scheduler = scheduler

    async def create(self, project_id: str, request: NewSessionRequest) -> tuple[SessionRow, bool]:
        """A session and whether it is new: an existing id of the project returns its session.

        Raises Conflict when another project has the id, Invalid when the configs are too large.
        """
        now = self._store.clock.now()

        def commit(connection: Connection) -> tuple[SessionRow, bool]:
            if request.use_uuid:
                known = sessions.find(connection, project_id, request.use_uuid)
                if known is not None:
                    return known, False
                if sessions.taken(connection, request.use_uuid):
                    raise Conflict("The session id is already in use; omit use_uuid to get a new one.")
            new = NewSession(
                id=request.use_uuid or new_id(),
                project_id=project_id,
                user_id=projects.ensure_user(connection, project_id, request.user, now),
                configs=None if request.configs is None else dump_bounded(request.configs, _CONFIGS),
                disable_task_tracking=bool(request.disable_task_tracking),
            )
            return sessions.create(connection, new, now), True

        return await self._store.write(commit)

    async def page(
        self, project_id: str, query: PageQuery, *, user: str = "", configs: JsonObject | None = None, space: str = ""
    ) -> tuple[list[SessionRow], str | None]:
        """A page of sessions, of those that teach a space when one is named, and the cursor of the next one."""
        return await self._store.read(
            lambda c: sessions.page(c, project_id, query, user=user, configs=configs, space=space)
        )

    async def get(self, project_id: str, session_id: str) -> SessionRow:
        """A session. Raises NotFound."""
        return await self._store.read(lambda c: sessions.get(c, project_id, session_id))

    async def delete(self, project_id: str, session_id: str) -> Taught:
        """Remove a session with its messages and tasks; what it taught stays in the skills, and is told.

        Raises NotFound.
        """

        def commit(connection: Connection) -> Taught:
            taught = [row.id for row in lessons.of_session(connection, session_id) if row.status in EFFECTIVE]
            places = lessons.places_of(connection, taught)
            sessions.delete(connection, project_id, session_id)
            return Taught(lessons=taught, skills=sorted(set(skills.names(connection, places).values())))

        return await self._store.write(commit)

    async def tasks(self, project_id: str, session_id: str, query: PageQuery) -> tuple[list[TaskRow], str | None]:
        """A page of a session's tasks and the cursor of the next one. Raises NotFound."""

        def load(connection: Connection) -> tuple[list[TaskRow], str | None]:
            sessions.get(connection, project_id, session_id)
            return tasks.page(connection, session_id, query)

        return await self._store.read(load)

    async def counts(self, session_ids: Sequence[str]) -> dict[str, Counts]:
        """How many tasks and lessons each session has."""

        def load(connection: Connection) -> dict[str, Counts]:
            return {session_id: _counts(connection, session_id) for session_id in session_ids}

        return await self._store.read(load)

    async def numbered(self, session_id: str, after: int, limit: int) -> list[NumberedMessage]:
        """The messages of a session after a number, in order."""

        def load(connection: Connection) -> list[NumberedMessage]:
            found = messages.waiting(connection, session_id, after, limit)
            return [messages.numbered(row, self._store.blobs) for row in found]

        return await self._store.read(load)

    async def set_configs(self, project_id: str, session_id: str, configs: JsonObject) -> None:
        """Replace a session's configs. Raises NotFound."""
        now = self._store.clock.now()
        await self._store.write(lambda c: sessions.set_configs(c, project_id, session_id, dump_object(configs), now))

    async def patch_configs(self, project_id: str, session_id: str, changes: JsonObject) -> JsonObject:
        """Merge keys into a session's configs; null deletes a key. The complete configs. Raises NotFound, Invalid."""

        def commit(connection: Connection) -> JsonObject:
            known = load_object(sessions.get(connection, project_id, session_id).configs)
            merged = patched(known, changes)
            now = self._store.clock.now()
            sessions.set_configs(connection, project_id, session_id, dump_bounded(merged, _CONFIGS), now)
            return merged

        return await self._store.write(commit)

    async def observing(self, project_id: str, session_id: str) -> dict[str, int]:
        """How many messages of a session are in each state. Raises NotFound."""

        def load(connection: Connection) -> dict[str, int]:
            sessions.get(connection, project_id, session_id)
            return sessions.counts_by_status(connection, session_id)

        return await self._store.read(load)

    async def copy(self, project_id: str, session_id: str) -> str:
        """A copy of a session with messages, tasks and events; its id. Raises NotFound, TooLarge."""

        def commit(connection: Connection) -> str:
            row = sessions.get(connection, project_id, session_id)
            if row.last_number > COPY_MESSAGES_MAX:
                raise TooLarge(f"A session with more than {COPY_MESSAGES_MAX} messages cannot be copied.")
            copy_id = sessions.copy(connection, row, self._store.clock.now())
            events.copy(connection, session_id, copy_id, COPY_MESSAGES_MAX)
            return copy_id

        return await self._store.write(commit)

    async def add_event(self, project_id: str, session_id: str, kind: str, data: JsonObject) -> EventRow:
        """Note an event of a session. Raises NotFound."""

        def commit(connection: Connection) -> EventRow:
            sessions.get(connection, project_id, session_id)
            return events.add(connection, project_id, session_id, kind, dump(data), self._store.clock.now())

        return await self._store.write(commit)

    async def events(self, project_id: str, session_id: str, query: PageQuery) -> tuple[list[EventRow], str | None]:
        """A page of a session's events and the cursor of the next one. Raises NotFound."""

        def load(connection: Connection) -> tuple[list[EventRow], str | None]:
            sessions.get(connection, project_id, session_id)
            return events.page(connection, session_id, query)

        return await self._store.read(load)

    async def events_between(
        self, session_id: str, first_at: int, last_at: int, limit: int, after: str = ""
    ) -> list[EventRow]:
        """The first events of a session between two times, oldest first; at the first time, those after an id."""
        return await self._store.read(lambda c: events.between(c, session_id, first_at, last_at, limit, after))

    async def flush(self, project_id: str, session_id: str) -> tuple[bool, str]:
        """Have a session's unread messages read at once; whether that succeeded in time, and if not why.

        Waits at most `flush_wait_seconds`; reading continues after that. Raises NotFound.
        """

        def commit(connection: Connection) -> SessionRow:
            row = sessions.request_flush(connection, project_id, session_id)
            self._store.wakeups.session_changed(connection, session_id)
            return row

        row = await self._store.write(commit)
        wanted, deadline = row.flush_to, self._store.clock.now() + int(self._config.flush_wait_seconds * SECOND)
        await self._scheduler.look_at(session_id)
        self._scheduler.wake("extract", session_id)
        while row.extracted_to < wanted and row.last_number > row.extracted_to:
            change = self._scheduler.next_change()
            row = await self.get(project_id, session_id)
            left = (deadline - self._store.clock.now()) / SECOND
            if row.extract_parked or (row.extract_error and row.extract_retry_at > self._store.clock.now()):
                return False, row.extract_error
            if left <= 0:
                return False, "The messages are still being read; check the learning status later."
            if row.extracted_to < wanted:
                await until_changed(change, left)
        return True, ""

    async def retry(self, project_id: str, session_id: str) -> None:
        """Try again what is parked in a session, and have its unread messages read; does not wait. Raises NotFound."""

        def commit(connection: Connection) -> None:
            sessions.request_flush(connection, project_id, session_id)
            self._store.wakeups.session_changed(connection, session_id)

        await self._store.write(commit)
        await self._scheduler.look_at(session_id)

    async def set_outcome(self, project_id: str, session_id: str, task_id: str, outcome: TaskStatus) -> None:
        """Say how a task ended; it has finished again then, and is learned from anew. Raises NotFound, Invalid."""
        if outcome not in FINISHED:
            raise Invalid("A task ends as a success or failed.")

        def commit(connection: Connection) -> None:
            sessions.get(connection, project_id, session_id)
            row = tasks.by_id(connection, task_id)
            if row is None or row.session_id != session_id:
                raise NotFound(f"There is no task {task_id} in this session.")
            said = f"A person said that it {'succeeded' if outcome == 'success' else 'failed'}."
            task = msgspec.structs.replace(row.value(), status=outcome, evidence=said, revision=row.revision + 1)
            tasks.save(connection, project_id, session_id, task, (), self._store.clock.now())
            self._store.wakeups.session_changed(connection, session_id)

        await self._store.write(commit)
        await self._scheduler.look_at(session_id)


def _counts(connection: Connection, session_id: str) -> Counts:
    found = tasks.of_session(connection, session_id)
    taught = lessons.of_session(connection, session_id)
    return Counts(
        tasks=len(found),
        finished=sum(row.status in FINISHED for row in found),
        lessons=sum(row.kind != "skip" for row in taught),
        reasons=tuple(dict.fromkeys(row.reason for row in taught if row.kind == "skip" and row.reason)),
    )
