"""Finding rows by their words: entries of a space or a project, and documents (`store.documents`).

Only an owner's own rows are counted and ranked, regardless of others in the database: each word is stored with the
prefix of its space or project. Of a text's words the rarest are searched, as many as stay within READ_MAX rows, so that
a search takes about as long among many rows as among few.

Both databases rank by BM25 (Robertson et al., Okapi at TREC-3, 1994). SQLite's FTS5 has it. PostgreSQL's full-text
search does not know how common a word is; its statement is told what was counted.
"""

import hashlib
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from math import log
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.store.rows import dump, on_postgres
from seasoned.store.schema import entries, unindexed

WORDS_MAX = 32
WORD_CHARS_MAX = 40
# Of each row.
WORDS_KEPT_MAX = 2_000
# How many rows a search ranks.
READ_MAX = 1_000
# How many common words a process knows, and for how many searches each.
COMMON_MAX = 50_000
COMMON_FOR = 100
# Which tables have the column `words`, with an index of its own in each database.
TABLES: Final = ("entry_words", "entries", "documents")
_WORD = re.compile(r"[^\W_]{2,}")
# Words that nearly every text has would rank the whole index for nothing.
_COMMON_TEXT = """
the and or but for with from that this these those are was were be been has have had not can will would should its it is
in on of to at by as an if so no do does did when then than they them their user agent use used using how what which who
all any each every more most only also into out up after before der die das und ist
"""
_COMMON = frozenset(_COMMON_TEXT.split())
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def create_sqlite(table: str) -> tuple[str, ...]:
    """The index of a table, kept by triggers, so that rows which go with what they belong to leave it too."""
    index = f"{table}_fts"
    into, kept = f"{index} (rowid, words)", f"{index} ({index}, rowid, words)"
    return (
        f"CREATE VIRTUAL TABLE {index} USING fts5"
        f"(words, content='{table}', content_rowid='id', tokenize='porter unicode61')",
        f"CREATE TRIGGER {table}_added AFTER INSERT ON {table} BEGIN"  # noqa: S608 - names of ours
        f" INSERT INTO {into} VALUES (new.id, new.words); END",
        f"CREATE TRIGGER {table}_removed AFTER DELETE ON {table} BEGIN"  # noqa: S608 - names of ours
        f" INSERT INTO {kept} VALUES ('delete', old.id, old.words); END",
    )


def create_postgres(table: str) -> tuple[str, ...]:
    """The words without their endings, kept with their row and out of the common schema. Not with `fastupdate`: each of
    a search's questions would read the whole list of what is not sorted in yet.
    """
    return (
        f"ALTER TABLE {table} ADD COLUMN stems tsvector GENERATED ALWAYS AS (to_tsvector('english', words)) STORED",
        f"CREATE INDEX ix_{table}_stems ON {table} USING gin (stems) WITH (fastupdate = off)",
    )


class Hit(msgspec.Struct, frozen=True):
    """An entry that was found; an empty `path` stands for the skill's own description, or for the words of a file that
    is too long to have all its entries searched one by one. A higher score is closer.
    """

    skill_id: str
    path: str
    text: str
    score: float
    id: int = 0
    is_whole: bool = False


class Rows(msgspec.Struct, frozen=True):
    """Rows of a table, called `kept`, that may be found: the column that tells them, what else to join, a condition.

    All of it is SQL of ours; what a client says goes into `told` only.
    """

    table: str
    key: str = "id"
    joins: str = ""
    where: str = "true"
    told: Mapping[str, object] = {}


class _Counted(msgspec.Struct, frozen=True, order=True):
    """A word as it is stored, and how many rows of its owner contain it."""

    rows: int
    word: str


def words_of(text: str) -> list[str]:
    """The words to search a text's likes by: the most telling ones, at most WORDS_MAX."""
    telling = sorted(_words(text), key=lambda word: (any(map(str.isdigit, word)), len(word)), reverse=True)
    return telling[:WORDS_MAX]


def _words(text: str) -> list[str]:
    """The different words of a text, in its order, but for those that nearly every text has."""
    found = (word[:WORD_CHARS_MAX] for word in _WORD.findall(text.casefold()) if word not in _COMMON)
    return list(dict.fromkeys(found))


