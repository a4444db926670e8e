"""Messages of a session (wire contract, B.5, and section C)."""

import asyncio
from collections.abc import Sequence

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from seasoned import formats, strategies
from seasoned.clock import to_rfc3339
from seasoned.engine.keys import Shown
from seasoned.engine.messages import Edits, Page
from seasoned.engine.uploads import File, describe
from seasoned.errors import Invalid
from seasoned.formats import FORMATS, Files, Format
from seasoned.http.downloads import public_url
from seasoned.http.forms import form_of
from seasoned.http.sessions import event_json
from seasoned.http.wire import Call, answer, decode, raw_json, timestamps
from seasoned.message import Json, JsonObject, Message
from seasoned.store.messages import MessageRow
from seasoned.store.rows import PAGE_MAX, PageQuery, load_object

META_BYTES_MAX = 64 * 1024
FILES_MAX = 100
URL_SECONDS = 24 * 3600
URL_STEP_SECONDS = 3600
_FORMATS: dict[str, Format] = {name: name for name in FORMATS}


class _NewMessage(msgspec.Struct, frozen=True):
    blob: Json
    format: str | None = None
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
    if call.header(b"content-type").lower().startswith("multipart/"):
        body, files = await _with_files(call)
        message = _parse(body, {name: file.upload for name, file in files.items()})
        named = {part.asset.sha256 for part in message.parts if part.asset is not None}
        kept = list({file.upload.asset.sha256: file for file in files.values()}.values())
        used = [file for file in kept if file.upload.asset.sha256 in named]
    else:
        body, used = await call.body(_NewMessage), []
        message = _parse(body, None)
    row, message = await call.engine.messages.store(call.project_id, session_id, message, body.meta, used)
    return answer(message_json(row, message, raw_json(row.user_meta) or {}), status=201)


def _parse(body: _NewMessage, uploads: formats.Uploads | None) -> Message:
    if body.blob is None:
        raise Invalid("The body has no blob; send the provider's message as `blob`.")
    _check_meta(body.meta)
    return formats.parse(body.blob, _format(body.format or "openai"), uploads)


async def _with_files(call: Call) -> tuple[_NewMessage, dict[str, File]]:
    """The message and the files of a multipart request, by the name of their form field."""
    async with form_of(call, files_max=FILES_MAX, field_bytes_max=call.engine.config.message_bytes_max) as form:
        payload = form.get("payload")
        if not isinstance(payload, str):
            raise Invalid("There is no payload; send the message's JSON as the multipart field `payload`.")
        files = await _read_files(call, form)
    return decode(payload.encode(), _NewMessage), files


async def _read_files(call: Call, form: FormData) -> dict[str, File]:
    read: dict[str, File] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and name not in read:
            data = await value.read()
            read[name] = await asyncio.to_thread(describe, call.project_id, value.filename or "", data)
    return read


async def page(call: Call) -> Response:
    """GET /session/{session_id}/messages: items oldest first, with ids and metas in the same order."""
    session_id = call.id("session_id", "The session id")
    wanted = _format(call.text("format") or "openai")
    edits = Edits(
        strategies.read(call.json_text("edit_strategies")),
        call.text("pin_editing_strategies_at_message").strip().lower(),
    )
    with_urls, with_events = call.flag("with_asset_public_url", default=True), call.flag("with_events")
    query = PageQuery(
        limit=call.number("limit", 0, 0, PAGE_MAX), cursor=call.text("cursor"), newest_first=call.flag("time_desc")
    )
    found = await call.engine.messages.page(call.project_id, session_id, query, edits)
    urls = await _public_urls(call, found) if with_urls else {}
    files = call.engine.messages.files({sha256: shown["url"] for sha256, shown in urls.items()})
    earlier = await call.engine.messages.before(session_id, found.rows[0].number) if _looks_back(found, wanted) else []
    more: dict[str, object] = {}
    if wanted == "acontext" and urls:
        more["public_urls"] = urls
    if with_events and (events := await _events(call, session_id, found)):
        more["events"] = events
    # A page may be large: to convert it must not hold up the others' requests.
    return await asyncio.to_thread(lambda: answer({**_page_json(found, _items(found, wanted, files, earlier)), **more}))


