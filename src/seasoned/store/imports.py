"""What was imported: files by their content, and sessions that are copies of others."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.store import messages
from seasoned.store.gc import marks
from seasoned.store.messages import NewMessage
from seasoned.store.rows import dump, load_as
from seasoned.store.schema import imported_files, sessions, space_sessions

# Sessions that begin with the same message are copies of one another; this many are compared.
COPIES_MAX = 20
_BATCH = 200


def note_file(connection: Connection, space_id: str, sha256: str, session_ids: Sequence[str], now: int) -> None:
    """Remember that a file's sessions are imported into a space."""
    where = (imported_files.c.space_id == space_id) & (imported_files.c.sha256 == sha256)
    connection.execute(sa.delete(imported_files).where(where))
    values = {"space_id": space_id, "sha256": sha256, "session_ids": dump(list(session_ids)), "created_at": now}
    connection.execute(sa.insert(imported_files).values(**values))


def sessions_of_file(connection: Connection, space_id: str, sha256: str) -> list[tuple[str, str, int]] | None:
    """The id, source and number of messages of a file's sessions; None when it was not imported or one was deleted."""
    where = (imported_files.c.space_id == space_id) & (imported_files.c.sha256 == sha256)
    found = connection.execute(sa.select(imported_files.c.session_ids).where(where)).first()
    if found is None:
        return None
    ids = load_as(found[0], list[str])
    statement = sa.select(sessions.c.id, sessions.c.source, sessions.c.last_number)
    rows = {
        row[0]: (row[0], row[1], row[2])
        for some in marks.chunks(ids)
        for row in connection.execute(statement.where(sessions.c.id.in_(some)))
    }
    return [rows[one] for one in ids] if len(rows) == len(ids) else None


def copied(connection: Connection, space_id: str, opening: str, packed: Sequence[NewMessage]) -> int:
    """How many of a transcript's first messages another session of the space has too."""
    statement = (
        sa.select(sessions.c.id)
        .join(space_sessions, space_sessions.c.session_id == sessions.c.id)
        .where(sessions.c.opening == opening, space_sessions.c.space_id == space_id)
        .order_by(sessions.c.id)
        .limit(COPIES_MAX)
    )
    others = [str(row[0]) for row in connection.execute(statement)]
    return max((_shared(connection, other, packed) for other in others), default=0)


def _shared(connection: Connection, session_id: str, packed: Sequence[NewMessage]) -> int:
    count = 0
    while count < len(packed):
        stored = messages.waiting(connection, session_id, count, _BATCH)
        for row, new in zip(stored, packed[count:], strict=False):
            if (row.parts, row.parts_sha256) != (new.parts, new.parts_sha256):
                return count
            count += 1
        if len(stored) < _BATCH:
            return count
    return count
