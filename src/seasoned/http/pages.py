"""Reading a session's messages (wire contract, B.5 and C.7): a page of any size is streamed while it is read."""

import asyncio
from array import array
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Annotated, get_args

import msgspec
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from seasoned import formats, strategies
from seasoned.clock import to_rfc3339
from seasoned.engine.budget import GO_ON_SECONDS, NOTHING, Share
from seasoned.engine.keys import Shown
from seasoned.engine.pages import FILES_WEIGHT_TIMES, INLINED_BYTES_MAX, WEIGHT_TIMES, Edits, MessagePage, ShownBatch
from seasoned.engine.sessions import EVENTS_MAX
from seasoned.errors import Invalid, TooLarge
from seasoned.formats import FORMATS, Format
from seasoned.http.answers import LARGE_BYTES, Chunk, Streamed
from seasoned.http.downloads import public_url
from seasoned.http.fields import CreatedAt, SessionId, UpdatedAt, about, count, moment, one_of, uuid
from seasoned.http.request import Answer, ApiRequest, answer, timestamps
from seasoned.http.sessions import Event
from seasoned.message import Json, JsonObject, Role
from seasoned.message import Message as Said
from seasoned.store.messages import MessageRow
from seasoned.store.rows import OBJECT_BYTES_MAX, PAGE_MAX, PageQuery, load_object

URL_SECONDS = 24 * 3600
URL_STEP_SECONDS = 3600
EVENTS_AT_ONCE = 20
_ENCODER = msgspec.json.Encoder()
_FORMATS: dict[str, Format] = {name: name for name in FORMATS}


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message in Seasoned's own form (format `acontext`)."""

    id: Annotated[str, uuid("The message's id.")]
    session_id: SessionId
    parent_id: Annotated[str | None, uuid("The message before it; null for the first.")]
    role: Annotated[str, one_of(get_args(Role), "Who says it.")]
    meta: Annotated[
        object,
        about(
            "When stored: the user's meta. When read: what the provider's message said beside its parts.", type="object"
        ),
    ]
    parts: Annotated[list[formats.MessagePart], about("Its pieces, in order.")]
    task_id: Annotated[str | None, uuid("The task it belongs to, once one is found; of several, the last.")]
    task_ids: Annotated[
        list[Annotated[str, uuid("A task's id.")]],
        about("All tasks that it belongs to, in their order: what ends one task and opens the next belongs to both."),
    ]
    session_task_process_status: Annotated[
        str,
        one_of(("pending", "running", "success", "failed", "disable_tracking"), "Whether it was read for tasks."),
    ]
    created_at: CreatedAt
    updated_at: UpdatedAt

    @classmethod
    def of(cls, row: MessageRow, message: Said, meta: object, task_ids: Sequence[str] = ()) -> "Message":
        """A message as the wire shows it in the acontext format; `meta` differs by endpoint."""
        times = timestamps(row.created_at, row.updated_at)
        return cls(
            id=row.id,
            session_id=row.session_id,
            parent_id=row.parent_id,
            role=row.role,
            meta=meta,
            parts=[formats.render_part(part) for part in message.parts],
            task_id=row.task_id,
            task_ids=list(task_ids),
            session_task_process_status=row.status,
            created_at=times["created_at"],
            updated_at=times["updated_at"],
        )


