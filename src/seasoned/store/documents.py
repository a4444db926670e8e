"""Lessons, tasks and messages as they are found by their words; redacted text only.

A row goes with its session. A message is added when it is read, so one that waits for the learner is not found yet.
"""

from collections.abc import Collection, Sequence
from typing import Final, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.store.gc.marks import chunks
from seasoned.store.schema import documents, sessions
from seasoned.store.search import Rows, kept_words, ranked

Kind = Literal["lesson", "task", "message"]
KINDS: Final[tuple[Kind, ...]] = ("lesson", "task", "message")
# With filters, so many of the newest rows that have one of the words are looked at.
FILTERED_MAX: Final = 4_000


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What is found: its kind, the id of its row, its time in microseconds and what it says."""

    kind: Kind
    ref_id: str
    at: int
    text: str


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a search is about; what is empty, or 0, does not matter. `since` is in microseconds."""

    space: str = ""
    session: str = ""
    user: str = ""
    outcome: str = ""
    since: int = 0

    def given(self) -> dict[str, str | int]:
        """What matters, by its name."""
        told: dict[str, str | int] = {name: value for name, value in msgspec.structs.asdict(self).items() if value}
        return told


class DocumentRow(msgspec.Struct, frozen=True):
    """A lesson, a task or a message that was found."""

    id: int
    kind: Kind
    ref_id: str
    session_id: str
    at: int


# Each is asked of a few thousand rows at most, so all of them go by a key.
_CONDITIONS: Final = {
    "space": "EXISTS (SELECT 1 FROM space_sessions AS taught"
    " WHERE taught.session_id = kept.session_id AND taught.space_id = :space)",
    "session": "kept.session_id = :session",
    "user": "EXISTS (SELECT 1 FROM users WHERE users.id = sessions.user_id AND users.identifier = :user)",
    "outcome": "(SELECT status FROM tasks WHERE tasks.id = coalesce("
    "(SELECT task_id FROM messages WHERE messages.id = kept.ref_id),"
    " (SELECT task_id FROM lessons WHERE lessons.id = kept.ref_id), kept.ref_id)) = :outcome",
    "since": "kept.at >= :since",
}


def add(connection: Connection, session_id: str, found: Sequence[Document]) -> None:
    """Let some rows of a session be found."""
    if not found:
        return
    project_id = connection.execute(sa.select(sessions.c.project_id).where(sessions.c.id == session_id)).scalar_one()
    rows = [
        {
            "session_id": session_id,
            "kind": one.kind,
            "ref_id": one.ref_id,
            "at": one.at,
            "words": kept_words(project_id, one.text),
        }
        for one in found
    ]
    connection.execute(sa.insert(documents), rows)


def remove(connection: Connection, ref_ids: Collection[str]) -> None:
    """Let some rows be found no more."""
    for few in chunks(sorted(ref_ids)):
        connection.execute(sa.delete(documents).where(documents.c.ref_id.in_(few)))


def remove_sessions(connection: Connection, session_ids: Sequence[str]) -> None:
    """Let nothing of some sessions be found any more."""
    connection.execute(sa.delete(documents).where(documents.c.session_id.in_(session_ids)))


def find(
    connection: Connection, project_id: str, text: str, kinds: Collection[Kind], wanted: Filter, limit: int
) -> list[tuple[DocumentRow, float]]:
    """The lessons, tasks and messages of a project that share the rarest words with a text, closest first."""
    told = {**wanted.given(), "project": project_id}
    where = ["sessions.project_id = :project", *(_CONDITIONS[name] for name in wanted.given())]
    if set(kinds) != set(KINDS):
        names = ", ".join(f"'{kind}'" for kind in KINDS if kind in kinds)
        where.append(f"kept.kind IN ({names})")
    rows = Rows(
        table="documents",
        joins="JOIN sessions ON sessions.id = kept.session_id",
        where=" AND ".join(where),
        told=told,
    )
    most = FILTERED_MAX if len(where) > 1 else 0
    scores = ranked(connection, rows, project_id, text, limit, most)
    columns = [documents.c[name] for name in DocumentRow.__struct_fields__]
    found = {
        row[0]: DocumentRow(*row)
        for row in (connection.execute(sa.select(*columns).where(documents.c.id.in_(list(scores)))) if scores else ())
    }
    return [(found[one], score) for one, score in scores.items()]