def _mark(owner_id: str) -> str:
    """What stands before the words of a space or a project: letters only, as PostgreSQL keeps the endings of words with
    digits. Two owners may have the same mark, so who searches asks for the owner, too.
    """
    return hashlib.blake2b(owner_id.encode(), digest_size=4).hexdigest().translate(_LETTERS)


def kept_words(owner_id: str, text: str) -> str:
    """The words of a row as they are kept for a space or a project."""
    mark = _mark(owner_id)
    return " ".join(mark + word for word in _words(text)[:WORDS_KEPT_MAX])


def near(connection: Connection, space_id: str, text: str, limit: int) -> list[Hit]:
    """The entries of a space's skills that share the rarest words with a text, closest first."""
    return entries_of(connection, ranked(connection, of_space(space_id), space_id, text, limit))


def of_space(space_id: str, where: str = "true", told: Mapping[str, object] | None = None) -> Rows:
    """The words of a space's entries, by the entries' ids."""
    return Rows(
        table="entry_words",
        key="entry_id",
        joins="JOIN space_skills AS link ON link.id = kept.link_id JOIN entries ON entries.id = kept.entry_id"
        " JOIN skills ON skills.id = entries.skill_id",
        where=f"link.space_id = :space AND {where}",
        told={"space": space_id, **(told or {})},
    )


def of_project(where: str, told: Mapping[str, object]) -> Rows:
    """The entries of a project's skills."""
    return Rows(table="entries", joins="JOIN skills ON skills.id = kept.skill_id", where=where, told=told)


def entries_of(connection: Connection, found: Mapping[int, float]) -> list[Hit]:
    """Some entries with their scores, without those that are no longer of their skill's head."""
    # What the index is behind with may be of an older head.
    behind = sa.select(sa.literal(1)).where(
        unindexed.c.skill_id == entries.c.skill_id,
        unindexed.c.link_id.is_(None),
        sa.or_(unindexed.c.path.is_(None), unindexed.c.path == entries.c.path),
    )
    columns = (entries.c.id, entries.c.skill_id, entries.c.path, entries.c.whole, entries.c.text)
    statement = sa.select(*columns).where(entries.c.id.in_(list(found)), ~behind.exists())
    hits = {
        row.id: Hit(row.skill_id, "" if row.whole else row.path, row.text, found[row.id], row.id, bool(row.whole))
        for row in (connection.execute(statement) if found else ())
    }
    return [hits[entry_id] for entry_id in found if entry_id in hits]


def ranked(connection: Connection, rows: Rows, owner_id: str, text: str, limit: int, most: int = 0) -> dict[int, float]:
    """The keys of the rows of a space or project that share the rarest words with a text, with their scores, closest
    first. Of the rows that have any of those words, the newest `most` are ranked; READ_MAX when it is 0.
    """
    most = most or READ_MAX
    mark = _mark(owner_id)
    rarest = _rarest(connection, rows.table, [mark + word for word in words_of(text)], most)
    if not rarest:
        return {}
    told = {**rows.told, "most": most, "limit": limit}
    if not on_postgres(connection):
        told["any"] = " OR ".join(f'"{one.word}"' for one in rarest)
        return {row[0]: row[1] for row in connection.execute(_rank_sqlite(rows), told)}
    # As for FTS5, which counts what it has of every owner.
    newest = sa.text(f"SELECT coalesce(max(id), 0) FROM {rows.table}")  # noqa: S608 - a name of ours
    every = connection.execute(newest).scalar_one()
    told["any"] = " | ".join(one.word for one in rarest)
    told["words"] = dump([{"word": one.word, "rarity": _rarity(one.rows, every)} for one in rarest])
    return {row[0]: row[1] for row in connection.execute(_rank_postgres(rows), told)}


def _rank_sqlite(rows: Rows) -> sa.TextClause:
    index = f"{rows.table}_fts"
    return sa.text(
        f"SELECT place, score FROM (SELECT kept.{rows.key} AS place, -{index}.rank AS score"  # noqa: S608 - names of ours
        f" FROM {index} JOIN {rows.table} AS kept ON kept.id = {index}.rowid {rows.joins}"
        f" WHERE {index} MATCH :any AND {rows.where} ORDER BY {index}.rowid DESC LIMIT :most)"
        " ORDER BY score DESC, place LIMIT :limit"
    )


