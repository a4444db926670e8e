"""Messages of a session (wire contract, B.5)."""

from collections.abc import Sequence
from typing import get_args

import msgspec
from starlette.responses import Response

from seasoned import formats
from seasoned.errors import Invalid
from seasoned.formats import Format
from seasoned.http.wire import Call, answer, decode, raw_json, timestamps
from seasoned.message import Json, JsonObject, Message
from seasoned.store.messages import MessageRow
from seasoned.store.rows import PAGE_MAX, PageQuery

META_BYTES_MAX = 64 * 1024
# A rough count until a tokenizer is built in: English text has about four characters to a token.
CHARS_PER_TOKEN = 4


class _NewMessage(msgspec.Struct, frozen=True):
    blob: Json
    format: str = "openai"
    meta: JsonObject | None = None


class _Meta(msgspec.Struct, frozen=True):
    meta: JsonObject


def message_json(row: MessageRow, message: Message, meta: object) -> dict[str, object]:
    """A message as the wire shows it in the acontext format; `meta` differs by endpoint."""
    return {
        "id": row.id,
        "session_id": row.session_id,
        "parent_id": row.parent_id,
        "role": row.role,
        "meta": meta,
        "parts": [formats.render_part(part) for part in message.parts],
        "task_id": row.task_id,
        "session_task_process_status": row.status,
        **timestamps(row.created_at, row.updated_at),
    }


async def store(call: Call) -> Response:
    """POST /session/{session_id}/messages: 201 with the stored message; its `meta` is the user's."""
    session_id = call.id("session_id", "The session id")
    if call.request.headers.get("content-type", "").startswith("multipart/"):
        raise Invalid("Messages with uploaded files are not supported by this release; send the message as JSON.")
    body = await call.body(_NewMessage)
    if body.blob is None:
        raise Invalid("The body has no blob; send the provider's message as `blob`.")
    _check_meta(body.meta)
    message = formats.parse(body.blob, _format(body.format))
    row = await call.engine.sessions.store_message(call.project_id, session_id, message, body.meta)
    return answer(message_json(row, message, raw_json(row.user_meta) or {}), status=201)


async def page(call: Call) -> Response:
    """GET /session/{session_id}/messages: items oldest first, with ids and metas in the same order."""
    session_id = call.id("session_id", "The session id")
    wanted = _format(call.text("format") or "openai")
    if call.text("edit_strategies") not in ("", "[]"):
        raise Invalid("Edit strategies are not supported by this release; leave edit_strategies out.")
    query = PageQuery(
        limit=call.number("limit", 0, 0, PAGE_MAX), cursor=call.text("cursor"), newest_first=call.flag("time_desc")
    )
    found, cursor = await call.engine.sessions.messages(call.project_id, session_id, query)
    data: dict[str, object] = {
        "items": _items(found, wanted),
        "ids": [row.id for row, _ in found],
        "metas": [raw_json(row.user_meta) or {} for row, _ in found],
        "has_more": cursor is not None,
        "this_time_tokens": sum(_tokens(message) for _, message in found),
    }
    if cursor is not None:
        data["next_cursor"] = cursor
    if found:
        data["edit_at_message_id"] = found[-1][0].id
    return answer(data)


async def patch_meta(call: Call) -> Response:
    """PATCH /session/{session_id}/messages/{message_id}/meta: the complete user meta after the merge."""
    body = await call.body(_Meta)
    _check_meta(body.meta)
    session_id, message_id = call.id("session_id", "The session id"), call.id("message_id", "The message id")
    merged = await call.engine.sessions.patch_message_meta(call.project_id, session_id, message_id, body.meta)
    return answer({"meta": merged})


def _items(found: Sequence[tuple[MessageRow, Message]], wanted: Format) -> Sequence[object]:
    if wanted == "acontext":
        return [message_json(row, message, _stored_meta(row)) for row, message in found]
    return formats.render([message for _, message in found], wanted)


def _stored_meta(row: MessageRow) -> JsonObject:
    """The message's own meta with the user's beside it, as upstream stores them."""
    meta: JsonObject = decode(row.meta.encode(), dict[str, Json]) if row.meta else {}
    return {**meta, "__user_meta__": decode(row.user_meta.encode(), dict[str, Json])} if row.user_meta else meta


def _tokens(message: Message) -> int:
    return sum(len(text) for text in message.texts()) // CHARS_PER_TOKEN


def _format(name: str) -> Format:
    known: tuple[Format, ...] = get_args(Format)
    found = next((one for one in known if one == name), None)
    if found is None:
        raise Invalid(f"The format {name[:40]!r} is not known; use one of {', '.join(known)}.")
    return found


def _check_meta(meta: JsonObject | None) -> None:
    if meta is not None and len(msgspec.json.encode(meta)) > META_BYTES_MAX:
        raise Invalid(f"A message's meta holds at most {META_BYTES_MAX} bytes of JSON.")
