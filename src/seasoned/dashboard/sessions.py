"""Sessions: the conversation, what was found in it, and what became of that."""

from contextlib import aclosing
from functools import partial
from typing import Final, get_args

from starlette.responses import PlainTextResponse, Response

from seasoned.dashboard import conversation
from seasoned.dashboard.call import Call, here, whole
from seasoned.dashboard.conversation import PICTURES, Quoted, ShownMessage
from seasoned.engine.keys import Shown
from seasoned.engine.overview import SessionView
from seasoned.errors import NotFound
from seasoned.ids import is_id
from seasoned.message import Asset
from seasoned.store.forgetting import Kind
from seasoned.task import FINISHED, TaskStatus

MESSAGES: Final = 40
BEFORE: Final = 12
LINK_SECONDS: Final = 3_600.0
LINK_STEP_SECONDS: Final = 600
KINDS: Final = get_args(Kind)


async def listed(call: Call) -> Response:
    """GET /sessions."""
    space = call.text("space")
    rows, cursor = await call.engine.sessions.page(call.project_id, call.list_query(), space=space)
    ids = [row.id for row in rows]
    return call.show(
        "sessions.html",
        rows=rows,
        cursor=cursor,
        titles=await call.engine.overview.titles(ids),
        counts=await call.engine.overview.counts(ids),
        spaces=await call.engine.spaces.of_sessions(ids),
        space=await call.engine.spaces.get(call.project_id, space) if is_id(space) else None,
    )


async def show(call: Call) -> Response:
    """GET /sessions/{id}: some of the conversation, with all of its tasks."""
    view = await call.engine.overview.session(call.project_id, call.id())
    first, last = _window(call, view.row.last_number)
    messages = await _messages(call, view, first, last)
    quotes = {one.id: [quote for quote in one.value().quotes if quote.verified] for one in view.lessons}
    return call.show(
        "session.html",
        view=view,
        messages=messages,
        first=first,
        last=last,
        step=MESSAGES,
        names=conversation.NAMES,
        quotes=quotes,
        by_task={task.id: [one for one in view.lessons if one.task_id == task.id] for task in view.tasks},
        outside=[one for one in view.lessons if one.task_id is None],
        starts={task.first_number: task for task in reversed(view.tasks)},
        tasks={task.id: task for task in view.tasks},
        lessons={one.id: one for one in view.lessons},
        pictures=await _pictures(call, view.row.id, messages),
        title=(await call.engine.overview.titles([view.row.id])).get(view.row.id, ""),
        finished=FINISHED,
    )


def _window(call: Call, last_number: int) -> tuple[int, int]:
    """The messages that are shown: from a number on, or around one that somebody wants to see."""
    at, first = call.number("at"), call.number("from", 1)
    if at:
        first = at - BEFORE
    first = max(1, min(first, max(1, last_number)))
    return first, min(last_number, first + MESSAGES - 1)


async def _messages(call: Call, view: SessionView, first: int, last: int) -> list[ShownMessage]:
    quotes: dict[int, list[Quoted]] = {}
    for lesson in view.lessons:
        for quote in lesson.value().quotes:
            if quote.verified and first <= quote.number <= last:
                quotes.setdefault(quote.number, []).append(Quoted(lesson.id, quote.text))
    found: list[ShownMessage] = []
    async with aclosing(call.engine.pages.batches(view.row.id, first, last)) as batches:
        async for batch in batches:
            found += await call.engine.pages.alone(partial(conversation.shown, batch, quotes))
    return found


async def _pictures(call: Call, session_id: str, messages: list[ShownMessage]) -> dict[str, str]:
    """The addresses of pictures, by SHA-256."""
    wanted = {
        one.asset.sha256: one.asset
        for message in messages
        for one in message.pieces
        if one.asset and one.asset.mime in PICTURES
    }
    return {sha256: await _address(call, session_id, asset) for sha256, asset in wanted.items()}


async def _address(call: Call, session_id: str, asset: Asset) -> str:
    found = Shown(
        project_id=call.project_id, sha256=asset.sha256, mime=asset.mime, filename="picture", session_id=session_id
    )
    token, _ = await call.engine.links.make(found, LINK_SECONDS, step_seconds=LINK_STEP_SECONDS)
    return f"/api/v1/material/{token}"


async def part(call: Call) -> Response:
    """GET /sessions/{id}/messages/{number}/parts/{part}: a long text as it is."""
    session_id = call.id()
    number, place = (whole(call.request.path_params[name], 0, 10**9) for name in ("number", "part"))
    row = await call.engine.sessions.get(call.project_id, session_id)
    if not 1 <= number <= row.last_number:
        raise NotFound("The session has no such message.")
    async with aclosing(call.engine.pages.batches(session_id, number, number)) as batches:
        async for batch in batches:
            message = conversation.present(batch.rows[0], batch.encoded[0])
            text, is_all = conversation.whole(message, place)
            if call.is_fragment:
                return call.show("_part.html", text=text, is_all=is_all)
            return PlainTextResponse(text)
    raise NotFound("The session has no such message.")


async def retry(call: Call) -> Response:
    """POST /sessions/{id}/retry."""
    session_id = call.id()
    await call.engine.sessions.retry(call.project_id, session_id)
    return call.go(f"/sessions/{session_id}", done="retried")


async def set_outcome(call: Call) -> Response:
    """POST /sessions/{id}/tasks/{task}/outcome."""
    session_id, task_id, form = call.id(), call.id("task"), await call.form()
    outcome: TaskStatus = "success" if form.text("outcome") == "success" else "failed"
    await call.engine.sessions.set_outcome(call.project_id, session_id, task_id, outcome)
    return call.go(f"/sessions/{session_id}", done="outcome")


async def forgetting(call: Call) -> Response:
    """GET /forget: what would go."""
    kind, wanted = _target(call.text("kind"), call.text("id"))
    told = await call.engine.forgetting.preview(call.project_id, kind, wanted)
    return call.show("forget.html", kind=kind, wanted=wanted, told=told, back=_back(kind, wanted))


async def forget(call: Call) -> Response:
    """POST /forget."""
    form = await call.form()
    kind, wanted = _target(form.text("kind"), form.text("id"))
    told = await call.engine.forgetting.forget(call.project_id, kind, wanted, purge=form.text("purge") == "yes")
    return call.show("forgotten.html", kind=kind, told=told, is_purged=form.text("purge") == "yes")


def _target(kind: str, wanted: str) -> tuple[Kind, str]:
    known: Kind | None = next((one for one in KINDS if one == kind), None)
    if known is None or not wanted:
        raise NotFound("Say what is to be forgotten: a session, a task, a lesson or a user.")
    return known, wanted


def _back(kind: Kind, wanted: str) -> str:
    return f"/sessions/{wanted}" if kind == "session" else here("/sessions")
