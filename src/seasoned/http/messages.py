"""Messages of a session (wire contract, B.5, and section C)."""

import asyncio
from typing import Annotated

import msgspec
from starlette.datastructures import FormData, UploadFile

from seasoned import formats
from seasoned.engine.uploads import File, describe
from seasoned.errors import Invalid
from seasoned.http.fields import Open, about, one_of
from seasoned.http.forms import form_of
from seasoned.http.pages import Message, format_of
from seasoned.http.request import Answer, ApiRequest, answer, decode, raw_json
from seasoned.message import Json, JsonObject
from seasoned.message import Message as Said

META_BYTES_MAX = 64 * 1024
FILES_MAX = 100


_UserMeta = Annotated[
    JsonObject, about(f"What the user keeps beside the message; at most {META_BYTES_MAX} bytes of JSON.")
]


class NewMessageRequest(msgspec.Struct, frozen=True):
    """A message."""

    blob: Annotated[
        Json,
        about(
            "The provider's message as it is: a Chat Completions message (openai), a MessageParam (anthropic), a "
            "Content (gemini), or role, parts and meta (acontext).",
            type="object",
        ),
    ]
    format: Annotated[str | None, one_of(formats.FORMATS, "The form of `blob`; openai when it is left out.")] = None
    meta: _UserMeta | None = None


class MessageForm(Open):
    """`payload`, and files in fields of any name; a part of the message names the field as `file_field`."""

    payload: Annotated[
        str, about(f"The JSON of the message, as in a JSON body. With it come at most {FILES_MAX} files.")
    ]


class MetaChanges(msgspec.Struct, frozen=True):
    """The changes."""

    meta: _UserMeta


class _Merged(msgspec.Struct, frozen=True):
    """The result."""

    meta: Annotated[JsonObject, about("The user's whole meta.")]


async def store(call: ApiRequest) -> Answer[Message]:
    """POST /session/{session_id}/messages: 201 with the stored message; its `meta` is the user's."""
    session_id = call.id("session_id", "The session id")
    if call.header(b"content-type").lower().startswith("multipart/"):
        body, files = await _with_files(call)
        message = _parse(body, {name: file.upload for name, file in files.items()})
        named = {part.asset.sha256 for part in message.parts if part.asset is not None}
        kept = list({file.upload.asset.sha256: file for file in files.values()}.values())
        used = [file for file in kept if file.upload.asset.sha256 in named]
    else:
        body, used = await call.body(NewMessageRequest), []
        message = _parse(body, None)
    row, message = await call.engine.messages.store(call.project_id, session_id, message, body.meta, used)
    return answer(Message.of(row, message, raw_json(row.user_meta) or {}), status=201)


def _parse(body: NewMessageRequest, uploads: formats.Uploads | None) -> Said:
    if body.blob is None:
        raise Invalid("The field `blob` is missing; send the provider's message in it.")
    _check_meta(body.meta)
    return formats.parse(body.blob, format_of(body.format or "openai"), uploads)


async def _with_files(call: ApiRequest) -> tuple[NewMessageRequest, dict[str, File]]:
    """The message and the files of a multipart request, by the name of their form field."""
    async with form_of(call, files_max=FILES_MAX, field_bytes_max=call.engine.config.message_bytes_max) as form:
        payload = form.get("payload")
        if not isinstance(payload, str):
            raise Invalid("The payload is missing; send the message's JSON as the multipart field `payload`.")
        files = await _read_files(call, form)
    return decode(payload.encode(), NewMessageRequest), files


async def _read_files(call: ApiRequest, form: FormData) -> dict[str, File]:
    read: dict[str, File] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and name not in read:
            data = await value.read()
            read[name] = await asyncio.to_thread(describe, call.project_id, value.filename or "", data)
    return read


async def patch_meta(call: ApiRequest) -> Answer[_Merged]:
    """PATCH /session/{session_id}/messages/{message_id}/meta: the complete user meta after the merge."""
    body = await call.body(MetaChanges)
    _check_meta(body.meta)
    session_id, message_id = call.id("session_id", "The session id"), call.id("message_id", "The message id")
    merged = await call.engine.messages.patch_meta(call.project_id, session_id, message_id, body.meta)
    return answer(_Merged(merged))


def _check_meta(meta: JsonObject | None) -> None:
    if meta is not None and len(msgspec.json.encode(meta)) > META_BYTES_MAX:
        raise Invalid(f"A message's meta holds at most {META_BYTES_MAX} bytes of JSON.")
