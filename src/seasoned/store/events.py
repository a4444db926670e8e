"""Events of a session, as its agent reported them, besides the messages."""

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.ids import new_id
from seasoned.store.rows import PageQuery, after_newest, columns, page_of, to_rows
from seasoned.store.schema import session_events


class EventRow(msgspec.Struct, frozen=True):
    """A stored event; `data` is a JSON object."""

    id: str
    session_id: str
    project_id: str
    type: str
    data: str
    created_at: int
    updated_at: int


def add(connection: Connection, project_id: str, session_id: str, kind: str, data: str, now: int) -> EventRow:
    """A new event of a session."""
    now = after_newest(connection, session_events.c.session_id, session_id, now)
    row = EventRow(new_id(), session_id, project_id, kind, data, now, now)
    connection.execute(sa.insert(session_events).values(msgspec.structs.asdict(row)))
    return row


def page(connection: Connection, session_id: str, query: PageQuery) -> tuple[list[EventRow], str | None]:
    """A page of a session's events in the order of their time."""
    return page_of(connection, EventRow, session_events, [session_events.c.session_id == session_id], query)


def between(
    connection: Connection, session_id: str, first_at: int, last_at: int, limit: int, after: str = ""
) -> list[EventRow]:
    """The events of a session between two moments, both included, oldest first; at the first those after an id."""
    statement = (
        sa.select(*columns(EventRow, session_events))
        .where(session_events.c.session_id == session_id, session_events.c.created_at.between(first_at, last_at))
        .where(sa.or_(session_events.c.created_at > first_at, session_events.c.id > after))
        .order_by(session_events.c.created_at, session_events.c.id)
        .limit(limit)
    )
    return to_rows(EventRow, connection.execute(statement).all())


def copy(connection: Connection, from_session: str, to_session: str, limit: int) -> None:
    """Give a session the events of another, at their times."""
    statement = sa.select(*columns(EventRow, session_events)).where(session_events.c.session_id == from_session)
    found = to_rows(EventRow, connection.execute(statement.order_by(session_events.c.created_at).limit(limit)).all())
    rows = [{**msgspec.structs.asdict(row), "id": new_id(), "session_id": to_session} for row in found]
    if rows:
        connection.execute(sa.insert(session_events), rows)
