"""A message may belong to several tasks; how a task's outcome is known, what a lesson rests on, and which sessions
attempt the same.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0015"
branch_labels = None
depends_on = None


def _text(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _ref(name: str, target: str) -> sa.Column[str]:
    return sa.Column(
        name, _text(36), sa.ForeignKey(f"{target}.id", ondelete="CASCADE"), primary_key=True, nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "task_messages",
        _ref("task_id", "tasks"),
        _ref("message_id", "messages"),
        sa.Column("number", sa.BigInteger(), nullable=False),
    )
    # What was linked, and the ends of each task, which it shared with the one before or after it.
    op.execute(
        "INSERT INTO task_messages (task_id, message_id, number) SELECT tasks.id, messages.id, messages.number"
        " FROM tasks JOIN messages ON messages.session_id = tasks.session_id WHERE messages.task_id = tasks.id"
        " OR messages.number IN (tasks.first_number, tasks.last_number)"
    )
    op.create_index("ix_task_messages_number", "task_messages", ["task_id", "number"])
    op.create_index("ix_task_messages_message", "task_messages", ["message_id"])
    op.drop_index("ix_messages_task", "messages")
    op.add_column("tasks", sa.Column("is_told", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("lessons", sa.Column("basis", _text(12), nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("attempt_of", _text(64), nullable=True))
    op.create_index(
        "ix_sessions_attempt_of",
        "sessions",
        ["attempt_of"],
        sqlite_where=sa.text("attempt_of IS NOT NULL"),
        postgresql_where=sa.text("attempt_of IS NOT NULL"),
    )
