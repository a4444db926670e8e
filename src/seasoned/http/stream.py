"""Long-lived requests: waiting for a status, and the stream of what a space learns.

The stream is made of server-sent events (WHATWG HTML, section 9.2). Each event's id is the lesson's number in its
space, so a client that reconnects with `Last-Event-ID` misses nothing, on any server.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Annotated, get_args

import msgspec
from starlette.responses import Response, StreamingResponse

from seasoned.clock import to_rfc3339
from seasoned.errors import Busy, Invalid
from seasoned.http import stopping
from seasoned.http.bodies import ENDLESS
from seasoned.http.fields import about, count, moment, one_of, uuid
from seasoned.http.request import ApiRequest
from seasoned.ids import parse_id
from seasoned.lesson import Evidence, LessonKind, LessonStatus, evidence_of
from seasoned.store.lessons import SettledLesson

WAIT_SECONDS_MAX = 60
OPEN_MAX = 512
BEAT_SECONDS = 15.0
# Lessons that settle in quick succession are sent together.
GATHER_SECONDS = 0.05
STREAM_SECONDS_MAX = 3_600.0
NUMBER_DIGITS_MAX = 18


class _Place(msgspec.Struct, frozen=True):
    """A place."""

    skill_id: Annotated[str, uuid("The skill.")]
    path: Annotated[str, about("The file.")]


class LearnedLesson(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson that is settled."""

    number: Annotated[int, count("Its place in the order of the space's learning, from 1.", 1)]
    lesson_id: Annotated[str, uuid("The lesson's id.")]
    kind: Annotated[str, one_of(get_args(LessonKind), "What kind of lesson it is.")]
    status: Annotated[str, one_of(get_args(LessonStatus), "How it ended.")]
    evidence: Annotated[str, one_of(get_args(Evidence), "`suspected` when nothing but a told failure speaks for it.")]
    title: Annotated[str, about("What it is about.")]
    reason: Annotated[str, about("Why it was not written; empty when it was.")]
    session_id: Annotated[str, uuid("The session that taught it.")]
    task_id: Annotated[str | None, uuid("The task that taught it; null for what the user said outside tasks.")]
    files: Annotated[list[_Place], about("Where it stands in skills.")]
    settled_at: Annotated[str, moment("When it was settled.")]


class _Open:
    """How many long-lived requests are open now."""

    count = 0


_open = _Open()


@contextmanager
def waiting() -> Iterator[None]:
    """Count a long-lived request. Raises Busy if there are too many."""
    if _open.count >= OPEN_MAX:
        raise Busy(f"{OPEN_MAX} requests are already waiting; retry, or send the request without `wait`.")
    _open.count += 1
    try:
        yield
    finally:
        _open.count -= 1


async def learned(call: ApiRequest) -> Annotated[Response, LearnedLesson]:
    """GET /learning_spaces/{space_id}/stream: an event for each lesson, from the number after `after` on."""
    space_id = parse_id(call.request.path_params["space_id"], "The learning space id")
    number = _first_number(call)
    # Errors must be raised before the stream begins.
    await call.engine.spaces.get(call.project_id, space_id)
    with waiting():
        pass
    call.request.scope[ENDLESS] = True
    return StreamingResponse(
        _events(call, space_id, number),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _first_number(call: ApiRequest) -> int:
    last = call.header(b"last-event-id")
    if not last:
        return call.number("after", 0, 0, 10**NUMBER_DIGITS_MAX)
    if not (last.isascii() and last.isdigit() and len(last) <= NUMBER_DIGITS_MAX):
        raise Invalid("The header Last-Event-ID must be an event id of this stream.")
    return int(last)


async def _events(call: ApiRequest, space_id: str, number: int) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    until = loop.time() + STREAM_SECONDS_MAX
    with waiting():
        yield b": the lessons of this learning space\n\n"
        beat = loop.time()
        while loop.time() < until and not stopping.has_begun():
            found = await call.engine.spaces.lessons_after(call.project_id, space_id, number, 1.0)
            for lesson in found:
                number = lesson.row.space_number
                yield _event(lesson)
            if found:
                beat = loop.time()
                await asyncio.sleep(GATHER_SECONDS)
            elif loop.time() - beat >= BEAT_SECONDS:
                beat = loop.time()
                yield b": nothing new\n\n"


def _event(lesson: SettledLesson) -> bytes:
    row = lesson.row
    data = LearnedLesson(
        number=row.space_number,
        lesson_id=row.id,
        kind=row.kind,
        status=row.status,
        evidence=evidence_of(row.basis),
        title=row.title,
        reason=row.reason,
        session_id=row.session_id,
        task_id=row.task_id,
        files=[_Place(place.skill_id, place.path) for place in lesson.places],
        settled_at=to_rfc3339(row.settled_at),
    )
    return b"id: %d\nevent: lesson\ndata: %b\n\n" % (row.space_number, msgspec.json.encode(data))
