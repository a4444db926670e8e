"""What is not learned again: the ids of forgotten sessions, tasks and lessons, the keys of forgotten transcripts."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.store.gc.marks import chunks
from seasoned.store.schema import forgotten


def add(connection: Connection, project_id: str, keys: Collection[str], now: int) -> None:
    """Remember that something was forgotten."""
    new = set(keys) - some(connection, project_id, keys)
    if new:
        rows = [{"project_id": project_id, "key": key, "created_at": now} for key in sorted(new)]
        connection.execute(sa.insert(forgotten), rows)


def some(connection: Connection, project_id: str, keys: Collection[str]) -> frozenset[str]:
    """Those of some keys that were forgotten."""
    found: set[str] = set()
    for few in chunks(sorted(keys)):
        where = (forgotten.c.project_id == project_id) & forgotten.c.key.in_(few)
        found.update(connection.execute(sa.select(forgotten.c.key).where(where)).scalars())
    return frozenset(found)
