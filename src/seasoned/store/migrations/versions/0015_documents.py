"""Entries are found in their whole project, and lessons and tasks by their words; messages from now on."""

from collections.abc import Callable, Sequence
from functools import partial

import sqlalchemy as sa
from alembic import op

from seasoned.store.search import create_postgres, create_sqlite, kept_words

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None

BATCH = 500
Row = Sequence[object]


def _text(length: int | None = None) -> sa.types.TypeEngine[str]:
    plain = sa.Text() if length is None else sa.String(length)
    collated = sa.Text(collation="C") if length is None else sa.String(length, collation="C")
    return plain.with_variant(collated, "postgresql")


def upgrade() -> None:
    op.add_column("entries", sa.Column("words", _text(), nullable=False, server_default=""))
    op.create_table(
        "documents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("session_id", _text(36), sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", _text(8), nullable=False),
        sa.Column("ref_id", _text(36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("words", _text(), nullable=False, server_default=""),
    )
    op.create_index("ix_documents_ref", "documents", ["ref_id"])
    op.create_index("ix_documents_session", "documents", ["session_id"])
    connection = op.get_bind()
    _each(connection, _ENTRIES, partial(_set_words, connection), 0)
    if connection.dialect.name == "sqlite":
        for made in (one for table in ("entries", "documents") for one in create_sqlite(table)):
            op.execute(made)
        op.execute("INSERT INTO entries_fts (entries_fts) VALUES ('rebuild')")
    else:
        for made in (one for table in ("entries", "documents") for one in create_postgres(table)):
            op.execute(made)
    for kind, statement in (("lesson", _LESSONS), ("task", _TASKS)):
        _each(connection, statement, partial(_add, connection, kind), "")


_ENTRIES = sa.text(
    "SELECT entries.id, skills.project_id, entries.text FROM entries JOIN skills ON skills.id = entries.skill_id"
    " WHERE entries.id > :after ORDER BY entries.id LIMIT :batch"
)
_LESSONS = sa.text(
    "SELECT lessons.id, sessions.project_id, lessons.title || ' ' || lessons.text, lessons.session_id, lessons.at"
    " FROM lessons JOIN sessions ON sessions.id = lessons.session_id"
    " WHERE lessons.kind != 'skip' AND lessons.status != 'forgotten' AND lessons.id > :after"
    " ORDER BY lessons.id LIMIT :batch"
)
_TASKS = sa.text(
    "SELECT id, project_id, title || ' ' || progresses || ' ' || evidence, session_id, ended_at FROM tasks"
    " WHERE id > :after ORDER BY id LIMIT :batch"
)


def _each(
    connection: sa.Connection,
    statement: sa.TextClause,
    work: Callable[[Sequence[Row]], None],
    after: object,
) -> None:
    while rows := [tuple(row) for row in connection.execute(statement, {"after": after, "batch": BATCH})]:
        work(rows)
        after = rows[-1][0]


def _set_words(connection: sa.Connection, rows: Sequence[Row]) -> None:
    words = [{"id": row[0], "words": kept_words(str(row[1]), str(row[2]))} for row in rows]
    connection.execute(sa.text("UPDATE entries SET words = :words WHERE id = :id"), words)


def _add(connection: sa.Connection, kind: str, rows: Sequence[Row]) -> None:
    new = [
        {"kind": kind, "ref": row[0], "words": kept_words(str(row[1]), str(row[2])), "session": row[3], "at": row[4]}
        for row in rows
    ]
    insert = "INSERT INTO documents (session_id, kind, ref_id, at, words) VALUES (:session, :kind, :ref, :at, :words)"
    connection.execute(sa.text(insert), new)
