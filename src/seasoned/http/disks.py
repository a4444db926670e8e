"""Disks and their files, which the API calls artifacts (wire contract, B.9)."""

import contextlib

import msgspec
from starlette.datastructures import UploadFile
from starlette.responses import Response

from seasoned.engine import disks
from seasoned.engine.disks import DiskPath
from seasoned.engine.keys import Shown
from seasoned.errors import Invalid, NotFound
from seasoned.http.answers import weighed
from seasoned.http.content import CONTENT_WEIGHT_TIMES, content_of
from seasoned.http.downloads import download as file_response
from seasoned.http.downloads import public_url
from seasoned.http.forms import form_of
from seasoned.http.request import Call, answer, decode_object, page_of, timestamps
from seasoned.message import JsonObject
from seasoned.store.disks import ArtifactRow, DiskRow
from seasoned.store.rows import PAGE_MAX, load_object

EXPIRE_SECONDS = 3_600
EXPIRE_SECONDS_MAX = 1_000_000_000
FOUND_DEFAULT = 100
META_BYTES_MAX = 64 * 1024
SYSTEM_KEY = "__artifact_info__"


class NewDisk(msgspec.Struct, frozen=True):
    """What a disk is created with."""

    user: str | None = None


class ArtifactMeta(msgspec.Struct, frozen=True):
    """The user's meta of a file; `meta` is a JSON object as a string."""

    file_path: str
    meta: str


def disk_json(row: DiskRow) -> dict[str, object]:
    """A disk in the API's form."""
    return {
        "id": row.id,
        "project_id": row.project_id,
        "user_id": row.user_id,
        **timestamps(row.created_at, row.updated_at),
    }


def artifact_json(row: ArtifactRow) -> dict[str, object]:
    """A file as the wire shows it: what the system knows of it stands in its meta, beside the user's keys."""
    info = {"path": row.path, "filename": row.filename, "mime": row.mime, "size": row.size}
    return {
        "disk_id": row.disk_id,
        "path": row.path,
        "filename": row.filename,
        "meta": {**load_object(row.meta), SYSTEM_KEY: info},
        **timestamps(row.created_at, row.updated_at),
    }


async def page(call: Call) -> Response:
    """GET /disk: the disks of skills are among them."""
    rows, cursor = await call.engine.disks.page(call.project_id, call.page(), user=call.text("user"))
    return answer(page_of([disk_json(row) for row in rows], cursor))


async def create(call: Call) -> Response:
    """POST /disk."""
    body = await call.body(NewDisk, optional=True)
    return answer(disk_json(await call.engine.disks.create(call.project_id, body.user)), status=201)


async def delete(call: Call) -> Response:
    """DELETE /disk/{disk_id}: with its files; a skill's disk with the skill."""
    await call.engine.disks.delete(call.project_id, _disk_id(call))
    return answer(msg="ok")


async def upsert(call: Call) -> Response:
    """POST /disk/{disk_id}/artifact: the file's name is that of the upload, its folder is `file_path`."""
    disk_id = _disk_id(call)
    async with form_of(call) as form:
        file, folder, meta_text = form.get("file"), form.get("file_path"), form.get("meta")
        if not isinstance(file, UploadFile):
            raise Invalid("The file is missing; send it as the multipart field `file`.")
        where = disks.place_in(folder if isinstance(folder, str) else "", file.filename or "")
        data = await file.read()
    meta = _meta(meta_text) if isinstance(meta_text, str) and meta_text.strip() else None
    row = await call.engine.disks.put(call.project_id, disk_id, where, data, meta)
    return answer(artifact_json(row), status=201)


