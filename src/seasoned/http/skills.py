"""Agent skills (wire contract, B.8, E.2 and E.4)."""

import io
from typing import Annotated, Self

import msgspec
from msgspec import UNSET, UnsetType
from starlette.datastructures import UploadFile
from starlette.responses import Response

from seasoned import archive
from seasoned.clock import to_rfc3339
from seasoned.engine import skills
from seasoned.engine.keys import Shown
from seasoned.engine.skills import SkillState
from seasoned.engine.use import SkillRead
from seasoned.errors import Invalid
from seasoned.http.answers import Streamed, of_file, weighed
from seasoned.http.content import CONTENT_WEIGHT_TIMES, Content, content_of
from seasoned.http.downloads import public_url, saved_as
from seasoned.http.fields import CreatedAt, Stored, UpdatedAt, UserId, about, count, moment, uuid
from seasoned.http.forms import form_of
from seasoned.http.history import NUMBER_MAX, tag
from seasoned.http.request import Answer, ApiRequest, Page, answer, decode_object, done, page_of, raw_json, timestamps
from seasoned.message import JsonObject

EXPIRE_SECONDS = 900


_Id = Annotated[str, uuid("The skill's id.")]
_Name = Annotated[str, about("The name, as in SKILL.md.")]
_Description = Annotated[str, about("What the skill is for, as in SKILL.md.")]
_DiskId = Annotated[str, uuid("The disk that holds the skill's files.")]
_Meta = Annotated[Stored | None, about("What was given as `meta` when it was uploaded.")]
_Path = Annotated[str, about("The path that was asked for.")]
_Mime = Annotated[str, about("The file's media type.")]


class SkillForm(msgspec.Struct, frozen=True, kw_only=True):
    """The skill."""

    file: Annotated[str, about("The ZIP; the file's name ends in `.zip`.", format="binary")]
    user: Annotated[str | UnsetType, about("Whose skill it is; the user is created with the first mention.")] = UNSET
    meta: Annotated[
        str | UnsetType,
        about("A JSON object as a string: what the caller keeps beside it.", format="json-object"),
    ] = UNSET


class SkillFile(msgspec.Struct, frozen=True):
    """A file of a skill."""

    path: Annotated[str, about("Its path in the skill's folder.")]
    mime: Annotated[str, about("Its media type.")]


_Files = Annotated[list[SkillFile], about("The skill's files.")]


_ArchivedAt = Annotated[
    str | UnsetType, moment("Since when it is in no prompt, export and catalogue; not there for others.")
]


class Skill(msgspec.Struct, frozen=True, kw_only=True):
    """An agent skill."""

    id: _Id
    user_id: UserId
    name: _Name
    description: _Description
    disk_id: _DiskId
    file_index: _Files
    meta: _Meta
    created_at: CreatedAt
    updated_at: UpdatedAt
    archived_at: _ArchivedAt = UNSET

    @classmethod
    def of(cls, state: SkillState) -> Self:
        """A skill as the wire shows it."""
        row = state.row
        return cls(
            id=row.id,
            user_id=row.user_id,
            name=row.name,
            description=row.description,
            disk_id=row.disk_id,
            file_index=[SkillFile(path, mime) for path, mime in state.index],
            meta=raw_json(row.meta),
            archived_at=UNSET if row.archived_at is None else to_rfc3339(row.archived_at),
            **timestamps(row.created_at, row.updated_at),
        )


class UploadedSkill(Skill, frozen=True, kw_only=True):
    """A skill that was just uploaded."""

    warnings: Annotated[
        list[str] | UnsetType, about("What the Agent Skills standard has against it, and what was left out.")
    ] = UNSET


class ImportForm(msgspec.Struct, frozen=True, kw_only=True):
    """The skill."""

    file: Annotated[str, about("The ZIP; the file's name ends in `.zip`.", format="binary")]
    prefer: Annotated[str | UnsetType, about("`mine` or `stored`: whose lines to take where both changed them.")] = (
        UNSET
    )
    reason: Annotated[str | UnsetType, about("Why, for the log.")] = UNSET


