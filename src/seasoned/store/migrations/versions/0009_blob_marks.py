"""The marks of unreferenced blobs get the names that garbage collectors use."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _text(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "blob_marks",
        sa.Column("sha256", _text(64), primary_key=True),
        sa.Column("marked_at", sa.BigInteger(), nullable=False),
        sa.Column("tombstoned_at", sa.BigInteger(), nullable=True),
        sa.Column("swept_at", sa.BigInteger(), nullable=True),
    )
    op.create_index("ix_blob_marks_due", "blob_marks", ["tombstoned_at", "marked_at"])
    op.execute(
        "INSERT INTO blob_marks (sha256, marked_at, tombstoned_at, swept_at)"
        " SELECT sha256, seen_at, condemned_at, gone_at FROM doomed_blobs"
    )
    op.drop_table("doomed_blobs")
    op.create_table(
        "inline_blob_marks",
        sa.Column("sha256", _text(64), primary_key=True),
        sa.Column("marked_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_inline_blob_marks_due", "inline_blob_marks", ["marked_at"])
    op.execute("INSERT INTO inline_blob_marks (sha256, marked_at) SELECT sha256, seen_at FROM unnamed_contents")
    op.drop_table("unnamed_contents")
