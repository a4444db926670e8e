"""Files are remembered once they are imported, and sessions by how they begin, so that copies are found."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _text(length: int | None = None) -> sa.types.TypeEngine[str]:
    plain = sa.Text() if length is None else sa.String(length)
    collated = sa.Text(collation="C") if length is None else sa.String(length, collation="C")
    return plain.with_variant(collated, "postgresql")


def upgrade() -> None:
    op.add_column("sessions", sa.Column("opening", _text(64), nullable=True))
    where = sa.text("opening IS NOT NULL")
    op.create_index("ix_sessions_opening", "sessions", ["opening"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "imported_files",
        sa.Column("space_id", _text(36), sa.ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("sha256", _text(64), primary_key=True),
        sa.Column("session_ids", _text(), nullable=False, server_default=""),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
