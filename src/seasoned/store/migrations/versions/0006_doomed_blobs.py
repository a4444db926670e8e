"""Which files messages name, and which blobs nothing names, so that those can be deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _text(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "message_files",
        sa.Column("message_id", _text(36), sa.ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("sha256", _text(64), primary_key=True),
    )
    op.create_index("ix_message_files_sha256", "message_files", ["sha256"])
    op.create_table(
        "doomed_blobs",
        sa.Column("sha256", _text(64), primary_key=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("condemned_at", sa.BigInteger(), nullable=True),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
    )
    op.create_index("ix_doomed_blobs_due", "doomed_blobs", ["condemned_at", "seen_at"])
    op.create_index("ix_files_sha256", "files", ["sha256"])
    op.create_index("ix_artifacts_sha256", "artifacts", ["sha256"])
    where = sa.text("parts_sha256 IS NOT NULL")
    op.create_index(
        "ix_messages_parts_sha256", "messages", ["parts_sha256"], sqlite_where=where, postgresql_where=where
    )
    # The parts of large messages are blobs themselves, which a migration does not read: whoever collects looks at them.
    op.execute(
        "INSERT INTO message_files (message_id, sha256)"
        " SELECT id, '' FROM messages WHERE parts_sha256 IS NOT NULL OR parts LIKE '%\"asset\"%'"
    )
