"""Finding entries by their words.

Only a space's own entries are counted and ranked, regardless of other spaces in the database: each word is stored with
its space's prefix. Of a text's words the rarest in the space are searched, as many as stay within READ_MAX entries, so
that a search takes about as long in a large space as in a small one.

Both databases rank by BM25 (Robertson et al., Okapi at TREC-3, 1994). SQLite's FTS5 has it. PostgreSQL's full-text
search does not know how common a word is; its statement is told what was counted.
"""

import hashlib
import re
from collections.abc import Sequence
from itertools import accumulate
from math import log

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.store.rows import dump, on_postgres
from seasoned.store.schema import entry_words

WORDS_MAX = 32
WORD_CHARS_MAX = 40
# Of each entry.
WORDS_KEPT_MAX = 2_000
# How many entries a search ranks.
READ_MAX = 1_000
_WORD = re.compile(r"[^\W_]{2,}")
# Words that nearly every text has would rank the whole index for nothing.
_COMMON_TEXT = """
the and or but for with from that this these those are was were be been has have had not can will would should its it is
in on of to at by as an if so no do does did when then than they them their user agent use used using how what which who
all any each every more most only also into out up after before der die das und ist
"""
_COMMON = frozenset(_COMMON_TEXT.split())
_LETTERS = str.maketrans("0123456789", "ghijklmnop")

# The index of `entry_words`, kept by triggers, so that rows which go with their entry or their space leave it too.
CREATE_SQLITE = (
    "CREATE VIRTUAL TABLE entry_words_fts USING fts5"
    "(words, content='entry_words', content_rowid='id', tokenize='porter unicode61')",
    "CREATE TRIGGER entry_words_added AFTER INSERT ON entry_words BEGIN"
    " INSERT INTO entry_words_fts (rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER entry_words_removed AFTER DELETE ON entry_words BEGIN"
    " INSERT INTO entry_words_fts (entry_words_fts, rowid, words) VALUES ('delete', old.id, old.words); END",
)
# The words without their endings, kept with their row and out of the common schema. Not with `fastupdate`: each of a
# search's questions would read the whole list of what is not sorted in yet.
CREATE_POSTGRES = (
    "ALTER TABLE entry_words ADD COLUMN stems tsvector GENERATED ALWAYS AS (to_tsvector('english', words)) STORED",
    "CREATE INDEX ix_entry_words_stems ON entry_words USING gin (stems) WITH (fastupdate = off)",
)

# How many entries have each of some words, counted up to a number. Every word is quoted: what a person wrote is no
# query language; on PostgreSQL the words are letters and digits only, so nothing in them is an operator.
_COUNT_SQLITE = sa.text(
    "SELECT value, (SELECT count(*) FROM (SELECT 1 FROM entry_words_fts"
    """ WHERE entry_words_fts MATCH '"' || value || '"' LIMIT :most)) FROM json_each(:words)"""
)
_COUNT_POSTGRES = sa.text(
    "SELECT value, (SELECT count(*) FROM (SELECT 1 FROM entry_words"
    " WHERE stems @@ to_tsquery('english', value) LIMIT :most) AS found)"
    " FROM json_array_elements_text(CAST(:words AS json)) AS asked (value)"
)

# The closest of the newest entries that have any of some words. What the index is behind with may be of an older head.
_RANK_SQLITE = sa.text(
    "WITH found AS (SELECT rowid AS id, -rank AS score FROM entry_words_fts"
    "  WHERE entry_words_fts MATCH :any ORDER BY rowid DESC LIMIT :most),"
    " closest AS (SELECT kept.entry_id, found.score FROM found JOIN entry_words AS kept ON kept.id = found.id"
    "  JOIN space_skills AS link ON link.id = kept.link_id WHERE link.space_id = :space"
    "  ORDER BY found.score DESC, kept.entry_id LIMIT :limit)"
    " SELECT entries.skill_id, CASE WHEN entries.whole THEN '' ELSE entries.path END, entries.text, closest.score"
    " FROM closest JOIN entries ON entries.id = closest.entry_id WHERE NOT EXISTS"
    "  (SELECT 1 FROM unindexed WHERE unindexed.skill_id = entries.skill_id AND unindexed.link_id IS NULL"
    "  AND (unindexed.path IS NULL OR unindexed.path = entries.path)) ORDER BY closest.score DESC, entries.id"
)
# The same with BM25 written out, for entries that have each word once; k1 is 1.2 and b 0.75, as in FTS5.
_RANK_POSTGRES = sa.text(
    "WITH asked AS MATERIALIZED (SELECT to_tsquery('english', word) AS query, rarity"
    "  FROM json_to_recordset(CAST(:words AS json)) AS one (word text, rarity float8)),"
    " found AS MATERIALIZED (SELECT kept.entry_id, kept.stems FROM entry_words AS kept"
    "  JOIN space_skills AS link ON link.id = kept.link_id"
    "  WHERE kept.stems @@ to_tsquery('english', :any) AND link.space_id = :space ORDER BY kept.id DESC LIMIT :most),"
    " weighed AS (SELECT entry_id, length(stems) / greatest(avg(length(stems)) OVER (), 1) AS length,"
    "  (SELECT sum(rarity) FROM asked WHERE stems @@ query) AS rarity FROM found),"
    " closest AS (SELECT entry_id, rarity * 2.2 / (1 + 1.2 * (0.25 + 0.75 * length)) AS score FROM weighed"
    "  ORDER BY score DESC, entry_id LIMIT :limit)"
    " SELECT entries.skill_id, CASE WHEN entries.whole THEN '' ELSE entries.path END, entries.text,"
    " CAST(closest.score AS float8) FROM closest JOIN entries ON entries.id = closest.entry_id WHERE NOT EXISTS"
    "  (SELECT 1 FROM unindexed WHERE unindexed.skill_id = entries.skill_id AND unindexed.link_id IS NULL"
    "  AND (unindexed.path IS NULL OR unindexed.path = entries.path)) ORDER BY closest.score DESC, entries.id"
)


