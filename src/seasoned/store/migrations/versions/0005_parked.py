"""Indexes of what is parked, so that counting it is cheap whatever else there is."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite has no booleans: its planner takes an index only for the very words of the question.
    is_true = " = 1" if op.get_bind().dialect.name == "sqlite" else ""
    for table, column, condition in (
        ("sessions", "id", f"extract_parked{is_true}"),
        ("tasks", "id", f"distill_parked{is_true}"),
        ("lessons", "status", "status = 'parked'"),
    ):
        where = sa.text(condition)
        op.create_index(f"ix_{table}_parked", table, [column], sqlite_where=where, postgresql_where=where)
