"""Messages of a session, in order: appending them in batches, and reading them."""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.clock import Clock
from seasoned.errors import Invalid, NotFound, SeasonedError
from seasoned.ids import new_id
from seasoned.message import Json, Message, NumberedMessage, Part, Role
from seasoned.store import lazily, pairing
from seasoned.store.blob_store import Blobs
from seasoned.store.gc import marks
from seasoned.store.rows import (
    columns,
    dump,
    dump_bounded,
    load_object,
    on_postgres,
    patched,
    to_rows,
)
from seasoned.store.schema import messages, sessions, task_messages
from seasoned.store.wakeups import Arrival, Wakeups

# The placeholder for a message's lost parts, and its marker.
MISSING_KEY = "__missing__"
MISSING_TEXT = "[The content of this message is missing from the server's storage.]"
# A statement's values; SQLite takes some 32,000 at most.
VALUES_ROWS_MAX = 512
# Of messages that are read for what a person said in them.
SHORT_CHARS_MAX = 8 * 1024
# From here on a message that is to be shown only is not read into its last value.
LAZY_FROM_BYTES = 16 * 1024


class MessageRow(msgspec.Struct, frozen=True):
    """A stored message; `parts` is empty when `parts_sha256` names the blob that holds them."""

    id: str
    session_id: str
    number: int
    role: Role
    parts: str
    parts_sha256: str | None
    meta: str | None
    user_meta: str | None
    parent_id: str | None
    task_id: str | None
    status: str
    at: int
    created_at: int
    updated_at: int


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message on its way in, already as JSON text. `at` is when it was said; None means when it is stored."""

    project_id: str
    session_id: str
    role: Role
    parts: str
    parts_sha256: str | None = None
    meta: str | None = None
    user_meta: str | None = None
    chars: int = 0
    turn_open: bool = False
    at: int | None = None
    ties: tuple[pairing.Tie, ...] = ()
    # The hashes of the files that its parts name.
    files: tuple[str, ...] = ()


class _End(msgspec.Struct):
    """The end of a session while messages are appended to it."""

    project_id: str
    number: int
    message_id: str | None
    tracked: bool
    chars: int
    extracted_to: int
    # `number` and `chars` as the row still has them.
    stored_number: int
    stored_chars: int
    # When the last message came; None when there is none.
    created_at: int | None
    turn_open: bool = False
    # Loaded only for who needs them.
    open_calls: list[pairing.OpenCall] | None = None


def pack(message: Message, blobs: Blobs, inline_bytes_max: int) -> tuple[str, str | None]:
    """A message's parts as JSON text, or the blob that they were put into when they are large."""
    encoded = msgspec.json.encode(message.parts)
    if len(encoded) <= inline_bytes_max:
        return encoded.decode(), None
    return "", blobs.put_now(encoded)


def unpack(row: MessageRow, blobs: Blobs) -> Message:
    """The message of a row."""
    return decoded(row, parts_of(row, blobs))


def decoded(row: MessageRow, encoded: bytes, *, lazy: bool = False) -> Message:
    """The message of a row and its parts as JSON. A lazy one is to be shown only: see `lazily`."""
    if lazy and len(encoded) + len(row.meta or "") > LAZY_FROM_BYTES:
        parts, meta = lazily.parts(encoded), lazily.value(row.meta or "{}")
    else:
        parts, meta = msgspec.json.decode(encoded, type=tuple[Part, ...]), load_object(row.meta)
    if pairing.OPEN_KEY in meta:
        parts, meta = pairing.completed(parts, meta)
    return Message(role=row.role, parts=parts, meta=meta)


def parts_of(row: MessageRow, blobs: Blobs) -> bytes:
    """A row's parts as JSON, from the blob that holds them if they are large.

    If the blob is missing or damaged, a placeholder part says so, as the rest of the conversation is still useful.
    """
    if not row.parts_sha256:
        return row.parts.encode()
    try:
        return blobs.get_now(row.parts_sha256)
    except NotFound:
        return msgspec.json.encode((Part(type="text", text=MISSING_TEXT, meta={MISSING_KEY: True}),))


def is_missing(message: Message) -> bool:
    """Whether a message's parts are missing from the store or damaged there, so that it says nothing."""
    return any(part.meta.get(MISSING_KEY) is True for part in message.parts)


