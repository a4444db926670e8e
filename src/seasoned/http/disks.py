"""Disks and their files, which the API calls artifacts (wire contract, B.9)."""

import contextlib
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType
from starlette.datastructures import UploadFile
from starlette.responses import Response

from seasoned.engine import disks
from seasoned.engine.disks import DiskPath
from seasoned.engine.keys import Shown
from seasoned.errors import Invalid, NotFound
from seasoned.http.answers import weighed
from seasoned.http.content import CONTENT_WEIGHT_TIMES, Content, content_of
from seasoned.http.downloads import download as file_response
from seasoned.http.downloads import public_url
from seasoned.http.fields import CreatedAt, Open, ProjectId, UpdatedAt, UserId, about, count, shown_as, uuid
from seasoned.http.forms import form_of
from seasoned.http.request import Answer, ApiRequest, Page, answer, decode_object, done, page_of, timestamps
from seasoned.message import Json, JsonObject
from seasoned.store.disks import ArtifactRow, DiskRow
from seasoned.store.rows import PAGE_MAX, load_object

EXPIRE_SECONDS = 3_600
EXPIRE_SECONDS_MAX = 1_000_000_000
FOUND_DEFAULT = 100
META_BYTES_MAX = 64 * 1024
SYSTEM_KEY = "__artifact_info__"


_FilePath = Annotated[str, about("Folder and file name, such as `/notes/a.md`.", format="file-path")]
_MetaText = Annotated[
    str,
    about(
        f"A JSON object as a string, at most {META_BYTES_MAX} bytes, without the key `{SYSTEM_KEY}`.",
        format="json-object",
    ),
]


class NewDisk(msgspec.Struct, frozen=True):
    """What is known of it."""

    user: Annotated[str | None, about("Whose disk it is; the user is created with the first mention.")] = None


class NewMeta(msgspec.Struct, frozen=True):
    """The file and its new meta."""

    file_path: _FilePath
    meta: _MetaText


class ArtifactForm(msgspec.Struct, frozen=True, kw_only=True):
    """The file."""

    file: Annotated[str, about("The file, with its name.", format="binary")]
    file_path: Annotated[str, about("The folder: what stands before the last slash.", format="folder-path")] = "/"
    meta: _MetaText | UnsetType = UNSET


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """Files of an agent."""

    id: Annotated[str, uuid("The disk's id.")]
    project_id: ProjectId
    user_id: UserId
    created_at: CreatedAt
    updated_at: UpdatedAt

    @classmethod
    def of(cls, row: DiskRow) -> "Disk":
        """A disk as the wire shows it."""
        times = timestamps(row.created_at, row.updated_at)
        return cls(id=row.id, project_id=row.project_id, user_id=row.user_id, **times)


class ArtifactInfo(msgspec.Struct, frozen=True):
    """What the system knows of a file."""

    path: Annotated[str, about("Its folder.")]
    filename: Annotated[str, about("Its name.")]
    mime: Annotated[str, about("Its media type, read from its bytes.")]
    size: Annotated[int, count("Its size in bytes.")]


class ArtifactMeta(Open):
    """The caller's keys, and what the system knows of the file."""

    info: Annotated[ArtifactInfo, about("What the system knows.")] = msgspec.field(name=SYSTEM_KEY)


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A file on a disk."""

    disk_id: Annotated[str, uuid("The disk.")]
    path: Annotated[str, about("Its folder; begins and ends with a slash.", pattern="^/(.*/)?$")]
    filename: Annotated[str, about("Its name.")]
    meta: Annotated[dict[str, Json | ArtifactInfo], shown_as(ArtifactMeta)]
    created_at: CreatedAt
    updated_at: UpdatedAt

    @classmethod
    def of(cls, row: ArtifactRow) -> "Artifact":
        """A file as the wire shows it: what the system knows of it stands in its meta, beside the caller's keys."""
        info = ArtifactInfo(row.path, row.filename, row.mime, row.size)
        return cls(
            disk_id=row.disk_id,
            path=row.path,
            filename=row.filename,
            meta={**load_object(row.meta), SYSTEM_KEY: info},
            **timestamps(row.created_at, row.updated_at),
        )


class _Found(msgspec.Struct, frozen=True):
    """The file."""

    artifact: Artifact
    public_url: Annotated[str | UnsetType, about("Opens the file without a key until it expires.", format="uri")] = (
        UNSET
    )
    content: Content | UnsetType = UNSET


class _Changed(msgspec.Struct, frozen=True):
    """The result."""

    artifact: Artifact


class _Folder(msgspec.Struct, frozen=True):
    """The folder."""

    artifacts: Annotated[list[Artifact], about("Its files.")]
    directories: Annotated[list[str], about("The names of its folders.")]


