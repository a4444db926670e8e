"""Which sessions read which version of a skill; skills can be archived, and proposed to be so."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _ref(name: str, target: str, *, nullable: bool = False) -> sa.Column[str]:
    text = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
    return sa.Column(name, text, sa.ForeignKey(f"{target}.id", ondelete="CASCADE"), nullable=nullable)


def upgrade() -> None:
    op.add_column("skills", sa.Column("archived_at", sa.BigInteger(), nullable=True))
    plain = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("proposals", sa.Column("why", plain, nullable=False, server_default=""))
    op.create_table(
        "skill_reads",
        sa.Column("id", sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql"), primary_key=True),
        _ref("skill_id", "skills"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        _ref("session_id", "sessions", nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0") for name in ("shown", "loaded")),
        sa.Column("loaded_at", sa.BigInteger(), nullable=True),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("skill_id", "version", "session_id"),
    )
    op.create_index("ix_skill_reads_session", "skill_reads", ["session_id"])
