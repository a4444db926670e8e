"""Matches tool results to calls: one without an id, or with one that no call has, belongs to the oldest open call.

Gemini's way (wire contract, C.4). Each Gemini message that calls or answers keeps, in its meta, the calls of the
session that are open after it; so the newest such message alone says what is open, and nothing is counted again.
"""

from collections import deque
from collections.abc import Mapping, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import Invalid, TooLarge
from seasoned.ids import is_new_call_id
from seasoned.message import Json, JsonObject, Message, Part
from seasoned.store.rows import dump, load_object
from seasoned.store.schema import messages

OPEN_KEY = "__gemini_call_info__"
ANSWERS_KEY = "__gemini_answers__"
# A model that is never answered must not have each of its messages carry all its calls.
OPEN_MAX = 256
# Of one message: the writer goes through them one by one, and others wait for it.
TIES_MAX = 4_096
# How far back a message is looked for that says what is open; the writer does this, and others wait for it.
LOOK_BACK_MESSAGES = 500
# Each message that follows carries the names and ids of the open calls.
NAME_CHARS_MAX = 256


class OpenCall(msgspec.Struct, frozen=True):
    """A call of a tool that waits for its answer."""

    id: str
    name: str


class _Note(msgspec.Struct, frozen=True):
    waiting: list[OpenCall] = msgspec.field(name=OPEN_KEY)


class Tie(msgspec.Struct, frozen=True):
    """A part that opens a call, or answers one: `part` is its place in the message, `id` may be empty in an answer."""

    part: int
    opens: bool
    id: str
    name: str
    goes_on: bool = False


def ties(message: Message) -> tuple[Tie, ...]:
    """What of a Gemini message opens and answers calls, in order; nothing for other messages. Raises TooLarge."""
    if message.meta.get("source_format") != "gemini":
        return ()
    made = tuple(
        Tie(index, part.type == "tool-call", part.call_id, part.tool_name, _goes_on(part))
        for index, part in enumerate(message.parts)
        if part.type in ("tool-call", "tool-result")
    )
    if len(made) > TIES_MAX:
        raise TooLarge(
            f"A message holds at most {TIES_MAX} tool calls and results; this one has {len(made)}. Split it."
        )
    return made


def _goes_on(part: Part) -> bool:
    """Whether more of the same answer is to come."""
    extra = part.meta.get("extra")
    response = extra.get("functionResponse") if isinstance(extra, dict) else None
    return isinstance(response, dict) and response.get("willContinue") is True


# `noted` writes its key first, and nothing else can put it there: the beginning of the text tells.
_NEWEST_NOTE = (
    sa.select(messages.c.meta)
    .where(
        messages.c.session_id == sa.bindparam("session"),
        messages.c.number <= sa.bindparam("last"),
        messages.c.number > sa.bindparam("last") - LOOK_BACK_MESSAGES,
        messages.c.meta.startswith(f'{{"{OPEN_KEY}":', autoescape=True),
    )
    .order_by(messages.c.number.desc())
    .limit(1)
)


def open_calls(connection: Connection, session_id: str, last_number: int) -> list[OpenCall]:
    """The calls of a session that are open after its message `last_number`, oldest first."""
    found = connection.execute(_NEWEST_NOTE, {"session": session_id, "last": last_number}).first()
    return [] if found is None else msgspec.json.decode(found[0], type=_Note).waiting


def settle(opened: Sequence[OpenCall], made: Sequence[Tie]) -> tuple[list[OpenCall], dict[str, str]]:
    """The open calls after a message, and by part the ids of the calls that its answers belong to and do not name.

    Raises Invalid when an answer answers no open call, or names none and is not for the oldest.
    """
    waiting, filled = deque(opened, OPEN_MAX), dict[str, str]()
    for tie in made:
        if max(len(tie.id), len(tie.name)) > NAME_CHARS_MAX:
            raise Invalid(f"The name and the id of a functionCall hold at most {NAME_CHARS_MAX} characters.")
        if tie.opens:
            waiting.append(OpenCall(tie.id, tie.name))  # the oldest of too many goes
            continue
        call = _answered(waiting, tie)
        if tie.id != call.id:
            filled[str(tie.part)] = call.id
        if not tie.goes_on:
            waiting.remove(call)
    return list(waiting), filled


def _answered(waiting: deque[OpenCall], tie: Tie) -> OpenCall:
    if not waiting:
        raise Invalid(
            f"This session has no open functionCall for the response of {tie.name[:60]!r}; store its call first."
        )
    if tie.id:
        # The call that it names, else the oldest of its name that came without an id: some clients name only answers.
        same = [call for call in waiting if call.name == tie.name]
        for call in [*(one for one in same if one.id == tie.id), *(one for one in same if is_new_call_id(one.id))]:
            return call
    oldest = waiting[0]
    if oldest.name != tie.name or (tie.id and tie.id != oldest.id):
        raise Invalid(
            f"The functionResponse of {tie.name[:60]!r} does not answer the oldest open functionCall, which is "
            f"{oldest.name[:60]!r} with the id {oldest.id[:60]!r}; store the responses in the order of the calls."
        )
    return oldest


def noted(meta: str | None, waiting: Sequence[OpenCall], filled: Mapping[str, str]) -> str:
    """A message's meta with what `settle` found."""
    return dump({OPEN_KEY: waiting, **load_object(meta), **({ANSWERS_KEY: filled} if filled else {})})


def completed(parts: tuple[Part, ...], meta: JsonObject) -> tuple[tuple[Part, ...], JsonObject]:
    """A stored message's parts with the ids that its answers got, and its meta without the store's own keys."""
    filled = meta.get(ANSWERS_KEY)
    shown = {key: value for key, value in meta.items() if key not in (OPEN_KEY, ANSWERS_KEY)}
    if not isinstance(filled, dict):
        return parts, shown
    return tuple(_with_id(part, filled.get(str(index))) for index, part in enumerate(parts)), shown


def _with_id(part: Part, call_id: Json) -> Part:
    return part if call_id is None else msgspec.structs.replace(part, meta={**part.meta, "tool_call_id": call_id})