def settled(row: MessageRow, message: Message) -> Message:
    """A message with what its row got to know when it was stored: the calls that its answers belong to."""
    parts, _ = pairing.completed(message.parts, load_object(row.meta))
    return msgspec.structs.replace(message, parts=parts)


def numbered(row: MessageRow, blobs: Blobs) -> NumberedMessage:
    """The message of a row with its place in the session."""
    return NumberedMessage(number=row.number, at=row.at, message=unpack(row, blobs))


Field = sa.ColumnElement[Any]
Appender = Callable[[Connection, Sequence[NewMessage]], list[MessageRow | SeasonedError]]


def appender(clock: Clock, wakeups: Wakeups) -> Appender:
    """The group writer of messages: many sessions' messages in three statements.

    Messages keep their order in each session; one whose session does not exist is answered NotFound, alone.
    """

    def append(connection: Connection, batch: Sequence[NewMessage]) -> list[MessageRow | SeasonedError]:
        now, statements = clock.now(), _statements(connection)
        ends = _ends(connection, {new.session_id for new in batch})
        for session_id in {new.session_id for new in batch if new.ties} & ends.keys():
            end = ends[session_id]
            end.open_calls = pairing.open_calls(connection, session_id, end.number)
        results = [_place(ends.get(new.session_id), new, now) for new in batch]
        rows = [row for row in results if isinstance(row, MessageRow)]
        if rows:
            _keep_blobs(connection, batch)
            statements.insert(connection, [msgspec.structs.astuple(row) for row in rows])
            marks.name_files(connection, _named(batch, results))
            moved = {row.session_id: ends[row.session_id] for row in rows}
            ends_now = [_end_tuple(key, end, now) for key, end in sorted(moved.items())]
            connection.execute(statements.move_ends, {"rows": dump(ends_now)})
            wakeups.arrived(connection, (_arrived(key, end) for key, end in moved.items() if end.tracked))
        return results

    return append


def _keep_blobs(connection: Connection, batch: Sequence[NewMessage]) -> None:
    named = {sha256 for new in batch for sha256 in (new.parts_sha256, *new.files) if sha256}
    if named:
        marks.keep(connection, named)


def _named(
    batch: Sequence[NewMessage], results: Sequence[MessageRow | SeasonedError]
) -> list[tuple[str, tuple[str, ...]]]:
    pairs = zip(batch, results, strict=True)
    return [(row.id, new.files) for new, row in pairs if new.files and isinstance(row, MessageRow)]


def _unnest(names: Sequence[str], table: sa.Table, postgres: bool) -> tuple[sa.TableValuedAlias, list[Field]]:
    """The rows of a JSON parameter `rows`, a list of lists, as a table with a table's columns of these names.

    One statement with one parameter for a whole batch: every statement lets go of the interpreter lock and waits to get
    it back, which for a statement a row costs more than the writing.
    """
    text = sa.bindparam("rows", type_=sa.Text)
    if not postgres:
        given = sa.func.json_each(text).table_valued("value", name="new_rows")
        return given, [sa.func.json_extract(given.c.value, f"$[{index}]") for index in range(len(names))]
    from sqlalchemy.dialects.postgresql import JSONB  # noqa: PLC0415 - a tenth of a second, and only there

    given = sa.func.jsonb_array_elements(sa.cast(text, JSONB)).table_valued(sa.column("value", JSONB), name="new_rows")
    fields = (given.c.value[index].astext for index in range(len(names)))
    return given, [_as_column(field, table.c[name]) for field, name in zip(fields, names, strict=True)]


def _as_column(field: sa.ColumnElement[str], column: sa.Column[Any]) -> Field:
    return field if isinstance(column.type, sa.String) else sa.cast(field, column.type)


class _Statements:
    """The three statements of a batch, for one kind of database."""

    def __init__(self, *, postgres: bool) -> None:
        self.insert = _insert_as_json() if postgres else _insert_as_values
        self.move_ends = _move_statement(postgres)
        self.ends = _select_statement(postgres)


Rows = Sequence[tuple[object, ...]]