class PublicUrl(msgspec.Struct, frozen=True):
    """An address that opens a file without a key until it ends."""

    url: Annotated[str, about("The address.", format="uri")]
    expire_at: Annotated[str, moment("When it ends.")]


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What else is said of a page."""

    has_more: Annotated[bool, about("Whether more messages follow.")]
    this_time_tokens: Annotated[int, count("The tokens of the items, after edits.")]
    next_cursor: Annotated[
        str | UnsetType, about("Pass it as `cursor` to get the next page; only there when `has_more` is true.")
    ] = UNSET
    edit_at_message_id: Annotated[
        str | UnsetType, uuid("The last message that edits may reach; only there when the page has messages.")
    ] = UNSET
    public_urls: Annotated[
        dict[str, PublicUrl] | UnsetType,
        about("Addresses of files by SHA-256; only with format acontext, and when there are files."),
    ] = UNSET


class _Messages(_Facts, frozen=True, kw_only=True):
    """A page of messages; it is written piece by piece."""

    items: Annotated[
        list[Annotated[JsonObject, about("A message in the format that was asked for.")]],
        about("The messages, oldest first. A message may be several items of a format, or none."),
    ]
    ids: Annotated[list[Annotated[str, uuid("A message's id.")]], about("The message of each item.")]
    metas: Annotated[list[Annotated[JsonObject, about("A user's meta.")]], about("The user's meta for each item.")]
    events: Annotated[
        list[Event] | UnsetType, about("The events of the time that the page spans; only when asked for and any.")
    ] = UNSET


class _Tokens(msgspec.Struct, frozen=True):
    """The count."""

    total_tokens: Annotated[int, count("The tokens.")]


async def page(call: ApiRequest) -> Annotated[Response, _Messages]:
    """GET /session/{session_id}/messages: items oldest first, with ids and metas in the same order."""
    session_id = call.id("session_id", "The session id")
    wanted = format_of(call.text("format") or "openai")
    edits = Edits(
        strategies.read(call.json_text("edit_strategies")),
        call.text("pin_editing_strategies_at_message").strip().lower(),
    )
    with_urls, with_events = call.flag("with_asset_public_url", default=True), call.flag("with_events")
    query = PageQuery(
        limit=call.number("limit", 0, 0, PAGE_MAX), cursor=call.text("cursor"), newest_first=call.flag("time_desc")
    )
    found = await call.engine.pages.open(call.project_id, session_id, query, edits)
    view = _View(call, found, wanted, with_urls=with_urls, with_events=with_events)
    if found.short is None or view.inlined(found.short.messages) > LARGE_BYTES:
        return Streamed(view.chunks(), call.engine.home)
    body = b"".join([chunk.data async for chunk in view.chunks()])
    return Response(body, media_type="application/json")


class _View:
    """A page in a provider's form, as JSON in pieces."""

    def __init__(
        self, call: ApiRequest, found: MessagePage, wanted: Format, *, with_urls: bool, with_events: bool
    ) -> None:
        self._call = call
        self._page = found
        self._wanted = wanted
        self._with_urls = with_urls
        self._with_events = with_events
        self._urls: dict[str, PublicUrl] = {}
        self._tools: dict[str, str] | None = None
        self._tasks: dict[str, list[str]] = {}
        self._looked_back = False
        self._known_metas = [(row.number, row.user_meta) for row in found.short.rows] if found.short else None
        self._before = b'{"code":0,"msg":"","data":{"items":['
        self._ids = bytearray()
        # How many items each message of the page is, by its place.
        self._items = array("H", bytes(2 * max(0, found.last - found.first + 1)))

    async def chunks(self) -> AsyncGenerator[Chunk]:
        """The answer. Raises Busy, TooLarge, and NotFound when messages are gone."""
        self._check_inlined()
        async with aclosing(self._page.shown()) as batches:
            async for shown in batches:
                async for chunk in self._rendered(shown):
                    yield chunk
        yield Chunk(self._before.rstrip(b",") + b'],"ids":[%b],"metas":[' % bytes(self._ids[:-1]), NOTHING)
        comma = b""
        async for metas, share in self._metas():
            if metas:
                yield Chunk(comma + metas, share)
                comma = b","
        async for data, share in self._events():
            yield Chunk(data, share)
        yield Chunk(b"]," + msgspec.json.encode(self._facts())[1:] + b"}", NOTHING)

    def inlined(self, messages: Sequence[Said]) -> int:
        """How many bytes of files messages bring into the answer, at most."""
        if self._wanted == "acontext":
            return 0
        return sum(part.asset.size_b for one in messages for part in one.parts if part.asset is not None)

    def _check_inlined(self) -> None:
        # On a long page, the limit applies to each message.
        if self._page.short is not None and self.inlined(self._page.short.messages) > INLINED_BYTES_MAX:
            raise TooLarge(
                f"The messages' files exceed {INLINED_BYTES_MAX} bytes; request fewer messages with `limit`."
            )

    async def _rendered(self, shown: ShownBatch) -> AsyncGenerator[Chunk]:
        """The items of some messages; one by one if they embed files."""
        await self._add_urls(shown.messages)
        await self._add_tools(shown)
        if self._wanted == "acontext":
            self._tasks = await self._call.engine.pages.tasks_of([row.id for row in shown.rows if row.task_id])
        if self.inlined(shown.messages) <= LARGE_BYTES:
            if data := await self._alone(shown):
                yield Chunk(data, shown.share)
            return
        shown.share.release()
        while shown.messages:
            one = ShownBatch([shown.rows.pop(0)], [shown.messages.pop(0)], shown.share)
            size = FILES_WEIGHT_TIMES * self.inlined(one.messages) + WEIGHT_TIMES * len(one.rows[0].parts)
            with await self._call.engine.answers.take(size, GO_ON_SECONDS) as share:
                if data := await self._alone(one):
                    yield Chunk(data, share)

    async def _alone(self, shown: ShownBatch) -> bytearray:
        """The items of some messages as JSON, with what stands before them; empty when there are none."""
        if self._page.short is not None:
            # This is short enough not to block others.
            return await asyncio.to_thread(self._items_of, shown)
        return await self._call.engine.pages.alone(partial(self._items_of, shown))

    def _items_of(self, shown: ShownBatch) -> bytearray:
        if self._wanted == "acontext":
            pairs = zip(shown.rows, shown.messages, strict=True)
            items: Sequence[Sequence[object]] = [
                [Message.of(row, message, self._stored_meta(row, message), self._tasks.get(row.id, ()))]
                for row, message in pairs
            ]
        else:
            files = self._call.engine.pages.files({sha256: link.url for sha256, link in self._urls.items()})
            items = formats.render_each(shown.messages, self._wanted, files=files, tools=self._tools)
        for row, of_one in zip(shown.rows, items, strict=True):
            self._items[row.number - self._page.first] = len(of_one)
            self._ids += b'"%b",' % row.id.encode() * len(of_one)
        if self._page.short is None:
            # Only the encoded bytes stay in memory while they wait for the reader.
            shown.rows.clear()
            shown.messages.clear()
        flat = [item for of_one in items for item in of_one]
        if not flat:
            return bytearray()
        # The list without its brackets, where the first of them comes to stand on the last byte before it.
        data, place = bytearray(self._before), len(self._before) - 1
        _ENCODER.encode_into(flat, data, place)
        data[place] = self._before[place]
        data.pop()
        self._before = b","
        return data

    async def _metas(self) -> AsyncGenerator[tuple[bytes, Share]]:
        """The users' metas of the items, separated by commas."""
        if self._known_metas is not None:
            yield self._metas_of(self._known_metas), NOTHING
            return
        rows = self._call.engine.pages.beside(self._page.session_id, self._page.first, self._page.last)
        async with aclosing(rows) as batches:
            async for some, share in batches:
                yield self._metas_of([(one.number, one.user_meta) for one in some]), share

    def _metas_of(self, numbered: Sequence[tuple[int, str | None]]) -> bytes:
        items = self._items
        return b",".join(
            (meta or "{}").encode() for number, meta in numbered for _ in range(items[number - self._page.first])
        )

    async def _add_urls(self, messages: Sequence[Said]) -> None:
        """An address for each uploaded file of some messages, by its SHA-256."""
        if not self._with_urls:
            return
        for part in (part for message in messages for part in message.parts):
            asset = part.asset
            if asset is not None and asset.sha256 not in self._urls:
                shown = Shown(
                    project_id=self._call.project_id,
                    sha256=asset.sha256,
                    mime=asset.mime,
                    filename=part.filename or "",
                    session_id=self._page.session_id,
                )
                url, expires_at = await public_url(self._call, shown, URL_SECONDS, step_seconds=URL_STEP_SECONDS)
                self._urls[asset.sha256] = PublicUrl(url, to_rfc3339(expires_at))

    async def _add_tools(self, shown: ShownBatch) -> None:
        """The names of called tools, for a format that matches results by name."""
        if self._wanted != "gemini":
            return
        self._tools = {**(self._tools or {}), **formats.tool_names(shown.messages)}
        parts = (part for message in shown.messages for part in message.parts if part.type == "tool-result")
        if not self._looked_back and any(not part.tool_name and part.call_id not in self._tools for part in parts):
            # The page has results of calls on an earlier page.
            self._looked_back = True
            earlier = await self._call.engine.pages.tools_before(self._page.session_id, self._page.first)
            self._tools = {**earlier, **self._tools}

    async def _events(self) -> AsyncGenerator[tuple[bytes, Share]]:
        """The session's events of the time that the page spans, with their key; nothing when there are none."""
        if not self._with_events or self._page.span is None:
            return
        (first, last), after, left, before = self._page.span, "", EVENTS_MAX, b'],"events":['
        while left:
            with await self._call.engine.answers.take(EVENTS_AT_ONCE * OBJECT_BYTES_MAX, GO_ON_SECONDS) as share:
                sessions = self._call.engine.sessions
                most = min(left, EVENTS_AT_ONCE)
                rows = await sessions.events_between(self._page.session_id, first, last, most, after)
                if not rows:
                    return
                yield before + msgspec.json.encode([Event.of(row) for row in rows])[1:-1], share
            before, first, after, left = b",", rows[-1].created_at, rows[-1].id, left - len(rows)

    def _facts(self) -> _Facts:
        page = self._page
        return _Facts(
            has_more=page.cursor is not None,
            this_time_tokens=page.tokens,
            next_cursor=UNSET if page.cursor is None else page.cursor,
            edit_at_message_id=UNSET if page.edited_at is None else page.edited_at,
            public_urls=self._urls if self._wanted == "acontext" and self._urls else UNSET,
        )

    def _stored_meta(self, row: MessageRow, message: Said) -> JsonObject:
        """The message's own meta with the user's beside it, as upstream stores them."""
        meta = dict(message.meta)
        waiting: list[Json] = [
            {"id": part.call_id, "name": part.tool_name}
            for part in message.parts
            if part.type == "tool-call" and part.call_id in self._page.open_calls
        ]
        if waiting and message.meta.get("source_format") == "gemini":
            meta["__gemini_call_info__"] = waiting
        if row.user_meta:
            meta["__user_meta__"] = load_object(row.user_meta)
        return meta


def format_of(name: str) -> Format:
    """A format by its name. Raises Invalid."""
    found = _FORMATS.get(name)
    if found is None:
        raise Invalid(f"The format {name[:40]!r} is unknown; use one of {', '.join(_FORMATS)}.")
    return found


async def token_counts(call: ApiRequest) -> Answer[_Tokens]:
    """GET /session/{session_id}/token_counts: the tokens of all texts and calls of the session."""
    total = await call.engine.pages.tokens(call.project_id, call.id("session_id", "The session id"))
    return answer(_Tokens(total))