def _rank_postgres(rows: Rows) -> sa.TextClause:
    """BM25 written out, for rows that have each word once; k1 is 1.2 and b 0.75, as in FTS5."""
    return sa.text(
        "WITH asked AS MATERIALIZED (SELECT to_tsquery('english', word) AS query, rarity"  # noqa: S608 - names of ours
        "  FROM json_to_recordset(CAST(:words AS json)) AS one (word text, rarity float8)),"
        f" found AS MATERIALIZED (SELECT kept.{rows.key} AS place, kept.stems FROM {rows.table} AS kept {rows.joins}"
        f"  WHERE kept.stems @@ to_tsquery('english', :any) AND {rows.where} ORDER BY kept.id DESC LIMIT :most),"
        " weighed AS (SELECT place, length(stems) / greatest(avg(length(stems)) OVER (), 1) AS length,"
        "  (SELECT sum(rarity) FROM asked WHERE stems @@ query) AS rarity FROM found)"
        " SELECT place, CAST(rarity * 2.2 / (1 + 1.2 * (0.25 + 0.75 * length)) AS float8) AS score FROM weighed"
        " ORDER BY score DESC, place LIMIT :limit"
    )


def _rarest(connection: Connection, table: str, words: Sequence[str], most: int) -> list[_Counted]:
    """Of the words that rows have the rarest, as many as `most` rows are enough for, and one at least."""
    # On PostgreSQL to count a common word is most of a search's work: an index cannot stop after a number of rows.
    common = _COMMON_WORDS.among(table, words, most) if on_postgres(connection) else set[str]()
    asked = [word for word in words if word not in common]
    rows = connection.execute(_count(connection, table), {"words": dump(asked), "most": most}) if asked else ()
    found = {row[0]: row[1] for row in rows} | dict.fromkeys(common, most)
    if on_postgres(connection):
        _COMMON_WORDS.learn(table, (word for word in asked if found.get(word) == most), most)
    known = sorted(_Counted(rows=count, word=word) for word, count in found.items() if count)
    read = accumulate(one.rows for one in known)
    return [one for one, so_far in zip(known, read, strict=True) if so_far <= most] or known[:1]


def _count(connection: Connection, table: str) -> sa.TextClause:
    """How many rows have each of some words, counted up to a number.

    Every word is quoted: what a person wrote is no query language; on PostgreSQL the words are letters and digits only,
    so nothing in them is an operator.
    """
    if on_postgres(connection):
        return sa.text(
            f"SELECT value, (SELECT count(*) FROM (SELECT 1 FROM {table}"  # noqa: S608 - a name of ours
            " WHERE stems @@ to_tsquery('english', value) LIMIT :most) AS found)"
            " FROM json_array_elements_text(CAST(:words AS json)) AS asked (value)"
        )
    return sa.text(
        f"SELECT value, (SELECT count(*) FROM (SELECT 1 FROM {table}_fts"  # noqa: S608 - a name of ours
        f""" WHERE {table}_fts MATCH '"' || value || '"' LIMIT :most)) FROM json_each(:words)"""
    )


class _CommonWords:
    """Words that too many rows had when they were counted; each is counted anew after some searches."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[tuple[str, str, int], int] = {}

    def among(self, table: str, words: Sequence[str], most: int) -> set[str]:
        """Those of some words that need not be counted."""
        with self._lock:
            known = [word for word in words if (table, word, most) in self._left]
            for word in known:
                left = self._left.pop((table, word, most)) - 1
                if left:
                    self._left[table, word, most] = left
            return set(known)

    def learn(self, table: str, words: Iterable[str], most: int) -> None:
        """Remember words, and forget those that nobody has asked for lately when there are too many."""
        with self._lock:
            self._left |= dict.fromkeys(((table, word, most) for word in words), COMMON_FOR)
            while len(self._left) > COMMON_MAX:
                del self._left[next(iter(self._left))]


_COMMON_WORDS: Final = _CommonWords()


def _rarity(having: int, every: int) -> float:
    # Half a word is added where a count may be 0, as BM25 does.
    return log(1 + (max(every, having) - having + 0.5) / (having + 0.5))