def _insert_as_json() -> Callable[[Connection, Rows], None]:
    names = MessageRow.__struct_fields__
    table, fields = _unnest(names, messages, postgres=True)
    statement = sa.insert(messages).from_select(list(names), sa.select(*fields).select_from(table))

    def insert(connection: Connection, rows: Rows) -> None:
        connection.execute(statement, {"rows": dump(rows)})

    return insert


def _insert_as_values(connection: Connection, rows: Rows) -> None:
    """SQLite takes the values of many rows in a quarter of the time that it takes to read them from JSON."""
    for start in range(0, len(rows), VALUES_ROWS_MAX):
        some = rows[start : start + VALUES_ROWS_MAX]
        connection.exec_driver_sql(_values_statement(len(some)), tuple(chain.from_iterable(some)))


@lru_cache(maxsize=VALUES_ROWS_MAX)
def _values_statement(count: int) -> str:
    names = MessageRow.__struct_fields__
    row = f"({', '.join('?' * len(names))})"
    return f"INSERT INTO {messages.name} ({', '.join(names)}) VALUES {', '.join([row] * count)}"  # noqa: S608 - no text from outside


def _move_statement(postgres: bool) -> sa.Update:
    names = ("id", "last_number", "last_message_id", "last_message_at", "turn_open", "chars_waiting", "extracted_to")
    table, fields = _unnest(names, sessions, postgres)
    ends = sa.select(*(field.label(name) for name, field in zip(names, fields, strict=True))).select_from(table)
    source = ends.subquery("ends")
    return (
        sa.update(sessions)
        .values({name: source.c[name] for name in names[1:-1]})
        # Messages of a session that is not tracked count as read.
        .values(extracted_to=sa.func.coalesce(source.c.extracted_to, sessions.c.extracted_to))
        .where(sessions.c.id == source.c.id)
    )


def _select_statement(postgres: bool) -> sa.Select[str, str, int, str | None, bool, int, int, int]:
    table, fields = _unnest(["id"], sessions, postgres)
    newest = sa.select(messages.c.created_at).where(messages.c.id == sessions.c.last_message_id)
    return (
        sa.select(
            sessions.c.id,
            sessions.c.project_id,
            sessions.c.last_number,
            sessions.c.last_message_id,
            sessions.c.disable_task_tracking,
            sessions.c.chars_waiting,
            sessions.c.extracted_to,
            newest.scalar_subquery(),
        )
        .where(sessions.c.id.in_(sa.select(fields[0]).select_from(table)))
        # Always in one order, so that two servers do not wait for each other.
        .order_by(sessions.c.id)
        .with_for_update()
    )


_statements_for = cache(_Statements)


def _statements(connection: Connection) -> _Statements:
    return _statements_for(postgres=on_postgres(connection))


def _ends(connection: Connection, ids: set[str]) -> dict[str, _End]:
    found = connection.execute(_statements(connection).ends, {"rows": dump([[one] for one in sorted(ids)])})
    return {row[0]: _End(row[1], row[2], row[3], not row[4], row[5], row[6], row[2], row[5], row[7]) for row in found}


def _arrived(session_id: str, end: _End) -> Arrival:
    return Arrival(
        session_id=session_id,
        before=end.stored_number - end.extracted_to,
        after=end.number - end.extracted_to,
        chars_before=end.stored_chars,
        chars_after=end.chars,
    )


def _end_tuple(session_id: str, end: _End, now: int) -> tuple[object, ...]:
    read_to = None if end.tracked else end.number
    chars = end.chars if end.tracked else 0
    return session_id, end.number, end.message_id, now, end.turn_open, chars, read_to


def _place(end: _End | None, new: NewMessage, now: int) -> MessageRow | SeasonedError:
    if end is None or end.project_id != new.project_id:
        return NotFound(f"There is no session {new.session_id} in this project.")
    meta = new.meta
    if new.ties:
        try:
            end.open_calls, filled = pairing.settle(end.open_calls or (), new.ties)
        except Invalid as refusal:
            return refusal
        meta = pairing.noted(meta, end.open_calls, filled)
    # The clock may have been set back; a session's times do not go back with it.
    created_at = now if end.created_at is None else max(now, end.created_at)
    row = MessageRow(
        id=new_id(),
        session_id=new.session_id,
        number=end.number + 1,
        role=new.role,
        parts=new.parts,
        parts_sha256=new.parts_sha256,
        meta=meta,
        user_meta=new.user_meta,
        parent_id=end.message_id,
        task_id=None,
        status="pending" if end.tracked else "disable_tracking",
        at=created_at if new.at is None else new.at,
        created_at=created_at,
        updated_at=created_at,
    )
    end.created_at = created_at
    end.number, end.message_id, end.turn_open = row.number, row.id, new.turn_open
    end.chars += new.chars
    return row


