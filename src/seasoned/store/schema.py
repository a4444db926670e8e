"""The tables. One schema for SQLite and PostgreSQL; migrations in `store/migrations` bring a database to it.
A long file, as it is one schema.

Identifiers are UUIDv7 text, times are integer microseconds, and JSON is text that only we write: text keeps NUL
characters and key order, and means the same on both databases. The file is long, since tables reference each other.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    event,
    true,
)
from sqlalchemy import String as AnyString
from sqlalchemy import Text as AnyText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Text sorts by its characters' numbers on both databases, whatever language PostgreSQL was set up for.
Text = AnyText().with_variant(AnyText(collation="C"), "postgresql")


def String(length: int) -> AnyString:  # noqa: N802 - stands where the type stands
    """Short text that sorts like Text."""
    return AnyString(length).with_variant(AnyString(length, collation="C"), "postgresql")


def _id(name: str = "id") -> Column[str]:
    return Column(name, String(36), primary_key=True)


def _ref(name: str, target: str, *, nullable: bool = False, ondelete: str = "CASCADE") -> Column[str]:
    return Column(name, String(36), ForeignKey(f"{target}.id", ondelete=ondelete), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable, server_default=None if nullable else "")


def _retry(stage: str) -> list[Column[int] | Column[str]]:
    """A stage's failures: how many, when to retry, why; `parked` at the limit."""
    return [_count(f"{stage}_attempts"), _count(f"{stage}_retry_at"), _text(f"{stage}_error")]


def _partial(name: str, *columns: Column[Any], where: ColumnElement[bool]) -> Index:
    index = Index(name, *columns, sqlite_where=where)
    index.info["where"] = where
    return index


@event.listens_for(metadata, "before_create")
def _say_where(_target: MetaData, connection: Connection, **_how: object) -> None:
    """Say what partial indexes hold where tables are made on PostgreSQL: its options' names import its dialect."""
    if connection.dialect.name == "postgresql":
        for index in (one for table in metadata.tables.values() for one in table.indexes if "where" in one.info):
            index.kwargs["postgresql_where"] = index.info["where"]


projects = Table(
    "projects",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("key_hmac", String(64), nullable=False, unique=True),
    _text("configs", nullable=True),
    _time("created_at"),
    _time("updated_at"),
)

users = Table(
    "users",
    metadata,
    _id(),
    _ref("project_id", "projects"),
    Column("identifier", Text, nullable=False),
    _time("created_at"),
    _time("updated_at"),
    UniqueConstraint("project_id", "identifier"),
    Index("ix_users_page", "project_id", "created_at", "id"),
)

sessions = Table(
    "sessions",
    metadata,
    _id(),
    _ref("project_id", "projects"),
    _ref("user_id", "users", nullable=True),
    _text("configs", nullable=True),
    Column("disable_task_tracking", Boolean, nullable=False, server_default="0"),
    # What a transcript was imported from: a key that names it, and what a person calls it.
    Column("import_key", String(64), nullable=True),
    # How an imported session begins, with an id of its program's: copies of it begin alike.
    Column("opening", String(64), nullable=True),
    # What it attempts, by its program's name for it: sessions with the same one are attempts at the same request.
    Column("attempt_of", String(64), nullable=True),
    _text("source"),
    # The explicit outcome of the session: of its only task, and of tasks whose own end was not seen.
    _text("outcome"),
    # The end of the conversation so far.
    _count("last_number"),
    Column("last_message_id", String(36), nullable=True),
    _time("last_message_at", nullable=True),
    Column("turn_open", Boolean, nullable=False, server_default="0"),
    _count("chars_waiting"),
    # The extractor's cursor, and up to where somebody asked for it to read at once.
    _count("extracted_to"),
    _count("flush_to"),
    _time("extracted_at", nullable=True),
    *_retry("extract"),
    Column("extract_parked", Boolean, nullable=False, server_default="0"),
    _time("created_at"),
    _time("updated_at"),
    UniqueConstraint("project_id", "import_key"),
    Index("ix_sessions_page", "project_id", "created_at", "id"),
)