class ImportedSkill(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a skill that came in."""

    id: _Id
    name: _Name
    version: Annotated[int, count("The version that it is at.", 1)]
    is_new: Annotated[bool, about("Whether it is a new skill.")]
    is_changed: Annotated[bool, about("Whether there is a new version.")]
    warnings: Annotated[list[str], about("What the Agent Skills standard has against it, and what was left out.")]


class ListedSkill(msgspec.Struct, frozen=True, kw_only=True):
    """A skill in a list: without its `disk_id`."""

    id: _Id
    user_id: UserId
    name: _Name
    description: _Description
    file_index: _Files
    meta: _Meta
    created_at: CreatedAt
    updated_at: UpdatedAt
    archived_at: _ArchivedAt = UNSET

    @classmethod
    def of(cls, state: SkillState) -> "ListedSkill":
        """A skill as lists show it."""
        whole = Skill.of(state)
        return cls(**{name: getattr(whole, name) for name in cls.__struct_fields__})


class ArchiveRequest(msgspec.Struct, frozen=True):
    """Whether it is to be archived."""

    archived: Annotated[bool, about("True takes it out of prompts, exports and the catalogue; false brings it back.")]


class _Text(msgspec.Struct, frozen=True):
    """A text."""

    path: _Path
    mime: _Mime
    content: Content


class _OtherFile(msgspec.Struct, frozen=True):
    """Another file."""

    path: _Path
    mime: _Mime
    url: Annotated[str, about("Where its bytes are.", format="uri")]


async def upload(call: ApiRequest) -> Answer[UploadedSkill]:
    """POST /agent_skills: multipart with `file` (a ZIP), `user` and `meta`."""
    data, user, meta = await _form(call, "user", "meta")
    state, warnings = await call.engine.skills.upload(
        call.project_id, data, user=user if isinstance(user, str) else None, meta=_meta(meta)
    )
    return answer(msgspec.structs.replace(UploadedSkill.of(state), warnings=warnings or UNSET), status=201)


async def bring(call: ApiRequest) -> Answer[ImportedSkill]:
    """POST /agent_skills/import: multipart with `file` (a ZIP), `prefer` and `reason`."""
    data, prefer, reason = await _form(call, "prefer", "reason")
    if prefer not in (None, "", "mine", "stored"):
        raise Invalid("The field `prefer` must be mine or stored.")
    upload = await archive.to_thread(archive.read_skill_zip, data)
    found = await call.engine.imports.bring(
        call.project_id,
        upload,
        prefer="mine" if prefer == "mine" else "stored" if prefer == "stored" else "",
        reason=reason if isinstance(reason, str) else "",
    )
    return answer(
        ImportedSkill(
            id=found.skill_id,
            name=found.name,
            version=found.number,
            is_new=found.is_new,
            is_changed=found.is_changed,
            warnings=found.warnings,
        )
    )


async def _form(call: ApiRequest, *names: str) -> tuple[bytes, object, object]:
    async with form_of(call) as form:
        file, first, second = form.get("file"), *(form.get(name) for name in names)
        if not isinstance(file, UploadFile):
            raise Invalid("The file is missing; send the ZIP as the multipart field `file`.")
        if not (file.filename or "").lower().endswith(".zip"):
            raise Invalid("The file's name does not end in .zip; upload a ZIP of the skill's folder.")
        return await file.read(), first, second


async def page(call: ApiRequest) -> Answer[Page[ListedSkill]]:
    """GET /agent_skills: skills without their disk_id, as upstream lists them."""
    states, cursor = await call.engine.skills.page(
        call.project_id, call.page(), user=call.text("user"), archived=call.flag("archived")
    )
    return answer(page_of([ListedSkill.of(state) for state in states], cursor))


async def get(call: ApiRequest) -> Answer[Skill]:
    """GET /agent_skills/{skill_id}."""
    state = await call.engine.skills.get(call.project_id, _skill_id(call))
    _note_read(call, state.row.id, state.row.head, is_loaded=False)
    found = answer(Skill.of(state))
    found.headers["ETag"] = tag(state.row.head)
    return found


async def set_archived(call: ApiRequest) -> Answer[Skill]:
    """PUT /agent_skills/{skill_id}/archived."""
    body = await call.body(ArchiveRequest)
    found = await call.engine.skills.set_archived(call.project_id, _skill_id(call), archived=body.archived)
    return answer(Skill.of(found))


async def delete(call: ApiRequest) -> Answer[None]:
    """DELETE /agent_skills/{skill_id}."""
    await call.engine.skills.delete(call.project_id, _skill_id(call))
    return done()


async def file(call: ApiRequest) -> Annotated[Response, _Text, _OtherFile]:
    """GET /agent_skills/{skill_id}/file: text as `content`, anything else as a `url` that expires."""
    path = call.text("file_path")
    if not path:
        raise Invalid("The query parameter 'file_path' is missing; use a path from the skill's file_index.")
    number = call.number("version", 0, 0, NUMBER_MAX)
    if number:
        skill, row = await call.engine.history.file(call.project_id, _skill_id(call), number, path)
    else:
        skill, row = await call.engine.skills.file_row(call.project_id, _skill_id(call), path)
    _note_read(call, skill.id, number or skill.head)

    async def made() -> Response:
        found = await call.engine.skills.load(skill, row)
        content = content_of(found.path, found.mime, found.data)
        if content is not None:
            return answer(_Text(path, found.mime, content))
        return answer(_OtherFile(path, found.mime, await _url(call, found)))

    return await weighed(call.engine, CONTENT_WEIGHT_TIMES * row.size, made)


async def download_zip(call: ApiRequest) -> Response:
    """GET /agent_skills/{skill_id}/download_zip: the raw archive."""
    name, file = await call.engine.skills.zip(call.project_id, _skill_id(call))
    _note_read(call, _skill_id(call), 0)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    headers = {**saved_as(f"{name}.zip"), "Content-Length": str(size)}
    return Streamed(of_file(file, call.engine), call.engine.home, media_type="application/zip", headers=headers)


def _note_read(call: ApiRequest, skill_id: str, version: int, *, is_loaded: bool = True) -> None:
    read = SkillRead(skill_id=skill_id, version=version, session_id=call.session, is_loaded=is_loaded)
    call.engine.use.record_reads(call.project_id, read)


async def _url(call: ApiRequest, found: skills.SkillFile) -> str:
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


def _skill_id(call: ApiRequest) -> str:
    return call.id("skill_id", "The skill id")
