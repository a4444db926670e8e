"""Files by the versions that changed them, entries that can be searched, and what a model call cost."""

import sqlalchemy as sa
from alembic import op

from seasoned.skill import ENTRY_CHARS_MAX, SKILL_FILE, about_text, entries, rule_of

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BATCH = 500
# The index of the texts of `entries`, kept by triggers, so that rows which go with their skill leave it too.
INDEX = (
    "CREATE VIRTUAL TABLE entries_fts USING fts5"
    "(text, content='entries', content_rowid='id', tokenize='porter unicode61')",
    "CREATE TRIGGER entries_added AFTER INSERT ON entries BEGIN"
    " INSERT INTO entries_fts (rowid, text) VALUES (new.id, new.text); END",
    "CREATE TRIGGER entries_removed AFTER DELETE ON entries BEGIN"
    " INSERT INTO entries_fts (entries_fts, rowid, text) VALUES ('delete', old.id, old.text); END",
)


def upgrade() -> None:
    op.rename_table("files", "files_by_version")
    op.create_table(
        "files",
        sa.Column("skill_id", sa.String(36), sa.ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("path", sa.Text(), primary_key=True),
        sa.Column("since", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("blame", sa.Text(), nullable=True),
    )
    op.create_index("ix_files_head", "files", ["skill_id", "path"], sqlite_where=sa.text("until IS NULL"))
    op.create_table(
        "entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("skill_id", sa.String(36), sa.ForeignKey("skills.id", ondelete="CASCADE"), nullable=False),
        sa.Column("path", sa.Text(), nullable=False, server_default=""),
        sa.Column("text", sa.Text(), nullable=False, server_default=""),
    )
    op.create_index("ix_entries_file", "entries", ["skill_id", "path"])
    for statement in INDEX:
        op.execute(statement)
    op.add_column("skills", sa.Column("rule", sa.Text(), nullable=False, server_default=""))
    op.add_column("model_calls", sa.Column("price_micros", sa.BigInteger(), nullable=True))
    op.drop_column("model_calls", "cost_micros")
    op.add_column("model_calls", sa.Column("requests", sa.BigInteger(), nullable=False, server_default="1"))
    connection = op.get_bind()
    for skill in connection.execute(sa.text("SELECT id, name, description, head FROM skills")).all():
        _move_files(connection, skill.id)
        _index(connection, skill)
    op.drop_table("files_by_version")


def _move_files(connection: sa.Connection, skill_id: str) -> None:
    """Runs of versions in which a file stayed the same become one row."""
    statement = sa.text(
        "SELECT v.number, f.path, f.sha256, f.size, f.mime, f.blame FROM files_by_version f"
        " JOIN versions v ON v.id = f.version_id WHERE v.skill_id = :skill ORDER BY v.number"
    )
    head = connection.execute(sa.text("SELECT head FROM skills WHERE id = :skill"), {"skill": skill_id}).scalar_one()
    current: dict[str, dict[str, object]] = {}
    ended: list[dict[str, object]] = []
    last_seen: dict[str, int] = {}
    for number, path, sha256, size, mime, blame in connection.execute(statement, {"skill": skill_id}):
        known = current.get(path)
        if known is not None and (known["sha256"] != sha256 or last_seen[path] != number - 1):
            ended.append({**known, "until": last_seen[path] + 1})
            known = None
        if known is None:
            current[path] = {"skill_id": skill_id, "path": path, "since": number, "until": None}
            current[path] |= {"sha256": sha256, "size": size, "mime": mime}
        current[path]["blame"] = blame
        last_seen[path] = number
    ended += [
        row if last_seen[path] == head else {**row, "until": last_seen[path] + 1} for path, row in current.items()
    ]
    insert = sa.text(
        "INSERT INTO files (skill_id, path, since, until, sha256, size, mime, blame)"
        " VALUES (:skill_id, :path, :since, :until, :sha256, :size, :mime, :blame)"
    )
    for start in range(0, len(ended), BATCH):
        connection.execute(insert, ended[start : start + BATCH])


def _index(connection: sa.Connection, skill: sa.Row[tuple[str, str, str, int]]) -> None:
    files = connection.execute(
        sa.text(
            "SELECT f.path, c.body FROM files f JOIN contents c ON c.sha256 = f.sha256"
            " WHERE f.skill_id = :skill AND f.until IS NULL"
        ),
        {"skill": skill.id},
    ).all()
    bodies = {path: bytes(body) for path, body in files}
    instructions = bodies.get(SKILL_FILE, b"").decode(errors="replace")
    rule = rule_of(instructions)
    found = {} if rule else {path: _texts(path, body) for path, body in bodies.items()}
    found[""] = (about_text(skill.name, skill.description, instructions),)
    connection.execute(sa.text("UPDATE skills SET rule = :rule WHERE id = :id"), {"rule": rule, "id": skill.id})
    rows = [{"skill": skill.id, "path": path, "text": text} for path, texts in found.items() for text in texts]
    insert = sa.text("INSERT INTO entries (skill_id, path, text) VALUES (:skill, :path, :text)")
    for start in range(0, len(rows), BATCH):
        connection.execute(insert, rows[start : start + BATCH])


def _texts(path: str, body: bytes) -> tuple[str, ...]:
    if not path.endswith(".md") or path == SKILL_FILE:
        return ()
    return tuple(one.text[:ENTRY_CHARS_MAX] for one in entries(body.decode(errors="replace")))
