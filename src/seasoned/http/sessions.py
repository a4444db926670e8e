"""Sessions and their tasks (wire contract, B.4 and B.6)."""

import msgspec
from starlette.responses import Response

from seasoned.engine.sessions import NewSessionRequest
from seasoned.http.wire import Call, answer, page_of, raw_json, timestamps
from seasoned.ids import parse_id
from seasoned.store.rows import load_as
from seasoned.store.sessions import SessionRow
from seasoned.store.tasks import TaskRow


def session_json(row: SessionRow) -> dict[str, object]:
    """A session as the wire shows it."""
    return {
        "id": row.id,
        "project_id": row.project_id,
        "user_id": row.user_id,
        "disable_task_tracking": row.disable_task_tracking,
        "configs": raw_json(row.configs),
        **timestamps(row.created_at, row.updated_at),
    }


def task_json(row: TaskRow) -> dict[str, object]:
    """A task as the wire shows it."""
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
    await call.engine.sessions.delete(call.project_id, call.id("session_id", "The session id"))
    return answer(msg="ok")


async def flush(call: Call) -> Response:
    """POST /session/{session_id}/flush: 200 also when the reading failed; `status` and `errmsg` say so."""
    done, reason = await call.engine.sessions.flush(call.project_id, call.id("session_id", "The session id"))
    return answer({"status": 200 if done else 500, "errmsg": reason})


async def tasks(call: Call) -> Response:
    """GET /session/{session_id}/task."""
    rows, cursor = await call.engine.sessions.tasks(
        call.project_id, call.id("session_id", "The session id"), call.page()
    )
    return answer(page_of([task_json(row) for row in rows], cursor))