_partial("ix_sessions_opening", sessions.c.opening, where=sessions.c.opening.is_not(None))
_partial("ix_sessions_attempt_of", sessions.c.attempt_of, where=sessions.c.attempt_of.is_not(None))

_partial("ix_sessions_unread", sessions.c.id, where=sessions.c.last_number > sessions.c.extracted_to)

# SQLite has no booleans: its planner takes an index only for the very words of the question.
_partial("ix_sessions_parked", sessions.c.id, where=sessions.c.extract_parked == true())

messages = Table(
    "messages",
    metadata,
    _id(),
    _ref("session_id", "sessions"),
    Column("number", BigInteger, nullable=False),
    Column("role", String(16), nullable=False),
    _text("parts"),
    # Set instead of `parts` when those are large: the blob that holds them.
    Column("parts_sha256", String(64), nullable=True),
    _text("meta", nullable=True),
    _text("user_meta", nullable=True),
    Column("parent_id", String(36), nullable=True),
    # Of its tasks (`task_messages`) the one that was found last, which is the one that it opens.
    Column("task_id", String(36), nullable=True),
    Column("status", String(20), nullable=False),
    # When it was said, which for an imported transcript is not when it was stored.
    _time("at"),
    _time("created_at"),
    _time("updated_at"),
    UniqueConstraint("session_id", "number"),
)

_partial("ix_messages_parts_sha256", messages.c.parts_sha256, where=messages.c.parts_sha256.is_not(None))

