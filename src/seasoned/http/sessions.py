"""Sessions and their tasks (wire contract, B.4 and B.6)."""

import time
from typing import Annotated

import msgspec
from starlette.responses import Response

from seasoned.clock import to_rfc3339
from seasoned.engine.sessions import NewSessionRequest, Taught
from seasoned.errors import Invalid, NotFound, TooLarge
from seasoned.http import stopping
from seasoned.http.fields import (
    CreatedAt,
    ProjectId,
    SessionId,
    Stored,
    UpdatedAt,
    UserId,
    about,
    count,
    moment,
    one_of,
    uuid,
)
from seasoned.http.request import Answer, ApiRequest, Page, answer, done, failure, page_of, raw_json, timestamps
from seasoned.ids import parse_id
from seasoned.message import JsonObject
from seasoned.store.events import EventRow
from seasoned.store.rows import load_as
from seasoned.store.sessions import SessionRow
from seasoned.store.tasks import TaskRow
from seasoned.task import TASK_STATUSES

CONFIGS_BYTES_MAX = 64 * 1024
EVENT_BYTES_MAX = 64 * 1024
EVENT_TYPE_CHARS_MAX = 200
EVENTS_DEFAULT = 50


_SomeConfigs = Annotated[JsonObject, about(f"Any keys; at most {CONFIGS_BYTES_MAX} bytes of JSON.")]


class ConfigChanges(msgspec.Struct, frozen=True):
    """The changes."""

    configs: _SomeConfigs


class NewConfigs(msgspec.Struct, frozen=True):
    """The new configs."""

    configs: _SomeConfigs | None = None


