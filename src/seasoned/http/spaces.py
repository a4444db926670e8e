"""Learning spaces (wire contract, B.7)."""

from contextlib import nullcontext

import msgspec
from starlette.responses import Response

from seasoned.clock import to_rfc3339
from seasoned.engine.spaces import LearningState
from seasoned.http import stopping
from seasoned.http.request import Call, answer, page_of, raw_json, timestamps
from seasoned.http.skills import skill_json
from seasoned.http.stream import WAIT_SECONDS_MAX, waiting
from seasoned.ids import parse_id
from seasoned.message import JsonObject
from seasoned.store.spaces import SpaceRow


class _NewSpace(msgspec.Struct, frozen=True):
    user: str | None = None
    meta: JsonObject | None = None


class _Meta(msgspec.Struct, frozen=True):
    meta: JsonObject


class _Session(msgspec.Struct, frozen=True):
    session_id: str


class _Skill(msgspec.Struct, frozen=True):
    skill_id: str


def space_json(row: SpaceRow) -> dict[str, object]:
    """A learning space in the API's form."""
    return {
        "id": row.id,
        "user_id": row.user_id,
        "meta": raw_json(row.meta),
        **timestamps(row.created_at, row.updated_at),
    }


def state_json(state: LearningState) -> dict[str, object]:
    """A session that teaches a space in the API's form; `reason` says why its learning failed."""
    link = state.link
    return {
        "id": link.id,
        "learning_space_id": link.space_id,
        "session_id": link.session_id,
        "status": state.status,
        **({"reason": state.reason} if state.reason else {}),
        **timestamps(link.created_at, link.updated_at),
    }


async def create(call: Call) -> Response:
    """POST /learning_spaces: 201, with its default skills."""
    body = await call.body(_NewSpace)
    row = await call.engine.spaces.create(call.project_id, user=body.user, meta=body.meta)
    return answer(space_json(row), status=201)


async def page(call: Call) -> Response:
    """GET /learning_spaces."""
    rows, cursor = await call.engine.spaces.page(
        call.project_id, call.page(), user=call.text("user"), meta=call.filter("filter_by_meta")
    )
    return answer(page_of([space_json(row) for row in rows], cursor))


async def get(call: Call) -> Response:
    """GET /learning_spaces/{space_id}."""
    return answer(space_json(await call.engine.spaces.get(call.project_id, _space_id(call))))


async def update(call: Call) -> Response:
    """PATCH /learning_spaces/{space_id}: the given meta keys are merged, null is stored."""
    body = await call.body(_Meta)
    return answer(space_json(await call.engine.spaces.update_meta(call.project_id, _space_id(call), body.meta)))


async def delete(call: Call) -> Response:
    """DELETE /learning_spaces/{space_id}: sessions and skills stay."""
    await call.engine.spaces.delete(call.project_id, _space_id(call))
    return answer(msg="ok")


async def learn(call: Call) -> Response:
    """POST /learning_spaces/{space_id}/learn: 201; 409 when the session teaches a space already."""
    body = await call.body(_Session)
    session_id = parse_id(body.session_id, "session_id")
    return answer(state_json(await call.engine.spaces.learn(call.project_id, _space_id(call), session_id)), status=201)


async def list_sessions(call: Call) -> Response:
    """GET /learning_spaces/{space_id}/sessions: a plain list, oldest first."""
    return answer([state_json(state) for state in await call.engine.spaces.states(call.project_id, _space_id(call))])


async def get_session(call: Call) -> Response:
    """GET /learning_spaces/{space_id}/sessions/{session_id}: at once, or with `wait` once the learning has settled."""
    session_id, seconds = call.id("session_id", "The session id"), call.number("wait", 0, 0, WAIT_SECONDS_MAX)
    with waiting() if seconds else nullcontext():
        async with stopping.limit():
            state = await call.engine.spaces.settled(call.project_id, _space_id(call), session_id, seconds)
    return answer(state_json(state))


async def include_skill(call: Call) -> Response:
    """POST /learning_spaces/{space_id}/skills: 201; 409 when the space has it or one of its name."""
    body = await call.body(_Skill)
    skill_id = parse_id(body.skill_id, "skill_id")
    link = await call.engine.spaces.include_skill(call.project_id, _space_id(call), skill_id)
    data = {
        "id": link.id,
        "learning_space_id": link.space_id,
        "skill_id": link.skill_id,
        "created_at": to_rfc3339(link.created_at),
    }
    return answer(data, status=201)


async def list_skills(call: Call) -> Response:
    """GET /learning_spaces/{space_id}/skills: a plain list of full skills."""
    return answer([skill_json(state) for state in await call.engine.skills.of_space(call.project_id, _space_id(call))])


async def exclude_skill(call: Call) -> Response:
    """DELETE /learning_spaces/{space_id}/skills/{skill_id}: idempotent."""
    await call.engine.spaces.exclude_skill(call.project_id, _space_id(call), call.id("skill_id", "The skill id"))
    return answer(msg="ok")


def _space_id(call: Call) -> str:
    return call.id("space_id", "The learning space id")
