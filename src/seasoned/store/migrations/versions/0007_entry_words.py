"""The words of entries by space, so that a search reads what the space has and nothing else; the skills of a space in
their order; small files that nothing names any more.
"""

import sqlalchemy as sa
from alembic import op

from seasoned.store.search import create_postgres, create_sqlite, kept_words

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BATCH = 500


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        for statement in ("DROP TRIGGER entries_added", "DROP TRIGGER entries_removed", "DROP TABLE entries_fts"):
            op.execute(statement)
    else:
        op.drop_column("entries", "words")
    op.create_table(
        "entry_words",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("entry_id", sa.BigInteger(), sa.ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
        sa.Column(
            "link_id",
            sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql"),
            sa.ForeignKey("space_skills.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column(
            "words", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False, server_default=""
        ),
        sa.UniqueConstraint("entry_id", "link_id"),
    )
    op.create_index("ix_entry_words_link", "entry_words", ["link_id"])
    op.create_index("ix_space_skills_page", "space_skills", ["space_id", "created_at", "id"])
    op.create_table(
        "unnamed_contents",
        sa.Column("sha256", sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql"), primary_key=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_unnamed_contents_due", "unnamed_contents", ["seen_at"])
    for statement in (create_sqlite if sqlite else create_postgres)("entry_words"):
        op.execute(statement)
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """The words of every entry for every space that has its skill."""
    until = sa.text("SELECT max(id) FROM (SELECT id FROM entries WHERE id > :after ORDER BY id LIMIT :batch) AS batch")
    pairs = sa.text(
        "SELECT entries.id, links.id, links.space_id, entries.text FROM entries"
        " JOIN space_skills AS links ON links.skill_id = entries.skill_id"
        " WHERE entries.id > :after AND entries.id <= :last ORDER BY entries.id, links.id"
    )
    insert = sa.text("INSERT INTO entry_words (entry_id, link_id, words) VALUES (:entry, :link, :words)")
    after = 0
    while last := connection.execute(until, {"after": after, "batch": BATCH}).scalar():
        rows = [
            {"entry": entry_id, "link": link_id, "words": kept_words(space_id, text)}
            for entry_id, link_id, space_id, text in connection.execute(pairs, {"after": after, "last": last})
        ]
        if rows:
            connection.execute(insert, rows)
        after = last
