"""Events of sessions, and disks with their artifacts; every skill becomes a disk too."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _times() -> list[sa.Column[int]]:
    return [
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    ]


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(36), primary_key=True)


def _ref(name: str, target: str, *, nullable: bool = False, unique: bool = False) -> sa.Column[str]:
    key = sa.ForeignKey(f"{target}.id", ondelete="CASCADE")
    return sa.Column(name, sa.String(36), key, nullable=nullable, unique=unique)


def upgrade() -> None:
    op.create_table(
        "session_events",
        _id(),
        _ref("session_id", "sessions"),
        _ref("project_id", "projects"),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False, server_default=""),
        *_times(),
    )
    op.create_index("ix_session_events_page", "session_events", ["session_id", "created_at", "id"])
    op.create_table(
        "disks",
        _id(),
        _ref("project_id", "projects"),
        _ref("user_id", "users", nullable=True),
        _ref("skill_id", "skills", nullable=True, unique=True),
        *_times(),
    )
    op.create_index("ix_disks_page", "disks", ["project_id", "created_at", "id"])
    op.create_table(
        "artifacts",
        _id(),
        _ref("disk_id", "disks"),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("meta", sa.Text(), nullable=True),
        *_times(),
        sa.UniqueConstraint("disk_id", "path", "filename"),
    )
    op.create_table(
        "file_meta",
        sa.Column("skill_id", sa.String(36), sa.ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("path", sa.Text(), primary_key=True),
        sa.Column("meta", sa.Text(), nullable=False),
    )
    op.execute(
        "INSERT INTO disks (id, project_id, user_id, skill_id, created_at, updated_at)"
        " SELECT disk_id, project_id, user_id, id, created_at, updated_at FROM skills"
    )
