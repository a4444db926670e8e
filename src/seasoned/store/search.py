"""Finding entries by their words.

Both databases rank by BM25 (Robertson et al., Okapi at TREC-3, 1994). SQLite's FTS5 has it. PostgreSQL's full-text
search does not know how common a word is, so the statement counts that: among the entries of the space that have any
of the words, each word of an entry counting once.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.store.rows import on_postgres
from seasoned.store.schema import entries, space_skills

Found = sa.Select[*tuple[Any, ...]]

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

# What FTS5 takes for how soon more of the same counts less, and how much long texts are held back.
BM25_K1, BM25_B = 1.2, 0.75

ENTRY_CHARS_INDEXED = 100_000
# The words of a text, kept with its row and out of the common schema.
CREATE_POSTGRES = (
    "ALTER TABLE entries ADD COLUMN words tsvector"
    f" GENERATED ALWAYS AS (to_tsvector('english', left(text, {ENTRY_CHARS_INDEXED}))) STORED",
    "CREATE INDEX ix_entries_words ON entries USING gin (words)",
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
    if not words:
        return []
    matching = _on_postgres(space_id, words) if on_postgres(connection) else _on_sqlite(space_id, words)
    return [Hit(*row) for row in connection.execute(matching.limit(limit))]


def _on_sqlite(space_id: str, words: Sequence[str]) -> Found:
    # Every word is quoted: what a person wrote is no query language.
    query = " OR ".join(f'"{word}"' for word in words)
    fts = sa.table("entries_fts", sa.column("rowid"), sa.column("entries_fts"), sa.column("rank"))
    return (
        sa.select(entries.c.skill_id, entries.c.path, entries.c.text, -fts.c.rank)
        .join(entries, entries.c.id == fts.c.rowid)
        .join(space_skills, space_skills.c.skill_id == entries.c.skill_id)
        .where(fts.c.entries_fts.op("MATCH")(query), space_skills.c.space_id == space_id)
        .order_by(fts.c.rank, entries.c.id)
    )


def _on_postgres(space_id: str, words: Sequence[str]) -> Found:
    have: sa.ColumnElement[object] = sa.literal_column("entries.words")
    found = (
        sa.select(
            entries.c.id,
            entries.c.skill_id,
            entries.c.path,
            entries.c.text,
            sa.func.length(entries.c.text).label("length"),
            *(sa.cast(have.op("@@")(_query(word)), sa.Integer).label(f"has{at}") for at, word in enumerate(words)),
        )
        .join(space_skills, space_skills.c.skill_id == entries.c.skill_id)
        .where(have.op("@@")(_query(" | ".join(words))), space_skills.c.space_id == space_id)
        .cte("found")
    )
    every = sa.cast(sa.func.count(), sa.Double)
    having = [sa.func.sum(found.c[f"has{at}"]) for at in range(len(words))]
    # How rare each word is. Half a word is added where a count may be 0, as BM25 does.
    rarities = [
        sa.func.ln(1 + (every - count + 0.5) / (count + 0.5)).label(f"rarity{at}") for at, count in enumerate(having)
    ]
    # Made once, not again for every row.
    counted = (
        sa.select(sa.func.avg(found.c.length).label("length"), *rarities).cte("counted").prefix_with("MATERIALIZED")
    )
    closeness = (found.c[f"has{at}"] * counted.c[f"rarity{at}"] for at in range(len(words)))
    stretch = 1 - BM25_B + BM25_B * found.c.length / sa.func.greatest(counted.c.length, 1)
    score = sum(closeness, sa.literal(0.0)) * (BM25_K1 + 1) / (1 + BM25_K1 * stretch)
    return (
        sa.select(found.c.skill_id, found.c.path, found.c.text, sa.cast(score, sa.Double).label("score"))
        .join(counted, sa.true())
        .order_by(sa.desc("score"), found.c.id)
    )


def _query(words: str) -> sa.Function[object]:
    # The words are letters and digits only, so nothing in them is an operator.
    return sa.func.to_tsquery(sa.literal_column("'english'"), words)


def replace_file(connection: Connection, skill_id: str, path: str, texts: Sequence[str]) -> None:
    """Let the index hold these entries, and only these, of a file."""
    connection.execute(sa.delete(entries).where(entries.c.skill_id == skill_id, entries.c.path == path))
    if texts:
        connection.execute(sa.insert(entries), [{"skill_id": skill_id, "path": path, "text": text} for text in texts])


def forget(connection: Connection, skill_id: str) -> None:
    """Take a skill out of the index."""
    connection.execute(sa.delete(entries).where(entries.c.skill_id == skill_id))