class NewEvent(msgspec.Struct, frozen=True):
    """The event."""

    type: Annotated[str, about("Any kind; not blank.", minLength=1, maxLength=EVENT_TYPE_CHARS_MAX, pattern=r"\S")]
    data: Annotated[JsonObject, about(f"At least one key; at most {EVENT_BYTES_MAX} bytes of JSON.", minProperties=1)]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One run of an agent."""

    id: Annotated[str, uuid("The session's id.")]
    project_id: ProjectId
    user_id: UserId
    disable_task_tracking: Annotated[bool, about("Whether no tasks are looked for in its messages.")]
    configs: Annotated[Stored | None, about("What the caller keeps beside it.")]
    created_at: CreatedAt
    updated_at: UpdatedAt

    @classmethod
    def of(cls, row: SessionRow) -> "Session":
        """A session as the wire shows it."""
        return cls(
            id=row.id,
            project_id=row.project_id,
            user_id=row.user_id,
            disable_task_tracking=row.disable_task_tracking,
            configs=raw_json(row.configs),
            **timestamps(row.created_at, row.updated_at),
        )


class _TaskData(msgspec.Struct, frozen=True):
    """What is known of it."""

    task_description: Annotated[str, about("The request, in the user's words.")]
    progresses: Annotated[list[str], about("What was done for it, in order.")]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the user asked for."""

    id: Annotated[str, uuid("The task's id.")]
    session_id: SessionId
    project_id: ProjectId
    order: Annotated[int, count("Its place among the session's tasks, from 1.", 1)]
    data: Annotated[_TaskData, about("What is known of it.")]
    status: Annotated[str, one_of(TASK_STATUSES, "How it stands.")]
    is_planning: Annotated[bool, about("False: planning is no task here.")]
    evidence: Annotated[str, about("What shows how it ended; empty when nothing does.")]
    error: Annotated[str | None, about("Why nothing was learned from it; null when nothing went wrong.")]
    created_at: CreatedAt
    updated_at: UpdatedAt

    @classmethod
    def of(cls, row: TaskRow) -> "Task":
        """A task as the wire shows it."""
        return cls(
            id=row.id,
            session_id=row.session_id,
            project_id=row.project_id,
            order=row.position,
            data=_TaskData(row.title, load_as(row.progresses, list[str])),
            status=row.status,
            is_planning=False,
            evidence=row.evidence,
            error=row.distill_error or None,
            **timestamps(row.created_at, row.updated_at),
        )


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What happened beside the messages."""

    id: Annotated[str, uuid("The event's id.")]
    session_id: SessionId
    project_id: ProjectId
    type: Annotated[str, about("Its kind, as the caller named it.")]
    data: Annotated[Stored, about("What the caller told of it.")]
    created_at: CreatedAt
    updated_at: UpdatedAt

    @classmethod
    def of(cls, row: EventRow) -> "Event":
        """An event as the wire shows it."""
        return cls(
            id=row.id,
            session_id=row.session_id,
            project_id=row.project_id,
            type=row.type,
            data=msgspec.Raw(row.data.encode()),
            **timestamps(row.created_at, row.updated_at),
        )


class _Deleted(msgspec.Struct, frozen=True):
    """What stays of it."""

    taught: Annotated[Taught, about("What it taught; forget the session first to have that go too.")]


class _Flushed(msgspec.Struct, frozen=True):
    """How the reading went."""

    status: Annotated[int, count("200: read, or nothing waited. 500: not read; `errmsg` says why.", 200, 500)]
    errmsg: Annotated[str, about("Why it was not read, or what goes on; empty when all is well.")]


class _Merged(msgspec.Struct, frozen=True):
    """The result."""

    configs: Annotated[JsonObject, about("All configs.")]


class _Copied(msgspec.Struct, frozen=True):
    """Both ids."""

    old_session_id: Annotated[str, uuid("The original.")]
    new_session_id: Annotated[str, uuid("The copy.")]


class _Observed(msgspec.Struct, frozen=True, kw_only=True):
    """The counts."""

    observed: Annotated[int, count("Read.")]
    in_process: Annotated[int, count("Being read.")]
    pending: Annotated[int, count("Waiting.")]
    updated_at: Annotated[str, moment("Now.")]


async def create(call: ApiRequest) -> Answer[Session]:
    """POST /session: 201 with a new session, 200 with the one that use_uuid names."""
    body = await call.body(NewSessionRequest, optional=True)
    if body.use_uuid:
        body = msgspec.structs.replace(body, use_uuid=parse_id(body.use_uuid, "use_uuid"))
    row, is_new = await call.engine.sessions.create(call.project_id, body)
    return answer(Session.of(row), status=201 if is_new else 200)


async def page(call: ApiRequest) -> Answer[Page[Session]]:
    """GET /session."""
    rows, cursor = await call.engine.sessions.page(
        call.project_id, call.page(), user=call.text("user"), configs=call.filter("filter_by_configs")
    )
    return answer(page_of([Session.of(row) for row in rows], cursor))


async def delete(call: ApiRequest) -> Answer[_Deleted]:
    """DELETE /session/{session_id}."""
    return answer(_Deleted(await call.engine.sessions.delete(call.project_id, _session_id(call))), msg="ok")


async def flush(call: ApiRequest) -> Answer[_Flushed]:
    """POST /session/{session_id}/flush: 200 also when the reading failed; `status` and `errmsg` say so."""
    async with stopping.limit():
        is_read, reason = await call.engine.sessions.flush(call.project_id, _session_id(call))
    return answer(_Flushed(200 if is_read else 500, reason))


async def tasks(call: ApiRequest) -> Answer[Page[Task]]:
    """GET /session/{session_id}/task."""
    rows, cursor = await call.engine.sessions.tasks(call.project_id, _session_id(call), call.page())
    return answer(page_of([Task.of(row) for row in rows], cursor))


async def get_configs(call: ApiRequest) -> Answer[Session]:
    """GET /session/{session_id}/configs: the whole session."""
    return answer(Session.of(await call.engine.sessions.get(call.project_id, _session_id(call))))


async def put_configs(call: ApiRequest) -> Answer[None]:
    """PUT /session/{session_id}/configs: replaces them; without `configs` nothing changes."""
    body, session_id = await call.body(NewConfigs, optional=True), _session_id(call)
    _check_size(body.configs or {}, CONFIGS_BYTES_MAX, "The configs")
    if body.configs is None:
        await call.engine.sessions.get(call.project_id, session_id)
    else:
        await call.engine.sessions.set_configs(call.project_id, session_id, body.configs)
    return done()


async def patch_configs(call: ApiRequest) -> Answer[_Merged]:
    """PATCH /session/{session_id}/configs: merges keys, null deletes one; the complete configs."""
    body = await call.body(ConfigChanges)
    _check_size(body.configs, CONFIGS_BYTES_MAX, "The configs")
    merged = await call.engine.sessions.patch_configs(call.project_id, _session_id(call), body.configs)
    return answer(_Merged(merged))


async def copy(call: ApiRequest) -> Answer[_Copied] | Response:
    """POST /session/{session_id}/copy: a copy with messages, tasks and events; `msg` is a word that clients know."""
    try:
        session_id = _session_id(call)
        copy_id = await call.engine.sessions.copy(call.project_id, session_id)
    except TooLarge as error:
        return failure(413, str(error), msg="SESSION_TOO_LARGE")
    except NotFound as error:
        return failure(404, str(error), msg="SESSION_NOT_FOUND")
    except Invalid as error:
        return failure(400, str(error), msg="INVALID_SESSION_ID")
    return answer(_Copied(session_id, copy_id))


async def observing_status(call: ApiRequest) -> Answer[_Observed]:
    """GET /session/{session_id}/messages/observing_status: how many messages are read, being read, and waiting."""
    counts = await call.engine.sessions.observing(call.project_id, _session_id(call))
    return answer(
        _Observed(
            observed=counts.get("success", 0),
            in_process=counts.get("running", 0),
            pending=counts.get("pending", 0),
            updated_at=to_rfc3339(time.time_ns() // 1000),
        )
    )


async def add_event(call: ApiRequest) -> Answer[Event]:
    """POST /session/{session_id}/events: 200 with the event."""
    body = await call.body(NewEvent)
    if not body.type.strip() or len(body.type) > EVENT_TYPE_CHARS_MAX:
        raise Invalid(f"An event needs a type of 1 to {EVENT_TYPE_CHARS_MAX} characters.")
    if not body.data:
        raise Invalid("An event needs data: a JSON object with at least one key.")
    _check_size(body.data, EVENT_BYTES_MAX, "The data of an event")
    return answer(
        Event.of(await call.engine.sessions.add_event(call.project_id, _session_id(call), body.type, body.data))
    )


async def list_events(call: ApiRequest) -> Answer[Page[Event]]:
    """GET /session/{session_id}/events."""
    rows, cursor = await call.engine.sessions.events(call.project_id, _session_id(call), call.page(EVENTS_DEFAULT))
    return answer(page_of([Event.of(row) for row in rows], cursor))


def _check_size(value: JsonObject, bytes_max: int, what: str) -> None:
    if len(msgspec.json.encode(value)) > bytes_max:
        raise Invalid(f"{what} may have at most {bytes_max} bytes of JSON.")


def _session_id(call: ApiRequest) -> str:
    return call.id("session_id", "The session id")