def _page_json(found: Page, items: Sequence[tuple[MessageRow, object]]) -> dict[str, object]:
    data: dict[str, object] = {
        "items": [item for _, item in items],
        "ids": [row.id for row, _ in items],
        "metas": [raw_json(row.user_meta) or {} for row, _ in items],
        "has_more": found.cursor is not None,
        "this_time_tokens": found.tokens,
    }
    if found.cursor is not None:
        data["next_cursor"] = found.cursor
    if found.edited_at is not None:
        data["edit_at_message_id"] = found.edited_at
    return data


def _items(
    found: Page, wanted: Format, files: Files, earlier: Sequence[Message]
) -> Sequence[tuple[MessageRow, object]]:
    """The page's items, each with the row of its message: a message may be several items, or none."""
    if wanted == "acontext":
        pairs = zip(found.rows, found.messages, strict=True)
        return [(row, message_json(row, message, _stored_meta(found, row, message))) for row, message in pairs]
    shown = formats.render_each(found.messages, wanted, files=files, earlier=earlier)
    return [(row, item) for row, items in zip(found.rows, shown, strict=True) for item in items]


def _stored_meta(found: Page, row: MessageRow, message: Message) -> JsonObject:
    """The message's own meta with the user's beside it, as upstream stores them."""
    meta = dict(message.meta)
    waiting: list[Json] = [
        {"id": part.call_id, "name": part.tool_name}
        for part in message.parts
        if part.type == "tool-call" and part.call_id in found.open_calls
    ]
    if waiting and message.meta.get("source_format") == "gemini":
        meta["__gemini_call_info__"] = waiting
    if row.user_meta:
        meta["__user_meta__"] = load_object(row.user_meta)
    return meta


def _looks_back(found: Page, wanted: Format) -> bool:
    """Whether the page answers calls that it does not hold, in a format that needs their names."""
    if wanted != "gemini" or not found.rows:
        return False
    parts = [part for message in found.messages for part in message.parts]
    known = {part.call_id for part in parts if part.type == "tool-call"}
    return any(part.type == "tool-result" and not part.tool_name and part.call_id not in known for part in parts)


async def _public_urls(call: Call, found: Page) -> dict[str, dict[str, str]]:
    """An address for each uploaded file of the page, by its SHA-256."""
    urls: dict[str, dict[str, str]] = {}
    for message in found.messages:
        for part in message.parts:
            if part.asset is not None and part.asset.sha256 not in urls:
                asset = part.asset
                shown = Shown(
                    project_id=call.project_id,
                    sha256=asset.sha256,
                    mime=asset.mime,
                    filename=part.filename or "",
                    session_id=found.rows[0].session_id,
                )
                url, expires_at = await public_url(call, shown, URL_SECONDS, step_seconds=URL_STEP_SECONDS)
                urls[asset.sha256] = {"url": url, "expire_at": to_rfc3339(expires_at)}
    return urls


async def _events(call: Call, session_id: str, found: Page) -> list[dict[str, object]]:
    """The session's events of the time that the page spans."""
    if found.span is None:
        return []
    rows = await call.engine.sessions.events_between(session_id, *found.span)
    return [event_json(row) for row in rows]


async def patch_meta(call: Call) -> Response:
    """PATCH /session/{session_id}/messages/{message_id}/meta: the complete user meta after the merge."""
    body = await call.body(_Meta)
    _check_meta(body.meta)
    session_id, message_id = call.id("session_id", "The session id"), call.id("message_id", "The message id")
    merged = await call.engine.messages.patch_meta(call.project_id, session_id, message_id, body.meta)
    return answer({"meta": merged})


async def token_counts(call: Call) -> Response:
    """GET /session/{session_id}/token_counts: the tokens of all texts and calls of the session."""
    total = await call.engine.messages.tokens(call.project_id, call.id("session_id", "The session id"))
    return answer({"total_tokens": total})


def _format(name: str) -> Format:
    found = _FORMATS.get(name)
    if found is None:
        raise Invalid(f"The format {name[:40]!r} is not known; use one of {', '.join(_FORMATS)}.")
    return found


def _check_meta(meta: JsonObject | None) -> None:
    if meta is not None and len(msgspec.json.encode(meta)) > META_BYTES_MAX:
        raise Invalid(f"A message's meta holds at most {META_BYTES_MAX} bytes of JSON.")