class Hit(msgspec.Struct, frozen=True):
    """An entry that was found; an empty `path` stands for the skill's own description, or for the words of a file that
    is too long to have all its entries searched one by one. A higher score is closer.
    """

    skill_id: str
    path: str
    text: str
    score: float


class _Counted(msgspec.Struct, frozen=True, order=True):
    """A word as it is stored, and how many entries of its space contain it."""

    entries: int
    word: str


def words_of(text: str) -> list[str]:
    """The words to search a text's likes by: the most telling ones, at most WORDS_MAX."""
    telling = sorted(_words(text), key=lambda word: (any(map(str.isdigit, word)), len(word)), reverse=True)
    return telling[:WORDS_MAX]


def _words(text: str) -> list[str]:
    """The different words of a text, in its order, but for those that nearly every text has."""
    found = (word[:WORD_CHARS_MAX] for word in _WORD.findall(text.casefold()) if word not in _COMMON)
    return list(dict.fromkeys(found))


def _mark(space_id: str) -> str:
    """What stands before the words of a space: letters only, as PostgreSQL keeps the endings of words with digits.

    Two spaces may have the same mark, so who searches asks for the space, too.
    """
    return hashlib.blake2b(space_id.encode(), digest_size=4).hexdigest().translate(_LETTERS)


def kept_words(space_id: str, text: str) -> str:
    """The words of an entry as they are kept for a space."""
    mark = _mark(space_id)
    return " ".join(mark + word for word in _words(text)[:WORDS_KEPT_MAX])


def near(connection: Connection, space_id: str, text: str, limit: int) -> list[Hit]:
    """The entries of a space's skills that share the rarest words with a text, closest first."""
    mark = _mark(space_id)
    rarest = _rarest(connection, [mark + word for word in words_of(text)])
    if not rarest:
        return []
    told = {"space": space_id, "most": READ_MAX, "limit": limit}
    if on_postgres(connection):
        # As for FTS5, which counts what it has of every space.
        every = connection.execute(sa.select(sa.func.max(entry_words.c.id))).scalar_one()
        told["any"] = " | ".join(one.word for one in rarest)
        told["words"] = dump([{"word": one.word, "rarity": _rarity(one.entries, every)} for one in rarest])
        return [Hit(*row) for row in connection.execute(_RANK_POSTGRES, told)]
    told["any"] = " OR ".join(f'"{one.word}"' for one in rarest)
    return [Hit(*row) for row in connection.execute(_RANK_SQLITE, told)]


def _rarest(connection: Connection, words: Sequence[str]) -> list[_Counted]:
    """Of the words that entries have the rarest, as many as READ_MAX entries are enough for, and one at least."""
    count = _COUNT_POSTGRES if on_postgres(connection) else _COUNT_SQLITE
    rows = connection.execute(count, {"words": dump(words), "most": READ_MAX}) if words else ()
    known = sorted(_Counted(entries=row[1], word=row[0]) for row in rows if row[1])
    read = accumulate(one.entries for one in known)
    return [one for one, so_far in zip(known, read, strict=True) if so_far <= READ_MAX] or known[:1]


def _rarity(having: int, every: int) -> float:
    # Half a word is added where a count may be 0, as BM25 does.
    return log(1 + (max(every, having) - having + 0.5) / (having + 0.5))
