"""Versions name their authors in the words of the log, and sections can be pinned."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _text(length: int | None = None) -> sa.types.TypeEngine[str]:
    plain = sa.Text() if length is None else sa.String(length)
    collated = sa.Text(collation="C") if length is None else sa.String(length, collation="C")
    return plain.with_variant(collated, "postgresql")


def upgrade() -> None:
    op.execute("UPDATE versions SET author = 'import' WHERE author = 'upload'")
    op.execute("UPDATE versions SET author = 'user' WHERE author = 'api'")
    op.create_table(
        "pins",
        sa.Column("skill_id", _text(36), sa.ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("heading", _text(), primary_key=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