async def get(call: Call) -> Response:
    """GET /disk/{disk_id}/artifact: with a URL that expires, and the content of what is text."""
    expire = call.number("expire", EXPIRE_SECONDS, 0, EXPIRE_SECONDS_MAX)
    with_url, with_content = call.flag("with_public_url", default=True), call.flag("with_content", default=True)
    row = await call.engine.disks.get(call.project_id, _disk_id(call), _place(call.text("file_path")))
    data: dict[str, object] = {"artifact": artifact_json(row)}
    if with_url:
        data["public_url"], _ = await public_url(call, _shown(call, row), expire)

    async def made() -> Response:
        # The rest of a lost file is still returned; its URL explains the error.
        with contextlib.suppress(NotFound):
            content = content_of(row.filename, row.mime, await call.engine.disks.data(row), strict=True)
            return answer(data | ({"content": content} if content else {}))
        return answer(data)

    return await weighed(call.engine, CONTENT_WEIGHT_TIMES * row.size, made) if with_content else answer(data)


async def update(call: Call) -> Response:
    """PUT /disk/{disk_id}/artifact: replaces the user's keys of the file's meta."""
    body = await call.body(ArtifactMeta)
    meta = _meta(body.meta)
    row = await call.engine.disks.set_meta(call.project_id, _disk_id(call), _place(body.file_path), meta)
    return answer({"artifact": artifact_json(row)})


async def remove(call: Call) -> Response:
    """DELETE /disk/{disk_id}/artifact."""
    await call.engine.disks.remove(call.project_id, _disk_id(call), _place(call.text("file_path")))
    return answer(msg="ok")


async def download(call: Call) -> Response:
    """GET /disk/{disk_id}/artifact/download: the raw bytes."""
    row = await call.engine.disks.get(call.project_id, _disk_id(call), _place(call.text("file_path")))

    async def made() -> Response:
        return file_response(await call.engine.disks.data(row), row.mime, row.filename)

    return await weighed(call.engine, row.size, made)


async def ls(call: Call) -> Response:
    """GET /disk/{disk_id}/artifact/ls: what is directly in a folder."""
    path = call.text("path") or "/"
    if not (path.startswith("/") and path.endswith("/")):
        raise Invalid("The query parameter 'path' must begin and end with a slash, for example /notes/.")
    rows, directories = await call.engine.disks.ls(call.project_id, _disk_id(call), disks.folder(path))
    return answer({"artifacts": [artifact_json(row) for row in rows], "directories": directories})


async def grep(call: Call) -> Response:
    """GET /disk/{disk_id}/artifact/grep: the text files in which a regular expression is found."""
    rows = await call.engine.disks.grep(call.project_id, _disk_id(call), _query(call), _found_max(call))
    return answer([artifact_json(row) for row in rows])


async def glob(call: Call) -> Response:
    """GET /disk/{disk_id}/artifact/glob: the files whose path fits a pattern."""
    rows = await call.engine.disks.glob(call.project_id, _disk_id(call), _query(call), _found_max(call))
    return answer([artifact_json(row) for row in rows])


def _query(call: Call) -> str:
    query = call.text("query")
    if not query:
        raise Invalid("The query parameter 'query' is missing; set it to what to search for.")
    return query


def _found_max(call: Call) -> int:
    return call.number("limit", FOUND_DEFAULT, 0, PAGE_MAX) or FOUND_DEFAULT


def _place(file_path: str) -> DiskPath:
    if not file_path:
        raise Invalid("'file_path' is missing; give folder and file name, for example /notes/a.md.")
    return disks.place(file_path)


def _meta(text: str) -> JsonObject:
    """The user's meta of a file. Raises Invalid."""
    meta = decode_object(text, "`meta` must be a JSON object as a string, for example '{\"key\": 1}'.")
    if SYSTEM_KEY in meta:
        raise Invalid(f"The key {SYSTEM_KEY} is reserved; remove it from `meta`.")
    if len(text.encode()) > META_BYTES_MAX:
        raise Invalid(f"A file's meta holds at most {META_BYTES_MAX} bytes of JSON.")
    return meta


def _shown(call: Call, row: ArtifactRow) -> Shown:
    return Shown(
        project_id=call.project_id,
        sha256=row.sha256,
        mime=row.mime,
        filename=row.filename,
        disk_id=row.disk_id,
        path=row.path + row.filename,
    )


def _disk_id(call: Call) -> str:
    return call.id("disk_id", "The disk id")