# The files that a message's parts name. An empty hash means that nobody has looked yet: the message is from before
# this table.
message_files = Table(
    "message_files",
    metadata,
    Column("message_id", String(36), ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Index("ix_message_files_sha256", "sha256"),
)

# Unreferenced blobs on their way to deletion. A transaction that references one again deletes its row here.
blob_marks = Table(
    "blob_marks",
    metadata,
    Column("sha256", String(64), primary_key=True),
    # When it was first seen so; when it was decided to delete it, after which it may be gone; when it was deleted.
    _time("marked_at"),
    _time("tombstoned_at", nullable=True),
    _time("swept_at", nullable=True),
    Index("ix_blob_marks_due", "tombstoned_at", "marked_at"),
)

session_events = Table(
    "session_events",
    metadata,
    _id(),
    _ref("session_id", "sessions"),
    _ref("project_id", "projects"),
    Column("type", Text, nullable=False),
    _text("data"),
    _time("created_at"),
    _time("updated_at"),
    Index("ix_session_events_page", "session_id", "created_at", "id"),
)

tasks = Table(
    "tasks",
    metadata,
    _id(),
    _ref("session_id", "sessions"),
    _ref("project_id", "projects"),
    Column("position", Integer, nullable=False),
    _text("title"),
    Column("status", String(10), nullable=False),
    # Whether the status is the session's told outcome, and nothing in the task's messages shows it.
    Column("is_told", Boolean, nullable=False, server_default="0"),
    _text("progresses"),
    _text("evidence"),
    Column("first_number", BigInteger, nullable=False),
    Column("last_number", BigInteger, nullable=False),
    _time("started_at"),
    _time("ended_at"),
    # The distiller's cursor: each finished revision is distilled once.
    _count("revision"),
    _count("distilled_revision"),
    _time("distilled_at", nullable=True),
    _text("summary", nullable=True),
    *_retry("distill"),
    Column("distill_parked", Boolean, nullable=False, server_default="0"),
    _time("created_at"),
    _time("updated_at"),
    UniqueConstraint("session_id", "position"),
)

_partial("ix_tasks_undistilled", tasks.c.session_id, where=tasks.c.revision > tasks.c.distilled_revision)

_partial("ix_tasks_parked", tasks.c.id, where=tasks.c.distill_parked == true())

# Which messages belong to which tasks: one that ends a task and opens the next belongs to both.
task_messages = Table(
    "task_messages",
    metadata,
    Column("task_id", String(36), ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("message_id", String(36), ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Index("ix_task_messages_number", "task_id", "number"),
    Index("ix_task_messages_message", "message_id"),
)

spaces = Table(
    "spaces",
    metadata,
    _id(),
    _ref("project_id", "projects"),
    _ref("user_id", "users", nullable=True),
    _text("name"),
    _text("meta", nullable=True),
    # Whether what is learned is written at once (`auto`) or waits for a person (`review`).
    Column("policy", String(10), nullable=False, server_default="auto"),
    # The writer's cursor: the number of the last settled lesson of the space.
    _count("written_to"),
    _count("linked"),
    *_retry("write"),
    _time("created_at"),
    _time("updated_at"),
    Index("ix_spaces_page", "project_id", "created_at", "id"),
)

space_sessions = Table(
    "space_sessions",
    metadata,
    _id(),
    _ref("space_id", "spaces"),
    Column("session_id", String(36), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False, unique=True),
    # The session's place among those that teach the space; lessons are written in this order.
    Column("position", BigInteger, nullable=False),
    _time("created_at"),
    _time("updated_at"),
    Index("ix_space_sessions_order", "space_id", "position"),
)

# The files whose sessions were imported into a space, by the SHA-256 of their content.
imported_files = Table(
    "imported_files",
    metadata,
    Column("space_id", String(36), ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    # A JSON list.
    _text("session_ids"),
    _time("created_at"),
)

lessons = Table(
    "lessons",
    metadata,
    _id(),
    _ref("session_id", "sessions"),
    _ref("task_id", "tasks", nullable=True),
    # Which distillation of the task, and which of its lessons; 0 for preferences, which no task teaches.
    _count("revision"),
    Column("ordinal", Integer, nullable=False),
    Column("kind", String(12), nullable=False),
    _text("title"),
    _text("text"),
    _text("topic"),
    _text("replaces"),
    _text("reason"),
    _text("quotes"),
    # What shows it to be true: an error, a check, a correction, a contrast; `outcome` makes it a suspicion.
    Column("basis", String(12), nullable=False, server_default=""),
    # The last message it rests on: its place inside the session.
    Column("number", BigInteger, nullable=False),
    _time("at"),
    Column("status", String(12), nullable=False),
    # Where it was settled: the space, and its number there.
    _ref("space_id", "spaces", nullable=True, ondelete="SET NULL"),
    Column("space_number", BigInteger, nullable=True),
    _time("settled_at", nullable=True),
    _time("created_at"),
    _time("updated_at"),
    UniqueConstraint("task_id", "revision", "ordinal"),
    UniqueConstraint("space_id", "space_number"),
    Index("ix_lessons_session", "session_id", "status"),
)

_partial("ix_lessons_pending", lessons.c.session_id, where=lessons.c.status == "pending")

_partial("ix_lessons_parked", lessons.c.status, where=lessons.c.status == "parked")

skills = Table(
    "skills",
    metadata,
    _id(),
    _ref("project_id", "projects"),
    _ref("user_id", "users", nullable=True),
    Column("name", Text, nullable=False),
    _text("description"),
    Column("disk_id", String(36), nullable=False, unique=True),
    _text("meta", nullable=True),
    # The head: the number of the newest version.
    _count("head"),
    # `journal` when its SKILL.md asks for entries that are written by rule.
    _text("rule"),
    # Since when it is in no prompt, export and catalogue.
    _time("archived_at", nullable=True),
    _time("created_at"),
    _time("updated_at"),
    Index("ix_skills_page", "project_id", "created_at", "id"),
)

space_skills = Table(
    "space_skills",
    metadata,
    _id(),
    _ref("space_id", "spaces"),
    _ref("skill_id", "skills"),
    _time("created_at"),
    UniqueConstraint("space_id", "skill_id"),
    Index("ix_space_skills_skill", "skill_id"),
    Index("ix_space_skills_page", "space_id", "created_at", "id"),
)

versions = Table(
    "versions",
    metadata,
    _id(),
    _ref("skill_id", "skills"),
    Column("number", BigInteger, nullable=False),
    Column("author", String(20), nullable=False),
    _text("reason"),
    _text("lessons"),
    _time("created_at"),
    UniqueConstraint("skill_id", "number"),
)

# The headings of sections that the learner may not change.
pins = Table(
    "pins",
    metadata,
    Column("skill_id", String(36), ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True),
    Column("heading", Text, primary_key=True),
    _time("created_at"),
)

# Which sessions read which version of a skill; a row without a session counts the reads whose session nobody said.
skill_reads = Table(
    "skill_reads",
    metadata,
    _id(),
    _ref("skill_id", "skills"),
    Column("version", BigInteger, nullable=False),
    _ref("session_id", "sessions", nullable=True),
    # How often its description was shown, and how often a file of it was read; when the first file was, and when
    # anything was last.
    _count("shown"),
    _count("loaded"),
    _time("loaded_at", nullable=True),
    _time("last_at"),
    UniqueConstraint("skill_id", "version", "session_id"),
    Index("ix_skill_reads_session", "session_id"),
)

# A file as it was from version `since` up to, not including, `until`; NULL means that the head has it. So a version
# costs rows for what it changed only.
files = Table(
    "files",
    metadata,
    Column("skill_id", String(36), ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger, nullable=True),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mime", Text, nullable=False),
    # For text: runs of [version number, count of lines, places in the version's lessons], so that a line leads to the
    # version that brought it, and to its lessons.
    _text("blame", nullable=True),
    Index("ix_files_sha256", "sha256"),
)

_partial("ix_files_head", files.c.skill_id, files.c.path, where=files.c.until.is_(None))

# The entries of the heads' Markdown files, to be searched; a row with an empty path is a skill's name and description.
# Journals are not in it. Nothing here refers to a skill or a link: deleting one must not take all its rows along in one
# transaction (`store.indexing`).
entries = Table(
    "entries",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("skill_id", String(36), nullable=False),
    _text("path"),
    # Whether it stands for all entries of a long file that have no row of their own.
    Column("whole", Boolean, nullable=False, server_default="0"),
    _text("text"),
    # With the mark of the skill's project before each; see `entry_words`.
    _text("words"),
    Index("ix_entries_file", "skill_id", "path"),
)

# The words of entries, once for each space that has their skill, with the space's mark before each; `store.search`
# makes them, and each database has an index of its own on them.
entry_words = Table(
    "entry_words",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("entry_id", BigInteger, nullable=False),
    Column("link_id", String(36), nullable=False),
    _text("words"),
    UniqueConstraint("entry_id", "link_id"),
    Index("ix_entry_words_link", "link_id"),
)

# The words of lessons, tasks and messages, with the project's mark before each; `store.documents` keeps them. What they
# say stays in their own rows.
documents = Table(
    "documents",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    _ref("session_id", "sessions"),
    Column("kind", String(8), nullable=False),
    # The id of the lesson, the task or the message.
    Column("ref_id", String(36), nullable=False),
    _time("at"),
    _text("words"),
    Index("ix_documents_ref", "ref_id"),
    Index("ix_documents_session", "session_id"),
)

# What the index is behind with: a file of a skill (by its path), a skill in a space (by its link), or all files of a
# skill (neither). The number says which of two rows is the later one, so it is never used twice.
unindexed = Table(
    "unindexed",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("skill_id", String(36), nullable=False),
    _text("path", nullable=True),
    Column("link_id", String(36), nullable=True),
    Index("ix_unindexed_skill", "skill_id"),
    sqlite_autoincrement=True,
)

# Every skill is a disk too; `skill_id` says which. Its files are those of the skill's head.
disks = Table(
    "disks",
    metadata,
    _id(),
    _ref("project_id", "projects"),
    _ref("user_id", "users", nullable=True),
    Column("skill_id", String(36), ForeignKey("skills.id", ondelete="CASCADE"), nullable=True, unique=True),
    _time("created_at"),
    _time("updated_at"),
    Index("ix_disks_page", "project_id", "created_at", "id"),
)

# Files of disks that are no skills. `path` is the folder, with a slash at both ends.
artifacts = Table(
    "artifacts",
    metadata,
    _id(),
    _ref("disk_id", "disks"),
    Column("path", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mime", Text, nullable=False),
    _text("meta", nullable=True),
    _time("created_at"),
    _time("updated_at"),
    UniqueConstraint("disk_id", "path", "filename"),
    Index("ix_artifacts_sha256", "sha256"),
)

# What users noted on files of skills, which have no artifact row.
file_meta = Table(
    "file_meta",
    metadata,
    Column("skill_id", String(36), ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("meta", Text, nullable=False),
)

# Small contents that were seen without a file that names them, and since when, on their way to being deleted.
inline_blob_marks = Table(
    "inline_blob_marks",
    metadata,
    Column("sha256", String(64), primary_key=True),
    _time("marked_at"),
    Index("ix_inline_blob_marks_due", "marked_at"),
)

# Small file contents by their SHA-256; larger ones are in the object store under the same name.
contents = Table(
    "contents",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# Which lesson stands behind which entry of a file; the count of rows is the entry's evidence.
entry_lessons = Table(
    "entry_lessons",
    metadata,
    Column("skill_id", String(36), ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True),
    Column("entry_key", String(64), primary_key=True),
    Column("lesson_id", String(36), ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True),
    Column("path", Text, nullable=False),
    Column("effect", String(12), nullable=False),
    Index("ix_entry_lessons_lesson", "lesson_id"),
)

# Edits of the learner that wait for a person, or that a person decided on.
proposals = Table(
    "proposals",
    metadata,
    _id(),
    _ref("project_id", "projects"),
    _ref("space_id", "spaces"),
    # The edits; the skills that they change, each with the head that they were made on; why the safety checks flagged
    # them; and what they say, to which later lessons are compared.
    _text("edits"),
    _text("heads"),
    _text("findings"),
    _text("said"),
    # Why they are proposed, where no lesson says so.
    _text("why"),
    Column("status", String(10), nullable=False),
    _text("reason"),
    # Once approved: each changed skill with the version made.
    _text("made"),
    _time("created_at"),
    _time("updated_at"),
    Index("ix_proposals_page", "project_id", "created_at", "id"),
    Index("ix_proposals_space", "space_id", "status", "created_at"),
)

proposal_lessons = Table(
    "proposal_lessons",
    metadata,
    Column("proposal_id", String(36), ForeignKey("proposals.id", ondelete="CASCADE"), primary_key=True),
    Column("lesson_id", String(36), ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_proposal_lessons_lesson", "lesson_id"),
)

# What is not learned again: sessions, tasks and lessons by their ids, transcripts by what names them.
forgotten = Table(
    "forgotten",
    metadata,
    Column("project_id", String(36), ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(64), primary_key=True),
    _time("created_at"),
)

model_calls = Table(
    "model_calls",
    metadata,
    _id(),
    _ref("project_id", "projects"),
    Column("space_id", String(36), nullable=True),
    Column("session_id", String(36), nullable=True),
    Column("task_id", String(36), nullable=True),
    Column("stage", String(10), nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt_sha256", String(64), nullable=False),
    # The hash of all that was asked: the same question is not paid for twice.
    Column("question_sha256", String(64), nullable=False),
    _text("answer", nullable=True),
    _text("error"),
    Column("requests", BigInteger, nullable=False, server_default="1"),
    _count("input_tokens"),
    _count("cached_tokens"),
    _count("output_tokens"),
    # Millionths of a dollar; NULL when the price is not known.
    Column("price_micros", BigInteger, nullable=True),
    _count("latency_ms"),
    _time("created_at"),
    Index("ix_model_calls_question", "question_sha256"),
    Index("ix_model_calls_day", "project_id", "created_at"),
)
