"""Finding entries by their words: SQLite's FTS5, ranked by BM25 (Robertson et al., Okapi at TREC-3, 1994)."""

import re
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.store.schema import entries, space_skills

WORDS_MAX = 32
WORD_CHARS_MAX = 40
_WORD = re.compile(r"[^\W_]{2,}")
# Words that nearly every text has would rank the whole index for nothing.
_COMMON_TEXT = """
the and or but for with from that this these those are was were be been has have had not can will would should its it is
in on of to at by as an if so no do does did when then than they them their user agent use used using how what which who
all any each every more most only also into out up after before der die das und ist
"""
_COMMON = frozenset(_COMMON_TEXT.split())

# The index of the texts of `entries`, kept by triggers, so that rows which go with their skill leave it too.
CREATE_SQLITE = (
    "CREATE VIRTUAL TABLE entries_fts USING fts5"
    "(text, content='entries', content_rowid='id', tokenize='porter unicode61')",
    "CREATE TRIGGER entries_added AFTER INSERT ON entries BEGIN"
    " INSERT INTO entries_fts (rowid, text) VALUES (new.id, new.text); END",
    "CREATE TRIGGER entries_removed AFTER DELETE ON entries BEGIN"
    " INSERT INTO entries_fts (entries_fts, rowid, text) VALUES ('delete', old.id, old.text); END",
)


class Hit(msgspec.Struct, frozen=True):
    """An entry that was found; an empty `path` stands for the skill's own description. A higher score is closer."""

    skill_id: str
    path: str
    text: str
    score: float


def words_of(text: str) -> list[str]:
    """The words to search a text's likes by: the most telling ones, at most WORDS_MAX."""
    found = dict.fromkeys(word for word in _WORD.findall(text.casefold()) if word not in _COMMON)
    telling = sorted(found, key=lambda word: (any(map(str.isdigit, word)), len(word)), reverse=True)
    return [word[:WORD_CHARS_MAX] for word in telling[:WORDS_MAX]]


def near(connection: Connection, space_id: str, text: str, limit: int) -> list[Hit]:
    """The entries of a space's skills that share the most telling words with a text, closest first."""
    words = words_of(text)
    return _matching(connection, space_id, words, limit) if words else []


def _matching(connection: Connection, space_id: str, words: Sequence[str], limit: int) -> list[Hit]:
    # Every word is quoted: what a person wrote is no query language.
    query = " OR ".join(f'"{word}"' for word in words)
    fts = sa.table("entries_fts", sa.column("rowid"), sa.column("entries_fts"), sa.column("rank"))
    statement = (
        sa.select(entries.c.skill_id, entries.c.path, entries.c.text, -fts.c.rank)
        .join(entries, entries.c.id == fts.c.rowid)
        .join(space_skills, space_skills.c.skill_id == entries.c.skill_id)
        .where(fts.c.entries_fts.op("MATCH")(query), space_skills.c.space_id == space_id)
        .order_by(fts.c.rank, entries.c.id)
        .limit(limit)
    )
    return [Hit(*row) for row in connection.execute(statement)]


def replace_file(connection: Connection, skill_id: str, path: str, texts: Sequence[str]) -> None:
    """Let the index hold these entries, and only these, of a file."""
    connection.execute(sa.delete(entries).where(entries.c.skill_id == skill_id, entries.c.path == path))
    if texts:
        connection.execute(sa.insert(entries), [{"skill_id": skill_id, "path": path, "text": text} for text in texts])


def forget(connection: Connection, skill_id: str) -> None:
    """Take a skill out of the index."""
    connection.execute(sa.delete(entries).where(entries.c.skill_id == skill_id))
