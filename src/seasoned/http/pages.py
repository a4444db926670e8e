"""Reading a session's messages (wire contract, B.5 and C.7): a page of any size is streamed while it is read."""

import asyncio
from array import array
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial

import msgspec
from starlette.responses import Response

from seasoned import formats, strategies
from seasoned.clock import to_rfc3339
from seasoned.engine.budget import GO_ON_SECONDS, NOTHING, Share
from seasoned.engine.keys import Shown
from seasoned.engine.pages import FILES_WEIGHT_TIMES, INLINED_BYTES_MAX, WEIGHT_TIMES, Edits, Page, ShownBatch
from seasoned.engine.sessions import EVENTS_MAX
from seasoned.errors import Invalid, TooLarge
from seasoned.formats import FORMATS, Format
from seasoned.http.answers import LARGE_BYTES, Chunk, Streamed
from seasoned.http.downloads import public_url
from seasoned.http.request import Call, answer, timestamps
from seasoned.http.sessions import event_json
from seasoned.message import Json, JsonObject, Message
from seasoned.store.messages import MessageRow
from seasoned.store.rows import OBJECT_BYTES_MAX, PAGE_MAX, PageQuery, load_object

URL_SECONDS = 24 * 3600
URL_STEP_SECONDS = 3600
EVENTS_AT_ONCE = 20
_ENCODER = msgspec.json.Encoder()
_FORMATS: dict[str, Format] = {name: name for name in FORMATS}


def message_json(row: MessageRow, message: Message, meta: object) -> dict[str, object]:
    """A message in the acontext format; `meta` differs by endpoint."""
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


async def page(call: Call) -> Response:
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

    def __init__(self, call: Call, found: Page, wanted: Format, *, with_urls: bool, with_events: bool) -> None:
        self._call = call
        self._page = found
        self._wanted = wanted
        self._with_urls = with_urls
        self._with_events = with_events
        self._urls: dict[str, dict[str, str]] = {}
        self._tools: dict[str, str] | None = None
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

    def inlined(self, messages: Sequence[Message]) -> int:
        """The most bytes of files that messages add to the response."""
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
                [message_json(row, message, self._stored_meta(row, message))] for row, message in pairs
            ]
        else:
            files = self._call.engine.pages.files({sha256: urls["url"] for sha256, urls in self._urls.items()})
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

    async def _add_urls(self, messages: Sequence[Message]) -> None:
        """A URL for each uploaded file of some messages, by its SHA-256."""
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
                self._urls[asset.sha256] = {"url": url, "expire_at": to_rfc3339(expires_at)}

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
                yield before + msgspec.json.encode([event_json(row) for row in rows])[1:-1], share
            before, first, after, left = b",", rows[-1].created_at, rows[-1].id, left - len(rows)

    def _facts(self) -> dict[str, object]:
        """The page's other fields."""
        data: dict[str, object] = {"has_more": self._page.cursor is not None, "this_time_tokens": self._page.tokens}
        if self._page.cursor is not None:
            data["next_cursor"] = self._page.cursor
        if self._page.edited_at is not None:
            data["edit_at_message_id"] = self._page.edited_at
        if self._wanted == "acontext" and self._urls:
            data["public_urls"] = self._urls
        return data

    def _stored_meta(self, row: MessageRow, message: Message) -> JsonObject:
        """The message's own meta merged with the user's, as upstream stores them."""
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


async def token_counts(call: Call) -> Response:
    """GET /session/{session_id}/token_counts: the tokens of all texts and calls of the session."""
    total = await call.engine.pages.tokens(call.project_id, call.id("session_id", "The session id"))
    return answer({"total_tokens": total})