async def page(call: ApiRequest) -> Answer[Page[Disk]]:
    """GET /disk: the disks of skills are among them."""
    rows, cursor = await call.engine.disks.page(call.project_id, call.page(), user=call.text("user"))
    return answer(page_of([Disk.of(row) for row in rows], cursor))


async def create(call: ApiRequest) -> Answer[Disk]:
    """POST /disk."""
    body = await call.body(NewDisk, optional=True)
    return answer(Disk.of(await call.engine.disks.create(call.project_id, body.user)), status=201)


async def delete(call: ApiRequest) -> Answer[None]:
    """DELETE /disk/{disk_id}: with its files; a skill's disk with the skill."""
    await call.engine.disks.delete(call.project_id, _disk_id(call))
    return done()


async def upsert(call: ApiRequest) -> Answer[Artifact]:
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
    return answer(Artifact.of(row), status=201)


async def get(call: ApiRequest) -> Annotated[Response, _Found]:
    """GET /disk/{disk_id}/artifact: with a URL that expires, and the content of what is text."""
    expire = call.number("expire", EXPIRE_SECONDS, 0, EXPIRE_SECONDS_MAX)
    with_url, with_content = call.flag("with_public_url", default=True), call.flag("with_content", default=True)
    row = await call.engine.disks.get(call.project_id, _disk_id(call), _place(call.text("file_path")), call.session)
    url = (await public_url(call, _shown(call, row), expire))[0] if with_url else UNSET
    found = _Found(Artifact.of(row), url)

    async def made() -> Response:
        # The rest of a lost file is still returned; its URL explains the error.
        with contextlib.suppress(NotFound):
            content = content_of(row.filename, row.mime, await call.engine.disks.data(row), strict=True)
            return answer(msgspec.structs.replace(found, content=content or UNSET))
        return answer(found)

    return await weighed(call.engine, CONTENT_WEIGHT_TIMES * row.size, made) if with_content else answer(found)


async def update(call: ApiRequest) -> Answer[_Changed]:
    """PUT /disk/{disk_id}/artifact: replaces the user's keys of the file's meta."""
    body = await call.body(NewMeta)
    meta = _meta(body.meta)
    row = await call.engine.disks.set_meta(call.project_id, _disk_id(call), _place(body.file_path), meta)
    return answer(_Changed(Artifact.of(row)))


async def remove(call: ApiRequest) -> Answer[None]:
    """DELETE /disk/{disk_id}/artifact."""
    await call.engine.disks.remove(call.project_id, _disk_id(call), _place(call.text("file_path")))
    return done()


async def download(call: ApiRequest) -> Response:
    """GET /disk/{disk_id}/artifact/download: the raw bytes."""
    row = await call.engine.disks.get(call.project_id, _disk_id(call), _place(call.text("file_path")), call.session)

    async def made() -> Response:
        return file_response(await call.engine.disks.data(row), row.mime, row.filename)

    return await weighed(call.engine, row.size, made)


async def ls(call: ApiRequest) -> Answer[_Folder]:
    """GET /disk/{disk_id}/artifact/ls: what is directly in a folder."""
    path = call.text("path") or "/"
    if not (path.startswith("/") and path.endswith("/")):
        raise Invalid("The query parameter 'path' must begin and end with a slash, for example /notes/.")
    rows, directories = await call.engine.disks.ls(call.project_id, _disk_id(call), disks.folder(path))
    return answer(_Folder([Artifact.of(row) for row in rows], directories))


async def grep(call: ApiRequest) -> Answer[list[Artifact]]:
    """GET /disk/{disk_id}/artifact/grep: the text files in which a regular expression is found."""
    rows = await call.engine.disks.grep(call.project_id, _disk_id(call), _query(call), _found_max(call), call.session)
    return answer([Artifact.of(row) for row in rows])


async def glob(call: ApiRequest) -> Answer[list[Artifact]]:
    """GET /disk/{disk_id}/artifact/glob: the files whose path fits a pattern."""
    rows = await call.engine.disks.glob(call.project_id, _disk_id(call), _query(call), _found_max(call), call.session)
    return answer([Artifact.of(row) for row in rows])


def _query(call: ApiRequest) -> str:
    query = call.text("query")
    if not query:
        raise Invalid("The query parameter 'query' is missing; set it to what to search for.")
    return query


def _found_max(call: ApiRequest) -> int:
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


def _shown(call: ApiRequest, row: ArtifactRow) -> Shown:
    return Shown(
        project_id=call.project_id,
        sha256=row.sha256,
        mime=row.mime,
        filename=row.filename,
        disk_id=row.disk_id,
        path=row.path + row.filename,
    )


def _disk_id(call: ApiRequest) -> str:
    return call.id("disk_id", "The disk id")
