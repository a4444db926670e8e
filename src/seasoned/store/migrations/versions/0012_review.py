"""Edits can wait for a person, and what is forgotten is not learned again."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _text(length: int | None = None) -> sa.types.TypeEngine[str]:
    plain = sa.Text() if length is None else sa.String(length)
    collated = sa.Text(collation="C") if length is None else sa.String(length, collation="C")
    return plain.with_variant(collated, "postgresql")


def _ref(name: str, target: str, *, primary_key: bool = False) -> sa.Column[str]:
    key = sa.ForeignKey(f"{target}.id", ondelete="CASCADE")
    return sa.Column(name, _text(36), key, primary_key=primary_key, nullable=False)


def upgrade() -> None:
    op.add_column("spaces", sa.Column("policy", _text(10), nullable=False, server_default="auto"))
    op.create_table(
        "proposals",
        sa.Column("id", _text(36), primary_key=True),
        _ref("project_id", "projects"),
        _ref("space_id", "spaces"),
        *(sa.Column(name, _text(), nullable=False, server_default="") for name in ("edits", "heads")),
        *(sa.Column(name, _text(), nullable=False, server_default="") for name in ("findings", "said")),
        sa.Column("status", _text(10), nullable=False),
        *(sa.Column(name, _text(), nullable=False, server_default="") for name in ("reason", "made")),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_proposals_page", "proposals", ["project_id", "created_at", "id"])
    op.create_index("ix_proposals_space", "proposals", ["space_id", "status", "created_at"])
    op.create_table(
        "proposal_lessons",
        _ref("proposal_id", "proposals", primary_key=True),
        _ref("lesson_id", "lessons", primary_key=True),
    )
    op.create_index("ix_proposal_lessons_lesson", "proposal_lessons", ["lesson_id"])
    op.create_table(
        "forgotten",
        _ref("project_id", "projects", primary_key=True),
        sa.Column("key", _text(64), primary_key=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
