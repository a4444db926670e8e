"""Agent skills (wire contract, B.8, E.2 and E.4)."""

import io

from starlette.datastructures import UploadFile
from starlette.responses import Response

from seasoned.engine.keys import Shown
from seasoned.engine.skills import SkillFile, SkillState
from seasoned.errors import Invalid
from seasoned.http.answers import Streamed, of_file, weighed
from seasoned.http.content import CONTENT_WEIGHT_TIMES, content_of
from seasoned.http.downloads import public_url, saved_as
from seasoned.http.forms import form_of
from seasoned.http.request import Call, answer, decode_object, page_of, raw_json, timestamps
from seasoned.message import JsonObject

EXPIRE_SECONDS = 900


def skill_json(state: SkillState) -> dict[str, object]:
    """A skill in the API's form."""
    row = state.row
    return {
        "id": row.id,
        "user_id": row.user_id,
        "name": row.name,
        "description": row.description,
        "disk_id": row.disk_id,
        "file_index": [{"path": path, "mime": mime} for path, mime in state.index],
        "meta": raw_json(row.meta),
        **timestamps(row.created_at, row.updated_at),
    }


async def upload(call: Call) -> Response:
    """POST /agent_skills: multipart with `file` (a ZIP), `user` and `meta`."""
    data, user, meta = await _form(call)
    state, warnings = await call.engine.skills.upload(
        call.project_id, data, user=user if isinstance(user, str) else None, meta=_meta(meta)
    )
    return answer({**skill_json(state), **({"warnings": warnings} if warnings else {})}, status=201)


async def _form(call: Call) -> tuple[bytes, object, object]:
    async with form_of(call) as form:
        file, user, meta = form.get("file"), form.get("user"), form.get("meta")
        if not isinstance(file, UploadFile):
            raise Invalid("The file is missing; send the ZIP as the multipart field `file`.")
        if not (file.filename or "").lower().endswith(".zip"):
            raise Invalid("The file's name does not end in .zip; upload a ZIP of the skill's folder.")
        return await file.read(), user, meta


async def page(call: Call) -> Response:
    """GET /agent_skills: skills without their disk_id, as upstream lists them."""
    states, cursor = await call.engine.skills.page(call.project_id, call.page(), user=call.text("user"))
    items = [{key: value for key, value in skill_json(state).items() if key != "disk_id"} for state in states]
    return answer(page_of(items, cursor))


async def get(call: Call) -> Response:
    """GET /agent_skills/{skill_id}."""
    return answer(skill_json(await call.engine.skills.get(call.project_id, _skill_id(call))))


async def delete(call: Call) -> Response:
    """DELETE /agent_skills/{skill_id}."""
    await call.engine.skills.delete(call.project_id, _skill_id(call))
    return answer(msg="ok")


async def file(call: Call) -> Response:
    """GET /agent_skills/{skill_id}/file: text as `content`, anything else as a `url` that expires."""
    path = call.text("file_path")
    if not path:
        raise Invalid("The query parameter 'file_path' is missing; use a path from the skill's file_index.")
    skill, row = await call.engine.skills.file_row(call.project_id, _skill_id(call), path)

    async def made() -> Response:
        found = await call.engine.skills.load(skill, row)
        content = content_of(found.path, found.mime, found.data)
        data: dict[str, object] = {"path": path, "mime": found.mime}
        return answer({**data, "content": content} if content else {**data, "url": await _url(call, found)})

    return await weighed(call.engine, CONTENT_WEIGHT_TIMES * row.size, made)


async def download_zip(call: Call) -> Response:
    """GET /agent_skills/{skill_id}/download_zip: the raw archive."""
    name, file = await call.engine.skills.zip(call.project_id, _skill_id(call))
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    headers = {**saved_as(f"{name}.zip"), "Content-Length": str(size)}
    return Streamed(of_file(file, call.engine), call.engine.home, media_type="application/zip", headers=headers)


async def _url(call: Call, found: SkillFile) -> str:
    expire = call.request.query_params.get("expire", "")
    seconds = int(expire) if expire.isascii() and expire.isdigit() and len(expire) < 10 else EXPIRE_SECONDS  # noqa: PLR2004
    shown = Shown(
        project_id=call.project_id,
        sha256=found.sha256,
        mime=found.mime,
        filename=found.path.rsplit("/", 1)[-1],
        disk_id=found.disk_id,
        path=f"/{found.path}",
    )
    return (await public_url(call, shown, seconds))[0]


def _meta(value: object) -> JsonObject | None:
    if not isinstance(value, str) or not value.strip():
        return None
    return decode_object(value, "The field `meta` must be a JSON object.")


def _skill_id(call: Call) -> str:
    return call.id("skill_id", "The skill id")
