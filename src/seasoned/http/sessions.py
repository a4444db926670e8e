"""Sessions and their tasks (wire contract, B.4 and B.6)."""

import time

import msgspec
from starlette.responses import Response

from seasoned.clock import to_rfc3339
from seasoned.engine.sessions import NewSessionRequest
from seasoned.errors import Invalid, NotFound, TooLarge
from seasoned.http import stopping
from seasoned.http.request import Call, answer, failure, page_of, raw_json, timestamps
from seasoned.ids import parse_id
from seasoned.message import JsonObject
from seasoned.store.events import EventRow
from seasoned.store.rows import load_as
from seasoned.store.sessions import SessionRow
from seasoned.store.tasks import TaskRow

CONFIGS_BYTES_MAX = 64 * 1024
EVENT_BYTES_MAX = 64 * 1024
EVENT_TYPE_CHARS_MAX = 200
EVENTS_DEFAULT = 50


class _Configs(msgspec.Struct, frozen=True):
    configs: JsonObject


class _NewConfigs(msgspec.Struct, frozen=True):
    configs: JsonObject | None = None


class _Event(msgspec.Struct, frozen=True):
    type: str
    data: JsonObject


def session_json(row: SessionRow) -> dict[str, object]:
    """A session in the API's form."""
    return {
        "id": row.id,
        "project_id": row.project_id,
        "user_id": row.user_id,
        "disable_task_tracking": row.disable_task_tracking,
        "configs": raw_json(row.configs),
        **timestamps(row.created_at, row.updated_at),
    }


def task_json(row: TaskRow) -> dict[str, object]:
    """A task in the API's form."""
    return {
        "id": row.id,
        "session_id": row.session_id,
        "project_id": row.project_id,
        "order": row.position,
        "data": {"task_description": row.title, "progresses": load_as(row.progresses, list[str])},
        "status": row.status,
        "is_planning": False,
        "evidence": row.evidence,
        "error": row.distill_error or None,
        **timestamps(row.created_at, row.updated_at),
    }


async def create(call: Call) -> Response:
    """POST /session: 201 with a new session, 200 with the one that use_uuid names."""
    body = await call.body(NewSessionRequest, optional=True)
    if body.use_uuid:
        body = msgspec.structs.replace(body, use_uuid=parse_id(body.use_uuid, "use_uuid"))
    row, is_new = await call.engine.sessions.create(call.project_id, body)
    return answer(session_json(row), status=201 if is_new else 200)


async def page(call: Call) -> Response:
    """GET /session."""
    rows, cursor = await call.engine.sessions.page(
        call.project_id, call.page(), user=call.text("user"), configs=call.filter("filter_by_configs")
    )
    return answer(page_of([session_json(row) for row in rows], cursor))


async def delete(call: Call) -> Response:
    """DELETE /session/{session_id}."""
    await call.engine.sessions.delete(call.project_id, _session_id(call))
    return answer(msg="ok")


async def flush(call: Call) -> Response:
    """POST /session/{session_id}/flush: 200 also when the reading failed; `status` and `errmsg` say so."""
    async with stopping.limit():
        done, reason = await call.engine.sessions.flush(call.project_id, _session_id(call))
    return answer({"status": 200 if done else 500, "errmsg": reason})


async def tasks(call: Call) -> Response:
    """GET /session/{session_id}/task."""
    rows, cursor = await call.engine.sessions.tasks(call.project_id, _session_id(call), call.page())
    return answer(page_of([task_json(row) for row in rows], cursor))


async def get_configs(call: Call) -> Response:
    """GET /session/{session_id}/configs: the whole session."""
    return answer(session_json(await call.engine.sessions.get(call.project_id, _session_id(call))))


async def put_configs(call: Call) -> Response:
    """PUT /session/{session_id}/configs: replaces them; without `configs` nothing changes."""
    body, session_id = await call.body(_NewConfigs, optional=True), _session_id(call)
    _check_size(body.configs or {}, CONFIGS_BYTES_MAX, "The configs")
    if body.configs is None:
        await call.engine.sessions.get(call.project_id, session_id)
    else:
        await call.engine.sessions.set_configs(call.project_id, session_id, body.configs)
    return answer(msg="ok")


async def patch_configs(call: Call) -> Response:
    """PATCH /session/{session_id}/configs: merges keys, null deletes one; the complete configs."""
    body = await call.body(_Configs)
    _check_size(body.configs, CONFIGS_BYTES_MAX, "The configs")
    merged = await call.engine.sessions.patch_configs(call.project_id, _session_id(call), body.configs)
    return answer({"configs": merged})


async def copy(call: Call) -> Response:
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
    return answer({"old_session_id": session_id, "new_session_id": copy_id})


async def observing_status(call: Call) -> Response:
    """GET /session/{session_id}/messages/observing_status: how many messages are read, being read, and waiting."""
    counts = await call.engine.sessions.observing(call.project_id, _session_id(call))
    return answer(
        {
            "observed": counts.get("success", 0),
            "in_process": counts.get("running", 0),
            "pending": counts.get("pending", 0),
            "updated_at": to_rfc3339(time.time_ns() // 1000),
        }
    )


def event_json(row: EventRow) -> dict[str, object]:
    """An event in the API's form."""
    return {
        "id": row.id,
        "session_id": row.session_id,
        "project_id": row.project_id,
        "type": row.type,
        "data": raw_json(row.data),
        **timestamps(row.created_at, row.updated_at),
    }


async def add_event(call: Call) -> Response:
    """POST /session/{session_id}/events: 200 with the event."""
    body = await call.body(_Event)
    if not body.type.strip() or len(body.type) > EVENT_TYPE_CHARS_MAX:
        raise Invalid(f"An event needs a type of 1 to {EVENT_TYPE_CHARS_MAX} characters.")
    if not body.data:
        raise Invalid("An event needs data: a JSON object with at least one key.")
    _check_size(body.data, EVENT_BYTES_MAX, "The data of an event")
    return answer(
        event_json(await call.engine.sessions.add_event(call.project_id, _session_id(call), body.type, body.data))
    )


async def list_events(call: Call) -> Response:
    """GET /session/{session_id}/events."""
    rows, cursor = await call.engine.sessions.events(call.project_id, _session_id(call), call.page(EVENTS_DEFAULT))
    return answer(page_of([event_json(row) for row in rows], cursor))


def _check_size(value: JsonObject, bytes_max: int, what: str) -> None:
    if len(msgspec.json.encode(value)) > bytes_max:
        raise Invalid(f"{what} may have at most {bytes_max} bytes of JSON.")


def _session_id(call: Call) -> str:
    return call.id("session_id", "The session id")
