"""What the index of entries is behind with; its rows no longer go with their skill or link in one transaction."""

import sqlalchemy as sa
from alembic import op

from seasoned.store.search import create_sqlite

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _text(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _long() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _make_anew()
    else:
        op.add_column("entries", sa.Column("whole", sa.Boolean(), nullable=False, server_default="0"))
        for table in ("entries", "entry_words"):
            for key in sa.inspect(op.get_bind()).get_foreign_keys(table):
                op.drop_constraint(str(key["name"]), table, type_="foreignkey")
    op.create_table(
        "unindexed",
        sa.Column("id", _number(), primary_key=True),
        sa.Column("skill_id", _text(36), nullable=False),
        sa.Column("path", _long(), nullable=True),
        sa.Column("link_id", _text(36), nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_unindexed_skill", "unindexed", ["skill_id"])
    # Of long files fewer entries are searched one by one from now on.
    op.execute(
        "INSERT INTO unindexed (skill_id, path) SELECT skill_id, path FROM entries"
        " GROUP BY skill_id, path HAVING count(*) > 1000"
    )


def _make_anew() -> None:
    """SQLite cannot drop a reference: the tables are made again without it. Their index finds the rows by their ids."""
    op.create_table(
        "new_entry_words",
        sa.Column("id", _number(), primary_key=True),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("link_id", _text(36), nullable=False),
        sa.Column("words", _long(), nullable=False, server_default=""),
        sa.UniqueConstraint("entry_id", "link_id"),
    )
    op.execute(
        "INSERT INTO new_entry_words (id, entry_id, link_id, words)"
        " SELECT id, entry_id, link_id, words FROM entry_words"
    )
    op.drop_table("entry_words")
    op.rename_table("new_entry_words", "entry_words")
    op.create_index("ix_entry_words_link", "entry_words", ["link_id"])
    op.create_table(
        "new_entries",
        sa.Column("id", _number(), primary_key=True),
        sa.Column("skill_id", _text(36), nullable=False),
        sa.Column("path", _long(), nullable=False, server_default=""),
        sa.Column("whole", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("text", _long(), nullable=False, server_default=""),
    )
    op.execute("INSERT INTO new_entries (id, skill_id, path, text) SELECT id, skill_id, path, text FROM entries")
    op.drop_table("entries")
    op.rename_table("new_entries", "entries")
    op.create_index("ix_entries_file", "entries", ["skill_id", "path"])
    for statement in create_sqlite("entry_words")[1:]:
        op.execute(statement)
