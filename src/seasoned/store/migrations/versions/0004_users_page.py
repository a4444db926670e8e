"""Pages of users, and the newest of them, without looking at all."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_users_page", "users", ["project_id", "created_at", "id"])