def waiting(connection: Connection, session_id: str, after: int, limit: int) -> list[MessageRow]:
    """The messages after a number, in order."""
    statement = (
        sa.select(*columns(MessageRow, messages))
        .where(messages.c.session_id == session_id, messages.c.number > after)
        .order_by(messages.c.number)
        .limit(limit)
    )
    return to_rows(MessageRow, connection.execute(statement).all())


def of_task(connection: Connection, task_id: str, limit: int) -> list[MessageRow]:
    """The messages linked to a task, in order; of more than `limit`, the first and the last halves."""
    links = task_messages.c
    statement = sa.select(*columns(MessageRow, messages)).join(task_messages, links.message_id == messages.c.id)
    statement = statement.where(links.task_id == task_id)
    head = to_rows(MessageRow, connection.execute(statement.order_by(links.number).limit(limit)).all())
    if len(head) < limit:
        return head
    tail_query = statement.order_by(links.number.desc()).limit(limit // 2)
    tail = to_rows(MessageRow, connection.execute(tail_query).all())[::-1]
    return [row for row in head if row.number < tail[0].number][: limit - len(tail)] + tail


def short_of_user(connection: Connection, session_id: str, limit: int) -> list[MessageRow]:
    """The newest messages of the user's role that are no large tools' answers, in order."""
    statement = (
        sa.select(*columns(MessageRow, messages))
        .where(messages.c.session_id == session_id, messages.c.role == "user")
        .where(messages.c.parts_sha256.is_(None), sa.func.length(messages.c.parts) <= SHORT_CHARS_MAX)
        .order_by(messages.c.number.desc())
        .limit(limit)
    )
    return to_rows(MessageRow, connection.execute(statement).all())[::-1]


def by_ids(connection: Connection, message_ids: Sequence[str]) -> list[MessageRow]:
    """Some messages, without those that are gone."""
    statement = sa.select(*columns(MessageRow, messages)).where(messages.c.id.in_(list(message_ids)))
    return to_rows(MessageRow, connection.execute(statement).all())


def of_agent_before(connection: Connection, session_id: str, number: int, limit: int) -> list[MessageRow]:
    """The newest messages of the agent before a number that are not large, in order."""
    statement = (
        sa.select(*columns(MessageRow, messages))
        .where(messages.c.session_id == session_id, messages.c.role == "assistant", messages.c.number < number)
        .where(messages.c.parts_sha256.is_(None))
        .order_by(messages.c.number.desc())
        .limit(limit)
    )
    return to_rows(MessageRow, connection.execute(statement).all())[::-1]


def at_numbers(connection: Connection, session_id: str, numbers: Sequence[int]) -> list[MessageRow]:
    """The messages of a session that have these numbers, in order."""
    statement = (
        sa.select(*columns(MessageRow, messages))
        .where(messages.c.session_id == session_id, messages.c.number.in_(sorted(set(numbers))))
        .order_by(messages.c.number)
    )
    return to_rows(MessageRow, connection.execute(statement).all())


def set_user_meta(
    connection: Connection, session_id: str, message_id: str, changes: dict[str, Json], now: int
) -> dict[str, Json]:
    """Merge keys into a message's user meta (null deletes a key); the whole of it. Raises NotFound, Invalid."""
    where = (messages.c.id == message_id) & (messages.c.session_id == session_id)
    found = connection.execute(sa.select(messages.c.user_meta).where(where)).first()
    if found is None:
        raise NotFound(f"There is no message {message_id} in this session.")
    merged = patched(load_object(found[0]), changes)
    connection.execute(
        sa.update(messages).where(where).values(user_meta=dump_bounded(merged, "The message's meta"), updated_at=now)
    )
    return merged
